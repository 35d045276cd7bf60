//! Messages of applications to members.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use crate::corp::{identities::App, rate_limit::SlidingWindow};

#[derive(Clone, Default)]
pub(crate) struct Messages {
    pub(crate) all: Vec<Message>,
    pub(crate) by_id: HashMap<String, usize>,
    pub(crate) to_members: HashMap<(&'static str, String), SlidingWindow>,
    /// Sends with the duplicate check on, by what they said to whom.
    pub(crate) checked: HashMap<[u8; 16], Checked>,
}

#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) app: &'static App,
    pub(crate) sent: Duration,
    pub(crate) to: Value,
    pub(crate) msgtype: String,
    pub(crate) content: Value,
    pub(crate) safe: i64,
    pub(crate) id_trans: bool,
    pub(crate) delivered: Vec<String>,
    pub(crate) dropped: Vec<String>,
    /// How many repetitions the duplicate check suppressed.
    pub(crate) duplicates: u32,
    pub(crate) recalled: bool,
}

#[derive(Clone)]
pub(crate) struct Checked {
    pub(crate) at: Duration,
    pub(crate) message: usize,
    pub(crate) answer: Value,
}

impl Messages {
    pub(crate) fn state(&self) -> Value {
        let rows = self.all.iter().map(|it| {
            json!({
                "msgid": it.id,
                "agentid": it.app.agent_id,
                "sent_at": it.sent.as_secs(),
                "to": it.to,
                "msgtype": it.msgtype,
                "content": it.content,
                "safe": it.safe,
                "enable_id_trans": it.id_trans,
                "delivered": it.delivered,
                "dropped": it.dropped,
                "duplicates": it.duplicates,
                "recalled": it.recalled,
            })
        });
        rows.collect()
    }
}
