use std::time::Duration;

use bytes::Bytes;
use http::header;
use serde_json::json;
use wecom_simulator::known;

use crate::client::Client;

const MB: usize = 1024 * 1024;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn bot_url(key: &str, kind: &str) -> String {
    format!("/cgi-bin/webhook/upload_media?key={key}&type={kind}")
}

#[test]
fn upload_responds_as_documented() {
    let client = Client::new();
    let response = client.upload("file", "班表.txt", b"123456");
    assert_eq!(response["errcode"], 0);
    assert_eq!(response["errmsg"], "");
    assert_eq!(response["type"], "file");
    assert_eq!(response["created_at"], "1789000000");
    assert_eq!(response["media_id"].as_str().unwrap().len(), 64);

    let response = client.upload_to(&bot_url(known::CHATBOT_KEY, "file"), "a.txt", b"123456");
    assert_eq!((&response["errmsg"], &response["errcode"]), (&json!("ok"), &json!(0)));

    let media = client.simulator.state()["media"].clone();
    assert_eq!((&media[0]["owner"], &media[0]["filename"]), (&json!("corp"), &json!("班表.txt")));
    assert_eq!((&media[1]["owner"], &media[1]["size"]), (&json!("chatbot"), &json!(6)));
}

#[test]
fn uploads_are_refused_by_kind_and_size() {
    let client = Client::new();
    let png = |length: usize| [PNG, &vec![0; length - PNG.len()]].concat();
    let amr = |length: usize| [b"#!AMR\n".as_slice(), &vec![0; length - 6]].concat();
    let mp4 = |length: usize| [b"\0\0\0\x18ftypmp42".as_slice(), &vec![0; length - 12]].concat();
    for (kind, data, expected) in [
        ("picture", vec![0; 6], 40005),
        ("file", vec![0; 5], 40006),
        ("file", vec![0; 6], 0),
        ("file", vec![0; 20 * MB], 0),
        ("file", vec![0; 20 * MB + 1], 45001),
        ("video", mp4(10 * MB), 0),
        ("video", mp4(10 * MB + 1), 45001),
        ("video", vec![0; 12], 40004),
        ("image", png(10 * MB), 0),
        ("image", png(10 * MB + 1), 45001),
        ("image", b"\xff\xd8\xff\xe0\0\x10".to_vec(), 0),
        ("image", b"GIF89a".to_vec(), 40123),
        ("voice", amr(2 * MB), 0),
        ("voice", amr(2 * MB + 1), 45001),
        ("voice", b"ID3ID3".to_vec(), 301_017),
    ] {
        let length = data.len();
        assert_eq!(client.upload(kind, "a.bin", &data)["errcode"], expected, "{kind} {length}");
    }
    for (key, kind, expected) in [
        ("other", "file", 40058),
        (known::CHATBOT_KEY, "image", 40005),
        (known::CHATBOT_KEY, "video", 40005),
    ] {
        let response = client.upload_to(&bot_url(key, kind), "a", b"123456");
        assert_eq!(response["errcode"], expected, "{kind}");
    }
}

fn download(client: &Client, id: &str, range: Option<&str>) -> wecom_simulator::Response {
    let token = client.token(known::SECOND_APP_SECRET);
    let url = format!("/cgi-bin/media/get?access_token={token}&media_id={id}");
    let mut request = Client::request("GET", &url, "");
    if let Some(range) = range {
        request.headers_mut().insert(header::RANGE, range.parse().unwrap());
    }
    client.simulator.handle(&request)
}

#[test]
fn downloads_give_the_bytes_for_three_days() {
    let client = Client::new();
    let id = client.media("file", "a.txt", b"123456");
    let response = download(&client, &id, None);
    assert_eq!((response.status, response.body), (200, Bytes::from("123456")));
    let attachment = "attachment; filename=\"a.txt\"".to_owned();
    assert!(response.headers.contains(&("content-disposition".to_owned(), attachment)));

    let response = download(&client, &id, Some("bytes=1-2"));
    assert_eq!((response.status, response.body), (206, Bytes::from("23")));
    assert!(response.headers.contains(&("content-range".to_owned(), "bytes 1-2/6".to_owned())));
    assert_eq!(download(&client, &id, Some("bytes=4-99")).body, "56");
    assert!(download(&client, &id, Some("bytes=6-")).body.starts_with(b"{\"errcode\":40058"));

    assert!(download(&client, "other", None).body.starts_with(b"{\"errcode\":40007"));
    client.simulator.advance(Duration::from_secs(3 * 86_400 - 1));
    assert_eq!(download(&client, &id, None).body, "123456");
    client.simulator.advance(Duration::from_secs(1));
    assert!(download(&client, &id, None).body.starts_with(b"{\"errcode\":40007"));
}

#[test]
fn media_of_a_chatbot_are_refused_to_applications() {
    let client = Client::new();
    let url = bot_url(known::CHATBOT_KEY, "file");
    let id = client.upload_to(&url, "a", b"123456")["media_id"].as_str().unwrap().to_owned();
    assert!(download(&client, &id, None).body.starts_with(b"{\"errcode\":40007"));
}

#[test]
fn permanent_images_are_checked_and_counted() {
    let client = Client::new();
    let upload = |data: &[u8]| {
        let token = client.token(known::APP_SECRET);
        client.upload_to(&format!("/cgi-bin/media/uploadimg?access_token={token}"), "a.png", data)
    };
    let large = [PNG, &vec![0; 2 * MB - PNG.len()]].concat();
    for (data, expected) in [
        (PNG, 0),
        (b"12345", 40009),
        (b"GIF89a", 40123),
        (large.as_slice(), 0),
        ([&large, PNG].concat().as_slice(), 40009),
    ] {
        let response = upload(data);
        assert_eq!(response["errcode"], expected, "{}", data.len());
        assert_eq!(response.get("url").is_some(), expected == 0);
    }
    assert_eq!(client.simulator.state()["images"][0]["filename"], "a.png");
    for _ in 2..1000 {
        assert_eq!(upload(PNG)["errcode"], 0);
    }
    assert_eq!(upload(PNG)["errcode"], 45009);
    client.simulator.advance(std::time::Duration::from_hours(24));
    assert_eq!(upload(PNG)["errcode"], 0);
}

#[test]
fn chatbot_upload_finds_an_empty_part_before_a_wrong_key() {
    let client = Client::new();
    let response = client.upload_to(&bot_url("other", "file"), "a", b"");
    assert_eq!(response["errcode"], 44001);
    let response = client.upload_to(&bot_url("other", "file"), "a", b"123456");
    assert!(response["errmsg"].as_str().unwrap().starts_with("invalid param 'key'"), "{response}");
}
