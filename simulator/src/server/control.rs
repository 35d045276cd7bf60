//! `/_simulator/…`: what a test in another process may read and do.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    faults::Fault,
    http::response::{Response, plain},
    simulator::Simulator,
};

const OVERVIEW: &str = "\
A WeCom in memory. Its endpoints are below /cgi-bin/, as on the real server. Control it with:

GET    /_simulator/state          everything it knows, without secrets
GET    /_simulator/transcript     the last 10,000 requests
DELETE /_simulator/transcript     forgets them
GET    /_simulator/faults         the faults that are still to come
POST   /_simulator/faults         queues a fault, or a list of them
DELETE /_simulator/faults         drops them
POST   /_simulator/advance        {\"seconds\":7200} moves the clock on
POST   /_simulator/revoke-tokens  makes every token so far invalid
POST   /_simulator/unlicense      {\"userid\":\"founder\"} takes a member's license
POST   /_simulator/reset          a fresh corp
";

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

/// The response to a control request; `None` for every other request.
pub(super) fn respond(simulator: &Simulator, request: &Request<Bytes>) -> Option<Response> {
    let path = request.uri().path();
    if matches!(path, "/" | "/_simulator" | "/_simulator/") {
        return Some(plain(200, "text/plain; charset=utf-8", OVERVIEW));
    }
    let action = path.strip_prefix("/_simulator/")?;
    let done = act(simulator, request.method(), action, request.body());
    Some(match done {
        Ok(body) => plain(200, "application/json", body),
        Err((status, text)) => plain(status, "text/plain; charset=utf-8", format!("{text}\n")),
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
        ("GET", "faults") => return Ok(json(&simulator.faults())),
        ("POST", "faults") if body.trim_ascii_start().starts_with(b"[") => {
            let faults: Vec<Fault> = read(body)?;
            for fault in faults {
                inject(simulator, fault)?;
            }
        }
        ("POST", "faults") => inject(simulator, read(body)?)?,
        ("DELETE", "faults") => simulator.clear_faults(),
        ("POST", "reset") => simulator.reset(),
        ("POST", "advance") => {
            let Advance { seconds } = read(body)?;
            simulator.advance(Duration::from_secs(seconds));
        }
        ("POST", "revoke-tokens") => simulator.revoke_tokens(),
        ("POST", "unlicense") => {
            let Unlicense { userid } = read(body)?;
            if !simulator.unlicense(&userid) {
                return Err((400, format!("there is no member `{userid}`")));
            }
        }
        _ => return Err((404, format!("there is no control request {method} {action}"))),
    }
    Ok(Bytes::from_static(b"{}\n"))
}

fn inject(simulator: &Simulator, fault: Fault) -> Result<(), (u16, String)> {
    let on = fault.on.clone();
    if simulator.inject(fault) {
        return Ok(());
    }
    Err((400, format!("no endpoint has a path that starts with `{on}`")))
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, (u16, String)> {
    serde_json::from_slice(body).map_err(|error| (400, error.to_string()))
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_string_pretty(value)
        .map_or_else(|error| error.to_string().into(), |text| Bytes::from(text + "\n"))
}
