//! Application messages: sending and recalling.

use std::time::Duration;

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{
        content::{
            self, MediaRef, MpNews, News, Plain, Text, TextCard, TooLong, Video, check_safe,
        },
        recipients,
    },
    corp::{
        Corp,
        identities::{APPS, App},
        media::{Kind, Owner},
        messages::{Checked, Message},
        rate_limit::{DAY, HOUR, MINUTE},
        refusal::Refusal,
        text,
    },
    http::{
        body::{Field, Object},
        request::Call,
        response::{Outcome, Success},
    },
};

const MAX_TEXT: usize = 2048;
const ID_LENGTH: usize = 80;
/// From one application to one member; more is dropped silently.
const TO_ONE_MEMBER: [(Duration, usize); 2] = [(MINUTE, 30), (HOUR, 1000)];
/// What may be sent with `safe` 1.
const SAFE_FILES: [&str; 14] = [
    "txt", "pdf", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "xml", "jpg", "jpeg", "png", "bmp",
    "gif",
];

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    touser: Field<String>,
    toparty: Field<String>,
    totag: Field<String>,
    agentid: Field<i64>,
    msgtype: Field<String>,
    safe: Field<i64>,
    enable_id_trans: Field<i64>,
    enable_duplicate_check: Field<i64>,
    duplicate_check_interval: Field<i64>,
    text: Field<Object<Text>>,
    image: Field<Object<MediaRef>>,
    voice: Field<Object<MediaRef>>,
    video: Field<Object<Video>>,
    file: Field<Object<MediaRef>>,
    textcard: Field<Object<TextCard>>,
    news: Field<Object<News>>,
    mpnews: Field<Object<MpNews>>,
    markdown: Field<Object<Plain>>,
}

pub(crate) fn send(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let body: Body = call.json()?;
    check_agent(app, body.agentid.0)?;
    let Some(msgtype) = body.msgtype.0.clone() else {
        return Err(Refusal::new(40008, "msgtype missing"));
    };
    let [to_user, to_party, to_tag] = [&body.touser, &body.toparty, &body.totag]
        .map(|it| it.non_empty().unwrap_or_default().to_owned());
    let interval = check_interval(body.duplicate_check_interval.0)?;
    let id_trans = check_flag("enable_id_trans", body.enable_id_trans.0)?;
    let checks_duplicates = check_flag("enable_duplicate_check", body.enable_duplicate_check.0)?;
    let safe = body.safe.0;
    let safe_file = body.file.as_ref().is_some_and(|Object(it)| it.is_safe_file(corp));
    let content = read_content(corp, &msgtype, body)?;
    let safe = match msgtype.as_str() {
        "news" if safe == Some(1) => {
            return Err(Refusal::new(40074, "news can not be confidential: use mpnews"));
        }
        "file" if safe == Some(1) && !safe_file => {
            return Err(Refusal::invalid("safe", "1 is not for files of this type"));
        }
        "text" | "image" | "file" | "video" => check_safe(safe, Some(1), &msgtype)?,
        "mpnews" => check_safe(safe, Some(2), &msgtype)?,
        _ => check_safe(safe, None, &msgtype)?,
    };
    let recipients = recipients::resolve(corp, app, &to_user, &to_party, &to_tag)?;

    let now = corp.now();
    let digest = digest(app, &msgtype, &content, [&to_user, &to_party, &to_tag]);
    if checks_duplicates
        && let Some(earlier) = corp.messages.checked.get(&digest)
        && now < earlier.at.saturating_add(interval)
    {
        let answer = earlier.answer.clone();
        if let Some(message) = corp.messages.all.get_mut(earlier.message) {
            message.duplicates += 1;
        }
        return Ok(Success::ok(answer));
    }

    let id = corp.fresh_id("message", ID_LENGTH);
    let mut answer = recipients.answer();
    if let Some(answer) = answer.as_object_mut() {
        answer.insert("msgid".to_owned(), json!(id));
    }
    let messages = &mut corp.messages;
    let mut has_room = |member: &String| {
        let window = messages.to_members.entry((app.role, member.clone())).or_default();
        window.admit(now, &TO_ONE_MEMBER)
    };
    let (delivered, dropped) = recipients.users.into_iter().partition(|it| has_room(it));
    let index = messages.all.len();
    if checks_duplicates {
        let checked = Checked { at: now, message: index, answer: answer.clone() };
        messages.checked.insert(digest, checked);
    }
    messages.by_id.insert(id.clone(), index);
    messages.all.push(Message {
        id,
        app,
        sent: now,
        to: json!({ "touser": to_user, "toparty": to_party, "totag": to_tag }),
        msgtype,
        content,
        safe,
        id_trans,
        delivered,
        dropped,
        duplicates: 0,
        recalled: false,
    });
    Ok(Success::ok(answer))
}

pub(crate) fn recall(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Recall {
        msgid: Field<String>,
    }

    let Recall { msgid } = call.json()?;
    let Some(id) = msgid.non_empty() else { return Err(Refusal::invalid("msgid", "missing")) };
    let now = corp.now();
    let index = corp.messages.by_id.get(id).copied();
    let message = index.and_then(|it| corp.messages.all.get_mut(it)).filter(|it| it.app == app);
    let Some(message) = message else {
        return Err(Refusal::invalid("msgid", "no message of this app"));
    };
    if now > message.sent.saturating_add(DAY) {
        return Err(Refusal::new(42052, "msgid expired: older than 24 hours"));
    }
    message.recalled = true;
    Ok(Success::ok(Value::Null))
}

fn check_agent(app: &App, agent_id: Option<i64>) -> Result<(), Refusal> {
    let Some(agent_id) = agent_id else { return Err(Refusal::new(41011, "agentid missing")) };
    let named = APPS.iter().find(|it| it.agent_id.is_some_and(|it| i64::from(it) == agent_id));
    match named {
        None => Err(Refusal::new(40056, "invalid agentid")),
        Some(named) if named != app => {
            Err(Refusal::new(301_002, "not allow operate another agent with this accesstoken"))
        }
        Some(_) => Ok(()),
    }
}

fn check_flag(name: &str, flag: Option<i64>) -> Result<bool, Refusal> {
    match flag {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(Refusal::invalid(name, "must be 0 or 1")),
    }
}

fn check_interval(seconds: Option<i64>) -> Result<Duration, Refusal> {
    let seconds = seconds.unwrap_or(1800);
    match u64::try_from(seconds) {
        Ok(seconds @ 1..=14_400) => Ok(Duration::from_secs(seconds)),
        _ => Err(Refusal::invalid("duplicate_check_interval", "must be 1 to 14400")),
    }
}

fn read_content(corp: &Corp, msgtype: &str, body: Body) -> Result<Value, Refusal> {
    let Body { text, image, voice, video, file, textcard, news, mpnews, markdown, .. } = body;
    let given = [
        ("text", text.is_given()),
        ("image", image.is_given()),
        ("voice", voice.is_given()),
        ("video", video.is_given()),
        ("file", file.is_given()),
        ("textcard", textcard.is_given()),
        ("news", news.is_given()),
        ("mpnews", mpnews.is_given()),
        ("markdown", markdown.is_given()),
    ];
    if !given.iter().any(|(name, _)| *name == msgtype) {
        return Err(Refusal::new(40008, "invalid message type"));
    }
    content::check_only(msgtype, &given)?;
    match msgtype {
        "text" => {
            let text = content::required(text, msgtype)?;
            text.only_content()?;
            content::text(text, MAX_TEXT, &TooLong::Cut)
        }
        "image" => {
            content::media(corp, content::required(image, msgtype)?, Owner::Corp, Kind::Image)
        }
        "voice" => {
            content::media(corp, content::required(voice, msgtype)?, Owner::Corp, Kind::Voice)
        }
        "video" => content::video(corp, content::required(video, msgtype)?),
        "file" => content::media(corp, content::required(file, msgtype)?, Owner::Corp, Kind::File),
        "textcard" => {
            content::textcard(content::required(textcard, msgtype)?, text::truncate_chars)
        }
        "news" => content::news(content::required(news, msgtype)?, true),
        "mpnews" => content::mpnews(corp, content::required(mpnews, msgtype)?),
        _ => content::markdown(content::required(markdown, msgtype)?, msgtype, MAX_TEXT),
    }
}

fn digest(app: &App, msgtype: &str, content: &Value, to: [&str; 3]) -> [u8; 16] {
    Md5::digest(json!([app.role, msgtype, content, to]).to_string()).into()
}

impl MediaRef {
    /// Whether this names a file of a type that may be sent with `safe` 1.
    fn is_safe_file(&self, corp: &Corp) -> bool {
        let id = self.media_id().unwrap_or_default();
        let Ok(media) = corp.media.find(id, Owner::Corp, Kind::File, corp.now()) else {
            return false;
        };
        let extension = media.filename().rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
        extension.is_some_and(|it| SAFE_FILES.contains(&it.as_str()))
    }
}
