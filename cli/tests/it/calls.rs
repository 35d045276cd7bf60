//! Calls, results and exit codes.

use serde_json::json;

use crate::{
    error, outcome, result,
    server::{Response, Server},
};

#[test]
fn a_call_prints_its_result_as_json() {
    let server =
        Server::new(Response::Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": "m1" })));
    let output = server.run("wecom call send-app-text recipients=everyone content=hi");
    assert_eq!(result(&output)["message-id"], "m1");
    let targets: Vec<_> = server.requests().into_iter().map(|it| it.target).collect();
    assert_eq!(targets.len(), 2, "{targets:?}");
    assert!(targets[1].starts_with("POST /cgi-bin/message/send?access_token=token-of-the-test"));
}

#[test]
fn the_action_is_the_command() {
    let server = Server::accepting();
    for words in [
        "wecom send-chatbot-text content=hi",
        "wecom --lang en send-chatbot-text content=hi",
        "wecom send-chatbot-text --timeout 9 content=hi --lang en",
    ] {
        result(&server.run(words));
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn timeout_after_the_request_may_have_taken_effect() {
    let server = Server::new(Response::Silence);
    for words in ["send-app-text recipients=everyone content=x", "send-chatbot-text content=x"] {
        let output = server.run(&format!("wecom call {words} --timeout 1"));
        assert_eq!(output.status.code(), Some(6), "{}", outcome(&output));
        let stopped = error(&output)["stopped"].to_string();
        assert!(stopped.contains("took longer than 1 s"), "{stopped}");
        assert!(stopped.contains("may have taken effect"), "{stopped}");
    }
}

#[test]
fn failed_write_is_a_failure() {
    let server = Server::accepting();
    let output = server.run("wecom call send-chatbot-text content=hi >/dev/full");
    assert_eq!(output.status.code(), Some(1), "{}", outcome(&output));
    assert!(error(&output)["output"].to_string().contains("No space left"));
}

#[test]
fn reader_that_has_read_enough_is_no_failure() {
    // More than a pipe holds.
    let shell = "{ wecom man; wecom man; echo $? >&2; } | head -n 1 >/dev/null";
    let output = Server::accepting().run(shell);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "0\n", "{}", outcome(&output));
}

#[test]
fn exit_codes() {
    for (errcode, code) in [(0, 0), (93000, 3), (45009, 4)] {
        let server = Server::new(Response::Json(json!({ "errcode": errcode, "errmsg": "x" })));
        let output = server.run("wecom call send-chatbot-text content=hi");
        assert_eq!(output.status.code(), Some(code), "{}", outcome(&output));
    }
    let mut command = Server::accepting().command("wecom call send-chatbot-text content=hi");
    let output = command.env("WECOM_BASE_URL", "http://127.0.0.1:1").output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", outcome(&output));
    let output = command.env_remove("WECOM_CHATBOT_KEY").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
}
