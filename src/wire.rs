//! How WeCom writes values: percent-encoding in queries, `a|b|c` lists, numbers in strings.

use alloc::{string::String, vec::Vec};
use core::{
    fmt::{Display, Write as _},
    str::FromStr,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};
use serde_json::Value;

/// Appends `name=value` to a query, percent-encoded except for what is unreserved in RFC 3986.
pub(crate) fn push_query(query: &mut String, name: &str, value: &str) {
    query.reserve(name.len() + value.len() + 2);
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(name);
    query.push('=');
    percent_encode(query, value);
}

pub(crate) fn percent_encode(to: &mut String, value: &str) {
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                to.push(char::from(byte));
            }
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(to, "%{byte:02X}");
            }
        }
    }
}

/// `a|b|c`; `None` for an empty list, so that the member is omitted.
pub(crate) fn join_bars<T: Display>(items: &[T]) -> Option<String> {
    let mut joined = String::new();
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            joined.push('|');
        }
        // Writing to a String cannot fail.
        let _ = write!(joined, "{item}");
    }
    (!items.is_empty()).then_some(joined)
}

/// The items of `a|b|c`; null and "" are an empty list.
pub(crate) fn bar_separated<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
{
    let joined = Option::<String>::deserialize(from)?.unwrap_or_default();
    let items = joined.split('|').map(str::trim).filter(|it| !it.is_empty());
    items
        .map(|it| it.parse().map_err(|_| D::Error::invalid_value(Unexpected::Str(it), &"an item")))
        .collect()
}

/// A number that may be written as a string.
pub(crate) fn number_or_string<'de, D>(from: D) -> Result<Option<u64>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = match Value::deserialize(from)? {
        Value::Null => return Ok(None),
        Value::Number(it) => it.as_u64(),
        Value::String(it) => it.trim().parse().ok(),
        _ => None,
    };
    number.map(Some).ok_or_else(|| D::Error::custom("not a number"))
}

/// A string that is not "".
pub(crate) fn non_empty<'de, D>(from: D) -> Result<String, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(from)?;
    if text.is_empty() { Err(D::Error::custom("empty")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString};

    use super::*;

    #[test]
    fn everything_in_a_query_is_encoded() {
        let mut query = String::new();
        push_query(&mut query, "a", "x y&z=部#%+/?");
        push_query(&mut query, "b", "A-z_0.9~");
        assert_eq!(query, "?a=x%20y%26z%3D%E9%83%A8%23%25%2B%2F%3F&b=A-z_0.9~");
        for byte in 0..0x80 {
            let mut encoded = String::new();
            percent_encode(&mut encoded, &char::from(byte).to_string());
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            assert_eq!(
                encoded,
                if plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            );
        }
    }

    #[test]
    fn lists_are_joined_and_split_at_bars() {
        #[derive(Deserialize)]
        struct Lists {
            #[serde(default, deserialize_with = "bar_separated")]
            texts: Vec<String>,
            #[serde(default, deserialize_with = "bar_separated")]
            numbers: Vec<u32>,
        }
        let split =
            |json| serde_json::from_str(json).map(|Lists { texts, numbers }| (texts, numbers));

        assert_eq!(join_bars(&["a", "b"]).as_deref(), Some("a|b"));
        assert_eq!(join_bars(&[7, 4_294_967_295_u32]).as_deref(), Some("7|4294967295"));
        assert_eq!(join_bars(&[""; 0]), None);
        for empty in ["{}", r#"{"texts":null,"numbers":""}"#, r#"{"texts":"|","numbers":" "}"#] {
            assert_eq!(split(empty).unwrap(), (Vec::new(), Vec::new()), "{empty}");
        }
        let (texts, numbers) = split(r#"{"texts":"a| b||c","numbers":"7|8"}"#).unwrap();
        assert_eq!((texts.concat().as_str(), numbers.as_slice()), ("abc", &[7, 8][..]));
        assert!(split(r#"{"numbers":"7|x"}"#).is_err());
        assert!(split(r#"{"numbers":7}"#).is_err());
    }

    #[test]
    fn numbers_may_be_strings() {
        for (json, expected) in [
            ("7", Some(Some(7))),
            (r#""7""#, Some(Some(7))),
            (r#"" 18446744073709551615""#, Some(Some(u64::MAX))),
            ("null", Some(None)),
            ("-7", None),
            (r#""""#, None),
            (r#""x""#, None),
            ("[7]", None),
        ] {
            let mut reader = serde_json::Deserializer::from_str(json);
            assert_eq!(number_or_string(&mut reader).ok(), expected, "{json}");
        }
    }
}
