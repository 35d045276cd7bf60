//! Faults on request.

use std::{iter, time::Duration};

use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::dispatch::dispatch,
    corp::Corp,
    http::{
        mode::Mode,
        response::{Delivery, Reply, Response, envelope, plain},
    },
};

/// A fault for the requests that match, in the order in which faults were injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// A prefix of the path, such as `/cgi-bin/message/send`; empty matches every request.
    #[serde(default)]
    pub on: String,
    /// How many matching requests are let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many are hit then; `u32::MAX` without end.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the request takes effect before its response is replaced or damaged.
    #[serde(default)]
    pub act: bool,
    /// What the caller gets.
    pub kind: FaultKind,
}

/// What the caller gets instead of the correct response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// A response in the vendor's envelope, with this message as it is.
    Errcode {
        /// The `errcode`.
        code: i64,
        /// The `errmsg`, tail included.
        message: String,
    },
    /// An HTTP status with an HTML body.
    Status {
        /// The HTTP status.
        status: u16,
        /// The HTML.
        body: String,
    },
    /// Status 200 with these bytes, declared as JSON.
    Body(Vec<u8>),
    /// Status 302.
    Redirect {
        /// The address to go to.
        location: String,
    },
    /// The connection is reset before a byte of the response.
    ResetBeforeReply,
    /// The correct response, declared with its whole length, but closed early.
    CutBody {
        /// Bytes of the body that are sent.
        after: usize,
    },
    /// The correct response in chunks.
    SlowBody {
        /// Bytes in a chunk.
        chunk: usize,
        /// The pause before each chunk.
        pause_ms: u64,
    },
    /// A body that never ends.
    EndlessBody,
    /// The request is read and gets no response.
    SilentForever,
}

/// The faults that are still to come.
#[derive(Default)]
pub(crate) struct Faults {
    queue: Vec<Fault>,
}

fn once() -> u32 {
    1
}

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.queue.push(fault);
        }
    }

    pub(crate) fn queue(&self) -> &[Fault] {
        &self.queue
    }

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// Handles a request, with the first fault that is due, whose name is returned too.
    pub(crate) fn respond(
        &mut self,
        corp: &mut Corp,
        mode: Mode,
        request: &Request<Bytes>,
    ) -> (Reply, Option<&'static str>) {
        let Some(Fault { act, kind, .. }) = self.take(request.uri().path()) else {
            return (dispatch(corp, mode, request), None);
        };
        let reply = if act {
            let reply = dispatch(corp, mode, request);
            kind.apply(|| reply)
        } else {
            // The correct response is computed on a copy, and only for the faults that send some of it.
            kind.apply(|| dispatch(&mut corp.clone(), mode, request))
        };
        (reply, Some(kind.name()))
    }

    /// The fault that hits a request on this path. Those that let it through count it.
    fn take(&mut self, path: &str) -> Option<Fault> {
        for (index, fault) in self.queue.iter_mut().enumerate() {
            if !path.starts_with(&fault.on) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if fault.times != u32::MAX {
                fault.times -= 1;
            }
            let taken = fault.clone();
            if fault.times == 0 {
                self.queue.remove(index);
            }
            return Some(taken);
        }
        None
    }
}

impl FaultKind {
    /// The name that the transcript shows.
    fn name(&self) -> &'static str {
        match self {
            Self::Errcode { .. } => "errcode",
            Self::Status { .. } => "status",
            Self::Body(_) => "body",
            Self::Redirect { .. } => "redirect",
            Self::ResetBeforeReply => "reset_before_reply",
            Self::CutBody { .. } => "cut_body",
            Self::SlowBody { .. } => "slow_body",
            Self::EndlessBody => "endless_body",
            Self::SilentForever => "silent_forever",
        }
    }

    fn apply(&self, right: impl FnOnce() -> Reply) -> Reply {
        let response = match self {
            Self::Errcode { code, message } => return envelope(200, *code, message, Value::Null),
            Self::Status { status, body } => {
                plain(*status, "text/html; charset=utf-8", body.clone())
            }
            Self::Body(bytes) => plain(200, "application/json; charset=UTF-8", bytes.clone()),
            Self::Redirect { location } => {
                let mut response = plain(302, "text/html; charset=utf-8", "<html>302 Found</html>");
                response.headers.push(("location".to_owned(), location.clone()));
                response
            }
            Self::ResetBeforeReply => unsent(Delivery::Reset),
            Self::SilentForever => unsent(Delivery::Silent),
            Self::EndlessBody => {
                let body: Bytes = iter::repeat_n(b' ', 4096).collect();
                let response = plain(200, "application/json; charset=UTF-8", body);
                Response { delivery: Delivery::Endless, ..response }
            }
            Self::CutBody { after } => return delivered(right(), Delivery::Cut { after: *after }),
            Self::SlowBody { chunk, pause_ms } => {
                let pause = Duration::from_millis(*pause_ms);
                return delivered(right(), Delivery::Slow { chunk: (*chunk).max(1), pause });
            }
        };
        Reply { response, errcode: None }
    }
}

fn unsent(delivery: Delivery) -> Response {
    Response { status: 200, headers: Vec::new(), body: Bytes::new(), delivery }
}

fn delivered(mut reply: Reply, delivery: Delivery) -> Reply {
    reply.response.delivery = delivery;
    reply
}
