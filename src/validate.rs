//! Documented limits and truncation. Makes all `permanent-invalid-input` errors.

use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use core::ops::RangeInclusive;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use crate::{
    bindings::wit::types::{Error, FileContent, InvalidField, Truncation},
    truncate::{Limit, truncate},
};

/// "32-bit integer" on the page, which does not say whether it has a sign.
const MAX_NEW_DEPARTMENT_ID: u32 = i32::MAX as u32;

/// What is reported of the violations of one call.
const MAX_VIOLATIONS: usize = 100;

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

    /// More violations than [`MAX_VIOLATIONS`] help no caller.
    pub(crate) fn reject(&mut self, field: &str, reason: &str) {
        if self.invalid.len() >= MAX_VIOLATIONS {
            return;
        }
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

    /// The id of an existing department. Ids above 2^31 are in use.
    pub(crate) fn department_id(&mut self, field: &str, id: u32) {
        self.range(field, id, 1..=u32::MAX);
    }

    /// Ids of existing departments.
    pub(crate) fn department_ids(&mut self, field: &str, ids: &[u32], max: usize) {
        self.count(field, ids.len(), 0..=max);
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| **id == 0) {
            self.department_id(&format!("{field}[{index}]"), *id);
        }
    }

    /// An id that the caller chooses for a new department.
    pub(crate) fn new_department_id(&mut self, field: &str, id: u32) {
        self.range(field, id, 2..=MAX_NEW_DEPARTMENT_ID);
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
            let reason = "`@all` is not a user id: use `mention-everyone`, or the case `everyone` of the recipients";
            self.reject(field, reason);
            return;
        }
        self.bytes(field, id, 1..=64);
        self.one_id(field, id);
    }

    /// Ids of existing members.
    pub(crate) fn user_ids(&mut self, field: &str, ids: &[String], range: RangeInclusive<usize>) {
        let max = *range.end();
        self.count(field, ids.len(), range);
        // The items of a list that is too long are not checked.
        for (index, id) in ids.iter().enumerate().take_while(|_| ids.len() <= max) {
            // The path is made for violations only: it costs more than the check.
            if id == "@all" || id.is_empty() || id.len() > 64 || id.contains(separates_ids) {
                self.user_id(&format!("{field}[{index}]"), id);
            }
        }
    }

    /// The id of an existing group chat. One that WeCom made may have any form.
    pub(crate) fn group_chat_id(&mut self, field: &str, id: &str) {
        self.bytes(field, id, 1..=64);
        self.one_id(field, id);
    }

    /// An id that the caller chooses for a new group chat.
    pub(crate) fn new_group_chat_id(&mut self, field: &str, id: &str) {
        self.bytes(field, id, 1..=32);
        if !id.bytes().all(|it| it.is_ascii_alphanumeric()) {
            self.reject(field, "must be digits and ASCII letters");
        }
        let digits = id.trim_start_matches('0');
        if id.bytes().all(|it| it.is_ascii_digit())
            && (digits.len() > 19 || digits.parse::<u64>().is_ok_and(|it| it >= 1 << 63))
        {
            self.reject(field, "of digits only must be below 2^63: put a letter into it");
        }
    }

    /// The id of a file or message. WeCom made it, and its form is not documented.
    pub(crate) fn opaque_id(&mut self, field: &str, id: &str) {
        self.not_empty(field, id);
        self.one_id(field, id);
    }

    fn one_id(&mut self, field: &str, id: &str) {
        if let Some(found) = id.chars().find(|it| separates_ids(*it)) {
            let found = found.escape_default();
            self.reject(field, &format!("must be one id each, has `{found}`"));
        }
    }

    /// A mobile number, without its blanks. Its form is the server's business.
    pub(crate) fn mobile(&mut self, field: &str, number: &str) -> String {
        let bare = number.replace(' ', "");
        if number == "@all" {
            self.reject(field, "`@all` is not a mobile number: use `mention-everyone`");
        } else if bare.len() > 32
            || !bare.bytes().any(|it| it.is_ascii_digit())
            || !bare.bytes().all(|it| it.is_ascii_digit() || b"+-".contains(&it))
        {
            self.reject(field, "must have at most 32 digits, `+`, `-` and blanks");
        }
        bare
    }

    /// The content of a file. Base64 is understood with line breaks, without padding and behind `data:…,`.
    pub(crate) fn file_content(&mut self, field: &str, content: FileContent) -> Vec<u8> {
        let text = match content {
            FileContent::Bytes(bytes) => return bytes,
            FileContent::Base64(text) => text,
        };
        let data = text.trim_start().strip_prefix("data:").and_then(|it| it.split_once(','));
        let mut data = data.map_or(text.as_str(), |(_, data)| data).to_owned();
        data.retain(|it| !it.is_ascii_whitespace());
        LENIENT_BASE64.decode(data).unwrap_or_else(|_| {
            self.reject(&format!("{field}.base64"), "must be base64");
            Vec::new()
        })
    }

    /// A link.
    pub(crate) fn url(&mut self, field: &str, url: &str) {
        self.bytes(field, url, 1..=2048);
        let scheme = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        if !(scheme.starts_with("http://") || scheme.starts_with("https://")) {
            self.reject(field, "must begin with http:// or https://");
        }
    }

    /// A text that is not empty, truncated to its limit.
    pub(crate) fn truncate(&mut self, field: &str, text: String, limit: Limit) -> String {
        self.not_empty(field, &text);
        let Some(kept) = truncate(&text, limit) else { return text };
        self.truncated.push(Truncation {
            field: field.into(),
            original_bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
            kept_bytes: u32::try_from(kept.len()).unwrap_or(u32::MAX),
        });
        kept
    }

    pub(crate) fn not_empty(&mut self, field: &str, text: &str) {
        if text.is_empty() {
            self.reject(field, "must not be empty");
        }
    }
}

const LENIENT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An empty optional text is an absent one.
pub(crate) fn given(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

/// What makes two ids of one, on the wire or in the eyes of its author.
fn separates_ids(it: char) -> bool {
    "|,;、，；".contains(it) || it.is_whitespace() || it.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields that were rejected.
    fn rejected(check: Check) -> Vec<String> {
        match check.finish() {
            Ok(_) => Vec::new(),
            Err(Error::PermanentInvalidInput(all)) => all.into_iter().map(|it| it.field).collect(),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn truncated_texts_are_reported() {
        let mut check = Check::default();
        assert_eq!(check.truncate("title", "部门部".into(), Limit::Bytes(7)), "部门");
        assert_eq!(check.truncate("button", "a部😀b部".into(), Limit::Chars(4)), "a部😀b");
        assert_eq!(check.truncate("short", "部门部".into(), Limit::Bytes(9)), "部门部");
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
        check.department_ids("d", &[1, 0, u32::MAX], 3);
        assert_eq!(rejected(check), ["a", "b", "b[0]", "b[1]", "e", "c", "d[1]"]);

        let mut check = Check::default();
        check.user_ids("a", &alloc::vec!["|".into(); 1000], 0..=1000);
        assert_eq!(rejected(check).len(), MAX_VIOLATIONS);
    }

    #[test]
    fn ids_are_one_each() {
        for (id, accepted) in [
            ("noor.h", true),
            ("0010086", true),
            ("部门", true),
            ("noor.h,iker.z", false),
            ("noor.h;iker.z", false),
            ("noor.h | iker.z", false),
            ("noor.h、iker.z", false),
            ("noor.h，iker.z", false),
            (" noor.h", false),
            ("noor.h\n", false),
            ("", false),
        ] {
            let mut check = Check::default();
            check.user_id("id", id);
            assert_eq!(rejected(check).is_empty(), accepted, "user {id:?}");
            let mut check = Check::default();
            check.group_chat_id("id", id);
            assert_eq!(rejected(check).is_empty(), accepted, "group chat {id:?}");
            let mut check = Check::default();
            check.opaque_id("id", id);
            assert_eq!(rejected(check).is_empty(), accepted, "opaque {id:?}");
        }
    }

    #[test]
    fn items_of_a_list_are_checked_like_one_id() {
        let mut check = Check::default();
        let ids = [String::new(), "a".repeat(64), "a".repeat(65), "部".repeat(22)];
        check.user_ids("ids", &ids, 0..=4);
        assert_eq!(rejected(check), ["ids[0]", "ids[2]", "ids[3]"]);
    }

    #[test]
    fn chosen_group_chat_id_fits_the_server() {
        for (id, accepted) in [
            ("storm2026a", true),
            ("9223372036854775807", true),
            ("9223372036854775808", false),
            ("09223372036854775807", true),
            ("13300000000000000007", false),
            ("99999999999999999999", false),
            ("20261127", true),
            ("9300000000000000000a", true),
            ("a-b", false),
            ("", false),
        ] {
            let mut check = Check::default();
            check.new_group_chat_id("id", id);
            assert_eq!(rejected(check).is_empty(), accepted, "{id:?}");
        }
        for (length, accepted) in [(32, true), (33, false)] {
            let mut check = Check::default();
            check.new_group_chat_id("id", &"a".repeat(length));
            assert_eq!(rejected(check).is_empty(), accepted, "{length}");
        }
        let mut check = Check::default();
        check.group_chat_id("id", "wr-_13300000000000000007");
        assert!(rejected(check).is_empty());
    }

    #[test]
    fn mobile_numbers_are_taken_in_the_forms_that_people_write() {
        for (number, sent) in [
            ("13800000000", Some("13800000000")),
            ("+86 13800000000", Some("+8613800000000")),
            ("+86-138-0000-0000", Some("+86-138-0000-0000")),
            ("0034 600 000 000", Some("0034600000000")),
            ("600000000", Some("600000000")),
            ("12345678901234567890123456789012", Some("12345678901234567890123456789012")),
            ("", None),
            ("+", None),
            ("@all", None),
            ("1380000000x", None),
            ("１３８", None),
            ("123456789012345678901234567890123", None),
        ] {
            let mut check = Check::default();
            let bare = check.mobile("mobile", number);
            let accepted = rejected(check).is_empty();
            assert_eq!(accepted.then_some(bare.as_str()), sent, "{number:?}");
        }
    }

    #[test]
    fn base64_is_taken_in_the_forms_that_tools_write() {
        for (text, bytes) in [
            ("iVBORw0KGgo=", Some(&b"\x89PNG\r\n\x1a\n"[..])),
            ("iVBORw0KGgo", Some(b"\x89PNG\r\n\x1a\n")),
            ("iVBO\r\nRw0K\nGgo=\n", Some(b"\x89PNG\r\n\x1a\n")),
            ("data:image/png;base64,iVBORw0KGgo=", Some(b"\x89PNG\r\n\x1a\n")),
            ("", Some(b"")),
            ("iVBO*w0KGgo=", None),
        ] {
            let mut check = Check::default();
            let found = check.file_content("content", FileContent::Base64(text.into()));
            let accepted = rejected(check).is_empty();
            assert_eq!(accepted.then_some(found.as_slice()), bytes, "{text:?}");
        }
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
