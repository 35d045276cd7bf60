//! The `wecom` command, run as it is, with a component behind which nothing stands: a call that reaches it is "stopped".

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "../src/testing.rs"]
mod testing;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use expect_test::{Expect, expect};
use serde_json::Value;
use wecom_host::contract::{self, Contract};

/// A folder with the hollow component and a file to send.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        fs::write(folder.join("hollow.wasm"), testing::hollow_connector(contract::FILES)).unwrap();
        fs::write(folder.join("rota.txt"), "Mon 7-5").unwrap();
        fs::write(folder.join("text.json"), r#"{"content": "hi"}"#).unwrap();
        fs::write(folder.join("latin1.txt"), b"\xe9").unwrap();
        folder
    })
}

fn wecom(shell: &str) -> Output {
    let command = shell.replacen("wecom", concat!("\"", env!("CARGO_BIN_EXE_wecom"), "\""), 1);
    let mut process = Command::new("sh");
    process.arg("-c").arg(command).current_dir(folder()).env("XDG_CACHE_HOME", folder());
    process.output().unwrap()
}

/// The exit code, and what is printed.
#[track_caller]
fn check(shell: &str, expected: Expect) {
    let output = wecom(shell);
    let code = output.status.code().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(err.is_empty() || serde_json::from_str::<Value>(&err).is_ok(), "not JSON: {err}");
    expected.assert_eq(&format!("{code} {out}{err}"));
}

fn stopped(output: &Output) -> bool {
    output.status.code() == Some(1)
        && String::from_utf8_lossy(&output.stderr).starts_with(r#"{"error":{"stopped":"#)
}

#[test]
fn every_example_can_be_copied() {
    for action in Contract::load().unwrap().actions {
        let output = wecom(&format!("wecom describe {}", action.name));
        let text = String::from_utf8(output.stdout).unwrap();
        let examples: Vec<_> =
            text.lines().filter_map(|it| it.strip_prefix("  wecom call ")).collect();
        assert_eq!(examples.len(), 2, "{text}");
        for example in examples {
            let output = wecom(&format!("wecom call --wasm hollow.wasm {example}"));
            assert!(stopped(&output), "{example}\n{output:?}");
        }
    }
}

#[test]
fn spellings() {
    for arguments in [
        "send-chatbot-text content=hi",
        "send-chatbot-text content=",
        "send-chatbot-text content=@rota.txt",
        "send-chatbot-text content=@@noor",
        "send-chatbot-text content=a=b --profile sales",
        "send-chatbot-text message.content=hi",
        r#"send-chatbot-text '{"message":{"content":"hi"}}'"#,
        r#"send-chatbot-text '{"chatbot":{"profile":""},"content":"hi"}' mention-everyone=true"#,
        "send-chatbot-text @text.json mentioned-users=noor.h mentioned-users=iker.z",
        "send-chatbot-text - <text.json",
        r#"send-chatbot-text content=hi --as '{"credentials":{"key":"k"}}'"#,
        "send-chatbot-text content=hi chatbot.credentials.key=k",
        "send-chatbot-image image.bytes=@rota.txt",
        r#"send-chatbot-image '{"image":{"bytes":"@rota.txt"}}'"#,
        "list-member-ids",
        "list-member-ids limit=10 cursor=null",
        "update-member user-id=iker.z position.set=Driver direct-superiors.set=noor.h name=null",
        "delete-department --timeout 5 department-id=310",
    ] {
        let output = wecom(&format!("wecom call --wasm hollow.wasm {arguments}"));
        assert!(stopped(&output), "{arguments}\n{output:?}");
    }
}

#[test]
fn bad_input() {
    check(
        "wecom",
        expect![[r#"
        2 {"error":{"usage":"say what to do: `wecom call`, `wecom actions`, `wecom describe`, or `wecom --help`"}}
    "#]],
    );
    check(
        "wecom call",
        expect![[r#"
            2 {"error":{"usage":"the following required arguments were not provided: <ACTION>"}}
        "#]],
    );
    check(
        "wecom cal x",
        expect![[r#"
        2 {"error":{"usage":"unrecognized subcommand 'cal'; tip: a similar subcommand exists: 'call'"}}
    "#]],
    );
    check(
        "wecom call send-text content=hi",
        expect![[r#"
        2 {"error":{"unknown-action":{"action":"send-text","similar":["send-app-text","send-group-text","send-app-text-card"]}}}
    "#]],
    );
    check(
        "wecom describe sen-app-text",
        expect![[r#"
        2 {"error":{"unknown-action":{"action":"sen-app-text","similar":["send-app-text","send-app-text-card","send-group-text"]}}}
    "#]],
    );
}

#[test]
fn bad_fields() {
    check(
        "wecom call --wasm hollow.wasm send-app-text",
        expect![[r#"
        2 {"error":{"arguments":[{"field":"message.recipients","reason":"is missing; expected one of \"everyone\", {\"selected\": …}"},{"field":"message.content","reason":"is missing; expected a string"}]}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-app-text recipients=everybody content=5 contnt=6",
        expect![[r#"
            2 {"error":{"arguments":[{"field":"contnt","reason":"there is no such field; known are recipients, content, confidentiality, options"}]}}
        "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-app-text recipients.selected.user=x",
        expect![[r#"
        2 {"error":{"arguments":[{"field":"recipients.selected.user","reason":"there is no such field; known are users, departments, tags"}]}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm list-member-ids limit=-1",
        expect![[r#"
        2 {"error":{"arguments":[{"field":"limit","reason":"is not a whole number from 0 to 4294967295"}]}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm list-member-ids limit=many",
        expect![[r#"
            2 {"error":{"arguments":[{"field":"limit","reason":"expected a whole number from 0 to 4294967295, found a string"}]}}
        "#]],
    );
    check(
        "wecom call --wasm hollow.wasm list-member-ids limits=1",
        expect![[r#"
        2 {"error":{"arguments":[{"field":"limits","reason":"there is no such parameter; known are application, cursor, limit"}]}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-chatbot-text '{\"content\":'",
        expect![[r#"
        2 {"error":{"usage":"the JSON given is broken: EOF while parsing a value at line 1 column 11"}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-chatbot-text hi",
        expect![[r#"
        2 {"error":{"usage":"a parameter is neither a JSON object, nor @FILE, nor -, nor NAME=VALUE"}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-chatbot-text - </dev/null",
        expect![[r#"
        2 {"error":{"usage":"the JSON on stdin is broken: EOF while parsing a value at line 1 column 0"}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm send-chatbot-text content=@latin1.txt",
        expect![[r#"
        2 {"error":{"arguments":[{"field":"content","reason":"latin1.txt is not UTF-8 text"}]}}
    "#]],
    );
    check(
        "wecom call --wasm hollow.wasm upload-media kind=film file-name=x content=@missing",
        expect![[r#"
            2 {"error":{"arguments":[{"field":"media.content","reason":"missing cannot be read: No such file or directory (os error 2)"}]}}
        "#]],
    );
    check(
        "wecom call --wasm hollow.wasm upload-media kind=film file-name=x content=@/dev/zero",
        expect![[r#"
            2 {"error":{"arguments":[{"field":"media.content","reason":"/dev/zero is larger than 64 MiB"}]}}
        "#]],
    );
}

#[test]
fn bad_options() {
    check(
        "wecom call --wasm hollow.wasm delete-member user-id=x --profile a --as '{}'",
        expect![[r#"
            2 {"error":{"usage":"the argument '--profile <NAME>' cannot be used with '--as <JSON>'"}}
        "#]],
    );
    check(
        "wecom call --wasm hollow.wasm delete-member user-id=x application.profile=a --profile b",
        expect![[r#"
            2 {"error":{"usage":"application is given twice: as a parameter, and by --as or --profile"}}
        "#]],
    );
    check(
        "wecom call --wasm missing.wasm delete-member user-id=x",
        expect![[r#"
        1 {"error":{"component":"missing.wasm cannot be read: No such file or directory (os error 2)"}}
    "#]],
    );
    check(
        "wecom call --wasm text.json delete-member user-id=x",
        expect![[r#"
        1 {"error":{"component":"failed to parse WebAssembly module"}}
    "#]],
    );
    check(
        "wecom call delete-member --timeout 0",
        expect![[r#"
        2 {"error":{"usage":"invalid value '0' for '--timeout <SECONDS>': 0 is not in 1..=86400"}}
    "#]],
    );
}

#[test]
fn huge_input() {
    let huge = "yes '\"x\",' | head -c 40000000";
    let output = wecom(&format!(
        "( echo '{{\"user-ids\":0,\"message\":{{\"content\":\"\",\"mentioned-users\":['; {huge}; echo '\"x\"]}}}}' ) >huge.json; \
         wecom call --wasm hollow.wasm send-chatbot-text @huge.json"
    ));
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("the arguments take more than 32 MiB"), "{error}");
}

#[test]
fn no_message_repeats_a_secret() {
    for arguments in [
        "--as canary",
        r#"--bs='{"credentials":"canary"}'"#,
        r#"--as'{"credentials":"canary"}'"#,
        r#"--as '"canary"'"#,
        r#"--as '{"credentials":"canary"}'"#,
        r#"--as '{"credentials":{"key":["canary"]}}'"#,
        r#"--as '{"credentials":{"key":"canary","base-url":1}}'"#,
        r#"--as '{"credentials":{"key":"canary"}} x'"#,
        "chatbot=canary",
        "chatbot.credentials=canary",
        "chatbot.credentials.key.more=canary",
        "chatbot.token=canary",
        r#"'{"chatbot":"canary"}'"#,
        r#"'{"chatbot":"canary}'"#,
        "canary",
        "--as '{\"credentials\":{\"key\":\"canary\"}}' --profile x",
    ] {
        let output = wecom(&format!(
            "WECOM_CHATBOT_KEY=canary wecom call --wasm hollow.wasm send-chatbot-text {arguments}"
        ));
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        let told = format!("{output:?}");
        assert!(!told.contains("canary"), "{arguments}: {told}");
    }
}

#[test]
fn descriptions() {
    check(
        "wecom describe delete-member",
        expect![[r#"
            0 delete-member (members)

            Delete a member, and the enterprise mailbox bound to the account.

            [删除成员](https://developer.work.weixin.qq.com/document/path/90198)

            Parameters
              application  application  who acts: --profile, --as, or left out; see `wecom describe application`
              user-id      user-id

            type user-id = string
              The id of a member (userid), 1 to 64 bytes. WeCom ignores case when it compares ids and answers in lower case.

            Returns
              result<receipt, error>

            record receipt
              What WeCom accepted, for actions that return nothing else.
              - truncated: list<truncation>
                  The texts that were shortened before sending. Empty if none was.
              - warning: option<string>
                  A warning that came with the acceptance. None if there was none.

            record truncation
              A text that was longer than WeCom keeps, and was cut on a character boundary before it was sent.
              - field: string
                  The path of the field in the arguments, as in `invalid-field`.
              - original-bytes: u32
                  Its length before, in bytes.
              - kept-bytes: u32
                  Its length as sent, in bytes.

            Errors (see `wecom describe error` for all cases, `wecom --help` for exit codes)
              `permanent-rejected` 60111: no such member; after silence, already gone.
              `permanent-rejected` 301005: the enterprise's creator cannot be deleted.

            Example
              wecom call delete-member user-id=iker.z
              wecom call delete-member '{"user-id":"iker.z"}'
        "#]],
    );
    check(
        "wecom describe text-change --json",
        expect![[r#"
        0 {"kind":"variant","documentation":"A change of a text that can be cleared.","members":[{"name":"clear","documentation":"Make it empty."},{"name":"set","type":"string","documentation":"Replace it."}]}
    "#]],
    );
    for action in Contract::load().unwrap().actions {
        let output = wecom(&format!("wecom describe {} --json", action.name));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["name"], action.name.as_str());
    }
    let listed: Value = serde_json::from_slice(&wecom("wecom actions --json").stdout).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 32);
    for help in ["wecom --help", "wecom -h", "wecom call --help", "wecom --version"] {
        assert!(wecom(help).status.success(), "{help}");
    }
}
