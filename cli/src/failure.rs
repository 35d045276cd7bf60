//! How a failure is reported: one line of JSON on stderr, and an exit code.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_host::{ArgumentError, CallError};

use crate::{
    lang::Lang,
    member::{get, set},
};

/// Why there is no result.
pub(crate) enum Failure {
    /// The command line is not right.
    Usage(String),
    /// The arguments do not fit the action.
    Arguments { action: String, errors: Vec<ArgumentError> },
    /// There is no such action.
    UnknownAction { name: String, similar: Vec<String> },
    /// The component cannot be loaded.
    Component(String),
    /// The output cannot be written, that of a call that ended with its result.
    Output { why: String, result: Option<Value> },
    /// Some calls of a batch failed; the highest of their exit codes.
    Several { failed: usize, of: usize, code: u8 },
    /// So many checks of `wecom check` failed.
    Checks { failed: usize, of: usize },
    /// A part of a split text was not sent: the results of the parts before it, how many there are, and why.
    Parts { sent: Vec<Value>, of: usize, failure: Box<Failure> },
    /// A page of a listing was not read: the pages before it as one, with the cursor to go on from, and why.
    Pages { read: Value, failure: Box<Failure> },
    /// The action returned an error: the contract's `error`, as JSON.
    Returned(Value),
    /// The call was stopped before it ended.
    Stopped { why: String, took_effect: TookEffect },
}

/// Whether a call that was stopped may have taken effect.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TookEffect {
    /// No request of it had been sent.
    No,
    /// A request may have been sent.
    Unknown,
}

impl Failure {
    /// From the error of a call, `sent` being whether a request may have been sent.
    pub(crate) fn of_call(action: &str, error: CallError, sent: bool) -> Self {
        match error {
            CallError::Arguments(errors) => Self::Arguments { action: action.to_owned(), errors },
            CallError::UnknownFunction { .. } => {
                Self::UnknownAction { name: action.to_owned(), similar: Vec::new() }
            }
            CallError::Returned(error) => Self::Returned(error),
            CallError::Unavailable(why) => Self::Component(why),
            other => Self::Stopped {
                why: other.to_string(),
                took_effect: if sent { TookEffect::Unknown } else { TookEffect::No },
            },
        }
    }

    /// The failure as programs read it: `{"error": {CASE: …}}`.
    pub(crate) fn json(&self) -> Value {
        let mut report = json!({ "error": self.error() });
        if let Self::Output { result: Some(result), .. } | Self::Pages { read: result, .. } = self {
            set(&mut report, "result", result.clone());
        }
        if let Self::Parts { sent, of, .. } = self {
            set(&mut report, "sent", sent.clone());
            set(&mut report, "parts", *of);
        }
        report
    }

    /// What stands in `{"error": …}`.
    pub(crate) fn error(&self) -> Value {
        match self {
            Self::Usage(message) => json!({ "usage": message }),
            Self::Component(why) => json!({ "component": why }),
            Self::Output { why, result: None } => json!({ "output": why }),
            Self::Output { why, result: Some(_) } => {
                json!({ "output": format!("the call ended, but its result cannot be written: {why}") })
            }
            Self::Several { failed, of, .. } => json!({ "batch": { "failed": failed, "of": of } }),
            Self::Checks { failed, of } => json!({ "checks": { "failed": failed, "of": of } }),
            Self::Parts { failure, .. } | Self::Pages { failure, .. } => failure.error(),
            Self::Arguments { errors, .. } => {
                let error = |it: &ArgumentError| json!({ "field": it.path, "reason": it.message });
                json!({ "arguments": errors.iter().map(error).collect::<Vec<_>>() })
            }
            Self::UnknownAction { name, similar } => {
                json!({ "unknown-action": { "action": name, "similar": similar } })
            }
            Self::Returned(error) => error.clone(),
            Self::Stopped { why, took_effect } => {
                json!({ "stopped": format!("{why}; {}", took_effect.words(Lang::English)) })
            }
        }
    }

    /// How long to wait before the same call is made again. None where that is no use or may do it twice.
    pub(crate) fn retry_after(&self, attempt: u32) -> Option<Duration> {
        const MAX_BACKOFF: u64 = 60;
        let Self::Returned(error) = self else { return None };
        let case = case(error);
        if !matches!(case, "rejected-for-now" | "unreachable" | "no-reply") {
            return None;
        }
        let backoff = 1_u64.checked_shl(attempt).map_or(MAX_BACKOFF, |it| it.min(MAX_BACKOFF));
        Some(Duration::from_secs(get(get(error, case), "retry-after").as_u64().unwrap_or(backoff)))
    }

    /// Whether the call may have taken effect all the same.
    pub(crate) fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Returned(error) => {
                let case = case(error);
                // A failed exchange says whether more than a token had been asked for.
                matches!(case, "no-reply" | "permanent-no-reply" | "permanent-unexpected-reply")
                    && get(get(error, case), "request-sent") != false
            }
            Self::Stopped { took_effect, .. } => *took_effect == TookEffect::Unknown,
            Self::Output { result, .. } => result.is_some(),
            Self::Parts { sent, failure, .. } => {
                !sent.is_empty() || failure.may_have_taken_effect()
            }
            _ => false,
        }
    }

    /// The exit code, as `wecom help errors` lists them.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Arguments { .. } | Self::UnknownAction { .. } => 2,
            Self::Returned(error) => match case(error) {
                "permanent-invalid-input" | "permanent-missing-credential" => 2,
                "permanent-rejected" => 3,
                "rejected-for-now" => 4,
                "unreachable" => 5,
                "no-reply" | "permanent-no-reply" | "permanent-unexpected-reply" => 6,
                _ => 1,
            },
            Self::Stopped { took_effect: TookEffect::Unknown, .. } => 6,
            Self::Several { code, .. } => *code,
            Self::Parts { failure, .. } | Self::Pages { failure, .. } => failure.code(),
            Self::Checks { .. }
            | Self::Component(_)
            | Self::Output { .. }
            | Self::Stopped { .. } => 1,
        }
    }
}

impl TookEffect {
    pub(crate) fn words(self, lang: Lang) -> &'static str {
        match self {
            Self::No => lang.pick("nothing was sent", "什么也没有发送"),
            Self::Unknown => lang.pick(
                "a request may have been sent, so the call may have taken effect",
                "请求可能已经发出，因此调用可能已经生效",
            ),
        }
    }
}

/// The name of a variant's case, in the form that JSON gives it.
pub(crate) fn case(error: &Value) -> &str {
    match error {
        Value::Object(object) => object.keys().next().map_or("", String::as_str),
        Value::String(case) => case,
        _ => "",
    }
}
