//! `Call<T>`: what an action sends, and how it reads the answer; the errcode envelope.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    bindings::exports::wecom::connector::types::{Receipt, Truncation},
    wire::Upload,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// What a call is allowed by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    /// Nothing: asking for a token.
    Open,
    /// A token of the application's secret.
    Application,
    /// A token of the contacts secret.
    Contacts,
    /// A chatbot's key.
    Chatbot,
}

#[derive(Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    /// Content type and parts; shared, because a file may be sent twice and is not copied for it.
    Upload(Rc<Upload>),
}

/// What one call sends, checked and ready to go out with any credentials.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    pub(crate) access: Access,
    /// Whether the same call may be sent again when nobody knows if the first one arrived.
    pub(crate) repeatable: bool,
    /// Whether the body names the application that speaks, and the credentials say which where it does not.
    pub(crate) speaks: bool,
}

/// One call of WeCom's: what it sends, and how it reads the answer.
pub(crate) struct Call<T> {
    pub(crate) outgoing: Outgoing,
    pub(crate) read: Box<dyn Fn(Accepted) -> Result<T, Unexpected>>,
}

/// An answer with errcode 0.
#[derive(Debug)]
pub(crate) struct Accepted {
    body: Vec<u8>,
    /// What WeCom said beside, if it sounds like a warning.
    warning: Option<String>,
}

/// What WeCom said to a call, in the form that all its answers share.
#[derive(Debug)]
pub(crate) enum Reply {
    Accepted(Accepted),
    Refused { code: i32, message: String },
}

/// What an answer says when it is not one that the documentation describes.
#[derive(Debug)]
pub(crate) struct Unexpected(pub(crate) &'static str);

impl Call<Receipt> {
    /// Reads and deletions, which may be repeated.
    pub(crate) fn get(path: &'static str, access: Access) -> Self {
        let (query, body) = (Vec::new(), Body::Empty);
        let outgoing = Outgoing {
            method: Method::Get,
            path,
            query,
            body,
            access,
            repeatable: true,
            speaks: false,
        };
        Self {
            outgoing,
            read: Box::new(|it| Ok(Receipt { truncated: Vec::new(), warning: it.warning })),
        }
    }

    /// Everything else. Fields that are null are left out, at every depth.
    pub(crate) fn post(path: &'static str, access: Access, mut body: Value) -> Self {
        drop_nulls(&mut body);
        let mut call = Self::get(path, access).repeatable_if(false);
        call.outgoing.method = Method::Post;
        call.outgoing.body = Body::Json(body);
        call
    }

    /// A file. Sent again, it is only kept twice.
    pub(crate) fn upload(path: &'static str, access: Access, upload: Upload) -> Self {
        let mut call = Self::get(path, access);
        call.outgoing.method = Method::Post;
        call.outgoing.body = Body::Upload(Rc::new(upload));
        call
    }

    /// Tells in the receipt what was shortened.
    pub(crate) fn shortened(self, truncated: Vec<Truncation>) -> Self {
        let read = Box::new(move |it: Accepted| {
            Ok(Receipt { truncated: truncated.clone(), warning: it.warning })
        });
        Self { outgoing: self.outgoing, read }
    }
}

impl<T> Call<T> {
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.outgoing.query.push((name, value.into()));
        self
    }

    pub(crate) fn repeatable_if(mut self, repeatable: bool) -> Self {
        self.outgoing.repeatable = repeatable;
        self
    }

    pub(crate) fn speaking(mut self) -> Self {
        self.outgoing.speaks = true;
        self
    }

    /// Reads the answer as the type that `make` takes; the warning is one that came with the acceptance.
    pub(crate) fn reading<R: DeserializeOwned, U>(
        self,
        make: impl Fn(R, Option<String>) -> U + 'static,
    ) -> Call<U> {
        let read = Box::new(move |it: Accepted| match serde_json::from_slice(&it.body) {
            Ok(answer) => Ok(make(answer, it.warning)),
            Err(_) => Err(Unexpected("the answer lacks what the documentation promises")),
        });
        Call { outgoing: self.outgoing, read }
    }
}

impl Outgoing {
    /// Takes an answer apart. Never panics, whatever the bytes.
    pub(crate) fn read(&self, body: Vec<u8>) -> Result<Reply, Unexpected> {
        #[derive(Deserialize)]
        struct Envelope {
            errcode: Option<i64>,
            errmsg: Option<String>,
            // Some servers leave the code out when they grant a token.
            access_token: Option<String>,
        }

        if body.is_empty() {
            return Err(Unexpected("the answer is empty"));
        }
        let Ok(text) = core::str::from_utf8(&body) else {
            return Err(Unexpected("the answer is not UTF-8"));
        };
        let Ok(Envelope { errcode, errmsg, access_token }) = serde_json::from_str(text) else {
            return Err(Unexpected("the answer is not a JSON object with a numeric errcode"));
        };
        let granted = self.access == Access::Open && access_token.is_some();
        let Some(code) = errcode.or(granted.then_some(0)) else {
            return Err(Unexpected("the answer has no errcode"));
        };
        let Ok(code) = i32::try_from(code) else {
            return Err(Unexpected("the answer's errcode is out of range"));
        };
        let message = errmsg.unwrap_or_default();
        if code != 0 {
            return Ok(Reply::Refused { code, message: without_tail(&message).into() });
        }
        let warning =
            message.to_ascii_lowercase().contains("warning").then(|| without_tail(&message).into());
        Ok(Reply::Accepted(Accepted { body, warning }))
    }
}

/// WeCom's message without the debugging hint, the caller's address and the link that it appends.
fn without_tail(message: &str) -> &str {
    let end = [", hint: [", ", from ip:", ", more info at "]
        .iter()
        .filter_map(|it| message.find(it))
        .min();
    let message = end.and_then(|it| message.get(..it)).unwrap_or(message);
    message.get(..message.floor_char_boundary(512)).unwrap_or(message).trim()
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, it| !it.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call() -> Call<u32> {
        #[derive(Deserialize)]
        struct Created {
            id: u32,
        }
        Call::post("/x", Access::Contacts, json!({})).reading(|it: Created, _| it.id)
    }

    fn read<T>(call: &Call<T>, body: &[u8]) -> Result<T, Unexpected> {
        match call.outgoing.read(body.to_vec())? {
            Reply::Accepted(it) => (call.read)(it),
            Reply::Refused { .. } => panic!("refused"),
        }
    }

    #[test]
    fn nulls_are_dropped_at_every_depth() {
        let call = Call::post(
            "/x",
            Access::Open,
            json!({"a": null, "b": {"c": null, "d": [{"e": null, "f": 0}]}}),
        );
        let Body::Json(body) = call.outgoing.body else { panic!("no JSON") };
        assert_eq!(body, json!({"b": {"d": [{"f": 0}]}}));
    }

    #[test]
    fn an_answer_is_read_only_when_it_is_one() {
        for (bytes, expected) in [
            (&b""[..], "the answer is empty"),
            (b"\xff", "the answer is not UTF-8"),
            (b"<html>", "the answer is not a JSON object with a numeric errcode"),
            (br#"{"errcode":"0"}"#, "the answer is not a JSON object with a numeric errcode"),
            (br#"{"errmsg":"ok"}"#, "the answer has no errcode"),
            (br#"{"access_token":"t"}"#, "the answer has no errcode"),
            (br#"{"errcode":4294967296}"#, "the answer's errcode is out of range"),
            (br#"{"errcode":0}"#, "the answer lacks what the documentation promises"),
        ] {
            assert_eq!(read(&call(), bytes).unwrap_err().0, expected);
        }
        assert_eq!(read(&call(), br#"{"errcode":0,"id":7,"new":[]}"#).unwrap(), 7);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = [r#"{"errcode":0,"x":"#, &"[".repeat(100_000)].concat();
        assert!(read(&call(), deep.as_bytes()).is_err());
    }

    #[test]
    fn messages_lose_their_tail_and_warnings_are_kept() {
        let refused = br#"{"errcode":60008,"errmsg":"department existed, hint: [16_9a], from ip: 1.2.3.4, more info at https://x"}"#;
        let Ok(Reply::Refused { code: 60008, message }) = call().outgoing.read(refused.to_vec())
        else {
            panic!("not refused")
        };
        assert_eq!(message, "department existed");

        let call = Call::get("/x", Access::Contacts);
        for (reply, warning) in [
            (
                r#"{"errcode":0,"errmsg":"updated. Warning: wrong json format. "}"#,
                Some("updated. Warning: wrong json format."),
            ),
            (r#"{"errcode":0,"errmsg":"updated"}"#, None),
        ] {
            assert_eq!(read(&call, reply.as_bytes()).unwrap().warning.as_deref(), warning);
        }
    }
}
