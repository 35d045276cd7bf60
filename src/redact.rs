//! Removes secrets from text that is passed on: a server may repeat what it was sent.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde_json::Value;

use crate::wire;

/// The most that is passed on of a message of WeCom's.
pub(crate) const MAX_MESSAGE_BYTES: usize = 512;

/// Replaces every secret, in every spelling, by `***` and truncates to [`MAX_MESSAGE_BYTES`].
///
/// In one pass, so that a long text is not copied for each secret, and nothing remains of a secret that begins like another.
pub(crate) fn redact<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    if text.is_empty() {
        return String::new();
    }
    let spellings: Vec<String> = secrets.into_iter().flat_map(spellings).collect();
    replace(text, &spellings, MAX_MESSAGE_BYTES)
}

/// A secret as it is, as it was sent in a query (`%2F`, or `%2f` where the server encodes it again), and as it is in JSON.
pub(crate) fn spellings(secret: &str) -> [String; 4] {
    let encoded = wire::percent_encode(secret).to_string();
    let quoted = Value::from(secret).to_string();
    let json = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    [secret.into(), json.into(), lowercase_percent_escapes(&encoded), encoded]
}

fn lowercase_percent_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lowered = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lowered.extend(["%", &digits.to_ascii_lowercase(), rest]);
    }
    lowered
}

fn replace(text: &str, secrets: &[String], max_bytes: usize) -> String {
    let mut clean = String::new();
    let mut rest = text;
    while clean.len() < max_bytes
        && let Some(first) = rest.chars().next()
    {
        let here = secrets.iter().filter(|it| !it.is_empty() && rest.starts_with(it.as_str()));
        let length = if let Some(length) = here.map(String::len).max() {
            clean.push_str("***");
            length
        } else {
            clean.push(first);
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    clean.truncate(clean.floor_char_boundary(max_bytes));
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced() {
        let secrets = ["部门".into(), "abc".into(), "abcd".into(), String::new()];
        for (text, clean) in [
            ("", ""),
            ("部", "部"),
            ("部门", "***"),
            ("x部门y部部门", "x***y部***"),
            ("abcde ab abcx", "***e ab ***x"),
        ] {
            assert_eq!(replace(text, &secrets, 100), clean, "{text}");
        }
        // Truncated afterwards, and on a character boundary.
        assert_eq!(replace("xxabc", &secrets, 4), "xx**");
        assert_eq!(replace("x部x", &secrets, 3), "x");
        assert_eq!(replace("tttt", &["t".into()], 6), "******");
    }

    #[test]
    fn secrets_are_replaced_in_every_spelling() {
        let text = "a/b a%2Fb a%2fb ***";
        assert_eq!(redact(text, ["a/b"]), "*** *** *** ***");
        assert_eq!(redact(r#"a"b a\"b "#, [r#"a"b"#]), "*** *** ");
        assert_eq!(redact(text, []), text);
        assert_eq!(redact(&"x".repeat(600), ["a/b"]).len(), MAX_MESSAGE_BYTES);
    }
}
