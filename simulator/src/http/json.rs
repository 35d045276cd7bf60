//! JSON text: repaired where WeCom repairs it, or restricted to one spelling.

use std::{collections::HashSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::corp::refusal::Refusal;

/// A body as WeCom reads it, and whether it had to be repaired. `None` for what is not a JSON object at all.
pub(crate) fn parse_tolerantly(body: &[u8]) -> (Option<Value>, bool) {
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if let Ok(value @ Value::Object(_)) = serde_json::from_str(text) {
        return (Some(value), str::from_utf8(body).is_err());
    }
    let repaired = serde_json::from_str(&repair(text)).ok().filter(Value::is_object);
    (repaired, true)
}

/// A body in which nothing is left to interpretation: no repeated key, no escape of a character that could be written.
pub(crate) fn parse_strictly(body: &[u8]) -> Result<Value, Refusal> {
    let refuse = |reason: String| {
        let reason = reason.split(" at line ").next().unwrap_or_default();
        Refusal::invalid("body", reason)
    };
    let text = str::from_utf8(body).map_err(|error| refuse(error.to_string()))?;
    serde_json::from_str::<Unique>(text).map_err(|error| refuse(error.to_string()))?;
    if let Some(escape) = needless_escape(text) {
        return Err(refuse(format!("needless escape `{escape}`")));
    }
    serde_json::from_str(text).map_err(|error| refuse(error.to_string()))
}

/// Repairs what WeCom is known to repair: commas before a closing bracket, raw line breaks and tabs in strings, and missing
/// brackets at the end.
fn repair(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len() + 8);
    let mut open = Vec::new();
    let mut in_string = false;
    let mut escaped = false;
    for c in text.chars() {
        if in_string {
            match c {
                '\n' => repaired.push_str("\\n"),
                '\r' => repaired.push_str("\\r"),
                '\t' => repaired.push_str("\\t"),
                _ => repaired.push(c),
            }
            in_string = c != '"' || escaped;
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => in_string = true,
            '{' => open.push('}'),
            '[' => open.push(']'),
            '}' | ']' => {
                open.pop();
                drop_comma(&mut repaired);
            }
            _ => {}
        }
        repaired.push(c);
    }
    drop_comma(&mut repaired);
    repaired.extend(open.into_iter().rev());
    repaired
}

fn drop_comma(text: &mut String) {
    if let Some(rest) = text.trim_end().strip_suffix(',') {
        text.truncate(rest.len());
    }
}

/// The first `\uXXXX` that is a character beyond ASCII.
fn needless_escape(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        rest = rest.get(at..)?;
        let hex = rest.strip_prefix("\\u").and_then(|it| it.get(..4));
        if hex.and_then(|it| u32::from_str_radix(it, 16).ok()).is_some_and(|it| it > 0x7f) {
            return rest.get(..6);
        }
        rest = rest.get(2..)?;
    }
    None
}

/// Any JSON whose objects repeat no key.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;

        impl<'de> Visitor<'de> for Walk {
            type Value = Unique;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Unique, A::Error> {
                while items.next_element::<Unique>()?.is_some() {}
                Ok(Unique)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Unique, A::Error> {
                let mut seen = HashSet::new();
                while let Some(key) = members.next_key::<String>()? {
                    members.next_value::<Unique>()?;
                    if let Some(key) = seen.replace(key) {
                        return Err(A::Error::custom(format!("duplicate field `{key}`")));
                    }
                }
                Ok(Unique)
            }
        }

        deserializer.deserialize_any(Walk)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_mistakes_are_repaired() {
        for (body, value, repaired) in [
            ("{\"a\":\"部\"}", json!({"a": "部"}), false),
            ("\u{feff}{\"a\":1}", json!({"a": 1}), false),
            ("{\"a\":\"\\u90e8\"}", json!({"a": "部"}), false),
            ("{\"a\":[1,2,],}", json!({"a": [1, 2]}), true),
            ("{\"a\":\"x\ny\\\"\tz\"}", json!({"a": "x\ny\"\tz"}), true),
            ("{\"a\":{\"b\":\"}\"}", json!({"a": {"b": "}"}}), true),
            ("{\"a\":[1,", json!({"a": [1]}), true),
            ("{\"a\":\"\\\\\"", json!({"a": "\\"}), true),
        ] {
            assert_eq!(parse_tolerantly(body.as_bytes()), (Some(value), repaired), "{body}");
        }
        assert_eq!(parse_tolerantly(b"{\"a\":\"\xff\"}"), (Some(json!({"a": "\u{fffd}"})), true));
        for lost in ["", "a=1", "[]", "[1]", "null", "{\"a\"", "\"x\"", "{a:1}"] {
            assert_eq!(parse_tolerantly(lost.as_bytes()), (None, true), "{lost}");
        }
    }

    #[test]
    fn strict_bodies_have_one_spelling() {
        assert_eq!(parse_strictly(br#"{"a":"\n\u001b\\u90e8"}"#).unwrap()["a"], "\n\u{1b}\\u90e8");
        for (body, naming) in [
            (r#"{"a":1,"a":1}"#, "duplicate field `a`"),
            (r#"{"a":[{"b":1,"b":2}]}"#, "duplicate field `b`"),
            (r#"{"a":"\u90e8"}"#, "needless escape `\\u90e8`"),
            (r#"{"a":1,}"#, "trailing comma"),
            ("{} {}", "trailing characters"),
            ("", "EOF"),
            ("\u{feff}{}", "expected value"),
        ] {
            let text = parse_strictly(body.as_bytes()).unwrap_err().text;
            assert!(text.contains(naming), "{body}: {text}");
        }
        assert_eq!(parse_strictly(b"{\"a\":\"\xc3\"}").unwrap_err().code, 40058);
    }
}
