//! Message contents that several senders share, with their limits. What the vendor's pages say is
//! shortened is shortened here; everything else that is too long is refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    answer::Refusal,
    body::{Field, Object, keep},
    corp::Corp,
    media::{Kind, Owner},
    text,
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

const MOST_URL: usize = 2048;
const MOST_HTML: usize = 666 * 1024;

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
        self.media_id.filled()
    }
}

pub(crate) fn text(mut body: Text, most: usize, too_long: &TooLong) -> Result<Value, Refusal> {
    let content = filled(&mut body.content, || Refusal::new(44004, "text.content is empty"))?;
    match too_long {
        TooLong::Cut => text::cut_bytes(content, most),
        TooLong::Refuse(code) if content.len() > most => {
            return Err(too_big(*code, "text.content", most));
        }
        TooLong::Refuse(_) => {}
    }
    keep(&body)
}

pub(crate) fn markdown(mut body: Plain, name: &str, most: usize) -> Result<Value, Refusal> {
    let content =
        filled(&mut body.content, || Refusal::new(44004, format!("{name}.content is empty")))?;
    if content.len() > most {
        return Err(too_big(40058, &format!("{name}.content"), most));
    }
    keep(&body)
}

pub(crate) fn media(
    corp: &Corp,
    mut body: MediaRef,
    owner: Owner,
    kind: Kind,
) -> Result<Value, Refusal> {
    check_media(corp, &mut body.media_id, owner, kind)?;
    keep(&body)
}

pub(crate) fn video(corp: &Corp, mut body: Video) -> Result<Value, Refusal> {
    check_media(corp, &mut body.media_id, Owner::Corp, Kind::Video)?;
    cut(&mut body.title, text::cut_bytes, 128);
    cut(&mut body.description, text::cut_bytes, 512);
    keep(&body)
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
    cut(&mut body.btntxt, text::cut_chars, 4);
    keep(&body)
}

/// News; `programs` says whether an article may open a mini-program.
pub(crate) fn news(mut body: News, programs: bool) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for Object(article) in &mut body.articles {
        filled(&mut article.title, || Refusal::new(41016, "missing title: news.articles.title"))?;
        let (appid, pagepath) = (article.appid.filled(), article.pagepath.filled());
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
        if let Some(picture) = article.picurl.filled() {
            check_url("news.articles.picurl", picture)?;
        }
        cut(&mut article.title, text::cut_bytes, 128);
        cut(&mut article.description, text::cut_bytes, 512);
    }
    keep(&body)
}

pub(crate) fn mpnews(corp: &Corp, mut body: MpNews) -> Result<Value, Refusal> {
    check_count(body.articles.len())?;
    for Object(article) in &mut body.articles {
        filled(&mut article.title, || Refusal::new(41016, "missing title: mpnews.articles.title"))?;
        check_media(corp, &mut article.thumb_media_id, Owner::Corp, Kind::Image)?;
        let content = filled(&mut article.content, || {
            Refusal::new(44004, "mpnews.articles.content is empty")
        })?;
        if content.len() > MOST_HTML {
            return Err(too_big(45002, "mpnews.articles.content", MOST_HTML));
        }
        if article.author.as_deref().is_some_and(|it| it.len() > 64) {
            return Err(too_big(45032, "mpnews.articles.author", 64));
        }
        cut(&mut article.title, text::cut_bytes, 128);
        cut(&mut article.digest, text::cut_bytes, 512);
    }
    keep(&body)
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
    if url.len() > MOST_URL {
        return Err(too_big(40039, name, MOST_URL));
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{corp::Clock, text::cut_chars};

    fn from<T: for<'de> Deserialize<'de>>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn code(outcome: Result<Value, Refusal>) -> i64 {
        outcome.map_or_else(|it| it.code, |_| 0)
    }

    #[test]
    fn texts_are_cut_or_refused_at_their_edge() {
        let of = |content: String| from::<Text>(json!({ "content": content }));
        for (length, kept) in [(2047, 2047), (2048, 2048), (2049, 2048)] {
            let value = text(of("x".repeat(length)), 2048, &TooLong::Cut).unwrap();
            assert_eq!(value["content"].as_str().unwrap().len(), kept);
        }
        let value = text(of("部".repeat(683)), 2048, &TooLong::Cut).unwrap();
        assert_eq!(value["content"], json!("部".repeat(682)));
        assert_eq!(code(text(of("部".repeat(682)), 2048, &TooLong::Refuse(45002))), 0);
        assert_eq!(code(text(of("部".repeat(683)), 2048, &TooLong::Refuse(45002))), 45002);
        assert_eq!(code(text(of(String::new()), 2048, &TooLong::Cut)), 44004);
        assert_eq!(code(text(from(json!({})), 2048, &TooLong::Cut)), 44004);
    }

    #[test]
    fn markdown_is_refused_at_its_edge() {
        for (length, expected) in [(0, 44004), (682, 0), (683, 40058)] {
            let body = from(json!({"content": "部".repeat(length)}));
            assert_eq!(code(markdown(body, "markdown", 2048)), expected, "{length}");
        }
    }

    #[test]
    fn text_cards_are_cut_in_their_unit() {
        let card = || {
            from::<TextCard>(json!({
                "title": "部".repeat(129), "description": "部".repeat(513),
                "url": "https://example.com", "btntxt": "更多更多更",
            }))
        };
        for (measure, title, description) in
            [(cut_chars as Cut, 128, 512), (text::cut_bytes as Cut, 42, 170)]
        {
            let value = textcard(card(), measure).unwrap();
            assert_eq!(value["title"], json!("部".repeat(title)));
            assert_eq!(value["description"], json!("部".repeat(description)));
            assert_eq!(value["btntxt"], "更多更多");
        }
    }

    #[test]
    fn text_cards_are_refused() {
        let url = |length: usize| format!("https://{}", "x".repeat(length - 8));
        for (body, expected) in [
            (json!({"description": "d", "url": url(9)}), 41016),
            (json!({"title": "", "description": "d", "url": url(9)}), 41016),
            (json!({"title": "t", "url": url(9)}), 41033),
            (json!({"title": "t", "description": "d"}), 41010),
            (json!({"title": "t", "description": "d", "url": "example.com"}), 45034),
            (json!({"title": "t", "description": "d", "url": url(2048)}), 0),
            (json!({"title": "t", "description": "d", "url": url(2049)}), 40039),
        ] {
            assert_eq!(code(textcard(from(body.clone()), cut_chars)), expected, "{body}");
        }
    }

    #[test]
    fn news_have_one_to_eight_articles() {
        let article = json!({"title": "部".repeat(43), "description": "d", "url": "http://e.com"});
        for (count, expected) in [(0, 45008), (1, 0), (8, 0), (9, 45008)] {
            let body = from(json!({"articles": vec![&article; count]}));
            assert_eq!(code(news(body, false)), expected, "{count}");
        }
        let value = news(from(json!({"articles": [article]})), false).unwrap();
        assert_eq!(value["articles"][0]["title"], json!("部".repeat(42)));
    }

    #[test]
    fn news_are_refused() {
        for (article, programs, expected) in [
            (json!({"url": "http://e.com"}), true, 41016),
            (json!({"title": "t"}), true, 41010),
            (json!({"title": "t", "url": "e.com"}), true, 45034),
            (json!({"title": "t", "url": "http://e.com", "picurl": "e.png"}), true, 45034),
            (json!({"title": "t", "appid": "wx", "pagepath": "p"}), true, 0),
            (json!({"title": "t", "appid": "wx", "pagepath": "p"}), false, 40058),
            (json!({"title": "t", "appid": "wx", "url": "http://e.com"}), true, 40058),
            (json!({"title": "t", "appid": "wx", "pagepath": "p".repeat(129)}), true, 40058),
        ] {
            let body = from(json!({"articles": [article]}));
            assert_eq!(code(news(body, programs)), expected, "{article}");
        }
    }

    #[test]
    fn mpnews_limits() {
        let mut corp = Corp::new(Clock::standing());
        let thumb = corp.keep_for_test(Kind::Image);
        let file = corp.keep_for_test(Kind::File);
        let article = |change: Value| {
            let mut article = json!({"title": "t", "thumb_media_id": thumb, "content": "c"});
            for (name, value) in change.as_object().unwrap() {
                article[name] = value.clone();
            }
            from::<MpNews>(json!({ "articles": [article] }))
        };
        for (change, expected) in [
            (json!({"title": ""}), 41016),
            (json!({"thumb_media_id": ""}), 41006),
            (json!({"thumb_media_id": file}), 40007),
            (json!({"thumb_media_id": "other"}), 40007),
            (json!({"content": ""}), 44004),
            (json!({"content": "x".repeat(666 * 1024)}), 0),
            (json!({"content": "x".repeat(666 * 1024 + 1)}), 45002),
            (json!({"author": "部".repeat(21)}), 0),
            (json!({"author": "部".repeat(22)}), 45032),
        ] {
            assert_eq!(code(mpnews(&corp, article(change))), expected);
        }
        let long = article(json!({"title": "部".repeat(43), "digest": "部".repeat(171)}));
        let value = mpnews(&corp, long).unwrap();
        assert_eq!(value["articles"][0]["title"], json!("部".repeat(42)));
        assert_eq!(value["articles"][0]["digest"], json!("部".repeat(170)));
        assert_eq!(code(mpnews(&corp, from(json!({"articles": []})))), 45008);
    }
}
