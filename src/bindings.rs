//! `wit/` as Rust types, and the export: all generated code.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    world: "connector",
    path: "wit",
    generate_all,
});

#[cfg(target_family = "wasm")]
use crate::guest::Connector;
#[cfg(target_family = "wasm")]
export!(Connector);
