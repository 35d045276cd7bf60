//! The errcode envelope that all responses of WeCom share.

use alloc::{string::String, vec::Vec};

use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;

use crate::call::Auth;

#[derive(Debug)]
pub(crate) enum Response {
    Accepted(Accepted),
    Refused { code: i32, message: String },
}

/// A response with errcode 0.
#[derive(Debug)]
pub(crate) struct Accepted {
    body: String,
    /// WeCom's message, if it is a warning.
    pub(crate) warning: Option<String>,
}

/// Why a response is not one that WeCom documents.
#[derive(Debug, PartialEq)]
pub(crate) struct Unexpected(pub(crate) &'static str);

/// All members may be missing or null.
#[derive(Deserialize)]
struct Envelope {
    errcode: Option<i64>,
    /// A string, as far as is documented. A refusal counts even if it is something else.
    #[serde(default)]
    errmsg: Value,
    access_token: Option<IgnoredAny>,
}

/// An envelope with a message that cannot be read.
#[derive(Deserialize)]
struct Silent {
    errcode: Option<i64>,
    access_token: Option<IgnoredAny>,
}

impl Response {
    /// Never panics, whatever the bytes. A refusal counts, whatever else is wrong with the response.
    pub(crate) fn parse(body: Vec<u8>, auth: Auth) -> Result<Self, Unexpected> {
        if body.is_empty() {
            return Err(Unexpected("the response is empty"));
        }
        let body = String::from_utf8(body).map_err(|_| Unexpected("the response is not UTF-8"))?;
        let Some(Envelope { errcode, errmsg, access_token }) = Envelope::parse(&body) else {
            return Err(Unexpected("the response is not a JSON object with a numeric errcode"));
        };
        // Some servers omit the code when they grant a token.
        let granted = auth == Auth::None && access_token.is_some();
        let Some(code) = errcode.or(granted.then_some(0)) else {
            return Err(Unexpected("the response has no errcode"));
        };
        let Ok(code) = i32::try_from(code) else {
            return Err(Unexpected("the response's errcode is out of range"));
        };
        let message = strip_debug_suffix(errmsg.as_str().unwrap_or_default());
        if code != 0 {
            return Ok(Self::Refused { code, message: message.into() });
        }
        let warning = is_warning(message).then(|| String::from(message));
        Ok(Self::Accepted(Accepted { body, warning }))
    }
}

impl Envelope {
    fn parse(body: &str) -> Option<Self> {
        // Derived structs would also accept arrays.
        if !body.trim_ascii_start().starts_with('{') {
            return None;
        }
        serde_json::from_str(body).ok().or_else(|| {
            let Silent { errcode, access_token } = serde_json::from_str(body).ok()?;
            Some(Self { errcode, errmsg: Value::Null, access_token })
        })
    }
}

impl Accepted {
    /// Deserializes the members that an action reads. Others may be anything.
    pub(crate) fn read<R: DeserializeOwned>(&self) -> Result<R, Unexpected> {
        serde_json::from_str(&self.body)
            .map_err(|_| Unexpected("the response lacks what the documentation promises"))
    }
}

fn is_warning(message: &str) -> bool {
    message.as_bytes().windows(7).any(|it| it.eq_ignore_ascii_case(b"warning"))
}

/// WeCom's message without the debugging hint, the caller's address and the link that it appends.
fn strip_debug_suffix(message: &str) -> &str {
    let suffixes = [", hint: [", ", from ip:", ", more info at "];
    let end = suffixes.iter().filter_map(|it| message.find(it)).min();
    end.and_then(|it| message.get(..it)).unwrap_or(message).trim()
}

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned, format};

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Id {
        id: Option<u32>,
    }

    fn parse(body: &[u8]) -> Result<Response, Unexpected> {
        Response::parse(body.to_owned(), Auth::Contacts)
    }

    fn read(body: &[u8]) -> Result<Option<u32>, Unexpected> {
        match parse(body)? {
            Response::Accepted(it) => it.read().map(|Id { id }| id),
            Response::Refused { .. } => panic!("refused"),
        }
    }

    #[test]
    fn only_a_documented_response_is_parsed() {
        let not_wecom = "the response is not a JSON object with a numeric errcode";
        for (bytes, expected) in [
            (&b""[..], "the response is empty"),
            (b"\xff", "the response is not UTF-8"),
            (b"<html>", not_wecom),
            (br#"{"errcode":0,"errmsg":nix,"ok"}"#, not_wecom),
            (b"[0]", not_wecom),
            (b" [0, \"ok\"]", not_wecom),
            (br#"{"errcode":"0"}"#, not_wecom),
            (br#"{"errcode":0}{}"#, not_wecom),
            (br#"{"errcode":0,"id":"x"}"#, "the response lacks what the documentation promises"),
            (br#"{"errmsg":"ok"}"#, "the response has no errcode"),
            (br#"{"errcode":null}"#, "the response has no errcode"),
            (br#"{"access_token":"t"}"#, "the response has no errcode"),
            (br#"{"errcode":4294967296}"#, "the response's errcode is out of range"),
        ] {
            assert_eq!(read(bytes).unwrap_err().0, expected, "{}", bytes.escape_ascii());
        }
        for (bytes, id) in [
            (&br#"{"errcode":0}"#[..], None),
            (br#" {"errcode":0,"id":null,"errmsg":null}"#, None),
            (br#"{"errcode":0,"id":7,"new":[{}]}"#, Some(7)),
        ] {
            assert_eq!(read(bytes).unwrap(), id, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn granted_token_needs_no_errcode() {
        let granted = Response::parse(br#"{"access_token":"t"}"#.to_vec(), Auth::None);
        assert!(matches!(granted, Ok(Response::Accepted(_))), "{granted:?}");
        let refused =
            Response::parse(br#"{"errcode":40001,"access_token":"t"}"#.to_vec(), Auth::None);
        assert!(matches!(refused, Ok(Response::Refused { code: 40001, .. })), "{refused:?}");
    }

    #[test]
    fn refusal_counts_whatever_else_is_wrong() {
        for (body, expected) in [
            (r#"{"errcode":60003,"errmsg":"no","id":"x","chat_info":[]}"#, (60003, "no")),
            (r#"{"errcode":60003,"errmsg":"no","id":1,"id":2}"#, (60003, "no")),
            (r#"{"id":0,"errcode":-1,"id":null}"#, (-1, "")),
            (r#"{"errcode":-1,"errmsg":0}"#, (-1, "")),
            (r#"{"errcode":-1,"errmsg":["no"]}"#, (-1, "")),
            (r#"{"errcode":-1,"errmsg":"lone \ud83d"}"#, (-1, "")),
        ] {
            let Ok(Response::Refused { code, message }) = parse(body.as_bytes()) else {
                panic!("not refused: {body}")
            };
            assert_eq!((code, message.as_str()), expected, "{body}");
        }
    }

    #[test]
    fn duplicate_member_is_no_success() {
        for body in [
            r#"{"errcode":0,"id":1,"id":1}"#,
            r#"{"errcode":60003,"errcode":0}"#,
            r#"{"errcode":0,"errcode":0}"#,
        ] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn unread_members_may_be_anything() {
        let deep = format!(r#""x":{}{}"#, "[".repeat(100_000), "]".repeat(100_000));
        for member in [r#""x":"\ud83d""#, r#""x":1e999"#, r#""x":[{"id":"7"}]"#, &deep] {
            let body = format!(r#"{{"errcode":0,"id":7,{member}}}"#);
            assert_eq!(read(body.as_bytes()).unwrap(), Some(7), "{member}");
        }
    }

    #[test]
    fn unclosed_brackets_are_refused() {
        let deep = [r#"{"errcode":0,"x":"#, &"[".repeat(100_000)].concat();
        assert!(read(deep.as_bytes()).is_err());
    }

    #[test]
    fn messages_lose_their_debug_suffix_and_warnings_are_kept() {
        let refused = br#"{"errcode":60008,"errmsg":"department existed, hint: [16_9a], from ip: 1.2.3.4, more info at https://x"}"#;
        let Ok(Response::Refused { code: 60008, message }) = parse(refused) else {
            panic!("not refused")
        };
        assert_eq!(message, "department existed");

        for (body, expected) in [
            (
                r#"{"errcode":0,"errmsg":"updated. Warning: wrong json format. "}"#,
                Some("updated. Warning: wrong json format."),
            ),
            (r#"{"errcode":0,"errmsg":"updated"}"#, None),
        ] {
            let Ok(Response::Accepted(it)) = parse(body.as_bytes()) else { panic!("refused") };
            assert_eq!(it.warning.as_deref(), expected);
        }
    }
}
