//! Random calls over a network that breaks at random, repeated exactly when the error allows it: nothing is done twice,
//! and nothing is reported done that was not.
//!
//! `JOURNEY=<seed>` makes one journey again, and prints what happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, panic,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use host_tests::{TestBed, in_memory, known_environment};
use serde_json::{Value, json};
use wecom_host::{Body, CallError, Sending, Timeouts, Transport, TransportError as Error};
use wecom_simulator::{Fault, FaultKind, Simulator};

use crate::dice::Dice;

const JOURNEYS: u64 = 3000;
const CALLS: usize = 8;
/// How often a caller tries.
const TRIES: usize = 4;
/// A caller who loses patience before the component does.
const IMPATIENCE: Duration = Duration::from_secs(5);

/// Everything that can be there in the end, each with what it can be: nothing, or this text. One possibility where the
/// outcome is known, several where it is not.
#[derive(Default)]
struct Model(BTreeMap<(&'static str, String), BTreeSet<Option<String>>>);

struct Journey {
    dice: Dice,
    bed: TestBed,
    model: Model,
    /// How many uploads with this name there may be.
    uploads: BTreeMap<String, (usize, usize)>,
    serial: usize,
    told: bool,
}

/// How a call ended, for a caller who repeated it as the errors allow.
#[derive(Debug)]
enum Verdict {
    Done,
    /// It took no effect; the code if WeCom said so.
    Not(Option<i64>),
    Unknown,
}

/// What comes between the component and the simulator.
fn weather(simulator: Simulator, storm: Arc<Mutex<Option<Dice>>>) -> impl Transport {
    let inner = in_memory(simulator.clone());
    move |request: http::Request<Body>, timeouts: Timeouts| -> Sending {
        let path = request.uri().path().to_owned();
        let broken =
            storm.lock().unwrap().as_mut().and_then(|dice| {
                if dice.percent(40) { strike(dice, &simulator, &path) } else { None }
            });
        match broken {
            Some(Broken::Before(error)) => Box::pin(async { Err(error) }),
            Some(Broken::After(error)) => {
                let answer = inner.send(request, timeouts);
                Box::pin(async {
                    drop(answer.await);
                    Err(error)
                })
            }
            None => inner.send(request, timeouts),
        }
    }
}

/// Trouble that the simulator does not make itself.
enum Broken {
    /// The request does not arrive.
    Before(Error),
    /// It arrives, and the answer does not.
    After(Error),
}

fn strike(dice: &mut Dice, simulator: &Simulator, path: &str) -> Option<Broken> {
    let never_sent = [
        Error::ConnectionRefused,
        Error::ConnectionTimeout,
        Error::ConnectionLimitReached,
        Error::DnsTimeout,
        Error::DestinationUnavailable,
        Error::TlsProtocolError,
        Error::TlsCertificateError,
    ];
    let perhaps_sent = [
        Error::ConnectionTerminated,
        Error::ConnectionReadTimeout,
        Error::ConnectionWriteTimeout,
        Error::HttpResponseTimeout,
        Error::HttpResponseIncomplete,
        Error::HttpProtocolError,
        Error::InternalError(None),
    ];
    let act = dice.percent(50);
    let html = || String::from("<html>");
    let errcode = |code| FaultKind::Errcode { code, message: "no".into() };
    let (act, kind) = match dice.below(12) {
        0 | 1 => return Some(Broken::Before(dice.take(never_sent))),
        2 => return Some(Broken::Before(dice.take(perhaps_sent))),
        3 => return Some(Broken::After(dice.take(perhaps_sent))),
        4 => (act, FaultKind::ResetBeforeReply),
        // It may be cut so late that all is there but the end.
        5 => (true, FaultKind::CutBody { after: dice.below(80) }),
        6 => (act, FaultKind::SilentForever),
        7 => (act, FaultKind::Status { status: *dice.pick(&[500, 502, 504, 404]), body: html() }),
        8 => (act, FaultKind::Body(vec![b'<'; dice.below(3)])),
        9 => (true, FaultKind::SlowBody { chunk: 1 + dice.below(40), pause_ms: 300 }),
        // A refusal says that there was no effect, and then there must have been none.
        10 => (false, errcode(*dice.pick(&[-1, 45009, 45033, 6000]))),
        _ if path.contains("/webhook/") || path.contains("gettoken") => return None,
        _ => (false, errcode(*dice.pick(&[40014, 42001]))),
    };
    simulator.inject(Fault { on: path.into(), skip: 0, times: 1, act, kind });
    None
}

impl Model {
    fn becomes(&mut self, kind: &'static str, key: &str, states: &[Option<&str>]) {
        let states = states.iter().map(|it| it.map(String::from)).collect();
        self.0.insert((kind, key.into()), states);
    }

    /// What a change made of something, or may have made of it.
    fn changes(
        &mut self,
        kind: &'static str,
        key: &str,
        verdict: &Verdict,
        to: Option<&str>,
        gone: i64,
    ) {
        let states = self.0.get_mut(&(kind, key.into())).unwrap();
        let to = to.map(String::from);
        match verdict {
            Verdict::Done => *states = [to].into(),
            Verdict::Not(Some(code)) if *code == gone => {
                assert!(states.contains(&None), "{kind} {key} must be there");
                *states = [None].into();
            }
            Verdict::Not(_) => {}
            // A change does not bring back what is not there.
            Verdict::Unknown => {
                if states.iter().any(Option::is_some) {
                    states.insert(to);
                }
            }
        }
    }

    /// What a creation made.
    fn created(&mut self, kind: &'static str, key: &str, verdict: &Verdict, text: &str) {
        match verdict {
            Verdict::Done => self.becomes(kind, key, &[Some(text)]),
            Verdict::Not(_) => self.becomes(kind, key, &[None]),
            Verdict::Unknown => self.becomes(kind, key, &[None, Some(text)]),
        }
    }
}

impl Journey {
    async fn go(seed: u64, told: bool) {
        let simulator = Simulator::new().strict();
        let storm = Arc::new(Mutex::new(None));
        let transport = Arc::new(weather(simulator.clone(), Arc::clone(&storm)));
        let bed = TestBed::with_transport(simulator, &known_environment(), transport);
        let dice = Dice::new(seed);
        let (model, uploads) = Default::default();
        let mut journey = Self { dice, bed, model, uploads, serial: 0, told };
        journey.set_up().await;
        *storm.lock().unwrap() = Some(Dice::new(!seed));
        for _ in 0..CALLS {
            journey.call_something().await;
        }
        journey.compare();
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

    async fn call_something(&mut self) {
        // Windows of frequency pass, and now and then the tokens die.
        let seconds = if self.dice.percent(5) { 7200 } else { 10 };
        self.bed.simulator.advance(Duration::from_secs(seconds));
        if self.dice.percent(5) {
            self.bed.simulator.revoke_tokens();
        }
        self.serial += 1;
        let key = format!("n{}", self.serial);
        match self.dice.below(12) {
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

    async fn send(&mut self, kind: &'static str, text: &str) {
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
        let verdict = self.call(function, &arguments, &[]).await;
        self.model.created(kind, text, &verdict, text);
    }

    async fn send_checked(&mut self, text: &str) {
        let options = json!({"duplicate-check-interval": 600});
        let message = json!({"recipients": "everyone", "content": text, "options": options});
        let arguments = json!({"application": {"profile": ""}, "message": message});
        let verdict = self.call("send-app-text", &arguments, &[]).await;
        self.model.created("messages", text, &verdict, text);
        // Repeating what is done does no harm either.
        if matches!(verdict, Verdict::Done) && self.dice.percent(30) {
            self.call("send-app-text", &arguments, &[]).await;
        }
    }

    async fn create_department(&mut self, name: &str) {
        let id = self.dice.percent(50).then_some(100 + self.serial);
        let department = json!({"name": name, "parent-id": 1, "id": id});
        let arguments = json!({"application": {"profile": ""}, "department": department});
        let verdict = self.call("create-department", &arguments, &[]).await;
        // Without an id it is known by its name; a department that may be renamed has one.
        match id {
            Some(id) => self.model.created("departments", &id.to_string(), &verdict, name),
            None => self.model.created("unnumbered departments", name, &verdict, name),
        }
    }

    /// Something that is there, or may be.
    fn something(&mut self, kind: &str) -> Option<String> {
        let mut found = Vec::new();
        for ((of, key), states) in &self.model.0 {
            if *of == kind && states.iter().any(Option::is_some) {
                found.push(key.clone());
            }
        }
        (!found.is_empty()).then(|| self.dice.pick(&found).clone())
    }

    async fn rename_department(&mut self, name: &str) {
        let Some(id) = self.something("departments") else { return };
        let number: u32 = id.parse().unwrap();
        let changes = json!({"name": name});
        let arguments =
            json!({"application": {"profile": ""}, "department-id": number, "changes": changes});
        let verdict = self.call("update-department", &arguments, &[]).await;
        self.model.changes("departments", &id, &verdict, Some(name), 60003);
    }

    async fn delete_department(&mut self) {
        let Some(id) = self.something("departments") else { return };
        let number: u32 = id.parse().unwrap();
        let arguments = json!({"application": {"profile": ""}, "department-id": number});
        let verdict = self.call("delete-department", &arguments, &[60123]).await;
        self.model.changes("departments", &id, &verdict, None, 60123);
    }

    async fn create_chat(&mut self, name: &str) {
        let id = self.dice.percent(70).then(|| format!("chat{}", self.serial));
        let chat = json!({"name": name, "members": ["founder", "noor.h"], "id": id});
        let arguments = json!({"application": {"profile": ""}, "group-chat": chat});
        // With an id of its own, repeating is safe.
        let verdict = self.call("create-group-chat", &arguments, &[86215]).await;
        self.model.created("group_chats", name, &verdict, name);
    }

    async fn create_and_delete_member(&mut self, id: &str) {
        let mobile = format!("139{:08}", self.serial);
        let member = json!({"user-id": id, "name": id, "mobile": mobile});
        let arguments = json!({"application": {"profile": ""}, "member": member});
        let verdict = self.call("create-member", &arguments, &[]).await;
        self.model.created("members", id, &verdict, id);
        if self.dice.percent(50) {
            let arguments = json!({"application": {"profile": ""}, "user-id": id});
            let verdict = self.call("delete-member", &arguments, &[60111]).await;
            self.model.changes("members", id, &verdict, None, 60111);
        }
    }

    async fn upload(&mut self, name: &str) {
        let media = json!({"kind": "file", "file-name": name, "content": "MTIzNDU2"});
        let arguments = json!({"application": {"profile": ""}, "media": media});
        let verdict = self.call("upload-media", &arguments, &[]).await;
        // Repeated, it is only kept twice.
        let range = match verdict {
            Verdict::Done => (1, TRIES),
            Verdict::Not(_) => (0, 0),
            Verdict::Unknown => (0, TRIES),
        };
        self.uploads.insert(name.into(), range);
    }

    /// Calls, and repeats as long as the error says that this is safe. `already` are the refusals that mean, after
    /// silence, that an earlier try has done it.
    async fn call(&mut self, function: &str, arguments: &Value, already: &[i64]) -> Verdict {
        let mut silent = false;
        for _ in 0..TRIES {
            let call = self.bed.call_json(function, arguments);
            let result = if self.dice.percent(10) {
                // The sandbox is dropped in the middle of the call.
                let Ok(result) = tokio::time::timeout(IMPATIENCE, call).await else {
                    self.tell(format!("{function} {arguments}: given up"));
                    return Verdict::Unknown;
                };
                result
            } else {
                call.await
            };
            self.tell(format!("{function} {arguments}: {result:?}"));
            let error = match result {
                Ok(_) => return Verdict::Done,
                Err(CallError::Returned(Value::Object(error))) => error,
                Err(other) => panic!("{function}: {other}"),
            };
            let (case, payload) = error.into_iter().next().unwrap();
            match case.as_str() {
                "unreachable" | "rejected-for-now" => {}
                "no-reply" => silent = true,
                "permanent-no-reply" | "permanent-unexpected-reply" => return Verdict::Unknown,
                "permanent-rejected" => {
                    let code = payload["code"].as_i64().unwrap();
                    return match silent {
                        true if already.contains(&code) => Verdict::Done,
                        // That this try had no effect says nothing of the ones before.
                        true => Verdict::Unknown,
                        false => Verdict::Not(Some(code)),
                    };
                }
                other => panic!("{function}: {other} {payload}"),
            }
        }
        if silent { Verdict::Unknown } else { Verdict::Not(None) }
    }

    fn tell(&self, line: String) {
        if self.told {
            eprintln!("{line}");
        }
    }

    /// The simulator's end state must be one of those that the model allows.
    fn compare(&self) {
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
            assert!(found.len() <= 1, "{kind} {key} is there {} times", found.len());
            let found = found.first().map(|it| it.pointer(shown).unwrap().as_str().unwrap().into());
            assert!(
                states.contains(&found),
                "{kind} {key} is {found:?}, and can only be {states:?}"
            );
        }
        for (name, (least, most)) in &self.uploads {
            let found = rows("media").filter(|it| it["filename"] == name.as_str()).count();
            assert!((*least..=*most).contains(&found), "file {name} is there {found} times");
        }
        // And nothing that nobody asked for.
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

fn run(seed: u64, told: bool) -> thread::Result<()> {
    panic::catch_unwind(|| {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(Journey::go(seed, told));
    })
}

#[test]
fn nothing_is_done_twice_and_nothing_is_lost() {
    if let Ok(seed) = env::var("JOURNEY") {
        run(seed.parse().unwrap(), true).unwrap();
        return;
    }
    let half = |first| {
        thread::spawn(move || {
            let seeds = (first..JOURNEYS).step_by(2);
            seeds.filter(|seed| run(*seed, false).is_err()).take(5).collect::<Vec<_>>()
        })
    };
    let failed: Vec<_> = [0, 1].map(half).into_iter().flat_map(|it| it.join().unwrap()).collect();
    assert!(failed.is_empty(), "these seeds fail, JOURNEY=<seed> repeats one: {failed:?}");
}
