use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const PER_MINUTE: usize = 20;
const MAX_IMAGE: usize = 2 * 1024 * 1024;

fn text(content: &str) -> Value {
    json!({"msgtype": "text", "text": {"content": content}})
}

fn image(data: &[u8]) -> Value {
    let md5 = format!("{:x}", Md5::digest(data));
    json!({"msgtype": "image", "image": {"base64": STANDARD.encode(data), "md5": md5}})
}

fn png(length: usize) -> Vec<u8> {
    let mut data = b"\x89PNG\r\n\x1a\n".to_vec();
    data.resize(length, 0);
    data
}

#[test]
fn every_type_is_accepted() {
    let client = Client::new();
    let upload = |kind, data: &[u8]| {
        let key = known::CHATBOT_KEY;
        let url = format!("/cgi-bin/webhook/upload_media?key={key}&type={kind}");
        client.upload_to(&url, "a", data)["media_id"].clone()
    };
    let mentions = json!({
        "content": "水泵", "mentioned_list": ["a", "@all"], "mentioned_mobile_list": ["13900000000"],
    });
    let article =
        json!({"title": "t", "url": "https://example.com", "picurl": "https://example.com/a.png"});
    for body in [
        json!({"msgtype": "text", "text": mentions}),
        json!({"msgtype": "markdown", "markdown": {"content": "**x**"}}),
        json!({"msgtype": "markdown_v2", "markdown_v2": {"content": "| x |"}}),
        image(&png(9)),
        json!({"msgtype": "news", "news": {"articles": [article]}}),
        json!({"msgtype": "file", "file": {"media_id": upload("file", b"123456")}}),
        json!({"msgtype": "voice", "voice": {"media_id": upload("voice", b"#!AMR\n")}}),
    ] {
        assert_eq!(client.chatbot(body.clone()), json!({"errcode": 0, "errmsg": "ok"}), "{body}");
    }
    let messages = client.simulator.state()["chatbot_messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 7);
    assert_eq!(messages[0], json!({"chatbot": "chatbot", "msgtype": "text", "content": mentions}));
    assert_eq!(messages[3]["content"]["size"], 9);
}

#[test]
fn messages_are_refused() {
    for client in Client::both() {
        let markdown = |length: usize| json!({"msgtype": "markdown", "markdown": {"content": format!("{}xx", "部".repeat(length))}});
        let mut wrong_md5 = image(&png(9));
        wrong_md5["image"]["md5"] = json!("0cc175b9c0f1b6a831c399e269772661");
        let mut broken = image(&png(60));
        let lines = format!("{}\n", broken["image"]["base64"].as_str().unwrap());
        broken["image"]["base64"] = json!(lines);
        let app_media = client.media("file", "a", b"123456");
        for (body, expected) in [
            (json!({}), 40008),
            (json!({"msgtype": "text"}), 44004),
            (text(""), 44004),
            (text(&"部".repeat(1707)), 40058),
            (text(&format!("{}xx", "部".repeat(1706))), 0),
            (markdown(1364), 0),
            (markdown(1365), 40058),
            (wrong_md5, 301_019),
            (broken, 40058),
            (image(b"GIF89a"), 40123),
            (image(&png(MAX_IMAGE)), 0),
            (image(&png(MAX_IMAGE + 1)), 40009),
            (json!({"msgtype": "image", "image": {"md5": "x"}}), 40058),
            (json!({"msgtype": "news", "news": {"articles": [{"title": "t"}]}}), 40039),
            (
                json!({"msgtype": "news", "news": {"articles": [{"title": "t", "url": "www.example.com"}]}}),
                0,
            ),
            (json!({"msgtype": "file", "file": {"media_id": app_media}}), 40007),
            (json!({"msgtype": "file", "file": {}}), 41006),
        ] {
            let response = client.chatbot(body.clone());
            let start: String = body.to_string().chars().take(90).collect();
            assert_eq!(response["errcode"], expected, "{start}: {response}");
        }
        let wrong = client.post_bare("/cgi-bin/webhook/send?key=other", &text("x").to_string());
        assert_eq!(wrong["errcode"], 93000);
        assert_eq!(client.post_bare("/cgi-bin/webhook/send", "{}")["errcode"], 93000);
    }
}

#[test]
fn twenty_a_minute_for_each_chatbot() {
    let client = Client::new();
    for _ in 0..PER_MINUTE {
        assert_eq!(client.chatbot(text("x"))["errcode"], 0);
    }
    assert_eq!(client.chatbot(text("x"))["errcode"], 45009);
    let other = format!("/cgi-bin/webhook/send?key={}", known::SECOND_CHATBOT_KEY);
    assert_eq!(client.post_bare(&other, &text("x").to_string())["errcode"], 0);
    client.simulator.advance(Duration::from_secs(59));
    assert_eq!(client.chatbot(text("x"))["errcode"], 45009);
    client.simulator.advance(Duration::from_secs(1));
    assert_eq!(client.chatbot(text("x"))["errcode"], 0);
    let messages = client.simulator.state()["chatbot_messages"].clone();
    assert_eq!(messages.as_array().unwrap().len(), PER_MINUTE + 2);
}
