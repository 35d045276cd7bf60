//! `Call<T>`: what an action sends, and how it reads the answer; the errcode envelope.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use serde::Deserialize;

use crate::{
    bindings::exports::wecom::connector::types::{DepartmentId, Receipt, Truncation, UserId},
    wire::{Number, Object, Upload},
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
    Json(Object),
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
    /// Whether the body lacks the id of the application, which stands with the credentials.
    pub(crate) needs_agent_id: bool,
}

/// One call of WeCom's: what it sends, and how it reads the answer.
pub(crate) struct Call<T> {
    pub(crate) outgoing: Outgoing,
    pub(crate) read: Box<dyn Fn(Answer) -> Option<T>>,
}

/// All that is read of any answer. Any member may be missing, and there may be others.
///
/// One type for all calls: an answer is read in one go, and a reader of its own for each call would be 4 KB of code each.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Answer {
    errcode: Option<i64>,
    errmsg: Option<String>,
    /// A warning that came with the acceptance.
    #[serde(skip)]
    pub(crate) warning: Option<String>,
    // gettoken
    pub(crate) access_token: Option<String>,
    pub(crate) expires_in: Option<Number>,
    // department/create, department/simplelist (named like one id, it holds many)
    pub(crate) id: Option<DepartmentId>,
    pub(crate) department_id: Option<Vec<DepartmentNode>>,
    // user/list_id, user/create
    pub(crate) next_cursor: Option<String>,
    pub(crate) dept_user: Option<Vec<MemberNode>>,
    pub(crate) created_department_list: Option<CreatedDepartments>,
    // appchat/create, appchat/get
    pub(crate) chatid: Option<String>,
    pub(crate) chat_info: Option<ChatInfo>,
    // message/send
    pub(crate) msgid: Option<String>,
    pub(crate) invaliduser: Option<String>,
    pub(crate) invalidparty: Option<String>,
    pub(crate) invalidtag: Option<String>,
    pub(crate) unlicenseduser: Option<String>,
    // media/upload, webhook/upload_media
    pub(crate) media_id: Option<String>,
    pub(crate) created_at: Option<Number>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DepartmentNode {
    pub(crate) id: DepartmentId,
    #[serde(default)]
    pub(crate) parentid: DepartmentId,
    #[serde(default)]
    pub(crate) order: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct MemberNode {
    pub(crate) userid: UserId,
    pub(crate) department: DepartmentId,
}

#[derive(Debug, Deserialize)]
pub(crate) struct CreatedDepartments {
    #[serde(default)]
    pub(crate) department_info: Vec<NamedNode>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NamedNode {
    pub(crate) id: DepartmentId,
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ChatInfo {
    pub(crate) chatid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) owner: Option<UserId>,
    #[serde(default)]
    pub(crate) userlist: Vec<UserId>,
    pub(crate) chat_type: Option<u32>,
}

/// What WeCom said to a call, in the form that all its answers share.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one at a time, and it is taken apart at once"
)]
pub(crate) enum Reply {
    Accepted(Answer),
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
            needs_agent_id: false,
        };
        Self {
            outgoing,
            read: Box::new(|it| Some(Receipt { truncated: Vec::new(), warning: it.warning })),
        }
    }

    /// Everything else.
    pub(crate) fn post(path: &'static str, access: Access, body: Object) -> Self {
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
        self.reading(move |it| Some(Receipt { truncated: truncated.clone(), warning: it.warning }))
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

    pub(crate) fn needs_agent_id_if(mut self, needed: bool) -> Self {
        self.outgoing.needs_agent_id = needed;
        self
    }

    /// Makes the result of an answer that was accepted; none if the answer lacks what it should hold.
    pub(crate) fn reading<U>(self, read: impl Fn(Answer) -> Option<U> + 'static) -> Call<U> {
        Call { outgoing: self.outgoing, read: Box::new(read) }
    }
}

impl Outgoing {
    /// Takes an answer apart. Never panics, whatever the bytes.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Reply, Unexpected> {
        /// A refusal counts, whatever else is wrong with the answer.
        #[derive(Deserialize)]
        struct Refusal {
            errcode: i64,
            #[serde(default)]
            errmsg: String,
        }

        if body.is_empty() {
            return Err(Unexpected("the answer is empty"));
        }
        let Ok(text) = core::str::from_utf8(body) else {
            return Err(Unexpected("the answer is not UTF-8"));
        };
        // Serde would take the values in order, without their names: `[0]` would be a success.
        if !text.trim_start().starts_with('{') {
            return Err(Unexpected("the answer is not JSON of the documented form"));
        }
        let mut answer = match serde_json::from_str(text) {
            Ok(answer) => answer,
            Err(_) => match serde_json::from_str(text) {
                Ok(Refusal { errcode, errmsg }) if errcode != 0 => {
                    Answer { errcode: Some(errcode), errmsg: Some(errmsg), ..Answer::default() }
                }
                _ => return Err(Unexpected("the answer is not JSON of the documented form")),
            },
        };
        // Some servers leave the code out when they grant a token.
        let granted = self.access == Access::Open && answer.access_token.is_some();
        let Some(code) = answer.errcode.or(granted.then_some(0)) else {
            return Err(Unexpected("the answer has no errcode"));
        };
        let Ok(code) = i32::try_from(code) else {
            return Err(Unexpected("the answer's errcode is out of range"));
        };
        let message = answer.errmsg.take().unwrap_or_default();
        if code != 0 {
            return Ok(Reply::Refused { code, message: without_tail(&message).into() });
        }
        answer.warning =
            message.to_ascii_lowercase().contains("warning").then(|| without_tail(&message).into());
        Ok(Reply::Accepted(answer))
    }
}

/// WeCom's message without the debugging hint, the caller's address and the link that it appends.
fn without_tail(message: &str) -> &str {
    let end = [", hint: [", ", from ip:", ", more info at "]
        .iter()
        .filter_map(|it| message.find(it))
        .min();
    end.and_then(|it| message.get(..it)).unwrap_or(message).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call<u32> {
        Call::post("/x", Access::Contacts, Object::new(&[])).reading(|it| it.id)
    }

    fn read<T>(call: &Call<T>, body: &[u8]) -> Result<Option<T>, Unexpected> {
        match call.outgoing.read(body)? {
            Reply::Accepted(it) => Ok((call.read)(it)),
            Reply::Refused { .. } => panic!("refused"),
        }
    }

    #[test]
    fn an_answer_is_read_only_when_it_is_one() {
        for (bytes, expected) in [
            (&b""[..], "the answer is empty"),
            (b"\xff", "the answer is not UTF-8"),
            (b"<html>", "the answer is not JSON of the documented form"),
            (b"[0]", "the answer is not JSON of the documented form"),
            (b" [0, \"ok\"]", "the answer is not JSON of the documented form"),
            (br#"{"errcode":"0"}"#, "the answer is not JSON of the documented form"),
            (br#"{"errcode":0,"id":"x"}"#, "the answer is not JSON of the documented form"),
            (br#"{"errmsg":"ok"}"#, "the answer has no errcode"),
            (br#"{"access_token":"t"}"#, "the answer has no errcode"),
            (br#"{"errcode":4294967296}"#, "the answer's errcode is out of range"),
        ] {
            assert_eq!(read(&call(), bytes).unwrap_err().0, expected);
        }
        assert_eq!(read(&call(), br#"{"errcode":0}"#).unwrap(), None);
        assert_eq!(read(&call(), br#"{"errcode":0,"id":7,"new":[{}]}"#).unwrap(), Some(7));
    }

    #[test]
    fn a_refusal_counts_whatever_else_is_wrong() {
        let reply =
            call().outgoing.read(br#"{"errcode":60003,"errmsg":"no","id":"x","chat_info":[]}"#);
        assert!(matches!(reply, Ok(Reply::Refused { code: 60003, .. })), "{reply:?}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = [r#"{"errcode":0,"x":"#, &"[".repeat(100_000)].concat();
        assert!(read(&call(), deep.as_bytes()).is_err());
    }

    #[test]
    fn messages_lose_their_tail_and_warnings_are_kept() {
        let refused = br#"{"errcode":60008,"errmsg":"department existed, hint: [16_9a], from ip: 1.2.3.4, more info at https://x"}"#;
        let Ok(Reply::Refused { code: 60008, message }) = call().outgoing.read(refused) else {
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
            assert_eq!(read(&call, reply.as_bytes()).unwrap().unwrap().warning.as_deref(), warning);
        }
    }
}
