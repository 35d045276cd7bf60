use serde_json::{Value, json};

use wecom_simulator::known;

use crate::client::Client;

const CREATE: &str = "/cgi-bin/user/create";
const UPDATE: &str = "/cgi-bin/user/update";

fn code(response: &Value) -> i64 {
    response["errcode"].as_i64().unwrap()
}

fn with(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Checks a creation with these changes, each against a new corp with Ann in it.
fn check_create(cases: impl IntoIterator<Item = (Value, i64)>) {
    for ((changes, expected), client) in in_both_modes(cases) {
        client.populate(&["Ann"]);
        let body =
            json!({"userid": "new", "name": "n", "mobile": "+34600000000", "department": [1]});
        let response = client.contacts(CREATE, with(body, &changes));
        assert_eq!(code(&response), expected, "{changes}: {response}");
    }
}

fn in_both_modes<T: Clone>(
    cases: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = (T, Client)> {
    cases.into_iter().flat_map(|case| Client::both().map(|client| (case.clone(), client)))
}

fn check_update(cases: impl IntoIterator<Item = (Value, i64)>) {
    for ((changes, expected), client) in in_both_modes(cases) {
        client.populate(&["Ann"]);
        let response = client.contacts(UPDATE, with(json!({"userid": "ann"}), &changes));
        assert_eq!(code(&response), expected, "{changes}: {response}");
    }
}

#[test]
fn ids_and_names() {
    check_create([
        (json!({"userid": "a".repeat(64)}), 0),
        (json!({"userid": "a".repeat(65)}), 40058),
        (json!({"userid": "9_-@.Z"}), 0),
        (json!({"userid": "_a"}), 40003),
        (json!({"userid": "a b"}), 40003),
        (json!({"userid": "部"}), 40003),
        (json!({"name": ""}), 60112),
        (json!({"name": "部".repeat(64)}), 0),
        (json!({"name": "部".repeat(65)}), 40058),
        (json!({"alias": "部".repeat(64)}), 0),
        (json!({"alias": "部".repeat(65)}), 40058),
        (json!({"alias": ""}), 0),
    ]);
    check_update([
        (json!({"name": ""}), 60112),
        (json!({"name": "部".repeat(65)}), 40058),
        (json!({"alias": ""}), 0),
    ]);
}

#[test]
fn mobiles_and_mails() {
    let mail = |length: usize| format!("{}@e.cn", "x".repeat(length - 5));
    check_create([
        (json!({"mobile": ""}), 60129),
        (json!({"mobile": "", "email": "a@b.cn"}), 0),
        (json!({"mobile": "600000000"}), 60103),
        (json!({"mobile": "+34 600"}), 0),
        (json!({"mobile": "+86 13800000001"}), 0),
        (json!({"mobile": "86-138 0000 0001"}), 0),
        (json!({"mobile": "34600000001"}), 0),
        (json!({"mobile": "1380000000"}), 60103),
        (json!({"mobile": "+ -"}), 60103),
        (json!({"mobile": "138(0000)0001"}), 60103),
        (json!({"mobile": "+86 13900000000"}), 60104),
        (json!({"mobile": "86 139 0000 0000"}), 60104),
        (json!({"mobile": "12345678901"}), 0),
        (json!({"mobile": format!("+{}", "1".repeat(31))}), 0),
        (json!({"mobile": format!("+{}", "1".repeat(32))}), 60103),
        (json!({"mobile": "+86-13900000000"}), 60104),
        (json!({"email": mail(6)}), 0),
        (json!({"email": "@ab.cn"}), 60105),
        (json!({"email": "a@b.c"}), 60105),
        (json!({"email": "a@bcdef"}), 60105),
        (json!({"email": mail(64)}), 0),
        (json!({"email": mail(65)}), 60105),
        (json!({"biz_mail": mail(64)}), 0),
        (json!({"biz_mail": mail(65)}), 60143),
        (json!({"biz_mail": "ANN@simulated.example"}), 60145),
    ]);
    let client = Client::new();
    client.populate(&["Ann"]);
    let refused =
        client.contacts(CREATE, json!({"userid": "b", "name": "b", "mobile": "13800000000"}));
    assert_eq!(refused, json!({"errcode": 60104, "errmsg": "mobile existed:Ann"}));
}

#[test]
fn mails_are_unique() {
    let client = Client::new();
    client.populate(&["Ann"]);
    let update = |user: &str, mail: &str| {
        code(&client.contacts(UPDATE, json!({"userid": user, "email": mail})))
    };
    assert_eq!(update("ann", "a@example.com"), 0);
    assert_eq!(update("ann", "A@example.com"), 0);
    assert_eq!(update("founder", "a@EXAMPLE.com"), 60106);
}

#[test]
fn generated_corp_mail_changes_once() {
    let client = Client::new();
    client.populate(&["Ann"]);
    let update =
        |mail: &str| code(&client.contacts(UPDATE, json!({"userid": "ann", "biz_mail": mail})));
    assert_eq!(client.simulator.state()["members"][0]["biz_mail"], "ann@simulated.example");
    assert_eq!(update("ann@simulated.example"), 0, "no change");
    assert_eq!(update("first@simulated.example"), 0);
    assert_eq!(update("first@simulated.example"), 0, "no change");
    assert_eq!(update("second@simulated.example"), 60144);
}

#[test]
fn activated_members_mobile_stays() {
    let client = Client::new();
    let body = json!({"userid": known::FOUNDER, "mobile": "+34600000000", "position": "p"});
    assert_eq!(code(&client.contacts(UPDATE, body)), 0);
    let founder = client.simulator.state()["members"][0].clone();
    assert_eq!((&founder["mobile"], &founder["position"]), (&json!("13900000000"), &json!("p")));
}

#[test]
fn departments_and_their_lists() {
    check_create([
        (json!({"department": [1], "order": [0], "is_leader_in_dept": [1]}), 0),
        (json!({"department": [0]}), 0),
        (json!({"department": []}), 40066),
        (json!({"department": [7]}), 60123),
        (json!({"department": [1, 1]}), 0),
        (json!({"department": vec![1; 101]}), 60110),
        (json!({"order": [1, 2]}), 40058),
        (json!({"order": [-1]}), 40058),
        (json!({"order": [4_294_967_295_i64]}), 0),
        (json!({"order": [4_294_967_296_i64]}), 40058),
        (json!({"is_leader_in_dept": []}), 60132),
        (json!({"is_leader_in_dept": [2]}), 40058),
        (json!({"main_department": 1}), 0),
        (json!({"main_department": 2}), 60123),
    ]);
    check_update([
        (json!({"department": [7]}), 60123),
        (json!({"department": [1], "order": []}), 40058),
        (json!({"order": [1, 2, 3]}), 0),
        (json!({"main_department": 7}), 60123),
        (json!({"main_department": 1}), 0),
    ]);
}

#[test]
fn hundred_departments_at_most() {
    let client = Client::new();
    for id in 2..=101 {
        let body = json!({"name": format!("d{id}"), "parentid": 1, "id": id});
        client.contacts("/cgi-bin/department/create", body);
    }
    for (count, expected) in [(100, 0), (101, 60110)] {
        let places: Vec<_> = (1..=count).collect();
        let body = json!({"userid": format!("u{count}"), "name": "n", "email": format!("u{count}@e.cn"), "department": places});
        assert_eq!(code(&client.contacts(CREATE, body)), expected, "{count}");
    }
}

#[test]
fn new_departments_replace_the_old_ones() {
    let client = Client::new();
    client.populate(&["Ann"]);
    client.contacts("/cgi-bin/department/create", json!({"name": "a", "parentid": 1, "id": 5}));
    let body = json!({"userid": "ann", "department": [5], "order": [9], "is_leader_in_dept": [1]});
    assert_eq!(code(&client.contacts(UPDATE, body)), 0);
    let ann = client.simulator.state()["members"][0].clone();
    assert_eq!(
        (&ann["department"], &ann["order"], &ann["is_leader_in_dept"], &ann["main_department"]),
        (&json!([5]), &json!([9]), &json!([1]), &json!(5))
    );
}

#[test]
fn the_other_fields() {
    check_create([
        (json!({"direct_leader": ["founder", "ann"]}), 0),
        (json!({"direct_leader": ["nobody"]}), 301_021),
        (json!({"direct_leader": vec!["ann"; 5]}), 0),
        (json!({"direct_leader": vec!["ann"; 6]}), 60257),
        (json!({"position": ""}), 0),
        (json!({"position": "部".repeat(128)}), 0),
        (json!({"position": "部".repeat(129)}), 40058),
        (json!({"gender": "2"}), 0),
        (json!({"telephone": ""}), 0),
        (json!({"telephone": format!("+-,{}", "1".repeat(29))}), 0),
        (json!({"telephone": "1".repeat(33)}), 301_013),
        (json!({"telephone": "1 2"}), 301_013),
        (json!({"address": "部".repeat(128)}), 0),
        (json!({"address": "部".repeat(129)}), 40058),
        (json!({"avatar_mediaid": "x"}), 301_015),
        (json!({"avatar_mediaid": ""}), 0),
        (json!({"enable": 0}), 0),
        (json!({"enable": 2}), 40058),
    ]);
    check_update([
        (json!({"telephone": ""}), 0),
        (json!({"telephone": "1"}), 0),
        (json!({"biz_mail_alias": {"item": vec!["a"; 5]}}), 0),
        (json!({"biz_mail_alias": {"item": vec!["a"; 6]}}), 40058),
    ]);
}

#[test]
fn disabling_and_enabling() {
    let client = Client::new();
    client.populate(&["Ann"]);
    for (enable, status) in [(1, 4), (0, 2), (1, 4)] {
        client.contacts(UPDATE, json!({"userid": "ann", "enable": enable}));
        assert_eq!(client.simulator.state()["members"][0]["status"], status);
    }
}

#[test]
fn uploaded_image_is_an_avatar() {
    let client = Client::new();
    let [image, file] = [("image", b"\x89PNG\r\n\x1a\n".as_slice()), ("file", b"123456")]
        .map(|(kind, data)| client.media(kind, "a", data));
    for (avatar, expected) in [(image, 0), (file, 301_015)] {
        let body = json!({"userid": known::FOUNDER, "avatar_mediaid": avatar});
        assert_eq!(code(&client.contacts(UPDATE, body)), expected);
    }
}
