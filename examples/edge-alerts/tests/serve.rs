//! The composed component behind a server, against the simulator behind a port: what Alertmanager posts, and what the
//! group chat then reads.
//!
//! In process it runs everywhere. With the feature `hosts` the same story runs under `wasmtime serve` and `jco serve`,
//! composed by `wac`; the variables `WASMTIME`, `JCO` and `WAC` say where these are, if not in the path.

#![cfg_attr(
    not(feature = "hosts"),
    allow(dead_code, unused_imports, reason = "what starts other hosts")
)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "serve/compose.rs"]
mod compose;
#[path = "serve/in_process.rs"]
mod in_process;

use std::{
    env,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::runtime::Runtime;
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

use crate::in_process::InProcess;

const TOKEN: &str = "alertmanager-and-nobody-else";
const PAYLOAD: &str = include_str!("alertmanager.json");
const MEBIBYTE: usize = 1 << 20;

/// What stands before the component.
trait Server {
    fn post(&self, authorization: &str, body: &str) -> Reply;
}

#[derive(Debug)]
struct Reply {
    status: u16,
    retry_after: Option<String>,
    text: String,
}

/// A WeCom with a chatbot.
struct WeCom {
    simulator: Simulator,
    address: SocketAddr,
    _runtime: Runtime,
}

impl WeCom {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (simulator, address) = (Simulator::new().strict(), listener.local_addr().unwrap());
        runtime.spawn(server::serve(listener, simulator.clone(), |_| {}));
        Self { simulator, address, _runtime: runtime }
    }

    fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("ALERTS_TOKEN", TOKEN.into()),
            ("WECOM_CHATBOT_KEY", known::CHATBOT_KEY.into()),
            ("WECOM_BASE_URL", format!("http://{}", self.address)),
        ]
    }

    fn messages(&self) -> Vec<Value> {
        self.simulator.state()["chatbot_messages"].as_array().unwrap().clone()
    }

    fn trouble(&self, kind: FaultKind) {
        self.simulator.inject(Fault { on: String::new(), skip: 0, times: 1, act: false, kind });
    }
}

/// Everything the function answers, one after the other.
fn story(wecom: &WeCom, server: &impl Server) {
    let bearer = format!("Bearer {TOKEN}");
    let post = |body: &str| server.post(&bearer, body);
    let check = |reply: Reply, status: u16, text: &str| {
        assert!(reply.status == status && reply.text.contains(text), "{status} {text}: {reply:?}");
        reply
    };

    check(post(PAYLOAD), 200, "sent\n");
    let messages = wecom.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["msgtype"], "markdown");
    let said = messages[0]["content"]["content"].as_str().unwrap();
    assert!(said.starts_with("**[FIRING:2] TransformerOverTemperature north**"), "{said}");
    assert!(said.contains("变压器 T3 油温 98.2 °C"), "{said}");

    let mut storm: Value = PAYLOAD.parse().unwrap();
    let alert = storm["alerts"][0].clone();
    storm["alerts"] = vec![alert; 200].into();
    check(post(&storm.to_string()), 200, "sent; cut: alerts that did not fit: 186\n");
    let said = wecom.messages()[1]["content"]["content"].as_str().unwrap().to_owned();
    assert!(said.len() <= 4096 && said.ends_with("that did not fit: 186</font>"), "{said}");

    // Refused at the door.
    check(server.post("", PAYLOAD), 401, "token");
    check(server.post("Bearer somebody-else", PAYLOAD), 401, "token");
    check(post("{}"), 400, "not a notification");
    check(post(&" ".repeat(MEBIBYTE + 1)), 413, "1048576");
    assert_eq!(wecom.simulator.transcript().len(), 2, "WeCom has heard nothing of it");

    // WeCom's troubles.
    wecom.trouble(FaultKind::Errcode { code: 93000, message: "invalid webhook url".into() });
    check(post(PAYLOAD), 502, "93000");
    wecom.trouble(FaultKind::ResetBeforeReply);
    check(post(PAYLOAD), 502, "did not answer");
    wecom.trouble(FaultKind::Body(b"<html>".to_vec()));
    check(post(PAYLOAD), 502, "not understood");
    wecom.trouble(FaultKind::Errcode { code: 45009, message: "api freq out of limit".into() });
    let reply = check(post(PAYLOAD), 503, "45009");
    assert_eq!(reply.retry_after.as_deref(), Some("60"));

    check(post(PAYLOAD), 200, "sent\n");
    assert_eq!(wecom.messages().len(), 3);
}

#[test]
fn in_process() {
    let wecom = WeCom::new();
    story(&wecom, &InProcess::new(&wecom.environment()));
}

#[test]
fn without_a_server_behind_it() {
    let wecom = WeCom::new();
    let mut environment = wecom.environment();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    environment[2].1 = format!("http://{closed}");
    let reply = InProcess::new(&environment).post(&format!("Bearer {TOKEN}"), PAYLOAD);
    assert_eq!((reply.status, reply.retry_after.as_deref()), (503, Some("10")), "{reply:?}");
}

#[test]
fn without_its_variables() {
    let wecom = WeCom::new();
    let [token, key, url] = wecom.environment();
    for (environment, missing) in
        [(vec![key.clone(), url.clone()], "ALERTS_TOKEN"), (vec![token, url], "WECOM_CHATBOT_KEY")]
    {
        let reply = InProcess::new(&environment).post(&format!("Bearer {TOKEN}"), PAYLOAD);
        assert!(reply.status == 503 && reply.text.contains(missing), "{reply:?}");
    }
    assert!(wecom.simulator.transcript().is_empty());
}

#[test]
#[cfg(feature = "hosts")]
fn under_wasmtime_serve() {
    let wecom = WeCom::new();
    story(&wecom, &Process::wasmtime(&wecom));
}

#[test]
#[cfg(feature = "hosts")]
fn under_jco_serve() {
    let wecom = WeCom::new();
    story(&wecom, &Process::jco(&wecom));
}

/// A server of its own.
struct Process(Child, SocketAddr);

impl Process {
    fn wasmtime(wecom: &WeCom) -> Self {
        let address = free_address();
        let mut command = Command::new(tool("WASMTIME", "wasmtime"));
        command.args(["serve", "-Scli", "-Shttp", "--addr", &address.to_string()]);
        for (name, value) in wecom.environment() {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        Self::start(command.arg(compose::by_wac()), address)
    }

    fn jco(wecom: &WeCom) -> Self {
        let address = free_address();
        let mut command = Command::new(tool("JCO", "jco"));
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        command.arg("serve").arg(compose::by_wac()).args(["--host", &host, "--port", &port]);
        Self::start(command.envs(wecom.environment()), address)
    }

    fn start(command: &mut Command, address: SocketAddr) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().unwrap();
        while TcpStream::connect(address).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "the server has ended");
            thread::sleep(Duration::from_millis(50));
        }
        Self(child, address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server for Process {
    fn post(&self, authorization: &str, body: &str) -> Reply {
        let mut stream = TcpStream::connect(self.1).unwrap();
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nauthorization: {authorization}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            self.1
        );
        stream.write_all(head.as_bytes()).unwrap();
        // A server that has seen enough may hang up.
        let _ = stream.write_all(body.as_bytes());
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).unwrap();
        let (head, text) = reply.split_once("\r\n\r\n").unwrap();
        let head = head.to_ascii_lowercase();
        let retry_after = head.lines().find_map(|it| it.strip_prefix("retry-after: "));
        Reply {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            retry_after: retry_after.map(str::to_owned),
            text: text.to_owned(),
        }
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn tool(variable: &str, name: &str) -> String {
    env::var(variable).unwrap_or_else(|_| name.into())
}
