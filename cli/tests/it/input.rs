//! What may be written on the command line, and what is said about the rest.

use std::fs;

use serde_json::{Value, json};

use crate::{
    error, outcome, result,
    server::{Response, Server},
};

fn write(name: &str, content: impl AsRef<[u8]>) {
    fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), content).unwrap();
}

#[test]
fn texts_are_literal() {
    let server = Server::accepting();
    write("literal.txt", "never sent");
    for content in
        ["@literal.txt", "@@noor", "@all Pump 2 down", "-", "a=b", "null", "[1]", "5", "", "{"]
    {
        let output = server.run(&format!("wecom call send-chatbot-text content='{content}'"));
        if content.is_empty() {
            assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
        } else {
            result(&output);
            assert_eq!(server.sent()["text"]["content"], content);
        }
    }
    result(&server.run("wecom call send-chatbot-text content=x mentioned-users=@noor"));
    assert_eq!(server.sent()["text"]["mentioned_list"], json!(["@noor"]));
    let message = r#"'{"content":"@literal.txt"}'"#;
    result(&server.run(&format!("wecom call send-chatbot-text {message}")));
    assert_eq!(server.sent()["text"]["content"], "@literal.txt");
}

#[test]
fn files_are_asked_for() {
    let server = Server::accepting();
    write("asked.txt", "Mon 7-5\nTue 5-3");
    write("asked.json", r#"["noor.h", "iker.z"]"#);
    write("marked.json", "\u{feff}{\"content\": \"hi\"}");
    for (words, member, expected) in [
        ("content@=asked.txt", "content", json!("Mon 7-5\nTue 5-3")),
        ("content@=- <asked.txt", "content", json!("Mon 7-5\nTue 5-3")),
        ("content=x mentioned-users@=asked.json", "mentioned_list", json!(["noor.h", "iker.z"])),
        ("@marked.json", "content", json!("hi")),
        ("- <marked.json", "content", json!("hi")),
    ] {
        result(&server.run(&format!("wecom call send-chatbot-text {words}")));
        assert_eq!(server.sent()["text"][member], expected, "{words}");
    }

    write("asked.png", b"\x89PNG\r\n\x1a\n");
    result(&server.run("wecom call send-chatbot-image image.bytes@=asked.png"));
    assert_eq!(server.sent()["image"]["base64"], "iVBORw0KGgo=");

    let output =
        server.run("wecom call send-chatbot-text content@=- mentioned-users@=- </dev/null");
    let usage = "standard input can be read once: content has read it, mentioned-users cannot";
    assert_eq!(error(&output)["usage"], usage);
}

#[test]
fn files_in_one_step() {
    let server = Server::new(Response::Json(
        json!({ "errcode": 0, "errmsg": "ok", "media_id": "MID-1", "type": "file", "created_at": "1" }),
    ));
    write("rota.pdf", "%PDF-1.7 Mon 7-5");
    let send = "wecom send-app-file recipients=everyone --no-cache";
    for (words, name) in [
        ("media-id.file.content@=rota.pdf", "rota.pdf"),
        ("media-id.file.content@=./rota.pdf media-id.file.file-name=may.pdf", "may.pdf"),
        ("media-id.file.file-name=may.pdf media-id.file.content@=rota.pdf", "may.pdf"),
    ] {
        result(&server.run(&format!("{send} {words}")));
        let requests = server.requests();
        let [.., upload, message] = requests.as_slice() else { panic!("{requests:?}") };
        assert!(upload.target.contains("/cgi-bin/media/upload"), "{upload:?}");
        let form = upload.body.as_str().unwrap();
        assert!(
            form.contains(&format!("filename=\"{name}\"")) && form.contains("%PDF-1.7"),
            "{form}"
        );
        assert_eq!(message.body["file"]["media_id"], "MID-1");
    }
    result(&server.run("wecom upload-media kind=file content@=rota.pdf"));
    assert!(server.sent().as_str().unwrap().contains("filename=\"rota.pdf\""));
    result(&server.run(&format!("{send} media-id=MID-7")));
    assert_eq!(server.sent()["file"]["media_id"], "MID-7");
    // Standard input has no name.
    let output = server.run(&format!("{send} media-id.file.content@=- <rota.pdf"));
    let field = error(&output)["arguments"][0]["field"].clone();
    assert_eq!(field, "message.media-id.file.file-name");
}

#[test]
fn cards_are_written_by_path() {
    let server = Server::new(Response::Json(json!({ "errcode": 0, "errmsg": "ok" })));
    let card = "card.news-notice.title.title=N-22 card.news-notice.action.url=https://ops.example \
        card.news-notice.image.url=https://ops.example/n.png card.news-notice.image.aspect-ratio=1.5 \
        card.news-notice.source.color=red";
    result(&server.run(&format!("wecom send-chatbot-template-card {card}")));
    let sent = server.sent();
    assert_eq!(sent["template_card"]["card_image"]["aspect_ratio"], 1.5, "{sent}");
    assert_eq!(sent["template_card"]["card_action"]["url"], "https://ops.example", "{sent}");
}

#[test]
fn file_of_bytes_is_not_named_in_a_value() {
    let server = Server::accepting();
    write("named.txt", "Mon 7-5");
    let call = "wecom call upload-media kind=file file-name=n.txt";
    let output = server.run(&format!("{call} content=@named.txt"));
    let reason = "is not base64; for the bytes of a file write content@=FILE";
    assert_eq!(error(&output)["arguments"][0]["reason"], reason);
    let output = server.run(&format!(r#"{call} '{{"content":"@named.txt"}}'"#));
    let violation = &error(&output)["permanent-invalid-input"][0];
    assert_eq!(violation["field"], "media.content.base64", "{violation}");
    assert!(server.requests().is_empty());
}

#[test]
fn spellings() {
    let server = Server::accepting();
    write("credentials.json", r#"{"credentials":{"key":"k","base-url":"http://127.0.0.1:1"}}"#);
    for words in [
        "send-chatbot-text message.content=hi",
        r#"send-chatbot-text '{"message":{"content":"hi"}}'"#,
        r#"send-chatbot-text '{"chatbot":{"profile":""},"content":"hi"}' mention-everyone=true"#,
        r#"send-chatbot-text '{"content":"hi"}' '{"mentioned-users":["noor.h"]}' mentioned-mobiles=1"#,
        "list-department-ids department-id=1",
        "list-department-ids department-id=null",
        "update-member user-id=iker.z position.set=Driver direct-superiors.set=noor.h gender=female",
        "delete-department --timeout 5 department-id=310",
    ] {
        let output = server.run(&format!("wecom call {words}"));
        // `list-…` finds no list in the response, which comes after the request.
        assert!(matches!(output.status.code(), Some(0 | 6)), "{words}: {}", outcome(&output));
    }
    let output = server.run("wecom call send-chatbot-text content=x --as @credentials.json");
    assert_eq!(output.status.code(), Some(5), "{}", outcome(&output));
}

#[test]
fn a_name_given_twice_is_refused() {
    let server = Server::accepting();
    let twice = |field: &str| json!([{ "field": field, "reason": "is given twice" }]);
    for (words, field) in [
        ("send-chatbot-text content=a content=b", "content"),
        (r#"send-chatbot-text '{"content":"a"}' content=b"#, "content"),
        (r#"send-chatbot-text content=b '{"content":"a"}'"#, "content"),
        ("send-chatbot-text content=a message.content=b", "message.content"),
        ("delete-member user-id=a user-id=b", "user-id"),
        (
            "send-app-text content=x recipients=everyone recipients.selected.users=a",
            "recipients.selected.users",
        ),
    ] {
        let output = server.run(&format!("wecom call {words}"));
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(error(&output)["arguments"], twice(field), "{words}");
    }
    let output = server.run(r#"wecom call send-chatbot-text '{"content":"a","content":"b"}'"#);
    let usage = error(&output)["usage"].to_string();
    assert!(usage.contains("is given twice"), "{usage}");
    let output =
        server.run("wecom call send-chatbot-image image.bytes=AA== image.base64.data=AA==");
    let reason = "is given twice, as two cases; only one can hold";
    assert_eq!(error(&output)["arguments"][0]["reason"], reason);
    assert!(server.requests().is_empty());
}

#[test]
fn words_without_meaning_are_named() {
    let server = Server::accepting();
    for (words, says) in [
        ("send-chatbot-text 'Pump 2 restarted'", vec!["Pump 2 restarted", "content=VALUE"]),
        ("recall-app-message MSGID", vec!["MSGID", "message-id=VALUE"]),
        (
            "send-app-file everyone rota.pdf",
            vec!["everyone", "write recipients=everyone or recipients.selected.users=…, a JSON"],
        ),
        (
            "send-chatbot-text content=x mention-everyone:=true",
            vec!["mention-everyone:=true", "write mention-everyone=VALUE"],
        ),
        ("send-chatbot-text 内容=x", vec!["内容", "wecom help send-chatbot-text"]),
    ] {
        let output = server.run(&format!("wecom call {words}"));
        let usage = error(&output)["usage"].to_string();
        assert!(says.iter().all(|it| usage.contains(it)), "{words}: {usage}");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn bad_fields_are_named() {
    let server = Server::accepting();
    let reason = |words: &str, field: &str| {
        let output = server.run(&format!("wecom call {words}"));
        assert_eq!(output.status.code(), Some(2), "{words}: {}", outcome(&output));
        let problems = error(&output)["arguments"].clone();
        let problem = problems.as_array().unwrap().iter().find(|it| it["field"] == field);
        problem.unwrap_or_else(|| panic!("{words}: {problems}"))["reason"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(reason("send-app-text", "message.content").contains("is missing"));
    assert_eq!(
        reason("send-app-text contnt=6", "contnt"),
        "there is no such field; did you mean content?; known are recipients, content, confidentiality, options"
    );
    assert!(
        reason("send-app-text recipients.selected.user=x", "recipients.selected.user")
            .contains("did you mean users?")
    );
    assert!(reason("list-member-ids limits=1", "limits").contains("did you mean limit?"));
    assert!(reason("list-member-ids limit=-1", "limit").contains("from 0 to 4294967295"));
    assert!(reason("list-member-ids limit=many", "limit").contains("found a string"));
    assert!(
        reason("upload-media kind=file file-name=x content@=missing.txt", "content")
            .contains("missing.txt cannot be read")
    );
    let file = "media-id.file.content@=FILE";
    for (words, field, says) in [
        (
            "",
            "message.recipients",
            "is missing; write recipients=everyone or recipients.selected.users=…",
        ),
        ("", "message.media-id", "is missing; write media-id.id=… or media-id.file.content@=FILE"),
        (
            "recipients=noor.h",
            "message.recipients",
            "write recipients=everyone or recipients.selected",
        ),
        ("file@=rota.pdf", "file", file),
        ("media-id.file@=rota.pdf", "media-id.file", file),
        ("media-id@=rota.pdf", "media-id", file),
    ] {
        let reason = reason(&format!("send-app-file {words}"), field);
        assert!(reason.contains(says), "{words}: {reason}");
    }
    for (words, field, says) in [
        ("upload-media kind=file", "media.content", "is missing; write content@=FILE"),
        ("upload-media", "media.kind", "is missing; write kind=image|voice|video|file"),
        ("send-app-news", "message.articles", "is missing; write articles='[{…}, …]'"),
        ("delete-member", "user-id", "is missing; write user-id=…"),
    ] {
        assert_eq!(reason(words, field), says);
    }
    write("latin1.txt", b"\xe9");
    assert_eq!(
        reason("send-chatbot-text content@=latin1.txt", "content"),
        "latin1.txt is not UTF-8 text"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn unknown_actions_are_suggested() {
    let server = Server::accepting();
    for (words, name, similar) in [
        ("call send-text content=hi", "send-text", "send-app-text"),
        ("call SEND-CHATBOT-TEXT content=hi", "SEND-CHATBOT-TEXT", "send-chatbot-text"),
        ("describe sen-app-text", "sen-app-text", "send-app-text"),
        ("describe aplication", "aplication", "application"),
        ("send-app-txt content=hi", "send-app-txt", "send-app-text"),
        ("acions", "acions", "actions"),
    ] {
        let output = server.run(&format!("wecom {words}"));
        let unknown = error(&output)["unknown-action"].clone();
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            (unknown["action"].as_str(), unknown["similar"][0].as_str()),
            (Some(name), Some(similar)),
            "{unknown}"
        );
    }
}

#[test]
fn bad_options() {
    let server = Server::accepting();
    for (words, code, case, says) in [
        ("call", 2, "usage", "ACTION"),
        ("call delete-member user-id=x --profile a --as '{}'", 2, "usage", "cannot be used with"),
        (
            "call delete-member user-id=x application.profile=a --profile b",
            2,
            "usage",
            "application is given twice",
        ),
        (
            "call delete-member user-id=x --wasm missing.wasm",
            1,
            "component",
            "missing.wasm cannot be read",
        ),
        ("call delete-member --timeout 0", 2, "usage", "0 is not in 1..=86400"),
        ("delete-member --tiemout 3", 2, "usage", "--tiemout"),
        ("delete-member --retry many", 2, "usage", "write a number, such as 3"),
        ("explain ip", 2, "usage", "write a number, such as 60020"),
    ] {
        let output = server.run(&format!("wecom {words}"));
        assert_eq!(output.status.code(), Some(code), "{words}: {}", outcome(&output));
        let message = error(&output)[case].to_string();
        assert!(message.contains(says), "{words}: {message}");
    }
}

#[test]
fn huge_input_is_refused() {
    let server = Server::accepting();
    let output = server.run(
        "( echo '{\"content\":\"\",\"mentioned-users\":['; yes '\"x\",' | head -c 40000000; echo '\"x\"]}' ) \
         | wecom call send-chatbot-text -",
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(error(&output)["arguments"].to_string().contains("more than 32 MiB"));
}

#[test]
fn no_message_repeats_a_secret() {
    let server = Server::accepting();
    for words in [
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
        "693a91f6-canary-4aeb-bcf8-43cb5e86aa82",
        "--as '{\"credentials\":{\"key\":\"canary\"}}' --profile x",
    ] {
        let output = server
            .command(&format!("wecom call send-chatbot-text {words}"))
            .env("WECOM_CHATBOT_KEY", "canary")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{words}");
        let printed = format!("{output:?}").replace("wecom call send-chatbot-text", "");
        assert!(!printed.contains("canary"), "{words}: {printed}");
    }
    let _: Value = json!(server.requests().len());
}
