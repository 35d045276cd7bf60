//! What goes back: answers, refusals and the shape that the vendor gives them.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::corp::refusal::Refusal;

/// One answer and the way it is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub delivery: Delivery,
}

/// How an answer recipientses the caller; anything but `Whole` is a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The length is declared, but the connection closes after so many bytes of the body.
    Cut {
        after: usize,
    },
    /// The body arrives in pieces, with a pause before each.
    Slow {
        chunk: usize,
        pause: Duration,
    },
    /// The body is sent again and again, for ever, with no declared length.
    Endless,
    /// The connection is reset; no byte of the answer is sent.
    Reset,
    /// The connection stays open; no byte of the answer is sent.
    Silent,
}

/// An answer with the `errcode` inside it, for the transcript.
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) errcode: Option<i64>,
}

/// What an endpoint gives back.
pub(crate) type Outcome = Result<Success, Refusal>;

pub(crate) enum Success {
    /// `errcode` 0 with this `errmsg` and these members.
    Json { errmsg: String, members: Value },
    /// A download: status, headers, bytes.
    Raw { status: u16, headers: Vec<(String, String)>, body: Bytes },
}

impl Success {
    pub(crate) fn ok(members: Value) -> Self {
        Self::with("ok", members)
    }

    pub(crate) fn with(errmsg: &str, members: Value) -> Self {
        Self::Json { errmsg: errmsg.to_owned(), members }
    }
}

/// The usual failure text, with `serial` in its hint.
///
/// 40014 and 60104 come without the tail.
fn failure_text(refusal: &Refusal, serial: u64) -> String {
    let Refusal { code, text, .. } = refusal;
    match code {
        40014 | 60104 => text.clone(),
        _ => format!(
            "{text}, hint: [{serial:019}], from ip: 127.0.0.1, more info at \
             https://open.work.weixin.qq.com/devtool/query?e={code}"
        ),
    }
}

pub(crate) fn render(outcome: Outcome, serial: u64) -> Reply {
    match outcome {
        Ok(Success::Raw { status, headers, body }) => Reply {
            response: Response { status, headers, body, delivery: Delivery::Whole },
            errcode: None,
        },
        Ok(Success::Json { errmsg, members }) => envelope(0, &errmsg, members),
        Err(refusal) => {
            let text = failure_text(&refusal, serial);
            envelope(refusal.code, &text, refusal.members)
        }
    }
}

/// A JSON answer in the vendor's envelope.
pub(crate) fn envelope(errcode: i64, errmsg: &str, members: Value) -> Reply {
    let mut object = Map::new();
    object.insert("errcode".to_owned(), json!(errcode));
    object.insert("errmsg".to_owned(), json!(errmsg));
    if let Value::Object(members) = members {
        object.extend(members);
    }
    let printable = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    let headers = vec![
        ("content-type".to_owned(), "application/json; charset=UTF-8".to_owned()),
        ("error-code".to_owned(), errcode.to_string()),
        ("error-msg".to_owned(), errmsg.chars().map(printable).collect()),
    ];
    let body = Bytes::from(Value::Object(object).to_string());
    Reply {
        response: Response { status: 200, headers, body, delivery: Delivery::Whole },
        errcode: Some(errcode),
    }
}

/// An answer without the vendor's envelope.
pub(crate) fn plain(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
    Reply {
        response: Response {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.into(),
            delivery: Delivery::Whole,
        },
        errcode: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(reply: &Reply) -> Value {
        serde_json::from_slice(&reply.response.body).unwrap()
    }

    #[test]
    fn a_refusal_has_the_usual_tail_and_mirror_headers() {
        let reply = render(Err(Refusal::new(60008, "department existed")), 7);
        assert_eq!(
            body_of(&reply),
            json!({
                "errcode": 60008,
                "errmsg": "department existed, hint: [0000000000000000007], from ip: 127.0.0.1, \
                           more info at https://open.work.weixin.qq.com/devtool/query?e=60008",
            })
        );
        assert_eq!(reply.response.headers[1], ("error-code".to_owned(), "60008".to_owned()));
        assert!(reply.response.headers[2].1.starts_with("department existed, hint: ["));
    }

    #[test]
    fn some_refusals_have_no_tail() {
        let reply = render(Err(Refusal::new(40014, "invalid access_token")), 7);
        assert_eq!(body_of(&reply), json!({"errcode": 40014, "errmsg": "invalid access_token"}));
    }

    #[test]
    fn mirror_headers_stay_ascii() {
        let reply = envelope(40058, "bad `部`\n", Value::Null);
        assert_eq!(reply.response.headers[2].1, "bad `?`?");
    }
}
