//! Chatbots: a key, twenty messages a minute, and nothing to take back.

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::content::{self, MediaRef, News, Plain, Text, TooLong},
    corp::{
        Corp,
        chatbots::Message,
        identities::Chatbot,
        media::{Kind, Owner, is_image},
        rate_limit::MINUTE,
        refusal::Refusal,
    },
    http::{
        body::{Field, Object},
        request::Call,
        response::{Outcome, Success},
    },
};

const PER_MINUTE: usize = 20;
/// The page says 2048; the server takes this much.
const MAX_TEXT: usize = 5120;
const MAX_MARKDOWN: usize = 4096;
const MAX_IMAGE: usize = 2 * 1024 * 1024;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Body {
    msgtype: Field<String>,
    text: Field<Object<Text>>,
    markdown: Field<Object<Plain>>,
    markdown_v2: Field<Object<Plain>>,
    image: Field<Object<Image>>,
    news: Field<Object<News>>,
    file: Field<Object<MediaRef>>,
    voice: Field<Object<MediaRef>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Image {
    base64: Field<String>,
    md5: Field<String>,
}

pub(crate) fn send(corp: &mut Corp, bot: &'static Chatbot, call: &Call) -> Outcome {
    let body: Body = call.json()?;
    let Some(msgtype) = body.msgtype.0.clone() else {
        return Err(Refusal::new(40008, "msgtype missing"));
    };
    let content = read_content(corp, bot, &msgtype, body)?;

    let now = corp.now();
    let window = corp.chatbots.windows.entry(bot.role).or_default();
    if !window.admit(now, &[(MINUTE, PER_MINUTE)]) {
        return Err(Refusal::new(45009, "api freq out of limit"));
    }
    corp.chatbots.messages.push(Message { chatbot: bot.role, msgtype, content });
    Ok(Success::ok(Value::Null))
}

fn read_content(
    corp: &Corp,
    bot: &'static Chatbot,
    msgtype: &str,
    body: Body,
) -> Result<Value, Refusal> {
    let Body { msgtype: _, text, markdown, markdown_v2, image, news, file, voice } = body;
    let given = [
        ("text", text.is_given()),
        ("markdown", markdown.is_given()),
        ("markdown_v2", markdown_v2.is_given()),
        ("image", image.is_given()),
        ("news", news.is_given()),
        ("file", file.is_given()),
        ("voice", voice.is_given()),
    ];
    if !given.iter().any(|(name, _)| *name == msgtype) {
        return Err(Refusal::new(40008, "invalid message type"));
    }
    content::check_only(msgtype, &given)?;
    let owner = Owner::Chatbot(bot);
    match msgtype {
        "text" => {
            content::text(content::required(text, msgtype)?, MAX_TEXT, &TooLong::Refuse(40058))
        }
        "markdown" => {
            content::markdown(content::required(markdown, msgtype)?, msgtype, MAX_MARKDOWN)
        }
        "markdown_v2" => {
            content::markdown(content::required(markdown_v2, msgtype)?, msgtype, MAX_MARKDOWN)
        }
        "image" => read_image(&content::required(image, msgtype)?),
        "news" => content::news(content::required(news, msgtype)?, false),
        "file" => content::media(corp, content::required(file, msgtype)?, owner, Kind::File),
        _ => content::media(corp, content::required(voice, msgtype)?, owner, Kind::Voice),
    }
}

fn read_image(Image { base64, md5 }: &Image) -> Result<Value, Refusal> {
    let Some(base64) = base64.non_empty() else {
        return Err(Refusal::invalid("image.base64", "missing"));
    };
    let Some(md5) = md5.non_empty() else { return Err(Refusal::invalid("image.md5", "missing")) };
    let Ok(data) = STANDARD.decode(base64) else {
        return Err(Refusal::invalid("image.base64", "not base64 on one line"));
    };
    if data.len() > MAX_IMAGE {
        return Err(Refusal::new(40009, "invalid image size: more than 2 MB"));
    }
    if !is_image(&data) {
        return Err(Refusal::new(40123, "invalid image: not JPG or PNG"));
    }
    let digest = format!("{:x}", Md5::digest(&data));
    if !md5.eq_ignore_ascii_case(&digest) {
        return Err(Refusal::new(301_019, "image md5 not match"));
    }
    Ok(json!({ "md5": digest, "size": data.len() }))
}
