//! Reads typed values out of JSON with WeCom's tolerance. Serde's formats have one kind of strictness; this one
//! coerces as the server does, or refuses and names the field.

use serde::{
    Deserializer,
    de::{
        DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor,
        value::Error,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Number, Value};

use crate::http::{mode::Mode, warnings::Warnings};

/// A JSON value on its way into a Rust type.
///
/// Coerced, with a warning: numbers, strings and booleans into one another; a number in place of a list, into a list of
/// one; a string in place of a list, into an empty one. Dropped silently: nulls and unknown keys. With [`Mode::Strict`]
/// all of these are errors.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    value: &'a Value,
    mode: Mode,
    warnings: &'a Warnings,
    /// A key that is known although the type does not name it.
    also_known: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(value: &'a Value, mode: Mode, warnings: &'a Warnings) -> Self {
        Self { value, mode, warnings, also_known: None }
    }

    pub(crate) fn also_known(self, key: &'a str) -> Self {
        Self { also_known: Some(key), ..self }
    }

    fn inner(self, value: &'a Value) -> Self {
        Self { value, also_known: None, ..self }
    }

    /// The wrong type's coerced value; an error where nothing is coerced.
    fn coerce<T>(self, expected: &dyn serde::de::Expected, value: Option<T>) -> Result<T, Error> {
        match value {
            Some(value) if self.mode == Mode::Faithful => {
                self.warnings.wrong_json();
                Ok(value)
            }
            _ => Err(self.invalid_type(expected)),
        }
    }

    fn invalid_type(self, expected: &dyn serde::de::Expected) -> Error {
        let unexpected = match self.value {
            Value::Null => Unexpected::Other("null"),
            Value::Bool(it) => Unexpected::Bool(*it),
            Value::Number(it) => match (it.as_i64(), it.as_u64(), it.as_f64()) {
                (Some(it), ..) => Unexpected::Signed(it),
                (_, Some(it), _) => Unexpected::Unsigned(it),
                (.., it) => Unexpected::Float(it.unwrap_or_default()),
            },
            Value::String(it) => Unexpected::Str(it),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Error::invalid_type(unexpected, expected)
    }
}

/// The integer in a value of another type; −1, which is valid nowhere, for a text that is not a number.
fn integer_in(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(it) => Some((*it).into()),
        Value::Number(it) => truncated(it),
        Value::String(it) if it.trim().is_empty() => Some(0),
        Value::String(it) => Some(it.trim().parse().unwrap_or(-1)),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
fn truncated(number: &Number) -> Option<i64> {
    number.as_f64().map(|it| it as i64)
}

fn boolean_in(value: &Value) -> Option<bool> {
    match value {
        Value::Number(it) => Some(it.as_f64() != Some(0.0)),
        Value::String(it) => it.trim().parse().ok().or_else(|| integer_in(value).map(|it| it == 1)),
        _ => None,
    }
}

fn text_in(value: &Value) -> Option<String> {
    match value {
        Value::Bool(it) => Some(it.to_string()),
        Value::Number(it) => Some(it.to_string()),
        _ => None,
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(*it),
            Value::Number(it) => match it.as_i64() {
                Some(it) => visitor.visit_i64(it),
                None => visitor.visit_f64(it.as_f64().unwrap_or_default()),
            },
            Value::String(it) => visitor.visit_str(it),
            Value::Array(items) => visitor.visit_seq(Items { reader: self, items: items.iter() }),
            Value::Object(members) => visitor.visit_map(Entries::new(self, members, None)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value {
            Value::Bool(it) => *it,
            other => self.coerce(&visitor, boolean_in(other))?,
        };
        visitor.visit_bool(value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = match self.value.as_i64() {
            Some(it) => it,
            None => self.coerce(&visitor, integer_in(self.value))?,
        };
        visitor.visit_i64(value)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = if let Some(it) = self.value.as_f64() {
            it
        } else {
            let parsed = self.value.as_str().and_then(|it| it.trim().parse().ok());
            self.coerce(&visitor, parsed)?
        };
        visitor.visit_f64(value)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::String(it) => visitor.visit_str(it),
            other => {
                let text = self.coerce(&visitor, text_in(other))?;
                visitor.visit_string(text)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // Nulls never come here: they are dropped or refused earlier.
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = match self.value {
            Value::Array(items) => items.as_slice(),
            Value::Number(_) => self.coerce(&visitor, Some(std::slice::from_ref(self.value)))?,
            Value::String(_) => self.coerce(&visitor, Some([].as_slice()))?,
            _ => return Err(self.invalid_type(&visitor)),
        };
        visitor.visit_seq(Items { reader: self, items: items.iter() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.value {
            Value::Object(members) => visitor.visit_map(Entries::new(self, members, Some(fields))),
            _ => Err(self.invalid_type(&visitor)),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 char str bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct map enum identifier ignored_any
    }
}

struct Items<'de> {
    reader: Reader<'de>,
    items: std::slice::Iter<'de, Value>,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        let reader = self.reader;
        let items = &mut self.items;
        let next = match reader.mode {
            Mode::Faithful => items.find(|it| !it.is_null()),
            Mode::Strict => items.next(),
        };
        next.map(|it| seed.deserialize(reader.inner(it))).transpose()
    }
}

struct Entries<'de> {
    reader: Reader<'de>,
    members: serde_json::map::Iter<'de>,
    /// The keys of the type; none for a type that accepts any.
    fields: Option<&'static [&'static str]>,
    next: Option<&'de Value>,
}

impl<'de> Entries<'de> {
    fn new(
        reader: Reader<'de>,
        members: &'de Map<String, Value>,
        fields: Option<&'static [&'static str]>,
    ) -> Self {
        Self { reader, members: members.iter(), fields, next: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Error> {
        for (key, value) in self.members.by_ref() {
            if self.reader.also_known == Some(key) {
                continue;
            }
            let is_known = self.fields.is_none_or(|it| it.contains(&key.as_str()));
            if self.reader.mode == Mode::Strict && !is_known {
                return Err(Error::custom(format!("unknown field `{key}`")));
            }
            if self.reader.mode == Mode::Strict || (is_known && !value.is_null()) {
                self.next = Some(value);
                return seed.deserialize(key.as_str().into_deserializer()).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = self.next.take().ok_or_else(|| Error::custom("a value without its key"))?;
        seed.deserialize(self.reader.inner(value))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Outer {
        id: Option<i64>,
        flag: Option<bool>,
        ratio: Option<f64>,
        name: Option<String>,
        ids: Option<Vec<i64>>,
        names: Option<Vec<String>>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Inner {
        text: Option<String>,
    }

    fn read(value: &Value, mode: Mode) -> (Result<Outer, String>, bool) {
        let warnings = Warnings::default();
        let read = Outer::deserialize(Reader::new(value, mode, &warnings));
        (read.map_err(|it| it.to_string()), warnings.of_success("ok") != "ok")
    }

    #[test]
    fn wrong_types_are_coerced_with_a_warning() {
        for (value, expected) in [
            (json!({"id": "7"}), Outer { id: Some(7), ..Outer::default() }),
            (json!({"id": " "}), Outer { id: Some(0), ..Outer::default() }),
            (json!({"id": "x"}), Outer { id: Some(-1), ..Outer::default() }),
            (json!({"id": 7.0}), Outer { id: Some(7), ..Outer::default() }),
            (json!({"id": true}), Outer { id: Some(1), ..Outer::default() }),
            (json!({"flag": 0}), Outer { flag: Some(false), ..Outer::default() }),
            (json!({"flag": "true"}), Outer { flag: Some(true), ..Outer::default() }),
            (json!({"ratio": "2.25"}), Outer { ratio: Some(2.25), ..Outer::default() }),
            (json!({"name": 138}), Outer { name: Some("138".to_owned()), ..Outer::default() }),
            (json!({"ids": 7}), Outer { ids: Some(vec![7]), ..Outer::default() }),
            (json!({"ids": ["7"]}), Outer { ids: Some(vec![7]), ..Outer::default() }),
            (json!({"ids": "[7]"}), Outer { ids: Some(vec![]), ..Outer::default() }),
        ] {
            assert_eq!(read(&value, Mode::Faithful), (Ok(expected), true), "{value}");
            assert!(read(&value, Mode::Strict).0.is_err(), "{value}");
        }
    }

    #[test]
    fn nulls_and_unknown_keys_are_dropped_silently() {
        let value =
            json!({"id": null, "names": ["a", null], "inner": {"text": null, "x": 1}, "y": 2});
        let expected = Outer {
            names: Some(vec!["a".to_owned()]),
            inner: Some(Inner::default()),
            ..Outer::default()
        };
        assert_eq!(read(&value, Mode::Faithful), (Ok(expected), false));
    }

    #[test]
    fn what_cannot_be_coerced_is_an_error() {
        for value in [
            json!({"id": []}),
            json!({"name": {}}),
            json!({"ids": {}}),
            json!({"inner": []}),
            json!([]),
        ] {
            for mode in [Mode::Faithful, Mode::Strict] {
                assert!(read(&value, mode).0.is_err(), "{value}");
            }
        }
    }

    #[test]
    fn right_types_pass_both_modes_without_a_warning() {
        let value = json!({"id": 4_294_967_295_i64, "flag": true, "ratio": 2, "name": "", "ids": [], "inner": {"text": "x"}});
        for mode in [Mode::Faithful, Mode::Strict] {
            let (read, warned) = read(&value, mode);
            assert_eq!((read.unwrap().id, warned), (Some(4_294_967_295), false));
        }
    }
}
