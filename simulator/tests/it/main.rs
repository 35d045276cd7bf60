//! The simulator through its public interface.

mod chatbots;
mod client;
mod departments;
mod dispatch;
mod faults;
mod group_chats;
mod media;
mod members;
mod messages;
mod profiles;
mod samples;
mod server;
mod simulator;
mod tokens;
mod transcript;
