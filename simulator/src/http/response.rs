//! Responses in the shape that the vendor gives them.

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{corp::refusal::Refusal, http::warnings::Warnings};

/// A response and the way it is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Header names and values, without the length.
    pub headers: Vec<(String, String)>,
    /// The body before a fault of the delivery.
    pub body: Bytes,
    /// The way the response reaches the caller.
    pub delivery: Delivery,
}

/// How a response reaches the caller; anything but `Whole` is a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As it is.
    Whole,
    /// The length is declared, but the connection closes early.
    Cut {
        /// Bytes of the body that are sent.
        after: usize,
    },
    /// The body arrives in chunks, with a pause before each.
    Slow {
        /// Bytes in a chunk.
        chunk: usize,
        /// The pause before each chunk.
        pause: Duration,
    },
    /// The body is sent repeatedly without end, with no declared length.
    Endless,
    /// The connection is reset; no byte of the response is sent.
    Reset,
    /// The connection stays open; no byte of the response is sent.
    Silent,
}

/// A response with the `errcode` inside it, for the transcript.
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) errcode: Option<i64>,
}

/// What an endpoint returns.
pub(crate) type Outcome = Result<Success, Refusal>;

pub(crate) enum Success {
    /// `errcode` 0 with this `errmsg` and these members.
    Json { errmsg: String, members: Value },
    /// A download: status, headers, bytes.
    Raw { status: u16, headers: Vec<(String, String)>, body: Bytes },
}

/// What the end of a failure text states about its request.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) serial: u64,
    pub(crate) caller: IpAddr,
}

impl Success {
    pub(crate) fn ok(members: Value) -> Self {
        Self::with("ok", members)
    }

    pub(crate) fn with(errmsg: &str, members: Value) -> Self {
        Self::Json { errmsg: errmsg.to_owned(), members }
    }
}

/// The usual failure text; 40014 and 60104 come without the tail.
fn failure_text(code: i64, text: &str, origin: Origin) -> String {
    let Origin { serial, caller } = origin;
    match code {
        40014 | 60104 => text.to_owned(),
        _ => format!(
            "{text}, hint: [{serial:019}], from ip: {caller}, more info at \
             https://open.work.weixin.qq.com/devtool/query?e={code}"
        ),
    }
}

pub(crate) fn render(outcome: Outcome, warnings: &Warnings, origin: Origin) -> Reply {
    match outcome {
        Ok(Success::Raw { status, headers, body }) => Reply {
            response: Response { status, headers, body, delivery: Delivery::Whole },
            errcode: None,
        },
        Ok(Success::Json { errmsg, members }) => {
            envelope(200, 0, &warnings.of_success(&errmsg), members)
        }
        Err(Refusal { code, text, members }) => {
            let text = failure_text(code, &warnings.of_refusal(&text), origin);
            envelope(200, code, &text, members)
        }
    }
}

/// A JSON response in the vendor's envelope.
pub(crate) fn envelope(status: u16, errcode: i64, errmsg: &str, members: Value) -> Reply {
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
        response: Response { status, headers, body, delivery: Delivery::Whole },
        errcode: Some(errcode),
    }
}

/// A response without the vendor's envelope.
pub(crate) fn plain(status: u16, content_type: &str, body: impl Into<Bytes>) -> Response {
    Response {
        status,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.into(),
        delivery: Delivery::Whole,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const ORIGIN: Origin = Origin { serial: 7, caller: IpAddr::V4(Ipv4Addr::LOCALHOST) };

    fn refused(refusal: Refusal) -> Response {
        render(Err(refusal), &Warnings::default(), ORIGIN).response
    }

    fn body_of(response: &Response) -> Value {
        serde_json::from_slice(&response.body).unwrap()
    }

    #[test]
    fn refusal_has_the_usual_tail_and_mirror_headers() {
        let response = refused(Refusal::new(60008, "department existed"));
        assert_eq!(
            body_of(&response),
            json!({
                "errcode": 60008,
                "errmsg": "department existed, hint: [0000000000000000007], from ip: 127.0.0.1, \
                           more info at https://open.work.weixin.qq.com/devtool/query?e=60008",
            })
        );
        assert_eq!(response.headers[1], ("error-code".to_owned(), "60008".to_owned()));
        assert!(response.headers[2].1.starts_with("department existed, hint: ["));
    }

    #[test]
    fn some_refusals_have_no_tail() {
        let response = refused(Refusal::new(40014, "invalid access_token"));
        assert_eq!(body_of(&response), json!({"errcode": 40014, "errmsg": "invalid access_token"}));
    }

    #[test]
    fn warnings_stand_behind_a_success_and_before_a_refusal() {
        let warnings = Warnings::default();
        warnings.wrong_json();
        let reply = render(Ok(Success::with("created", Value::Null)), &warnings, ORIGIN);
        assert_eq!(body_of(&reply.response)["errmsg"], "created. Warning: wrong json format. ");
        let reply = render(Err(Refusal::new(60104, "mobile existed:a")), &warnings, ORIGIN);
        let text = "Warning: wrong json format. mobile existed:a";
        assert_eq!(body_of(&reply.response)["errmsg"], text);
    }

    #[test]
    fn mirror_headers_stay_ascii() {
        let reply = envelope(200, 40058, "bad `部`\n", Value::Null);
        assert_eq!(reply.response.headers[2].1, "bad `?`?");
    }
}
