//! `wit/` as Rust types: all generated code. The functions are exported in `guest.rs`.
#![allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]

wit_bindgen::generate!({
    world: "connector",
    path: "wit",
    generate_all,
    additional_derives: [crate::abi::Canonical],
});
