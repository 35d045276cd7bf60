//! Servers that echo what they were sent, in every place of a response and every spelling: no result has a secret in it.

use std::{fmt::Write as _, sync::Arc};

use host_tests::TestBed;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use wecom_host::{CallError, Pool, PoolOptions};
use wecom_simulator::Simulator;

use super::{POOL_TIMEOUT, raw_server::listener};

const SECRET: &str = "s3cr3t/Ü +%&=\"x";
const KEY: &str = "k3y/Ü +%&=\"x";
const TOKEN: &str = "t0k3n/Ü +%&=\\x";

/// A response with a text in it.
type Response = fn(&str) -> Vec<u8>;

/// A server that echoes the secrets of each request. Requests for a token are granted unless `on_token`.
#[derive(Clone, Copy)]
struct EchoServer {
    on_token: bool,
    response: Response,
}

const RESPONSES: [(&str, Response); 13] = [
    ("500", |it| http("500 Error", it)),
    ("404", |it| http("404 Not Found", it)),
    ("302", |it| format!("HTTP/1.1 302 Found\r\nlocation: {}\r\n\r\n", one_line(it)).into()),
    ("not HTTP", |it| format!("{}\r\n\r\n", one_line(it)).into()),
    ("a header, and a truncated body", |it| {
        format!("HTTP/1.1 200 OK\r\nx-echo: {}\r\ncontent-length: 9\r\n\r\n{{", one_line(it)).into()
    }),
    ("a bad status line", |it| format!("HTTP/1.1 {} OK\r\n\r\n", one_line(it)).into()),
    ("HTML", |it| http("200 OK", it)),
    ("a refusal", |it| refusal(60011, it)),
    ("busy", |it| refusal(-1, it)),
    ("a dead token", |it| refusal(40014, it)),
    ("a refusal with a secret where the message is truncated", |it| {
        let end = it.rfind(' ').unwrap_or_default();
        let last = it[..end].rfind(' ').map_or(it, |start| &it[start..]);
        refusal(60011, &["x".repeat(512 - last.len() / 2).as_str(), last].concat())
    }),
    ("a warning", |it| refusal(0, &format!("Warning: {it}"))),
    ("an errcode that is a text", |it| {
        http("200 OK", &json!({"errcode": it, "errmsg": it}).to_string())
    }),
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

impl EchoServer {
    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // An error is a client that disconnected.
            tokio::spawn(async move { drop(self.connection(stream).await) });
        }
    }

    async fn connection(self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        // All requests here fit into one segment.
        let n = stream.read(&mut buffer).await?;
        request.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&request);
        let target = text.split(' ').nth(1).unwrap_or_default();
        let response = if target.contains("gettoken") && !self.on_token {
            let token =
                json!({"errcode": 0, "errmsg": "ok", "access_token": TOKEN, "expires_in": 7200});
            http("200 OK", &token.to_string())
        } else {
            let mut echo = format!("{target} ");
            for (name, secret) in [("corpsecret=", SECRET), ("key=", KEY), ("access_token=", TOKEN)]
            {
                if target.contains(name) {
                    let _ = write!(echo, "{} ", spellings(secret).join(" "));
                }
            }
            (self.response)(&echo)
        };
        stream.write_all(&response).await?;
        stream.shutdown().await
    }
}

/// As it is, and percent-encoded with upper-case and with lower-case digits.
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

/// The first characters of each spelling, so that a truncated secret is found too.
fn secret_prefixes() -> Vec<String> {
    let mut prefixes = Vec::new();
    for secret in [SECRET, KEY, TOKEN] {
        for spelling in spellings(secret) {
            prefixes.push(spelling.chars().take(5).collect());
        }
    }
    prefixes
}

#[tokio::test]
async fn echoed_secrets_are_in_no_result() {
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

    let mut found = Vec::new();
    for (name, response) in RESPONSES {
        for on_token in [false, true] {
            let (listener, address) = listener().await;
            let server = tokio::spawn(EchoServer { on_token, response }.serve(listener));
            let pool = PoolOptions {
                first_byte: POOL_TIMEOUT,
                between_bytes: POOL_TIMEOUT,
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
                let text = match &result {
                    // The token is its result.
                    Ok(_) if *function == "get-access-token" => String::new(),
                    Err(CallError::Returned(error)) => format!("{result:?} {error}"),
                    Err(CallError::Stopped(_)) => panic!("{name}, {function}: {result:?}"),
                    _ => format!("{result:?}"),
                };
                for prefix in secret_prefixes() {
                    // Debug output escapes quotes and backslashes.
                    if text.contains(&prefix) || text.contains(&prefix.escape_debug().to_string()) {
                        found.push(format!(
                            "{name}, on token: {on_token}, {function}: {prefix}: {text}"
                        ));
                    }
                }
            }
            server.abort();
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
