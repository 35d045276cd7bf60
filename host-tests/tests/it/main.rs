//! The built component under wasmtime, against the simulator.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "some tests report figures, tables or the steps before a failure"
)]

mod actions;
mod circles;
mod contract;
mod faults;
mod journeys;
mod limits;
mod properties;
mod property;
mod sandbox;
mod secrets;
mod tokens;
mod wave;
