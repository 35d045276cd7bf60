//! Application messages: sending, recalling, updating cards.

use std::{collections::BTreeSet, time::Duration};

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{
        agents::check_agent_id,
        cards::{self, Card, Place},
        content::{self, Sender, check_safe},
        recipients::{self, MAX_PARTIES, MAX_TAGS, MAX_USERS},
    },
    corp::{
        Corp,
        identities::App,
        media::{Kind, Owner},
        messages::Draft,
        record::put,
        refusal::Refusal,
    },
    http::{
        body::NonEmpty,
        request::{Call, Message},
        response::{Outcome, Success},
    },
};

const ID_LENGTH: usize = 80;
const DEFAULT_INTERVAL: i64 = 1800;
const MAX_INTERVAL: i64 = 14_400;
/// What may be sent with `safe` 1.
const SAFE_FILES: [&str; 14] = [
    "txt", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "xml", "jpg", "jpeg", "png", "bmp",
    "gif",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope {
    touser: Option<String>,
    toparty: Option<String>,
    totag: Option<String>,
    agentid: Option<i64>,
    #[serde(rename = "msgtype")]
    _msgtype: Option<String>,
    safe: Option<i64>,
    enable_id_trans: Option<i64>,
    enable_duplicate_check: Option<i64>,
    duplicate_check_interval: Option<i64>,
}

pub(crate) fn send(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let message = call.message(Sender::App.types())?;
    let envelope: Envelope = call.envelope(&message)?;
    let agent_id = envelope.agentid.ok_or_else(|| Refusal::new(41011, "missing agentid"))?;
    check_agent_id(app, agent_id)?;
    let checks_duplicates = check_flag("enable_duplicate_check", envelope.enable_duplicate_check)?;
    let id_trans = check_flag("enable_id_trans", envelope.enable_id_trans)?;
    let interval = match envelope.duplicate_check_interval {
        // Without the check, and 0 with it, WeCom treats anything as the default.
        Some(seconds) if call.is_strict() || (checks_duplicates && seconds != 0) => seconds,
        _ => DEFAULT_INTERVAL,
    };
    let interval = check_interval(interval)?;
    let content = content::read(corp, call, &message, Sender::App)?;
    let safe = read_safe(corp, call, &message, &content, envelope.safe)?;
    let [to_user, to_party, to_tag] = [&envelope.touser, &envelope.toparty, &envelope.totag]
        .map(|it| it.non_empty().unwrap_or_default());
    let recipients = recipients::resolve(corp, app, [to_user, to_party, to_tag], call.is_strict())?;

    let now = corp.now();
    let to = json!({ "touser": to_user, "toparty": to_party, "totag": to_tag });
    let digest = Md5::digest(json!([app.role, message.msgtype, content, to]).to_string()).into();
    if checks_duplicates && let Some(response) = corp.messages.suppress(&digest, interval, now) {
        return Ok(Success::ok(response));
    }

    let card: Option<Card> = match message.msgtype.as_str() {
        "template_card" => Some(call.content(&message)?),
        _ => None,
    };
    if let Some(task_id) = card.as_ref().and_then(|it| it.task_id.non_empty()) {
        corp.messages.use_task_id(app, task_id)?;
    }
    let id = corp.fresh_id("message", ID_LENGTH);
    let mut response = recipients.response();
    put(&mut response, "msgid", json!(id));
    let draft = Draft {
        app,
        to,
        users: recipients.users,
        msgtype: message.msgtype,
        content,
        safe,
        id_trans,
    };
    corp.messages.send(id, draft, now);
    if card.is_some_and(|it| it.calls_back()) {
        let response_code = corp.fresh_id("card", ID_LENGTH);
        put(&mut response, "response_code", json!(response_code));
        corp.messages.allow_update(response_code, now);
    }
    if checks_duplicates {
        corp.messages.remember(digest, response.clone(), now);
    }
    Ok(Success::ok(response))
}

pub(crate) fn recall(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Recall {
        msgid: Option<String>,
    }

    let Recall { msgid } = call.json()?;
    let Some(id) = msgid.non_empty() else { return Err(Refusal::invalid("msgid", "missing")) };
    let now = corp.now();
    corp.messages.recall(app, id, now)?;
    Ok(Success::ok(Value::Null))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CardUpdate {
    userids: Vec<String>,
    partyids: Vec<i64>,
    tagids: Vec<i64>,
    atall: Option<i64>,
    agentid: Option<i64>,
    response_code: Option<String>,
    #[serde(rename = "enable_id_trans")]
    _enable_id_trans: Option<i64>,
    button: Option<ReplacedButton>,
    template_card: Option<Card>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReplacedButton {
    replace_name: Option<String>,
}

pub(crate) fn update_template_card(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let update: CardUpdate = call.json()?;
    let agent_id = update.agentid.ok_or_else(|| Refusal::new(41011, "missing agentid"))?;
    check_agent_id(app, agent_id).map_err(|refusal| match refusal.code {
        301_002 => Refusal::new(42015, "agentid not match the card"),
        _ => refusal,
    })?;
    for (name, size, max, code) in [
        ("userids", update.userids.len(), MAX_USERS, 40032),
        ("partyids", update.partyids.len(), MAX_PARTIES, 82002),
        ("tagids", update.tagids.len(), MAX_TAGS, 82003),
    ] {
        if size > max {
            return Err(Refusal::new(code, format!("{name} exceed max size {max}")));
        }
    }
    let is_for_all = update.atall == Some(1);
    if !is_for_all
        && update.userids.is_empty()
        && update.partyids.is_empty()
        && update.tagids.is_empty()
    {
        return Err(Refusal::new(82101, "userids, partyids and tagids are all empty"));
    }
    let response_code = update.response_code.non_empty().unwrap_or_default();
    let receivers = corp.messages.card_receivers(app, response_code, corp.now())?;
    let content = match (&update.template_card, &update.button) {
        (Some(card), _) => cards::check(card, Place::Update, call.is_strict())?,
        (None, Some(button)) => match button.replace_name.non_empty() {
            Some(name) => json!({ "button": { "replace_name": name } }),
            None => return Err(Refusal::new(42027, "missing button.replace_name")),
        },
        (None, None) => return Err(Refusal::new(42027, "missing button or template_card")),
    };

    let named =
        |id: &&String| corp.members.find(id).is_some_and(|it| receivers.contains(&it.user_id));
    let (valid, invalid): (Vec<_>, Vec<_>) = update.userids.iter().partition(named);
    let in_groups: BTreeSet<_> =
        recipients::members_of(corp, app, &update.partyids, &update.tagids);
    if !is_for_all && valid.is_empty() && receivers.is_disjoint(&in_groups) {
        return Err(Refusal::new(82102, "none of the receivers got the card"));
    }
    let invalid: Vec<_> = invalid.into_iter().map(|it| it.to_ascii_lowercase()).collect();
    corp.messages.update_card(response_code, content);
    Ok(Success::ok(json!({ "invaliduser": invalid })))
}

fn check_flag(name: &str, flag: Option<i64>) -> Result<bool, Refusal> {
    match flag {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(Refusal::invalid(name, "must be 0 or 1")),
    }
}

fn check_interval(seconds: i64) -> Result<Duration, Refusal> {
    match u64::try_from(seconds) {
        Ok(seconds @ 1..) if seconds <= MAX_INTERVAL.unsigned_abs() => {
            Ok(Duration::from_secs(seconds))
        }
        _ => Err(Refusal::invalid("duplicate_check_interval", "must be 1 to 14400")),
    }
}

fn read_safe(
    corp: &Corp,
    call: &Call,
    message: &Message,
    content: &Value,
    safe: Option<i64>,
) -> Result<i64, Refusal> {
    let highest = match message.msgtype.as_str() {
        "news" if safe == Some(1) => {
            return Err(Refusal::new(40074, "news can not be confidential: use mpnews"));
        }
        "file" if safe == Some(1) && !is_safe_file(corp, content) => {
            return Err(Refusal::invalid("safe", "1 is not for files of this type"));
        }
        "text" | "image" | "file" | "video" => Some(1),
        "mpnews" => Some(2),
        _ => None,
    };
    check_safe(safe, highest, message, call.is_strict())
}

/// Whether a content names a file of a type that may be sent with `safe` 1.
fn is_safe_file(corp: &Corp, content: &Value) -> bool {
    let id = content.get("media_id").and_then(Value::as_str).unwrap_or_default();
    let Ok(media) = corp.media.find(id, Owner::Corp, Kind::File, corp.now()) else { return false };
    let extension = media.filename.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
    extension.is_some_and(|it| SAFE_FILES.contains(&it.as_str()))
}
