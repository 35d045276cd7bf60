use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use wecom_simulator::{Simulator, known};

use crate::client::Client;

const MAX_TRANSCRIPT: usize = 10_000;

#[test]
fn fresh_corp_has_a_root_and_a_founder() {
    let state = Simulator::new().state();
    assert_eq!(state["departments"][0]["id"], 1);
    assert_eq!(state["members"][0]["userid"], known::FOUNDER);
    assert_eq!(state["tokens_issued"], 0);
    for subject in
        ["group_chats", "messages", "group_messages", "chatbot_messages", "media", "images"]
    {
        assert_eq!(state[subject], json!([]), "{subject}");
    }
}

#[test]
fn the_state_contains_no_secret() {
    let client = Client::new();
    let token = client.token(known::APP_SECRET);
    let state = client.simulator.state().to_string();
    assert!(!state.contains(&token) && !state.contains(known::APP_SECRET));
}

#[test]
fn reset_clears_everything() {
    let client = Client::new();
    client.token(known::APP_SECRET);
    client.simulator.advance(Duration::from_secs(9));
    client.simulator.reset();
    assert_eq!(client.simulator.state(), Simulator::new().state());
    assert!(client.simulator.transcript().is_empty());
}

#[test]
fn broken_requests_never_panic() {
    for client in Client::both() {
        let key = known::CHATBOT_KEY;
        let upload = b"--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"; \
                   filelength=6\r\nContent-Type: image/png\r\n\r\n123456\r\n--b--\r\n";
        let json =
            "{\"msgtype\":\"text\",\"text\":{\"content\":\"水泵\",\"mentioned_list\":[\"a\"]}}";
        for (path, content_type, body) in [
            ("upload_media", "multipart/form-data; boundary=b", upload.as_slice()),
            ("send", "application/json; charset=utf-8", json.as_bytes()),
        ] {
            let url = format!(
                "/cgi-bin/webhook/{path}?key={key}{}",
                if path == "send" { "" } else { "&type=file" }
            );
            for at in 0..=body.len() {
                let mut changed = body.to_vec();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 0x80;
                }
                for broken in [&body[..at], &body[at..], &changed] {
                    let request = Request::post(&url)
                        .header("host", "h")
                        .header("content-type", content_type);
                    let request = request.body(Bytes::copy_from_slice(broken)).unwrap();
                    assert_eq!(client.simulator.handle(&request).status, 200);
                }
            }
        }
        let codes: std::collections::BTreeSet<_> =
            client.simulator.transcript().iter().filter_map(|it| it.errcode).collect();
        assert!([0, 44001].iter().all(|it| codes.contains(it)), "{codes:?}");
    }
}

#[test]
fn no_time_is_too_late() {
    // The end of all time, and a minute before.
    for seconds in [u64::MAX, u64::MAX - 1_789_000_060] {
        let client = Client::new();
        client.populate(&["ann"]);
        client.simulator.advance(Duration::from_secs(seconds));
        let text = json!({"content": "Pump 2 restarted"});
        for _ in 0..20 {
            let sent = client.chatbot(json!({"msgtype": "text", "text": text}));
            assert_eq!(sent["errcode"], 0, "{seconds}");
        }
        let sent = client.chatbot(json!({"msgtype": "text", "text": text}));
        assert_eq!(sent["errcode"], 45009, "{seconds}");

        // At the end a token has expired as soon as it is issued.
        let expected = if seconds == u64::MAX { 40014 } else { 0 };
        let chat = json!({"chatid": "storm", "userlist": ["founder", "ann"]});
        assert_eq!(client.app("/cgi-bin/appchat/create", chat)["errcode"], expected);
        for _ in 0..2 {
            let message = json!({"chatid": "storm", "msgtype": "text", "text": text});
            assert_eq!(client.app("/cgi-bin/appchat/send", message)["errcode"], expected);
            let message = json!({"touser": "ann", "agentid": known::AGENT_ID, "msgtype": "text",
                "text": text, "enable_duplicate_check": 1});
            assert_eq!(client.app("/cgi-bin/message/send", message)["errcode"], expected);
            let token = client.token(known::APP_SECRET);
            let url = format!("/cgi-bin/media/uploadimg?access_token={token}");
            let image = client.upload_to(&url, "a.png", b"\x89PNG\r\n\x1a\n");
            assert_eq!(image["errcode"], expected, "{image}");
        }
    }
}

#[test]
fn the_transcript_is_bounded() {
    let simulator = Simulator::new();
    let request = Client::request("GET", "/cgi-bin/gettoken", "");
    for _ in 0..MAX_TRANSCRIPT + 5 {
        simulator.handle(&request);
    }
    assert_eq!(simulator.transcript().len(), MAX_TRANSCRIPT);
    simulator.clear_transcript();
    assert!(simulator.transcript().is_empty());
}
