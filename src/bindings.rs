//! `wit/` as Rust types, and its exports: generated code only. `guest.rs` implements the exported functions.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({ world: "connector", path: "wit", generate_all });

pub(crate) use self::exports::wecom::connector as wit;

/// Implements the generated traits.
#[cfg(target_family = "wasm")]
pub(crate) struct Connector;

#[cfg(target_family = "wasm")]
export!(Connector);
