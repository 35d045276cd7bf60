//! No result has a secret, token or key in it: marked ones are given to every function and searched for in all that returns.

use std::sync::Arc;

use host_tests::{BASE_URL, TestBed, known_environment};
use serde_json::{Value, json};
use wecom_contract::{Contract, Credentials};
use wecom_host::{Body, CallError, Sending, Timeouts, TransportError};
use wecom_simulator::{Simulator, known};

/// The prefix of every marked secret, which a truncated one would have too.
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

/// [`redaction`](super::faults) has the servers that echo secrets; here it is the transport.
#[tokio::test(start_paused = true)]
async fn transport_error_with_a_secret_is_redacted() {
    let transport = |request: http::Request<Body>, _: Timeouts| -> Sending {
        let text = format!("{} {SECRET} {CONTACTS_SECRET} {KEY}", request.uri());
        Box::pin(async { Err(TransportError::InternalError(Some(text))) })
    };
    let simulator = Simulator::new().strict();
    let mut bed = TestBed::with_transport(simulator, ENVIRONMENT, Arc::new(transport));
    for (function, arguments) in calls_with_marked_credentials() {
        let result = bed.call_json(&function, &arguments).await;
        check_clean(&function, &function, &result);
    }
}

#[tokio::test(start_paused = true)]
async fn refused_secrets_are_not_in_errors() {
    let mut bed = TestBed::with_environment(ENVIRONMENT);
    for (function, arguments) in calls_with_marked_credentials() {
        let outcome = bed.call_json(&function, &arguments).await;
        // What does not work is a finding.
        let is_check = function.starts_with("check-");
        assert!(
            is_check || matches!(outcome, Err(CallError::Returned(_))),
            "{function}: {outcome:?}"
        );
        check_clean(&function, &function, &outcome);
    }
    let transcript = serde_json::to_string(&bed.simulator.transcript()).unwrap();
    assert!(transcript.contains("<unknown secret>") && transcript.contains("<unknown token>"));
    assert!(!transcript.contains(MARK), "{transcript}");
}

#[tokio::test(start_paused = true)]
async fn accepted_secrets_are_in_no_result_and_no_transcript() {
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
async fn secrets_in_other_variables_are_not_in_errors() {
    let arguments = json!({"application": {"profile": ""}, "department-id": null});
    for (name, value) in [
        ("WECOM_AGENT_ID", SECRET),
        ("WECOM_BASE_URL", "https://CANARY:CANARY@proxy.example"),
        ("WECOM_BASE_URL", "CANARY"),
        ("WECOM_BASE_URL", "https://proxy.example/?key=CANARY"),
    ] {
        let others = ENVIRONMENT.iter().copied().filter(|(it, _)| *it != name);
        let environment: Vec<_> = others.chain([(name, value)]).collect();
        let mut bed = TestBed::with_environment(&environment);
        let outcome = bed.call_json("list-department-ids", &arguments).await;
        assert!(matches!(outcome, Err(CallError::Returned(_))), "{name}={value}: {outcome:?}");
        check_clean(&format!("{name}={value}"), "list-department-ids", &outcome);
    }
}

fn check_clean(what: &str, function: &str, outcome: &Result<Value, CallError>) {
    let text = match outcome {
        // The token is the result.
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
        let (name, identities) = match action.credentials {
            Some(Credentials::Chatbot) => ("chatbot", &chatbot[..]),
            Some(Credentials::Application) => ("application", &application[..]),
            None => continue,
        };
        for identity in identities {
            let mut arguments = arguments.clone();
            *arguments.get_mut(name).unwrap() = identity.clone();
            calls.push((action.name.clone(), arguments));
        }
    }
    calls
}
