//! Every fault, on the call for a token and on the call itself, over TCP: which error it becomes, that nothing is done
//! twice, that nothing hangs, and that the same instance goes on. The table is kept in `docs/reliability.md`.

mod patience;
mod peer;
mod telling;

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use host_tests::{CHAT, TestBed, known_environment};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::{JoinHandle, LocalSet},
    time::sleep,
};
use wecom_host::{CallError, Pool, PoolOptions};
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

use self::peer::{Peer, Raw, Then, listener};

/// What the pool grants a call for each of its waits; the component asks for more.
pub(crate) const PATIENCE: Duration = Duration::from_millis(400);
/// The longest that a call may take then: for a token and a call, each to connect, to wait and to read, and some more on a
/// busy machine.
const LONGEST: Duration = Duration::from_secs(10);

const OK: &[u8] = b"{\"errcode\":0,\"errmsg\":\"ok\"}";

/// One row of the table.
#[derive(Clone)]
struct Row {
    name: &'static str,
    trouble: Trouble,
}

#[derive(Clone)]
enum Trouble {
    /// Nobody listens.
    Refused,
    /// Somebody listens and accepts nobody.
    NeverAccepted,
    /// Trouble of the simulator's, for so many requests.
    Simulated(FaultKind, u32),
    /// Trouble below HTTP.
    Raw(Raw),
    /// The server closed the connection that was kept for this request.
    KeptConnectionClosed,
    /// Some of the receivers cannot be reached.
    PartialDelivery,
}

/// What is called while there is trouble, and the path that the trouble is on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    /// A message into a group chat, for which a token is needed first.
    Token,
    /// A list of departments.
    Read,
    /// A message into a group chat.
    Send,
    /// A message of a chatbot, which needs no token.
    ChatbotSend,
    /// A message to members with the duplicate check on.
    CheckedSend,
    /// A file.
    Upload,
}

const VICTIMS: [Victim; 6] = [
    Victim::Token,
    Victim::Read,
    Victim::Send,
    Victim::ChatbotSend,
    Victim::CheckedSend,
    Victim::Upload,
];

/// How a call ended, and what the text of an error said.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    case: String,
    text: String,
}

fn rows() -> Vec<Row> {
    let row = |name, trouble| Row { name, trouble };
    let simulated = |name, kind| row(name, Trouble::Simulated(kind, 1));
    let raw = |name, reply: &[u8], then| row(name, Trouble::Raw(Raw::Reply(reply.into(), then)));
    let body = |name, body: &[u8]| simulated(name, FaultKind::Body(body.into()));
    let status = |name, status| {
        let body = "<html><body>trouble</body></html>".into();
        simulated(name, FaultKind::Status { status, body })
    };
    let errcode = |name, code, message: &str, times| {
        row(name, Trouble::Simulated(FaultKind::Errcode { code, message: message.into() }, times))
    };
    let long_header =
        |bytes: usize| format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n", "x".repeat(bytes)).into_bytes();
    let pause = |ms| Duration::from_millis(ms);

    vec![
        row("connection refused", Trouble::Refused),
        row("connection never accepted", Trouble::NeverAccepted),
        row("kept connection closed by the server", Trouble::KeptConnectionClosed),
        row("closed with the request unread", Trouble::Raw(Raw::Unread)),
        row("closed in the middle of the request", Trouble::Raw(Raw::Interrupted { after: 0 })),
        simulated("reset before the answer", FaultKind::ResetBeforeReply),
        raw("closed before the answer", b"", Then::Close),
        simulated("silence", FaultKind::SilentForever),
        raw("half a head, then closed", b"HTTP/1.1 200 OK\r\ncontent-le", Then::Close),
        raw("half a head, then silence", b"HTTP/1.1 200 OK\r\ncontent-le", Then::Hang),
        raw(
            "a head that trickles",
            b"HTTP/1.1 200 OK\r\n",
            Then::Repeat(b"x: y\r\n".into(), pause(50)),
        ),
        raw("not HTTP", b"220 mail.example ESMTP\r\n", Then::Close),
        raw(
            "a header of 1 MB",
            &[long_header(1 << 20), b"\r\n".into()].concat(),
            Then::Close,
        ),
        raw(
            "1000 headers",
            &[b"HTTP/1.1 200 OK\r\n".into(), b"x: y\r\n".repeat(1000), b"\r\n".into()].concat(),
            Then::Close,
        ),
        simulated("cut body", FaultKind::CutBody { after: 12 }),
        raw(
            "body reset half way",
            b"HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\n{\"errcode\":0",
            Then::Reset,
        ),
        raw(
            "content-length too large",
            b"HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Then::Close,
        ),
        raw(
            "content-length too small",
            b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Then::Close,
        ),
        raw(
            "two lengths that differ",
            b"HTTP/1.1 200 OK\r\ncontent-length: 27\r\ncontent-length: 26\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Then::Close,
        ),
        raw(
            "chunks without an end",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1b\r\n{\"errcode\":0,\"errmsg\":\"ok\"}\r\n",
            Then::Hang,
        ),
        raw(
            "a chunk that has no length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{\"errcode\":0}\r\n0\r\n\r\n",
            Then::Close,
        ),
        simulated("slow body, within the timeout", FaultKind::SlowBody { chunk: 24, pause_ms: 10 }),
        simulated("slow body, beyond the timeout", FaultKind::SlowBody { chunk: 1, pause_ms: 900 }),
        simulated("endless body", FaultKind::EndlessBody),
        simulated("302", FaultKind::Redirect { location: "http://127.0.0.1:1/elsewhere".into() }),
        status("404 with HTML", 404),
        status("407 with HTML", 407),
        status("500 with HTML", 500),
        status("502 with HTML", 502),
        raw("204", b"HTTP/1.1 204 No Content\r\n\r\n", Then::Close),
        body("200 with HTML", b"<html>welcome to the airport</html>"),
        body("empty", b""),
        body("not UTF-8", b"\xff\xfe{\"errcode\":0}"),
        body("errcode missing", b"{\"errmsg\":\"ok\"}"),
        body("errcode a string", b"{\"errcode\":\"ok\",\"errmsg\":\"ok\"}"),
        body("errcode out of range", b"{\"errcode\":99999999999,\"errmsg\":\"ok\"}"),
        body("an array", b"[0]"),
        body("JSON nested 100,000 deep", "[".repeat(100_000).as_bytes()),
        body("errcode 0 and nothing else", OK),
        errcode("token dead, once", 42001, "access_token expired", 1),
        errcode("token dead, for ever", 40014, "invalid access_token", u32::MAX),
        errcode("busy", -1, "system busy", 1),
        errcode("too often", 45009, "api freq out of limit", 1),
        errcode("too many at once", 45033, "api concurrent out of limit", 1),
        errcode("refused", 60011, "no privilege", 1),
        row("some receivers unknown", Trouble::PartialDelivery),
    ]
}

impl Victim {
    fn path(self) -> &'static str {
        match self {
            Self::Token => "/cgi-bin/gettoken",
            Self::Read => "/cgi-bin/department/simplelist",
            Self::Send => "/cgi-bin/appchat/send",
            Self::ChatbotSend => "/cgi-bin/webhook/send",
            Self::CheckedSend => "/cgi-bin/message/send",
            Self::Upload => "/cgi-bin/media/upload",
        }
    }

    fn function(self) -> &'static str {
        match self {
            Self::Token | Self::Send => "send-group-text",
            Self::Read => "list-department-ids",
            Self::ChatbotSend => "send-chatbot-text",
            Self::CheckedSend => "send-app-text",
            Self::Upload => "upload-media",
        }
    }

    fn arguments(self, trouble: &Trouble) -> Value {
        let application = json!({"profile": ""});
        let users = match trouble {
            Trouble::PartialDelivery => json!(["noor.h", "nobody"]),
            _ => json!(["noor.h"]),
        };
        match self {
            Self::Token | Self::Send => json!({
                "application": application,
                "message": {"group-chat-id": CHAT, "content": "Pump 2 restarted"},
            }),
            Self::Read => json!({"application": application}),
            Self::ChatbotSend => {
                json!({"chatbot": {"profile": ""}, "message": {"content": "Pump 2 restarted"}})
            }
            Self::CheckedSend => json!({
                "application": application,
                "message": {
                    "recipients": {"selected": {"users": users}},
                    "content": "Pump 2 restarted",
                    "options": {"duplicate-check-interval": 600},
                },
            }),
            Self::Upload => {
                // Larger than what the sockets hold, where that makes a difference.
                let large = matches!(trouble, Trouble::Raw(Raw::Unread | Raw::Interrupted { .. }));
                let size = if large { 6 << 20 } else { 7 };
                let content = BASE64.encode(vec![b'x'; size]);
                let media = json!({"kind": "file", "file-name": "rota.txt", "content": content});
                json!({"application": application, "media": media})
            }
        }
    }

    /// Gets the token that the call needs, and a connection to keep.
    async fn warm_up(self, bed: &mut TestBed) {
        let application = json!({"profile": ""});
        match self {
            Self::Token | Self::ChatbotSend => {}
            Self::Read => {
                bed.call_json("list-department-ids", &json!({"application": application}))
                    .await
                    .unwrap();
            }
            Self::Send | Self::CheckedSend | Self::Upload => {
                let arguments = json!({"application": application, "group-chat-id": CHAT});
                bed.call_json("get-group-chat", &arguments).await.unwrap();
            }
        }
    }

    /// How often it was done, as the simulator knows.
    fn done(self, bed: &TestBed) -> usize {
        let subject = match self {
            Self::Read => return 0,
            Self::Token | Self::Send => "group_messages",
            Self::ChatbotSend => "chatbot_messages",
            Self::CheckedSend => "messages",
            Self::Upload => "media",
        };
        bed.state()[subject].as_array().unwrap().len()
    }
}

impl Trouble {
    fn applies_to(&self, victim: Victim) -> bool {
        match self {
            Self::PartialDelivery => victim == Victim::CheckedSend,
            Self::KeptConnectionClosed => victim != Victim::Token && victim != Victim::ChatbotSend,
            Self::Raw(Raw::Interrupted { .. }) => !matches!(victim, Victim::Token | Victim::Read),
            // A dead token says nothing to a call that carries none.
            Self::Simulated(FaultKind::Errcode { code: 40014 | 42001, .. }, _) => {
                victim != Victim::Token && victim != Victim::ChatbotSend
            }
            _ => true,
        }
    }

    /// Whether the request may take effect although there is trouble.
    fn may_act(&self) -> bool {
        match self {
            Self::Simulated(FaultKind::Errcode { .. }, _)
            | Self::Raw(Raw::Unread | Raw::Interrupted { .. })
            | Self::Refused
            | Self::NeverAccepted
            | Self::KeptConnectionClosed
            | Self::PartialDelivery => false,
            Self::Simulated(..) | Self::Raw(_) => true,
        }
    }

    /// Whether the answer says that the call was accepted. Then it must have been.
    fn says_ok(&self) -> bool {
        match self {
            Self::Simulated(FaultKind::SlowBody { pause_ms, .. }, _) => *pause_ms < 100,
            Self::Simulated(FaultKind::Body(bytes), _) => bytes == OK,
            _ => false,
        }
    }
}

/// A simulator behind a listener, which can be stopped and started again.
struct Server {
    simulator: Simulator,
    peer: Option<Peer>,
    listening: Option<JoinHandle<()>>,
}

impl Server {
    fn start(&mut self, listener: TcpListener) {
        let simulator = self.simulator.clone();
        let peer = self.peer.clone();
        self.listening = Some(tokio::spawn(async move {
            match peer {
                Some(peer) => peer.serve(listener).await,
                None => server::serve(listener, simulator, |_| ()).await,
            }
        }));
    }

    /// Also closes all connections, and lets the other side hear of it.
    async fn stop(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        drop(listening.await);
        sleep(Duration::from_millis(50)).await;
    }

    /// How many requests began to arrive on this path.
    fn requests(&self, path: &str) -> usize {
        match &self.peer {
            Some(peer) => peer.seen().iter().filter(|it| it.starts_with(path)).count(),
            None => self.simulator.transcript().iter().filter(|it| it.path == path).count(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

/// One fault on one call, and the same call again without it.
async fn check(row: &Row, victim: Victim, act: bool) -> Outcome {
    let Row { name, trouble } = row;
    let about = format!("{name}, {victim:?}, act: {act}");

    let with_group_chat = TestBed::with_group_chat().await;
    let simulator = with_group_chat.simulator.clone();
    let (listener, address) = listener().await;
    let peer = matches!(trouble, Trouble::Raw(_)).then(|| Peer::new(simulator.clone()));
    let mut server = Server { simulator: simulator.clone(), peer, listening: None };
    server.start(listener);
    let base_url = format!("http://{address}");
    let mut environment = known_environment();
    environment.retain(|(name, _)| *name != "WECOM_BASE_URL");
    environment.push(("WECOM_BASE_URL", &base_url));
    let pool = Pool::new(PoolOptions {
        connect: PATIENCE,
        first_byte: PATIENCE,
        between_bytes: PATIENCE,
        ..PoolOptions::default()
    });
    let mut bed = TestBed::with_transport(simulator.clone(), &environment, Arc::new(pool));

    victim.warm_up(&mut bed).await;
    let before = server.requests(victim.path());
    let mut crowd = None;
    match trouble {
        Trouble::Refused => server.stop().await,
        Trouble::NeverAccepted => {
            server.stop().await;
            crowd = Some(crowd_at(address).await);
        }
        Trouble::KeptConnectionClosed => {
            server.stop().await;
            server.start(TcpListener::bind(address).await.unwrap());
        }
        Trouble::Simulated(kind, times) => {
            let on = victim.path().into();
            simulator.inject(Fault { on, skip: 0, times: *times, act, kind: kind.clone() });
        }
        Trouble::Raw(raw) => {
            server.peer.as_ref().unwrap().arm(victim.path(), act, raw.clone());
        }
        Trouble::PartialDelivery => {}
    }

    let arguments = victim.arguments(trouble);
    let began = Instant::now();
    let outcome = outcome(bed.call_json(victim.function(), &arguments).await, &about);
    let took = began.elapsed();
    assert!(took < LONGEST, "{about}: took {took:?}");
    let done = victim.done(&bed);
    let requests = server.requests(victim.path()) - before;
    check_effect(&outcome, victim, done, act && victim != Victim::Token, &about);
    let most =
        if outcome.text.contains("access_token") || *name == "token dead, once" { 2 } else { 1 };
    assert!(requests <= most, "{about}: {requests} requests");
    check_no_secret(&outcome, &about);

    // The same instance goes on as if nothing had been.
    simulator.clear_faults();
    drop(crowd);
    if server.listening.is_none() {
        server.start(TcpListener::bind(address).await.unwrap());
    }
    let again = bed.call_json(victim.function(), &arguments).await;
    assert!(again.is_ok(), "{about}: the next call: {again:?}");
    let in_all = victim.done(&bed);
    match victim {
        Victim::Read => {}
        Victim::CheckedSend => assert_eq!(in_all, 1, "{about}: the duplicate check"),
        _ => assert_eq!(in_all, done + 1, "{about}: the next call"),
    }
    outcome
}

/// The case of an error says whether the call took effect: that must be so.
fn check_effect(outcome: &Outcome, victim: Victim, done: usize, acted: bool, about: &str) {
    let case = outcome.case.split([' ', ',']).next().unwrap();
    let expected = match case {
        _ if victim == Victim::Read => 0,
        "ok" => 1,
        "permanent-rejected" | "rejected-for-now" | "unreachable" => 0,
        "no-reply" | "permanent-no-reply" | "permanent-unexpected-reply" => usize::from(acted),
        other => panic!("{about}: {other}"),
    };
    assert_eq!(done, expected, "{about}: {outcome:?}");
}

fn check_no_secret(outcome: &Outcome, about: &str) {
    let said = format!("{} {}", outcome.case, outcome.text);
    for secret in [
        known::APP_SECRET,
        known::CONTACTS_SECRET,
        known::CHATBOT_KEY,
        known::CORP_ID,
        "simtoken-",
        "http",
    ] {
        assert!(!said.contains(secret), "{about}: {said}");
    }
}

fn outcome(result: Result<Value, CallError>, about: &str) -> Outcome {
    match result {
        Ok(value) => {
            let lost = value.get("invalid-users").and_then(Value::as_array);
            match lost.filter(|it| !it.is_empty()) {
                Some(lost) => {
                    Outcome { case: format!("ok, without {}", json!(lost)), text: String::new() }
                }
                None => Outcome { case: "ok".into(), text: String::new() },
            }
        }
        Err(CallError::Returned(Value::Object(error))) => {
            let (case, payload) = error.into_iter().next().unwrap();
            match payload {
                payload if payload["reason"].is_string() => {
                    // After the path that was called.
                    let text = payload["reason"].as_str().unwrap();
                    let text = text.split_once(": ").map_or(text, |(_, it)| it).to_owned();
                    Outcome { case, text }
                }
                payload => {
                    let after = payload.get("retry-after").map(|it| format!(", after {it} s"));
                    let case = format!("{case} {}{}", payload["code"], after.unwrap_or_default());
                    Outcome { case, text: payload["message"].as_str().unwrap().into() }
                }
            }
        }
        other => panic!("{about}: {other:?}"),
    }
}

/// Fills the queue of a listener that accepts nobody, so that further connections are not made.
async fn crowd_at(address: std::net::SocketAddr) -> impl Sized {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    loop {
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(100), connect).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => return (listener, waiting),
        }
        assert!(waiting.len() < 100, "the queue has no end");
    }
}

#[tokio::test]
async fn every_fault_is_told_as_what_it_is() {
    let rows = rows();
    let mut cases = Vec::new();
    for row in &rows {
        for victim in VICTIMS.into_iter().filter(|it| row.trouble.applies_to(*it)) {
            for act in [false, true] {
                if if row.trouble.says_ok() { act } else { !act || row.trouble.may_act() } {
                    cases.push((row, victim, act));
                }
            }
        }
    }
    // A few at a time, and in the end in order.
    let (local, turns) = (LocalSet::new(), Arc::new(Semaphore::new(16)));
    let mut running = Vec::new();
    for (row, victim, act) in cases {
        let (row, turns) = (row.clone(), Arc::clone(&turns));
        running.push(local.spawn_local(async move {
            let _turn = turns.acquire().await;
            (row.name, victim, check(&row, victim, act).await)
        }));
    }
    let outcomes: Vec<_> = local
        .run_until(async {
            let mut outcomes = Vec::new();
            for it in running {
                // Those that failed have said why; the others are worth knowing too.
                outcomes.push(it.await.ok());
            }
            outcomes
        })
        .await;
    let failed = outcomes.iter().filter(|it| it.is_none()).count();
    assert_eq!(failed, 0, "faults of {}", outcomes.len());
    let outcomes: Vec<_> = outcomes.into_iter().flatten().collect();

    let mut table = String::from(
        "| fault | on the token call | on a read | on a send | on a send with duplicate check | on an upload | told as |\n\
         |---|---|---|---|---|---|---|\n",
    );
    for Row { name, .. } in &rows {
        let of = |victim| {
            let mut found = outcomes.iter().filter(|it| it.0 == *name && it.1 == victim);
            let first = found.next().map(|it| it.2.clone());
            // The caller cannot see whether the request took effect.
            assert!(found.all(|it| Some(&it.2) == first.as_ref()), "{name}, {victim:?}");
            first
        };
        let cell = |it: &Option<Outcome>| match it {
            Some(it) if it.case.starts_with("ok") => it.case.clone(),
            Some(it) => format!("`{}`", it.case),
            None => "–".into(),
        };
        let [token, read, send, chatbot, checked, upload] = VICTIMS.map(of);
        if let (Some(send), Some(chatbot)) = (&send, &chatbot) {
            // Of the windows that were exceeded only the chatbots' is known.
            let case = if *name == "too often" { ", after 60 s" } else { "" };
            assert_eq!([send.case.as_str(), case].concat(), chatbot.case, "{name}: chatbots");
            assert_eq!(send.text, chatbot.text, "{name}: chatbots");
        }
        let told = [&read, &send, &checked].into_iter().flatten().find(|it| !it.text.is_empty());
        let cells = [&token, &read, &send, &checked, &upload].map(cell).join(" | ");
        let told = told.map_or("", |it| it.text.as_str());
        table.extend(["| ", name, " | ", &cells, " | ", told, " |\n"]);
    }
    check_table(&table);
}

/// Compares with the table in the document; `UPDATE_EXPECT=1` rewrites it.
fn check_table(table: &str) {
    const BEGIN: &str = "<!-- faults: written by host-tests/tests/it/faults.rs -->\n";
    const END: &str = "<!-- end of faults -->\n";

    println!("{table}");
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (kept, after) = rest.split_once(END).unwrap();
    if kept == table {
        return;
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, [before, BEGIN, table, END, after].concat()).unwrap();
        return;
    }
    let differing: Vec<_> =
        table.lines().filter(|it| !kept.lines().any(|kept| kept == *it)).collect();
    panic!(
        "docs/reliability.md says otherwise (UPDATE_EXPECT=1 rewrites it):\n{}",
        differing.join("\n")
    );
}
