//! `gettoken`.

use serde_json::json;

use crate::{
    corp::{Corp, identities::APPS, refusal::Refusal, tokens::LIFE},
    http::{
        request::Call,
        response::{Outcome, Success},
    },
    known,
};

pub(crate) fn gettoken(corp: &mut Corp, call: &Call) -> Outcome {
    let Some(corp_id) = call.query.text("corpid") else {
        return Err(Refusal::new(41002, "corpid missing"));
    };
    let Some(secret) = call.query.text("corpsecret") else {
        return Err(Refusal::new(41004, "corpsecret missing"));
    };
    if corp_id != known::CORP_ID {
        return Err(Refusal::new(40013, "invalid corpid"));
    }
    let Some(app) = APPS.iter().find(|it| it.secret == secret) else {
        return Err(Refusal::new(40001, "invalid credential"));
    };
    let now = corp.now();
    let token = corp.tokens.issue(app, now);
    Ok(Success::ok(json!({ "access_token": token, "expires_in": LIFE.as_secs() })))
}
