//! Messages that an application sends into group chats.

use serde_json::{Value, json};

use super::{
    content::{self, Files, Message},
    media::For,
};
use crate::{
    bindings::wit::{
        group_messages::{
            GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupNews, GroupText, GroupTextCard,
            GroupVideo, GroupVoice,
        },
        media::MediaKind,
        types::{Error, GroupChatId, Media, Receipt},
    },
    call::{Auth, Call},
    truncate::Limit,
    validate::Check,
};

/// `POST /cgi-bin/appchat/send`, text
pub(crate) fn send_group_text(message: GroupText) -> Result<Call<Receipt>, Error> {
    let GroupText { group_chat_id, content, confidentiality, mentioned_users, mention_everyone } =
        message;
    let mut check = Check::default();
    let content = content::text(&mut check, content);
    let mentioned = content::mentions(&mut check, mentioned_users, mention_everyone);
    let text = json!({ "content": content, "mentioned_list": mentioned });
    send(check, group_chat_id, "text", text, content::safe(confidentiality))
}

/// `POST /cgi-bin/appchat/send`, markdown
pub(crate) fn send_group_markdown(message: GroupMarkdown) -> Result<Call<Receipt>, Error> {
    let GroupMarkdown { group_chat_id, content } = message;
    let mut check = Check::default();
    let markdown = content::markdown(&mut check, content);
    send(check, group_chat_id, "markdown", markdown, None)
}

/// `POST /cgi-bin/appchat/send`, file
pub(crate) fn send_group_file(message: GroupFile) -> Result<Message<Receipt>, Error> {
    let GroupFile { group_chat_id, media_id, confidentiality } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let file = file(&mut check, &mut files, MediaKind::File, media_id);
    let call = send(check, group_chat_id, "file", file, content::safe(confidentiality))?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/appchat/send`, image
pub(crate) fn send_group_image(message: GroupImage) -> Result<Message<Receipt>, Error> {
    let GroupImage { group_chat_id, media_id, confidentiality } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let image = file(&mut check, &mut files, MediaKind::Image, media_id);
    let call = send(check, group_chat_id, "image", image, content::safe(confidentiality))?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/appchat/send`, voice
pub(crate) fn send_group_voice(message: GroupVoice) -> Result<Message<Receipt>, Error> {
    let GroupVoice { group_chat_id, media_id } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let voice = file(&mut check, &mut files, MediaKind::Voice, media_id);
    let call = send(check, group_chat_id, "voice", voice, None)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/appchat/send`, video
pub(crate) fn send_group_video(message: GroupVideo) -> Result<Message<Receipt>, Error> {
    let GroupVideo { group_chat_id, media_id, title, description, confidentiality } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let video = content::video(&mut check, &mut files, media_id, title, description);
    let call = send(check, group_chat_id, "video", video, content::safe(confidentiality))?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/appchat/send`, news
pub(crate) fn send_group_news(message: GroupNews) -> Result<Call<Receipt>, Error> {
    let GroupNews { group_chat_id, articles } = message;
    let mut check = Check::default();
    let news = content::news(&mut check, "message.articles", articles);
    send(check, group_chat_id, "news", news, None)
}

/// `POST /cgi-bin/appchat/send`, mpnews
pub(crate) fn send_group_mpnews(message: GroupMpnews) -> Result<Message<Receipt>, Error> {
    let GroupMpnews { group_chat_id, articles, confidentiality } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let mpnews = content::mpnews(&mut check, &mut files, articles);
    let safe = content::mpnews_safe(confidentiality);
    let call = send(check, group_chat_id, "mpnews", mpnews, safe)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/appchat/send`, textcard
pub(crate) fn send_group_text_card(message: GroupTextCard) -> Result<Call<Receipt>, Error> {
    let GroupTextCard { group_chat_id, card } = message;
    let mut check = Check::default();
    let card = content::text_card(&mut check, card, Limit::Bytes);
    send(check, group_chat_id, "textcard", card, None)
}

fn file(check: &mut Check, files: &mut Files, kind: MediaKind, media: Media) -> Value {
    content::file(check, files, "message.media-id", For::Application(kind), media)
}

fn send(
    mut check: Check,
    group_chat_id: GroupChatId,
    kind: &'static str,
    content: Value,
    safe: Option<u32>,
) -> Result<Call<Receipt>, Error> {
    check.group_chat_id("message.group-chat-id", &group_chat_id);
    let truncated = check.finish()?;

    let body = json!({
        "chatid": group_chat_id,
        "msgtype": kind,
        (kind): content,
        "safe": safe,
    });
    Ok(Call::post("/cgi-bin/appchat/send", Auth::Application, body).with_truncations(truncated))
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec, vec::Vec};

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{accepted, check_refused, check_request, check_response},
        bindings::wit::types::{
            Confidentiality, MpnewsArticle, MpnewsConfidentiality, NewsArticle, TextCard,
        },
    };

    fn storm() -> GroupChatId {
        "storm2026a".into()
    }

    fn text(content: impl Into<String>) -> GroupText {
        GroupText {
            group_chat_id: storm(),
            content: content.into(),
            confidentiality: None,
            mentioned_users: None,
            mention_everyone: None,
        }
    }

    fn markdown(content: String) -> GroupMarkdown {
        GroupMarkdown { group_chat_id: storm(), content }
    }

    fn article() -> MpnewsArticle {
        MpnewsArticle {
            title: "T".into(),
            thumbnail: Media::Id("MID-1".into()),
            content: "<p>C</p>".into(),
            author: None,
            source_url: None,
            digest: None,
        }
    }

    fn mpnews(articles: Vec<MpnewsArticle>) -> GroupMpnews {
        GroupMpnews { group_chat_id: storm(), articles, confidentiality: None }
    }

    fn card(url: &str) -> GroupTextCard {
        let card = TextCard {
            title: "T".into(),
            description: "D".into(),
            url: url.into(),
            button_text: None,
        };
        GroupTextCard { group_chat_id: storm(), card }
    }

    #[test]
    fn send_group_text_wire() {
        let call = || send_group_text(text("hi")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"text","text":{"content":"hi"}} [application, once]"#
            ]],
        );
        let everything = GroupText {
            confidentiality: Some(Confidentiality::Confidential),
            mentioned_users: Some(vec!["noor.h".into()]),
            mention_everyone: Some(true),
            ..text("hi")
        };
        check_request(
            &send_group_text(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"text","text":{"content":"hi","mentioned_list":["noor.h","@all"]},"safe":1} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":86008,"errmsg":"chat not created by this app"}"#,
            expect![[r#"Refused { code: 86008, message: "chat not created by this app" }"#]],
        );
    }

    #[test]
    fn send_group_text_limits() {
        for (content, kept) in [("部".repeat(682), None), ("部".repeat(683), Some(2046))] {
            let call = send_group_text(text(content)).unwrap();
            let receipt = accepted(call);
            assert_eq!(receipt.truncated.first().map(|it| it.kept_bytes), kept);
        }
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            let message = GroupText { group_chat_id: "a".repeat(length), ..text("hi") };
            assert_eq!(send_group_text(message).is_ok(), accepted, "chat id of {length}");
        }
        for (count, accepted) in [(0, true), (5000, true)] {
            let users = (0..count).map(|it| format!("u{it}")).collect();
            let message = GroupText { mentioned_users: Some(users), ..text("hi") };
            assert_eq!(send_group_text(message).is_ok(), accepted, "{count} mentioned");
        }
        let all = GroupText {
            group_chat_id: "a b".into(),
            mentioned_users: Some(vec!["@all".into()]),
            ..text("")
        };
        check_refused(
            send_group_text(all),
            expect![[r#"
                message.content: must not be empty
                message.mentioned-users[0]: `@all` is not a user id: use `mention-everyone`, or the case `everyone` of the recipients
                message.group-chat-id: must be one id each, has ` `"#]],
        );
    }

    #[test]
    fn send_group_markdown_wire() {
        let call = || send_group_markdown(markdown("**hi**".into())).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"markdown","markdown":{"content":"**hi**"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_markdown_limits() {
        for (bytes, accepted) in [(0, false), (1, true), (2048, true), (2049, false)] {
            assert_eq!(
                send_group_markdown(markdown("a".repeat(bytes))).is_ok(),
                accepted,
                "{bytes} bytes"
            );
        }
        assert!(send_group_markdown(markdown("部".repeat(683))).is_err());
    }

    #[test]
    fn send_group_file_wire() {
        let message = GroupFile {
            group_chat_id: storm(),
            media_id: Media::Id("MID-3".into()),
            confidentiality: Some(Confidentiality::Public),
        };
        let call = || send_group_file(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"file","file":{"media_id":"MID-3"},"safe":0} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_file_limits() {
        for (media_id, accepted) in [("", false), ("MID-3", true)] {
            let message = GroupFile {
                group_chat_id: storm(),
                media_id: Media::Id(media_id.into()),
                confidentiality: None,
            };
            assert_eq!(send_group_file(message).is_ok(), accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_group_image_wire() {
        let message = GroupImage {
            group_chat_id: storm(),
            media_id: Media::Id("MID-2".into()),
            confidentiality: None,
        };
        let call = || send_group_image(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"image","image":{"media_id":"MID-2"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_image_limits() {
        for (media_id, accepted) in [("", false), ("MID-2", true)] {
            let message = GroupImage {
                group_chat_id: storm(),
                media_id: Media::Id(media_id.into()),
                confidentiality: None,
            };
            assert_eq!(send_group_image(message).is_ok(), accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_group_mpnews_wire() {
        let message = GroupMpnews {
            confidentiality: Some(MpnewsConfidentiality::WithinCorp),
            ..mpnews(vec![article()])
        };
        let call = || send_group_mpnews(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"mpnews","mpnews":{"articles":[{"title":"T","thumb_media_id":"MID-1","content":"<p>C</p>"}]},"safe":2} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_mpnews_limits() {
        for (count, accepted) in [(0, false), (1, true), (8, true), (9, false)] {
            assert_eq!(
                send_group_mpnews(mpnews(vec![article(); count])).is_ok(),
                accepted,
                "{count} articles"
            );
        }
    }

    #[test]
    fn send_group_voice_wire() {
        let message = GroupVoice { group_chat_id: storm(), media_id: Media::Id("MID-4".into()) };
        let call = || send_group_voice(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"voice","voice":{"media_id":"MID-4"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_voice_limits() {
        for (media_id, accepted) in [("", false), ("MID-4", true)] {
            let media = Media::Id(media_id.into());
            let message = GroupVoice { group_chat_id: storm(), media_id: media };
            assert_eq!(send_group_voice(message).is_ok(), accepted, "{media_id:?}");
        }
    }

    fn video(title: Option<String>, description: Option<String>) -> GroupVideo {
        GroupVideo {
            group_chat_id: storm(),
            media_id: Media::Id("MID-5".into()),
            title,
            description,
            confidentiality: None,
        }
    }

    #[test]
    fn send_group_video_wire() {
        let message = GroupVideo {
            confidentiality: Some(Confidentiality::Public),
            ..video(Some("Site walk".into()), Some("North yard".into()))
        };
        let call = || send_group_video(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"video","video":{"media_id":"MID-5","title":"Site walk","description":"North yard"},"safe":0} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_video_limits() {
        let long = video(Some("题".repeat(43)), Some("述".repeat(171)));
        let receipt = accepted(send_group_video(long).unwrap().call);
        let kept: Vec<_> =
            receipt.truncated.iter().map(|it| (it.field.as_str(), it.kept_bytes)).collect();
        assert_eq!(kept, [("message.title", 126), ("message.description", 510)]);
    }

    fn news(articles: Vec<NewsArticle>) -> GroupNews {
        GroupNews { group_chat_id: storm(), articles }
    }

    fn news_article(title: &str, url: &str) -> NewsArticle {
        NewsArticle { title: title.into(), description: None, url: url.into(), image_url: None }
    }

    #[test]
    fn send_group_news_wire() {
        let everything = NewsArticle {
            description: Some("N-22".into()),
            image_url: Some("ops.example/n22.png".into()),
            ..news_article("Road status", "www.example.invalid")
        };
        let message = news(vec![everything, news_article("T", "u")]);
        let call = || send_group_news(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"news","news":{"articles":[{"title":"Road status","description":"N-22","url":"www.example.invalid","picurl":"ops.example/n22.png"},{"title":"T","url":"u"}]}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_news_limits() {
        for (count, accepted) in [(0, false), (1, true), (8, true), (9, false)] {
            let found = send_group_news(news(vec![news_article("T", "u"); count])).is_ok();
            assert_eq!(found, accepted, "{count} articles");
        }
        check_refused(
            send_group_news(news(vec![news_article("", "")])),
            expect![[r#"
                message.articles[0].title: must not be empty
                message.articles[0].url: must not be empty"#]],
        );
    }

    #[test]
    fn send_group_text_card_wire() {
        let call = || send_group_text_card(card("https://a.example")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/send {"chatid":"storm2026a","msgtype":"textcard","textcard":{"title":"T","description":"D","url":"https://a.example"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_group_text_card_limits() {
        for (url, accepted) in [("https://a.example", true), ("a.example", false), ("", false)] {
            assert_eq!(send_group_text_card(card(url)).is_ok(), accepted, "{url:?}");
        }
    }
}
