//! Group chats of applications.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::content::{self, Sender, check_safe},
    corp::{Corp, group_chats::GroupChat, identities::App, refusal::Refusal, text},
    http::{
        body::NonEmpty,
        request::Call,
        response::{Outcome, Success},
    },
};

const MIN_MEMBERS: usize = 2;
const MAX_MEMBERS: usize = 2000;
const MAX_NAME: usize = 50;
/// Of an id that the caller chooses.
const MAX_NEW_ID: usize = 32;
/// Of any id.
const MAX_ID: usize = 64;

pub(crate) fn create(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct NewChat {
        name: Option<String>,
        owner: Option<String>,
        userlist: Option<Vec<String>>,
        chatid: Option<String>,
    }

    let NewChat { name, owner, userlist, chatid } = call.json()?;
    let Some(users) = userlist else { return Err(Refusal::new(86204, "userlist missing")) };
    let name = read_name(name, call)?.unwrap_or_default();
    let id = chatid.filter(|it| call.is_strict() || !it.is_empty());
    if let Some(id) = &id {
        check_new_id(id)?;
        if corp.group_chats.contains(id) {
            return Err(Refusal::new(86215, "chatid existed"));
        }
    }
    if users.len() > MAX_MEMBERS {
        return Err(Refusal::new(86006, "invalid member count: must be 2 to 2000"));
    }
    let members = resolve(corp, &users, 86007)?;
    check_size(&members)?;
    let owner = match owner.non_empty() {
        // "Random" is the first here, so that all runs are equal.
        None => members.first().cloned().unwrap_or_default(),
        Some(owner) => find_in(&members, owner)
            .ok_or_else(|| Refusal::new(86207, "owner is not in userlist"))?
            .to_owned(),
    };
    let now = corp.now();
    let id = corp.group_chats.create(id, GroupChat { app, name, owner, members }, now)?;
    Ok(Success::ok(json!({ "chatid": id })))
}

pub(crate) fn update(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Changes {
        chatid: Option<String>,
        name: Option<String>,
        owner: Option<String>,
        add_user_list: Vec<String>,
        del_user_list: Vec<String>,
    }

    let Changes { chatid, name, owner, add_user_list, del_user_list } = call.json()?;
    let id = chatid.unwrap_or_default();
    let mut chat = find(corp, app, &id)?.clone();
    let name = read_name(name, call)?;
    let added = resolve(corp, &add_user_list, 86216)?;
    let mut removed = BTreeSet::new();
    for user in del_user_list {
        match find_in(&chat.members, &user) {
            Some(member) => removed.insert(member.to_owned()),
            None => return Err(Refusal::new(86216, "del_user_list: not a member of the chat")),
        };
    }
    let owner = owner.non_empty();
    if removed.contains(&chat.owner) && owner.is_none() {
        return Err(Refusal::new(86203, "owner missing: the present one is in del_user_list"));
    }
    chat.members.retain(|it| !removed.contains(it));
    for member in added {
        if !chat.members.contains(&member) {
            chat.members.push(member);
        }
    }
    check_size(&chat.members)?;
    if let Some(owner) = owner {
        let found = find_in(&chat.members, owner);
        let found =
            found.ok_or_else(|| Refusal::new(86207, "owner is not a member of the chat"))?;
        found.clone_into(&mut chat.owner);
    }
    chat.name = name.unwrap_or(chat.name);
    let now = corp.now();
    corp.group_chats.update(id, chat, now)?;
    Ok(Success::ok(Value::Null))
}

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let id = call.query.text("chatid").unwrap_or_default();
    let GroupChat { name, owner, members, .. } = find(corp, app, id)?;
    let info =
        json!({ "chatid": id, "name": name, "owner": owner, "userlist": members, "chat_type": 0 });
    Ok(Success::ok(json!({ "chat_info": info })))
}

pub(crate) fn send(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Envelope {
        chatid: Option<String>,
        #[serde(rename = "msgtype")]
        _msgtype: Option<String>,
        safe: Option<i64>,
    }

    let message = call.message(Sender::Group.types())?;
    let Envelope { chatid, safe, .. } = call.envelope(&message)?;
    let id = chatid.unwrap_or_default();
    find(corp, app, &id)?;
    let content = content::read(corp, call, &message, Sender::Group)?;
    let highest = match message.msgtype.as_str() {
        "news" if safe == Some(1) && !call.is_strict() => {
            return Err(Refusal::new(40074, "news can not be confidential: use mpnews"));
        }
        "text" | "image" | "video" | "file" | "textcard" | "news" => Some(1),
        // The page says 0 and 1; another description allows 2 as well.
        "mpnews" => Some(2),
        _ => None,
    };
    let safe = check_safe(safe, highest, &message, call.is_strict())?;
    let now = corp.now();
    corp.group_chats.send(id, message.msgtype, content, safe, now);
    Ok(Success::ok(Value::Null))
}

fn find<'a>(corp: &'a Corp, app: &App, id: &str) -> Result<&'a GroupChat, Refusal> {
    match id.len() {
        0 => Err(Refusal::new(86201, "chatid missing")),
        1..=MAX_ID => corp.group_chats.find(app, id),
        _ => Err(Refusal::new(86001, "invalid chatid")),
    }
}

fn check_new_id(id: &str) -> Result<(), Refusal> {
    if id.len() > MAX_NEW_ID {
        return Err(Refusal::new(86205, "chatid exceed max length 32"));
    }
    if id.is_empty() || !id.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return Err(Refusal::new(86001, "invalid chatid"));
    }
    // An id of only digits is read as a number, and WeCom reserves the upper half of the range.
    let is_number = id.bytes().all(|it| it.is_ascii_digit());
    if is_number && id.parse::<i64>().is_err() {
        return Err(Refusal::new(86206, "invalid chatid: must be less than 2^63"));
    }
    Ok(())
}

fn read_name(name: Option<String>, call: &Call) -> Result<Option<String>, Refusal> {
    let Some(mut name) = name.filter(|it| call.is_strict() || !it.is_empty()) else {
        return Ok(None);
    };
    if name.is_empty() {
        return Err(Refusal::new(86004, "invalid chat name: empty"));
    }
    text::truncate_chars(&mut name, MAX_NAME);
    Ok(Some(name))
}

/// The members with these ids, each once, in order; `unknown` is the code for an id that no member has.
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
        MIN_MEMBERS..=MAX_MEMBERS => Ok(()),
        _ => Err(Refusal::new(86006, "invalid member count: must be 2 to 2000")),
    }
}
