use serde::Deserialize;
use serde_json::{Value, json};
use wecom_simulator::known;

use crate::client::Client;

const SAMPLES: &str = include_str!("../../../host-tests/samples/samples.json");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    page: String,
    r#as: String,
    method: String,
    path: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    body: Value,
    response: Value,
}

/// A corp with everything that the samples refer to.
fn corp() -> Client {
    let client = Client::new();
    for (id, parent) in [(2, 1), (3, 2)] {
        let body = json!({"name": format!("d{id}"), "parentid": parent, "id": id});
        client.contacts("/cgi-bin/department/create", body);
    }
    for (number, id) in ["zhangsan", "lisi", "zhaoliu", "qianqi"].into_iter().enumerate() {
        let body = json!({"userid": id, "name": id, "mobile": format!("1340000000{}", number + 1), "department": [2]});
        client.contacts("/cgi-bin/user/create", body);
    }
    let body = json!({"chatid": "chat1", "owner": "lisi", "userlist": ["lisi", "zhaoliu"]});
    assert_eq!(client.app("/cgi-bin/appchat/create", body)["errcode"], 0);
    client
}

/// The ids that replace the placeholders.
fn placeholders(client: &Client) -> Vec<(&'static str, String)> {
    let bot = |kind: &str, data: &[u8]| {
        let key = known::CHATBOT_KEY;
        let url = format!("/cgi-bin/webhook/upload_media?key={key}&type={kind}");
        client.upload_to(&url, "a", data)["media_id"].as_str().unwrap().to_owned()
    };
    let card = json!({
        "card_type": "button_interaction", "task_id": "first", "main_title": {"title": "t"},
        "button_list": [{"text": "b", "key": "k"}],
    });
    let sent = client.app(
        "/cgi-bin/message/send",
        json!({"touser": "zhangsan", "agentid": known::AGENT_ID, "msgtype": "template_card", "template_card": card}),
    );
    vec![
        ("MEDIA-IMAGE", client.media("image", "a.png", b"\x89PNG\r\n\x1a\n")),
        ("MEDIA-VOICE", client.media("voice", "a.amr", b"#!AMR\n")),
        ("MEDIA-VIDEO", client.media("video", "a.mp4", b"\0\0\0\x18ftypmp42")),
        ("MEDIA-FILE", client.media("file", "a.pdf", b"123456")),
        ("MEDIA-BOT-FILE", bot("file", b"123456")),
        ("MEDIA-BOT-VOICE", bot("voice", b"#!AMR\n")),
        ("MSGID", sent["msgid"].as_str().unwrap().to_owned()),
        ("RESPONSE-CODE", sent["response_code"].as_str().unwrap().to_owned()),
    ]
}

fn send(client: &Client, sample: &Sample) -> Value {
    let mut body = if sample.body.is_null() { String::new() } else { sample.body.to_string() };
    for (name, id) in placeholders(client) {
        body = body.replace(&format!("\"{name}\""), &format!("\"{id}\""));
    }
    let credential = match sample.r#as.as_str() {
        "contacts" => format!("access_token={}", client.token(known::CONTACTS_SECRET)),
        "app" => format!("access_token={}", client.token(known::APP_SECRET)),
        _ => format!("key={}", known::CHATBOT_KEY),
    };
    let url = format!("{}?{credential}&{}", sample.path, sample.query);
    let response = client.simulator.handle(&Client::request(&sample.method, &url, &body));
    serde_json::from_slice(&response.body).unwrap()
}

/// Requests are accepted without a warning, and responses have no member that the page does not show.
#[test]
fn sample_of_each_page_is_accepted() {
    let samples: Vec<Sample> = serde_json::from_str(SAMPLES).unwrap();
    assert!(samples.len() > 60);
    for sample in &samples {
        let response = send(&corp(), sample);
        let name = format!("{} {} {}", sample.page, sample.path, sample.body);
        assert_eq!(response["errcode"], 0, "{name}: {response}");
        assert!(!response["errmsg"].as_str().unwrap().contains("arning"), "{name}: {response}");
        let known = sample.response.as_object().unwrap();
        let unknown = response.as_object().unwrap().keys().find(|it| !known.contains_key(*it));
        assert_eq!(unknown, None, "{name}");
    }
}

/// The vendor's own upload line: `curl -F media=@test.csv`.
#[test]
fn upload_of_curl_is_accepted() {
    let client = Client::new();
    let token = client.token(known::APP_SECRET);
    let url = format!("/cgi-bin/media/upload?access_token={token}&type=file");
    let body = "--------------------------d74496d66958873e\r\n\
                Content-Disposition: form-data; name=\"media\"; filename=\"test.csv\"\r\n\
                Content-Type: text/csv\r\n\r\n1,2,3\r\n\r\n\
                --------------------------d74496d66958873e--\r\n";
    let request = http::Request::post(url).header(
        "content-type",
        "multipart/form-data; boundary=------------------------d74496d66958873e",
    );
    let response = client.simulator.handle(&request.body(body.into()).unwrap());
    let response: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(
        (&response["errcode"], &response["type"]),
        (&json!(0), &json!("file")),
        "{response}"
    );
    assert_eq!(client.simulator.state()["media"][0]["size"], 7);
}
