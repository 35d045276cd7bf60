//! Message contents that several senders share, with their limits. What the vendor's pages say is
//! shortened is shortened here; everything else that is too long is refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    corp::{
        Corp,
        media::{Kind, Owner},
        refusal::Refusal,
        text,
    },
    http::body::{Field, Object, to_stored},
};

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Plain {
    content: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Text {
    content: Field<String>,
    mentioned_list: Field<Vec<String>>,
    mentioned_mobile_list: Field<Vec<String>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MediaRef {
    media_id: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Video {
    media_id: Field<String>,
    title: Field<String>,
    description: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TextCard {
    title: Field<String>,
    description: Field<String>,
    url: Field<String>,
    btntxt: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct News {
    articles: Vec<Object<Article>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct Article {
    title: Field<String>,
    description: Field<String>,
    url: Field<String>,
    picurl: Field<String>,
    appid: Field<String>,
    pagepath: Field<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct MpNews {
    articles: Vec<Object<MpArticle>>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct MpArticle {
    title: Field<String>,
    thumb_media_id: Field<String>,
    author: Field<String>,
    content_source_url: Field<String>,
    content: Field<String>,
    digest: Field<String>,
}

/// How a text card is measured: one page says characters, the other bytes.
pub(crate) type Cut = fn(&mut String, usize);

/// What a text that is too long meets.
pub(crate) enum TooLong {
    Cut,
    /// Refused with this code.
    Refuse(i64),
}

const MAX_URL: usize = 2048;
const MAX_HTML: usize = 666 * 1024;

impl Text {
    /// Refuses the mentions that a sender does not know.
    pub(crate) fn only_content(&self) -> Result<(), Refusal> {
        self.no_mobiles()?;
        if self.mentioned_list.is_given() {
            return Err(Refusal::invalid("text.mentioned_list", "unknown field"));
        }
        Ok(())
    }

    pub(crate) fn no_mobiles(&self) -> Result<(), Refusal> {
        if self.mentioned_mobile_list.is_given() {
            return Err(Refusal::invalid("text.mentioned_mobile_list", "unknown field"));
        }
        Ok(())
    }
}

impl MediaRef {
    pub(crate) fn media_id(&self) -> Option<&str> {
        self.media_id.non_empty()
    }
}

pub(crate) fn text(mut body: Text, most: usize, too_long: &TooLong) -> Result<Value, Refusal> {
    let content = filled(&mut body.content, || Refusal::new(44004, "text.content is empty"))?;
    match too_long {
        TooLong::Cut => text::truncate_bytes(content, most),
        TooLong::Refuse(code) if content.len() > most => {
            return Err(too_big(*code, "text.content", most));
        }
        TooLong::Refuse(_) => {}
    }
    to_stored(&body)
}

pub(crate) fn markdown(mut body: Plain, name: &str, most: usize) -> Result<Value, Refusal> {
    let content =
        filled(&mut body.content, || Refusal::new(44004, format!("{name}.content is empty")))?;
    if content.len() > most {
        return Err(too_big(40058, &format!("{name}.content"), most));
    }
    to_stored(&body)
}

pub(crate) fn media(
    corp: &Corp,
    mut body: MediaRef,
    owner: Owner,
    kind: Kind,
) -> Result<Value, Refusal> {
    check_media(corp, &mut body.media_id, owner, kind)?;
    to_stored(&body)
}

pub(crate) fn video(corp: &Corp, mut body: Video) -> Result<Value, Refusal> {
    check_media(corp, &mut body.media_id, Owner::Corp, Kind::Video)?;
    cut(&mut body.title, text::truncate_bytes, 128);
    cut(&mut body.description, text::truncate_bytes, 512);
    to_stored(&body)
}

pub(crate) fn textcard(mut body: TextCard, measure: Cut) -> Result<Value, Refusal> {
    filled(&mut body.title, || Refusal::new(41016, "missing title: textcard.title"))?;
    filled(&mut body.description, || {
        Refusal::new(41033, "missing description: textcard.description")
    })?;
    let url = filled(&mut body.url, || Refusal::new(41010, "missing url: textcard.url"))?;
    check_url("textcard.url", url)?;
    cut(&mut body.title, measure, 128);
    cut(&mut body.description, measure, 512);
    cut(&mut body.btntxt, text::truncate_chars, 4);
    to_stored(&body)
}

/// News; `programs` says whether an article may open a mini-program.
pub(crate) fn news(mut body: News, programs: bool) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for Object(article) in &mut body.articles {
        filled(&mut article.title, || Refusal::new(41016, "missing title: news.articles.title"))?;
        let (appid, pagepath) = (article.appid.non_empty(), article.pagepath.non_empty());
        if !programs && (article.appid.is_given() || article.pagepath.is_given()) {
            return Err(Refusal::invalid("news.articles.appid", "unknown field, or pagepath is"));
        }
        if appid.is_some() != pagepath.is_some() {
            return Err(Refusal::invalid("news.articles.appid", "goes with pagepath"));
        }
        if pagepath.is_some_and(|it| it.len() > 128) {
            return Err(too_big(40058, "news.articles.pagepath", 128));
        }
        if appid.is_none() || article.url.is_given() {
            let url =
                filled(&mut article.url, || Refusal::new(41010, "missing url: news.articles.url"))?;
            check_url("news.articles.url", url)?;
        }
        if let Some(picture) = article.picurl.non_empty() {
            check_url("news.articles.picurl", picture)?;
        }
        cut(&mut article.title, text::truncate_bytes, 128);
        cut(&mut article.description, text::truncate_bytes, 512);
    }
    to_stored(&body)
}

pub(crate) fn mpnews(corp: &Corp, mut body: MpNews) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for Object(article) in &mut body.articles {
        filled(&mut article.title, || Refusal::new(41016, "missing title: mpnews.articles.title"))?;
        check_media(corp, &mut article.thumb_media_id, Owner::Corp, Kind::Image)?;
        let content = filled(&mut article.content, || {
            Refusal::new(44004, "mpnews.articles.content is empty")
        })?;
        if content.len() > MAX_HTML {
            return Err(too_big(45002, "mpnews.articles.content", MAX_HTML));
        }
        if article.author.as_deref().is_some_and(|it| it.len() > 64) {
            return Err(too_big(45032, "mpnews.articles.author", 64));
        }
        cut(&mut article.title, text::truncate_bytes, 128);
        cut(&mut article.digest, text::truncate_bytes, 512);
    }
    to_stored(&body)
}

/// Refuses contents that do not belong to the type of the message.
pub(crate) fn check_only(msgtype: &str, given: &[(&str, bool)]) -> Result<(), Refusal> {
    match given.iter().find(|(name, is_given)| *is_given && *name != msgtype) {
        Some((name, _)) => {
            Err(Refusal::invalid(name, format!("not a part of msgtype `{msgtype}`")))
        }
        None => Ok(()),
    }
}

/// The content that the type of the message asks for.
pub(crate) fn required<T>(content: Field<Object<T>>, msgtype: &str) -> Result<T, Refusal> {
    content.0.map(|Object(it)| it).ok_or_else(|| Refusal::invalid(msgtype, "missing"))
}

fn filled(
    field: &mut Field<String>,
    missing: impl FnOnce() -> Refusal,
) -> Result<&mut String, Refusal> {
    field.0.as_mut().filter(|it| !it.is_empty()).ok_or_else(missing)
}

fn cut(field: &mut Field<String>, measure: Cut, most: usize) {
    if let Some(text) = &mut field.0 {
        measure(text, most);
    }
}

fn check_count(articles: usize) -> Result<(), Refusal> {
    match articles {
        1..=8 => Ok(()),
        _ => Err(Refusal::new(45008, "there must be 1 to 8 articles")),
    }
}

fn check_url(name: &str, url: &str) -> Result<(), Refusal> {
    if url.len() > MAX_URL {
        return Err(too_big(40039, name, MAX_URL));
    }
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        return Ok(());
    }
    Err(Refusal::new(45034, format!("{name} has no http or https scheme")))
}

fn check_media(
    corp: &Corp,
    id: &mut Field<String>,
    owner: Owner,
    kind: Kind,
) -> Result<(), Refusal> {
    let id = filled(id, || Refusal::new(41006, "missing media_id"))?;
    corp.media.find(id, owner, kind, corp.now()).map(|_| ())
}

fn too_big(code: i64, name: &str, most: usize) -> Refusal {
    Refusal::new(code, format!("{name} exceed max length {most}. invalid Request Parameter"))
}

/// The confidentiality, 0 unless given; `highest` is `None` for a type that has none.
pub(crate) fn check_safe(
    safe: Option<i64>,
    highest: Option<i64>,
    msgtype: &str,
) -> Result<i64, Refusal> {
    match (safe, highest) {
        (None, _) => Ok(0),
        (Some(_), None) => {
            Err(Refusal::invalid("safe", format!("not a part of msgtype `{msgtype}`")))
        }
        (Some(safe), Some(highest)) if (0..=highest).contains(&safe) => Ok(safe),
        (Some(_), Some(highest)) => {
            Err(Refusal::invalid("safe", format!("must be 0 to {highest}")))
        }
    }
}
