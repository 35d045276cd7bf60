//! One request to an endpoint.

use bytes::Bytes;
use http::{HeaderName, Request, header};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    corp::refusal::Refusal,
    http::{
        body,
        mode::Mode,
        multipart::{self, Part},
        query::Query,
        reader::Reader,
        warnings::Warnings,
    },
};

/// What a handler gets besides the corp and the caller.
pub(crate) struct Call<'a> {
    pub(crate) query: Query,
    pub(crate) warnings: &'a Warnings,
    mode: Mode,
    request: &'a Request<Bytes>,
}

/// A message body in two halves: the envelope is read by its sender, the content by its type.
pub(crate) struct Message {
    body: Value,
    pub(crate) msgtype: String,
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        request: &'a Request<Bytes>,
        query: Query,
        mode: Mode,
        warnings: &'a Warnings,
    ) -> Self {
        Self { query, warnings, mode, request }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.mode == Mode::Strict
    }

    /// The body as a type.
    pub(crate) fn json<T: for<'de> Deserialize<'de> + Default>(&self) -> Result<T, Refusal> {
        let body = body::parse(self.request.body(), self.mode, self.warnings)?;
        self.read("", Reader::new(&body, self.mode, self.warnings))
    }

    /// The body as a message; 40008 unless it is of one of these types.
    pub(crate) fn message(&self, types: &[&str]) -> Result<Message, Refusal> {
        let body = body::parse(self.request.body(), self.mode, self.warnings)?;
        match body.get("msgtype").and_then(Value::as_str).filter(|it| types.contains(it)) {
            Some(msgtype) => Ok(Message { msgtype: msgtype.to_owned(), body }),
            None => Err(Refusal::new(40008, "invalid message type")),
        }
    }

    /// The envelope of a message. In strict mode it may hold the content of its type, and no other.
    pub(crate) fn envelope<T: for<'de> Deserialize<'de> + Default>(
        &self,
        message: &Message,
    ) -> Result<T, Refusal> {
        let reader = Reader::new(&message.body, self.mode, self.warnings);
        self.read("", reader.also_known(&message.msgtype))
    }

    /// The content of a message; an empty one if it is missing.
    pub(crate) fn content<T: for<'de> Deserialize<'de> + Default>(
        &self,
        message: &Message,
    ) -> Result<T, Refusal> {
        match message.body.get(&message.msgtype) {
            None => Ok(T::default()),
            Some(Value::Null) if !self.is_strict() => Ok(T::default()),
            Some(content) => {
                self.read(&message.msgtype, Reader::new(content, self.mode, self.warnings))
            }
        }
    }

    fn read<'de, T: Deserialize<'de> + Default>(
        &self,
        name: &str,
        reader: Reader<'de>,
    ) -> Result<T, Refusal> {
        body::read(reader, name, self.mode, self.warnings)
    }

    pub(crate) fn upload(&self) -> Result<Part, Refusal> {
        let content_type = self.header(&header::CONTENT_TYPE).unwrap_or_default();
        let boundary = multipart::boundary(content_type)
            .map_err(|reason| Refusal::new(44001, format!("empty media data: {reason}")))?;
        multipart::read(self.request.body(), boundary, self.mode)
    }

    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}
