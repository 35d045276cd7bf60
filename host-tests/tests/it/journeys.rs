//! Random calls over a network that fails at random, retried exactly when the error allows it: nothing is done twice, and
//! nothing is reported done that was not.
//!
//! `ARBTEST_SEED=<seed>` makes only that journey, and prints its calls.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use arbtest::arbitrary::{Result, Unstructured};
use host_tests::{TestBed, in_memory, known_environment};
use serde_json::{Value, json};
use tokio::{runtime, time::timeout};
use wecom_host::{Body, CallError, Sending, Timeouts, Transport, TransportError as Error};
use wecom_simulator::{Fault, FaultKind, Simulator};

use crate::property::{self, percent};

const JOURNEYS: u32 = 1000;
/// The bytes of a journey's input: about ten calls.
const SIZE: u32 = 400;
const MAX_ATTEMPTS: usize = 4;
/// The requests of a call, from its first attempt on, that may meet a fault.
const MAX_FAULTS: usize = 12;
/// A caller that cancels a call before the component's own timeouts.
const CANCELED_AFTER: Duration = Duration::from_secs(5);

/// The states that each object can have in the end: absent, or with this text. One where the outcome is known, several where
/// it is not.
#[derive(Default)]
struct Model(BTreeMap<(&'static str, String), BTreeSet<Option<String>>>);

struct Journey<'a, 'b> {
    u: &'a mut Unstructured<'b>,
    bed: TestBed,
    network: Network,
    model: Model,
    /// The least and the most uploads by file name.
    uploads: BTreeMap<String, (usize, usize)>,
    serial: usize,
}

/// The outcome of a call, for a caller that retried it as the errors allow.
#[derive(Debug)]
enum CallOutcome {
    Done,
    /// No effect; with WeCom's code, if that is where it is known from.
    NoEffect(Option<i64>),
    Unknown,
}

/// The faults of the next requests.
type Network = Arc<Mutex<VecDeque<Option<NetworkFault>>>>;

enum NetworkFault {
    /// The request does not arrive.
    Request(Error),
    /// The request arrives, and the response does not.
    Response(Error),
    /// The simulator's own, with or without effect.
    Simulated(bool, FaultKind),
}

/// A transport to the simulator with the faults of the network.
fn unreliable(simulator: Simulator, network: Network) -> impl Transport {
    let inner = in_memory(simulator.clone());
    move |request: http::Request<Body>, timeouts: Timeouts| -> Sending {
        let path = request.uri().path().to_owned();
        let fault = network.lock().unwrap().pop_front().flatten();
        match fault {
            Some(NetworkFault::Request(error)) => return Box::pin(async { Err(error) }),
            Some(NetworkFault::Response(error)) => {
                let response = inner.send(request, timeouts);
                return Box::pin(async {
                    drop(response.await);
                    Err(error)
                });
            }
            Some(NetworkFault::Simulated(act, kind)) => {
                let carries_token = !path.contains("/webhook/") && !path.contains("gettoken");
                let dead_token = matches!(kind, FaultKind::Errcode { code: 40014 | 42001, .. });
                if carries_token || !dead_token {
                    simulator.inject(Fault { on: path, skip: 0, times: 1, act, kind });
                }
            }
            None => {}
        }
        inner.send(request, timeouts)
    }
}

fn random_fault(u: &mut Unstructured<'_>) -> Result<NetworkFault> {
    let not_sent = [
        Error::ConnectionRefused,
        Error::ConnectionTimeout,
        Error::ConnectionLimitReached,
        Error::DnsTimeout,
        Error::DestinationUnavailable,
        Error::TlsProtocolError,
        Error::TlsCertificateError,
    ];
    let maybe_sent = [
        Error::ConnectionTerminated,
        Error::ConnectionReadTimeout,
        Error::ConnectionWriteTimeout,
        Error::HttpResponseTimeout,
        Error::HttpResponseIncomplete,
        Error::HttpProtocolError,
        Error::InternalError(None),
    ];
    let errcode = |code| FaultKind::Errcode { code, message: "no".into() };
    let acts = percent(u, 50)?;
    let (acts, kind) = match u.int_in_range(0..=11)? {
        0 | 1 => return Ok(NetworkFault::Request(u.choose_iter(not_sent)?)),
        2 => return Ok(NetworkFault::Request(u.choose_iter(maybe_sent)?)),
        3 => return Ok(NetworkFault::Response(u.choose_iter(maybe_sent)?)),
        4 => (acts, FaultKind::ResetBeforeReply),
        // It may be so late that the body is complete.
        5 => (true, FaultKind::CutBody { after: u.choose_index(80)? }),
        6 => (acts, FaultKind::SilentForever),
        7 => {
            let status = *u.choose(&[500, 502, 504, 404])?;
            (acts, FaultKind::Status { status, body: "<html>".into() })
        }
        8 => (acts, FaultKind::Body(vec![b'<'; u.choose_index(3)?])),
        9 => (true, FaultKind::SlowBody { chunk: 1 + u.choose_index(40)?, pause_ms: 300 }),
        // A refusal means that there was no effect, so there is none.
        10 => (false, errcode(*u.choose(&[-1, 45009, 45033, 6000])?)),
        _ => (false, errcode(*u.choose(&[40014, 42001])?)),
    };
    Ok(NetworkFault::Simulated(acts, kind))
}

impl Model {
    fn set(&mut self, kind: &'static str, key: &str, states: &[Option<&str>]) {
        let states = states.iter().map(|it| it.map(String::from)).collect();
        self.0.insert((kind, key.into()), states);
    }

    /// Records a change to `to`; `missing` is the code for an object that does not exist.
    fn changed(
        &mut self,
        kind: &'static str,
        key: &str,
        outcome: &CallOutcome,
        to: Option<&str>,
        missing: i64,
    ) {
        let states = self.0.get_mut(&(kind, key.into())).unwrap();
        let to = to.map(String::from);
        match outcome {
            CallOutcome::Done => *states = [to].into(),
            CallOutcome::NoEffect(Some(code)) if *code == missing => {
                assert!(states.contains(&None), "{kind} {key} must exist");
                *states = [None].into();
            }
            CallOutcome::NoEffect(_) => {}
            // A change does not create.
            CallOutcome::Unknown => {
                if states.iter().any(Option::is_some) {
                    states.insert(to);
                }
            }
        }
    }

    /// Records a creation.
    fn created(&mut self, kind: &'static str, key: &str, outcome: &CallOutcome, text: &str) {
        match outcome {
            CallOutcome::Done => self.set(kind, key, &[Some(text)]),
            CallOutcome::NoEffect(_) => self.set(kind, key, &[None]),
            CallOutcome::Unknown => self.set(kind, key, &[None, Some(text)]),
        }
    }
}

impl<'a, 'b> Journey<'a, 'b> {
    async fn run(u: &'a mut Unstructured<'b>) -> Result<()> {
        let simulator = Simulator::new().strict();
        let network = Network::default();
        let transport = Arc::new(unreliable(simulator.clone(), Arc::clone(&network)));
        let bed = TestBed::with_transport(simulator, &known_environment(), transport);
        let (model, uploads) = Default::default();
        let mut journey = Self { u, bed, network, model, uploads, serial: 0 };
        journey.set_up().await;
        while !journey.u.is_empty() {
            journey.random_call().await?;
        }
        journey.check_state();
        Ok(())
    }

    async fn set_up(&mut self) {
        let member = json!({"user-id": "noor.h", "name": "Noor", "mobile": "13800000000"});
        let chat = json!({"members": ["founder", "noor.h"], "id": "room"});
        for (function, name, value) in
            [("create-member", "member", member), ("create-group-chat", "group-chat", chat)]
        {
            let arguments = json!({"application": {"profile": ""}, (name): value});
            self.bed.call_json(function, &arguments).await.unwrap();
        }
    }

    async fn random_call(&mut self) -> Result<()> {
        // Rate limits pass, and now and then the tokens expire.
        let seconds = if percent(self.u, 5)? { 7200 } else { 10 };
        self.bed.simulator.advance(Duration::from_secs(seconds));
        if percent(self.u, 5)? {
            self.bed.simulator.revoke_tokens();
        }
        self.serial += 1;
        let key = format!("n{}", self.serial);
        match self.u.int_in_range(0..=11)? {
            0 | 1 => self.send("group_messages", &key).await,
            2 => self.send("chatbot_messages", &key).await,
            3 => self.send("messages", &key).await,
            4 | 5 => self.send_checked(&key).await,
            6 => self.create_department(&key).await,
            7 => self.rename_department(&key).await,
            8 => self.delete_department().await,
            9 => self.create_chat(&key).await,
            10 => self.create_and_delete_member(&key).await,
            _ => self.upload(&key).await,
        }
    }

    async fn send(&mut self, kind: &'static str, text: &str) -> Result<()> {
        let message = match kind {
            "group_messages" => json!({"group-chat-id": "room", "content": text}),
            "chatbot_messages" => json!({"content": text}),
            _ => json!({"recipients": "everyone", "content": text}),
        };
        let function = match kind {
            "group_messages" => "send-group-text",
            "chatbot_messages" => "send-chatbot-text",
            _ => "send-app-text",
        };
        let who = if kind == "chatbot_messages" { "chatbot" } else { "application" };
        let arguments = json!({(who): {"profile": ""}, "message": message});
        let outcome = self.call(function, &arguments, &[]).await?;
        self.model.created(kind, text, &outcome, text);
        Ok(())
    }

    async fn send_checked(&mut self, text: &str) -> Result<()> {
        let options = json!({"duplicate-check-interval": 600});
        let message = json!({"recipients": "everyone", "content": text, "options": options});
        let arguments = json!({"application": {"profile": ""}, "message": message});
        let outcome = self.call("send-app-text", &arguments, &[]).await?;
        self.model.created("messages", text, &outcome, text);
        // A retry after success has no further effect either.
        if matches!(outcome, CallOutcome::Done) && percent(self.u, 30)? {
            self.call("send-app-text", &arguments, &[]).await?;
        }
        Ok(())
    }

    async fn create_department(&mut self, name: &str) -> Result<()> {
        let id = percent(self.u, 50)?.then_some(100 + self.serial);
        let department = json!({"name": name, "parent-id": 1, "id": id});
        let arguments = json!({"application": {"profile": ""}, "department": department});
        let outcome = self.call("create-department", &arguments, &[]).await?;
        // Without an id it is identified by its name; a department that may be renamed has an id.
        match id {
            Some(id) => self.model.created("departments", &id.to_string(), &outcome, name),
            None => self.model.created("unnumbered departments", name, &outcome, name),
        }
        Ok(())
    }

    /// An object that exists, or may exist.
    fn random_object(&mut self, kind: &str) -> Result<Option<String>> {
        let objects = self.model.0.iter();
        let existing =
            objects.filter(|((of, _), states)| *of == kind && states.iter().any(Option::is_some));
        let keys: Vec<_> = existing.map(|((_, key), _)| key).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        Ok(Some((*self.u.choose(&keys)?).clone()))
    }

    async fn rename_department(&mut self, name: &str) -> Result<()> {
        let Some(id) = self.random_object("departments")? else { return Ok(()) };
        let number: u32 = id.parse().unwrap();
        let changes = json!({"name": name});
        let arguments =
            json!({"application": {"profile": ""}, "department-id": number, "changes": changes});
        let outcome = self.call("update-department", &arguments, &[]).await?;
        self.model.changed("departments", &id, &outcome, Some(name), 60003);
        Ok(())
    }

    async fn delete_department(&mut self) -> Result<()> {
        let Some(id) = self.random_object("departments")? else { return Ok(()) };
        let number: u32 = id.parse().unwrap();
        let arguments = json!({"application": {"profile": ""}, "department-id": number});
        let outcome = self.call("delete-department", &arguments, &[60123]).await?;
        self.model.changed("departments", &id, &outcome, None, 60123);
        Ok(())
    }

    async fn create_chat(&mut self, name: &str) -> Result<()> {
        let id = percent(self.u, 70)?.then(|| format!("chat{}", self.serial));
        let chat = json!({"name": name, "members": ["founder", "noor.h"], "id": id});
        let arguments = json!({"application": {"profile": ""}, "group-chat": chat});
        // With an id given by the caller, a retry is safe.
        let outcome = self.call("create-group-chat", &arguments, &[86215]).await?;
        self.model.created("group_chats", name, &outcome, name);
        Ok(())
    }

    async fn create_and_delete_member(&mut self, id: &str) -> Result<()> {
        let mobile = format!("139{:08}", self.serial);
        let member = json!({"user-id": id, "name": id, "mobile": mobile});
        let arguments = json!({"application": {"profile": ""}, "member": member});
        let outcome = self.call("create-member", &arguments, &[]).await?;
        self.model.created("members", id, &outcome, id);
        if percent(self.u, 50)? {
            let arguments = json!({"application": {"profile": ""}, "user-id": id});
            let outcome = self.call("delete-member", &arguments, &[60111]).await?;
            self.model.changed("members", id, &outcome, None, 60111);
        }
        Ok(())
    }

    async fn upload(&mut self, name: &str) -> Result<()> {
        let media = json!({"kind": "file", "file-name": name, "content": "MTIzNDU2"});
        let arguments = json!({"application": {"profile": ""}, "media": media});
        let outcome = self.call("upload-media", &arguments, &[]).await?;
        // Retried, the file may be stored twice.
        let range = match outcome {
            CallOutcome::Done => (1, MAX_ATTEMPTS),
            CallOutcome::NoEffect(_) => (0, 0),
            CallOutcome::Unknown => (0, MAX_ATTEMPTS),
        };
        self.uploads.insert(name.into(), range);
        Ok(())
    }

    /// Calls, and retries as long as the error states that this is safe. `already` are the refusals that mean, after an unknown
    /// outcome, that an earlier attempt took effect.
    async fn call(
        &mut self,
        function: &str,
        arguments: &Value,
        already: &[i64],
    ) -> Result<CallOutcome> {
        let mut faults = VecDeque::new();
        for _ in 0..MAX_FAULTS {
            faults.push_back(if percent(self.u, 40)? { Some(random_fault(self.u)?) } else { None });
        }
        *self.network.lock().unwrap() = faults;
        let mut unknown = false;
        for _ in 0..MAX_ATTEMPTS {
            let canceled_after = if percent(self.u, 10)? { CANCELED_AFTER } else { Duration::MAX };
            let call = self.bed.call_json(function, arguments);
            // A canceled call drops the sandbox.
            let Ok(result) = timeout(canceled_after, call).await else {
                log(format_args!("{function} {arguments}: canceled"));
                return Ok(CallOutcome::Unknown);
            };
            log(format_args!("{function} {arguments}: {result:?}"));
            let error = match result {
                Ok(_) => return Ok(CallOutcome::Done),
                Err(CallError::Returned(Value::Object(error))) => error,
                Err(other) => panic!("{function}: {other}"),
            };
            let (case, payload) = error.into_iter().next().unwrap();
            match case.as_str() {
                "unreachable" | "rejected-for-now" => {}
                "no-reply" => unknown = true,
                "permanent-no-reply" | "permanent-unexpected-reply" => {
                    return Ok(CallOutcome::Unknown);
                }
                "permanent-rejected" => {
                    let code = payload["code"].as_i64().unwrap();
                    return Ok(match unknown {
                        true if already.contains(&code) => CallOutcome::Done,
                        // This attempt had no effect, an earlier one may have had.
                        true => CallOutcome::Unknown,
                        false => CallOutcome::NoEffect(Some(code)),
                    });
                }
                other => panic!("{function}: {other} {payload}"),
            }
        }
        Ok(if unknown { CallOutcome::Unknown } else { CallOutcome::NoEffect(None) })
    }

    /// The state of the simulator is one that the model allows.
    fn check_state(&self) {
        let state = self.bed.state();
        let rows = |subject: &str| state[subject].as_array().unwrap().iter();
        for ((kind, key), states) in &self.model.0 {
            let of = |subject, known_by: &str, text: &str| -> Vec<Value> {
                let found = rows(subject).filter(|it| it.pointer(known_by).unwrap() == text);
                found.cloned().collect()
            };
            let (found, shown) = match *kind {
                "departments" => {
                    let id: u32 = key.parse().unwrap();
                    (rows(kind).filter(|it| it["id"] == id).cloned().collect(), "/name")
                }
                "unnumbered departments" => (of("departments", "/name", key), "/name"),
                "group_chats" => (of(kind, "/name", key), "/name"),
                "members" => (of(kind, "/userid", key), "/userid"),
                _ => (of(kind, "/content/content", key), "/content/content"),
            };
            assert!(found.len() <= 1, "{kind} {key} exists {} times", found.len());
            let found = found.first().map(|it| it.pointer(shown).unwrap().as_str().unwrap().into());
            assert!(
                states.contains(&found),
                "{kind} {key} is {found:?}, and can only be {states:?}"
            );
        }
        for (name, (least, most)) in &self.uploads {
            let found = rows("media").filter(|it| it["filename"] == name.as_str()).count();
            assert!((*least..=*most).contains(&found), "file {name} exists {found} times");
        }
        // And no message that was not sent.
        let messages: usize = ["messages", "group_messages", "chatbot_messages"]
            .map(|kind| self.model.0.iter().filter(|((of, _), _)| *of == kind).count())
            .iter()
            .sum();
        let sent = rows("messages").count()
            + rows("group_messages").count()
            + rows("chatbot_messages").count();
        assert!(sent <= messages, "{sent} messages, of {messages}");
    }
}

fn log(line: std::fmt::Arguments<'_>) {
    if property::is_replay() {
        eprintln!("{line}");
    }
}

#[test]
fn retried_calls_take_effect_once() {
    property::check(JOURNEYS, SIZE, |u| {
        let runtime =
            runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(Journey::run(u))
    });
}
