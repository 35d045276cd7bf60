//! A `WeCom` (企业微信) server in memory: one corp, its applications and its chatbots, with faults on request.
//!
//! [`Simulator::handle`] takes one request and returns one response; it needs no network and no runtime.
//! [`server::serve`] puts it behind a listener, and the `wecom-simulator` program behind a port.
//!
//! Three layers, each using only those below it:
//!
//! - `api`: endpoints, authorization, and a handler for each endpoint
//! - `http`: requests, bodies, queries and uploads in; responses out
//! - `corp`: state and invariants; independent of HTTP
//!
//! `faults` damages responses, `transcript` records requests, `simulator` combines them all, and `server` serves it.

mod api;
mod corp;
mod faults;
mod http;
pub mod known;
pub mod server;
mod simulator;
mod transcript;

pub use crate::{
    faults::{Fault, FaultKind},
    http::response::{Delivery, Response},
    simulator::Simulator,
    transcript::TranscriptEntry,
};
