//! Counting and cutting text the way the vendor does: bytes are UTF-8 bytes, characters are code points.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use md5::{Digest, Md5};

pub(crate) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// Shortens to so many bytes, never inside a character.
pub(crate) fn cut_bytes(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}

pub(crate) fn cut_chars(text: &mut String, max: usize) {
    if let Some((end, _)) = text.char_indices().nth(max) {
        text.truncate(end);
    }
}

/// An identifier that says nothing: URL-safe, the same for the same label and serial.
pub(crate) fn opaque(label: &str, serial: u64, length: usize) -> String {
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
    fn cuts_fall_between_characters() {
        for (max, kept) in
            [(0, ""), (2, ""), (3, "部"), (4, "部a"), (6, "部a"), (7, "部a门"), (9, "部a门")]
        {
            let mut text = "部a门".to_owned();
            cut_bytes(&mut text, max);
            assert_eq!(text, kept, "{max} bytes");
        }
        for (max, kept) in [(0, ""), (2, "部a"), (3, "部a门"), (4, "部a门")] {
            let mut text = "部a门".to_owned();
            cut_chars(&mut text, max);
            assert_eq!(text, kept, "{max} characters");
        }
    }

    #[test]
    fn opaque_identifiers_have_their_length_and_differ() {
        assert_eq!(opaque("token", 1, 214).len(), 214);
        assert_ne!(opaque("token", 1, 40), opaque("token", 2, 40));
        assert_eq!(opaque("token", 1, 40), opaque("token", 1, 40));
    }
}
