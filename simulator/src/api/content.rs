//! The contents of messages by type and sender, with their limits. What the vendor's pages say is truncated is truncated
//! here; everything else that is too long is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::cards::{self, Card, Place},
    corp::{
        Corp,
        identities::Chatbot,
        media::{Kind, Owner, is_image},
        refusal::Refusal,
        text,
    },
    http::{
        body::{NonEmpty, to_stored},
        request::{Call, Message},
    },
};

/// Who sends a message: each has its own types and limits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender {
    App,
    Group,
    Chatbot(&'static Chatbot),
}

impl Sender {
    /// The values of `msgtype` that are known to it.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Self::App => &[
                "text",
                "image",
                "voice",
                "video",
                "file",
                "textcard",
                "news",
                "mpnews",
                "markdown",
                "template_card",
            ],
            Self::Group => &[
                "text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown",
            ],
            Self::Chatbot(_) => &[
                "text",
                "markdown",
                "markdown_v2",
                "image",
                "news",
                "file",
                "voice",
                "template_card",
            ],
        }
    }
}

const MAX_TEXT: usize = 2048;
/// The page says 2048; the server accepts this much.
const MAX_CHATBOT_TEXT: usize = 5120;
const MAX_MARKDOWN: usize = 2048;
const MAX_CHATBOT_MARKDOWN: usize = 4096;
const MAX_CHATBOT_IMAGE: usize = 2 * 1024 * 1024;
const MAX_URL: usize = 2048;
const MAX_HTML: usize = 666 * 1024;

/// Reads the content of a message, or refuses it.
pub(crate) fn read(
    corp: &Corp,
    call: &Call,
    message: &Message,
    sender: Sender,
) -> Result<Value, Refusal> {
    let name = message.msgtype.as_str();
    match (name, sender) {
        ("text", Sender::App) => {
            let mut body: Text = call.content(message)?;
            text::truncate_bytes(required_text(&mut body.content)?, MAX_TEXT);
            to_stored(&body)
        }
        ("text", Sender::Group) => group_text(call.content(message)?, call.is_strict()),
        ("text", Sender::Chatbot(_)) => {
            let mut body: ChatbotText = call.content(message)?;
            check_length(
                "text.content",
                required_text(&mut body.content)?,
                MAX_CHATBOT_TEXT,
                40058,
            )?;
            to_stored(&body)
        }
        ("markdown" | "markdown_v2", Sender::Chatbot(_)) => {
            markdown(call.content(message)?, name, MAX_CHATBOT_MARKDOWN)
        }
        ("markdown", _) => markdown(call.content(message)?, name, MAX_MARKDOWN),
        ("image", Sender::Chatbot(_)) => chatbot_image(&call.content(message)?),
        ("image", _) => media(corp, call.content(message)?, sender, Kind::Image),
        ("voice", _) => media(corp, call.content(message)?, sender, Kind::Voice),
        ("file", _) => media(corp, call.content(message)?, sender, Kind::File),
        ("video", Sender::App | Sender::Group) => video(corp, call.content(message)?),
        ("textcard", Sender::App | Sender::Group) => {
            textcard(call.content(message)?, sender, call.is_strict())
        }
        ("news", _) => news(call.content(message)?, sender),
        ("mpnews", Sender::App | Sender::Group) => mpnews(corp, call.content(message)?),
        ("template_card", Sender::App) => {
            let card: Card = call.content(message)?;
            cards::check(&card, Place::App, call.is_strict())
        }
        ("template_card", Sender::Chatbot(_)) => {
            let card: Card = call.content(message)?;
            cards::check(&card, Place::Chatbot, call.is_strict())
        }
        _ => Err(Refusal::new(40008, "invalid message type")),
    }
}

/// The confidentiality of a message: `highest` is `None` for a type that has none, where WeCom ignores it.
pub(crate) fn check_safe(
    safe: Option<i64>,
    highest: Option<i64>,
    message: &Message,
    is_strict: bool,
) -> Result<i64, Refusal> {
    match (safe, highest) {
        (Some(_), None) if is_strict => {
            let reason = format!("not a part of msgtype `{}`", message.msgtype);
            Err(Refusal::invalid("safe", reason))
        }
        (None, _) | (Some(_), None) => Ok(0),
        (Some(safe), Some(highest)) if (0..=highest).contains(&safe) => Ok(safe),
        (Some(_), Some(highest)) => {
            Err(Refusal::invalid("safe", format!("must be 0 to {highest}")))
        }
    }
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Text {
    content: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct GroupText {
    content: Option<String>,
    mentioned_list: Option<Vec<String>>,
}

fn group_text(mut body: GroupText, is_strict: bool) -> Result<Value, Refusal> {
    let content = required_text(&mut body.content)?;
    // The page states only a maximum, the error table a refusal; other descriptions say that it is truncated.
    if is_strict {
        check_length("text.content", content, MAX_TEXT, 45002)?;
    }
    text::truncate_bytes(content, MAX_TEXT);
    to_stored(&body)
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct ChatbotText {
    content: Option<String>,
    mentioned_list: Option<Vec<String>>,
    mentioned_mobile_list: Option<Vec<String>>,
}

fn markdown(mut body: Text, name: &str, max: usize) -> Result<Value, Refusal> {
    let content = required_text(&mut body.content)?;
    check_length(&format!("{name}.content"), content, max, 40058)?;
    to_stored(&body)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ChatbotImage {
    base64: Option<String>,
    md5: Option<String>,
}

fn chatbot_image(ChatbotImage { base64, md5 }: &ChatbotImage) -> Result<Value, Refusal> {
    let Some(base64) = base64.non_empty() else {
        return Err(Refusal::invalid("image.base64", "missing"));
    };
    let Some(md5) = md5.non_empty() else { return Err(Refusal::invalid("image.md5", "missing")) };
    let Ok(data) = STANDARD.decode(base64) else {
        return Err(Refusal::invalid("image.base64", "not base64 on one line"));
    };
    if data.len() > MAX_CHATBOT_IMAGE {
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

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct MediaRef {
    media_id: Option<String>,
}

fn media(corp: &Corp, body: MediaRef, sender: Sender, kind: Kind) -> Result<Value, Refusal> {
    let owner = match sender {
        Sender::App | Sender::Group => Owner::Corp,
        Sender::Chatbot(bot) => Owner::Chatbot(bot),
    };
    check_media(corp, body.media_id.non_empty(), owner, kind)?;
    to_stored(&body)
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Video {
    media_id: Option<String>,
    title: Option<String>,
    description: Option<String>,
}

fn video(corp: &Corp, mut body: Video) -> Result<Value, Refusal> {
    check_media(corp, body.media_id.non_empty(), Owner::Corp, Kind::Video)?;
    truncate_option(&mut body.title, text::truncate_bytes, 128);
    truncate_option(&mut body.description, text::truncate_bytes, 512);
    to_stored(&body)
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct TextCard {
    title: Option<String>,
    description: Option<String>,
    url: Option<String>,
    btntxt: Option<String>,
}

fn textcard(mut body: TextCard, sender: Sender, is_strict: bool) -> Result<Value, Refusal> {
    required(&mut body.title, 41016, "missing title: textcard.title")?;
    required(&mut body.description, 41033, "missing description: textcard.description")?;
    let url = required(&mut body.url, 41010, "missing url: textcard.url")?;
    // The page of group messages does not mention the link, and counts bytes where the other counts characters.
    if sender == Sender::App || is_strict {
        check_url("textcard.url", url)?;
    }
    let measure = if sender == Sender::App { text::truncate_chars } else { text::truncate_bytes };
    truncate_option(&mut body.title, measure, 128);
    truncate_option(&mut body.description, measure, 512);
    truncate_option(&mut body.btntxt, text::truncate_chars, 4);
    to_stored(&body)
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct News {
    articles: Vec<Article>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Article {
    title: Option<String>,
    description: Option<String>,
    url: Option<String>,
    picurl: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
}

fn news(mut body: News, sender: Sender) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for article in &mut body.articles {
        required(&mut article.title, 41016, "missing title: news.articles.title")?;
        match sender {
            Sender::App => check_app_links(article)?,
            Sender::Group => {
                required(&mut article.url, 41010, "missing url: news.articles.url")?;
            }
            Sender::Chatbot(_) => {
                required(&mut article.url, 40039, "invalid url size")?;
            }
        }
        truncate_option(&mut article.title, text::truncate_bytes, 128);
        truncate_option(&mut article.description, text::truncate_bytes, 512);
    }
    to_stored(&body)
}

/// The links of an application's article: an address, or a mini-program that overrides it.
fn check_app_links(article: &mut Article) -> Result<(), Refusal> {
    let (appid, pagepath) = (article.appid.non_empty(), article.pagepath.non_empty());
    if appid.is_some() != pagepath.is_some() {
        return Err(Refusal::invalid("news.articles.appid", "goes with pagepath"));
    }
    if let Some(pagepath) = pagepath {
        check_length("news.articles.pagepath", pagepath, 128, 40058)?;
    }
    if let Some(picture) = article.picurl.non_empty() {
        check_length("news.articles.picurl", picture, MAX_URL, 40039)?;
    }
    if appid.is_some() {
        return Ok(());
    }
    check_url(
        "news.articles.url",
        required(&mut article.url, 41010, "missing url: news.articles.url")?,
    )
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct MpNews {
    articles: Vec<MpArticle>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct MpArticle {
    title: Option<String>,
    thumb_media_id: Option<String>,
    author: Option<String>,
    content_source_url: Option<String>,
    content: Option<String>,
    digest: Option<String>,
}

fn mpnews(corp: &Corp, mut body: MpNews) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for article in &mut body.articles {
        required(&mut article.title, 41016, "missing title: mpnews.articles.title")?;
        check_media(corp, article.thumb_media_id.non_empty(), Owner::Corp, Kind::Image)?;
        let content =
            required(&mut article.content, 44004, "empty content: mpnews.articles.content")?;
        check_length("mpnews.articles.content", content, MAX_HTML, 45002)?;
        if let Some(author) = &article.author {
            check_length("mpnews.articles.author", author, 64, 45032)?;
        }
        truncate_option(&mut article.title, text::truncate_bytes, 128);
        truncate_option(&mut article.digest, text::truncate_bytes, 512);
    }
    to_stored(&body)
}

fn required<'a>(
    field: &'a mut Option<String>,
    code: i64,
    reason: &str,
) -> Result<&'a mut String, Refusal> {
    field.as_mut().filter(|it| !it.is_empty()).ok_or_else(|| Refusal::new(code, reason))
}

fn required_text(content: &mut Option<String>) -> Result<&mut String, Refusal> {
    required(content, 44004, "empty content")
}

/// Truncates to a number of bytes or characters.
type Measure = fn(&mut String, usize);

fn truncate_option(text: &mut Option<String>, measure: Measure, max: usize) {
    if let Some(text) = text {
        measure(text, max);
    }
}

fn check_count(articles: usize) -> Result<(), Refusal> {
    match articles {
        1..=8 => Ok(()),
        _ => Err(Refusal::new(45008, "there must be 1 to 8 articles")),
    }
}

fn check_url(name: &str, url: &str) -> Result<(), Refusal> {
    check_length(name, url, MAX_URL, 40039)?;
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Ok(());
    }
    Err(Refusal::new(45034, format!("{name} has no http or https scheme")))
}

fn check_media(corp: &Corp, id: Option<&str>, owner: Owner, kind: Kind) -> Result<(), Refusal> {
    let id = id.ok_or_else(|| Refusal::new(41006, "missing media_id"))?;
    corp.media.find(id, owner, kind, corp.now()).map(|_| ())
}

fn check_length(name: &str, text: &str, max: usize, code: i64) -> Result<(), Refusal> {
    if text.len() > max {
        let text = format!("{name} exceed max length {max}. invalid Request Parameter");
        return Err(Refusal::new(code, text));
    }
    Ok(())
}
