//! Documented limits and truncation. Makes all `permanent-invalid-input` errors.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{fmt::Display, ops::RangeInclusive};

use crate::bindings::wit::types::{Error, InvalidField, Truncation};

/// The maximum where WeCom says int32.
const MAX_ID: u32 = i32::MAX as u32;

/// The single violation of credentials, which are validated before there is a call.
pub(crate) fn invalid(field: &str, reason: &str) -> Error {
    Error::PermanentInvalidInput(vec![InvalidField { field: field.into(), reason: reason.into() }])
}

/// Collects the violations of a call, so that all are reported at once.
///
/// A field is named by its path in the arguments. Methods that check a length are named by its unit.
#[derive(Default)]
pub(crate) struct Check {
    invalid: Vec<InvalidField>,
    truncated: Vec<Truncation>,
}

impl Check {
    /// All violations, or what was truncated if there are none.
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

    /// The value of a number.
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

    /// A list of ids that WeCom keeps in 31 bits. The items of a list that is too long are not checked.
    pub(crate) fn ids(&mut self, field: &str, ids: &[u32], range: RangeInclusive<usize>) {
        let max = *range.end();
        self.count(field, ids.len(), range);
        for (index, id) in ids.iter().enumerate().take_while(|_| ids.len() <= max) {
            if !(1..=MAX_ID).contains(id) {
                self.id(&format!("{field}[{index}]"), *id);
            }
        }
    }

    /// An id that the caller chooses for something new.
    pub(crate) fn new_id(&mut self, field: &str, id: u32) {
        self.range(field, id, 2..=MAX_ID);
    }

    /// A text without some characters.
    pub(crate) fn forbid_chars(&mut self, field: &str, text: &str, forbidden: &str) {
        if let Some(found) = text.chars().find(|&it| forbidden.contains(it)) {
            self.reject(field, &format!("must not contain `{}`", found.escape_default()));
        }
    }

    /// The id of an existing member.
    pub(crate) fn user_id(&mut self, field: &str, id: &str) {
        if id == "@all" {
            self.reject(field, "`@all` is not a user id; use the `everyone` case or field");
            return;
        }
        self.bytes(field, id, 1..=64);
        if has_forbidden_user_id_char(id) {
            self.reject(field, "must not contain `|`, blanks or control characters");
        }
    }

    /// A list of members. The items of a list that is too long are not checked: a million violations help no caller.
    pub(crate) fn user_ids(&mut self, field: &str, ids: &[String], range: RangeInclusive<usize>) {
        let max = *range.end();
        self.count(field, ids.len(), range);
        for (index, id) in ids.iter().enumerate().take_while(|_| ids.len() <= max) {
            // The path is made for violations only: it costs more than the check.
            if id == "@all" || id.is_empty() || id.len() > 64 || has_forbidden_user_id_char(id) {
                self.user_id(&format!("{field}[{index}]"), id);
            }
        }
    }

    /// A list without duplicates. Only the first `max` items are checked: a longer list is invalid anyway.
    pub(crate) fn distinct<T: Ord + Display>(
        &mut self,
        field: &str,
        items: impl IntoIterator<Item = T>,
        max: usize,
    ) {
        let mut seen = BTreeSet::new();
        for item in items.into_iter().take(max) {
            if let Some(item) = seen.replace(item) {
                let item = shown(&item.to_string());
                return self.reject(field, &format!("names {item} twice"));
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

    /// An id that WeCom made. Its form is not documented.
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

    /// A text of at least 1 byte, truncated to `max` bytes.
    pub(crate) fn truncate_bytes(&mut self, field: &str, text: String, max: usize) -> String {
        self.not_empty(field, &text);
        self.truncate(field, text.floor_char_boundary(max), text)
    }

    /// A text of at least 1 character, truncated to `max` characters.
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

/// The bar separates ids on the wire.
fn has_forbidden_user_id_char(id: &str) -> bool {
    id.contains(|it: char| it == '|' || it.is_whitespace() || it.is_control())
}

/// At most 64 characters of what the caller wrote.
fn shown(text: &str) -> String {
    text.chars().take(64).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_truncated_on_a_character_boundary_and_reported() {
        let mut check = Check::default();
        assert_eq!(check.truncate_bytes("title", "部门部".into(), 7), "部门");
        assert_eq!(check.truncate_chars("button", "a部😀b部".into(), 4), "a部😀b");
        assert_eq!(check.truncate_bytes("short", "部门部".into(), 9), "部门部");
        let truncated = check.finish().unwrap();
        let reported: Vec<_> = truncated
            .iter()
            .map(|it| (it.field.as_str(), it.original_bytes, it.kept_bytes))
            .collect();
        assert_eq!(reported, [("title", 9, 6), ("button", 12, 9)]);
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
