//! The `wecom` command as it is built, against a server on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod calls;
mod files;
mod help;
mod input;
#[cfg(feature = "keyring")]
mod keyring;
mod mcp;
mod options;
mod recording;
mod server;
#[cfg(feature = "test-shells")]
mod shells;
mod terminal;

use std::process::Output;

use serde_json::Value;

/// The exit code, and what is printed on stdout and stderr.
fn outcome(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{} {out}{err}", output.status.code().unwrap())
}

/// The error, which is one line of JSON on stderr.
#[track_caller]
fn error(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(text.lines().count(), 1, "{text}");
    let json: Value = serde_json::from_str(&text).expect(&text);
    json["error"].clone()
}

/// The result, which is JSON on stdout.
#[track_caller]
fn result(output: &Output) -> Value {
    assert!(output.status.success(), "{}", outcome(output));
    serde_json::from_slice(&output.stdout).unwrap()
}
