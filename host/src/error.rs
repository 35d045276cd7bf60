//! Why a call has no result.

use std::{error::Error, fmt};

use serde_json::Value;

use crate::json::ArgumentError;

/// Why a call has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The component exports no function of this name.
    UnknownFunction(String),
    /// The JSON does not fit the parameters. Nothing was called.
    Arguments(Vec<ArgumentError>),
    /// The function itself returned an error: the contract's `error`, as JSON.
    Returned(Value),
    /// The component could not be instantiated: too many at once, or it lacks what was asked for.
    Unavailable(String),
    /// The call was stopped: it trapped, or went over a limit. Whether it took effect is unknown.
    Stopped(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFunction(name) => write!(out, "there is no action {name}"),
            Self::Arguments(errors) => {
                let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
                out.write_str(&errors.join("; "))
            }
            Self::Returned(error) => write!(out, "{error}"),
            Self::Unavailable(why) => write!(out, "the component cannot be used: {why}"),
            Self::Stopped(why) => write!(out, "the component was stopped: it {why}"),
        }
    }
}

impl Error for CallError {}
