//! No secret, token or key comes back out: marked ones go in everywhere, and are searched for in everything that returns.

use std::sync::Arc;

use host_tests::{BASE_URL, TestBed, known_environment};
use serde_json::{Value, json};
use wecom_contract::Contract;
use wecom_host::{Body, CallError, Sending, Timeouts, TransportError, body};
use wecom_simulator::{Simulator, known};

/// How every marked secret begins: also of one that was cut, this much would be left.
const MARK: &str = "CANA";
const SECRET: &str = "CANARY-secret/+ 部&=";
const CONTACTS_SECRET: &str = "CANARY-contacts%20";
const KEY: &str = "CANARY-key?#\"";
const TOKEN: &str = "CANARY-token/+=";
const ENVIRONMENT: &[(&str, &str)] = &[
    ("WECOM_CORP_ID", "ww1"),
    ("WECOM_SECRET", SECRET),
    ("WECOM_CONTACTS_SECRET", CONTACTS_SECRET),
    ("WECOM_AGENT_ID", "1"),
    ("WECOM_CHATBOT_KEY", KEY),
    ("WECOM_BASE_URL", BASE_URL),
];

/// A server's way to give away what it was sent.
#[derive(Clone, Copy, Debug)]
enum Echo {
    /// In the errmsg of a refusal, behind so many other characters.
    Refusal(usize),
    /// In the errmsg of a dead token.
    DeadToken,
    /// In the errmsg of something that passes later.
    Busy,
    /// In the warning of an acceptance.
    Warning,
    /// On the page of a status.
    Page(u16),
    /// In what is no JSON.
    Garbage,
    /// As the errcode.
    Errcode,
    /// In the failure of the transport.
    Transport,
}

const ECHOES: [Echo; 10] = [
    Echo::Refusal(0),
    Echo::DeadToken,
    Echo::Busy,
    Echo::Warning,
    Echo::Page(302),
    Echo::Page(404),
    Echo::Page(500),
    Echo::Garbage,
    Echo::Errcode,
    Echo::Transport,
];

#[tokio::test(start_paused = true)]
async fn what_a_server_repeats_is_not_passed_on() {
    let mut calls = 0;
    for echo in ECHOES {
        for at_token in [false, true] {
            for (function, arguments) in calls_with_marked_credentials() {
                let mut bed = echoing(echo, at_token);
                let outcome = bed.call_json(&function, &arguments).await;
                check_clean(&format!("{function} {echo:?}"), &function, &outcome);
                calls += 1;
            }
        }
    }
    assert_eq!(calls, ECHOES.len() * 2 * (26 * 3 + 6 * 2));
}

#[tokio::test(start_paused = true)]
async fn nor_is_a_part_of_it_where_a_message_is_cut() {
    let arguments = json!({"application": {"profile": ""}, "department-id": null});
    for before in 400..520 {
        let mut bed = echoing(Echo::Refusal(before), false);
        let outcome = bed.call_json("list-department-ids", &arguments).await;
        check_clean(&format!("behind {before}"), "list-department-ids", &outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_secrets_are_not_passed_on() {
    let mut bed = TestBed::with_environment(ENVIRONMENT);
    for (function, arguments) in calls_with_marked_credentials() {
        let outcome = bed.call_json(&function, &arguments).await;
        assert!(matches!(outcome, Err(CallError::Returned(_))), "{function}: {outcome:?}");
        check_clean(&function, &function, &outcome);
    }
    let transcript = serde_json::to_string(&bed.simulator.transcript()).unwrap();
    assert!(transcript.contains("<unknown secret>") && transcript.contains("<unknown token>"));
    assert!(!transcript.contains(MARK), "{transcript}");
}

#[tokio::test(start_paused = true)]
async fn right_secrets_are_nowhere_either() {
    let mut bed = TestBed::with_environment(&known_environment());
    let secrets = ["simtoken-", known::APP_SECRET, known::CONTACTS_SECRET, known::CHATBOT_KEY];
    for action in Contract::load().unwrap().actions {
        let arguments = action.example.arguments;
        let outcome = bed.call_json(&action.name, &arguments).await;
        if action.name != "get-access-token" {
            let text = format!("{outcome:?}");
            assert!(!secrets.iter().any(|it| text.contains(it)), "{}: {text}", action.name);
        }
    }
    let transcript = serde_json::to_string(&bed.simulator.transcript()).unwrap();
    assert!(!secrets.iter().any(|it| transcript.contains(it)), "{transcript}");
}

#[tokio::test(start_paused = true)]
async fn misplaced_secrets_are_not_repeated() {
    let arguments = json!({"application": {"profile": ""}, "department-id": null});
    for (name, value) in [
        ("WECOM_AGENT_ID", SECRET),
        ("WECOM_BASE_URL", "https://CANARY:CANARY@proxy.example"),
        ("WECOM_BASE_URL", "CANARY"),
        ("WECOM_BASE_URL", "https://proxy.example/?key=CANARY"),
    ] {
        let kept = ENVIRONMENT.iter().copied().filter(|(it, _)| *it != name);
        let environment: Vec<_> = kept.chain([(name, value)]).collect();
        let mut bed = TestBed::with_environment(&environment);
        let outcome = bed.call_json("list-department-ids", &arguments).await;
        assert!(matches!(outcome, Err(CallError::Returned(_))), "{name}={value}: {outcome:?}");
        check_clean(&format!("{name}={value}"), "list-department-ids", &outcome);
    }
}

fn check_clean(what: &str, function: &str, outcome: &Result<Value, CallError>) {
    let text = match outcome {
        // The token is what was asked for.
        Ok(_) if function == "get-access-token" => return,
        Ok(value) => value.to_string(),
        Err(error @ CallError::Returned(_)) => format!("{error} {error:?}"),
        Err(error) => panic!("{what}: {error}"),
    };
    assert!(!text.contains(MARK), "{what}: {text}");
}

/// The example of every function, with marked credentials in the environment, by value, and as a token.
fn calls_with_marked_credentials() -> Vec<(String, Value)> {
    let application = [
        json!({"profile": ""}),
        json!({"credentials": {
            "corp-id": "ww1", "secret": SECRET, "contacts-secret": CONTACTS_SECRET, "agent-id": 1,
            "base-url": BASE_URL,
        }}),
        json!({"token": {"token": TOKEN, "agent-id": 1, "base-url": BASE_URL}}),
    ];
    let chatbot =
        [json!({"profile": ""}), json!({"credentials": {"key": KEY, "base-url": BASE_URL}})];
    let mut calls = Vec::new();
    for action in Contract::load().unwrap().actions {
        let arguments = action.example.arguments;
        let (name, identities) = match arguments.get("chatbot") {
            Some(_) => ("chatbot", &chatbot[..]),
            None => ("application", &application[..]),
        };
        for identity in identities {
            let mut arguments = arguments.clone();
            *arguments.get_mut(name).unwrap() = identity.clone();
            calls.push((action.name.clone(), arguments));
        }
    }
    calls
}

/// A bed before a server that grants [`TOKEN`] to everybody, unless it is the token call that is to be spoiled.
fn echoing(echo: Echo, at_token: bool) -> TestBed {
    let transport = move |request: http::Request<Body>, _: Timeouts| -> Sending {
        let uri = request.uri().to_string();
        let is_token = request.uri().path() == "/cgi-bin/gettoken";
        let response = if is_token && !at_token {
            let granted = json!({"errcode": 0, "access_token": TOKEN, "expires_in": 7200});
            Ok(http::Response::new(body(granted.to_string())))
        } else {
            echo.answer(&format!("{uri} {}", decoded(&uri)))
        };
        Box::pin(async { response })
    };
    TestBed::with_transport(Simulator::new().strict(), ENVIRONMENT, Arc::new(transport))
}

impl Echo {
    fn answer(self, heard: &str) -> Result<http::Response<Body>, TransportError> {
        let envelope = |code: i32, text: String| {
            let text = json!({"errcode": code, "errmsg": text}).to_string();
            Ok(http::Response::new(body(text)))
        };
        match self {
            Self::Refusal(before) => envelope(60011, "x".repeat(before) + heard),
            Self::DeadToken => envelope(40014, heard.into()),
            Self::Busy => envelope(-1, heard.into()),
            Self::Warning => envelope(0, format!("ok, warning: {heard}")),
            Self::Page(status) => Ok(http::Response::builder()
                .status(status)
                .header("location", "https://elsewhere.example/?CANARY")
                .body(body(format!("<html>{heard}</html>")))
                .unwrap()),
            Self::Garbage => Ok(http::Response::new(body(heard.to_owned()))),
            Self::Errcode => {
                let text = json!({"errcode": heard, "errmsg": heard}).to_string();
                Ok(http::Response::new(body(text)))
            }
            Self::Transport => Err(TransportError::InternalError(Some(heard.into()))),
        }
    }
}

/// A URI with its percent-encoding undone.
fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let hex: Vec<u8> = rest.by_ref().take(2).collect();
            let hex = std::str::from_utf8(&hex).unwrap();
            bytes.push(u8::from_str_radix(hex, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}
