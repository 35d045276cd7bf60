//! How a failure is told: one line of JSON on stderr, and an exit code.

use std::process::ExitCode;

use serde_json::{Value, json};
use wecom_host::{CallError, Problem};

/// Why there is nothing to print.
pub(crate) enum Failure {
    /// The command line is not right.
    Usage(String),
    /// The arguments do not fit the action.
    Arguments(Vec<Problem>),
    /// The component cannot be loaded.
    Component(String),
    /// The call failed.
    Call(CallError),
}

impl Failure {
    pub(crate) fn json(self) -> Value {
        let error = match self {
            Self::Usage(message) => json!({ "usage": message }),
            Self::Component(why) | Self::Call(CallError::Unavailable(why)) => {
                json!({ "component": why })
            }
            Self::Arguments(problems) | Self::Call(CallError::Arguments(problems)) => {
                let problem = |it: Problem| json!({ "field": it.path, "reason": it.message });
                json!({ "arguments": problems.into_iter().map(problem).collect::<Vec<_>>() })
            }
            Self::Call(CallError::UnknownFunction { name, similar }) => {
                json!({ "unknown-action": { "action": name, "similar": similar } })
            }
            Self::Call(CallError::Returned(error)) => error,
            Self::Call(other) => json!({ "stopped": other.to_string() }),
        };
        json!({ "error": error })
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_)
            | Self::Arguments(_)
            | Self::Call(CallError::Arguments(_) | CallError::UnknownFunction { .. }) => 2,
            Self::Call(CallError::Returned(error)) => match case(error) {
                "permanent-invalid-input" | "permanent-missing-credential" => 2,
                "permanent-rejected" => 3,
                "rejected-for-now" => 4,
                "unreachable" => 5,
                "no-reply" | "permanent-no-reply" | "permanent-unexpected-reply" => 6,
                _ => 1,
            },
            Self::Component(_) | Self::Call(_) => 1,
        })
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

/// The name of a variant's case, in the form that JSON gives it.
fn case(error: &Value) -> &str {
    match error {
        Value::Object(object) => object.keys().next().map_or("", String::as_str),
        Value::String(case) => case,
        _ => "",
    }
}
