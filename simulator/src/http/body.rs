//! JSON bodies as typed values.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    corp::refusal::Refusal,
    http::{json, mode::Mode, reader::Reader, warnings::Warnings},
};

/// Parses a body. One that is not a JSON object counts as an empty one, with a warning.
pub(crate) fn parse(bytes: &[u8], mode: Mode, warnings: &Warnings) -> Result<Value, Refusal> {
    if mode == Mode::Strict {
        return json::parse_strictly(bytes);
    }
    let (value, is_repaired) = json::parse_tolerantly(bytes);
    if is_repaired {
        warnings.wrong_json();
    }
    Ok(value.unwrap_or_else(|| Value::Object(serde_json::Map::new())))
}

/// Reads a value as a type; `name` is its place in the body, for errors. Where it does not fit at all, WeCom ignores all
/// of it: every field counts as missing.
pub(crate) fn read<'de, T: Deserialize<'de> + Default>(
    reader: Reader<'de>,
    name: &str,
    mode: Mode,
    warnings: &Warnings,
) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(reader).or_else(|error| {
        if mode == Mode::Faithful {
            warnings.wrong_json();
            return Ok(T::default());
        }
        let path = match (name, error.path().to_string()) {
            ("", path) if path == "." => "body".to_owned(),
            ("", path) => path,
            (name, path) if path == "." => name.to_owned(),
            (name, path) => format!("{name}.{path}"),
        };
        Err(Refusal::invalid(&path, error.inner().to_string()))
    })
}

/// What is stored of a message: the members that were there.
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

/// A text that may be left out.
pub(crate) trait NonEmpty {
    /// The text, if it is there and not empty.
    fn non_empty(&self) -> Option<&str>;
}

impl NonEmpty for Option<String> {
    fn non_empty(&self) -> Option<&str> {
        self.as_deref().filter(|it| !it.is_empty())
    }
}
