//! `wecom mcp`, spoken to as a client speaks.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Stdio},
};

use serde_json::{Value, json};

use crate::server::{Response, Server};

struct Client {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    id: u64,
}

impl Client {
    fn new(server: &Server, options: &str) -> Self {
        let mut command = server.command(&format!("wecom mcp {options}"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut client = Self { child, lines, id: 0 };
        let hello = client.ask(
            "initialize",
            json!({
                "protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": { "name": "test", "version": "0" },
            }),
        );
        assert_eq!(hello["serverInfo"]["name"], "wecom");
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.id += 1;
        let id = self.id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let response: Value =
                serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap();
            if response["id"] == id {
                return if response["result"].is_null() {
                    response["error"].clone()
                } else {
                    response["result"].clone()
                };
            }
        }
    }

    fn call(&mut self, name: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": name, "arguments": arguments }))
    }

    /// Closes standard input, which ends the server.
    fn end(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

#[test]
fn tools_are_listed_and_called() {
    let server = Server::accepting();
    let mut client = Client::new(&server, "");
    let tools = client.ask("tools/list", json!({}));
    let tools = tools["tools"].as_array().unwrap().clone();
    let tool = tools.iter().find(|it| it["name"] == "send-chatbot-text").unwrap();
    assert_eq!(tool["inputSchema"]["required"], json!(["content"]));
    assert!(tool["inputSchema"]["properties"]["chatbot"].is_null(), "{tool}");

    let result = client.call("send-chatbot-text", json!({ "content": "@hi" }));
    assert_eq!(result["structuredContent"]["truncated"], json!([]));
    assert_eq!(server.sent()["text"]["content"], "@hi");
    let refused = client
        .call("send-chatbot-text", json!({ "content": "x", "chatbot": { "profile": "other" } }));
    assert_eq!(refused["isError"], true);
    assert!(client.call("get-access-token", json!({ "scope": "contacts" }))["code"].is_number());
    client.end();
}

#[test]
fn token_is_not_a_cached_one() {
    let server = Server::accepting();
    let sent = server.run("wecom send-app-text recipients=everyone content=hi");
    assert!(sent.status.success());
    let mut client = Client::new(&server, "--allow get-access-token");
    let issued = client.call("get-access-token", json!({ "scope": "application" }));
    assert_eq!(issued["structuredContent"]["expires-in"], 7200, "{issued}");
    client.end();
    assert_eq!(server.requests().len(), 3, "{:?}", server.requests());
}

#[test]
fn errors_say_whether_to_try_again() {
    for (response, retryable, took_effect) in [
        (
            Response::Json(json!({ "errcode": 45009, "errmsg": "api freq out of limit" })),
            true,
            "no",
        ),
        (Response::Json(json!({ "errcode": 93000, "errmsg": "invalid webhook url" })), false, "no"),
        (Response::Silence, false, "unknown"),
    ] {
        let server = Server::new(response);
        let mut client = Client::new(&server, "--timeout 1");
        let result = client.call("send-chatbot-text", json!({ "content": "x" }));
        assert_eq!(result["isError"], true);
        let report = &result["structuredContent"];
        assert_eq!(
            (&report["retryable"], &report["took-effect"]),
            (&json!(retryable), &json!(took_effect)),
            "{report}"
        );
        client.end();
    }
}

#[test]
fn files_come_from_the_granted_folder_alone() {
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/granted");
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(format!("{folder}/rota.txt"), "Mon 7-5").unwrap();
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/private.txt"), "Mon 7-5").unwrap();
    let server = Server::new(Response::Json(json!({
        "errcode": 0, "errmsg": "", "type": "file", "media_id": "MID-1", "created_at": "1789000000",
    })));
    let mut client = Client::new(&server, &format!("--files {folder}"));
    let mut upload = |path: &str| {
        client.call(
            "upload-media",
            json!({ "kind": "file", "file-name": "r.txt", "content-path": path }),
        )
    };
    assert_eq!(upload("rota.txt")["structuredContent"]["id"], "MID-1");
    for path in
        ["../private.txt", concat!(env!("CARGO_TARGET_TMPDIR"), "/private.txt"), ".", "missing"]
    {
        let result = upload(path);
        assert_eq!(result["isError"], true);
        assert!(result.to_string().contains("is not a file in the folder"), "{result}");
    }
    let large = std::fs::File::create(format!("{folder}/large.bin")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    let result = upload("large.bin");
    assert!(result.to_string().contains("large.bin is larger than 64 MiB"), "{result}");
    std::fs::remove_file(format!("{folder}/large.bin")).unwrap();
    client.end();
}

#[test]
fn read_only_offers_no_writing() {
    let server = Server::accepting();
    let mut client = Client::new(&server, "--read-only");
    let response = client.call("send-chatbot-text", json!({ "content": "x" }));
    assert!(response["message"].to_string().contains("there is no tool"), "{response}");
    client.end();
    assert!(server.requests().is_empty());
}
