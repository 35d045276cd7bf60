//! Trouble on request.

use std::{iter, time::Duration};

use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::dispatch::dispatch,
    corp::Corp,
    http::response::{Delivery, Reply, Response, envelope, plain},
};

/// Trouble for the requests that match, in the order in which faults were injected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The beginning of the path, such as `/cgi-bin/message/send`; empty matches every request.
    #[serde(default)]
    pub on: String,
    /// How many matching requests are let through first.
    #[serde(default)]
    pub skip: u32,
    /// How many are hit then; `u32::MAX` for ever.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the request takes effect before its answer is spoiled.
    #[serde(default)]
    pub act: bool,
    pub kind: FaultKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// An answer in the vendor's envelope, with this message as it is.
    Errcode { code: i64, message: String },
    /// An HTTP status with an HTML body.
    Status { status: u16, body: String },
    /// Status 200 with these bytes, declared as JSON.
    Body(Vec<u8>),
    /// Status 302 to this place.
    Redirect { location: String },
    /// The connection is reset before a byte of the answer.
    ResetBeforeReply,
    /// The right answer, declared whole, but closed after so many bytes of its body.
    CutBody { after: usize },
    /// The right answer in pieces, with a pause before each.
    SlowBody { chunk: usize, pause_ms: u64 },
    /// A body that never ends.
    EndlessBody,
    /// The request is taken and never answered.
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

    pub(crate) fn clear(&mut self) {
        self.queue.clear();
    }

    /// The fault that hits a request on this path. Those that let it through count it.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
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

impl Fault {
    /// The spoiled answer to a request.
    pub(crate) fn answer(&self, corp: &mut Corp, request: &Request<Bytes>) -> Reply {
        if self.act {
            let reply = dispatch(corp, request);
            return self.kind.spoil(|| reply);
        }
        // The right answer is found out on a copy, and only by the faults that send some of it.
        self.kind.spoil(|| dispatch(&mut corp.clone(), request))
    }
}

impl FaultKind {
    /// The name that the transcript shows.
    pub(crate) fn name(&self) -> &'static str {
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

    fn spoil(&self, right: impl FnOnce() -> Reply) -> Reply {
        match self {
            Self::Errcode { code, message } => envelope(*code, message, Value::Null),
            Self::Status { status, body } => {
                plain(*status, "text/html; charset=utf-8", body.clone())
            }
            Self::Body(bytes) => plain(200, "application/json; charset=UTF-8", bytes.clone()),
            Self::Redirect { location } => {
                let mut reply = plain(302, "text/html; charset=utf-8", "<html>302 Found</html>");
                reply.response.headers.push(("location".to_owned(), location.clone()));
                reply
            }
            Self::ResetBeforeReply => unsent(Delivery::Reset),
            Self::SilentForever => unsent(Delivery::Silent),
            Self::EndlessBody => {
                let body: Bytes = iter::repeat_n(b' ', 4096).collect();
                let mut reply = plain(200, "application/json; charset=UTF-8", body);
                reply.response.delivery = Delivery::Endless;
                reply
            }
            Self::CutBody { after } => delivered(right(), Delivery::Cut { after: *after }),
            Self::SlowBody { chunk, pause_ms } => {
                let pause = Duration::from_millis(*pause_ms);
                delivered(right(), Delivery::Slow { chunk: (*chunk).max(1), pause })
            }
        }
    }
}

fn unsent(delivery: Delivery) -> Reply {
    Reply {
        response: Response { status: 200, headers: Vec::new(), body: Bytes::new(), delivery },
        errcode: None,
    }
}

fn delivered(mut reply: Reply, delivery: Delivery) -> Reply {
    reply.response.delivery = delivery;
    reply
}
