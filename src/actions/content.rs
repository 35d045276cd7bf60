//! Message bodies that several senders share, and messages with files.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde_json::{Value, json};

use super::media::{self, For};
use crate::{
    bindings::wit::{
        media::{MediaKind, UploadedMedia},
        types::{
            Confidentiality, Error, FailedExchange, Media, MpnewsArticle, MpnewsConfidentiality,
            NewsArticle, TextCard, UserId,
        },
    },
    call::{Body, Call},
    run::Run,
    truncate::Limit,
    validate::{Check, given},
};

/// In one message. More are rejected, and not checked.
pub(super) const MAX_ARTICLES: usize = 8;
/// 666 KB, as the page writes it.
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

/// A message, and the files that are uploaded before it is sent.
pub(crate) struct Message<T> {
    pub(super) files: Files,
    pub(super) call: Call<T>,
}

/// The uploads of a message, each with the pointer to the place of its id in the body.
#[derive(Default)]
pub(super) struct Files(pub(super) Vec<(String, Call<UploadedMedia>)>);

impl Files {
    /// The id of a file. One that is yet to be uploaded has an empty one.
    fn id(
        &mut self,
        check: &mut Check,
        field: &str,
        purpose: For,
        media: Media,
        pointer: impl ToString,
    ) -> String {
        match media {
            Media::Id(id) => {
                check.opaque_id(field, &id);
                id
            }
            Media::File(file) => {
                let upload = media::upload(check, &format!("{field}.file"), purpose, file);
                self.0.push((pointer.to_string(), upload));
                String::new()
            }
        }
    }
}

impl<T: 'static> Message<T> {
    /// Uploads the files and sends the message. A message that cannot be sent uploads nothing.
    pub(crate) fn send(self, run: &mut impl Run) -> Result<T, Error> {
        let Self { files, mut call } = self;
        if call.request.inject_agent_id && run.account().agent_id.is_none() {
            return Err(run.account().missing_agent_id());
        }
        if !files.0.is_empty() {
            // Another attempt uploads them again: to the duplicate check, another id is another content.
            call = call.retry_safe(false);
        }
        for (pointer, upload) in files.0 {
            let UploadedMedia { id, created_at: _, warning } = run.run(upload).map_err(not_sent)?;
            if let Body::Json(body) = &mut call.request.body
                && let Some(place) = body.pointer_mut(&pointer)
            {
                *place = id.into();
            }
            call = call.with_warning(warning);
        }
        run.run(call)
    }
}

/// The failure of an upload, of which the message was not sent.
fn not_sent(error: Error) -> Error {
    let not_sent = |failed| FailedExchange { request_sent: false, ..failed };
    match error {
        Error::NoReply(it) => Error::NoReply(not_sent(it)),
        Error::PermanentUnexpectedReply(it) => Error::PermanentUnexpectedReply(not_sent(it)),
        other => other,
    }
}

/// A file, image or voice message.
pub(super) fn file(
    check: &mut Check,
    files: &mut Files,
    field: &str,
    purpose: For,
    media: Media,
) -> Value {
    let pointer = format!("/{}/media_id", purpose.name());
    let id = files.id(check, field, purpose, media, pointer);
    json!({ "media_id": id })
}

pub(super) fn video(
    check: &mut Check,
    files: &mut Files,
    media: Media,
    title: Option<String>,
    description: Option<String>,
) -> Value {
    let purpose = For::Application(MediaKind::Video);
    let id = files.id(check, "message.media-id", purpose, media, "/video/media_id");
    let title = given(title).map(|it| check.truncate("message.title", it, Limit::Bytes(128)));
    let description =
        given(description).map(|it| check.truncate("message.description", it, Limit::Bytes(512)));
    json!({ "media_id": id, "title": title, "description": description })
}

/// Articles of group chats and chatbots. No scheme and no length is documented for their addresses: the page's own sample is
/// `www.qq.com`.
pub(super) fn news(check: &mut Check, field: &str, articles: Vec<NewsArticle>) -> Value {
    check.count(field, articles.len(), 1..=MAX_ARTICLES);
    let article = |(index, article): (usize, NewsArticle)| {
        let field = |name: &str| format!("{field}[{index}].{name}");
        let NewsArticle { title, description, url, image_url } = article;
        let title = check.truncate(&field("title"), title, Limit::Bytes(128));
        let description = given(description)
            .map(|it| check.truncate(&field("description"), it, Limit::Bytes(512)));
        check.not_empty(&field("url"), &url);
        json!({
            "title": title,
            "description": description,
            "url": url,
            "picurl": given(image_url),
        })
    };
    let articles: Vec<_> =
        articles.into_iter().take(MAX_ARTICLES).enumerate().map(article).collect();
    json!({ "articles": articles })
}

pub(super) fn mpnews(check: &mut Check, files: &mut Files, articles: Vec<MpnewsArticle>) -> Value {
    check.count("message.articles", articles.len(), 1..=MAX_ARTICLES);
    let article = |(index, article): (usize, MpnewsArticle)| {
        let field = |name: &str| format!("message.articles[{index}].{name}");
        let MpnewsArticle { title, thumbnail, content, author, source_url, digest } = article;
        let title = check.truncate(&field("title"), title, Limit::Bytes(128));
        let purpose = For::Application(MediaKind::Image);
        let pointer = format!("/mpnews/articles/{index}/thumb_media_id");
        let thumbnail = files.id(check, &field("thumbnail"), purpose, thumbnail, pointer);
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
