//! Endpoints, authorization, and a handler for each endpoint.

mod agents;
mod cards;
mod chatbots;
mod content;
mod departments;
mod directory;
pub(crate) mod dispatch;
pub(crate) mod endpoints;
mod group_chats;
mod media;
mod members;
mod messages;
mod profile;
mod recipients;
mod tokens;
