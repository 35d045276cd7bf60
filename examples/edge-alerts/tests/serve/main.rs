//! The edge function behind a server, against the simulator behind a port: what Alertmanager posts, and what members read.
//!
//! In process it runs everywhere. With the feature `hosts` the same test runs under `wasmtime serve`, `jco serve` and
//! `wash dev`; the variables `WASMTIME`, `JCO` and `WASH` name the programs, if they are not in the path.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[cfg_attr(not(feature = "hosts"), allow(dead_code, reason = "files for other hosts"))]
mod compose;
mod in_process;
#[cfg(feature = "hosts")]
mod process;
mod server;

use std::net::TcpListener;

use serde_json::Value;
use wecom_simulator::FaultKind;

use crate::{
    in_process::InProcess,
    server::{Reply, Server, TOKEN, WeCom},
};

const PAYLOAD: &str = include_str!("../alertmanager.json");
const MEBIBYTE: usize = 1 << 20;

/// Every response of the function, one after the other.
fn check_responses(wecom: &WeCom, server: &impl Server) {
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
    let sent = messages[0]["content"]["content"].as_str().unwrap();
    assert!(sent.starts_with("**[FIRING:2] TransformerOverTemperature north**"), "{sent}");
    assert!(sent.contains("变压器 T3 油温 98.2 °C"), "{sent}");

    let mut storm: Value = PAYLOAD.parse().unwrap();
    let alert = storm["alerts"][0].clone();
    storm["alerts"] = vec![alert; 200].into();
    check(post(&storm.to_string()), 200, "sent; alerts that did not fit: 186\n");
    let sent = wecom.messages()[1]["content"]["content"].as_str().unwrap().to_owned();
    assert!(sent.len() <= 4096 && sent.ends_with("that did not fit: 186</font>"), "{sent}");

    // Rejected before anything is sent.
    check(server.post("", PAYLOAD), 401, "token");
    check(server.post("Bearer of-another", PAYLOAD), 401, "token");
    check(post("{}"), 400, "not a notification");
    check(post(&" ".repeat(MEBIBYTE + 1)), 413, "1048576");
    assert_eq!(wecom.simulator.transcript().len(), 2, "nothing was sent");

    // What goes wrong at WeCom.
    wecom.inject(FaultKind::Errcode { code: 93000, message: "invalid webhook url".into() });
    check(post(PAYLOAD), 502, "93000");
    wecom.inject(FaultKind::ResetBeforeReply);
    check(post(PAYLOAD), 502, "did not respond");
    wecom.inject(FaultKind::Body(b"<html>".to_vec()));
    check(post(PAYLOAD), 502, "not WeCom's");
    wecom.inject(FaultKind::Errcode { code: 45009, message: "api freq out of limit".into() });
    let reply = check(post(PAYLOAD), 503, "45009");
    assert_eq!(reply.retry_after.as_deref(), Some("60"));

    check(post(PAYLOAD), 200, "sent\n");
    assert_eq!(wecom.messages().len(), 3);
}

#[test]
fn in_process() {
    let wecom = WeCom::new();
    check_responses(&wecom, &InProcess::new(&wecom.environment()));
}

#[test]
fn unreachable_server_is_503() {
    let wecom = WeCom::new();
    let mut environment = wecom.environment();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    environment[2].1 = format!("http://{closed}");
    let reply = InProcess::new(&environment).post(&format!("Bearer {TOKEN}"), PAYLOAD);
    assert_eq!((reply.status, reply.retry_after.as_deref()), (503, Some("10")), "{reply:?}");
}

#[test]
fn missing_variables_are_503() {
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

/// The requests for a token that five alerts to members cost.
fn token_requests(wecom: &WeCom, server: &impl Server) -> usize {
    let before = wecom.simulator.transcript().len();
    for _ in 0..5 {
        let reply = server.post(&format!("Bearer {TOKEN}"), PAYLOAD);
        assert_eq!((reply.status, reply.text.as_str()), (200, "sent\n"));
    }
    let requests = wecom.simulator.transcript();
    requests.iter().skip(before).filter(|it| it.path == "/cgi-bin/gettoken").count()
}

#[test]
fn members_get_application_messages() {
    let wecom = WeCom::new();
    let server = InProcess::new(&wecom.environment_for_members());
    assert_eq!(token_requests(&wecom, &server), 5, "an instance per request");
    let messages = &wecom.simulator.state()["messages"];
    let sent = messages[0]["content"]["content"].as_str().unwrap();
    assert!(sent.starts_with("**[FIRING:2] TransformerOverTemperature north**"), "{sent}");

    let mut environment = wecom.environment_for_members();
    environment.last_mut().unwrap().1 = "founder|nobody".into();
    let reply = InProcess::new(&environment).post(&format!("Bearer {TOKEN}"), PAYLOAD);
    assert_eq!((reply.status, reply.text.as_str()), (200, "sent; not reached: nobody\n"));
}

#[cfg(feature = "hosts")]
mod hosts {
    use std::thread;

    use super::*;
    use crate::process::Process;

    #[test]
    fn wasmtime_serve() {
        let wecom = WeCom::new();
        check_responses(&wecom, &Process::wasmtime(&wecom.environment(), &[]));
    }

    #[test]
    fn wasmtime_serve_keeps_instances_and_tokens_with_an_option() {
        let wecom = WeCom::new();
        let environment = wecom.environment_for_members();
        let server = Process::wasmtime(&environment, &[]);
        assert_eq!(token_requests(&wecom, &server), 5, "an instance per request");

        let options = ["--max-instance-reuse-count", "1000", "--idle-instance-timeout", "3600s"];
        let server = Process::wasmtime(&environment, &options);
        assert_eq!(token_requests(&wecom, &server), 1, "one instance");
    }

    #[test]
    fn jco_serve() {
        let wecom = WeCom::new();
        check_responses(&wecom, &Process::jco(&wecom.environment()));
    }

    #[test]
    fn jco_serve_keeps_the_instance_and_the_token() {
        let wecom = WeCom::new();
        let server = Process::jco(&wecom.environment_for_members());
        assert_eq!(token_requests(&wecom, &server), 1);
    }

    #[test]
    fn wash_dev() {
        let wecom = WeCom::new();
        check_responses(&wecom, &Process::wash(&wecom, |config| config));
    }

    #[test]
    fn wash_dev_grants_hosts_per_component() {
        let wecom = WeCom::new();
        let address = format!("http://{}", wecom.address);
        let server = Process::wash(&wecom, |config| {
            config
                .replace(&format!(", \"{address}\""), "")
                .replace("  allowedHosts: []", &format!("  allowedHosts: [\"{address}\"]"))
        });
        let reply = server.post(&format!("Bearer {TOKEN}"), PAYLOAD);
        assert_ne!(
            reply.status, 200,
            "what the handler is granted is not the connector's: {reply:?}"
        );
        assert!(wecom.messages().is_empty());
    }

    #[test]
    fn no_host_ends_a_call_of_20_seconds() {
        let wait = |start: fn(&WeCom) -> Process| {
            let wecom = WeCom::new();
            let server = start(&wecom);
            wecom.inject(FaultKind::SlowBody { chunk: MEBIBYTE, pause_ms: 20_000 });
            assert_eq!(server.post(&format!("Bearer {TOKEN}"), PAYLOAD).status, 200);
        };
        let hosts: [fn(&WeCom) -> Process; 3] = [
            |wecom| Process::wasmtime(&wecom.environment(), &[]),
            |wecom| Process::jco(&wecom.environment()),
            |wecom| Process::wash(wecom, |config| config),
        ];
        thread::scope(|scope| {
            for host in hosts {
                scope.spawn(move || wait(host));
            }
        });
    }

    /// As of wash 2.10, instances are pooled only for calls with WASI 0.3.
    #[test]
    fn wash_dev_keeps_no_instance() {
        let wecom = WeCom::new();
        let server = Process::wash(&wecom, |config| {
            config
                .replace("fromEnv: [ALERTS_TOKEN]", "fromEnv: [ALERTS_TOKEN, ALERTS_USERS]")
                .replace(
                    "WECOM_BASE_URL]",
                    "WECOM_BASE_URL, WECOM_CORP_ID, WECOM_SECRET, WECOM_AGENT_ID]",
                )
                .replace("      environment:", "      poolSize: 4\n      environment:")
        });
        assert_eq!(token_requests(&wecom, &server), 5);
    }
}
