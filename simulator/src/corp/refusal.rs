//! Why the corp refuses a request.

use serde_json::Value;

/// A call whose response has an `errcode` other than 0.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    pub(crate) text: String,
    /// Result members that come with the error.
    pub(crate) members: Value,
}

impl Refusal {
    pub(crate) fn new(code: i64, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), members: Value::Null }
    }

    /// 40058, the code for everything that is malformed.
    pub(crate) fn invalid(field: &str, reason: impl AsRef<str>) -> Self {
        Self::new(40058, format!("invalid parameter `{field}`: {}", reason.as_ref()))
    }
}
