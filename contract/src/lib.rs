//! The contract of the WeCom connector as data.
//!
//! [`Contract::load`] reads the WIT files that this crate carries: every action with its parameters, documentation, errors
//! and example, and every type. `contract.json` holds the same with a JSON Schema for the arguments and the result of each
//! action; the npm and Python packages are made from it. `docs/actions.md` is the same for readers. `cargo run -p wecom-contract` writes both.
//!
//! ```
//! let contract = wecom_contract::Contract::load()?;
//! let action = contract.action("send-chatbot-text").ok_or("no such action")?;
//! assert_eq!(action.credentials, Some(wecom_contract::Credentials::Chatbot));
//! assert_eq!(action.example.arguments["message"]["content"], "Pump 2 restarted");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | file | content |
//! |---|---|
//! | `model.rs` | [`Contract`], [`Action`], [`NamedType`], [`Type`] |
//! | `wit.rs` | reads the WIT files into the model |
//! | `command.rs` | the examples as commands of `wecom` |
//! | `example.rs` | the WAVE examples as JSON |
//! | `schema.rs` | JSON Schema of the model |
//! | `json.rs` | `contract.json` |
//! | `reference.rs` | `docs/actions.md` |

mod command;
mod example;
mod json;
mod model;
mod reference;
mod schema;
mod wit;

pub use crate::{
    command::quote,
    model::{
        Action, Case, Contract, Credentials, Effect, Example, Field, Interface, Kind, NamedType,
        Page, Parameter, Type,
    },
};

/// The WIT files, by name.
pub const FILES: &[(&str, &str)] = &[
    ("app-messages.wit", include_str!("../wit/app-messages.wit")),
    ("chatbots.wit", include_str!("../wit/chatbots.wit")),
    ("departments.wit", include_str!("../wit/departments.wit")),
    ("diagnosis.wit", include_str!("../wit/diagnosis.wit")),
    ("group-chats.wit", include_str!("../wit/group-chats.wit")),
    ("group-messages.wit", include_str!("../wit/group-messages.wit")),
    ("media.wit", include_str!("../wit/media.wit")),
    ("members.wit", include_str!("../wit/members.wit")),
    ("template-cards.wit", include_str!("../wit/template-cards.wit")),
    ("texts.wit", include_str!("../wit/texts.wit")),
    ("tokens.wit", include_str!("../wit/tokens.wit")),
    ("types.wit", include_str!("../wit/types.wit")),
    ("world.wit", include_str!("../wit/world.wit")),
];
