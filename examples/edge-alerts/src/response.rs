//! What the function responds.

/// An HTTP response with a line of text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// Seconds after which a retry may help.
    pub(crate) retry_after: Option<u32>,
    pub(crate) text: String,
}

impl Response {
    pub(crate) fn new(status: u16, text: impl Into<String>) -> Self {
        Self { status, retry_after: None, text: text.into() }
    }

    /// 503 with `Retry-After`.
    pub(crate) fn later(seconds: u32, text: impl Into<String>) -> Self {
        Self { status: 503, retry_after: Some(seconds), text: text.into() }
    }
}
