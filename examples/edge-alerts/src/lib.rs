//! An edge function: takes what Alertmanager posts, and has a chatbot of the connector say it in a WeCom group chat.
//!
//! | file | room |
//! |---|---|
//! | `access.rs` | who may post |
//! | `alerts.rs` | Alertmanager's format, and its markdown |
//! | `answer.rs` | what is answered |
//! | `component.rs` | the only file that touches WASI and the connector, wasm only |
#![cfg_attr(
    not(any(target_family = "wasm", test)),
    allow(dead_code, reason = "what calls the rest exists in wasm builds alone")
)]

mod access;
mod alerts;
mod answer;
#[cfg(target_family = "wasm")]
mod component;
