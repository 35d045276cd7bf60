//! Messages that a chatbot sends into its group chat.

use alloc::{format, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::{
    content::{self, Files, Message},
    media::{self, For},
    template_cards,
};
use crate::{
    bindings::wit::{
        chatbots::{ChatbotCard, ChatbotText},
        media::ChatbotMediaKind,
        types::{Error, FileContent, Media, NewsArticle, Receipt, Truncation},
    },
    call::{Auth, Call},
    validate::{Check, given},
};

/// The page states 2048 bytes. The server was seen to accept up to 5120 and to refuse more, never to truncate.
const PROMISED_TEXT_BYTES: usize = 2048;
const MAX_TEXT_BYTES: usize = 5120;
/// More than 5 bytes, at most 2 MB.
const IMAGE_BYTES: core::ops::RangeInclusive<usize> = 6..=2 << 20;

/// `POST /cgi-bin/webhook/send`, text
pub(crate) fn send_chatbot_text(message: ChatbotText) -> Result<Call<Receipt>, Error> {
    let ChatbotText { content, mentioned_users, mentioned_mobiles, mention_everyone } = message;
    let mut check = Check::default();
    check.bytes("message.content", &content, 1..=MAX_TEXT_BYTES);
    let mentioned = content::mentions(&mut check, mentioned_users, mention_everyone);
    let mobiles = mentioned_mobiles.filter(|it| !it.is_empty()).map(|mobiles| {
        let mobile = |(index, mobile): (usize, &String)| {
            check.mobile(&format!("message.mentioned-mobiles[{index}]"), mobile)
        };
        mobiles.iter().enumerate().map(mobile).collect::<Vec<_>>()
    });
    check.finish()?;

    let warning = (content.len() > PROMISED_TEXT_BYTES).then(|| {
        format!(
            "the content has {} bytes: WeCom's page promises {PROMISED_TEXT_BYTES}, and its server takes {MAX_TEXT_BYTES}",
            content.len()
        )
    });
    let text = json!({
        "content": content,
        "mentioned_list": mentioned,
        "mentioned_mobile_list": mobiles,
    });
    Ok(send("text", text, Vec::new()).with_warning(warning))
}

/// `POST /cgi-bin/webhook/send`, markdown
pub(crate) fn send_chatbot_markdown(content: String) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.bytes("content", &content, 1..=4096);
    let truncated = check.finish()?;

    Ok(send("markdown", json!({ "content": content }), truncated))
}

/// `POST /cgi-bin/webhook/send`, `markdown_v2`
pub(crate) fn send_chatbot_markdown_v2(content: String) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.bytes("content", &content, 1..=4096);
    let truncated = check.finish()?;

    Ok(send("markdown_v2", json!({ "content": content }), truncated))
}

/// `POST /cgi-bin/webhook/send`, file
pub(crate) fn send_chatbot_file(media_id: Media) -> Result<Message<Receipt>, Error> {
    send_file("file", ChatbotMediaKind::File, media_id)
}

/// `POST /cgi-bin/webhook/send`, voice
pub(crate) fn send_chatbot_voice(media_id: Media) -> Result<Message<Receipt>, Error> {
    send_file("voice", ChatbotMediaKind::Voice, media_id)
}

fn send_file(
    name: &'static str,
    kind: ChatbotMediaKind,
    media_id: Media,
) -> Result<Message<Receipt>, Error> {
    let mut check = Check::default();
    let mut files = Files::default();
    let file = content::file(&mut check, &mut files, "media-id", For::Chatbot(kind), media_id);
    let truncated = check.finish()?;

    Ok(Message { files, call: send(name, file, truncated) })
}

/// `POST /cgi-bin/webhook/send`, image
pub(crate) fn send_chatbot_image(
    image: FileContent,
    md5: Option<String>,
) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    let bytes = check.file_content("image", image);
    check.size("image", &bytes, IMAGE_BYTES);
    let found = format!("{:x}", Md5::digest(&bytes));
    // Of no image there is nothing more to say.
    if !bytes.is_empty() {
        media::check_image(&mut check, "image", &bytes);
    }
    if !bytes.is_empty() && given(md5).is_some_and(|it| !it.trim().eq_ignore_ascii_case(&found)) {
        check.reject("md5", "is not that of the image before base64");
    }
    let truncated = check.finish()?;

    Ok(send("image", json!({ "base64": STANDARD.encode(&bytes), "md5": found }), truncated))
}

/// `POST /cgi-bin/webhook/send`, news
pub(crate) fn send_chatbot_news(articles: Vec<NewsArticle>) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    let news = content::news(&mut check, "articles", articles);
    let truncated = check.finish()?;

    Ok(send("news", news, truncated))
}

/// `POST /cgi-bin/webhook/send`, `template_card`
pub(crate) fn send_chatbot_template_card(card: ChatbotCard) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    let card = template_cards::chatbot_card(&mut check, "card", card);
    let truncated = check.finish()?;

    Ok(send("template_card", card, truncated))
}

fn send(kind: &'static str, content: Value, truncated: Vec<Truncation>) -> Call<Receipt> {
    // `json!` would copy the content, which may be an image.
    let body = Value::from_iter([("msgtype", Value::from(kind)), (kind, content)]);
    Call::post("/cgi-bin/webhook/send", Auth::Chatbot, body).with_truncations(truncated)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{accepted, check_refused, check_request, check_response},
        bindings::wit::{
            template_cards::{CardImage, CardTitle, NewsNotice},
            types::Link,
        },
    };

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn text(content: impl Into<String>) -> ChatbotText {
        ChatbotText {
            content: content.into(),
            mentioned_users: None,
            mentioned_mobiles: None,
            mention_everyone: None,
        }
    }

    fn send_image(data: &str, md5: Option<&str>) -> Result<Call<Receipt>, Error> {
        send_chatbot_image(FileContent::Base64(data.into()), md5.map(Into::into))
    }

    fn article() -> NewsArticle {
        NewsArticle {
            title: "T".into(),
            description: None,
            url: "https://a.example".into(),
            image_url: None,
        }
    }

    fn kept(call: Call<Receipt>) -> Vec<u32> {
        let receipt = accepted(call);
        receipt.truncated.iter().map(|it| it.kept_bytes).collect()
    }

    #[test]
    fn send_chatbot_text_wire() {
        let call = || send_chatbot_text(text("hi")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"text","text":{"content":"hi"}} [chatbot, once]"#
            ]],
        );
        let everything = ChatbotText {
            mentioned_users: Some(vec!["noor.h".into()]),
            mentioned_mobiles: Some(vec!["13900000000".into()]),
            mention_everyone: Some(true),
            ..text("hi")
        };
        check_request(
            &send_chatbot_text(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"text","text":{"content":"hi","mentioned_list":["noor.h","@all"],"mentioned_mobile_list":["13900000000"]}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":93000,"errmsg":"invalid webhook url, hint: [1]"}"#,
            expect![[r#"Refused { code: 93000, message: "invalid webhook url" }"#]],
        );
    }

    #[test]
    fn send_chatbot_text_limits() {
        for (bytes, warns) in [(1, false), (2048, false), (2049, true), (5120, true)] {
            let receipt = accepted(send_chatbot_text(text("a".repeat(bytes))).unwrap());
            assert!(receipt.truncated.is_empty());
            assert_eq!(receipt.warning.is_some(), warns, "{bytes} bytes");
        }
        assert!(send_chatbot_text(text("部".repeat(1707))).is_err(), "5121 bytes");
        // No page states how many may be mentioned.
        for count in [0, 5000] {
            let users = (0..count).map(|it| format!("u{it}")).collect();
            let mobiles = vec!["139".into(); count];
            let message = ChatbotText {
                mentioned_users: Some(users),
                mentioned_mobiles: Some(mobiles),
                ..text("hi")
            };
            assert!(send_chatbot_text(message).is_ok(), "{count}");
        }
        let all =
            ChatbotText { mentioned_mobiles: Some(vec!["@all".into(), String::new()]), ..text("") };
        check_refused(
            send_chatbot_text(all),
            expect![[r#"
                message.content: must have 1 to 5120 bytes, has 0
                message.mentioned-mobiles[0]: `@all` is not a mobile number: use `mention-everyone`
                message.mentioned-mobiles[1]: must have at most 32 digits, `+`, `-` and blanks"#]],
        );
    }

    #[test]
    fn send_chatbot_markdown_wire() {
        let call = || send_chatbot_markdown("**hi**".into()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"markdown","markdown":{"content":"**hi**"}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":45009,"errmsg":"api freq out of limit"}"#,
            expect![[r#"Refused { code: 45009, message: "api freq out of limit" }"#]],
        );
    }

    #[test]
    fn send_chatbot_markdown_limits() {
        for (content, accepted) in [
            (String::new(), false),
            ("a".into(), true),
            (format!("{}a", "部".repeat(1365)), true),
            ("部".repeat(1366), false),
        ] {
            let bytes = content.len();
            assert_eq!(send_chatbot_markdown(content).is_ok(), accepted, "{bytes} bytes");
        }
    }

    #[test]
    fn send_chatbot_file_wire() {
        let call = || send_chatbot_file(Media::Id("MID-BOT-1".into())).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"file","file":{"media_id":"MID-BOT-1"}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_chatbot_file_limits() {
        for (media_id, accepted) in [("", false), ("MID-BOT-1", true)] {
            assert_eq!(
                send_chatbot_file(Media::Id(media_id.into())).is_ok(),
                accepted,
                "{media_id:?}"
            );
        }
    }

    #[test]
    fn send_chatbot_markdown_v2_wire() {
        let call = || send_chatbot_markdown_v2("| pump |\n| --- |\n| 2 |".into()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"markdown_v2","markdown_v2":{"content":"| pump |\n| --- |\n| 2 |"}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_chatbot_markdown_v2_limits() {
        for (content, accepted) in [
            (String::new(), false),
            (format!("{}a", "部".repeat(1365)), true),
            (format!("{}ab", "部".repeat(1365)), false),
        ] {
            let bytes = content.len();
            assert_eq!(send_chatbot_markdown_v2(content).is_ok(), accepted, "{bytes} bytes");
        }
    }

    #[test]
    fn send_chatbot_voice_wire() {
        let call = || send_chatbot_voice(Media::Id("MID-BOT-2".into())).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"voice","voice":{"media_id":"MID-BOT-2"}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_chatbot_voice_limits() {
        for (media_id, accepted) in [("", false), ("MID-BOT-2", true)] {
            let found = send_chatbot_voice(Media::Id(media_id.into())).is_ok();
            assert_eq!(found, accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_chatbot_image_wire() {
        let call = || send_chatbot_image(FileContent::Bytes(PNG.to_vec()), None).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} [chatbot, once]"#
            ]],
        );
        let same = expect![[
            r#"POST /cgi-bin/webhook/send {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} [chatbot, once]"#
        ]];
        check_request(&send_image("data:image/png;base64,iVBO\nRw0KGgo", None).unwrap(), same);
        check_response(
            call(),
            r#"{"errcode":301019,"errmsg":"image md5 not match"}"#,
            expect![[r#"Refused { code: 301019, message: "image md5 not match" }"#]],
        );
    }

    #[test]
    fn send_chatbot_image_limits() {
        let accepts = |bytes| send_chatbot_image(FileContent::Bytes(bytes), None).is_ok();
        for (size, accepted) in [(5, false), (8, true), (2 << 20, true), ((2 << 20) + 1, false)] {
            let mut bytes = PNG.to_vec();
            bytes.resize(size, 0);
            assert_eq!(accepts(bytes), accepted, "{size} bytes");
        }
        assert!(accepts(b"\xff\xd8\xff\xe0..".to_vec()), "JPG");
        assert!(!accepts(b"GIF89a..".to_vec()), "GIF");
        for (data, md5, accepted) in [
            ("iVBORw0KGgo=", Some("E9DD2797018CAD79186E03E8C5AEC8DC"), true),
            ("iVBORw0KGgo=", Some("e9dd2797018cad79186e03e8c5aec8dd"), false),
            ("iVBORw0KGgo=", Some(""), true),
            ("iVBORw0KGgo", None, true),
            ("iVBO*w0KGgo=", None, false),
        ] {
            assert_eq!(send_image(data, md5).is_ok(), accepted, "{data:?} {md5:?}");
        }
        check_refused(
            send_image("", Some("no")),
            expect!["image: must have 6 to 2097152 bytes, has 0"],
        );
        check_refused(
            send_image("R0lGODlh", Some("no")),
            expect![[r#"
                image: must be JPG or PNG
                md5: is not that of the image before base64"#]],
        );
    }

    #[test]
    fn send_chatbot_news_wire() {
        let everything = NewsArticle {
            description: Some("D".into()),
            image_url: Some("https://a.example/5.png".into()),
            ..article()
        };
        let call = || send_chatbot_news(vec![everything.clone(), article()]).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"news","news":{"articles":[{"title":"T","description":"D","url":"https://a.example","picurl":"https://a.example/5.png"},{"title":"T","url":"https://a.example"}]}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn send_chatbot_news_limits() {
        for (count, accepted) in [(0, false), (1, true), (8, true), (9, false)] {
            assert_eq!(
                send_chatbot_news(vec![article(); count]).is_ok(),
                accepted,
                "{count} articles"
            );
        }
        let long = NewsArticle {
            title: "题".repeat(43),
            description: Some("述".repeat(171)),
            ..article()
        };
        assert_eq!(kept(send_chatbot_news(vec![long]).unwrap()), [126, 510]);
        let all = NewsArticle {
            title: String::new(),
            url: "a.example".into(),
            image_url: Some(format!("https://{}", "a".repeat(2041))),
            description: None,
        };
        check_refused(
            send_chatbot_news(vec![all]),
            expect!["articles[0].title: must not be empty"],
        );
    }

    #[test]
    fn send_chatbot_template_card_wire() {
        let card = NewsNotice {
            source: None,
            menu: None,
            title: CardTitle { title: "Pump report".into(), description: None },
            quote: None,
            image: Some(CardImage { url: "r.png".into(), aspect_ratio: Some(2.25) }),
            image_text_area: None,
            vertical_contents: None,
            horizontal_contents: None,
            jumps: None,
            action: Link::Url("https://ops.example/r/5".into()),
        };
        let call = || send_chatbot_template_card(ChatbotCard::NewsNotice(card.clone())).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"template_card","template_card":{"card_type":"news_notice","main_title":{"title":"Pump report"},"card_image":{"url":"r.png","aspect_ratio":2.25},"card_action":{"type":1,"url":"https://ops.example/r/5"}}} [chatbot, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok. WARNING: field `aspect_ratio` expect type `double`. "}"#,
            expect![[
                r#"Ok(Receipt { truncated: [], warning: Some("ok. WARNING: field `aspect_ratio` expect type `double`.") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":42045,"errmsg":"card_action invalid"}"#,
            expect![[r#"Refused { code: 42045, message: "card_action invalid" }"#]],
        );
    }
}
