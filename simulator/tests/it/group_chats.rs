use std::time::Duration;

use serde_json::{Value, json};

use wecom_simulator::known;

use crate::client::Client;

const CREATE: &str = "/cgi-bin/appchat/create";
const UPDATE: &str = "/cgi-bin/appchat/update";
const GET: &str = "/cgi-bin/appchat/get";
const SEND: &str = "/cgi-bin/appchat/send";

/// A chat `storm` of Ann, who owns it, and the founder; `bob` is not in it.
fn chat() -> Client {
    with_chat(Client::new())
}

fn both_chats() -> [Client; 2] {
    Client::both().map(with_chat)
}

fn with_chat(client: Client) -> Client {
    client.populate(&["Ann", "bob"]);
    let body =
        json!({"chatid": "storm", "name": "风暴", "owner": "ann", "userlist": ["Ann", "founder"]});
    let response = client.app(CREATE, body);
    assert_eq!(response, json!({"errcode": 0, "errmsg": "ok", "chatid": "storm"}));
    client
}

fn info(client: &Client) -> Value {
    client.app_get(GET, "&chatid=storm")["chat_info"].clone()
}

fn code(response: &Value) -> i64 {
    response["errcode"].as_i64().unwrap()
}

fn text(content: &str) -> Value {
    json!({"chatid": "storm", "msgtype": "text", "text": {"content": content}})
}

#[test]
fn chat_can_be_read_back() {
    let client = chat();
    let userlist = ["Ann", "founder"];
    assert_eq!(
        info(&client),
        json!({"chatid": "storm", "name": "风暴", "owner": "Ann", "userlist": userlist, "chat_type": 0})
    );
    let id = client.app(CREATE, json!({"userlist": ["bob", "ann"]}))["chatid"].clone();
    let id = id.as_str().unwrap();
    assert!(id.parse::<u64>().unwrap() >= 1 << 63, "{id}");
    let info = client.app_get(GET, &format!("&chatid={id}"))["chat_info"].clone();
    assert_eq!((&info["owner"], &info["name"]), (&json!("bob"), &json!("")));
}

#[test]
fn names_are_truncated_to_fifty_characters() {
    let client = chat();
    client.app(UPDATE, json!({"chatid": "storm", "name": "部".repeat(51)}));
    assert_eq!(info(&client)["name"], json!("部".repeat(50)));
}

#[test]
fn creation_is_refused() {
    for client in both_chats() {
        let pair = ["ann", "bob"];
        for (body, expected) in [
            (json!({}), 86204),
            (json!({"userlist": ["ann"]}), 86006),
            (json!({"userlist": ["ann", "ANN"]}), 86006),
            (json!({"userlist": vec!["ann"; 2001]}), 86006),
            (json!({"userlist": ["ann", "nobody"]}), 86007),
            (json!({"userlist": pair, "owner": "founder"}), 86207),
            (json!({"userlist": pair, "chatid": "storm"}), 86215),
            (json!({"userlist": pair, "chatid": "a-b"}), 86001),
            (json!({"userlist": pair, "chatid": "a".repeat(32)}), 0),
            (json!({"userlist": pair, "chatid": "a".repeat(33)}), 86205),
            (json!({"userlist": pair, "chatid": "9223372036854775807"}), 0),
            (json!({"userlist": pair, "chatid": "9223372036854775808"}), 86206),
            (json!({"userlist": pair, "chatid": "99999999999999999999a"}), 0),
        ] {
            assert_eq!(code(&client.app(CREATE, body.clone())), expected, "{body}");
        }
    }
}

#[test]
fn update_changes_only_the_given_fields() {
    let client = chat();
    let ok = json!({"errcode": 0, "errmsg": "ok"});
    assert_eq!(client.app(UPDATE, json!({"chatid": "storm", "add_user_list": ["BOB", "ann"]})), ok);
    assert_eq!(info(&client)["userlist"], json!(["Ann", "founder", "bob"]));
    let body = json!({"chatid": "storm", "owner": "bob", "del_user_list": ["ann"]});
    assert_eq!(client.app(UPDATE, body), ok);
    let info = info(&client);
    assert_eq!((&info["owner"], &info["userlist"]), (&json!("bob"), &json!(["founder", "bob"])));
    assert_eq!(info["name"], "风暴");
}

#[test]
fn update_is_refused() {
    for client in both_chats() {
        for (body, expected) in [
            (json!({}), 86201),
            (json!({"chatid": "other"}), 86003),
            (json!({"chatid": "storm", "add_user_list": ["nobody"]}), 86216),
            (json!({"chatid": "storm", "del_user_list": ["bob"]}), 86216),
            (json!({"chatid": "storm", "del_user_list": ["ann"], "add_user_list": ["bob"]}), 86203),
            (json!({"chatid": "storm", "del_user_list": ["founder"]}), 86006),
            (json!({"chatid": "storm", "owner": "bob"}), 86207),
            (
                json!({"chatid": "storm", "owner": "ann", "del_user_list": ["ann"], "add_user_list": ["bob"]}),
                86207,
            ),
        ] {
            assert_eq!(code(&client.app(UPDATE, body.clone())), expected, "{body}");
        }
        assert_eq!(info(&client)["owner"], "Ann");
    }
}

#[test]
fn chat_is_refused_to_other_apps() {
    let client = chat();
    let second = known::SECOND_APP_SECRET;
    assert_eq!(code(&client.get_as(second, GET, "&chatid=storm")), 86008);
    assert_eq!(code(&client.post_as(second, SEND, text("x"))), 86008);
    assert_eq!(code(&client.post_as(second, UPDATE, json!({"chatid": "storm"}))), 86008);
    let taken = json!({"chatid": "storm", "userlist": ["ann", "bob"]});
    assert_eq!(code(&client.post_as(second, CREATE, taken)), 86215);
    assert_eq!(code(&client.app_get(GET, "&chatid=other")), 86003);
}

#[test]
fn deleted_member_leaves_its_chats() {
    let client = chat();
    client.contacts_get("/cgi-bin/user/delete", "&userid=ann");
    assert_eq!(
        (&info(&client)["owner"], &info(&client)["userlist"]),
        (&json!("founder"), &json!(["founder"]))
    );
}

#[test]
fn strict_mode_accepts_every_type_with_its_values_of_safe() {
    let client = with_chat(Client::strict());
    let image = client.media("image", "a.png", b"\x89PNG\r\n\x1a\n");
    let voice = client.media("voice", "a.amr", b"#!AMR\n");
    let video = client.media("video", "a.mp4", b"\0\0\0\x18ftypmp42");
    let file = client.media("file", "a.zip", b"123456");
    let card = json!({"title": "t", "description": "d", "url": "https://e.com"});
    let news = json!({"articles": [{"title": "t", "url": "https://e.com"}]});
    let mpnews = json!({"articles": [{"title": "t", "thumb_media_id": image, "content": "c"}]});
    for (msgtype, content, highest) in [
        ("text", json!({"content": "x", "mentioned_list": ["@all"]}), 1),
        ("image", json!({"media_id": image}), 1),
        ("voice", json!({"media_id": voice}), -1),
        ("video", json!({"media_id": video}), 1),
        ("file", json!({"media_id": file}), 1),
        ("textcard", card, 1),
        ("news", news, 1),
        ("mpnews", mpnews, 2),
        ("markdown", json!({"content": "x"}), -1),
    ] {
        let mut body = json!({"chatid": "storm", "msgtype": msgtype, msgtype: content});
        assert_eq!(
            client.app(SEND, body.clone()),
            json!({"errcode": 0, "errmsg": "ok"}),
            "{msgtype}"
        );
        for safe in 0..=3 {
            body["safe"] = json!(safe);
            let expected = if safe <= highest { 0 } else { 40058 };
            assert_eq!(
                code(&client.app(SEND, body.clone())),
                expected,
                "{msgtype} with safe {safe}"
            );
        }
    }
    let message = client.simulator.state()["group_messages"][0].clone();
    assert_eq!(
        (&message["chatid"], &message["delivered"]),
        (&json!("storm"), &json!(["Ann", "founder"]))
    );
}

#[test]
fn messages_are_refused() {
    for client in both_chats() {
        for (changes, expected) in [
            (json!({"chatid": ""}), 86201),
            (json!({"chatid": "other"}), 86003),
            (json!({"chatid": "a-b"}), 86003),
            (json!({"chatid": "18446744073709551615"}), 86003),
            (json!({"chatid": "a".repeat(64)}), 86003),
            (json!({"chatid": "a".repeat(65)}), 86001),
            (json!({"msgtype": "other"}), 40008),
            (json!({"text": {"content": ""}}), 44004),
            (json!({"text": {"content": "部".repeat(682)}}), 0),
        ] {
            let mut body = text("x");
            for (name, value) in changes.as_object().unwrap() {
                body[name] = value.clone();
            }
            assert_eq!(code(&client.app(SEND, body)), expected, "{changes}");
        }
    }
}

#[test]
fn more_than_two_hundred_a_minute_are_dropped_silently() {
    let client = chat();
    for _ in 0..201 {
        assert_eq!(code(&client.app(SEND, text("x"))), 0);
    }
    client.simulator.advance(Duration::from_mins(1));
    client.app(SEND, text("x"));
    let messages = client.simulator.state()["group_messages"].clone();
    let dropped = [199, 200, 201].map(|it| messages[it]["dropped"].as_array().unwrap().len());
    assert_eq!(dropped, [0, 2, 0]);
}

#[test]
fn creations_and_updates_are_counted() {
    let client = chat();
    for index in 1..1000 {
        let body = json!({"chatid": format!("c{index}"), "userlist": ["ann", "bob"]});
        assert_eq!(code(&client.app(CREATE, body)), 0);
    }
    let one_more = json!({"chatid": "c", "userlist": ["ann", "bob"]});
    assert_eq!(code(&client.app(CREATE, one_more.clone())), 45009);
    for _ in 0..1000 {
        assert_eq!(code(&client.app(UPDATE, json!({"chatid": "storm"}))), 0);
    }
    assert_eq!(code(&client.app(UPDATE, json!({"chatid": "storm"}))), 45009);
    client.simulator.advance(Duration::from_hours(24));
    assert_eq!(code(&client.app(CREATE, one_more)), 0);
    assert_eq!(code(&client.app(UPDATE, json!({"chatid": "storm"}))), 0);
}
