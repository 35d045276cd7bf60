//! Message bodies that several senders share.

use alloc::{format, string::String, vec::Vec};

use serde_json::{Value, json};

use crate::{
    bindings::wit::types::{
        Confidentiality, Media, MediaId, MpnewsArticle, MpnewsConfidentiality, TextCard, UserId,
    },
    truncate::Limit,
    validate::{Check, given},
};

/// In one message. More are rejected, and not checked.
pub(super) const MAX_ARTICLES: usize = 8;
/// 666 KB, as the page says it.
const MAX_ARTICLE_BYTES: usize = 666 * 1024;

/// The text of all text messages: 1 to 2048 bytes, truncated.
pub(super) fn text(check: &mut Check, content: String) -> String {
    check.truncate("message.content", content, Limit::Bytes(2048))
}

/// Markdown of applications and group chats: not truncated, as that would break its marks.
pub(super) fn markdown(check: &mut Check, content: String) -> Value {
    check.bytes("message.content", &content, 1..=2048);
    json!({ "content": content })
}

/// An uploaded file, by its id.
pub(super) fn file(check: &mut Check, field: &str, media: Media) -> Value {
    let media_id = media_id(media);
    check.opaque_id(field, &media_id);
    json!({ "media_id": media_id })
}

fn media_id(media: Media) -> MediaId {
    match media {
        Media::Id(id) => id,
        Media::File(_) => todo!(),
    }
}

pub(super) fn mpnews(check: &mut Check, articles: Vec<MpnewsArticle>) -> Value {
    check.count("message.articles", articles.len(), 1..=MAX_ARTICLES);
    let article = |(index, article): (usize, MpnewsArticle)| {
        let field = |name: &str| format!("message.articles[{index}].{name}");
        let MpnewsArticle { title, thumbnail, content, author, source_url, digest } = article;
        let title = check.truncate(&field("title"), title, Limit::Bytes(128));
        let thumbnail = media_id(thumbnail);
        check.opaque_id(&field("thumbnail"), &thumbnail);
        check.bytes(&field("content"), &content, 1..=MAX_ARTICLE_BYTES);
        let author = given(author);
        if let Some(author) = &author {
            check.bytes(&field("author"), author, 1..=64);
        }
        let digest =
            given(digest).map(|it| check.truncate(&field("digest"), it, Limit::Bytes(512)));
        json!({
            "title": title,
            "thumb_media_id": thumbnail,
            "content": content,
            "author": author,
            // No scheme and no length is documented for it.
            "content_source_url": given(source_url),
            "digest": digest,
        })
    };
    let articles: Vec<_> =
        articles.into_iter().take(MAX_ARTICLES).enumerate().map(article).collect();
    json!({ "articles": articles })
}

/// One page counts title and description in characters, the other in bytes: `limit` makes the one or the other.
pub(super) fn text_card(check: &mut Check, card: TextCard, limit: fn(usize) -> Limit) -> Value {
    let TextCard { title, description, url, button_text } = card;
    let title = check.truncate("message.card.title", title, limit(128));
    let description = check.truncate("message.card.description", description, limit(512));
    check.url("message.card.url", &url);
    let button = given(button_text)
        .map(|it| check.truncate("message.card.button-text", it, Limit::Chars(4)));
    json!({
        "title": title,
        "description": description,
        "url": url,
        "btntxt": button,
    })
}

/// Members to mention, with everyone as one of them; `None` if there are none.
pub(super) fn mentions(
    check: &mut Check,
    users: Option<Vec<UserId>>,
    everyone: Option<bool>,
) -> Option<Vec<UserId>> {
    let mut mentioned = users.unwrap_or_default();
    // No page states how many may be mentioned.
    check.user_ids("message.mentioned-users", &mentioned, 0..=usize::MAX);
    if everyone == Some(true) {
        mentioned.push("@all".into());
    }
    (!mentioned.is_empty()).then_some(mentioned)
}

pub(super) fn safe(confidentiality: Option<Confidentiality>) -> Option<u32> {
    confidentiality.map(|it| match it {
        Confidentiality::Public => 0,
        Confidentiality::Confidential => 1,
    })
}

pub(super) fn mpnews_safe(confidentiality: Option<MpnewsConfidentiality>) -> Option<u32> {
    confidentiality.map(|it| match it {
        MpnewsConfidentiality::Public => 0,
        MpnewsConfidentiality::Confidential => 1,
        MpnewsConfidentiality::WithinCorp => 2,
    })
}
