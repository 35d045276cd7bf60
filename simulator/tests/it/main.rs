//! The simulator through its public interface.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod cards;
mod chatbots;
mod client;
mod contents;
mod departments;
mod directory;
mod dispatch;
mod faults;
mod group_chats;
mod media;
mod members;
mod messages;
mod profiles;
mod program;
mod samples;
mod server;
mod simulator;
mod tokens;
mod tolerance;
mod transcript;
