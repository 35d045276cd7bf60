//! Group chats of applications.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::content::{self, MediaRef, MpNews, News, Plain, Text, TextCard, TooLong, Video},
    corp::{
        Corp,
        group_chats::{GroupChat, Message},
        identities::App,
        media::{Kind, Owner},
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

const FEWEST: usize = 2;
const MOST: usize = 2000;
const MAX_NAME: usize = 50;
const MAX_TEXT: usize = 2048;
const CREATIONS_A_DAY: usize = 1000;
const UPDATES_AN_HOUR: usize = 1000;
/// From one application to one member, counted across chats; more is dropped silently.
const TO_ONE_MEMBER: [(std::time::Duration, usize); 2] = [(MINUTE, 200), (DAY, 10_000)];

pub(crate) fn create(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct NewChat {
        name: Field<String>,
        owner: Field<String>,
        userlist: Field<Vec<String>>,
        chatid: Field<String>,
    }

    let NewChat { name, owner, userlist, chatid } = call.json()?;
    let Some(users) = userlist.0 else { return Err(Refusal::new(86204, "userlist missing")) };
    let name = read_name(name)?.unwrap_or_default();
    if let Some(id) = chatid.as_deref() {
        check_id(id)?;
        if corp.group_chats.all.contains_key(id) {
            return Err(Refusal::new(86215, "chatid existed"));
        }
    }
    if users.len() > MOST {
        return Err(Refusal::new(86006, "invalid member count: must be 2 to 2000"));
    }
    let members = resolve(corp, &users, 86007)?;
    check_size(&members)?;
    let owner = match owner.as_deref() {
        // "Random" is the first here, so that runs are alike.
        None => members.first().cloned().unwrap_or_default(),
        Some(owner) => find_in(&members, owner)
            .ok_or_else(|| Refusal::new(86207, "owner is not in userlist"))?
            .to_owned(),
    };
    let now = corp.now();
    if !corp.group_chats.creations.admit(now, &[(DAY, CREATIONS_A_DAY)]) {
        return Err(Refusal::new(45009, "api freq out of limit"));
    }
    let id = chatid.0.unwrap_or_else(|| {
        let id = corp.fresh_id("chat", 40);
        id.chars().filter(char::is_ascii_alphanumeric).take(32).collect()
    });
    corp.group_chats.all.insert(id.clone(), GroupChat { app, name, owner, members });
    Ok(Success::ok(json!({ "chatid": id })))
}

pub(crate) fn update(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Changes {
        chatid: Field<String>,
        name: Field<String>,
        owner: Field<String>,
        add_user_list: Field<Vec<String>>,
        del_user_list: Field<Vec<String>>,
    }

    let Changes { chatid, name, owner, add_user_list, del_user_list } = call.json()?;
    let id = chatid.non_empty().unwrap_or_default();
    let chat = find(corp, app, id)?;
    let name = read_name(name)?;
    let added = resolve(corp, &add_user_list.0.unwrap_or_default(), 86216)?;
    let mut chat = chat.clone();
    let mut removed = BTreeSet::new();
    for user in del_user_list.0.unwrap_or_default() {
        match find_in(&chat.members, &user) {
            Some(member) => removed.insert(member.to_owned()),
            None => return Err(Refusal::new(86216, "del_user_list: not a member of the chat")),
        };
    }
    if removed.contains(&chat.owner) && !owner.is_given() {
        return Err(Refusal::new(86203, "owner missing: the present one is in del_user_list"));
    }
    chat.members.retain(|it| !removed.contains(it));
    for member in added {
        if !chat.members.contains(&member) {
            chat.members.push(member);
        }
    }
    check_size(&chat.members)?;
    if let Some(owner) = owner.as_deref() {
        let found = find_in(&chat.members, owner);
        let found =
            found.ok_or_else(|| Refusal::new(86207, "owner is not a member of the chat"))?;
        found.clone_into(&mut chat.owner);
    }
    chat.name = name.unwrap_or(chat.name);
    let now = corp.now();
    if !corp.group_chats.updates.admit(now, &[(HOUR, UPDATES_AN_HOUR)]) {
        return Err(Refusal::new(45009, "api freq out of limit"));
    }
    corp.group_chats.all.insert(id.to_owned(), chat);
    Ok(Success::ok(Value::Null))
}

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let id = call.query.text("chatid").unwrap_or_default();
    let GroupChat { name, owner, members, .. } = find(corp, app, id)?;
    let info =
        json!({ "chatid": id, "name": name, "owner": owner, "userlist": members, "chat_type": 0 });
    Ok(Success::ok(json!({ "chat_info": info })))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    chatid: Field<String>,
    msgtype: Field<String>,
    safe: Field<i64>,
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
    let id = body.chatid.non_empty().unwrap_or_default().to_owned();
    let members = find(corp, app, &id)?.members.clone();
    let Some(msgtype) = body.msgtype.0.clone() else {
        return Err(Refusal::new(40008, "msgtype missing"));
    };
    let safe = body.safe.clone();
    let content = read_content(corp, &msgtype, body)?;
    let highest = match msgtype.as_str() {
        "text" | "image" | "video" | "file" | "textcard" | "news" => Some(1),
        // The page says 0 and 1; the form of the action offers 2 as well.
        "mpnews" => Some(2),
        _ => None,
    };
    let safe = content::check_safe(safe.0, highest, &msgtype)?;

    let now = corp.now();
    let windows = &mut corp.group_chats.to_members;
    let mut has_room = |member: &String| {
        windows.entry((app.role, member.clone())).or_default().admit(now, &TO_ONE_MEMBER)
    };
    let (delivered, dropped) = members.into_iter().partition(|it| has_room(it));
    let message = Message { chat_id: id, msgtype, content, safe, delivered, dropped };
    corp.group_chats.messages.push(message);
    Ok(Success::ok(Value::Null))
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
            text.no_mobiles()?;
            content::text(text, MAX_TEXT, &TooLong::Refuse(45002))
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
            content::textcard(content::required(textcard, msgtype)?, text::truncate_bytes)
        }
        "news" => content::news(content::required(news, msgtype)?, false),
        "mpnews" => content::mpnews(corp, content::required(mpnews, msgtype)?),
        _ => content::markdown(content::required(markdown, msgtype)?, msgtype, MAX_TEXT),
    }
}

/// The chat, if it is there and this application's.
fn find<'a>(corp: &'a Corp, app: &App, id: &str) -> Result<&'a GroupChat, Refusal> {
    if id.is_empty() {
        return Err(Refusal::new(86201, "chatid missing"));
    }
    check_id(id)?;
    match corp.group_chats.all.get(id) {
        None => Err(Refusal::new(86003, "chatid not found")),
        Some(chat) if chat.app != app => {
            Err(Refusal::new(86008, "chat was created by another app"))
        }
        Some(chat) => Ok(chat),
    }
}

fn check_id(id: &str) -> Result<(), Refusal> {
    if id.len() > 32 {
        return Err(Refusal::new(86205, "chatid exceed max length 32"));
    }
    if id.is_empty() || !id.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return Err(Refusal::new(86001, "invalid chatid"));
    }
    Ok(())
}

fn read_name(name: Field<String>) -> Result<Option<String>, Refusal> {
    let Some(mut name) = name.0 else { return Ok(None) };
    if name.is_empty() {
        return Err(Refusal::new(86004, "invalid chat name: empty"));
    }
    text::truncate_chars(&mut name, MAX_NAME);
    Ok(Some(name))
}

/// The members with these ids, each once, in order; `unknown` is the code for one that is not there.
fn resolve(corp: &Corp, users: &[String], unknown: i64) -> Result<Vec<String>, Refusal> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, user) in users.iter().enumerate() {
        let Some(member) = corp.members.find(user) else {
            return Err(Refusal::new(unknown, format!("invalid userid at index {index}")));
        };
        if seen.insert(&member.user_id) {
            found.push(member.user_id.clone());
        }
    }
    Ok(found)
}

fn find_in<'a>(members: &'a [String], user_id: &str) -> Option<&'a str> {
    members.iter().find(|it| it.eq_ignore_ascii_case(user_id)).map(String::as_str)
}

fn check_size(members: &[String]) -> Result<(), Refusal> {
    match members.len() {
        FEWEST..=MOST => Ok(()),
        _ => Err(Refusal::new(86006, "invalid member count: must be 2 to 2000")),
    }
}
