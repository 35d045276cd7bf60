//! Group chats of applications and their messages.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use serde_json::{Value, json};

use crate::corp::{
    identities::App,
    rate_limit::{DAY, HOUR, MINUTE, SlidingWindow},
    refusal::Refusal,
};

const CREATIONS: [(Duration, usize); 1] = [(DAY, 1000)];
const UPDATES: [(Duration, usize); 1] = [(HOUR, 1000)];
/// From one application to one member, counted across chats; more is dropped silently.
const TO_ONE_MEMBER: [(Duration, usize); 2] = [(MINUTE, 200), (DAY, 10_000)];

#[derive(Clone, Default)]
pub(crate) struct GroupChats {
    all: BTreeMap<String, GroupChat>,
    messages: Vec<Message>,
    creations: SlidingWindow,
    updates: SlidingWindow,
    to_members: HashMap<(&'static str, String), SlidingWindow>,
    generated: u64,
}

#[derive(Clone)]
pub(crate) struct GroupChat {
    pub(crate) app: &'static App,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) members: Vec<String>,
}

#[derive(Clone)]
struct Message {
    chat_id: String,
    msgtype: String,
    content: Value,
    safe: i64,
    delivered: Vec<String>,
    dropped: Vec<String>,
}

impl GroupChats {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.all.contains_key(id)
    }

    /// The chat, if it exists and is this application's.
    pub(crate) fn find(&self, app: &App, id: &str) -> Result<&GroupChat, Refusal> {
        match self.all.get(id) {
            None => Err(Refusal::new(86003, "chatid not found")),
            Some(chat) if chat.app != app => {
                Err(Refusal::new(86008, "chat was created by another app"))
            }
            Some(chat) => Ok(chat),
        }
    }

    /// Adds a chat and returns its id: the given one, or one that WeCom chooses, a number from 2^63 on.
    pub(crate) fn create(
        &mut self,
        id: Option<String>,
        chat: GroupChat,
        now: Duration,
    ) -> Result<String, Refusal> {
        check_rate(&mut self.creations, now, &CREATIONS)?;
        let id = id.unwrap_or_else(|| {
            self.generated += 1;
            ((1 << 63) + self.generated * 7919).to_string()
        });
        self.all.insert(id.clone(), chat);
        Ok(id)
    }

    pub(crate) fn update(
        &mut self,
        id: String,
        chat: GroupChat,
        now: Duration,
    ) -> Result<(), Refusal> {
        check_rate(&mut self.updates, now, &UPDATES)?;
        self.all.insert(id, chat);
        Ok(())
    }

    pub(crate) fn send(
        &mut self,
        chat_id: String,
        msgtype: String,
        content: Value,
        safe: i64,
        now: Duration,
    ) {
        let Some(chat) = self.all.get(&chat_id) else { return };
        let windows = &mut self.to_members;
        let mut has_room = |member: &String| {
            let window = windows.entry((chat.app.role, member.clone())).or_default();
            window.try_acquire(now, &TO_ONE_MEMBER)
        };
        let (delivered, dropped) = chat.members.iter().cloned().partition(|it| has_room(it));
        self.messages.push(Message { chat_id, msgtype, content, safe, delivered, dropped });
    }

    /// Removes a deleted member from every chat; the next member becomes the owner of what it owned.
    pub(crate) fn remove_member(&mut self, user_id: &str) {
        for chat in self.all.values_mut() {
            chat.members.retain(|it| it != user_id);
            if chat.owner == user_id {
                chat.owner = chat.members.first().cloned().unwrap_or_default();
            }
        }
    }

    pub(crate) fn state(&self) -> Value {
        let rows = self.all.iter().map(|(id, chat)| {
            let GroupChat { app, name, owner, members } = chat;
            json!({
                "chatid": id, "name": name, "owner": owner, "userlist": members,
                "agentid": app.agent_id,
            })
        });
        rows.collect()
    }

    pub(crate) fn messages_state(&self) -> Value {
        let rows = self.messages.iter().map(|it| {
            let Message { chat_id, msgtype, content, safe, delivered, dropped } = it;
            json!({
                "chatid": chat_id, "msgtype": msgtype, "content": content, "safe": safe,
                "delivered": delivered, "dropped": dropped,
            })
        });
        rows.collect()
    }
}

fn check_rate(
    window: &mut SlidingWindow,
    now: Duration,
    limits: &[(Duration, usize)],
) -> Result<(), Refusal> {
    if window.try_acquire(now, limits) {
        return Ok(());
    }
    Err(Refusal::new(45009, "api freq out of limit"))
}
