//! JSON bodies, read strictly: unknown keys, nulls, duplicates and wrong types are refused by name.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use serde_json::Value;

use crate::corp::refusal::Refusal;

/// A member of a body that may be left out, but may not be null.
#[derive(Clone, Debug)]
pub(crate) struct Field<T>(pub(crate) Option<T>);

/// A JSON object. Serde alone would take an array of the values in order as well.
#[derive(Clone, Debug)]
pub(crate) struct Object<T>(pub(crate) T);

pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    // The path costs time, so only a failure pays for it.
    if let Ok(Object(body)) = serde_json::from_slice(bytes) {
        return Ok(body);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, Object<T>>(&mut deserializer) else {
        return Err(Refusal::invalid("body", "there is more after the object"));
    };
    let path = error.path().to_string();
    let reason = error.inner().to_string();
    let reason = reason.split(", expected one of").next().unwrap_or_default();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    Err(Refusal::invalid(if path == "." { "body" } else { &path }, reason))
}

/// What is kept of a body: its members that were there.
pub(crate) fn to_stored(body: &impl Serialize) -> Result<Value, Refusal> {
    let mut value = serde_json::to_value(body)
        .map_err(|error| Refusal::new(-1, format!("system busy: {error}")))?;
    drop_nulls(&mut value);
    Ok(value)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, it| !it.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

impl<T> Field<T> {
    pub(crate) fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }

    pub(crate) fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

impl Field<String> {
    pub(crate) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The text, if it is there and not empty.
    pub(crate) fn non_empty(&self) -> Option<&str> {
        self.as_deref().filter(|it| !it.is_empty())
    }
}

impl<T> Default for Field<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|it| Self(Some(it)))
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyMap<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        id: Field<i64>,
        names: Field<Vec<String>>,
        inner: Field<Object<Inner>>,
    }

    #[derive(Debug, Default, Deserialize, Serialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        text: Field<String>,
    }

    fn refused(body: &str) -> String {
        read::<Outer>(body.as_bytes()).unwrap_err().text
    }

    #[test]
    fn good_bodies_are_read_and_kept() {
        let body: Outer = read(br#"{"id":7,"inner":{"text":"\u90e8"}}"#).unwrap();
        assert_eq!(
            to_stored(&body).unwrap(),
            serde_json::json!({"id": 7, "inner": {"text": "部"}})
        );
        read::<Outer>(b"{}").unwrap();
    }

    #[test]
    fn careless_bodies_are_refused_by_name() {
        for (body, naming) in [
            (r#"{"access_token":"x"}"#, "unknown field `access_token`"),
            (r#"{"inner":{"texts":""}}"#, "`inner.texts`: unknown field `texts`"),
            (r#"{"id":null}"#, "`id`: invalid type: null"),
            (r#"{"id":"7"}"#, "`id`: invalid type: string"),
            (r#"{"id":7.0}"#, "`id`: invalid type: floating point"),
            (r#"{"id":7,"id":7}"#, "duplicate field `id`"),
            (r#"{"names":"a"}"#, "`names`: invalid type"),
            (r#"{"names":["a",null]}"#, "`names[1]`: invalid type: null"),
            (r#"{"inner":["a"]}"#, "`inner`: invalid type: sequence"),
            ("[]", "`body`: invalid type: sequence"),
            ("{} {}", "more after the object"),
            ("", "EOF"),
            ("{\"id\":", "EOF"),
        ] {
            let text = refused(body);
            assert!(text.contains(naming), "{body}: {text}");
        }
    }

    #[test]
    fn a_body_that_is_not_utf_8_is_refused() {
        assert_eq!(read::<Outer>(b"{\"names\":[\"\xc3\"]}").unwrap_err().code, 40058);
    }
}
