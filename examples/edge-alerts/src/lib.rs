//! An edge function: takes what Alertmanager posts and sends it to WeCom, by a chatbot into a group chat or by an application
//! to the members on call.
//!
//! | file | content |
//! |---|---|
//! | `access.rs` | the bearer token |
//! | `alerts.rs` | Alertmanager's format, rendered as markdown |
//! | `response.rs` | the HTTP response |
//! | `component.rs` | the only file that touches WASI and the connector  [wasm only] |
#![cfg_attr(
    not(any(target_family = "wasm", test)),
    allow(dead_code, reason = "its caller exists only in wasm builds")
)]

mod access;
mod alerts;
#[cfg(target_family = "wasm")]
mod component;
mod response;
