//! Servers that repeat what they were sent, in every place and spelling: no secret comes out of an error.

use std::{fmt::Write as _, sync::Arc};

use host_tests::TestBed;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use wecom_host::{CallError, Pool, PoolOptions};
use wecom_simulator::Simulator;

use super::{PATIENCE, peer::listener};

const SECRET: &str = "s3cr3t/Ü +%&=\"x";
const KEY: &str = "k3y/Ü +%&=\"x";
const TOKEN: &str = "t0k3n/Ü +%&=\\x";

/// An answer that tells this.
type Tell = fn(&str) -> Vec<u8>;

/// A server that answers everything alike, with what it was sent in it. A call for a token is granted first, if it is
/// not the one to be spoiled.
#[derive(Clone, Copy)]
struct Telltale {
    on_token: bool,
    answer: Tell,
}

const ANSWERS: [(&str, Tell); 12] = [
    ("500", |it| http("500 Error", it)),
    ("404", |it| http("404 Not Found", it)),
    ("302", |it| format!("HTTP/1.1 302 Found\r\nlocation: {}\r\n\r\n", one_line(it)).into()),
    ("not HTTP", |it| format!("{}\r\n\r\n", one_line(it)).into()),
    ("a header, and a cut body", |it| {
        format!("HTTP/1.1 200 OK\r\nx-echo: {}\r\ncontent-length: 9\r\n\r\n{{", one_line(it)).into()
    }),
    ("a bad status line", |it| format!("HTTP/1.1 {} OK\r\n\r\n", one_line(it)).into()),
    ("HTML", |it| http("200 OK", it)),
    ("a refusal", |it| refusal(60011, it)),
    ("busy", |it| refusal(-1, it)),
    ("a dead token", |it| refusal(40014, it)),
    ("a refusal across the longest message", |it| {
        // Where messages are cut there is a secret.
        let end = it.rfind(' ').unwrap_or_default();
        let last = it[..end].rfind(' ').map_or(it, |start| &it[start..]);
        refusal(60011, &["x".repeat(512 - last.len() / 2).as_str(), last].concat())
    }),
    ("a warning", |it| refusal(0, &format!("Warning: {it}"))),
];

fn http(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
}

fn refusal(code: i32, message: &str) -> Vec<u8> {
    http("200 OK", &json!({"errcode": code, "errmsg": message}).to_string())
}

fn one_line(text: &str) -> String {
    text.chars().filter(|it| !it.is_control()).collect()
}

impl Telltale {
    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // An error is a client that has heard enough.
            tokio::spawn(async move { drop(self.talk(stream).await) });
        }
    }

    async fn talk(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // All requests here are short and come in one piece.
        let n = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&request);
        let target = text.split(' ').nth(1).unwrap_or_default();
        let answer = if target.contains("gettoken") && !self.on_token {
            let token =
                json!({"errcode": 0, "errmsg": "ok", "access_token": TOKEN, "expires_in": 7200});
            http("200 OK", &token.to_string())
        } else {
            // Whatever it was sent, in every spelling.
            let mut told = format!("{target} ");
            for (name, secret) in [("corpsecret=", SECRET), ("key=", KEY), ("access_token=", TOKEN)]
            {
                if target.contains(name) {
                    let _ = write!(told, "{} ", spellings(secret).join(" "));
                }
            }
            (self.answer)(&told)
        };
        stream.write_all(&answer).await?;
        stream.shutdown().await
    }
}

/// As it is, and percent-encoded with capital and with small letters.
fn spellings(secret: &str) -> Vec<String> {
    let encode = |small: bool| {
        let mut text = String::new();
        for byte in secret.bytes() {
            let _ = match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => write!(text, "{}", char::from(byte)),
                _ if small => write!(text, "%{byte:02x}"),
                _ => write!(text, "%{byte:02X}"),
            };
        }
        text
    };
    vec![secret.into(), encode(false), encode(true)]
}

/// What would give a secret away: of each spelling the first bytes, so that a cut one is found too.
fn traces() -> Vec<String> {
    let mut traces = Vec::new();
    for secret in [SECRET, KEY, TOKEN] {
        for spelling in spellings(secret) {
            traces.push(spelling.chars().take(5).collect());
        }
    }
    traces
}

#[tokio::test]
async fn no_error_tells_a_secret() {
    let application =
        json!({"credentials": {"corp-id": "c0rp", "secret": SECRET, "contacts-secret": SECRET}});
    let message = json!({"group-chat-id": "a", "content": "x"});
    let calls = [
        ("send-group-text", json!({"application": application, "message": message})),
        ("list-department-ids", json!({"application": application})),
        ("get-access-token", json!({"application": application, "scope": "application"})),
        ("delete-member", json!({"application": {"token": {"token": TOKEN}}, "user-id": "a"})),
        (
            "send-chatbot-text",
            json!({"chatbot": {"credentials": {"key": KEY}}, "message": {"content": "x"}}),
        ),
    ];

    let mut told = Vec::new();
    for (name, answer) in ANSWERS {
        for on_token in [false, true] {
            let (listener, address) = listener().await;
            let server = tokio::spawn(Telltale { on_token, answer }.serve(listener));
            let pool = PoolOptions {
                first_byte: PATIENCE,
                between_bytes: PATIENCE,
                ..PoolOptions::default()
            };
            let transport = Arc::new(Pool::new(pool));
            let mut bed = TestBed::with_transport(Simulator::new().strict(), &[], transport);
            for (function, arguments) in &calls {
                let mut arguments = arguments.clone();
                for who in ["application", "chatbot"] {
                    for case in ["credentials", "token"] {
                        if let Some(it) = arguments.pointer_mut(&format!("/{who}/{case}")) {
                            it["base-url"] = Value::from(format!("http://{address}"));
                        }
                    }
                }
                let result = bed.call_json(function, &arguments).await;
                let said = match &result {
                    // A token is what this function is for.
                    Ok(_) if *function == "get-access-token" => String::new(),
                    Err(CallError::Returned(error)) => format!("{result:?} {error}"),
                    Err(CallError::Stopped(_)) => panic!("{name}, {function}: {result:?}"),
                    _ => format!("{result:?}"),
                };
                for trace in traces() {
                    // Quotes and backslashes are escaped in what is printed.
                    if said.contains(&trace) || said.contains(&trace.escape_debug().to_string()) {
                        told.push(format!(
                            "{name}, on token: {on_token}, {function}: {trace}: {said}"
                        ));
                    }
                }
            }
            server.abort();
        }
    }
    assert!(told.is_empty(), "{}", told.join("\n"));
}
