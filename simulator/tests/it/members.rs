use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const CREATE: &str = "/cgi-bin/user/create";
const UPDATE: &str = "/cgi-bin/user/update";
const DELETE: &str = "/cgi-bin/user/delete";
const LIST: &str = "/cgi-bin/user/list_id";

fn code(response: &Value) -> i64 {
    response["errcode"].as_i64().unwrap()
}

#[test]
fn member_is_created_read_updated_and_deleted() {
    let client = Client::new();
    let body = json!({
        "userid": "Iker.Z", "name": "Iker 萨巴拉", "mobile": "+34600000000", "department": [1],
        "order": [20], "is_leader_in_dept": [0], "direct_leader": [known::FOUNDER],
        "position": "Dispatcher", "gender": "1", "enable": 1, "to_invite": false,
    });
    assert_eq!(client.contacts(CREATE, body), json!({"errcode": 0, "errmsg": "created"}));
    assert_eq!(
        client.app_get("/cgi-bin/user/get", "&userid=iker.z"),
        json!({
            "errcode": 0, "errmsg": "ok", "userid": "Iker.Z", "name": "Iker 萨巴拉",
            "department": [1], "order": [20], "is_leader_in_dept": [0],
            "direct_leader": [known::FOUNDER], "main_department": 1, "position": "Dispatcher",
            "status": 4, "open_userid": "",
        })
    );
    let response =
        client.contacts(UPDATE, json!({"userid": "IKER.z", "name": "Z", "direct_leader": []}));
    assert_eq!(response, json!({"errcode": 0, "errmsg": "updated"}));
    let member = client.simulator.state()["members"][1].clone();
    assert_eq!((&member["name"], &member["direct_leader"]), (&json!("Z"), &json!([])));
    assert_eq!((&member["position"], &member["invited"]), (&json!("Dispatcher"), &json!(false)));

    let deleted = client.contacts_get(DELETE, "&userid=iker.z");
    assert_eq!(deleted, json!({"errcode": 0, "errmsg": "deleted"}));
    assert_eq!(code(&client.contacts_get(DELETE, "&userid=iker.z")), 60111);
    assert_eq!(code(&client.app_get("/cgi-bin/user/get", "&userid=iker.z")), 60111);
}

#[test]
fn refusals_of_ids() {
    for client in Client::both() {
        for (query, expected) in
            [("", 41009), ("&userid=Founder", 301_005), ("&userid=nobody", 60111)]
        {
            assert_eq!(code(&client.contacts_get(DELETE, query)), expected, "{query}");
        }
        for (body, expected) in [
            (json!({"name": "a", "mobile": "13800000000"}), 41009),
            (json!({"userid": "FOUNDER", "name": "a", "mobile": "13800000000"}), 60102),
        ] {
            assert_eq!(code(&client.contacts(CREATE, body.clone())), expected, "{body}");
        }
        for (body, expected) in [
            (json!({}), 41009),
            (json!({"userid": "nobody"}), 60111),
            (json!({"userid": "founder", "new_userid": "x"}), 301_036),
        ] {
            assert_eq!(code(&client.contacts(UPDATE, body.clone())), expected, "{body}");
        }
    }
}

#[test]
fn narrow_app_reads_only_its_members() {
    let client = Client::new();
    client.populate(&["a"]);
    let get = |query| code(&client.get_as(known::NARROW_APP_SECRET, "/cgi-bin/user/get", query));
    assert_eq!([get("&userid=founder"), get("&userid=a")], [0, 60111]);
}

#[test]
fn member_ids_come_in_pages_of_rows() {
    let client = Client::new();
    client.contacts("/cgi-bin/department/create", json!({"name": "a", "parentid": 1, "id": 5}));
    for (id, places) in [("a", vec![5, 1]), ("z", vec![])] {
        let mut body = json!({"userid": id, "name": id, "email": format!("{id}@example.com")});
        if !places.is_empty() {
            body["department"] = json!(places);
        }
        assert_eq!(code(&client.contacts(CREATE, body)), 0);
    }
    let all = client.contacts(LIST, json!({}));
    let rows = json!([
        {"userid": "a", "department": 5}, {"userid": "a", "department": 1},
        {"userid": "founder", "department": 1}, {"userid": "z", "department": 0},
    ]);
    assert_eq!(all, json!({"errcode": 0, "errmsg": "ok", "next_cursor": "", "dept_user": rows}));

    for limit in 1..=4 {
        let mut found = Vec::new();
        let mut cursor = json!("");
        loop {
            let page = client.contacts(LIST, json!({"cursor": cursor, "limit": limit}));
            let rows = page["dept_user"].as_array().unwrap();
            assert!(rows.len() <= limit);
            found.extend(rows.clone());
            cursor = page["next_cursor"].clone();
            if cursor == "" {
                break;
            }
        }
        assert_eq!(json!(found), rows, "pages of {limit}");
    }
}

#[test]
fn page_is_refused() {
    for client in Client::both() {
        for (body, expected) in [
            (json!({"limit": 0}), 40058),
            (json!({"limit": 1}), 0),
            (json!({"limit": 10_000}), 0),
            (json!({"limit": 10_001}), 40058),
            (json!({"cursor": "c-7"}), 50100),
        ] {
            assert_eq!(code(&client.contacts(LIST, body.clone())), expected, "{body}");
        }
    }
}
