//! Documented limits. The only maker of `permanent-invalid-input`, and of truncations.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt::Display, ops::RangeInclusive};

use crate::bindings::exports::wecom::connector::types::{Error, InvalidField, Truncation};

/// The largest id that WeCom takes where it says int32.
const MAX_ID: u32 = i32::MAX as u32;

/// Notes what is wrong with a call and goes on, so that everything is reported at once.
///
/// A field is named by its path in the arguments; a length that is checked is named by its unit.
#[derive(Default)]
pub(crate) struct Check {
    invalid: Vec<InvalidField>,
    truncated: Vec<Truncation>,
}

impl Check {
    /// Everything that was noted, or what was shortened if nothing was wrong.
    pub(crate) fn finish(self) -> Result<Vec<Truncation>, Error> {
        if self.invalid.is_empty() {
            Ok(self.truncated)
        } else {
            Err(Error::PermanentInvalidInput(self.invalid))
        }
    }

    pub(crate) fn reject(&mut self, field: &str, reason: &str) {
        self.invalid.push(InvalidField { field: field.into(), reason: reason.into() });
    }

    /// A length in Unicode characters.
    pub(crate) fn chars(&mut self, field: &str, text: &str, range: RangeInclusive<usize>) {
        self.length(field, text.chars().count(), range, "characters");
    }

    /// A length in UTF-8 bytes.
    pub(crate) fn bytes(&mut self, field: &str, text: &str, range: RangeInclusive<usize>) {
        self.length(field, text.len(), range, "bytes");
    }

    /// How many items a list has.
    pub(crate) fn count(&mut self, field: &str, count: usize, range: RangeInclusive<usize>) {
        self.length(field, count, range, "items");
    }

    /// The size of a file, in bytes.
    pub(crate) fn size(&mut self, field: &str, content: &[u8], range: RangeInclusive<usize>) {
        self.length(field, content.len(), range, "bytes");
    }

    fn length(&mut self, field: &str, found: usize, range: RangeInclusive<usize>, unit: &str) {
        if !range.contains(&found) {
            self.reject(
                field,
                &format!("must have {} to {} {unit}, has {found}", range.start(), range.end()),
            );
        }
    }

    /// A number.
    pub(crate) fn range(&mut self, field: &str, number: u32, range: RangeInclusive<u32>) {
        if !range.contains(&number) {
            self.reject(
                field,
                &format!("must be {} to {}, is {number}", range.start(), range.end()),
            );
        }
    }

    /// An id that WeCom keeps in 31 bits.
    pub(crate) fn id(&mut self, field: &str, id: u32) {
        self.range(field, id, 1..=MAX_ID);
    }

    /// A list of ids that WeCom keeps in 31 bits. One that is too long is not looked through.
    pub(crate) fn ids(&mut self, field: &str, ids: &[u32], range: RangeInclusive<usize>) {
        let most = *range.end();
        self.count(field, ids.len(), range);
        for (index, id) in ids.iter().enumerate().take_while(|_| ids.len() <= most) {
            if !(1..=MAX_ID).contains(id) {
                self.id(&format!("{field}[{index}]"), *id);
            }
        }
    }

    /// An id that the caller chooses for something new.
    pub(crate) fn new_id(&mut self, field: &str, id: u32) {
        self.range(field, id, 2..=MAX_ID);
    }

    /// A text that must not hold some characters.
    pub(crate) fn forbid_chars(&mut self, field: &str, text: &str, forbidden: &str) {
        if let Some(found) = text.chars().find(|&it| forbidden.contains(it)) {
            self.reject(field, &format!("must not contain `{}`", found.escape_default()));
        }
    }

    /// The id of a member who exists: what WeCom takes for one, however it was made.
    pub(crate) fn user_id(&mut self, field: &str, id: &str) {
        if id == "@all" {
            self.reject(
                field,
                "is not a member; there is a case or a field of its own for everyone",
            );
            return;
        }
        self.bytes(field, id, 1..=64);
        if has_forbidden_user_id_char(id) {
            self.reject(field, "must not contain `|`, blanks or control characters");
        }
    }

    /// A list of members. One that is too long is not looked through: the caller has no use for a million violations.
    pub(crate) fn user_ids(&mut self, field: &str, ids: &[String], range: RangeInclusive<usize>) {
        let most = *range.end();
        self.count(field, ids.len(), range);
        for (index, id) in ids.iter().enumerate().take_while(|_| ids.len() <= most) {
            // The path is only made where it is needed: that costs more than the check.
            if id == "@all" || id.is_empty() || id.len() > 64 || has_forbidden_user_id_char(id) {
                self.user_id(&format!("{field}[{index}]"), id);
            }
        }
    }

    /// A list that must not name anything twice. Only so many are looked at: more are refused anyway.
    pub(crate) fn distinct<T: Ord + Display>(
        &mut self,
        field: &str,
        items: impl IntoIterator<Item = T>,
        most: usize,
    ) {
        let mut seen = Vec::new();
        for item in items.into_iter().take(most) {
            match seen.binary_search(&item) {
                Ok(_) => {
                    return self
                        .reject(field, &format!("names {} twice", shown(&item.to_string())));
                }
                Err(place) => seen.insert(place, item),
            }
        }
    }

    /// The id of a group chat.
    pub(crate) fn group_chat_id(&mut self, field: &str, id: &str) {
        self.bytes(field, id, 1..=32);
        if !id.bytes().all(|it| it.is_ascii_alphanumeric()) {
            self.reject(field, "must be digits and ASCII letters");
        }
    }

    /// An id that WeCom made. Its shape is not documented.
    pub(crate) fn opaque_id(&mut self, field: &str, id: &str) {
        self.bytes(field, id, 1..=1024);
        if id.contains(|it: char| it.is_whitespace() || it.is_control()) {
            self.reject(field, "must not contain blanks or control characters");
        }
    }

    /// A link.
    pub(crate) fn url(&mut self, field: &str, url: &str) {
        self.bytes(field, url, 1..=2048);
        let scheme = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        if !(scheme.starts_with("http://") || scheme.starts_with("https://")) {
            self.reject(field, "must begin with http:// or https://");
        }
    }

    /// A text of 1 to `max` bytes, cut where it is longer.
    pub(crate) fn truncate_bytes(&mut self, field: &str, text: String, max: usize) -> String {
        self.not_empty(field, &text);
        self.truncate(field, text.floor_char_boundary(max), text)
    }

    /// A text of 1 to `max` characters, cut where it is longer.
    pub(crate) fn truncate_chars(&mut self, field: &str, text: String, max: usize) -> String {
        self.not_empty(field, &text);
        self.truncate(field, text.char_indices().nth(max).map_or(text.len(), |(end, _)| end), text)
    }

    fn not_empty(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.reject(field, "must not be empty");
        }
    }

    fn truncate(&mut self, field: &str, end: usize, mut text: String) -> String {
        if end < text.len() {
            self.truncated.push(Truncation {
                field: field.into(),
                original_bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
                kept_bytes: u32::try_from(end).unwrap_or(u32::MAX),
            });
            text.truncate(end);
        }
        text
    }
}

/// A bar would make two members of one.
fn has_forbidden_user_id_char(id: &str) -> bool {
    id.contains(|it: char| it == '|' || it.is_whitespace() || it.is_control())
}

/// At most 64 characters of something that the caller wrote, for an error text.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_on_a_character_boundary_and_told() {
        let mut check = Check::default();
        assert_eq!(check.truncate_bytes("title", "部门部".into(), 7), "部门");
        assert_eq!(check.truncate_chars("button", "a部😀b部".into(), 4), "a部😀b");
        assert_eq!(check.truncate_bytes("short", "部门部".into(), 9), "部门部");
        let truncated = check.finish().unwrap();
        let told: Vec<_> = truncated
            .iter()
            .map(|it| (it.field.as_str(), it.original_bytes, it.kept_bytes))
            .collect();
        assert_eq!(told, [("title", 9, 6), ("button", 12, 9)]);
    }

    #[test]
    fn all_violations_are_reported_together() {
        let mut check = Check::default();
        check.chars("a", "", 1..=64);
        check.user_ids("b", &["@all".into(), "x|y".into(), "ok".into()], 4..=5);
        check.user_ids("e", &["@all".into(), "x|y".into()], 0..=1);
        check.url("c", "ftp://x");
        check.distinct("d", ["x", "y", "x"], 3);
        check.distinct("f", ["x", "y", "x"], 2);
        let Err(Error::PermanentInvalidInput(found)) = check.finish() else { panic!("accepted") };
        let fields: Vec<_> = found.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(fields, ["a", "b", "b[0]", "b[1]", "e", "c", "d"]);
    }

    #[test]
    fn urls_have_a_scheme() {
        for (url, accepted) in [
            ("http://a", true),
            ("HTTPS://a", true),
            ("httpx://a", false),
            ("ops.example", false),
            ("部部部", false),
        ] {
            let mut check = Check::default();
            check.url("url", url);
            assert_eq!(check.finish().is_ok(), accepted, "{url}");
        }
    }
}
