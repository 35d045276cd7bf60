//! Every fault, on the request for a token and on the request of the action, over TCP: the error that it is reported as, that
//! nothing is done twice, that nothing hangs, and that the same instance works afterwards. With `--nocapture` the matrix of
//! faults and outcomes is printed.

mod raw_server;
mod redaction;
mod timeouts;

use std::{
    fmt,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures_util::future::join_all;
use host_tests::{CHAT, TestBed, known_environment};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, mpsc},
    task::{JoinHandle, LocalSet},
    time::timeout,
};
use wecom_host::{CallError, Pool, PoolOptions};
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

use self::raw_server::{Ending, RawFault, RawServer, listener};

/// The pool's timeouts, to connect, for the first byte and between bytes; the component sets longer ones.
const POOL_TIMEOUT: Duration = Duration::from_secs(1);
/// No call hangs: with these timeouts one ends within seconds, and within this on a busy machine.
const MAX_CALL: Duration = Duration::from_mins(1);
const MAX_CONCURRENT: usize = 16;
/// What follows the reason of a response that is not WeCom's.
const NOT_WECOM: &str = "the base URL may be wrong, or a proxy may have answered";

const OK: &[u8] = b"{\"errcode\":0,\"errmsg\":\"ok\"}";

/// A fault, and what it is reported as.
#[derive(Clone)]
struct Case {
    name: &'static str,
    fault: Injection,
    expected: Expected,
}

#[derive(Clone)]
enum Injection {
    /// No socket listens.
    NotListening,
    /// The socket listens, and its backlog is full.
    NeverAccepted,
    /// A fault of the simulator, for this number of requests.
    Simulated(FaultKind, u32),
    /// A fault below HTTP.
    Raw(RawFault),
    /// The server closed the idle connection that was in the pool.
    IdleConnectionClosed,
    /// One of the recipients does not exist.
    UnknownRecipient,
}

/// The reasons and messages are the whole text after the path.
#[derive(Clone, Copy)]
enum Expected {
    Ok,
    Unreachable(&'static str),
    /// `no-reply`, and `permanent-no-reply` where a retry could do it twice.
    NoReply(&'static str),
    /// `permanent-unexpected-reply`.
    NotWecom(&'static str),
    /// Accepted; `permanent-unexpected-reply` where the result is in the response.
    NoResult,
    RejectedForNow(i64, &'static str),
    Rejected(i64, &'static str),
    /// Success that names the recipient who does not exist.
    PartialDelivery,
}

/// The call that meets the fault, and the request that the fault is on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    /// The request for the token of a message to a group chat.
    Token,
    /// A list of departments.
    Read,
    /// A message to a group chat.
    Send,
    /// A message of a chatbot, which needs no token.
    ChatbotSend,
    /// A message to members with the duplicate check on.
    CheckedSend,
    /// A file.
    Upload,
}

const CALLS: [Call; 6] =
    [Call::Token, Call::Read, Call::Send, Call::ChatbotSend, Call::CheckedSend, Call::Upload];

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
enum Outcome {
    Ok { invalid_users: Vec<String> },
    Failed { case: String, reason: String },
    Rejected { case: String, code: i64, message: String, retry_after: Option<u64> },
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok { invalid_users } if invalid_users.is_empty() => write!(out, "ok"),
            Self::Ok { invalid_users } => write!(out, "ok, without {invalid_users:?}"),
            Self::Failed { case, .. } => write!(out, "{case}"),
            Self::Rejected { case, code, .. } => write!(out, "{case} {code}"),
        }
    }
}

impl Expected {
    fn of(self, call: Call) -> Outcome {
        let failed =
            |case: &str, reason: &str| Outcome::Failed { case: case.into(), reason: reason.into() };
        let ok = || Outcome::Ok { invalid_users: Vec::new() };
        let rejected = |case: &str, code: i64, message: &str| Outcome::Rejected {
            case: case.into(),
            code,
            message: message.into(),
            // The only window that WeCom documents.
            retry_after: (code == 45009 && call == Call::ChatbotSend).then_some(60),
        };
        let no_result = |field| {
            let reason =
                format!("WeCom accepted the call, and its response has no readable {field}");
            failed("permanent-unexpected-reply", &reason)
        };
        match self {
            Self::Ok => ok(),
            Self::Unreachable(reason) => failed("unreachable", reason),
            Self::NoReply(reason) => match call {
                Call::Send | Call::ChatbotSend => failed("permanent-no-reply", reason),
                _ => failed("no-reply", reason),
            },
            Self::NotWecom(reason) => {
                failed("permanent-unexpected-reply", &format!("{reason}: {NOT_WECOM}"))
            }
            Self::NoResult => match call {
                Call::Token => no_result("access_token"),
                Call::Read => no_result("department_id"),
                Call::Upload => no_result("media_id"),
                Call::Send | Call::ChatbotSend | Call::CheckedSend => ok(),
            },
            Self::RejectedForNow(code, message) => rejected("rejected-for-now", code, message),
            Self::Rejected(code, message) => rejected("permanent-rejected", code, message),
            Self::PartialDelivery => Outcome::Ok { invalid_users: vec!["nobody".into()] },
        }
    }
}

const CLOSED: Expected = Expected::NoReply("the connection was closed");
const CUT_OFF: Expected = Expected::NoReply("the response was cut off");
const NOT_HTTP: Expected = Expected::NoReply("the response was cut off or was not HTTP");
const TIMED_OUT: Expected = Expected::NoReply("no response in time");
const FAILED: Expected = Expected::NoReply("the server failed");
const REFUSED: Expected = Expected::NotWecom("the server refused the request");
const NOT_JSON: Expected = Expected::NotWecom("the response is not a JSON object of WeCom's");

fn case(name: &'static str, fault: Injection, expected: Expected) -> Case {
    Case { name, fault, expected }
}

fn simulated(name: &'static str, kind: FaultKind, expected: Expected) -> Case {
    case(name, Injection::Simulated(kind, 1), expected)
}

fn raw(name: &'static str, response: &[u8], ending: Ending, expected: Expected) -> Case {
    case(name, Injection::Raw(RawFault::Response(response.into(), ending)), expected)
}

/// Faults of the connection, up to the head of the response.
fn connection_faults() -> Vec<Case> {
    vec![
        case(
            "connection refused",
            Injection::NotListening,
            Expected::Unreachable("the connection was refused"),
        ),
        case(
            "connection never accepted",
            Injection::NeverAccepted,
            Expected::Unreachable("the connection timed out"),
        ),
        case("idle connection closed by the server", Injection::IdleConnectionClosed, Expected::Ok),
        case("closed with the request unread", Injection::Raw(RawFault::Unread), CLOSED),
        case(
            "closed in the middle of the request",
            Injection::Raw(RawFault::Interrupted { after: 0 }),
            CLOSED,
        ),
        simulated("reset before the response", FaultKind::ResetBeforeReply, CLOSED),
        raw("closed before the response", b"", Ending::Close, CLOSED),
        simulated("silence", FaultKind::SilentForever, TIMED_OUT),
        raw("half a head, then closed", b"HTTP/1.1 200 OK\r\ncontent-le", Ending::Close, CLOSED),
        raw("half a head, then nothing", b"HTTP/1.1 200 OK\r\ncontent-le", Ending::Hang, TIMED_OUT),
        raw(
            "a head that trickles",
            b"HTTP/1.1 200 OK\r\n",
            Ending::Repeat(b"x: y\r\n".into(), Duration::from_millis(50)),
            TIMED_OUT,
        ),
    ]
}

/// Faults of HTTP: the head and the framing and speed of the body.
fn http_faults() -> Vec<Case> {
    let long_header =
        |bytes: usize| format!("HTTP/1.1 200 OK\r\nx-long: {}\r\n", "x".repeat(bytes)).into_bytes();
    vec![
        raw("not HTTP", b"220 mail.example ESMTP\r\n", Ending::Close, NOT_HTTP),
        raw(
            "a header of 1 MB",
            &[long_header(1 << 20), b"\r\n".into()].concat(),
            Ending::Close,
            NOT_HTTP,
        ),
        raw(
            "1000 headers",
            &[b"HTTP/1.1 200 OK\r\n".into(), b"x: y\r\n".repeat(1000), b"\r\n".into()].concat(),
            Ending::Close,
            NOT_HTTP,
        ),
        simulated("truncated body", FaultKind::CutBody { after: 12 }, CUT_OFF),
        raw(
            "body reset half way",
            b"HTTP/1.1 200 OK\r\ncontent-length: 27\r\n\r\n{\"errcode\":0",
            Ending::Reset,
            CUT_OFF,
        ),
        raw(
            "content-length too large",
            b"HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Ending::Close,
            CUT_OFF,
        ),
        raw(
            "content-length too small",
            b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Ending::Close,
            NOT_JSON,
        ),
        raw(
            "two content-lengths that differ",
            b"HTTP/1.1 200 OK\r\ncontent-length: 27\r\ncontent-length: 26\r\n\r\n{\"errcode\":0,\"errmsg\":\"ok\"}",
            Ending::Close,
            NOT_HTTP,
        ),
        raw(
            "chunks without an end",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1b\r\n{\"errcode\":0,\"errmsg\":\"ok\"}\r\n",
            Ending::Hang,
            CUT_OFF,
        ),
        raw(
            "a chunk without a length",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{\"errcode\":0}\r\n0\r\n\r\n",
            Ending::Close,
            CUT_OFF,
        ),
        simulated("slow body within the timeout", FaultKind::SlowBody { chunk: 24, pause_ms: 10 }, Expected::Ok),
        simulated("slow body beyond the timeout", FaultKind::SlowBody { chunk: 1, pause_ms: 2500 }, CUT_OFF),
        simulated("endless body", FaultKind::EndlessBody, Expected::NotWecom("the response is larger than 8 MiB")),
    ]
}

/// Responses that are not WeCom's, and WeCom's own refusals.
fn response_faults() -> Vec<Case> {
    let body =
        |name, body: &[u8], expected| simulated(name, FaultKind::Body(body.into()), expected);
    let status = |name, status, expected| {
        let body = "<html><body>error</body></html>".into();
        simulated(name, FaultKind::Status { status, body }, expected)
    };
    let token = |name, code, message: &str, times, expected| {
        let kind = FaultKind::Errcode { code, message: message.into() };
        case(name, Injection::Simulated(kind, times), expected)
    };
    let rejected = |name, code, message, expected: fn(i64, &'static str) -> Expected| {
        token(name, code, message, 1, expected(code, message))
    };
    vec![
        simulated(
            "302",
            FaultKind::Redirect { location: "http://127.0.0.1:1/elsewhere".into() },
            Expected::NotWecom("the server redirected"),
        ),
        status("404 with HTML", 404, REFUSED),
        status("407 with HTML", 407, REFUSED),
        status("500 with HTML", 500, FAILED),
        status("502 with HTML", 502, FAILED),
        raw(
            "204",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            Ending::Close,
            Expected::NotWecom("the HTTP status is not 200"),
        ),
        body("200 with HTML", b"<html>welcome to the airport</html>", NOT_JSON),
        body("empty", b"", Expected::NotWecom("the response is empty")),
        body("not UTF-8", b"\xff\xfe{\"errcode\":0}", NOT_JSON),
        body(
            "errcode missing",
            b"{\"errmsg\":\"ok\"}",
            Expected::NotWecom("the response has no errcode"),
        ),
        body(
            "errcode a string",
            b"{\"errcode\":\"ok\",\"errmsg\":\"ok\"}",
            Expected::NotWecom("the response has an errcode that is not a number"),
        ),
        body(
            "errcode out of range",
            b"{\"errcode\":99999999999,\"errmsg\":\"ok\"}",
            Expected::NotWecom("the response has an errcode that is out of range"),
        ),
        body("an array", b"[0]", NOT_JSON),
        body("JSON nested 100,000 deep", "[".repeat(100_000).as_bytes(), NOT_JSON),
        body("errcode 0 and nothing else", OK, Expected::NoResult),
        token("token expired once", 42001, "access_token expired", 1, Expected::Ok),
        token(
            "token invalid each time",
            40014,
            "invalid access_token",
            u32::MAX,
            Expected::Rejected(40014, "invalid access_token"),
        ),
        rejected("busy", -1, "system busy", Expected::RejectedForNow),
        rejected("too often", 45009, "api freq out of limit", Expected::RejectedForNow),
        rejected(
            "too many at once",
            45033,
            "api concurrent out of limit",
            Expected::RejectedForNow,
        ),
        rejected("no privilege", 60011, "no privilege", Expected::Rejected),
        case("unknown recipient", Injection::UnknownRecipient, Expected::PartialDelivery),
    ]
}

impl Call {
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

    fn arguments(self, fault: &Injection) -> Value {
        let application = json!({"profile": ""});
        let users = match fault {
            Injection::UnknownRecipient => json!(["noor.h", "nobody"]),
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
                // Larger than the buffers of the sockets, so that writing fails.
                let large = matches!(
                    fault,
                    Injection::Raw(RawFault::Unread | RawFault::Interrupted { .. })
                );
                let size = if large { 6 << 20 } else { 7 };
                let content = BASE64.encode(vec![b'x'; size]);
                let media = json!({"kind": "file", "file-name": "rota.txt", "content": content});
                json!({"application": application, "media": media})
            }
        }
    }

    /// Fetches the token that the call needs, and leaves an idle connection in the pool.
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

    /// How often the call took effect in the simulator.
    fn effects(self, bed: &TestBed) -> usize {
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

impl Injection {
    fn applies_to(&self, call: Call) -> bool {
        match self {
            Self::UnknownRecipient => call == Call::CheckedSend,
            Self::IdleConnectionClosed => call != Call::Token && call != Call::ChatbotSend,
            Self::Raw(RawFault::Interrupted { .. }) => !matches!(call, Call::Token | Call::Read),
            // Only a request with a token.
            _ if self.is_dead_token() => call != Call::Token && call != Call::ChatbotSend,
            _ => true,
        }
    }

    fn is_dead_token(&self) -> bool {
        matches!(self, Self::Simulated(FaultKind::Errcode { code: 40014 | 42001, .. }, _))
    }

    /// Whether the request with the fault takes effect: each possible case is tried.
    fn variants(&self) -> &'static [bool] {
        match self {
            // According to the response the call was accepted, so it was.
            Self::Simulated(FaultKind::SlowBody { pause_ms: ..100, .. }, _) => &[true],
            Self::Simulated(FaultKind::Body(bytes), _) if bytes == OK => &[true],
            Self::Simulated(FaultKind::Errcode { .. }, _)
            | Self::Raw(RawFault::Unread | RawFault::Interrupted { .. })
            | Self::NotListening
            | Self::NeverAccepted
            | Self::IdleConnectionClosed
            | Self::UnknownRecipient => &[false],
            Self::Simulated(..) | Self::Raw(_) => &[false, true],
        }
    }
}

/// A simulator behind a listener, which can be stopped and started again.
struct Server {
    simulator: Simulator,
    raw: Option<RawServer>,
    listening: Option<JoinHandle<()>>,
    /// Ends with the last connection to the simulator.
    connections: Option<mpsc::Receiver<()>>,
}

impl Server {
    fn start(&mut self, listener: TcpListener) {
        let simulator = self.simulator.clone();
        let raw = self.raw.clone();
        let (connection, connections) = mpsc::channel(1);
        self.connections = Some(connections);
        self.listening = Some(tokio::spawn(async move {
            match raw {
                Some(raw) => raw.serve(listener).await,
                // Each connection has a clone of the closure, and so of the sender.
                None => server::serve(listener, simulator, move |_| drop(connection.clone())).await,
            }
        }));
    }

    /// Stops listening, and waits until all connections are closed.
    async fn stop(&mut self) {
        let listening = self.listening.take().unwrap();
        listening.abort();
        drop(listening.await);
        assert!(self.connections.take().unwrap().recv().await.is_none());
    }

    /// The number of requests that began to arrive on this path.
    fn requests(&self, path: &str) -> usize {
        match &self.raw {
            Some(raw) => raw.targets().iter().filter(|it| it.starts_with(path)).count(),
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

/// Injects a fault into one call, and makes the same call again without it. `acts`: the request with the fault takes effect,
/// which the caller cannot know.
async fn check(case: &Case, call: Call, acts: bool) {
    let Case { name, fault, expected } = case;
    let about = format!("{name}, {call:?}, acts: {acts}");

    let populated = TestBed::with_group_chat().await;
    let simulator = populated.simulator.clone();
    let (listener, address) = listener().await;
    let raw = matches!(fault, Injection::Raw(_)).then(|| RawServer::new(simulator.clone()));
    let mut server =
        Server { simulator: simulator.clone(), raw, listening: None, connections: None };
    server.start(listener);
    let base_url = format!("http://{address}");
    let mut environment = known_environment();
    environment.retain(|(name, _)| *name != "WECOM_BASE_URL");
    environment.push(("WECOM_BASE_URL", &base_url));
    let pool = Pool::new(PoolOptions {
        connect: POOL_TIMEOUT,
        first_byte: POOL_TIMEOUT,
        between_bytes: POOL_TIMEOUT,
        ..PoolOptions::default()
    });
    let mut bed = TestBed::with_transport(simulator.clone(), &environment, Arc::new(pool));

    call.warm_up(&mut bed).await;
    let requests_before = server.requests(call.path());
    let mut backlog = None;
    match fault {
        Injection::NotListening => server.stop().await,
        Injection::NeverAccepted => {
            server.stop().await;
            backlog = Some(full_backlog(address).await);
        }
        Injection::IdleConnectionClosed => {
            server.stop().await;
            server.start(TcpListener::bind(address).await.unwrap());
        }
        Injection::Simulated(kind, times) => {
            let on = call.path().into();
            simulator.inject(Fault { on, skip: 0, times: *times, act: acts, kind: kind.clone() });
        }
        Injection::Raw(raw) => {
            server.raw.as_ref().unwrap().inject(call.path(), acts, raw.clone());
        }
        Injection::UnknownRecipient => {}
    }

    let arguments = call.arguments(fault);
    let began = Instant::now();
    let outcome = outcome(bed.call_json(call.function(), &arguments).await, &about);
    let elapsed = began.elapsed();
    assert!(elapsed < MAX_CALL, "{about}: took {elapsed:?}");
    assert_eq!(outcome, expected.of(call), "{about}");
    let effects = call.effects(&bed);
    check_effects(&outcome, call, effects, acts && call != Call::Token, &about);
    let requests = server.requests(call.path()) - requests_before;
    let max_requests = if fault.is_dead_token() { 2 } else { 1 };
    assert!(requests <= max_requests, "{about}: {requests} requests");
    check_no_secret(&outcome, &about);

    // The same instance works afterwards.
    simulator.clear_faults();
    drop(backlog);
    if server.listening.is_none() {
        server.start(TcpListener::bind(address).await.unwrap());
    }
    let retried = bed.call_json(call.function(), &arguments).await;
    assert!(retried.is_ok(), "{about}: the next call: {retried:?}");
    let total = call.effects(&bed);
    match call {
        Call::Read => {}
        Call::CheckedSend => assert_eq!(total, 1, "{about}: the duplicate check"),
        _ => assert_eq!(total, effects + 1, "{about}: the next call"),
    }
}

/// What the case of an error states about the effect of the call is correct.
fn check_effects(outcome: &Outcome, call: Call, effects: usize, acted: bool, about: &str) {
    let expected = match outcome {
        _ if call == Call::Read => 0,
        Outcome::Ok { .. } => 1,
        Outcome::Rejected { .. } => 0,
        Outcome::Failed { case, .. } => match case.as_str() {
            "unreachable" => 0,
            "no-reply" | "permanent-no-reply" | "permanent-unexpected-reply" => usize::from(acted),
            other => panic!("{about}: {other}"),
        },
    };
    assert_eq!(effects, expected, "{about}: {outcome:?}");
}

fn check_no_secret(outcome: &Outcome, about: &str) {
    let text = format!("{outcome:?}");
    for secret in [
        known::APP_SECRET,
        known::CONTACTS_SECRET,
        known::CHATBOT_KEY,
        known::CORP_ID,
        "simtoken-",
        "http",
    ] {
        assert!(!text.contains(secret), "{about}: {text}");
    }
}

fn outcome(result: Result<Value, CallError>, about: &str) -> Outcome {
    match result {
        Ok(value) => {
            let invalid_users = value.get("invalid-users").and_then(Value::as_array);
            let text = |it: &Value| it.as_str().unwrap().to_owned();
            Outcome::Ok { invalid_users: invalid_users.into_iter().flatten().map(text).collect() }
        }
        Err(CallError::Returned(Value::Object(error))) => {
            let (case, payload) = error.into_iter().next().unwrap();
            if let Some(reason) = payload["reason"].as_str() {
                // After the path of the request.
                let reason = reason.split_once(": ").map_or(reason, |(_, it)| it).to_owned();
                return Outcome::Failed { case, reason };
            }
            Outcome::Rejected {
                case,
                code: payload["code"].as_i64().unwrap(),
                message: payload["message"].as_str().unwrap().into(),
                retry_after: payload["retry-after"].as_u64(),
            }
        }
        other => panic!("{about}: {other:?}"),
    }
}

/// Fills the backlog of a listener that never accepts, so that further connections are not made.
async fn full_backlog(address: SocketAddr) -> impl Sized {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut waiting = Vec::new();
    loop {
        match timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            Ok(stream) => waiting.push(stream.unwrap()),
            Err(_) => return (listener, waiting),
        }
        assert!(waiting.len() < 100, "the backlog has no end");
    }
}

#[tokio::test]
async fn every_fault_is_reported_as_expected() {
    let (local, permits) = (LocalSet::new(), Arc::new(Semaphore::new(MAX_CONCURRENT)));
    let mut running = Vec::new();
    for case in [connection_faults(), http_faults(), response_faults()].concat() {
        let mut row = vec![case.name.to_owned()];
        for call in CALLS {
            if !case.fault.applies_to(call) {
                row.push("–".into());
                continue;
            }
            row.push(case.expected.of(call).to_string());
            for acts in case.fault.variants() {
                let (case, permits) = (case.clone(), Arc::clone(&permits));
                running.push(local.spawn_local(async move {
                    let _permit = permits.acquire().await;
                    check(&case, call, *acts).await;
                }));
            }
        }
        println!("| {} |", row.join(" | "));
    }
    let total = running.len();
    let finished = local.run_until(join_all(running)).await;
    // The panic of each has its message.
    let failed = finished.iter().filter(|it| it.is_err()).count();
    assert_eq!(failed, 0, "of {total} faults");
}
