//! Reading and finding members, and what an application may ask about itself.

use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

/// Departments 5 and 6 below it; `a` in 5, `b` in 6.
fn corp() -> Client {
    let client = Client::new();
    for (id, parent) in [(5, 1), (6, 5)] {
        let body = json!({"name": format!("d{id}"), "parentid": parent, "id": id});
        client.contacts("/cgi-bin/department/create", body);
    }
    for (id, department, mobile) in [("A", 5, "+86 138-0000-0000"), ("b", 6, "+34600000000")] {
        let body = json!({"userid": id, "name": id, "mobile": mobile, "email": format!("{id}@example.com"), "department": [department]});
        assert_eq!(client.contacts("/cgi-bin/user/create", body)["errcode"], 0);
    }
    client
}

fn ids(response: &Value) -> Vec<&str> {
    response["userlist"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["userid"].as_str().unwrap())
        .collect()
}

#[test]
fn department_lists_its_direct_members() {
    let client = corp();
    for path in ["/cgi-bin/user/simplelist", "/cgi-bin/user/list"] {
        assert_eq!(ids(&client.app_get(path, "&department_id=5")), ["A"]);
        assert_eq!(ids(&client.app_get(path, "&department_id=5&fetch_child=1")), ["A", "b"]);
        assert_eq!(ids(&client.app_get(path, "&department_id=5&fetch_child=0")), ["A"]);
        for (query, expected) in
            [("", 40058), ("&department_id=", 40058), ("&department_id=7", 60123)]
        {
            assert_eq!(client.app_get(path, query)["errcode"], expected, "{query}");
        }
        let narrow = client.get_as(known::NARROW_APP_SECRET, path, "&department_id=5");
        assert_eq!((&narrow["errcode"], &narrow["userlist"]), (&json!(60011), &json!([])));
    }
    let response = client.app_get("/cgi-bin/user/simplelist", "&department_id=6");
    assert_eq!(
        response["userlist"],
        json!([{"userid": "b", "name": "b", "department": [6], "open_userid": ""}])
    );
    let response = client.app_get("/cgi-bin/user/list", "&department_id=6");
    assert_eq!(response["userlist"][0].get("mobile"), None, "withheld from newer applications");
    assert_eq!(response["userlist"][0]["status"], 4);
}

#[test]
fn members_are_found_by_number_and_address() {
    let client = corp();
    let find = |path: &str, body: Value| {
        let response = client.app(path, body);
        (response["errcode"].as_i64().unwrap(), response["userid"].clone())
    };
    for (mobile, expected) in [
        ("13800000000", (0, json!("A"))),
        ("+86 138 0000 0000", (0, json!("A"))),
        ("+34600000000", (0, json!("b"))),
        ("13811111111", (46004, Value::Null)),
        ("1380", (60103, Value::Null)),
        ("", (60103, Value::Null)),
    ] {
        assert_eq!(find("/cgi-bin/user/getuserid", json!({ "mobile": mobile })), expected);
    }
    let path = "/cgi-bin/user/get_userid_by_email";
    for (body, expected) in [
        (json!({"email": "a@simulated.example"}), (0, json!("A"))),
        (json!({"email": "a@simulated.example", "email_type": 1}), (0, json!("A"))),
        (json!({"email": "a@simulated.example", "email_type": 2}), (46004, Value::Null)),
        (json!({"email": "a@EXAMPLE.com", "email_type": 2}), (0, json!("A"))),
        (json!({"email": "a@example.com", "email_type": 3}), (40058, Value::Null)),
        (json!({"email": "a"}), (60105, Value::Null)),
    ] {
        assert_eq!(find(path, body.clone()), expected, "{body}");
    }
    let hidden = client.post_as(
        known::NARROW_APP_SECRET,
        "/cgi-bin/user/getuserid",
        json!({"mobile": "13800000000"}),
    );
    assert_eq!(hidden["errcode"], 46004);
}

#[test]
fn batch_deletion_is_all_or_nothing() {
    for (ids, expected, left) in [
        (vec!["A".to_owned(), "b".to_owned()], 0, 1),
        (vec!["a".to_owned(), "nobody".to_owned()], 40031, 3),
        (vec!["a".to_owned(), "founder".to_owned()], 301_005, 3),
        (vec![], 40031, 3),
        (vec!["a".to_owned(); 200], 0, 2),
        (vec!["a".to_owned(); 201], 40032, 3),
    ] {
        let client = corp();
        let response = client.contacts("/cgi-bin/user/batchdelete", json!({ "useridlist": ids }));
        assert_eq!(response["errcode"], expected);
        assert_eq!(client.simulator.state()["members"].as_array().unwrap().len(), left);
        assert!(expected != 0 || response["errmsg"] == "deleted");
    }
}

#[test]
fn application_reads_itself() {
    let client = Client::new();
    let get = |secret, agent_id: u32| {
        client.get_as(secret, "/cgi-bin/agent/get", &format!("&agentid={agent_id}"))
    };
    let response = get(known::APP_SECRET, known::AGENT_ID);
    assert_eq!((&response["agentid"], &response["close"]), (&json!(known::AGENT_ID), &json!(0)));
    assert_eq!(response["allow_partys"], json!({"partyid": [1]}));
    let response = get(known::NARROW_APP_SECRET, known::NARROW_AGENT_ID);
    assert_eq!(response["allow_userinfos"], json!({"user": [{"userid": known::FOUNDER}]}));
    assert_eq!(get(known::APP_SECRET, known::SECOND_AGENT_ID)["errcode"], 301_002);
    assert_eq!(get(known::CONTACTS_SECRET, known::AGENT_ID)["errcode"], 301_002);
    assert_eq!(get(known::APP_SECRET, 7)["errcode"], 40056);
    let list = client.app_get("/cgi-bin/agent/list", "");
    assert_eq!(list["agentlist"][0]["agentid"], known::AGENT_ID);
    assert_eq!(client.contacts_get("/cgi-bin/agent/list", "")["agentlist"], json!([]));
}

#[test]
fn addresses_need_only_a_token() {
    let client = Client::new();
    for path in ["/cgi-bin/get_api_domain_ip", "/cgi-bin/getcallbackip"] {
        assert!(client.contacts_get(path, "")["ip_list"][0].is_string());
        assert_eq!(client.get_bare(&format!("{path}?access_token=x"))["errcode"], 40014);
    }
}
