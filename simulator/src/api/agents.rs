//! What an application may query about itself and about the server: the calls without side effects.

#![allow(clippy::unnecessary_wraps, reason = "handlers have one signature")]

use serde_json::{Value, json};

use crate::{
    corp::{
        Corp,
        departments::ROOT,
        identities::{APPS, App, Visibility},
        refusal::Refusal,
    },
    http::{
        request::Call,
        response::{Outcome, Success},
    },
};

/// Addresses for documentation: no server uses them.
const API_ADDRESSES: [&str; 2] = ["192.0.2.10", "192.0.2.32/28"];
const CALLBACK_ADDRESSES: [&str; 2] = ["198.51.100.7", "198.51.100.8"];

pub(crate) fn get(_: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let agent_id = call.query.text("agentid");
    let agent_id = agent_id.ok_or_else(|| Refusal::new(41011, "missing agentid"))?;
    check_agent_id(app, agent_id.parse().unwrap_or(-1))?;
    let mut details = row(app);
    if let Some(details) = details.as_object_mut() {
        let (users, departments) = match app.visibility {
            Visibility::Whole => (json!([]), json!([ROOT])),
            Visibility::Narrow { department, member } => {
                (json!([{ "userid": member }]), json!([department]))
            }
        };
        details.extend([
            ("description".to_owned(), json!("")),
            ("allow_userinfos".to_owned(), json!({ "user": users })),
            ("allow_partys".to_owned(), json!({ "partyid": departments })),
            ("close".to_owned(), json!(0)),
            ("redirect_domain".to_owned(), json!("")),
            ("report_location_flag".to_owned(), json!(0)),
            ("isreportenter".to_owned(), json!(0)),
            ("home_url".to_owned(), json!("")),
        ]);
    }
    Ok(Success::ok(details))
}

/// The application of the token; none for the contacts-sync assistant.
pub(crate) fn list(_: &mut Corp, app: &'static App, _: &Call) -> Outcome {
    let agents: Vec<_> = app.agent_id.iter().map(|_| row(app)).collect();
    Ok(Success::ok(json!({ "agentlist": agents })))
}

fn row(app: &App) -> Value {
    json!({ "agentid": app.agent_id, "name": app.role, "square_logo_url": "" })
}

pub(crate) fn api_addresses(_: &mut Corp, _: &'static App, _: &Call) -> Outcome {
    Ok(Success::ok(json!({ "ip_list": API_ADDRESSES })))
}

pub(crate) fn callback_addresses(_: &mut Corp, _: &'static App, _: &Call) -> Outcome {
    Ok(Success::ok(json!({ "ip_list": CALLBACK_ADDRESSES })))
}

/// Refuses an agent id that is not the caller's.
pub(crate) fn check_agent_id(app: &App, agent_id: i64) -> Result<(), Refusal> {
    let named = APPS.iter().find(|it| it.agent_id.is_some_and(|it| i64::from(it) == agent_id));
    match named {
        None => Err(Refusal::new(40056, "invalid agentid")),
        Some(named) if named != app => {
            Err(Refusal::new(301_002, "not allow operate another agent with this accesstoken"))
        }
        Some(_) => Ok(()),
    }
}
