//! How WeCom writes values: percent-encoding in queries, `a|b|c` lists, numbers in strings.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::{
    fmt::{Display, Write as _},
    str::FromStr,
};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

/// What is unreserved in RFC 3986.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Appends `name=value` to a query.
pub(crate) fn push_query(query: &mut String, name: &str, value: &str) {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(name);
    query.push('=');
    query.extend(percent_encode(value));
}

pub(crate) fn percent_encode(value: &str) -> PercentEncode<'_> {
    utf8_percent_encode(value, UNRESERVED)
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

/// A member of a response: what can be read of it, and what cannot.
///
/// A success is never turned into a failure by a member that is missing, of another type or broken.
#[derive(Debug)]
pub(crate) struct Lenient<T> {
    pub(crate) value: T,
    unread: Vec<String>,
}

impl<T> Lenient<T> {
    pub(crate) fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// What to say of the parts that cannot be read. In full: it is truncated after secrets are redacted.
    pub(crate) fn unread(&self, name: &str) -> Option<String> {
        let text = self.unread.join(", ");
        (!text.is_empty()).then(|| [name, " cannot be read: ", &text].concat())
    }
}

impl<T: Default> Default for Lenient<T> {
    fn default() -> Self {
        Self { value: T::default(), unread: Vec::new() }
    }
}

impl<'de, T: FromMember> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(from)?;
        let mut unread = Vec::new();
        let value = T::from_member(raw, &mut unread);
        Ok(Self { value, unread })
    }
}

/// What a member of a response is read as. `null` is the default.
pub(crate) trait FromMember: Default {
    /// What cannot be read is added to `unread`.
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self;
}

/// For a derived struct: an object, or `[]` for an empty one.
pub(crate) trait Object: Default + DeserializeOwned {}

impl<T: Object> FromMember for T {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        let object = serde_json::from_str::<Option<T>>(raw.get());
        object
            .unwrap_or_else(|_| {
                unread.push(shown(raw));
                None
            })
            .unwrap_or_default()
    }
}

/// Numbers may be written as strings, and strings as numbers.
impl FromMember for Option<String> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        match serde_json::from_str(raw.get()) {
            Ok(Value::String(it)) => Some(it).filter(|it| !it.is_empty()),
            Ok(Value::Number(it)) => Some(it.to_string()),
            Ok(Value::Null) => None,
            _ => {
                unread.push(shown(raw));
                None
            }
        }
    }
}

fn number<T: FromStr>(raw: &RawValue, unread: &mut Vec<String>) -> Option<T> {
    let text = Option::<String>::from_member(raw, unread)?;
    let number = text.trim().parse().ok();
    if number.is_none() {
        unread.push(shown(raw));
    }
    number
}

impl FromMember for Option<u32> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        number(raw, unread)
    }
}

impl FromMember for Option<u64> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        number(raw, unread)
    }
}

impl FromMember for Option<i64> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        number(raw, unread)
    }
}

/// Ids: `a|b|c`, an array of strings or numbers, or one number. Words are no ids.
impl<T: FromStr> FromMember for Vec<T> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        let values = match serde_json::from_str(raw.get()) {
            Ok(Value::Array(items)) => items,
            Ok(Value::String(text)) => text.split('|').map(Value::from).collect(),
            Ok(Value::Null) => Vec::new(),
            Ok(it) => [it].into(),
            Err(_) => {
                unread.push(shown(raw));
                Vec::new()
            }
        };
        let mut parts = Vec::new();
        for value in values {
            match value {
                Value::String(text) => parts.push(text),
                Value::Number(number) => parts.push(number.to_string()),
                other => unread.push(other.to_string()),
            }
        }
        let mut items = Vec::new();
        for part in parts.iter().map(|it| it.trim()).filter(|it| !it.is_empty()) {
            match part.parse() {
                Ok(item) if !part.contains(char::is_whitespace) => items.push(item),
                _ => unread.push(part.into()),
            }
        }
        items
    }
}

/// A part that cannot be read, in the one spelling in which secrets are found.
fn shown(raw: &RawValue) -> String {
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(value) => value.to_string(),
        Err(_) => raw.get().replace("\\/", "/"),
    }
}

/// A list of objects.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: DeserializeOwned> FromMember for List<T> {
    fn from_member(raw: &RawValue, unread: &mut Vec<String>) -> Self {
        let Ok(items) = serde_json::from_str::<Option<Vec<&RawValue>>>(raw.get()) else {
            unread.push(shown(raw));
            return Self::default();
        };
        let mut list = Vec::new();
        for item in items.unwrap_or_default() {
            // Derived structs would also accept arrays.
            let object = item.get().starts_with('{').then(|| serde_json::from_str(item.get()));
            match object {
                Some(Ok(it)) => list.push(it),
                _ => unread.push(shown(item)),
            }
        }
        Self(list)
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    #[test]
    fn everything_in_a_query_is_encoded() {
        let mut query = String::new();
        push_query(&mut query, "a", "x y&z=部#%+/?");
        push_query(&mut query, "b", "A-z_0.9~");
        assert_eq!(query, "?a=x%20y%26z%3D%E9%83%A8%23%25%2B%2F%3F&b=A-z_0.9~");
    }

    #[test]
    fn lists_are_joined_at_bars() {
        assert_eq!(join_bars(&["a", "b"]).as_deref(), Some("a|b"));
        assert_eq!(join_bars(&[7, 4_294_967_295_u32]).as_deref(), Some("7|4294967295"));
        assert_eq!(join_bars(&[""; 0]), None);
    }

    fn read<T: FromMember>(json: &str) -> (T, Option<String>) {
        let it: Lenient<T> = serde_json::from_str(json).unwrap();
        let unread = it.unread("m");
        (it.value, unread)
    }

    #[test]
    fn ids_are_read_in_every_shape() {
        let strings = |json| read::<Vec<String>>(json);
        let numbers = |json| read::<Vec<u32>>(json);
        for empty in ["null", "\"\"", "\"|\"", "\" \"", "[]"] {
            assert_eq!(strings(empty), (Vec::new(), None), "{empty}");
            assert_eq!(numbers(empty), (Vec::new(), None), "{empty}");
        }
        assert_eq!(strings(r#""a| b||c""#).0, ["a", "b", "c"]);
        assert_eq!(strings(r#"["a",7]"#).0, ["a", "7"]);
        assert_eq!(numbers(r#""7|8""#), ([7, 8].into(), None));
        assert_eq!(numbers(r#"[7,"8"]"#), ([7, 8].into(), None));
        assert_eq!(numbers("4294967295"), ([4_294_967_295].into(), None));
        assert_eq!(
            strings(r#""a|all user invalid""#),
            (vec!["a".into()], Some("m cannot be read: all user invalid".into()))
        );
        assert_eq!(
            numbers(r#""7|partyid1|-8""#),
            ([7].into(), Some("m cannot be read: partyid1, -8".into()))
        );
        assert_eq!(numbers("{}"), (Vec::new(), Some("m cannot be read: {}".into())));
        assert_eq!(
            strings(r#"["a",null,true]"#),
            (vec!["a".into()], Some("m cannot be read: null, true".into()))
        );
    }

    #[test]
    fn numbers_and_strings_are_interchangeable() {
        for (json, expected) in [
            ("7", Some(7)),
            (r#""7""#, Some(7)),
            (r#"" 18446744073709551615""#, Some(u64::MAX)),
            ("null", None),
            (r#""""#, None),
        ] {
            assert_eq!(read::<Option<u64>>(json), (expected, None), "{json}");
        }
        for json in ["-7", r#""x""#, "[7]", "7.5", "true"] {
            let (number, unread) = read::<Option<u64>>(json);
            assert_eq!(number, None);
            assert_eq!(unread, Some(format!("m cannot be read: {json}")));
        }
        assert_eq!(read::<Option<String>>("7"), (Some("7".into()), None));
    }

    #[test]
    fn unreadable_item_of_a_list_is_reported() {
        #[derive(Debug, Deserialize, PartialEq)]
        struct Node {
            id: u32,
        }
        let (List(nodes), unread) = read::<List<Node>>(r#"[{"id":7},[8],{"id":"x"},null]"#);
        assert_eq!(nodes, [Node { id: 7 }]);
        assert_eq!(unread.as_deref(), Some(r#"m cannot be read: [8], {"id":"x"}, null"#));
        let (List(nodes), unread) = read::<List<Node>>("null");
        assert!(nodes.is_empty() && unread.is_none());
    }
}
