//! Message bodies that several senders share, and messages that carry files.

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

/// A message, and the files that are uploaded before it is sent.
pub(crate) struct Message<T> {
    pub(super) files: Files,
    pub(super) call: Call<T>,
}

/// The uploads of a message, each with the pointer to the place of its id in the body.
#[derive(Default)]
pub(super) struct Files(Vec<(String, Call<UploadedMedia>)>);

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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{
        actions::{app_messages, chatbots, group_messages, testing::check_refused},
        bindings::wit::{
            app_messages::{
                AppFile, AppImage, AppMessageOptions, AppMpnews, AppVideo, AppVoice, Recipients,
            },
            group_messages::{GroupFile, GroupImage, GroupMpnews, GroupVideo, GroupVoice},
            types::{Chatbot, ChatbotCredentials, FileContent, NewFile},
        },
        credentials::Account,
        exchange::Failure,
        run::testing::{Script, account},
    };

    const UPLOADED: Result<&str, Failure> =
        Ok(r#"{"errcode":0,"errmsg":"","type":"file","media_id":"MID-77","created_at":"1"}"#);
    const SENT: Result<&str, Failure> = Ok(r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3"}"#);

    fn file(content: &str) -> Media {
        let content = FileContent::Bytes(content.into());
        Media::File(NewFile { file_name: "rota".into(), content })
    }

    fn app_file(media_id: Media) -> Result<Message<impl core::fmt::Debug>, Error> {
        app_messages::send_app_file(AppFile {
            recipients: Recipients::Everyone,
            media_id,
            confidentiality: None,
            options: None,
        })
    }

    fn article(thumbnail: Media) -> MpnewsArticle {
        MpnewsArticle {
            title: "T".into(),
            thumbnail,
            content: "C".into(),
            author: None,
            source_url: None,
            digest: None,
        }
    }

    fn chatbot() -> Account {
        let credentials = ChatbotCredentials { key: "KEY".into(), base_url: None };
        Account::of_chatbot(Chatbot::Credentials(credentials), alloc::vec::Vec::new).unwrap()
    }

    /// The requests that send a message, with an ellipsis for the form of an upload.
    fn check_requests<T: core::fmt::Debug + 'static>(
        mut script: Script,
        message: Result<Message<T>, Error>,
        expected: Expect,
    ) {
        message.unwrap().send(&mut script).unwrap();
        let requests = script.finish();
        let mut lines = Vec::new();
        for line in requests.lines().filter(|it| it.starts_with("POST ")) {
            lines.push(line.split("--wecom-connector").next().unwrap_or_default().trim_end());
        }
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn file_is_uploaded_and_then_sent() {
        let mut script = Script::new([UPLOADED, SENT]);
        let delivery = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap();
        expect![[
            r#"Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None }"#
        ]]
        .assert_eq(&format!("{delivery:?}"));
        let requests = script.finish().replace("\r\n", "\\r\\n");
        expect![[r#"
            POST media/upload?access_token=app&type=file --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="rota"; filelength=7\r\nContent-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--
            POST message/send?access_token=app {"touser":"@all","msgtype":"file","file":{"media_id":"MID-77"},"agentid":7}"#]]
        .assert_eq(&requests);
    }

    #[test]
    fn id_is_sent_without_an_upload() {
        check_requests(
            Script::new([SENT]),
            app_file(Media::Id("MID-1".into())),
            expect![[
                r#"POST message/send?access_token=app {"touser":"@all","msgtype":"file","file":{"media_id":"MID-1"},"agentid":7}"#
            ]],
        );
    }

    #[test]
    fn images_are_uploaded_as_images() {
        // No image is UTF-8, which a script shows.
        let png = || {
            let content = FileContent::Base64("iVBORw0KGgo=".into());
            Media::File(NewFile { file_name: "pump.png".into(), content })
        };
        let message = app_messages::send_app_image(AppImage {
            recipients: Recipients::Everyone,
            media_id: png(),
            confidentiality: None,
            options: None,
        });
        assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
        let message = group_messages::send_group_image(GroupImage {
            group_chat_id: "c".into(),
            media_id: png(),
            confidentiality: None,
        });
        assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
        let message = app_messages::send_app_mpnews(AppMpnews {
            recipients: Recipients::Everyone,
            articles: [article(png()), article(Media::Id("MID-1".into())), article(png())].into(),
            confidentiality: None,
            options: None,
        });
        assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"; 2]);
        let message = group_messages::send_group_mpnews(GroupMpnews {
            group_chat_id: "c".into(),
            articles: [article(png())].into(),
            confidentiality: None,
        });
        assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
    }

    #[test]
    fn recordings_and_documents_are_uploaded_as_what_they_are() {
        let (voice, video) = ("#!AMR\n", "0000ftyp");
        let message =
            AppVoice { recipients: Recipients::Everyone, media_id: file(voice), options: None };
        check_requests(
            Script::new([UPLOADED, SENT]),
            app_messages::send_app_voice(message),
            expect![[r#"
                POST media/upload?access_token=app&type=voice
                POST message/send?access_token=app {"touser":"@all","msgtype":"voice","voice":{"media_id":"MID-77"},"agentid":7}"#]],
        );
        let message = AppVideo {
            recipients: Recipients::Everyone,
            media_id: file(video),
            title: Some("Site walk".into()),
            description: None,
            confidentiality: None,
            options: None,
        };
        check_requests(
            Script::new([UPLOADED, SENT]),
            app_messages::send_app_video(message),
            expect![[r#"
                POST media/upload?access_token=app&type=video
                POST message/send?access_token=app {"touser":"@all","msgtype":"video","video":{"media_id":"MID-77","title":"Site walk"},"agentid":7}"#]],
        );
        let message = GroupFile {
            group_chat_id: "c".into(),
            media_id: file("Mon 7-5"),
            confidentiality: None,
        };
        check_requests(
            Script::new([UPLOADED, SENT]),
            group_messages::send_group_file(message),
            expect![[r#"
                POST media/upload?access_token=app&type=file
                POST appchat/send?access_token=app {"chatid":"c","msgtype":"file","file":{"media_id":"MID-77"}}"#]],
        );
        let message = GroupVoice { group_chat_id: "c".into(), media_id: file(voice) };
        check_requests(
            Script::new([UPLOADED, SENT]),
            group_messages::send_group_voice(message),
            expect![[r#"
                POST media/upload?access_token=app&type=voice
                POST appchat/send?access_token=app {"chatid":"c","msgtype":"voice","voice":{"media_id":"MID-77"}}"#]],
        );
        let message = GroupVideo {
            group_chat_id: "c".into(),
            media_id: file(video),
            title: None,
            description: None,
            confidentiality: None,
        };
        check_requests(
            Script::new([UPLOADED, SENT]),
            group_messages::send_group_video(message),
            expect![[r#"
                POST media/upload?access_token=app&type=video
                POST appchat/send?access_token=app {"chatid":"c","msgtype":"video","video":{"media_id":"MID-77"}}"#]],
        );
        check_requests(
            Script::of(chatbot(), [UPLOADED, SENT]),
            chatbots::send_chatbot_file(file("Mon 7-5")),
            expect![[r#"
                POST webhook/upload_media?key=KEY&type=file
                POST webhook/send?key=KEY {"msgtype":"file","file":{"media_id":"MID-77"}}"#]],
        );
        check_requests(
            Script::of(chatbot(), [UPLOADED, SENT]),
            chatbots::send_chatbot_voice(file(voice)),
            expect![[r#"
                POST webhook/upload_media?key=KEY&type=voice
                POST webhook/send?key=KEY {"msgtype":"voice","voice":{"media_id":"MID-77"}}"#]],
        );
    }

    /// Path and kind of the uploads of a message, whose places are in its body.
    fn uploads<T>(message: &Message<T>) -> Vec<String> {
        let Body::Json(body) = &message.call.request.body else { panic!("no JSON") };
        let upload = |(pointer, call): &(String, Call<UploadedMedia>)| {
            assert_eq!(body.pointer(pointer), Some(&json!("")), "{pointer} of {body}");
            let query: Vec<_> = call.request.query.iter().map(|(_, it)| it.as_str()).collect();
            format!("{} {}", call.request.path, query.join("&"))
        };
        message.files.0.iter().map(upload).collect()
    }

    #[test]
    fn message_and_file_are_checked_before_the_upload() {
        let message = AppFile {
            recipients: Recipients::Everyone,
            media_id: Media::File(NewFile {
                file_name: "a:b".into(),
                content: FileContent::Base64("*".into()),
            }),
            confidentiality: None,
            options: Some(AppMessageOptions {
                agent_id: None,
                enable_id_trans: None,
                duplicate_check_interval: Some(0),
            }),
        };
        check_refused(
            app_messages::send_app_file(message).map(|it| it.call),
            expect![[r#"
                message.media-id.file.file-name: must not contain `:`
                message.media-id.file.content.base64: must be base64
                message.media-id.file.content: must have 6 to 20971520 bytes, has 0
                message.options.duplicate-check-interval: must be 1 to 14400, is 0"#]],
        );
        let message = GroupMpnews {
            group_chat_id: "c".into(),
            articles: [article(file("no image"))].into(),
            confidentiality: None,
        };
        check_refused(
            group_messages::send_group_mpnews(message).map(|it| it.call),
            expect!["message.articles[0].thumbnail.file.content: must be JPG or PNG"],
        );
        check_refused(
            chatbots::send_chatbot_voice(file("no voice")).map(|it| it.call),
            expect!["media-id.file.content: must be AMR"],
        );

        let mut account = account();
        account.agent_id = None;
        let mut script = Script::of(account, []);
        let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
        assert!(matches!(error, Error::PermanentMissingCredential(_)), "{error:?}");
        assert_eq!(script.finish(), "");
    }

    #[test]
    fn failed_upload_is_reported_as_such_and_nothing_is_sent() {
        for (response, expected) in [
            (
                Ok(r#"{"errcode":40123,"errmsg":"invalid image"}"#),
                expect![[r#"PermanentRejected 40123"#]],
            ),
            (Ok(r#"{"errcode":45009,"errmsg":"limit"}"#), expect!["RejectedForNow 45009"]),
            (
                Err(Failure::NoResponse("the response was cut off", None)),
                expect!["NoReply /cgi-bin/media/upload: the response was cut off, sent: false"],
            ),
            (
                Err(Failure::Unreachable("the connection was refused")),
                expect![
                    "Unreachable /cgi-bin/media/upload: the connection was refused, sent: false"
                ],
            ),
            (
                Ok("<html>"),
                expect![
                    "PermanentUnexpectedReply /cgi-bin/media/upload: the response is not a JSON object of WeCom's: the base URL may be wrong, or a proxy may have answered, sent: false"
                ],
            ),
            (
                Ok(r#"{"errcode":0,"errmsg":"ok"}"#),
                expect![
                    "PermanentUnexpectedReply /cgi-bin/media/upload: WeCom accepted the call, and its response has no readable media_id, sent: false"
                ],
            ),
        ] {
            let mut script = Script::new([response]);
            let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
            assert_eq!(script.requests.len(), 1);
            let failed = |case: &str, it: FailedExchange| {
                format!("{case} {}, sent: {}", it.reason, it.request_sent)
            };
            expected.assert_eq(&match error {
                Error::PermanentRejected(it) => format!("PermanentRejected {}", it.code),
                Error::RejectedForNow(it) => format!("RejectedForNow {}", it.code),
                Error::NoReply(it) => failed("NoReply", it),
                Error::Unreachable(it) => failed("Unreachable", it),
                Error::PermanentUnexpectedReply(it) => failed("PermanentUnexpectedReply", it),
                other => panic!("{other:?}"),
            });
        }
    }

    #[test]
    fn failed_sending_is_reported_as_that_of_the_message() {
        let cut = Err(Failure::NoResponse("the response was cut off", None));
        let mut script = Script::new([UPLOADED, cut]);
        let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
        let Error::PermanentNoReply(it) = error else { panic!("{error:?}") };
        assert_eq!(it.reason, "/cgi-bin/message/send: the response was cut off");
        assert!(it.request_sent);
    }

    /// The file would be uploaded again, and have another id.
    #[test]
    fn duplicate_check_makes_retrying_safe_for_ids_only() {
        let cut = || Err(Failure::NoResponse("the response was cut off", None));
        let send = |script: &mut Script, media_id| {
            let options = AppMessageOptions {
                agent_id: None,
                enable_id_trans: None,
                duplicate_check_interval: Some(600),
            };
            let message = AppFile {
                recipients: Recipients::Everyone,
                media_id,
                confidentiality: None,
                options: Some(options),
            };
            app_messages::send_app_file(message).unwrap().send(script).unwrap_err()
        };
        let error = send(&mut Script::new([cut()]), Media::Id("MID-1".into()));
        assert!(matches!(error, Error::NoReply(_)), "{error:?}");
        let error = send(&mut Script::new([UPLOADED, cut()]), file("Mon 7-5"));
        assert!(matches!(error, Error::PermanentNoReply(_)), "{error:?}");
    }

    #[test]
    fn warning_of_an_upload_is_that_of_the_message() {
        let uploaded = r#"{"errcode":0,"errmsg":"ok. Warning: one","media_id":"MID-77"}"#;
        let sent = r#"{"errcode":0,"errmsg":"ok. Warning: two"}"#;
        let message = GroupFile {
            group_chat_id: "c".into(),
            media_id: file("Mon 7-5"),
            confidentiality: None,
        };
        let mut script = Script::new([Ok(uploaded), Ok(sent)]);
        let receipt = group_messages::send_group_file(message).unwrap().send(&mut script).unwrap();
        assert_eq!(receipt.warning.as_deref(), Some("ok. Warning: two; ok. Warning: one"));
    }
}
