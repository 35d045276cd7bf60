//! What a call does beside calling: forms of output, dry runs, retries, pages, batches, tokens, profiles.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    process::Stdio,
};

use serde_json::{Value, json};

use crate::{
    error, outcome, result,
    server::{Response, Server, Simulated, wecom},
};

/// An empty folder for a test.
pub fn folder(name: &str) -> String {
    let folder = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn text(output: &std::process::Output) -> String {
    assert!(output.status.success(), "{}", outcome(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn forms_of_output() {
    let server =
        Server::new(Response::Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": "m1" })));
    let run = |words: &str| {
        text(&server.run(&format!("wecom send-app-text recipients=everyone content=hi {words}")))
    };
    assert!(run("-o yaml").contains("message-id: m1\n"));
    assert!(run("-o table").lines().any(|it| it.split_whitespace().eq(["message-id", "m1"])));
    assert_eq!(run("-o text"), "message-id: m1\n");
    assert!(run("").starts_with("{\"message-id\":\"m1\""));
    assert_eq!(run("-q"), "");
    let output = server.run("wecom send-app-text recipients=x content=hi -o yaml");
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("error:\n  arguments:\n"),
        "{output:?}"
    );
}

#[test]
fn dry_run_sends_nothing() {
    let server = Server::accepting();
    let output = server.run("wecom send-app-text recipients=everyone content=@- --dry-run");
    let request = result(&output);
    let [request] = request["dry-run"].as_array().unwrap().as_slice() else { panic!("{request}") };
    assert_eq!(request["method"], "POST");
    assert_eq!(
        request["url"],
        format!("{}/cgi-bin/message/send?access_token=***", server.base).as_str()
    );
    assert_eq!(request["body"]["text"]["content"], "@-");

    let long = "x".repeat(3000);
    let output =
        server.run(&format!("wecom create-group-chat name={long} members=a members=b --dry-run"));
    assert_eq!(result(&output)["truncated"][0]["field"], "group-chat.name");
    let output = server
        .run(&format!("wecom send-group-text group-chat-id=a content={long} --dry-run -o text"));
    let words = text(&output);
    assert!(
        words.contains("appchat/send?access_token=***") && words.contains("Nothing was sent."),
        "{words}"
    );
    assert!(words.contains("Truncated:") && words.contains("from 3000 to 2048 bytes"), "{words}");

    let output = server.run("wecom send-chatbot-text content= --dry-run");
    assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
    assert!(server.requests().is_empty());
}

#[test]
fn dry_run_shows_upload_and_message() {
    let server = Server::accepting();
    let folder = folder("dry-run");
    fs::write(format!("{folder}/rota.pdf"), "%PDF-1.7 Mon 7-5").unwrap();
    let send = "wecom send-app-file recipients=everyone media-id.file.content@=rota.pdf --dry-run";
    let run = |shell: &str| server.command(shell).current_dir(&folder).output().unwrap();
    let base = &server.base;
    assert_eq!(
        result(&run(send)),
        json!({
            "dry-run": [
                {
                    "method": "POST",
                    "url": format!("{base}/cgi-bin/media/upload?access_token=***&type=file"),
                    "file": { "name": "rota.pdf", "bytes": 16 },
                },
                {
                    "method": "POST",
                    "url": format!("{base}/cgi-bin/message/send?access_token=***"),
                    "body": {
                        "touser": "@all", "msgtype": "file", "agentid": 1_000_002,
                        "file": { "media_id": "<media_id of upload 1>" },
                    },
                },
            ],
            "truncated": [],
        })
    );
    for (lang, file, end) in [
        ("en", "the file rota.pdf, 16 bytes", "Nothing was sent."),
        ("zh", "文件 rota.pdf，16 字节", "什么也没有发送。"),
    ] {
        let words = text(&run(&format!("{send} -o text --lang {lang}")));
        let shown: Vec<&str> = words.split("\n\n").map(str::trim_end).collect();
        let [upload, shown_file, message, body, last] = shown.as_slice() else { panic!("{words}") };
        assert_eq!(*upload, format!("POST {base}/cgi-bin/media/upload?access_token=***&type=file"));
        assert_eq!((*shown_file, *last), (file, end));
        assert_eq!(*message, format!("POST {base}/cgi-bin/message/send?access_token=***"));
        assert!(body.contains(r#""media_id": "<media_id of upload 1>""#), "{body}");
        assert!(!words.contains("%PDF"), "{words}");
    }
    let chatbot = "wecom send-chatbot-file media-id.file.content@=rota.pdf --dry-run";
    let requests = result(&run(chatbot))["dry-run"].clone();
    assert_eq!(
        requests[0]["url"],
        format!("{base}/cgi-bin/webhook/upload_media?key=***&type=file").as_str()
    );
    assert_eq!(requests[0]["file"], json!({ "name": "rota.pdf", "bytes": 16 }));
    assert_eq!(requests[1]["body"]["file"]["media_id"], "<media_id of upload 1>");
    assert!(server.requests().is_empty());
}

#[test]
fn dry_run_without_a_call_of_an_action() {
    let server = Server::accepting();
    let shown = result(&server.run("wecom get-access-token scope=application --dry-run"));
    let url = shown["dry-run"][0]["url"].as_str().unwrap();
    assert!(url.ends_with("/cgi-bin/gettoken?corpid=corp-of-the-test&corpsecret=***"), "{shown}");
    let split = "wecom split-text content=hi format=plain limit=64 numbered=false --dry-run";
    assert_eq!(result(&server.run(split)), json!(["hi"]));
    assert!(server.requests().is_empty());
}

#[test]
fn verbose_shows_requests_without_secrets() {
    let server = Server::accepting();
    let output = server.run("wecom send-app-text recipients=everyone content=hi -v --no-cache");
    let shown = String::from_utf8_lossy(&output.stderr);
    for part in [
        "> GET http",
        "corpsecret=***",
        "> POST http",
        "access_token=***",
        "\"content\":\"hi\"",
        "< 200 OK after",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    for secret in ["secret-of-the-application", "token-of-the-test"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    result(&output);
}

#[test]
fn retries_what_may_be_retried() {
    let busy = json!({ "errcode": -1, "errmsg": "system error" });
    let done = json!({ "errcode": 0, "errmsg": "ok", "department_id": [] });
    let server = Server::new(Response::Sequence(vec![busy.clone(), done]));
    result(&server.run("wecom list-department-ids --retry 2 --no-cache"));
    let server = Server::new(Response::Json(busy));
    let output = server.run("wecom list-department-ids --retry 1 --no-cache");
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(server.requests().len(), 3);
    // Refused for good: once.
    let server =
        Server::new(Response::Json(json!({ "errcode": 60123, "errmsg": "invalid party id" })));
    let output = server.run("wecom list-department-ids --retry 5 --no-cache");
    assert_eq!((output.status.code(), server.requests().len()), (Some(3), 2));
}

#[test]
fn all_pages() {
    let page = |user: &str, cursor: &str| json!({ "errcode": 0, "errmsg": "ok", "next_cursor": cursor, "dept_user": [{ "userid": user, "department": 1 }] });
    let server =
        Server::new(Response::Sequence(vec![page("a", "c2"), page("b", "c3"), page("c", "")]));
    let all = result(&server.run("wecom list-member-ids --all --no-cache"));
    let users: Vec<_> =
        all["members"].as_array().unwrap().iter().map(|it| it["user-id"].clone()).collect();
    assert_eq!((json!(users), &all["next-cursor"]), (json!(["a", "b", "c"]), &Value::Null));
    assert_eq!(server.requests().len(), 4);
    assert_eq!(server.sent()["cursor"], "c3");

    let busy = json!({ "errcode": 45009, "errmsg": "api freq out of limit" });
    let server = Server::new(Response::Sequence(vec![page("a", "c2"), page("b", "c3"), busy]));
    let output = server.run("wecom list-member-ids --all");
    assert_eq!(output.status.code(), Some(4), "{}", outcome(&output));
    assert_eq!(error(&output)["rejected-for-now"]["code"], 45009);
    let report: Value = serde_json::from_slice(&output.stderr).unwrap();
    let row = |user: &str| json!({ "user-id": user, "department-id": 1 });
    assert_eq!(report["result"], json!({ "members": [row("a"), row("b")], "next-cursor": "c3" }));
    let warned = |mut page: Value, warning: &str| {
        page["errmsg"] = json!(format!("ok, Warning: {warning}"));
        page
    };
    let pages = vec![
        warned(page("a", "c2"), "slow"),
        warned(page("b", "c3"), "late"),
        page("c", "c4"),
        // It leads to itself.
        warned(page("d", "c4"), "late"),
    ];
    let all = result(&Server::new(Response::Sequence(pages)).run("wecom list-member-ids --all"));
    assert_eq!((all["members"].as_array().unwrap().len(), &all["next-cursor"]), (4, &json!("c4")));
    assert_eq!(all["warning"], "ok, Warning: slow; ok, Warning: late");

    let output = server.run("wecom list-member-ids cursor=c3 --all -o text");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!words.contains("cursor to go on from"), "{words}");
    let server =
        Server::new(Response::Sequence(vec![page("a", "c2"), json!({ "errcode": 45009 })]));
    let output = server.run("wecom list-member-ids --all -o text");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("cursor to go on from:\nmembers:\n"), "{words}");
    assert!(words.ends_with("next-cursor: c2\n"), "{words}");

    let output = server.run("wecom delete-member user-id=x --all");
    assert!(error(&output)["usage"].to_string().contains("list-member-ids"));
}

#[test]
fn split_sends_part_after_part() {
    let server = Server::accepting();
    let lines = "$(for i in $(seq 1 300); do echo \"Crew $i: road N-$i reopened.\"; done)";
    let sent = result(&server.run(&format!("wecom send-chatbot-text content=\"{lines}\" --split")));
    let numbers: Vec<&Value> =
        sent["parts"].as_array().unwrap().iter().map(|it| &it["part"]).collect();
    assert_eq!(json!(numbers), json!([1, 2, 3, 4, 5]));
    let texts: Vec<String> = server
        .requests()
        .iter()
        .map(|it| it.body["text"]["content"].as_str().unwrap().to_owned())
        .collect();
    assert!(texts[0].starts_with("(1/5) ") && texts[4].starts_with("(5/5) "), "{texts:?}");
    assert!(texts.iter().all(|it| it.len() <= 2048));
    let short = result(&server.run("wecom send-chatbot-markdown-v2 content=hi --split"));
    assert_eq!(short["parts"].as_array().unwrap().len(), 1);
    assert_eq!(server.sent()["markdown_v2"]["content"], "hi");

    let accepted = json!({ "errcode": 0, "errmsg": "ok" });
    let busy = json!({ "errcode": 45009, "errmsg": "api freq out of limit" });
    let server = Server::new(Response::Sequence(vec![accepted.clone(), accepted, busy]));
    let output = server.run(&format!("wecom send-chatbot-text content=\"{lines}\" --split"));
    assert_eq!(output.status.code(), Some(4), "{}", outcome(&output));
    let report: Value = serde_json::from_slice(&output.stderr).unwrap();
    assert_eq!(report["error"]["rejected-for-now"]["code"], 45009);
    assert_eq!((&report["sent"][1]["part"], &report["parts"]), (&json!(2), &json!(5)));
    assert_eq!(server.requests().len(), 3);

    let output = server.run("wecom delete-member user-id=x --split");
    assert!(error(&output)["usage"].to_string().contains("send-app-text"));
    let output = server.run("wecom send-chatbot-text content= --split");
    assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
}

#[test]
fn nothing_is_written_where_there_is_no_file() {
    let server =
        Server::new(Response::Json(json!({ "errcode": 40007, "errmsg": "invalid media_id" })));
    let output = server.run("wecom get-media media-id=MID --to got.bin");
    assert_eq!(output.status.code(), Some(3), "{}", outcome(&output));
    let output = server.run("wecom send-chatbot-text content=hi --to got.bin");
    assert!(error(&output)["usage"].to_string().contains("get-media"));
}

#[test]
fn batch_reports_each_line() {
    let server = Server::accepting();
    let lines = [
        r#"{"action":"send-chatbot-text","arguments":{"content":"@one"},"id":7}"#,
        "",
        r#"{"action":"send-chatbot-txt"}"#,
        r#"{"action":"send-chatbot-text","arguments":{"contnt":"x"}}"#,
        "{broken",
        r#"{"action":"send-chatbot-markdown","arguments":{"content":"two"}}"#,
    ];
    fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/batch.jsonl"), lines.join("\n")).unwrap();
    for shell in ["wecom batch batch.jsonl", "wecom batch <batch.jsonl"] {
        let output = server.run(shell);
        assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
        assert_eq!(error(&output)["batch"], json!({ "failed": 3, "of": 5 }));
        let reports: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        assert_eq!(
            reports[0],
            json!({ "line": 1, "id": 7, "action": "send-chatbot-text", "result": { "truncated": [] } })
        );
        assert_eq!(reports[1]["error"]["unknown-action"]["similar"][0], "send-chatbot-text");
        assert_eq!(reports[2]["error"]["arguments"][0]["field"], "message.contnt");
        assert!(reports[3]["error"]["usage"].to_string().contains("broken"));
        assert_eq!(
            (reports[4]["line"].as_u64(), &reports[4]["result"]["truncated"]),
            (Some(6), &json!([]))
        );
    }
}

#[test]
fn batch_ends_where_its_reports_cannot_be_written() {
    let line = r#"{"action":"send-chatbot-text","arguments":{"content":"hi"},"id":7}"#;
    let lines = [line; 3].join("\n");
    fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/three.jsonl"), lines).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (reader, unread) = io::pipe().unwrap();
    drop(reader);
    for (stdout, why) in
        [(Stdio::from(full), "No space left"), (Stdio::from(unread), "Broken pipe")]
    {
        let server = Server::accepting();
        let output = server.command("wecom batch three.jsonl").stdout(stdout).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", outcome(&output));
        assert!(error(&output)["output"].to_string().contains(why), "{}", outcome(&output));
        let report: Value = serde_json::from_slice(&output.stderr).unwrap();
        assert_eq!(
            report["result"],
            json!({ "line": 1, "id": 7, "action": "send-chatbot-text", "result": { "truncated": [] } })
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[test]
fn tokens_are_cached_between_runs() {
    let server =
        Server::new(Response::Json(json!({ "errcode": 0, "errmsg": "ok", "msgid": "m1" })));
    let cache = folder("tokens");
    let run = |words: &str| {
        let shell = format!("wecom send-app-text recipients=everyone content=hi {words}");
        result(&server.command(&shell).env("XDG_CACHE_HOME", &cache).output().unwrap());
        server.requests().len()
    };
    assert_eq!([run(""), run(""), run("--no-cache"), run("")], [2, 3, 5, 6]);

    let tokens = format!("{cache}/wecom-connector/tokens");
    let files: Vec<_> = fs::read_dir(&tokens).unwrap().map(|it| it.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let name = files[0].to_string_lossy().into_owned();
    assert!(!name.contains("corp") && !name.contains("secret-of"), "{name}");
    assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    // One that others can read is not trusted, and replaced.
    fs::set_permissions(&files[0], fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!([run(""), run("")], [8, 9]);
    fs::write(&files[0], "{").unwrap();
    assert_eq!([run(""), run("")], [11, 12]);
}

#[test]
fn token_that_is_asked_for_is_not_a_cached_one() {
    let server = Server::accepting();
    let cache = folder("asked-tokens");
    let fetched = |shell: &str| {
        let output = server.command(shell).env("XDG_CACHE_HOME", &cache).output().unwrap();
        assert!(output.status.success(), "{}", outcome(&output));
        server.requests().into_iter().filter(|it| it.target.contains("gettoken")).count()
    };
    let send = "wecom send-app-text recipients=everyone content=hi";
    let line = r#"{"action":"get-access-token","arguments":{"scope":"application"}}"#;
    assert_eq!([fetched(send), fetched(send)], [1, 1]);
    assert_eq!(fetched("wecom get-access-token scope=application"), 2);
    assert_eq!(fetched(&format!("echo '{line}' | wecom batch")), 3);
    assert_eq!(fetched(send), 3);
}

#[test]
fn dead_tokens_are_fetched_again() {
    let done = json!({ "errcode": 0, "errmsg": "ok", "msgid": "m1" });
    let dead = json!({ "errcode": 42001, "errmsg": "access_token expired" });
    let server = Server::new(Response::Sequence(vec![done.clone(), dead, done]));
    let cache = folder("dead-tokens");
    let run = || {
        let shell = "wecom send-app-text recipients=everyone content=hi";
        result(&server.command(shell).env("XDG_CACHE_HOME", &cache).output().unwrap());
        server.requests().into_iter().filter(|it| it.target.contains("gettoken")).count()
    };
    assert_eq!([run(), run(), run()], [1, 2, 2]);
}

#[test]
fn endless_response_is_the_components_to_refuse() {
    let simulated = Simulated::start();
    let cache = folder("endless");
    for (path, options) in [
        ("/cgi-bin/gettoken", "--no-cache"),
        ("/cgi-bin/gettoken", ""),
        ("/cgi-bin/gettoken", "-v"),
        ("/cgi-bin/department", "-v"),
    ] {
        let fault = json!({ "on": path, "kind": "endless_body" });
        assert!(simulated.simulator.inject(serde_json::from_value(fault).unwrap()));
        let shell = format!("wecom list-department-ids --timeout 30 {options}");
        let output = simulated.command(&shell).env("XDG_CACHE_HOME", &cache).output().unwrap();
        assert_eq!(output.status.code(), Some(6), "{}", outcome(&output));
        let says = outcome(&output);
        assert!(says.contains(path) && says.contains("is larger than 8 MiB"), "{says}");
    }
}

#[test]
fn profiles_are_stored() {
    let server = Server::accepting();
    let config = folder("profiles");
    let run = |shell: &str| wecom(shell).env("XDG_CONFIG_HOME", &config).output().unwrap();
    let add = format!(
        "printf 'key-of-sales\\n' | wecom profile add sales chatbot-key@=- base-url={} --in file",
        server.base
    );
    let added = run(&add);
    assert_eq!(result(&added)["chatbot-key"], "***");
    assert_eq!(
        result(&run("wecom profile list")),
        json!([{ "profile": "sales", "stored-in": "file", "base-url": server.base, "chatbot-key": "***" }])
    );

    for shell in [
        "wecom send-chatbot-text content=hi --profile sales",
        "WECOM_PROFILE=sales; export WECOM_PROFILE; wecom send-chatbot-text content=hi",
    ] {
        result(&run(shell));
        assert!(server.requests().last().unwrap().target.contains("key=key-of-sales"));
    }

    let file = format!("{config}/wecom-connector/profiles.json");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = run("wecom send-chatbot-text content=hi --profile sales");
    assert!(
        error(&refused)["usage"].to_string().contains("others can read"),
        "{}",
        outcome(&refused)
    );
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    let typo = run("wecom send-chatbot-text content=hi --profile sale");
    let usage = error(&typo)["usage"].to_string();
    for says in ["there is no profile sale", "did you mean sales?", "wecom profile add sale"] {
        assert!(usage.contains(says), "{usage}");
    }

    let secret = run("wecom profile add x secret=hunter2hunter2");
    assert!(error(&secret)["usage"].to_string().contains("secret@=FILE"));
    assert!(!outcome(&secret).contains("hunter2"));
    for name in ["contacts", "sales-Contacts", "a.b", "''"] {
        let output = run(&format!("printf key | wecom profile add {name} chatbot-key@=-"));
        let usage = error(&output)["usage"].to_string();
        assert!(usage.contains("a profile's name"), "{}", outcome(&output));
    }
    assert_eq!(result(&run("wecom profile remove sales")), json!({ "removed": "sales" }));
    assert_eq!(run("wecom profile remove sales").status.code(), Some(2));
}

#[test]
fn secrets_leave_the_keyring_last() {
    let config = folder("keyring-last");
    let file = format!("{config}/wecom-connector/profiles.json");
    let index = json!({ "sales": { "keyring": ["chatbot-key"] } });
    let stored = || serde_json::from_slice::<Value>(&fs::read(&file).unwrap()).unwrap();
    fs::create_dir(format!("{config}/wecom-connector")).unwrap();
    fs::write(&file, index.to_string()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let run = |shell: &str| wecom(shell).env("XDG_CONFIG_HOME", &config).output().unwrap();
    for change in [
        "wecom profile remove sales",
        "printf key-of-sales | wecom profile add sales chatbot-key@=- --in file",
    ] {
        // No file can be written. The keyring is asked after it.
        let output = run(&format!("trap '' XFSZ; ulimit -f 0; {change}"));
        let unwritten = error(&output)["output"].to_string();
        assert!(unwritten.contains("profiles.json cannot be written"), "{}", outcome(&output));
        assert_eq!(stored(), index);
        // There is no keyring, which holds the secrets all the same.
        let output = run(change);
        let usage = error(&output)["usage"].to_string();
        assert!(usage.contains("cannot remove the secrets of profile sales"), "{usage}");
        assert_eq!(stored(), index);
    }
}

#[test]
fn codes_are_explained_offline() {
    let output = wecom("wecom explain 60020").output().unwrap();
    let explained = result(&output);
    assert_eq!((&explained["code"], &explained["retry"]), (&json!(60020), &json!(false)));
    assert!(explained["advice"].as_str().unwrap().contains("trusted"), "{explained}");
    let words = text(&wecom("wecom explain 81013 -o text").output().unwrap());
    assert!(words.starts_with("81013: "), "{words}");
    assert!(words.contains("\n    send-app-text, send-app-markdown,"), "{words}");
    let busy = result(&wecom("wecom explain -1").output().unwrap());
    assert_eq!(busy["retry"], true);
    let words = text(&wecom("wecom explain 60020 --lang zh -o text").output().unwrap());
    assert!(words.contains("IP") && words.contains("同样的调用会再次被拒绝"), "{words}");
    for unknown in ["12345", "99999999999"] {
        let output = wecom(&format!("wecom explain {unknown}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
    }
}

#[test]
fn hints_speak_the_language_of_the_command() {
    let server = Server::new(Response::Json(json!({ "errcode": 93000, "errmsg": "invalid" })));
    let hint = |options: &str| {
        let output = server.run(&format!("wecom send-chatbot-text content=hi {options}"));
        error(&output)["permanent-rejected"]["hint"].as_str().unwrap().to_owned()
    };
    assert!(hint("").is_ascii());
    assert!(!hint("--lang zh").is_ascii());
}

#[test]
fn check_says_what_works() {
    let server = Server::new(Response::Json(
        json!({ "errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1"],
            "agentid": 1_000_002, "name": "Site", "close": 0, "allow_partys": { "partyid": [1] }, "dept_user": [], "media_id": "MID", "type": "file", "created_at": "1" }),
    ));
    let found = result(&server.run("wecom check"));
    let outcome_of = |found: &Value, subject: &str| {
        let findings = found.as_array().unwrap();
        findings.iter().find(|it| it["subject"] == subject).unwrap()["outcome"].clone()
    };
    for subject in ["base-url", "credentials", "agent-id", "contacts-secret", "chatbot-key"] {
        assert_eq!(outcome_of(&found, subject), "passed", "{found}");
    }

    let server = Server::new(Response::Json(
        json!({ "errcode": 60020, "errmsg": "not allow to access from your ip" }),
    ));
    let output = server.run("wecom check -o text");
    assert_eq!(output.status.code(), Some(1), "{}", outcome(&output));
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains("!! caller-address: "), "{words}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("checks failed"), "{output:?}");
    let found: Value = serde_json::from_slice(&server.run("wecom check").stdout).unwrap();
    assert_eq!(outcome_of(&found, "caller-address"), "failed", "{found}");
    let output = wecom("wecom check").output().unwrap();
    assert!(error(&output)["usage"].to_string().contains("WECOM_CORP_ID"));
}

#[test]
fn shells_complete_parameters() {
    // What bash offers behind a line, asked as bash asks.
    let offered = |line: &str| {
        let shell = format!(
            "export WECOM=\"$(dirname \"{0}\")\"; PATH=\"$WECOM:$PATH\" bash -c 'eval \"$(wecom completions bash)\"; \
             compopt() {{ :; }}; COMP_LINE=\"$1\"; COMP_POINT=${{#COMP_LINE}}; _wecom; echo \"${{COMPREPLY[@]}}\"' bash '{line}'",
            env!("CARGO_BIN_EXE_wecom")
        );
        text(&wecom(&shell).output().unwrap()).trim().to_owned()
    };
    assert_eq!(offered("wecom send-app-text-"), "send-app-text-card");
    assert_eq!(offered("wecom upload-media kind=v"), "video voice");
    assert_eq!(offered("wecom upload-media conte"), "content@=");
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(
            text(&wecom(&format!("wecom completions {shell}")).output().unwrap())
                .contains("complete --")
        );
    }
}

#[test]
fn manual_page_names_everything() {
    let page = text(&wecom("wecom man").output().unwrap());
    assert!(page.starts_with(".ie") || page.contains(".TH wecom 1"), "{page}");
    for part in ["send\\-chatbot\\-text", "WECOM_CHATBOT_KEY", "explain"] {
        assert!(page.contains(part), "{part} in\n{page}");
    }
}
