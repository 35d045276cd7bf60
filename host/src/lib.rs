//! The reference host of the WeCom connector: loads the component, gives it HTTP, clocks and environment variables and
//! nothing else, and calls its functions, with Rust types or with JSON.
//!
//! ```no_run
//! use wecom_host::{COMPONENT, Host, Options, bindings::exports::wecom::connector};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! // Once: compiles the component and checks its imports.
//! let host = Host::new(COMPONENT, Options::default())?;
//!
//! // Once a profile set: an instance keeps its access tokens, so keep it for many calls.
//! let mut instance = host.instance([("WECOM_CHATBOT_KEY", "…")]);
//!
//! // By name, with JSON …
//! let receipt = instance.call_json("send-chatbot-text", &serde_json::json!({
//!     "chatbot": { "profile": "" },
//!     "message": { "content": "Pump 2 restarted" },
//! })).await?;
//!
//! // … or with types.
//! let chatbot = connector::types::Chatbot::Profile(String::new());
//! let receipt = instance.call(async |store, connector| {
//!     let chatbots = connector.chatbots(store)?;
//!     chatbots.call_send_chatbot_markdown(store, &chatbot, "**Pump 2**").await
//! }).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | file | room |
//! |---|---|
//! | `host.rs` | [`Host`]: engine, linker, limits; compiled once, shared by all |
//! | `instance.rs` | [`Instance`]: one sandbox, and the calls into it |
//! | `connector.rs` | [`Connector`]: the functions of a sandbox with Rust types |
//! | `limits.rs` | what a component may use up |
//! | `json.rs` | JSON to component values and back |
//! | `upload.rs` | calls that carry a file, which dynamic values would swell |
//! | `transport.rs` | [`Transport`]: how requests leave; replace it to test without a network |
//! | `http.rs` | [`Pool`]: the transport over the network, on hyper-util's client |
//! | `proxy.rs` | connections, directly or through a [`Proxy`] |
//! | `tls.rs` | [`Trust`]: the certificates that are trusted |
//! | `contract.rs` | [`contract`]: the WIT files as documentation |
//! | `bin/wecom/` | the command |

pub mod contract;

mod connector;
mod host;
mod http;
mod instance;
mod json;
mod limits;
mod proxy;
#[cfg(test)]
mod testing;
mod tls;
mod transport;
mod upload;

pub use crate::{
    connector::Connector,
    host::{Function, Host, Options},
    http::{Pool, PoolOptions},
    instance::{CallError, Instance, State},
    json::Problem,
    limits::Limits,
    proxy::Proxy,
    tls::Trust,
    transport::{Body, Sending, Timeouts, Transport, body},
};

/// What a [`Transport`] reports when it has no response.
pub use wasmtime_wasi_http::Error as TransportError;

/// The component, as built together with this library.
pub const COMPONENT: &[u8] = include_bytes!(env!("WECOM_COMPONENT_WASM"));

/// The contract as Rust types: generated from `wit/`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
pub mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "connector",
        exports: { default: async },
        additional_derives: [PartialEq],
    });
}
