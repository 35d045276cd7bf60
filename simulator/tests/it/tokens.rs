use std::time::Duration;

use wecom_simulator::known;

use crate::client::Client;

fn gettoken(client: &Client, query: &str) -> serde_json::Value {
    client.get_bare(&format!("/cgi-bin/gettoken?{query}"))
}

#[test]
fn token_is_the_same_until_it_expires() {
    let client = Client::new();
    let query = format!("corpid={}&corpsecret={}", known::CORP_ID, known::APP_SECRET);
    let first = gettoken(&client, &query);
    assert_eq!(first["errcode"], 0);
    assert_eq!(first["errmsg"], "ok");
    assert_eq!(first["expires_in"], 7200);
    assert_eq!(first["access_token"].as_str().unwrap().len(), 214);

    client.simulator.advance(Duration::from_secs(7199));
    assert_eq!(gettoken(&client, &query), first);
    client.simulator.advance(Duration::from_secs(1));
    assert_ne!(gettoken(&client, &query)["access_token"], first["access_token"]);
}

#[test]
fn secrets_have_their_own_tokens() {
    let client = Client::new();
    assert_ne!(client.token(known::APP_SECRET), client.token(known::SECOND_APP_SECRET));
}

#[test]
fn wrong_credentials_are_refused() {
    for client in Client::both() {
        let good = known::CORP_ID;
        for (query, code) in [
            (String::new(), 41002),
            (format!("corpid=&corpsecret={}", known::APP_SECRET), 41002),
            (format!("corpid={good}"), 41004),
            (format!("corpid={good}&corpsecret="), 41004),
            (format!("corpid=ww2&corpsecret={}", known::APP_SECRET), 40013),
            (format!("corpid={good}&corpsecret=other"), 40001),
        ] {
            assert_eq!(gettoken(&client, &query)["errcode"], code, "{query}");
        }
    }
}

#[test]
fn dead_tokens_are_refused_until_a_new_one_is_fetched() {
    let client = Client::new();
    let path = "/cgi-bin/department/simplelist";
    let token = client.token(known::APP_SECRET);
    let call =
        |token: &str| client.get_bare(&format!("{path}?access_token={token}"))["errcode"].clone();
    assert_eq!(call(&token), 0);
    assert_eq!(call("other"), 40014);
    assert_eq!(call(""), 41001);
    assert_eq!(client.get_bare(path)["errcode"], 41001);

    client.simulator.revoke_tokens();
    assert_eq!(call(&token), 40014);
    let token = client.token(known::APP_SECRET);
    assert_eq!(call(&token), 0);

    client.simulator.advance(Duration::from_hours(2));
    assert_eq!(call(&token), 40014);
}
