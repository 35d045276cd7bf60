//! What real clients send and WeCom accepts, F1 to F17 of the specification: accepted by default, refused in strict mode.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const WARNING: &str = "ok. Warning: wrong json format. ";
const USER_CREATE: &str = "/cgi-bin/user/create";
const USER_UPDATE: &str = "/cgi-bin/user/update";
const MESSAGE_SEND: &str = "/cgi-bin/message/send";
const APPCHAT_SEND: &str = "/cgi-bin/appchat/send";

/// A client in a corp with a group chat `chat`.
fn with_chat(client: Client) -> Client {
    client.populate(&["ann", "bob"]);
    let body = json!({"chatid": "chat", "userlist": ["ann", "bob"]});
    assert_eq!(client.app("/cgi-bin/appchat/create", body)["errcode"], 0);
    client
}

fn both() -> [Client; 2] {
    Client::both().map(with_chat)
}

fn url(client: &Client, path: &str) -> String {
    match path.split('/').nth(2) {
        Some("webhook") => format!("{path}?key={}", known::CHATBOT_KEY),
        Some("user" | "department") => {
            format!("{path}?access_token={}", client.token(known::CONTACTS_SECRET))
        }
        _ => format!("{path}?access_token={}", client.token(known::APP_SECRET)),
    }
}

fn text() -> Value {
    json!({"touser": "ann", "agentid": known::AGENT_ID, "msgtype": "text", "text": {"content": "x"}})
}

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn member(changes: &Value) -> Value {
    with(json!({"userid": "new", "name": "n", "mobile": "13811111111"}), changes)
}

/// Checks that a body is accepted with this `errmsg`, and refused in strict mode.
fn check(path: &str, body: &str, errmsg: &str) {
    let [faithful, strict] = both();
    let response = faithful.post_bare(&url(&faithful, path), body);
    assert_eq!((&response["errcode"], &response["errmsg"]), (&json!(0), &json!(errmsg)), "{body}");
    let response = strict.post_bare(&url(&strict, path), body);
    assert_eq!(response["errcode"], 40058, "{body}: {response}");
}

#[test]
fn f1_any_content_type_is_json() {
    let [faithful, strict] = both();
    let body = text().to_string();
    for content_type in [
        None,
        Some("application/json"),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        for (client, expected) in [(&faithful, 0), (&strict, 40058)] {
            let request = Request::post(url(client, MESSAGE_SEND)).header("host", "h");
            let request = content_type
                .into_iter()
                .fold(request, |it, value| it.header("content-type", value));
            let request = request.body(Bytes::from(body.clone())).unwrap();
            let response: Value =
                serde_json::from_slice(&client.simulator.handle(&request).body).unwrap();
            assert_eq!(response["errcode"], expected, "{content_type:?}: {response}");
        }
    }
}

#[test]
fn f2_uploads_of_other_clients_are_accepted() {
    let body = [
        b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"rota.jpg\"\r\n\
          Content-Type: text/plain\r\n\r\n"
            .as_slice(),
        b"\xff\xd8\xff\xe0\0\x10",
        b"\r\n--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b--\r\n",
    ]
    .concat();
    for (path, query) in [
        ("/cgi-bin/media/upload", "&type=image"),
        ("/cgi-bin/webhook/upload_media", "&type=file"),
        ("/cgi-bin/media/uploadimg", ""),
    ] {
        for (client, expected) in both().iter().zip([0, 40058]) {
            let request = Request::post(url(client, path) + query)
                .header("host", "h")
                .header("content-type", "multipart/form-data; boundary=b");
            let response = client.simulator.handle(&request.body(body.clone().into()).unwrap());
            let response: Value = serde_json::from_slice(&response.body).unwrap();
            assert_eq!(response["errcode"], expected, "{path}: {response}");
        }
    }
}

#[test]
fn f3_gender_may_be_a_number_without_a_warning() {
    for (gender, stored) in
        [(json!(0), json!(null)), (json!("0"), json!(null)), (json!(1), json!("1"))]
    {
        check(USER_CREATE, &member(&json!({ "gender": gender })).to_string(), "created");
        let client = Client::new();
        client.contacts(USER_CREATE, member(&json!({ "gender": gender })));
        assert_eq!(client.simulator.state()["members"][1]["gender"], stored);
    }
}

#[test]
fn f4_f9_wrong_types_are_coerced_with_a_warning() {
    for changes in [
        json!({"agentid": known::AGENT_ID.to_string()}),
        json!({"safe": "0"}),
        json!({"enable_duplicate_check": true}),
        json!({"toparty": 1}),
        json!({"text": {"content": 5}}),
    ] {
        check(MESSAGE_SEND, &with(text(), &changes).to_string(), WARNING);
    }
    for changes in [
        json!({"department": ["1"]}),
        json!({"department": 1}),
        json!({"mobile": 13_811_111_111_i64}),
        json!({"enable": true}),
        json!({"to_invite": 0}),
    ] {
        let errmsg = "created. Warning: wrong json format. ";
        check(USER_CREATE, &member(&changes).to_string(), errmsg);
    }
    let body = json!({"name": "x", "parentid": "1"}).to_string();
    check("/cgi-bin/department/create", &body, "created. Warning: wrong json format. ");
    check("/cgi-bin/user/list_id", &json!({"limit": "5"}).to_string(), WARNING);
    let body = json!({"msgtype": "text", "text": {"content": "x", "mentioned_list": "ann"}});
    check("/cgi-bin/webhook/send", &body.to_string(), WARNING);
}

#[test]
fn list_in_a_string_is_an_empty_list() {
    let client = Client::new();
    let response = client.contacts(USER_CREATE, member(&json!({"department": "[1, 2]"})));
    assert_eq!(response["errcode"], 40066);
    assert!(response["errmsg"].as_str().unwrap().starts_with("Warning: wrong json format. "));
}

#[test]
fn f5_safe_is_ignored_where_it_has_no_meaning() {
    let card = json!({"title": "t", "description": "d", "url": "https://e.com"});
    let news = json!({"articles": [{"title": "t", "url": "https://e.com"}]});
    let [faithful, strict] = both();
    for (msgtype, content, codes) in [
        ("markdown", json!({"content": "x"}), [0, 0]),
        ("textcard", card, [0, 0]),
        ("news", news, [0, 40074]),
    ] {
        for (safe, expected) in codes.into_iter().enumerate() {
            let body = json!({"touser": "ann", "agentid": known::AGENT_ID, "msgtype": msgtype, msgtype: content, "safe": safe});
            assert_eq!(faithful.app(MESSAGE_SEND, body.clone())["errcode"], expected, "{body}");
            assert_ne!(strict.app(MESSAGE_SEND, body)["errcode"], 0);
            let body =
                json!({"chatid": "chat", "msgtype": msgtype, msgtype: content, "safe": safe});
            assert_eq!(faithful.app(APPCHAT_SEND, body.clone())["errcode"], expected, "{body}");
        }
    }
}

#[test]
fn f6_unknown_keys_and_other_contents_are_ignored() {
    for changes in [
        json!({"climsgid": "x"}),
        json!({"markdown": {"content": "x"}}),
        json!({"text": {"content": "x", "mentioned_list": []}}),
        json!({"chatid": "x"}),
    ] {
        check(MESSAGE_SEND, &with(text(), &changes).to_string(), "ok");
    }
    for changes in [
        json!({"english_name": "x"}),
        json!({"isleader": 1}),
        json!({"new_userid": "b"}),
        json!({"extattr": {"attrs": [{"type": 0, "name": "a", "text": {"value": "x"}}]}}),
        json!({"biz_mail_alias": {"item": []}}),
    ] {
        check(USER_CREATE, &member(&changes).to_string(), "created");
    }
    check(USER_UPDATE, &json!({"userid": "ann", "to_invite": true}).to_string(), "updated");
    let body = json!({"chatid": "chat", "userlist": ["ann"]}).to_string();
    check("/cgi-bin/appchat/update", &body, "ok");
    for changes in [
        json!({"agentid": known::AGENT_ID}),
        json!({"enable_duplicate_check": 1}),
        json!({"text": {"content": "x", "mentioned_mobile_list": []}}),
    ] {
        let body = json!({"chatid": "chat", "msgtype": "text", "text": {"content": "x"}});
        check(APPCHAT_SEND, &with(body, &changes).to_string(), "ok");
    }
    let body = json!({"msgtype": "text", "text": {"content": "x"}, "safe": 0, "access_token": "x"});
    check("/cgi-bin/webhook/send", &body.to_string(), "ok");
}

#[test]
fn f8_blanks_around_receivers_are_trimmed() {
    for changes in [
        json!({"touser": "ann | bob"}),
        json!({"touser": "ann|"}),
        json!({"touser": "", "toparty": "1 | "}),
        json!({"totag": " 1 |"}),
    ] {
        check(MESSAGE_SEND, &with(text(), &changes).to_string(), "ok");
    }
    let client = with_chat(Client::new());
    client.app(MESSAGE_SEND, with(text(), &json!({"touser": " ann || bob "})));
    assert_eq!(client.simulator.state()["messages"][0]["delivered"], json!(["ann", "bob"]));
    let refused = client.app(MESSAGE_SEND, with(text(), &json!({"touser": "ann,bob"})));
    assert_eq!((&refused["errcode"], &refused["invaliduser"]), (&json!(81013), &json!("ann,bob")));
}

#[test]
fn f10_null_is_absent() {
    let card = json!({"title": "t", "description": "d", "url": "https://e.com", "btntxt": null});
    let body = json!({"touser": "ann", "agentid": known::AGENT_ID, "msgtype": "textcard", "textcard": card, "safe": null});
    check(MESSAGE_SEND, &body.to_string(), "ok");
    check("/cgi-bin/user/list_id", &json!({"cursor": null}).to_string(), "ok");
    check(USER_UPDATE, &json!({"userid": "ann", "mobile": null}).to_string(), "updated");
    let [faithful, strict] = both();
    let body = json!({"id": 1, "parentid": null});
    let path = "/cgi-bin/department/update";
    let codes = [faithful, strict].map(|it| it.contacts(path, body.clone())["errcode"].clone());
    assert_eq!(codes, [0, 40058]);
}

#[test]
fn f11_body_of_a_get_is_ignored() {
    for (client, expected) in both().iter().zip([0, 40058]) {
        let url = url(client, "/cgi-bin/get_api_domain_ip");
        let request = Client::request("GET", &url, "{}");
        let response: Value =
            serde_json::from_slice(&client.simulator.handle(&request).body).unwrap();
        assert_eq!(response["errcode"], expected);
    }
}

#[test]
fn f12_interval_without_the_check_is_ignored() {
    for seconds in [0, 1800, 14_401] {
        let [faithful, strict] = both();
        let body = with(text(), &json!({ "duplicate_check_interval": seconds }));
        assert_eq!(faithful.app(MESSAGE_SEND, body.clone())["errcode"], 0, "{seconds}");
        let expected = if seconds == 1800 { 0 } else { 40058 };
        assert_eq!(strict.app(MESSAGE_SEND, body)["errcode"], expected, "{seconds}");
    }
}

#[test]
fn f13_careless_queries_and_a_post_for_a_get_are_accepted() {
    for (client, expected) in both().iter().zip([0, 40058]) {
        for query in ["&debug=1", "&id=1&id=7", "&", "&x", "&id=%31&y=a@b:c+d"] {
            let url = url(client, "/cgi-bin/department/simplelist") + query;
            assert_eq!(client.get_bare(&url)["errcode"], expected, "{query}");
        }
        let url = url(client, "/cgi-bin/department/simplelist");
        assert_eq!(client.post_bare(&url, "")["errcode"], expected);
    }
    let client = Client::new();
    let response = client.contacts_get("/cgi-bin/department/simplelist", "&id=");
    assert_eq!(response["errmsg"], "ok. WARNING: field `id` expect type `uint32`. ");
    assert_eq!(response["department_id"].as_array().unwrap().len(), 1);
    assert_eq!(client.contacts_get("/cgi-bin/department/delete", "&id=")["errcode"], 40058);
}

#[test]
fn f14_credentials_have_real_shapes() {
    let is_hex = |it: &str| it.bytes().all(|it| b"0123456789abcdef".contains(&it));
    assert!(known::CORP_ID.len() == 18 && is_hex(known::CORP_ID.strip_prefix("ww").unwrap()));
    for secret in [
        known::CONTACTS_SECRET,
        known::APP_SECRET,
        known::SECOND_APP_SECRET,
        known::NARROW_APP_SECRET,
    ] {
        let is_valid = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
        assert!(secret.len() == 43 && secret.bytes().all(is_valid), "{secret}");
    }
    for key in [known::CHATBOT_KEY, known::SECOND_CHATBOT_KEY] {
        let lengths: Vec<_> = key.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(key.split('-').all(is_hex));
    }
}

#[test]
fn f16_broken_json_is_repaired_with_a_warning() {
    let agent = known::AGENT_ID;
    for body in [
        format!(
            r#"{{"touser":"ann","agentid":{agent},"msgtype":"text","text":{{"content":"x",}},}}"#
        ),
        format!(r#"{{"touser":"ann","agentid":{agent},"msgtype":"text","text":{{"content":"x"}}"#),
        format!(
            "{{\"touser\":\"ann\",\"agentid\":{agent},\"msgtype\":\"text\",\"text\":{{\"content\":\"x\ny\"}}}}"
        ),
    ] {
        check(MESSAGE_SEND, &body, WARNING);
    }
    let client = Client::new();
    let body = "{\"msgtype\":\"text\",\"text\":{\"content\":\"a\nb\"}}";
    client.post_bare(&url(&client, "/cgi-bin/webhook/send"), body);
    assert_eq!(client.simulator.state()["chatbot_messages"][0]["content"]["content"], "a\nb");
}

#[test]
fn f17_escapes_are_accepted() {
    check("/cgi-bin/webhook/send", r#"{"msgtype":"text","text":{"content":"\u90e8"}}"#, "ok");
}

#[test]
fn strict_mode_refuses_repeated_keys() {
    let body = r#"{"msgtype":"text","msgtype":"text","text":{"content":"x"}}"#;
    check("/cgi-bin/webhook/send", body, "ok");
}

/// Fields of a body that is not JSON count as missing, with the code of the first one needed.
#[test]
fn unreadable_body_counts_as_empty() {
    let client = with_chat(Client::new());
    for (path, expected) in [
        ("/cgi-bin/department/create", 60001),
        (USER_CREATE, 41009),
        (MESSAGE_SEND, 40008),
        (APPCHAT_SEND, 40008),
        ("/cgi-bin/webhook/send", 40008),
        ("/cgi-bin/message/recall", 40058),
    ] {
        for body in ["", "msgtype=text&content=x", "[]", "\"x\"", "{\"a\""] {
            let response = client.post_bare(&url(&client, path), body);
            assert_eq!(response["errcode"], expected, "{path} {body}");
            let text = response["errmsg"].as_str().unwrap();
            assert!(text.starts_with("Warning: wrong json format. "), "{text}");
        }
    }
    let response = client.app(MESSAGE_SEND, with(text(), &json!({"touser": ["ann"]})));
    assert_eq!(response["errcode"], 41011);
}

#[test]
fn latin_1_in_a_department_name_is_an_invalid_character() {
    let client = Client::new();
    let request = Request::post(url(&client, "/cgi-bin/department/create"));
    let body = Bytes::from_static(b"{\"name\":\"caf\xe9\",\"parentid\":1}");
    let response = client.simulator.handle(&request.body(body).unwrap());
    let response: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response["errcode"], 60009);
}

#[test]
fn empty_optional_texts_are_absent_in_a_new_group_chat() {
    for (client, codes) in both().iter().zip([[0, 0, 0], [86004, 0, 86001]]) {
        for (changes, expected) in
            [json!({"name": ""}), json!({"owner": ""}), json!({"chatid": ""})].iter().zip(codes)
        {
            let body = with(json!({"userlist": ["ann", "bob"]}), changes);
            let response = client.app("/cgi-bin/appchat/create", body);
            assert_eq!(response["errcode"], expected, "{changes}");
        }
    }
}

#[test]
fn department_ids_above_2_31_exist_by_default_only() {
    for (client, expected) in both().iter().zip([0, 60123]) {
        let id = 2_315_041_299_i64;
        let body = json!({"name": "x", "parentid": 1, "id": id});
        assert_eq!(client.contacts("/cgi-bin/department/create", body)["errcode"], expected);
    }
}

#[test]
fn group_text_is_truncated_by_default() {
    for (client, expected) in both().iter().zip([0, 45002]) {
        let content = "部".repeat(683);
        let body = json!({"chatid": "chat", "msgtype": "text", "text": {"content": content}});
        assert_eq!(client.app(APPCHAT_SEND, body)["errcode"], expected);
        let stored = client.simulator.state()["group_messages"][0]["content"]["content"].clone();
        assert!(expected != 0 || stored == json!("部".repeat(682)));
    }
}

#[test]
fn group_links_need_no_scheme_by_default() {
    let card = json!({"title": "t", "description": "d", "url": "example.com"});
    let body = json!({"chatid": "chat", "msgtype": "textcard", "textcard": card});
    let codes = both().map(|it| it.app(APPCHAT_SEND, body.clone())["errcode"].clone());
    assert_eq!(codes, [0, 45034]);
}
