//! `/_simulator/…`: what a test outside this process may look at and do.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Fault, Response as Answer, Simulator, http::response::plain};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlicense {
    userid: String,
}

/// The answer to a control request; `None` for every other request.
pub(super) fn answer(simulator: &Simulator, request: &Request<Bytes>) -> Option<Answer> {
    let action = request.uri().path().strip_prefix("/_simulator/")?;
    let done = act(simulator, request.method(), action, request.body());
    Some(match done {
        Ok(body) => plain(200, "application/json", body).response,
        Err((status, text)) => {
            plain(status, "text/plain; charset=utf-8", format!("{text}\n")).response
        }
    })
}

fn act(
    simulator: &Simulator,
    method: &Method,
    action: &str,
    body: &Bytes,
) -> Result<Bytes, (u16, String)> {
    match (method.as_str(), action) {
        ("GET", "state") => return Ok(json(&simulator.state())),
        ("GET", "transcript") => return Ok(json(&simulator.transcript())),
        ("DELETE", "transcript") => simulator.clear_transcript(),
        ("POST", "faults") if body.trim_ascii_start().starts_with(b"[") => {
            let faults: Vec<Fault> = read(body)?;
            for fault in faults {
                simulator.inject(fault);
            }
        }
        ("POST", "faults") => simulator.inject(read(body)?),
        ("DELETE", "faults") => simulator.clear_faults(),
        ("POST", "reset") => simulator.reset(),
        ("POST", "advance") => {
            let Advance { seconds } = read(body)?;
            simulator.advance(Duration::from_secs(seconds));
        }
        ("POST", "revoke-tokens") => simulator.revoke_tokens(),
        ("POST", "unlicense") => {
            let Unlicense { userid } = read(body)?;
            simulator.unlicense(&userid);
        }
        _ => return Err((404, format!("there is no control request {method} {action}"))),
    }
    Ok(Bytes::from_static(b"{}"))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec_pretty(value).map_or_else(|error| error.to_string().into(), Bytes::from)
}
