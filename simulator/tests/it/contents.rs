//! The limits of message contents, at their boundary values, in both modes.

use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const APP: &str = "messages";
const GROUP: &str = "group_messages";

/// Sends a content as an application or to a group chat. The code, and what was stored.
fn send(client: &Client, place: &str, msgtype: &str, content: &Value) -> (i64, Value) {
    let response = if place == APP {
        let body = json!({"touser": "founder", "agentid": known::AGENT_ID, "msgtype": msgtype, msgtype: content});
        client.app("/cgi-bin/message/send", body)
    } else {
        let body = json!({"chatid": "chat", "msgtype": msgtype, msgtype: content});
        client.app("/cgi-bin/appchat/send", body)
    };
    let state = client.simulator.state();
    let stored = state[place].as_array().unwrap().last().map(|it| it["content"].clone());
    (response["errcode"].as_i64().unwrap(), stored.unwrap_or_default())
}

fn clients() -> [Client; 2] {
    Client::both().map(|client| {
        client.populate(&["ann"]);
        let body = json!({"chatid": "chat", "userlist": ["ann", "founder"]});
        assert_eq!(client.app("/cgi-bin/appchat/create", body)["errcode"], 0);
        client
    })
}

#[test]
fn app_texts_are_truncated_to_2048_bytes() {
    for client in clients() {
        for (content, stored) in [
            ("x".repeat(2048), "x".repeat(2048)),
            ("x".repeat(2049), "x".repeat(2048)),
            ("部".repeat(683), "部".repeat(682)),
        ] {
            let (code, found) = send(&client, APP, "text", &json!({ "content": content }));
            assert_eq!((code, &found["content"]), (0, &json!(stored)));
        }
        for content in [json!({}), json!({"content": ""})] {
            assert_eq!(send(&client, APP, "text", &content).0, 44004);
        }
    }
}

#[test]
fn markdown_is_refused_above_2048_bytes() {
    for client in clients() {
        for place in [APP, GROUP] {
            for (length, expected) in [(0, 44004), (682, 0), (683, 40058)] {
                let content = json!({"content": "部".repeat(length)});
                assert_eq!(send(&client, place, "markdown", &content).0, expected, "{length}");
            }
        }
    }
}

#[test]
fn text_cards_are_truncated_by_characters_for_members_and_by_bytes_for_groups() {
    let card = json!({
        "title": "部".repeat(129), "description": "部".repeat(513), "url": "https://example.com",
        "btntxt": "更多更多更",
    });
    for client in clients() {
        for (place, title, description) in [(APP, 128, 512), (GROUP, 42, 170)] {
            let (code, stored) = send(&client, place, "textcard", &card);
            assert_eq!(code, 0);
            assert_eq!(stored["title"], json!("部".repeat(title)));
            assert_eq!(stored["description"], json!("部".repeat(description)));
            assert_eq!(stored["btntxt"], "更多更多");
        }
    }
}

#[test]
fn text_cards_are_refused() {
    let url = |length: usize| format!("https://{}", "x".repeat(length - 8));
    for client in clients() {
        for (card, expected) in [
            (json!({"description": "d", "url": url(9)}), 41016),
            (json!({"title": "", "description": "d", "url": url(9)}), 41016),
            (json!({"title": "t", "url": url(9)}), 41033),
            (json!({"title": "t", "description": "d"}), 41010),
            (json!({"title": "t", "description": "d", "url": "example.com"}), 45034),
            (json!({"title": "t", "description": "d", "url": "HTTP://e.com"}), 0),
            (json!({"title": "t", "description": "d", "url": url(2048)}), 0),
            (json!({"title": "t", "description": "d", "url": url(2049)}), 40039),
        ] {
            assert_eq!(send(&client, APP, "textcard", &card).0, expected, "{card}");
        }
    }
}

#[test]
fn news_have_one_to_eight_articles() {
    let article = json!({"title": "部".repeat(43), "description": "d", "url": "http://e.com"});
    for client in clients() {
        for place in [APP, GROUP] {
            for (count, expected) in [(0, 45008), (1, 0), (8, 0), (9, 45008)] {
                let (code, stored) =
                    send(&client, place, "news", &json!({"articles": vec![&article; count]}));
                assert_eq!(code, expected, "{count}");
                assert_eq!(stored["articles"][0]["title"].as_str().unwrap_or("部").len() % 3, 0);
            }
            let stored = send(&client, place, "news", &json!({ "articles": [article] })).1;
            assert_eq!(stored["articles"][0]["title"], json!("部".repeat(42)));
        }
    }
}

#[test]
fn links_of_news_are_checked_for_members_only() {
    let long = format!("http://e.com/{}", "x".repeat(2048));
    for client in clients() {
        for (article, codes) in [
            (json!({"url": "http://e.com"}), [41016, 41016]),
            (json!({"title": "t"}), [41010, 41010]),
            (json!({"title": "t", "url": "e.com"}), [45034, 0]),
            (json!({"title": "t", "url": long}), [40039, 0]),
            (json!({"title": "t", "url": "http://e.com", "picurl": "e.png"}), [0, 0]),
            (json!({"title": "t", "url": "http://e.com", "picurl": long}), [40039, 0]),
            (json!({"title": "t", "appid": "wx", "pagepath": "p"}), [0, 41010]),
            (json!({"title": "t", "appid": "wx", "url": "http://e.com"}), [40058, 0]),
            (json!({"title": "t", "appid": "wx", "pagepath": "p".repeat(129)}), [40058, 41010]),
        ] {
            for (place, expected) in [APP, GROUP].into_iter().zip(codes) {
                let (code, _) = send(&client, place, "news", &json!({ "articles": [article] }));
                assert_eq!(code, expected, "{place} {article}");
            }
        }
    }
}

#[test]
fn mpnews_limits() {
    for client in clients() {
        let thumb = client.media("image", "a.png", b"\x89PNG\r\n\x1a\n");
        let file = client.media("file", "a.txt", b"123456");
        let with = |changes: Value| {
            let mut article = json!({"title": "t", "thumb_media_id": thumb, "content": "c"});
            for (name, value) in changes.as_object().unwrap() {
                article[name] = value.clone();
            }
            json!({ "articles": [article] })
        };
        for place in [APP, GROUP] {
            for (changes, expected) in [
                (json!({"title": ""}), 41016),
                (json!({"thumb_media_id": ""}), 41006),
                (json!({"thumb_media_id": file}), 40007),
                (json!({"thumb_media_id": "other"}), 40007),
                (json!({"content": ""}), 44004),
                (json!({"content": "x".repeat(666 * 1024)}), 0),
                (json!({"content": "x".repeat(666 * 1024 + 1)}), 45002),
                (json!({"author": "部".repeat(21)}), 0),
                (json!({"author": "部".repeat(22)}), 45032),
                (json!({"content_source_url": "example.com"}), 0),
            ] {
                assert_eq!(send(&client, place, "mpnews", &with(changes)).0, expected);
            }
            let long = with(json!({"title": "部".repeat(43), "digest": "部".repeat(171)}));
            let stored = send(&client, place, "mpnews", &long).1;
            assert_eq!(stored["articles"][0]["title"], json!("部".repeat(42)));
            assert_eq!(stored["articles"][0]["digest"], json!("部".repeat(170)));
        }
    }
}

#[test]
fn videos_have_truncated_titles() {
    for client in clients() {
        let video = client.media("video", "a.mp4", b"\0\0\0\x18ftypmp42");
        let content =
            json!({"media_id": video, "title": "部".repeat(43), "description": "部".repeat(171)});
        for place in [APP, GROUP] {
            let (code, stored) = send(&client, place, "video", &content);
            assert_eq!((code, &stored["title"]), (0, &json!("部".repeat(42))));
            assert_eq!(stored["description"], json!("部".repeat(170)));
        }
    }
}

#[test]
fn each_sender_has_its_types() {
    for client in clients() {
        for (place, msgtype) in
            [(APP, "markdown_v2"), (GROUP, "template_card"), (GROUP, "markdown_v2")]
        {
            assert_eq!(send(&client, place, msgtype, &json!({"content": "x"})).0, 40008);
        }
    }
}
