//! Template cards: the table of members by type, their shapes, and updates.

use std::time::Duration;

use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const SEND: &str = "/cgi-bin/message/send";
const UPDATE: &str = "/cgi-bin/message/update_template_card";

/// The fewest members that a card of this type may have.
fn card(card_type: &str) -> Value {
    let title = json!({"title": "t"});
    let choices = json!([{"id": "1", "text": "a"}]);
    match card_type {
        "text_notice" => {
            json!({"card_type": card_type, "sub_title_text": "s", "card_action": {"type": 1, "url": "https://e.com"}})
        }
        "news_notice" => json!({
            "card_type": card_type, "main_title": title, "card_image": {"url": "https://e.com/a.png"},
            "card_action": {"type": 1, "url": "https://e.com"},
        }),
        "button_interaction" => json!({
            "card_type": card_type, "task_id": "task", "main_title": title,
            "button_list": [{"text": "b", "key": "k"}],
        }),
        "vote_interaction" => json!({
            "card_type": card_type, "task_id": "task", "main_title": title,
            "checkbox": {"question_key": "q", "option_list": choices}, "submit_button": {"text": "s", "key": "k"},
        }),
        _ => json!({
            "card_type": card_type, "task_id": "task", "main_title": title,
            "select_list": [{"question_key": "q", "option_list": choices}], "submit_button": {"key": "k"},
        }),
    }
}

fn with(mut card: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        card[name] = value.clone();
    }
    card
}

fn send(client: &Client, card: Value) -> Value {
    let body = json!({"touser": "@all", "agentid": known::AGENT_ID, "msgtype": "template_card", "template_card": card});
    client.app(SEND, body)
}

/// Sends a card with these changes in both modes.
fn check(card_type: &str, cases: &[(Value, i64)]) {
    for (changes, expected) in cases {
        for client in Client::both() {
            let response = send(&client, with(card(card_type), changes));
            assert_eq!(response["errcode"], *expected, "{card_type} {changes}: {response}");
        }
    }
}

#[test]
fn minimal_card_of_each_type_is_accepted() {
    for card_type in [
        "text_notice",
        "news_notice",
        "button_interaction",
        "vote_interaction",
        "multiple_interaction",
    ] {
        for client in Client::both() {
            let response = send(&client, card(card_type));
            assert_eq!(response["errcode"], 0, "{response}");
            let calls_back = card_type.ends_with("interaction");
            assert_eq!(response.get("response_code").is_some(), calls_back, "{card_type}");
            assert_eq!(client.simulator.state()["messages"][0]["content"], card(card_type));
        }
    }
}

#[test]
fn members_of_notices_are_checked() {
    check(
        "text_notice",
        &[
            (json!({"card_type": "other"}), 42031),
            (json!({"sub_title_text": ""}), 41016),
            (json!({"sub_title_text": "", "main_title": {"title": "t"}}), 0),
            (json!({"card_action": {}}), 42045),
            (json!({"card_action": {"type": 0}}), 42045),
            (json!({"card_action": {"type": 1}}), 42028),
            (json!({"card_action": {"type": 2}}), 42030),
            (json!({"card_action": {"type": 2, "appid": "wx"}}), 0),
            (json!({"quote_area": {"type": 1}}), 42028),
            (json!({"quote_area": {"type": 2}}), 42030),
            (json!({"quote_area": {"title": "q"}}), 0),
            (json!({"horizontal_content_list": []}), 0),
            (json!({"horizontal_content_list": [{"value": "v"}]}), 42035),
            (json!({"horizontal_content_list": vec![json!({"keyname": "k"}); 6]}), 0),
            (json!({"horizontal_content_list": vec![json!({"keyname": "k"}); 7]}), 42035),
            (json!({"horizontal_content_list": [{"keyname": "k", "type": 1}]}), 42028),
            (json!({"horizontal_content_list": [{"keyname": "k", "type": 2}]}), 42029),
            (json!({"horizontal_content_list": [{"keyname": "k", "type": 3}]}), 42050),
            (json!({"jump_list": [{"title": "j"}]}), 0),
            (json!({"jump_list": [{}]}), 42042),
            (json!({"jump_list": vec![json!({"title": "j"}); 4]}), 42042),
            (json!({"jump_list": [{"title": "j", "type": 2}]}), 42030),
            (json!({"action_menu": {"action_list": [{"text": "a", "key": "A"}]}}), 42014),
            (
                json!({"task_id": "t", "action_menu": {"action_list": [{"text": "a", "key": "A"}]}}),
                0,
            ),
            (json!({"task_id": "t", "action_menu": {"action_list": []}}), 42027),
            (
                json!({"task_id": "t", "action_menu": {"action_list": vec![json!({"text": "a", "key": "A"}); 2]}}),
                42051,
            ),
            (json!({"task_id": "a b"}), 42014),
            (json!({"task_id": "a".repeat(128)}), 0),
            (json!({"task_id": "a".repeat(129)}), 42014),
        ],
    );
    check(
        "news_notice",
        &[
            (json!({"main_title": {"desc": "d"}}), 42033),
            (json!({"card_image": {}}), 42044),
            (json!({"card_image": {"url": "u", "aspect_ratio": 1.3}}), 0),
            (json!({"card_image": {"url": "u", "aspect_ratio": 2.25}}), 0),
            (json!({"card_image": {"url": "u", "aspect_ratio": 2.3}}), 40058),
            (json!({"image_text_area": {"title": "t"}}), 42044),
            (json!({"image_text_area": {"image_url": "u"}}), 0),
            (json!({"vertical_content_list": vec![json!({"title": "v"}); 4]}), 0),
            (json!({"vertical_content_list": vec![json!({"title": "v"}); 5]}), 42036),
            (json!({"vertical_content_list": [{"desc": "d"}]}), 42036),
        ],
    );
    let client = Client::new();
    let without = with(card("news_notice"), &json!({ "card_image": null }));
    assert_eq!(send(&client, without)["errcode"], 42044);
    let area = json!({"card_image": null, "image_text_area": {"image_url": "u"}});
    assert_eq!(send(&client, with(card("news_notice"), &area))["errcode"], 0);
}

#[test]
fn members_of_interactive_cards_are_checked() {
    let choice = |id: &str| json!({"id": id, "text": "t"});
    let choices = |count: usize| (0..count).map(|it| choice(&it.to_string())).collect::<Vec<_>>();
    let question = |list: Vec<Value>| json!({"question_key": "q", "option_list": list});
    check(
        "button_interaction",
        &[
            (json!({"task_id": ""}), 42014),
            (json!({"button_list": []}), 42027),
            (json!({"button_list": vec![json!({"text": "b", "key": "k"}); 6]}), 0),
            (json!({"button_list": vec![json!({"text": "b", "key": "k"}); 7]}), 42027),
            (json!({"button_list": [{"key": "k"}]}), 42038),
            (json!({"button_list": [{"text": "b"}]}), 42039),
            (json!({"button_list": [{"text": "b", "key": "k".repeat(1024)}]}), 0),
            (json!({"button_list": [{"text": "b", "key": "k".repeat(1025)}]}), 42039),
            (json!({"button_list": [{"text": "b", "type": 1}]}), 42028),
            (json!({"button_list": [{"text": "b", "type": 1, "url": "u"}]}), 0),
            (json!({"card_action": {"type": 0}}), 0),
            (json!({"card_action": {"type": 1}}), 42028),
            (json!({"button_selection": question(choices(10))}), 0),
            (json!({"button_selection": question(choices(11))}), 42037),
            (json!({"button_selection": {"option_list": choices(1)}}), 42043),
        ],
    );
    check(
        "vote_interaction",
        &[
            (json!({"checkbox": question(choices(20))}), 0),
            (json!({"checkbox": question(choices(21))}), 42037),
            (json!({"checkbox": question(vec![])}), 42037),
            (json!({"checkbox": question(vec![choice("a"), choice("a")])}), 42040),
            (json!({"checkbox": question(vec![json!({"text": "t"})])}), 42040),
            (json!({"checkbox": question(vec![json!({"id": "i"})])}), 42041),
            (json!({"submit_button": {"text": "s"}}), 42049),
        ],
    );
    check(
        "multiple_interaction",
        &[
            (json!({"select_list": []}), 42047),
            (json!({"select_list": vec![question(choices(1)); 3]}), 0),
            (json!({"select_list": vec![question(choices(1)); 4]}), 42047),
        ],
    );
    let client = Client::new();
    for (card_type, member, expected) in
        [("vote_interaction", "checkbox", 42027), ("multiple_interaction", "submit_button", 42046)]
    {
        let without = with(card(card_type), &json!({ member: null }));
        assert_eq!(send(&client, without)["errcode"], expected);
    }
}

#[test]
fn strict_mode_refuses_members_of_other_types() {
    for (card_type, changes) in [
        ("text_notice", json!({"card_image": {"url": "u"}})),
        ("vote_interaction", json!({"sub_title_text": "s"})),
        ("button_interaction", json!({"replace_text": "r"})),
    ] {
        for (client, expected) in Client::both().iter().zip([0, 40058]) {
            let response = send(client, with(card(card_type), &changes));
            assert_eq!(response["errcode"], expected, "{response}");
        }
    }
}

#[test]
fn ratio_as_a_text_is_coerced_with_a_warning() {
    let image = json!({"card_image": {"url": "u", "aspect_ratio": "2.25"}});
    for (client, expected) in Client::both().iter().zip([0, 40058]) {
        let response = send(client, with(card("news_notice"), &image));
        assert_eq!(response["errcode"], expected);
    }
}

#[test]
fn task_ids_are_unique_in_an_application() {
    let client = Client::new();
    assert_eq!(send(&client, card("vote_interaction"))["errcode"], 0);
    assert_eq!(send(&client, card("button_interaction"))["errcode"], 42014);
    let body = json!({"touser": "@all", "agentid": known::SECOND_AGENT_ID, "msgtype": "template_card", "template_card": card("button_interaction")});
    assert_eq!(client.post_as(known::SECOND_APP_SECRET, SEND, body)["errcode"], 0);
}

#[test]
fn chatbots_send_notices() {
    for client in Client::both() {
        for (card, expected) in [
            (card("text_notice"), 0),
            (card("news_notice"), 0),
            (card("button_interaction"), 42031),
            (json!({}), 42031),
        ] {
            let body = json!({"msgtype": "template_card", "template_card": card});
            assert_eq!(client.chatbot(body)["errcode"], expected, "{card}");
        }
    }
    let area = json!({"card_image": null, "image_text_area": {"image_url": "u"}});
    let body =
        json!({"msgtype": "template_card", "template_card": with(card("news_notice"), &area)});
    assert_eq!(Client::new().chatbot(body)["errcode"], 42044);
}

/// A card that `ann` and the founder got, and its response code.
fn sent() -> (Client, Value) {
    let client = Client::new();
    client.populate(&["ann"]);
    let code = send(&client, card("button_interaction"))["response_code"].clone();
    (client, code)
}

fn update(code: &Value) -> Value {
    json!({"userids": ["ann"], "agentid": known::AGENT_ID, "response_code": code, "button": {"replace_name": "done"}})
}

#[test]
fn card_is_updated_once_within_72_hours() {
    let (client, code) = sent();
    let response = client.app(UPDATE, update(&code));
    assert_eq!(response, json!({"errcode": 0, "errmsg": "ok", "invaliduser": []}));
    let message = client.simulator.state()["messages"][0].clone();
    assert_eq!(
        (&message["updated"], &message["content"]),
        (&json!(true), &json!({"button": {"replace_name": "done"}}))
    );
    assert_eq!(client.app(UPDATE, update(&code))["errcode"], 60140);

    let (client, code) = sent();
    client.simulator.advance(Duration::from_hours(72));
    assert_eq!(client.app(UPDATE, update(&code))["errcode"], 60140);
}

#[test]
fn card_is_replaced_by_one_of_any_type() {
    let (client, code) = sent();
    let mut new = card("vote_interaction");
    new.as_object_mut().unwrap().remove("submit_button");
    new.as_object_mut().unwrap().remove("task_id");
    new["replace_text"] = json!("done");
    let body = json!({"atall": 1, "agentid": known::AGENT_ID, "response_code": code, "template_card": new});
    assert_eq!(client.app(UPDATE, body)["errcode"], 0);
    assert_eq!(client.simulator.state()["messages"][0]["content"], new);
}

#[test]
fn receivers_of_an_update_are_checked() {
    for (changes, expected, invalid) in [
        (json!({"userids": ["ann", "Nobody"]}), 0, json!(["nobody"])),
        (json!({"userids": ["nobody"]}), 82102, Value::Null),
        (json!({"userids": []}), 82101, Value::Null),
        (json!({"userids": [], "partyids": [1]}), 0, json!([])),
        (json!({"userids": [], "partyids": [7]}), 82102, Value::Null),
        (json!({"userids": [], "tagids": [1]}), 0, json!([])),
        (json!({"userids": [], "tagids": [2]}), 82102, Value::Null),
        (json!({"userids": vec!["ann"; 1001]}), 40032, Value::Null),
        (json!({"partyids": vec![1; 101]}), 82002, Value::Null),
        (json!({"tagids": vec![1; 101]}), 82003, Value::Null),
        (json!({"agentid": known::SECOND_AGENT_ID}), 42015, Value::Null),
        (json!({"agentid": 7}), 40056, Value::Null),
        (json!({"response_code": "other"}), 60140, Value::Null),
        (json!({"button": {}}), 42027, Value::Null),
        (json!({"button": null}), 42027, Value::Null),
    ] {
        let (client, code) = sent();
        let response = client.app(UPDATE, with(update(&code), &changes));
        assert_eq!(response["errcode"], expected, "{changes}: {response}");
        assert_eq!(response["invaliduser"], invalid, "{changes}");
    }
    let (client, code) = sent();
    let body = with(update(&code), &json!({"agentid": known::SECOND_AGENT_ID}));
    let response = client.post_as(known::SECOND_APP_SECRET, UPDATE, body);
    assert_eq!(response["errcode"], 60140, "another app's card");
}
