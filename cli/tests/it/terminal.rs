//! The command on a terminal.

use std::{
    fs::File,
    io::Read,
    process::{Command, Stdio},
};

use nix::pty::{Winsize, openpty};
use serde_json::json;

use crate::server::{Response, Server};

/// The exit code, and what appears on a terminal of 80 columns.
fn on_terminal(server: &Server, shell: &str, variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = server.command(shell);
    command.env_remove("NO_COLOR").envs(variables.iter().copied());
    run(command)
}

/// The exit code of a command, and what appears on a terminal of 80 columns.
pub fn run(mut command: Command) -> (i32, String) {
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(Some(&size), None).unwrap();
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    command.env("TERM", "xterm");
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
    // The command holds copies: without them the terminal is closed when it ends.
    drop(command);
    drop(pty.slave);
    let mut bytes = Vec::new();
    // Linux reports the closed terminal as an error, after all that was written.
    let _ = File::from(pty.master).read_to_end(&mut bytes);
    let code = child.wait().unwrap().code().unwrap();
    (code, String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

const NO_COLOR: &[(&str, &str)] = &[("NO_COLOR", "1")];

#[test]
fn results_are_words() {
    let server = Server::accepting();
    let (code, text) = on_terminal(&server, "wecom send-chatbot-text content=hi", NO_COLOR);
    assert_eq!((code, text.as_str()), (0, "Done.\n"));
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text content=hi", &[]);
    assert!(text.contains("\u{1b}[32mDone."), "{text:?}");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text content=hi --lang zh", NO_COLOR);
    assert_eq!(text, "完成。\n");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text content=hi -o json", NO_COLOR);
    assert_eq!(text, "{\n  \"truncated\": []\n}\n");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text content=hi -q", NO_COLOR);
    assert_eq!(text, "");
}

#[test]
fn lists_are_tables() {
    let server = Server::new(Response::Json(json!({
        "errcode": 0, "errmsg": "ok",
        "department_id": [{ "id": 1, "parentid": 0, "order": 1 }, { "id": 310, "parentid": 1, "order": 2 }],
    })));
    let (_, text) = on_terminal(&server, "wecom list-department-ids", NO_COLOR);
    let rows: Vec<Vec<&str>> = text.lines().map(|it| it.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["ID", "ORDER", "PARENT-ID"], "{text}");
    assert_eq!(rows[2], ["310", "2", "1"], "{text}");
}

#[test]
fn errors_are_words() {
    let server = Server::new(Response::Json(
        json!({ "errcode": 60020, "errmsg": "not allow to access from your ip" }),
    ));
    let (code, text) = on_terminal(&server, "wecom send-chatbot-text content=hi", NO_COLOR);
    assert_eq!(code, 3);
    assert!(
        text.starts_with("error: WeCom rejected the call: 60020 not allow to access"),
        "{text}"
    );
    assert!(text.contains("wecom explain 60020") && !text.contains('{'), "{text}");
    let (code, text) = on_terminal(&server, "wecom send-chatbot-text contnt=hi", NO_COLOR);
    assert_eq!(code, 2);
    assert!(text.contains("  contnt: there is no such field; did you mean content?"), "{text}");
    assert!(text.ends_with("See `wecom help send-chatbot-text`\n"), "{text}");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-txt", NO_COLOR);
    assert!(text.contains("Did you mean send-chatbot-text"), "{text}");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text contnt=hi -o json", NO_COLOR);
    assert!(text.starts_with("{\"error\":"), "{text}");
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text contnt=hi --lang zh", NO_COLOR);
    assert!(text.starts_with("错误：参数与操作不符"), "{text}");
}

#[test]
fn responses_cannot_move_the_cursor() {
    let server = Server::new(Response::Json(
        json!({ "errcode": 93000, "errmsg": "bad \u{9b}31m\u{7f} key" }),
    ));
    let (_, text) = on_terminal(&server, "wecom send-chatbot-text content=hi", NO_COLOR);
    assert!(!text.chars().any(|it| it.is_control() && it != '\n'), "{text:?}");
}

#[test]
fn slow_calls_show_a_spinner() {
    let server = Server::new(Response::Slow(1500));
    let (code, text) = on_terminal(&server, "wecom send-chatbot-text content=hi", NO_COLOR);
    assert_eq!(code, 0);
    assert!(text.contains("waiting for the response"), "{text:?}");
    let output = server.run("wecom send-chatbot-text content=hi");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn large_uploads_show_a_bar() {
    let server = Server::new(Response::Json(json!({
        "errcode": 0, "errmsg": "", "type": "file", "media_id": "MID-1", "created_at": "1789000000",
    })));
    let upload = "wecom upload-media kind=file file-name=large.bin content@=large.bin";
    let large = vec![7; 3 << 20];
    std::fs::write(concat!(env!("CARGO_TARGET_TMPDIR"), "/large.bin"), large).unwrap();
    let (code, text) = on_terminal(&server, upload, NO_COLOR);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("MiB/3.00 MiB"), "{text:?}");
    let output = server.run(upload);
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn help_fits_the_terminal() {
    let server = Server::accepting();
    for lang in ["en", "zh"] {
        for words in ["help", "actions", "help create-member", "help send-app-file", "help call"] {
            let (_, text) = on_terminal(&server, &format!("wecom {words} --lang {lang}"), &[]);
            let title = if lang == "zh" { "用法" } else { "Usage" };
            assert!(words == "actions" || text.contains(title), "{text}");
            for line in text.lines().filter(|it| !it.contains("https://") && !it.contains('"')) {
                assert!(columns(line) <= 80, "{line}");
            }
            // No name is broken at its hyphen.
            let broken = |it: &str| it.strip_suffix('-')?.chars().last().map(char::is_alphanumeric);
            assert!(!text.lines().any(|it| broken(it) == Some(true)), "{text}");
        }
    }
}

/// A Chinese character takes two columns.
fn columns(line: &str) -> usize {
    line.chars().map(|it| if it > '\u{2e80}' { 2 } else { 1 }).sum()
}

#[test]
fn errors_fit_the_terminal() {
    let server = Server::accepting();
    for lang in ["en", "zh"] {
        let send = format!("wecom send-app-file --lang {lang}");
        for words in ["", "recipients=x", "contnt=x", "x", "--tiemout 3", "media-id@=/"] {
            let (code, text) = on_terminal(&server, &format!("{send} {words}"), NO_COLOR);
            assert_eq!(code, 2, "{text}");
            assert!(text.lines().all(|it| columns(it) <= 80), "{text}");
            assert_eq!(text.matches("wecom help").count(), 1, "{text}");
        }
    }
}
