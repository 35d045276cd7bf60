//! JSON objects that grow.

use serde_json::Value;

/// Adds a member to an object.
pub(crate) fn put(object: &mut Value, name: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value);
    }
}
