//! `Call<T>`: what an action sends, and how it reads the answer; the errcode envelope.

use alloc::{boxed::Box, rc::Rc, string::String, vec::Vec};

use crate::{
    bindings::exports::wecom::connector::types::{DepartmentId, Receipt, Truncation, UserId},
    json::{Misfit, Object, Reader},
    wire::{self, Upload},
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
    pub(crate) outgoing: Box<Outgoing>,
    pub(crate) read: Box<dyn Fn(Box<Answer>) -> Option<T>>,
}

/// All that is read of any answer. Any member may be missing, and there may be others.
///
/// One type for all calls: an answer is read in one go, and a reader of its own for each call would be code for each.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    errcode: Option<i64>,
    errmsg: Option<String>,
    /// A warning that came with the acceptance.
    pub(crate) warning: Option<String>,
    // gettoken
    pub(crate) access_token: Option<String>,
    pub(crate) expires_in: Option<u64>,
    // department/create, department/simplelist (named like one id, it holds many)
    pub(crate) id: Option<DepartmentId>,
    pub(crate) department_id: Option<Vec<DepartmentNode>>,
    // user/list_id, user/create
    pub(crate) next_cursor: Option<String>,
    pub(crate) dept_user: Option<Vec<MemberNode>>,
    pub(crate) created_departments: Option<Vec<NamedNode>>,
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
    pub(crate) created_at: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct DepartmentNode {
    pub(crate) id: DepartmentId,
    pub(crate) parentid: DepartmentId,
    pub(crate) order: u32,
}

#[derive(Debug)]
pub(crate) struct MemberNode {
    pub(crate) userid: UserId,
    pub(crate) department: DepartmentId,
}

#[derive(Debug)]
pub(crate) struct NamedNode {
    pub(crate) id: DepartmentId,
    pub(crate) name: String,
}

#[derive(Debug, Default)]
pub(crate) struct ChatInfo {
    pub(crate) chatid: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) owner: Option<UserId>,
    pub(crate) userlist: Vec<UserId>,
    pub(crate) chat_type: Option<u32>,
}

/// What WeCom said to a call, in the form that all its answers share.
#[derive(Debug)]
pub(crate) enum Reply {
    Accepted(Box<Answer>),
    Refused { code: i32, message: String },
}

/// What an answer says when it is not one that the documentation describes.
#[derive(Debug)]
pub(crate) struct Unexpected(pub(crate) &'static str);

impl Call<Receipt> {
    /// Reads and deletions, which may be repeated.
    pub(crate) fn get(path: &'static str, access: Access) -> Self {
        let (query, body) = (Vec::new(), Body::Empty);
        let outgoing = Box::new(Outgoing {
            method: Method::Get,
            path,
            query,
            body,
            access,
            repeatable: true,
            needs_agent_id: false,
        });
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
    pub(crate) fn reading<U>(self, read: impl Fn(Box<Answer>) -> Option<U> + 'static) -> Call<U> {
        Call { outgoing: self.outgoing, read: Box::new(read) }
    }
}

impl Outgoing {
    /// Takes an answer apart. Never panics, whatever the bytes.
    pub(crate) fn read(&self, body: &[u8]) -> Result<Reply, Unexpected> {
        if body.is_empty() {
            return Err(Unexpected("the answer is empty"));
        }
        let Ok(text) = core::str::from_utf8(body) else {
            return Err(Unexpected("the answer is not UTF-8"));
        };
        let Some((mut answer, fits)) = Answer::read(text) else {
            return Err(Unexpected("the answer is not JSON of the documented form"));
        };
        // A refusal counts, whatever else is wrong with the answer.
        if !fits && answer.errcode.is_none_or(|it| it == 0) {
            return Err(Unexpected("the answer is not JSON of the documented form"));
        }
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
        answer.warning = warns(&message).then(|| without_tail(&message).into());
        Ok(Reply::Accepted(answer))
    }
}

impl Answer {
    /// The answer, and whether all that is known of it has the documented form. None if it is not a JSON object, or has two
    /// codes.
    fn read(text: &str) -> Option<(Box<Self>, bool)> {
        let mut it = Box::<Self>::default();
        let mut fits = true;
        let mut reader = Reader::new(text);
        let mut members = reader.object()?;
        while reader.more(&mut members)? {
            let fit = match reader.name()?.as_bytes() {
                b"errcode" if it.errcode.is_some() => return None,
                b"errcode" => set(&mut reader, &mut it.errcode, Reader::integer),
                b"errmsg" => set(&mut reader, &mut it.errmsg, Reader::text),
                b"access_token" => set(&mut reader, &mut it.access_token, Reader::text),
                b"expires_in" => set(&mut reader, &mut it.expires_in, Reader::number_or_text),
                b"id" => set(&mut reader, &mut it.id, Reader::u32),
                b"department_id" => set(&mut reader, &mut it.department_id, DepartmentNode::list),
                b"next_cursor" => set(&mut reader, &mut it.next_cursor, Reader::text),
                b"dept_user" => set(&mut reader, &mut it.dept_user, MemberNode::list),
                b"created_department_list" => {
                    set(&mut reader, &mut it.created_departments, NamedNode::created)
                }
                b"chatid" => set(&mut reader, &mut it.chatid, Reader::text),
                b"chat_info" => set(&mut reader, &mut it.chat_info, ChatInfo::read),
                b"msgid" => set(&mut reader, &mut it.msgid, Reader::text),
                b"invaliduser" => set(&mut reader, &mut it.invaliduser, Reader::text),
                b"invalidparty" => set(&mut reader, &mut it.invalidparty, Reader::text),
                b"invalidtag" => set(&mut reader, &mut it.invalidtag, Reader::text),
                b"unlicenseduser" => set(&mut reader, &mut it.unlicenseduser, Reader::text),
                b"media_id" => set(&mut reader, &mut it.media_id, Reader::text),
                b"created_at" => set(&mut reader, &mut it.created_at, Reader::number_or_text),
                _ => {
                    reader.skip()?;
                    continue;
                }
            };
            fits &= fit?.is_ok();
        }
        reader.ended().then_some((it, fits))
    }
}

/// Reads a member, which may be `null`. A misfit if it is something else, or was there before.
fn set<'a, T>(
    reader: &mut Reader<'a>,
    member: &mut Option<T>,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<Result<(), Misfit>> {
    if member.is_some() {
        return reader.skip().map(|()| Err(Misfit));
    }
    if reader.null() {
        return Some(Ok(()));
    }
    Some(reader.or_skip(read)?.map(|it| *member = Some(it)))
}

/// Like [`set`], where a misfit is as bad as anything.
fn fill<'a, T>(
    reader: &mut Reader<'a>,
    member: &mut Option<T>,
    read: impl FnOnce(&mut Reader<'a>) -> Option<T>,
) -> Option<()> {
    set(reader, member, read)?.ok()
}

impl DepartmentNode {
    fn list(reader: &mut Reader) -> Option<Vec<Self>> {
        reader.list(|reader| {
            let (mut id, mut parentid, mut order) = (None, None, None);
            let mut members = reader.object()?;
            while reader.more(&mut members)? {
                match &*reader.name()? {
                    "id" => fill(reader, &mut id, Reader::u32),
                    "parentid" => fill(reader, &mut parentid, Reader::u32),
                    "order" => fill(reader, &mut order, Reader::u32),
                    _ => reader.skip(),
                }?;
            }
            let (parentid, order) = (parentid.unwrap_or_default(), order.unwrap_or_default());
            Some(Self { id: id?, parentid, order })
        })
    }
}

impl MemberNode {
    fn list(reader: &mut Reader) -> Option<Vec<Self>> {
        reader.list(|reader| {
            let (mut userid, mut department) = (None, None);
            let mut members = reader.object()?;
            while reader.more(&mut members)? {
                match &*reader.name()? {
                    "userid" => fill(reader, &mut userid, Reader::text),
                    "department" => fill(reader, &mut department, Reader::u32),
                    _ => reader.skip(),
                }?;
            }
            Some(Self { userid: userid?, department: department? })
        })
    }
}

impl NamedNode {
    /// The list stands alone in an object. An empty object may be written as an empty list.
    fn created(reader: &mut Reader) -> Option<Vec<Self>> {
        if reader.peek() == Some(b'[') {
            return Self::list(reader).filter(Vec::is_empty);
        }
        let mut all = None;
        let mut members = reader.object()?;
        while reader.more(&mut members)? {
            match &*reader.name()? {
                "department_info" => fill(reader, &mut all, Self::list),
                _ => reader.skip(),
            }?;
        }
        Some(all.unwrap_or_default())
    }

    fn list(reader: &mut Reader) -> Option<Vec<Self>> {
        reader.list(|reader| {
            let (mut id, mut name) = (None, None);
            let mut members = reader.object()?;
            while reader.more(&mut members)? {
                match &*reader.name()? {
                    "id" => fill(reader, &mut id, Reader::u32),
                    "name" => fill(reader, &mut name, Reader::text),
                    _ => reader.skip(),
                }?;
            }
            Some(Self { id: id?, name: name.unwrap_or_default() })
        })
    }
}

impl ChatInfo {
    fn read(reader: &mut Reader) -> Option<Self> {
        let mut it = Self::default();
        let mut userlist = None;
        let mut members = reader.object()?;
        while reader.more(&mut members)? {
            match &*reader.name()? {
                "chatid" => fill(reader, &mut it.chatid, Reader::text),
                "name" => fill(reader, &mut it.name, Reader::text),
                "owner" => fill(reader, &mut it.owner, Reader::text),
                "userlist" => fill(reader, &mut userlist, |it| it.list(Reader::text)),
                "chat_type" => fill(reader, &mut it.chat_type, Reader::u32),
                _ => reader.skip(),
            }?;
        }
        it.userlist = userlist.unwrap_or_default();
        Some(it)
    }
}

fn warns(message: &str) -> bool {
    message.as_bytes().windows(7).any(|it| it.eq_ignore_ascii_case(b"warning"))
}

/// WeCom's message without the debugging hint, the caller's address and the link that it appends.
fn without_tail(message: &str) -> &str {
    let end = [", hint: [", ", from ip:", ", more info at "]
        .iter()
        .filter_map(|it| wire::find(message, it))
        .min();
    end.and_then(|it| message.get(..it)).unwrap_or(message).trim()
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::json::object;

    fn call() -> Call<u32> {
        Call::post("/x", Access::Contacts, object! {}).reading(|it| it.id)
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
            (
                br#"{"errcode":0,"errmsg":nix,"ok"}"#,
                "the answer is not JSON of the documented form",
            ),
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
    fn what_is_named_twice_is_no_success() {
        for (reply, code) in [
            (r#"{"errcode":60003,"id":1,"id":2}"#, Some(60003)),
            (r#"{"id":0,"errcode":-1,"id":null}"#, Some(-1)),
            (r#"{"errcode":-1,"errmsg":0}"#, Some(-1)),
            (r#"{"errcode":0,"id":1,"id":1}"#, None),
            (r#"{"errcode":60003,"errcode":0}"#, None),
            (r#"{"errcode":0,"errcode":0}"#, None),
        ] {
            let found = match call().outgoing.read(reply.as_bytes()) {
                Ok(Reply::Refused { code, .. }) => Some(code),
                Ok(Reply::Accepted(_)) => panic!("accepted: {reply}"),
                Err(_) => None,
            };
            assert_eq!(found, code, "{reply}");
        }
    }

    #[test]
    fn members_that_nobody_reads_may_be_anything() {
        for member in [
            r#""x":"\ud83d""#,
            r#""x":1e999"#,
            r#""x":[{"id":"7"}]"#,
            r#""created_department_list":[]"#,
        ] {
            let reply = format!(r#"{{"errcode":0,"id":7,{member}}}"#);
            assert_eq!(read(&call(), reply.as_bytes()).unwrap(), Some(7), "{member}");
        }
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
