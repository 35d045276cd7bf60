//! The WeCom (企业微信) connector as one WebAssembly component: see `ARCHITECTURE.md` for the house, `wit/` for the contract.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(
    not(any(target_family = "wasm", test)),
    allow(
        dead_code,
        reason = "the switchboard that calls the actions exists in wasm builds alone"
    )
)]

extern crate alloc;

mod abi;
mod actions;
mod bindings;
mod call;
mod credentials;
mod errcode;
mod exchange;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(target_family = "wasm")]
mod guest;
mod json;
#[cfg(target_family = "wasm")]
mod runtime;
mod validate;
#[cfg(target_family = "wasm")]
mod wasi_http;
mod wire;

#[cfg(target_family = "wasm")]
use guest::Kept;
