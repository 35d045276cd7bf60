//! The WeCom (企业微信) connector as one WebAssembly component. `ARCHITECTURE.md` describes its parts, `wit/` its contract.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(
    not(any(target_family = "wasm", test)),
    allow(dead_code, reason = "`guest.rs`, which calls the actions, is built for wasm only")
)]

extern crate alloc;

mod actions;
mod base_url;
mod bindings;
mod call;
mod credentials;
mod errcode;
mod exchange;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(target_family = "wasm")]
mod guest;
mod multipart;
mod redact;
mod response;
mod run;
#[cfg(target_family = "wasm")]
mod runtime;
mod split;
mod token_cache;
mod truncate;
mod validate;
#[cfg(target_family = "wasm")]
mod wasi_http;
mod wire;
