//! Messages of chatbots.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::corp::rate_limit::SlidingWindow;

#[derive(Clone, Default)]
pub(crate) struct Chatbots {
    pub(crate) messages: Vec<Message>,
    pub(crate) windows: HashMap<&'static str, SlidingWindow>,
}

#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) chatbot: &'static str,
    pub(crate) msgtype: String,
    pub(crate) content: Value,
}

impl Chatbots {
    pub(crate) fn state(&self) -> Value {
        let rows = self.messages.iter().map(|it| {
            let Message { chatbot, msgtype, content } = it;
            json!({ "chatbot": chatbot, "msgtype": msgtype, "content": content })
        });
        rows.collect()
    }
}
