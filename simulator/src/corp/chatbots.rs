//! Messages of chatbots.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use crate::corp::{
    identities::Chatbot,
    rate_limit::{MINUTE, SlidingWindow},
    refusal::Refusal,
};

const PER_MINUTE: usize = 20;

#[derive(Clone, Default)]
pub(crate) struct Chatbots {
    messages: Vec<Message>,
    windows: HashMap<&'static str, SlidingWindow>,
}

#[derive(Clone)]
struct Message {
    chatbot: &'static str,
    msgtype: String,
    content: Value,
}

impl Chatbots {
    pub(crate) fn send(
        &mut self,
        bot: &Chatbot,
        msgtype: String,
        content: Value,
        now: Duration,
    ) -> Result<(), Refusal> {
        if !self.windows.entry(bot.role).or_default().try_acquire(now, &[(MINUTE, PER_MINUTE)]) {
            return Err(Refusal::new(45009, "api freq out of limit"));
        }
        self.messages.push(Message { chatbot: bot.role, msgtype, content });
        Ok(())
    }

    pub(crate) fn state(&self) -> Value {
        let rows = self.messages.iter().map(|it| {
            let Message { chatbot, msgtype, content } = it;
            json!({ "chatbot": chatbot, "msgtype": msgtype, "content": content })
        });
        rows.collect()
    }
}
