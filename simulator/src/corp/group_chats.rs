//! Group chats of applications and their messages.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::corp::{identities::App, rate_limit::SlidingWindow};

#[derive(Clone, Default)]
pub(crate) struct GroupChats {
    pub(crate) all: BTreeMap<String, GroupChat>,
    pub(crate) messages: Vec<Message>,
    pub(crate) creations: SlidingWindow,
    pub(crate) updates: SlidingWindow,
    pub(crate) to_members: HashMap<(&'static str, String), SlidingWindow>,
}

#[derive(Clone)]
pub(crate) struct GroupChat {
    pub(crate) app: &'static App,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) members: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) chat_id: String,
    pub(crate) msgtype: String,
    pub(crate) content: Value,
    pub(crate) safe: i64,
    pub(crate) delivered: Vec<String>,
    pub(crate) dropped: Vec<String>,
}

impl GroupChats {
    /// Takes a deleted member out of every chat; the next one owns what it owned.
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
