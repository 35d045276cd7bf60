use std::time::Duration;

use serde_json::{Value, json};

use wecom_simulator::known;

use crate::client::Client;

const SEND: &str = "/cgi-bin/message/send";
const RECALL: &str = "/cgi-bin/message/recall";

fn text(to: &str) -> Value {
    json!({"touser": to, "msgtype": "text", "agentid": known::AGENT_ID, "text": {"content": "x"}})
}

fn with(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn code(response: &Value) -> i64 {
    response["errcode"].as_i64().unwrap()
}

fn messages(client: &Client) -> Vec<Value> {
    client.simulator.state()["messages"].as_array().unwrap().clone()
}

#[test]
fn message_is_delivered_and_partial_success_is_success() {
    let client = Client::new();
    client.populate(&["Ann", "bob"]);
    let body = with(text("ANN|Nobody|founder|ann"), json!({"toparty": "1|77|x", "totag": "2|9"}));
    let response = client.app(SEND, body);
    let id = response["msgid"].as_str().unwrap();
    assert_eq!(id.len(), 80);
    assert_eq!(
        response,
        json!({
            "errcode": 0, "errmsg": "ok", "invaliduser": "nobody", "invalidparty": "77|x",
            "invalidtag": "9", "msgid": id,
        })
    );
    let message = &messages(&client)[0];
    assert_eq!(message["delivered"], json!(["Ann", "bob", "founder"]));
    assert_eq!(message["content"], json!({"content": "x"}));
    assert_eq!(message["agentid"], known::AGENT_ID);
}

#[test]
fn departments_and_tags_are_ignored_with_everyone() {
    let client = Client::new();
    client.populate(&["a"]);
    let response = client.app(SEND, with(text("@all"), json!({"toparty": "77", "totag": "99"})));
    assert_eq!((code(&response), &response["invaliduser"]), (0, &json!("")));
    assert_eq!(response.get("invalidparty"), None);
    assert_eq!(messages(&client)[0]["delivered"], json!(["a", "founder"]));
    // It means all members only as the single receiver.
    assert_eq!(client.app(SEND, text("@all|a"))["invaliduser"], "@all");
}

#[test]
fn departments_include_those_below_and_tags_their_members() {
    let client = Client::new();
    for (id, parent) in [(5, 1), (6, 5)] {
        let body = json!({"name": format!("d{id}"), "parentid": parent, "id": id});
        client.contacts("/cgi-bin/department/create", body);
    }
    let member = json!({"userid": "m", "name": "m", "email": "m@example.com", "department": [6]});
    client.contacts("/cgi-bin/user/create", member);
    let to = |changes| code(&client.app(SEND, with(text(""), changes)));
    assert_eq!(to(json!({"toparty": "5"})), 0);
    assert_eq!(to(json!({"totag": "1"})), 0);
    assert_eq!(to(json!({"totag": "2"})), 0);
    let delivered: Vec<_> =
        messages(&client).into_iter().map(|it| it["delivered"].clone()).collect();
    assert_eq!(delivered, [json!(["m"]), json!(["founder"]), json!([])]);
}

#[test]
fn narrow_app_reaches_only_its_members() {
    let client = Client::new();
    client.populate(&["a"]);
    let send = |to: &str| {
        let body = with(text(to), json!({"agentid": known::NARROW_AGENT_ID}));
        client.post_as(known::NARROW_APP_SECRET, SEND, body)
    };
    assert_eq!(send("founder|A")["invaliduser"], "a");
    let refused = send("a");
    assert_eq!((code(&refused), &refused["invaliduser"]), (81013, &json!("a")));
    send("@all");
    assert_eq!(messages(&client)[1]["delivered"], json!(["founder"]));
}

#[test]
fn unlicensed_members_are_named() {
    let client = Client::new();
    client.populate(&["Ann", "bob"]);
    client.simulator.unlicense("ANN");
    let response = client.app(SEND, text("Ann|bob"));
    assert_eq!((code(&response), &response["unlicenseduser"]), (0, &json!("ann")));
    let refused = client.app(SEND, text("ann"));
    assert_eq!((code(&refused), &refused["unlicenseduser"]), (81013, &json!("ann")));
}

#[test]
fn envelopes_are_refused() {
    for client in Client::both() {
        let list = |count: usize| vec!["founder"; count].join("|");
        let numbers = |count: usize| vec!["1"; count].join("|");
        for (changes, expected) in [
            (json!({"agentid": 7}), 40056),
            (json!({"agentid": known::SECOND_AGENT_ID}), 301_002),
            (json!({"msgtype": "texts"}), 40008),
            (json!({"touser": ""}), 82001),
            (json!({"touser": "founder, a"}), 81013),
            (json!({"touser": "nobody"}), 81013),
            (json!({"touser": list(1000)}), 0),
            (json!({"touser": list(1001)}), 40032),
            (json!({"toparty": numbers(100)}), 0),
            (json!({"toparty": numbers(101)}), 82002),
            (json!({"totag": numbers(100)}), 0),
            (json!({"totag": numbers(101)}), 82003),
            (json!({"safe": 1}), 0),
            (json!({"safe": 2}), 40058),
            (json!({"enable_duplicate_check": 1, "duplicate_check_interval": 14_401}), 40058),
            (json!({"agentid": 0}), 40056),
            (json!({"agentid": 1_789_000_000_000_i64}), 40056),
            (json!({"enable_id_trans": 1}), 0),
            (json!({"enable_id_trans": 2}), 40058),
            (json!({"duplicate_check_interval": 14_400}), 0),
            (json!({"text": {"content": ""}}), 44004),
        ] {
            let response = client.app(SEND, with(text("founder"), changes.clone()));
            let start: String = changes.to_string().chars().take(60).collect();
            assert_eq!(code(&response), expected, "{start}: {response}");
        }
        let mut without = text("founder");
        without.as_object_mut().unwrap().remove("agentid");
        assert_eq!(code(&client.app(SEND, without)), 41011);
    }
}

#[test]
fn strict_mode_accepts_every_type_with_its_values_of_safe() {
    let client = Client::strict();
    let image = client.media("image", "a.png", b"\x89PNG\r\n\x1a\n");
    let voice = client.media("voice", "a.amr", b"#!AMR\n");
    let video = client.media("video", "a.mp4", b"\0\0\0\x18ftypmp42");
    let file = client.media("file", "a.PDF", b"123456");
    let archive = client.media("file", "a.zip", b"123456");
    let card = json!({"title": "t", "description": "d", "url": "https://e.com"});
    let news = json!({"articles": [{"title": "t", "url": "https://e.com"}]});
    let mpnews = json!({"articles": [{"title": "t", "thumb_media_id": image, "content": "c"}]});
    for (msgtype, content, codes) in [
        ("text", json!({"content": "x"}), [0, 0, 40058]),
        ("markdown", json!({"content": "x"}), [40058, 40058, 40058]),
        ("image", json!({"media_id": image}), [0, 0, 40058]),
        ("voice", json!({"media_id": voice}), [40058, 40058, 40058]),
        ("video", json!({"media_id": video, "title": "t"}), [0, 0, 40058]),
        ("file", json!({"media_id": file}), [0, 0, 40058]),
        ("file", json!({"media_id": archive}), [0, 40058, 40058]),
        ("textcard", card, [40058, 40058, 40058]),
        ("news", news, [40058, 40074, 40058]),
        ("mpnews", mpnews, [0, 0, 0]),
    ] {
        let body = json!({"touser": "founder", "agentid": known::AGENT_ID, "msgtype": msgtype, msgtype: content});
        assert_eq!(code(&client.app(SEND, body.clone())), 0, "{msgtype}");
        for (safe, expected) in codes.into_iter().enumerate() {
            let response = client.app(SEND, with(body.clone(), json!({ "safe": safe })));
            assert_eq!(code(&response), expected, "{msgtype} with safe {safe}: {response}");
        }
    }
    for (msgtype, id, expected) in [("image", &file, 40007), ("file", &image, 40007)] {
        let body = json!({"touser": "founder", "agentid": known::AGENT_ID, "msgtype": msgtype, msgtype: {"media_id": id}});
        assert_eq!(code(&client.app(SEND, body)), expected);
    }
}

#[test]
fn long_texts_are_stored_truncated() {
    let client = Client::new();
    let body = with(text("founder"), json!({"text": {"content": "部".repeat(683)}}));
    assert_eq!(code(&client.app(SEND, body)), 0);
    assert_eq!(messages(&client)[0]["content"]["content"], json!("部".repeat(682)));
}

#[test]
fn duplicate_succeeds_and_is_not_delivered() {
    let client = Client::new();
    let checked =
        with(text("founder"), json!({"enable_duplicate_check": 1, "duplicate_check_interval": 60}));
    let first = client.app(SEND, checked.clone());
    assert_eq!(client.app(SEND, checked.clone()), first);
    assert_eq!(messages(&client).len(), 1);
    assert_eq!(messages(&client)[0]["duplicates"], 1);

    client.app(SEND, with(checked.clone(), json!({"text": {"content": "y"}})));
    client.app(SEND, with(checked.clone(), json!({"touser": "@all"})));
    client.app(SEND, text("founder"));
    assert_eq!(messages(&client).len(), 4, "another text, another receiver, no check");

    client.simulator.advance(Duration::from_mins(1));
    assert_ne!(client.app(SEND, checked)["msgid"], first["msgid"]);
    assert_eq!(messages(&client).len(), 5);
}

#[test]
fn more_than_thirty_a_minute_are_dropped_silently() {
    let client = Client::new();
    for _ in 0..31 {
        assert_eq!(code(&client.app(SEND, text("founder"))), 0);
    }
    let all = messages(&client);
    assert_eq!((&all[29]["delivered"], &all[29]["dropped"]), (&json!(["founder"]), &json!([])));
    assert_eq!((&all[30]["delivered"], &all[30]["dropped"]), (&json!([]), &json!(["founder"])));
    let second = with(text("founder"), json!({"agentid": known::SECOND_AGENT_ID}));
    client.post_as(known::SECOND_APP_SECRET, SEND, second);
    client.simulator.advance(Duration::from_mins(1));
    client.app(SEND, text("founder"));
    let all = messages(&client);
    assert_eq!((&all[31]["dropped"], &all[32]["dropped"]), (&json!([]), &json!([])));
}

#[test]
fn message_is_recalled_by_its_app_within_a_day() {
    let client = Client::new();
    let id = client.app(SEND, text("founder"))["msgid"].clone();
    let body = json!({"msgid": id});
    assert_eq!(code(&client.post_as(known::SECOND_APP_SECRET, RECALL, body.clone())), 40058);
    assert_eq!(code(&client.app(RECALL, json!({"msgid": "other"}))), 40058);
    assert_eq!(messages(&client)[0]["recalled"], false);

    client.simulator.advance(Duration::from_hours(24));
    assert_eq!(client.app(RECALL, body.clone()), json!({"errcode": 0, "errmsg": "ok"}));
    assert_eq!(code(&client.app(RECALL, body.clone())), 0, "again");
    assert_eq!(messages(&client)[0]["recalled"], true);

    client.simulator.advance(Duration::from_secs(1));
    assert_eq!(code(&client.app(RECALL, body)), 42052);
}
