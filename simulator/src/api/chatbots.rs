//! Messages of chatbots.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::content::{self, Sender},
    corp::{Corp, identities::Chatbot, refusal::Refusal},
    http::{
        request::Call,
        response::{Outcome, Success},
    },
};

pub(crate) fn send(corp: &mut Corp, bot: Option<&'static Chatbot>, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Envelope {
        #[serde(rename = "msgtype")]
        _msgtype: Option<String>,
    }

    let bot = bot.ok_or_else(|| Refusal::new(93000, "invalid webhook url"))?;
    let message = call.message(Sender::Chatbot(bot).types())?;
    let Envelope { .. } = call.envelope(&message)?;
    let content = content::read(corp, call, &message, Sender::Chatbot(bot))?;
    let now = corp.now();
    corp.chatbots.send(bot, message.msgtype, content, now)?;
    Ok(Success::ok(Value::Null))
}
