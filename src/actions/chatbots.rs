//! Messages that a chatbot sends into its group chat.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::{content, media};
use crate::{
    bindings::wit::{
        chatbots::{Base64Image, ChatbotImage, ChatbotText, NewsArticle},
        types::{Error, MediaId, Receipt, Truncation},
    },
    call::{Auth, Call},
    validate::Check,
};

/// More than 5 bytes, at most 2 MB.
const IMAGE_BYTES: core::ops::RangeInclusive<usize> = 6..=2 << 20;

/// `POST /cgi-bin/webhook/send`, text
pub(crate) fn send_chatbot_text(message: ChatbotText) -> Result<Call<Receipt>, Error> {
    let ChatbotText { content, mentioned_users, mentioned_mobiles, mention_everyone } = message;
    let mut check = Check::default();
    // The page promises 2048 bytes. The server was seen to accept up to 5120 and to refuse more, never to truncate.
    let content = content::text(&mut check, content);
    let mentioned = content::mentions(&mut check, mentioned_users, mention_everyone, 1000);
    let mobiles = mentioned_mobiles.filter(|it| !it.is_empty());
    if let Some(mobiles) = &mobiles {
        check.count("message.mentioned-mobiles", mobiles.len(), 0..=1000);
        for (index, mobile) in mobiles.iter().enumerate().take(1000) {
            let field = format!("message.mentioned-mobiles[{index}]");
            check.bytes(&field, mobile, 1..=32);
            if !mobile.bytes().all(|it| it.is_ascii_digit() || b"-+".contains(&it)) {
                check.reject(
                    &field,
                    "must be digits and `- +`; use the `mention-everyone` field for everyone",
                );
            }
        }
    }
    let truncated = check.finish()?;

    let text = json!({
        "content": content,
        "mentioned_list": mentioned,
        "mentioned_mobile_list": mobiles,
    });
    Ok(send("text", text, truncated))
}

/// `POST /cgi-bin/webhook/send`, markdown
pub(crate) fn send_chatbot_markdown(content: String) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.bytes("content", &content, 1..=4096);
    let truncated = check.finish()?;

    Ok(send("markdown", json!({ "content": content }), truncated))
}

/// `POST /cgi-bin/webhook/send`, file
pub(crate) fn send_chatbot_file(media_id: MediaId) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    let file = content::file(&mut check, "media-id", media_id);
    let truncated = check.finish()?;

    Ok(send("file", file, truncated))
}

/// `POST /cgi-bin/webhook/send`, image
pub(crate) fn send_chatbot_image(image: ChatbotImage) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    let (data, md5) = match image {
        ChatbotImage::Bytes(bytes) => {
            check_image(&mut check, "image.bytes", &bytes);
            (STANDARD.encode(&bytes), md5(&bytes))
        }
        ChatbotImage::Base64(Base64Image { data, md5: given }) => {
            let bytes = STANDARD.decode(&data).unwrap_or_default();
            if bytes.is_empty() {
                check.reject(
                    "image.base64.data",
                    "must be base64 with padding, without line breaks and without `data:`",
                );
            } else {
                check_image(&mut check, "image.base64.data", &bytes);
            }
            let found = md5(&bytes);
            if given.is_some_and(|it| !it.eq_ignore_ascii_case(&found)) {
                check.reject("image.base64.md5", "is not that of the image before base64");
            }
            (data, found)
        }
    };
    let truncated = check.finish()?;

    Ok(send("image", json!({ "base64": data, "md5": md5 }), truncated))
}

/// `POST /cgi-bin/webhook/send`, news
pub(crate) fn send_chatbot_news(articles: Vec<NewsArticle>) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.count("articles", articles.len(), 1..=content::MAX_ARTICLES);
    let article = |(index, article): (usize, NewsArticle)| {
        let field = |name: &str| format!("articles[{index}].{name}");
        let NewsArticle { title, description, url, image_url } = article;
        let title = check.truncate_bytes(&field("title"), title, 128);
        let description = description
            .filter(|it| !it.is_empty())
            .map(|it| check.truncate_bytes(&field("description"), it, 512));
        check.url(&field("url"), &url);
        if let Some(url) = &image_url {
            check.url(&field("image-url"), url);
        }
        json!({
            "title": title,
            "description": description,
            "url": url,
            "picurl": image_url,
        })
    };
    let articles: Vec<_> =
        articles.into_iter().take(content::MAX_ARTICLES).enumerate().map(article).collect();
    let truncated = check.finish()?;

    Ok(send("news", json!({ "articles": articles }), truncated))
}

fn send(kind: &'static str, content: Value, truncated: Vec<Truncation>) -> Call<Receipt> {
    let body = json!({ "msgtype": kind, (kind): content });
    Call::post("/cgi-bin/webhook/send", Auth::Chatbot, body).with_truncations(truncated)
}

fn check_image(check: &mut Check, field: &str, bytes: &[u8]) {
    check.size(field, bytes, IMAGE_BYTES);
    media::check_image(check, field, bytes);
}

fn md5(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Md5::digest(bytes) {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use expect_test::expect;

    use super::*;
    use crate::actions::testing::{accepted, check_refused, check_request, check_response};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn text(content: impl Into<String>) -> ChatbotText {
        ChatbotText {
            content: content.into(),
            mentioned_users: None,
            mentioned_mobiles: None,
            mention_everyone: None,
        }
    }

    fn base64(data: &str, md5: Option<&str>) -> ChatbotImage {
        ChatbotImage::Base64(Base64Image { data: data.into(), md5: md5.map(Into::into) })
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
        assert!(kept(send_chatbot_text(text("部".repeat(682))).unwrap()).is_empty());
        assert_eq!(kept(send_chatbot_text(text("部".repeat(683))).unwrap()), [2046]);
        for (count, accepted) in [(0, true), (1000, true), (1001, false)] {
            let users = (0..count).map(|it| format!("u{it}")).collect();
            let message = ChatbotText { mentioned_users: Some(users), ..text("hi") };
            assert_eq!(send_chatbot_text(message).is_ok(), accepted, "{count} users");
            let mobiles = vec!["139".into(); count];
            let message = ChatbotText { mentioned_mobiles: Some(mobiles), ..text("hi") };
            assert_eq!(send_chatbot_text(message).is_ok(), accepted, "{count} mobiles");
        }
        let all =
            ChatbotText { mentioned_mobiles: Some(vec!["@all".into(), String::new()]), ..text("") };
        check_refused(
            send_chatbot_text(all),
            expect![[r#"
            message.content: must not be empty
            message.mentioned-mobiles[0]: must be digits and `- +`; use the `mention-everyone` field for everyone
            message.mentioned-mobiles[1]: must have 1 to 32 bytes, has 0"#]],
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
        let call = || send_chatbot_file("MID-BOT-1".into()).unwrap();
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
            assert_eq!(send_chatbot_file(media_id.into()).is_ok(), accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_chatbot_image_wire() {
        let call = || send_chatbot_image(ChatbotImage::Bytes(PNG.to_vec())).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/send {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} [chatbot, once]"#
            ]],
        );
        let same = expect![[
            r#"POST /cgi-bin/webhook/send {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} [chatbot, once]"#
        ]];
        check_request(&send_chatbot_image(base64("iVBORw0KGgo=", None)).unwrap(), same);
        check_response(
            call(),
            r#"{"errcode":301019,"errmsg":"image md5 not match"}"#,
            expect![[r#"Refused { code: 301019, message: "image md5 not match" }"#]],
        );
    }

    #[test]
    fn send_chatbot_image_limits() {
        let accepts = |image| send_chatbot_image(image).is_ok();
        for (size, accepted) in [(5, false), (8, true), (2 << 20, true), ((2 << 20) + 1, false)] {
            let mut bytes = PNG.to_vec();
            bytes.resize(size, 0);
            assert_eq!(accepts(ChatbotImage::Bytes(bytes)), accepted, "{size} bytes");
        }
        assert!(accepts(ChatbotImage::Bytes(b"\xff\xd8\xff\xe0..".to_vec())), "JPG");
        assert!(!accepts(ChatbotImage::Bytes(b"GIF89a..".to_vec())), "GIF");
        for (data, md5, accepted) in [
            ("iVBORw0KGgo=", Some("E9DD2797018CAD79186E03E8C5AEC8DC"), true),
            ("iVBORw0KGgo=", Some("e9dd2797018cad79186e03e8c5aec8dd"), false),
            ("iVBORw0KGgo", None, false),
            ("iVBO\nRw0KGgo=", None, false),
            ("data:image/png;base64,iVBORw0KGgo=", None, false),
            ("", None, false),
        ] {
            assert_eq!(accepts(base64(data, md5)), accepted, "{data:?} {md5:?}");
        }
        check_refused(
            send_chatbot_image(base64("R0lGODlh", Some("no"))),
            expect![[r#"
            image.base64.data: must be JPG or PNG
            image.base64.md5: is not that of the image before base64"#]],
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
            expect![[r#"
            articles[0].title: must not be empty
            articles[0].url: must begin with http:// or https://
            articles[0].image-url: must have 1 to 2048 bytes, has 2049"#]],
        );
    }
}
