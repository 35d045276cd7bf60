//! Messages of applications to members.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use serde_json::{Value, json};

use crate::corp::{
    identities::App,
    rate_limit::{DAY, HOUR, MINUTE, SlidingWindow},
    record::put,
    refusal::Refusal,
};

/// From one application to one member; more is dropped silently.
const TO_ONE_MEMBER: [(Duration, usize); 2] = [(MINUTE, 30), (HOUR, 1000)];
/// How long a card may be updated.
const CARD_LIFE: Duration = Duration::from_hours(72);

#[derive(Clone, Default)]
pub(crate) struct Messages {
    all: Vec<Message>,
    by_id: HashMap<String, usize>,
    to_members: HashMap<(&'static str, String), SlidingWindow>,
    /// Sends with the duplicate check on, by content and receivers.
    checked: HashMap<[u8; 16], Checked>,
    /// Cards that may be updated, by their response codes.
    cards: HashMap<String, SentCard>,
    task_ids: HashSet<(&'static str, String)>,
}

/// A message before it is sent.
pub(crate) struct Draft {
    pub(crate) app: &'static App,
    /// The receivers as they were named.
    pub(crate) to: Value,
    /// The ids of the members that it is for.
    pub(crate) users: BTreeSet<String>,
    pub(crate) msgtype: String,
    pub(crate) content: Value,
    pub(crate) safe: i64,
    pub(crate) id_trans: bool,
}

#[derive(Clone)]
struct Message {
    id: String,
    app: &'static App,
    sent: Duration,
    to: Value,
    msgtype: String,
    content: Value,
    safe: i64,
    id_trans: bool,
    delivered: Vec<String>,
    dropped: Vec<String>,
    /// How many repetitions the duplicate check suppressed.
    duplicates: u32,
    recalled: bool,
    updated: bool,
}

#[derive(Clone)]
struct Checked {
    at: Duration,
    message: usize,
    response: Value,
}

#[derive(Clone)]
struct SentCard {
    message: usize,
    until: Duration,
}

impl Messages {
    /// The response to the same message within the interval, which is not sent again.
    pub(crate) fn suppress(
        &mut self,
        digest: &[u8; 16],
        interval: Duration,
        now: Duration,
    ) -> Option<Value> {
        let earlier = self.checked.get(digest)?;
        if now >= earlier.at.saturating_add(interval) {
            return None;
        }
        if let Some(message) = self.all.get_mut(earlier.message) {
            message.duplicates += 1;
        }
        Some(earlier.response.clone())
    }

    pub(crate) fn send(&mut self, id: String, draft: Draft, now: Duration) {
        let Draft { app, to, users, msgtype, content, safe, id_trans } = draft;
        let mut has_room = |member: &String| {
            let window = self.to_members.entry((app.role, member.clone())).or_default();
            window.try_acquire(now, &TO_ONE_MEMBER)
        };
        let (delivered, dropped) = users.into_iter().partition(|it| has_room(it));
        self.by_id.insert(id.clone(), self.all.len());
        self.all.push(Message {
            id,
            app,
            sent: now,
            to,
            msgtype,
            content,
            safe,
            id_trans,
            delivered,
            dropped,
            duplicates: 0,
            recalled: false,
            updated: false,
        });
    }

    /// Suppresses the same message as the last one from now on.
    pub(crate) fn remember(&mut self, digest: [u8; 16], response: Value, now: Duration) {
        let message = self.all.len().saturating_sub(1);
        self.checked.insert(digest, Checked { at: now, message, response });
    }

    /// Whether the application has used a task id before; it counts as used now.
    pub(crate) fn use_task_id(&mut self, app: &App, id: &str) -> Result<(), Refusal> {
        if self.task_ids.insert((app.role, id.to_owned())) {
            return Ok(());
        }
        Err(Refusal::new(42014, "template_card.task_id existed"))
    }

    /// Lets the last message be updated with this response code.
    pub(crate) fn allow_update(&mut self, response_code: String, now: Duration) {
        let message = self.all.len().saturating_sub(1);
        let until = now.saturating_add(CARD_LIFE);
        self.cards.insert(response_code, SentCard { message, until });
    }

    /// The members that got the card with this response code, while it may be updated.
    pub(crate) fn card_receivers(
        &self,
        app: &App,
        response_code: &str,
        now: Duration,
    ) -> Result<BTreeSet<String>, Refusal> {
        let card = self.cards.get(response_code).filter(|it| now < it.until);
        let message = card.and_then(|it| self.all.get(it.message)).filter(|it| it.app == app);
        let message = message.ok_or_else(|| Refusal::new(60140, "invalid response_code"))?;
        Ok(message.delivered.iter().chain(&message.dropped).cloned().collect())
    }

    /// Replaces a card; its response code is used up.
    pub(crate) fn update_card(&mut self, response_code: &str, content: Value) {
        let card = self.cards.remove(response_code);
        if let Some(message) = card.and_then(|it| self.all.get_mut(it.message)) {
            message.content = content;
            message.updated = true;
        }
    }

    pub(crate) fn recall(&mut self, app: &App, id: &str, now: Duration) -> Result<(), Refusal> {
        let index = self.by_id.get(id).copied();
        let message = index.and_then(|it| self.all.get_mut(it)).filter(|it| it.app == app);
        let Some(message) = message else {
            return Err(Refusal::invalid("msgid", "no message of this app"));
        };
        if now > message.sent.saturating_add(DAY) {
            return Err(Refusal::new(42052, "msgid expired: older than 24 hours"));
        }
        message.recalled = true;
        Ok(())
    }

    pub(crate) fn state(&self) -> Value {
        let rows = self.all.iter().map(|it| {
            let mut row = json!({
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
            });
            if it.updated {
                put(&mut row, "updated", json!(true));
            }
            row
        });
        rows.collect()
    }
}
