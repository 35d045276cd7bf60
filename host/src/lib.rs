#![doc = include_str!("../README.md")]
//!
//! ## Inside
//!
//! | file | content |
//! |---|---|
//! | `host.rs` | [`Host`]: an engine with limits, and a component in it |
//! | `instance.rs` | [`Instance`]: one sandbox, and the calls into it |
//! | `cache.rs` | the cache of compiled code |
//! | `loaded.rs` | the component, compiled and linked: what all its instances share |
//! | `bindings.rs` | the contract as Rust types |
//! | `connector.rs` | [`Connector`]: the functions of an instance with Rust types |
//! | `sandbox.rs` | [`State`]: what a component can reach |
//! | `limits.rs` | [`Limits`]: what a component may use up |
//! | `error.rs` | [`CallError`] |
//! | `json.rs` | JSON to component values and back |
//! | `http.rs` | [`Pool`]: the transport over the network |
//! | `proxy.rs`, `tls.rs` | [`Proxy`] and [`Trust`]: its connections |
//! | `transport.rs` | [`Transport`]: how requests leave; replace it to test without a network |

pub mod bindings;

mod cache;
mod connector;
mod error;
mod host;
mod http;
mod instance;
mod json;
mod limits;
mod loaded;
mod proxy;
mod sandbox;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tls;
mod transport;

pub use crate::{
    connector::Connector,
    error::CallError,
    host::{Host, Options},
    http::{Pool, PoolOptions},
    instance::Instance,
    json::ArgumentError,
    limits::Limits,
    loaded::Function,
    proxy::Proxy,
    sandbox::State,
    tls::Trust,
    transport::{Body, Sending, Timeouts, Transport, body},
};

/// What a [`Transport`] reports when it has no response.
pub use wasmtime_wasi_http::Error as TransportError;

/// The component, as built together with this library.
pub const COMPONENT: &[u8] = include_bytes!(env!("WECOM_COMPONENT_WASM"));
