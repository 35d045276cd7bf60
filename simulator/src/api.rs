//! Endpoints, authorization, and a handler for each endpoint.

mod chatbots;
mod content;
mod departments;
pub(crate) mod dispatch;
mod endpoints;
mod group_chats;
mod media;
mod members;
mod messages;
mod profile;
mod recipients;
mod tokens;
