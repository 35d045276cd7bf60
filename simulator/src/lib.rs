//! A strict `WeCom` (企业微信) server in memory: one corp, its applications and its chatbots, with
//! faults on request.
//!
//! [`Simulator::handle`] takes one request and gives one answer; it needs no network, no runtime and
//! no clock. [`server::serve`] puts it behind a listener, and the `wecom-simulator` program behind a
//! port. It answers as the vendor's pages say, and refuses what they leave open: unknown keys, wrong
//! types, nulls and careless queries are errors that name the offender.
//!
//! A request goes `gate` → `endpoints` → the subject → `answer`:
//!
//! - `gate`, `query`, `body`, `multipart`: HTTP and syntax, read strictly
//! - `endpoints`: the table of what exists and who may call it
//! - `corp`: what one simulator knows; its applications, its chatbots and its clock
//! - `tokens`, `departments`, `members`, `group_chats`, `messages`, `chatbots`, `media`: a subject each
//! - `content`: message bodies, which three senders share
//! - `faults`, `recorded`: what a test asks for, and what it reads afterwards

mod answer;
mod body;
mod chatbots;
mod content;
mod corp;
mod departments;
mod endpoints;
mod faults;
mod gate;
mod group_chats;
mod media;
mod members;
mod messages;
mod multipart;
mod query;
mod recorded;
pub mod server;
mod simulator;
#[cfg(test)]
mod testing;
mod text;
mod tokens;
mod window;

pub use crate::{
    answer::{Answer, Delivery},
    faults::{Fault, FaultKind},
    recorded::Recorded,
    simulator::Simulator,
};

/// The credentials and identifiers that every simulator starts with.
pub mod known {
    pub const CORP_ID: &str = "wwsimulatedcorp001";
    /// The secret of the contacts-sync assistant: it writes contacts and sends nothing.
    pub const CONTACTS_SECRET: &str = "simulated-contacts-secret";

    /// An application that sees the whole corp.
    pub const APP_SECRET: &str = "simulated-app-secret";
    pub const AGENT_ID: u32 = 1_000_002;

    /// Another one that sees the whole corp.
    pub const SECOND_APP_SECRET: &str = "simulated-second-app-secret";
    pub const SECOND_AGENT_ID: u32 = 1_000_003;

    /// An application that sees only [`FOUNDER`] and [`NARROW_DEPARTMENT_ID`].
    pub const NARROW_APP_SECRET: &str = "simulated-narrow-app-secret";
    pub const NARROW_AGENT_ID: u32 = 1_000_004;
    /// Not there at the start: whoever needs it creates it with this id.
    pub const NARROW_DEPARTMENT_ID: u32 = 900_000;

    pub const CHATBOT_KEY: &str = "simulated-chatbot-key";
    pub const SECOND_CHATBOT_KEY: &str = "simulated-second-chatbot-key";

    /// The creator of the corp, its only member at the start; cannot be deleted.
    pub const FOUNDER: &str = "founder";

    /// The tag ids that exist; the first holds [`FOUNDER`], the second nobody.
    pub const TAG_IDS: [u32; 2] = [1, 2];
}
