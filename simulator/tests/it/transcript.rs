use wecom_simulator::{TranscriptEntry, known};

use crate::client::Client;

fn last(client: &Client) -> TranscriptEntry {
    client.simulator.transcript().last().unwrap().clone()
}

#[test]
fn line_has_the_request_and_its_code() {
    let client = Client::new();
    client.contacts("/cgi-bin/department/create", serde_json::json!({"name": "部", "parentid": 1}));
    assert_eq!(
        last(&client).to_string(),
        "POST /cgi-bin/department/create?access_token=<contacts token 1> \
         {\"name\":\"部\",\"parentid\":1} -> 0"
    );
    client.get_bare("/cgi-bin/gettoken?corpid=a&corpsecret=b");
    assert_eq!(
        last(&client).to_string(),
        "GET /cgi-bin/gettoken?corpid=a&corpsecret=<unknown secret> -> 40013"
    );
}

#[test]
fn uploads_are_summarized() {
    let client = Client::new();
    client.upload("file", "a.txt", b"123456");
    assert_eq!(
        last(&client).body,
        "<multipart media filename=\"a.txt\" type=application/octet-stream length=6>"
    );
}

#[test]
fn secrets_are_redacted_everywhere() {
    let client = Client::new();
    let token = client.token(known::APP_SECRET);
    let stray = format!("{{\"a\":\"{token}\",\"b\":\"{}\"}}", known::CONTACTS_SECRET);
    let url = format!("/cgi-bin/webhook/send?key={}&x={token}", known::SECOND_CHATBOT_KEY);
    client.post_bare(&url, &stray);
    let recorded = last(&client);
    assert_eq!(recorded.query, "key=<second chatbot key>&x=<app token 1>");
    assert_eq!(recorded.body, "{\"a\":\"<app token 1>\",\"b\":\"<contacts secret>\"}");
}

#[test]
fn long_bodies_are_truncated_after_redaction() {
    let client = Client::new();
    let token = client.token(known::APP_SECRET);
    let long = format!("{}{token}{}", "部".repeat(1360), "x".repeat(9000));
    client.post_bare("/cgi-bin/webhook/send?key=k", &long);
    let body = last(&client).body;
    assert!(body.len() <= 4096 && body.ends_with('…'), "{}", body.len());
    assert!(!body.contains("simtoken-"));
}
