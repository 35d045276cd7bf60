use serde_json::{Value, json};

use wecom_simulator::known;

use crate::client::Client;

const CREATE: &str = "/cgi-bin/department/create";
const UPDATE: &str = "/cgi-bin/department/update";
const DELETE: &str = "/cgi-bin/department/delete";

/// Root > 10 > 11, and root > 20.
fn tree() -> Client {
    with_tree(Client::new())
}

fn both_trees() -> [Client; 2] {
    Client::both().map(with_tree)
}

fn with_tree(client: Client) -> Client {
    for (id, parent, name) in [(10, 1, "十"), (11, 10, "十一"), (20, 1, "二十")] {
        let response = client.contacts(CREATE, json!({"name": name, "parentid": parent, "id": id}));
        assert_eq!(response, json!({"errcode": 0, "errmsg": "created", "id": id}));
    }
    client
}

fn code(response: &Value) -> i64 {
    response["errcode"].as_i64().unwrap()
}

#[test]
fn creation_picks_ids_and_orders() {
    let client = Client::new();
    assert_eq!(client.contacts(CREATE, json!({"name": "a", "parentid": 1}))["id"], 2);
    assert_eq!(client.contacts(CREATE, json!({"name": "b", "parentid": 1, "id": 3}))["id"], 3);
    assert_eq!(client.contacts(CREATE, json!({"name": "c", "parentid": 1, "order": 7}))["id"], 4);
    let departments = client.simulator.state()["departments"].clone();
    let orders: Vec<_> = departments.as_array().unwrap().iter().map(|it| &it["order"]).collect();
    assert_eq!(orders, [100_000_000, 100_000_000, 99_999_000, 7]);
}

#[test]
fn creation_is_refused() {
    for client in both_trees() {
        for (body, expected) in [
            (json!({"parentid": 1}), 60001),
            (json!({"name": "", "parentid": 1}), 40058),
            (json!({"name": "部".repeat(64), "parentid": 1}), 0),
            (json!({"name": "部".repeat(65), "parentid": 1}), 60001),
            (json!({"name": "a\\b", "parentid": 1}), 60009),
            (json!({"name": "a|b", "parentid": 1}), 60009),
            (json!({"name": "a\"/b", "parentid": 1}), 0),
            (json!({"name": "x", "name_en": "", "parentid": 1}), 60001),
            (json!({"name": "x", "name_en": "部".repeat(65), "parentid": 1}), 40058),
            (json!({"name": "x", "name_en": "a:b", "parentid": 1}), 60009),
            (json!({"name": "x"}), 60004),
            (json!({"name": "x", "parentid": 0}), 60004),
            (json!({"name": "x", "parentid": 99}), 60004),
            (json!({"name": "x", "parentid": 1, "order": -1}), 60009),
            (json!({"name": "x", "parentid": 1, "order": 4_294_967_296_i64}), 60009),
            (json!({"name": "x", "parentid": 1, "id": 0}), 60123),
            (json!({"name": "x", "parentid": 1, "id": 4_294_967_296_i64}), 60123),
            (json!({"name": "largest id", "parentid": 1, "id": 2_147_483_647}), 0),
            (json!({"name": "x", "parentid": 1, "id": 1}), 60008),
            (json!({"name": "x", "parentid": 1, "id": 10}), 60008),
            (json!({"name": "十", "parentid": 1}), 60008),
            (json!({"name": "十", "parentid": 10}), 0),
            (json!({"name": "x", "parentid": 1, "name_en": "X"}), 0),
            (json!({"name": "y", "parentid": 1, "name_en": "X"}), 60008),
            (json!({"name": "z", "parentid": 1, "order": 4_294_967_295_i64}), 0),
        ] {
            assert_eq!(code(&client.contacts(CREATE, body.clone())), expected, "{body}");
        }
    }
}

#[test]
fn fifteen_levels_at_most() {
    let client = Client::new();
    for level in 2..=15 {
        let body = json!({"name": "a", "parentid": level - 1, "id": level});
        assert_eq!(code(&client.contacts(CREATE, body)), 0, "level {level}");
    }
    assert_eq!(code(&client.contacts(CREATE, json!({"name": "a", "parentid": 15}))), 81002);
    client.contacts(CREATE, json!({"name": "b", "parentid": 1, "id": 20}));
    client.contacts(CREATE, json!({"name": "b", "parentid": 20, "id": 21}));
    assert_eq!(code(&client.contacts(UPDATE, json!({"id": 20, "parentid": 14}))), 81002);
    assert_eq!(code(&client.contacts(UPDATE, json!({"id": 20, "parentid": 13}))), 0);
}

#[test]
fn update_changes_only_the_given_fields() {
    let client = tree();
    let updated = json!({"errcode": 0, "errmsg": "updated"});
    assert_eq!(client.contacts(UPDATE, json!({"id": 11})), updated);
    assert_eq!(client.contacts(UPDATE, json!({"id": 11, "name": "新", "parentid": 20})), updated);
    let get = client.app_get("/cgi-bin/department/get", "&id=11");
    assert_eq!(
        get["department"],
        json!({"id": 11, "name": "新", "parentid": 20, "order": 100_000_000, "department_leader": []})
    );
    // Nothing is left under the old parent.
    assert_eq!(code(&client.contacts_get(DELETE, "&id=10")), 0);
}

#[test]
fn order_out_of_range_is_wrapped_with_a_warning() {
    let client = tree();
    for (order, kept) in [(-1_i64, 4_294_967_295_i64), (4_294_967_296, 0)] {
        let response = client.contacts(UPDATE, json!({"id": 20, "order": order}));
        assert_eq!(
            response,
            json!({"errcode": 0, "errmsg": "updated. Warning: wrong json format. "})
        );
        let list = client.app_get("/cgi-bin/department/simplelist", "&id=20");
        assert_eq!(list["department_id"], json!([{"id": 20, "parentid": 1, "order": kept}]));
    }
}

#[test]
fn update_is_refused() {
    for client in both_trees() {
        for (body, expected) in [
            (json!({}), 60003),
            (json!({"id": 99}), 60003),
            (json!({"id": 10, "name": ""}), 40058),
            (json!({"id": 10, "name": "部".repeat(65)}), 60001),
            (json!({"id": 10, "name": "二十"}), 60008),
            (json!({"id": 11, "name": "二十", "parentid": 1}), 60008),
            (json!({"id": 10, "parentid": 0}), 60124),
            (json!({"id": 10, "parentid": 99}), 60124),
            (json!({"id": 10, "parentid": 10}), 60010),
            (json!({"id": 10, "parentid": 11}), 60010),
        ] {
            assert_eq!(code(&client.contacts(UPDATE, body.clone())), expected, "{body}");
        }
    }
}

#[test]
fn deletion_needs_an_empty_department() {
    let client = tree();
    let member = json!({"userid": "m", "name": "m", "email": "m@example.com", "department": [20]});
    client.contacts("/cgi-bin/user/create", member);
    for (query, expected) in [
        ("", 40058),
        ("&id=-1", 40058),
        ("&id=1", 60007),
        ("&id=10", 60006),
        ("&id=20", 60005),
        ("&id=99", 60123),
    ] {
        assert_eq!(code(&client.contacts_get(DELETE, query)), expected, "{query}");
    }
    assert_eq!(client.contacts_get(DELETE, "&id=11"), json!({"errcode": 0, "errmsg": "deleted"}));
    assert_eq!(code(&client.contacts_get(DELETE, "&id=11")), 60123);
}

#[test]
fn lists_are_recursive() {
    let client = tree();
    let ids = |query| {
        let response = client.contacts_get("/cgi-bin/department/simplelist", query);
        let rows = response["department_id"].as_array().unwrap();
        rows.iter().map(|it| it["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(ids(""), [1, 10, 11, 20]);
    assert_eq!(ids("&id=10"), [10, 11]);
    let missing = client.contacts_get("/cgi-bin/department/simplelist", "&id=99");
    assert_eq!((code(&missing), &missing["department_id"]), (60123, &json!([])));
    let wrong = client.contacts_get("/cgi-bin/department/simplelist", "&id=-1");
    assert!(wrong["errmsg"].as_str().unwrap().starts_with("field `id` expect type `uint32`"));

    let list = client.app_get("/cgi-bin/department/list", "&id=1");
    assert_eq!(list["department"][0]["department_leader"], json!([known::FOUNDER]));
    assert_eq!(code(&client.app_get("/cgi-bin/department/list", "&id=99")), 60123);
    assert_eq!(code(&client.app_get("/cgi-bin/department/get", "&id=99")), 60123);
}

#[test]
fn narrow_app_sees_its_own_departments() {
    let client = tree();
    let body = json!({"name": "n", "parentid": 10, "id": known::NARROW_DEPARTMENT_ID});
    client.contacts(CREATE, body);
    let get = |path, query| client.get_as(known::NARROW_APP_SECRET, path, query);
    let all = get("/cgi-bin/department/simplelist", "");
    assert_eq!(all["department_id"].as_array().unwrap().len(), 1);
    assert_eq!(code(&get("/cgi-bin/department/simplelist", "&id=10")), 60011);
    assert_eq!(code(&get("/cgi-bin/department/get", "&id=10")), 60011);
    assert_eq!(code(&get("/cgi-bin/department/get", "&id=900000")), 0);
}
