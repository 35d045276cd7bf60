//! Message bodies that several senders share.

use alloc::{format, string::String, vec::Vec};

use crate::{
    bindings::exports::wecom::connector::types::{
        Confidentiality, MpnewsArticle, MpnewsConfidentiality, TextCard, UserId,
    },
    json::{Object, object},
    validate::Check,
};

/// In one message. More are refused, and not looked through.
pub(super) const MOST_ARTICLES: usize = 8;
/// 666 KB, as the page says it.
const LARGEST_ARTICLE: usize = 666 * 1024;

/// A text of 1 to 2048 bytes that is cut, as it stands in all text messages.
pub(super) fn text(check: &mut Check, content: String) -> String {
    check.truncate_bytes("message.content", content, 2048)
}

/// Markdown of applications and group chats, which is not cut: that would break its marks.
pub(super) fn markdown(check: &mut Check, content: String) -> Object {
    check.bytes("message.content", &content, 1..=2048);
    object! { "content": content }
}

/// An uploaded file, by its id.
pub(super) fn file(check: &mut Check, field: &str, media_id: String) -> Object {
    check.opaque_id(field, &media_id);
    object! { "media_id": media_id }
}

pub(super) fn mpnews(check: &mut Check, articles: Vec<MpnewsArticle>) -> Object {
    check.count("message.articles", articles.len(), 1..=MOST_ARTICLES);
    let article = |(index, article): (usize, MpnewsArticle)| {
        let field = |name: &str| format!("message.articles[{index}].{name}");
        let MpnewsArticle { title, thumbnail, content, author, source_url, digest } = article;
        let title = check.truncate_bytes(&field("title"), title, 128);
        check.opaque_id(&field("thumbnail"), &thumbnail);
        check.bytes(&field("content"), &content, 1..=LARGEST_ARTICLE);
        if let Some(author) = &author {
            check.bytes(&field("author"), author, 1..=64);
        }
        if let Some(url) = &source_url {
            check.url(&field("source-url"), url);
        }
        let digest = digest
            .filter(|it| !it.is_empty())
            .map(|it| check.truncate_bytes(&field("digest"), it, 512));
        object! {
            "title": title,
            "thumb_media_id": thumbnail,
            "content": content,
            "author": author,
            "content_source_url": source_url,
            "digest": digest,
        }
    };
    let articles: Vec<_> =
        articles.into_iter().take(MOST_ARTICLES).enumerate().map(article).collect();
    object! { "articles": articles }
}

/// Title and description are counted in characters by one page and in bytes by the other: bytes are safe for both.
pub(super) fn text_card(check: &mut Check, card: TextCard) -> Object {
    let TextCard { title, description, url, button_text } = card;
    let title = check.truncate_bytes("message.card.title", title, 128);
    let description = check.truncate_bytes("message.card.description", description, 512);
    check.url("message.card.url", &url);
    let button = button_text
        .filter(|it| !it.is_empty())
        .map(|it| check.truncate_chars("message.card.button-text", it, 4));
    object! {
        "title": title,
        "description": description,
        "url": url,
        "btntxt": button,
    }
}

/// Members to mention, with everyone as one of them; none where nobody is.
pub(super) fn mentions(
    check: &mut Check,
    users: Option<Vec<UserId>>,
    everyone: Option<bool>,
    most: usize,
) -> Option<Vec<UserId>> {
    let mut mentioned = users.unwrap_or_default();
    check.user_ids("message.mentioned-users", &mentioned, 0..=most);
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
