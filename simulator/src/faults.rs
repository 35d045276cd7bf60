//! Trouble on request.

use std::{iter, time::Duration};

use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    answer::{Answer, Delivery, Reply, envelope, plain},
    corp::Corp,
    gate,
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
            let reply = gate::answer(corp, request);
            return self.kind.spoil(|| reply);
        }
        // The right answer is found out on a copy, and only by the faults that send some of it.
        self.kind.spoil(|| gate::answer(&mut corp.clone(), request))
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
                reply.answer.headers.push(("location".to_owned(), location.clone()));
                reply
            }
            Self::ResetBeforeReply => unsent(Delivery::Reset),
            Self::SilentForever => unsent(Delivery::Silent),
            Self::EndlessBody => {
                let body: Bytes = iter::repeat_n(b' ', 4096).collect();
                let mut reply = plain(200, "application/json; charset=UTF-8", body);
                reply.answer.delivery = Delivery::Endless;
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
        answer: Answer { status: 200, headers: Vec::new(), body: Bytes::new(), delivery },
        errcode: None,
    }
}

fn delivered(mut reply: Reply, delivery: Delivery) -> Reply {
    reply.answer.delivery = delivery;
    reply
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Client;

    fn busy(on: &str, skip: u32, times: u32) -> Fault {
        let kind = FaultKind::Errcode { code: -1, message: "system busy".to_owned() };
        Fault { on: on.to_owned(), skip, times, act: false, kind }
    }

    fn create(client: &Client, name: &str) -> i64 {
        let body = json!({"name": name, "parentid": 1});
        client.contacts("/cgi-bin/department/create", body)["errcode"].as_i64().unwrap()
    }

    #[test]
    fn faults_hit_the_matching_requests_in_their_turn() {
        let client = Client::new();
        client.simulator.inject(busy("/cgi-bin/department/create", 1, 2));
        client.simulator.inject(busy("/cgi-bin/department/list", 0, 1));
        let codes = ["a", "b", "c", "d"].map(|it| create(&client, it));
        assert_eq!(codes, [0, -1, -1, 0]);
        assert_eq!(client.simulator.state()["departments"].as_array().unwrap().len(), 3);

        let mut creations = client.simulator.transcript();
        creations.retain(|it| it.path.ends_with("/create"));
        let faults: Vec<_> = creations.iter().map(|it| it.fault.as_deref()).collect();
        assert_eq!(faults, [None, Some("errcode"), Some("errcode"), None]);
    }

    #[test]
    fn a_fault_for_ever_ends_when_cleared() {
        let client = Client::new();
        client.simulator.inject(busy("", 0, u32::MAX));
        client.simulator.inject(busy("", 0, 0));
        let call = || client.get_bare("/cgi-bin/gettoken")["errcode"].clone();
        assert!((0..9).all(|_| call() == -1));
        client.simulator.clear_faults();
        assert_eq!(create(&client, "a"), 0);
    }

    #[test]
    fn an_acting_fault_spoils_only_the_answer() {
        let client = Client::new();
        let [cut, act] = [false, true].map(|act| Fault {
            act,
            kind: FaultKind::CutBody { after: 5 },
            ..busy("/cgi-bin/department/create", 0, 1)
        });
        client.simulator.inject(cut);
        assert_eq!(create(&client, "a"), 0, "the right answer, cut");
        client.simulator.inject(act);
        assert_eq!(create(&client, "a"), 0, "it had not happened");
        assert_eq!(create(&client, "a"), 60008, "it had happened");
    }

    #[test]
    fn each_kind_has_its_delivery() {
        for (kind, status, delivery) in [
            (FaultKind::Status { status: 502, body: "<html>".to_owned() }, 502, Delivery::Whole),
            (FaultKind::Body(vec![0xff]), 200, Delivery::Whole),
            (FaultKind::Redirect { location: "/x".to_owned() }, 302, Delivery::Whole),
            (FaultKind::ResetBeforeReply, 200, Delivery::Reset),
            (FaultKind::CutBody { after: 3 }, 200, Delivery::Cut { after: 3 }),
            (
                FaultKind::SlowBody { chunk: 0, pause_ms: 2 },
                200,
                Delivery::Slow { chunk: 1, pause: Duration::from_millis(2) },
            ),
            (FaultKind::EndlessBody, 200, Delivery::Endless),
            (FaultKind::SilentForever, 200, Delivery::Silent),
        ] {
            let client = Client::new();
            client.simulator.inject(Fault { kind: kind.clone(), ..busy("", 0, 1) });
            let answer = client.simulator.handle(&Client::request("GET", "/cgi-bin/gettoken", ""));
            assert_eq!((answer.status, answer.delivery), (status, delivery), "{}", kind.name());
            assert_eq!(client.simulator.transcript()[0].fault.as_deref(), Some(kind.name()));
        }
    }

    #[test]
    fn faults_travel_as_json() {
        let fault: Fault = serde_json::from_str(r#"{"kind":"endless_body"}"#).unwrap();
        assert_eq!(fault, Fault { kind: FaultKind::EndlessBody, ..busy("", 0, 1) });
        let kind = FaultKind::SlowBody { chunk: 1, pause_ms: 2 };
        let text = serde_json::to_string(&kind).unwrap();
        assert_eq!(text, r#"{"slow_body":{"chunk":1,"pause_ms":2}}"#);
        assert!(serde_json::from_str::<Fault>(r#"{"kind":"endless_body","time":2}"#).is_err());
    }
}
