//! Counts and truncates text as the vendor does: bytes are UTF-8 bytes, characters are code points.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use md5::{Digest, Md5};

pub(crate) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Truncates to at most `max` bytes, never inside a character.
pub(crate) fn truncate_bytes(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}

pub(crate) fn truncate_chars(text: &mut String, max: usize) {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
    }
}

/// A URL-safe identifier without meaning, the same for the same label and serial.
pub(crate) fn random_looking_id(label: &str, serial: u64, length: usize) -> String {
    let mut bytes = Vec::new();
    let mut round = 0;
    while bytes.len() * 4 / 3 < length {
        bytes.extend(Md5::digest(format!("{label}/{serial}/{round}")));
        round += 1;
    }
    let mut text = URL_SAFE_NO_PAD.encode(bytes);
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_falls_between_characters() {
        for (max, kept) in
            [(0, ""), (2, ""), (3, "部"), (4, "部a"), (6, "部a"), (7, "部a门"), (9, "部a门")]
        {
            let mut text = "部a门".to_owned();
            truncate_bytes(&mut text, max);
            assert_eq!(text, kept, "{max} bytes");
        }
        for (max, kept) in [(0, ""), (2, "部a"), (3, "部a门"), (4, "部a门")] {
            let mut text = "部a门".to_owned();
            truncate_chars(&mut text, max);
            assert_eq!(text, kept, "{max} characters");
        }
    }

    #[test]
    fn random_looking_ids_have_their_length_and_differ() {
        assert_eq!(random_looking_id("token", 1, 214).len(), 214);
        assert_ne!(random_looking_id("token", 1, 40), random_looking_id("token", 2, 40));
        assert_eq!(random_looking_id("token", 1, 40), random_looking_id("token", 1, 40));
    }
}
