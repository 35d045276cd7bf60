//! Files, standard input, and JSON as people write it.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// More than the component would be given.
const MAX_FILE: u64 = 64 << 20;

/// The bytes of a file, or of standard input for `-`.
pub(crate) fn bytes(path: &str) -> Result<Vec<u8>, String> {
    if path == "-" {
        return read(io::stdin().lock(), "standard input");
    }
    let file = File::open(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    read(file, path)
}

/// The text of a file, or of standard input for `-`. A byte order mark is dropped.
pub(crate) fn text(path: &str) -> Result<String, String> {
    let name = if path == "-" { "standard input" } else { path };
    let text = String::from_utf8(bytes(path)?).map_err(|_| format!("{name} is not UTF-8 text"))?;
    Ok(text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text))
}

/// The bytes of a source of this name.
pub(crate) fn read(source: impl Read, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match source.take(MAX_FILE + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 <= MAX_FILE => Ok(bytes),
        Ok(_) => Err(format!("{name} is larger than {} MiB", MAX_FILE >> 20)),
        Err(error) => Err(format!("{name} cannot be read: {error}")),
    }
}

/// JSON in which no object has a member twice: `serde_json` alone would take the last of them.
///
/// No error contains a value: it may be a secret.
pub(crate) fn json(text: &str) -> Result<Value, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map(|Unique(it)| it).map_err(|error| error.to_string())
}

struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Number::from_f64(it).into())
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_string<E>(self, it: String) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unique(it)) = items.next_element()? {
            array.push(it);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(it))) = members.next_entry::<String, Unique>()? {
            if object.insert(name.clone(), it).is_some() {
                let short: String = name.chars().take(64).collect();
                return Err(de::Error::custom(format!("{short:?} is given twice")));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_is_read_as_usual() {
        let text = r#"{"a": [null, true, -1, 1.5, "x\ny"], "b": {"a": 18446744073709551615}}"#;
        let expected = json!({"a": [null, true, -1, 1.5, "x\ny"], "b": {"a": u64::MAX}});
        assert_eq!(json(text), Ok(expected));
        assert_eq!(json("\u{feff}[]"), Ok(json!([])));
    }

    #[test]
    fn member_given_twice_is_an_error() {
        let error = json(r#"{"a": {"b": 1, "b": 1}}"#).unwrap_err();
        assert!(error.contains(r#""b" is given twice"#), "{error}");
    }
}
