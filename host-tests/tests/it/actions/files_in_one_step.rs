//! Messages that contain their file: uploaded first, then sent.

use expect_test::expect;
use host_tests::{CHAT, TestBed};
use serde_json::{Value, json};
use wecom_simulator::{Fault, FaultKind};

use super::check_json;

fn file() -> Value {
    json!({"file": {"file-name": "rota 班.txt", "content": "TW9uIDctNQ=="}})
}

fn image() -> Value {
    json!({"file": {"file-name": "pump.png", "content": "iVBORw0KGgo="}})
}

fn voice() -> Value {
    json!({"file": {"file-name": "a.amr", "content": "IyFBTVIKAA=="}})
}

fn video() -> Value {
    json!({"file": {"file-name": "a.mp4", "content": "AAAAGGZ0eXBtcDQy"}})
}

#[tokio::test(start_paused = true)]
async fn app_messages() {
    let mut bed = TestBed::with_members().await;
    let to = json!({"selected": {"users": ["noor.h"]}});
    let article =
        json!({"title": "Weekly digest", "thumbnail": image(), "content": "<p>Normal.</p>"});
    for (name, message, expected) in [
        (
            "send-app-file",
            json!({"recipients": to, "media-id": file()}),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-1","truncated":[],"unlicensed-users":[]}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=file <multipart media filename="rota 班.txt" type=application/octet-stream length=7> -> 0
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"file","file":{"media_id":"MEDIA-1"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"media_id":"MEDIA-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"file","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
            + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"rota 班.txt","media_id":"MEDIA-1","owner":"corp","size":7,"type":"file"}
        "#]],
        ),
        (
            "send-app-image",
            json!({"recipients": to, "media-id": image()}),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-2","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"image","image":{"media_id":"MEDIA-2"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"media_id":"MEDIA-2"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-2","msgtype":"image","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
            + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-2","owner":"corp","size":8,"type":"image"}
        "#]],
        ),
        (
            "send-app-voice",
            json!({"recipients": to, "media-id": voice()}),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-3","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=voice <multipart media filename="a.amr" type=voice/amr length=7> -> 0
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"voice","voice":{"media_id":"MEDIA-3"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"media_id":"MEDIA-3"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-3","msgtype":"voice","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
            + media {"content_type":"voice/amr","created_at":1789000000,"filename":"a.amr","media_id":"MEDIA-3","owner":"corp","size":7,"type":"voice"}
        "#]],
        ),
        (
            "send-app-video",
            json!({"recipients": to, "media-id": video(), "title": "Site walk", "confidentiality": "confidential"}),
            expect![[r#"
                ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-4","truncated":[],"unlicensed-users":[]}
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=video <multipart media filename="a.mp4" type=video/mp4 length=12> -> 0
                POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"video","video":{"media_id":"MEDIA-4","title":"Site walk"},"safe":1,"agentid":1000002} -> 0
                + messages {"agentid":1000002,"content":{"media_id":"MEDIA-4","title":"Site walk"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-4","msgtype":"video","recalled":false,"safe":1,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
                + media {"content_type":"video/mp4","created_at":1789000000,"filename":"a.mp4","media_id":"MEDIA-4","owner":"corp","size":12,"type":"video"}
            "#]],
        ),
        (
            "send-app-mpnews",
            json!({"recipients": to, "articles": [article, article]}),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-5","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"mpnews","mpnews":{"articles":[{"title":"Weekly digest","thumb_media_id":"MEDIA-5","content":"<p>Normal.</p>"},{"title":"Weekly digest","thumb_media_id":"MEDIA-6","content":"<p>Normal.</p>"}]},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"articles":[{"content":"<p>Normal.</p>","thumb_media_id":"MEDIA-5","title":"Weekly digest"},{"content":"<p>Normal.</p>","thumb_media_id":"MEDIA-6","title":"Weekly digest"}]},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-5","msgtype":"mpnews","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
            + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-5","owner":"corp","size":8,"type":"image"}
            + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-6","owner":"corp","size":8,"type":"image"}
        "#]],
        ),
    ] {
        check_json(&mut bed, name, json!({ "message": message }), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn group_messages() {
    let mut bed = TestBed::with_group_chat().await;
    let article = json!({"title": "Road status", "thumbnail": image(), "content": "<p>Open.</p>"});
    for (name, message, expected) in [
        (
            "send-group-file",
            json!({"group-chat-id": CHAT, "media-id": file()}),
            expect![[r#"
            ok {"truncated":[]}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=file <multipart media filename="rota 班.txt" type=application/octet-stream length=7> -> 0
            POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"file","file":{"media_id":"MEDIA-1"}} -> 0
            + group_messages {"chatid":"storm2026a","content":{"media_id":"MEDIA-1"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"file","safe":0}
            + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"rota 班.txt","media_id":"MEDIA-1","owner":"corp","size":7,"type":"file"}
        "#]],
        ),
        (
            "send-group-image",
            json!({"group-chat-id": CHAT, "media-id": image()}),
            expect![[r#"
            ok {"truncated":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
            POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"image","image":{"media_id":"MEDIA-2"}} -> 0
            + group_messages {"chatid":"storm2026a","content":{"media_id":"MEDIA-2"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"image","safe":0}
            + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-2","owner":"corp","size":8,"type":"image"}
        "#]],
        ),
        (
            "send-group-voice",
            json!({"group-chat-id": CHAT, "media-id": voice()}),
            expect![[r#"
            ok {"truncated":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=voice <multipart media filename="a.amr" type=voice/amr length=7> -> 0
            POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"voice","voice":{"media_id":"MEDIA-3"}} -> 0
            + group_messages {"chatid":"storm2026a","content":{"media_id":"MEDIA-3"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"voice","safe":0}
            + media {"content_type":"voice/amr","created_at":1789000000,"filename":"a.amr","media_id":"MEDIA-3","owner":"corp","size":7,"type":"voice"}
        "#]],
        ),
        (
            "send-group-video",
            json!({"group-chat-id": CHAT, "media-id": video(), "description": "North yard"}),
            expect![[r#"
                ok {"truncated":[]}
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=video <multipart media filename="a.mp4" type=video/mp4 length=12> -> 0
                POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"video","video":{"media_id":"MEDIA-4","description":"North yard"}} -> 0
                + group_messages {"chatid":"storm2026a","content":{"description":"North yard","media_id":"MEDIA-4"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"video","safe":0}
                + media {"content_type":"video/mp4","created_at":1789000000,"filename":"a.mp4","media_id":"MEDIA-4","owner":"corp","size":12,"type":"video"}
            "#]],
        ),
        (
            "send-group-mpnews",
            json!({"group-chat-id": CHAT, "articles": [article]}),
            expect![[r#"
            ok {"truncated":[]}
            POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
            POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"mpnews","mpnews":{"articles":[{"title":"Road status","thumb_media_id":"MEDIA-5","content":"<p>Open.</p>"}]}} -> 0
            + group_messages {"chatid":"storm2026a","content":{"articles":[{"content":"<p>Open.</p>","thumb_media_id":"MEDIA-5","title":"Road status"}]},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"mpnews","safe":0}
            + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-5","owner":"corp","size":8,"type":"image"}
        "#]],
        ),
    ] {
        check_json(&mut bed, name, json!({ "message": message }), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn chatbot_messages() {
    let mut bed = TestBed::new();
    for (name, media, expected) in [
        (
            "send-chatbot-file",
            file(),
            expect![[r#"
            ok {"truncated":[]}
            POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=file <multipart media filename="rota 班.txt" type=application/octet-stream length=7> -> 0
            POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"file","file":{"media_id":"MEDIA-1"}} -> 0
            + chatbot_messages {"chatbot":"chatbot","content":{"media_id":"MEDIA-1"},"msgtype":"file"}
            + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"rota 班.txt","media_id":"MEDIA-1","owner":"chatbot","size":7,"type":"file"}
        "#]],
        ),
        (
            "send-chatbot-voice",
            voice(),
            expect![[r#"
            ok {"truncated":[]}
            POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=voice <multipart media filename="a.amr" type=voice/amr length=7> -> 0
            POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"voice","voice":{"media_id":"MEDIA-2"}} -> 0
            + chatbot_messages {"chatbot":"chatbot","content":{"media_id":"MEDIA-2"},"msgtype":"voice"}
            + media {"content_type":"voice/amr","created_at":1789000000,"filename":"a.amr","media_id":"MEDIA-2","owner":"chatbot","size":7,"type":"voice"}
        "#]],
        ),
    ] {
        check_json(&mut bed, name, json!({ "media-id": media }), expected).await;
    }
}

/// The functions, the paths of their uploads and sends, and where the simulator stores the message.
fn calls() -> [(&'static str, Value, &'static str, &'static str, &'static str); 3] {
    let app = json!({"message": {"recipients": "everyone", "media-id": file()}});
    let group = json!({"message": {"group-chat-id": CHAT, "media-id": file()}});
    let chatbot = json!({"media-id": file()});
    let upload = "/cgi-bin/media/upload";
    [
        ("send-app-file", app, upload, "/cgi-bin/message/send", "messages"),
        ("send-group-file", group, upload, "/cgi-bin/appchat/send", "group_messages"),
        (
            "send-chatbot-file",
            chatbot,
            "/cgi-bin/webhook/upload_media",
            "/cgi-bin/webhook/send",
            "chatbot_messages",
        ),
    ]
}

fn fault(on: &str, act: bool, kind: FaultKind) -> Fault {
    Fault { on: on.into(), skip: 0, times: 1, act, kind }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_a_failed_upload() {
    for (name, arguments, upload, send, subject) in calls() {
        let refused = FaultKind::Errcode { code: 40004, message: "invalid media type".into() };
        for kind in [refused, FaultKind::SilentForever, FaultKind::Body(b"<html>".into())] {
            let mut bed = TestBed::with_group_chat().await;
            assert!(bed.simulator.inject(fault(upload, true, kind.clone())));
            let error = bed.call_as_profile(name, arguments.clone()).await.unwrap_err();
            let (case, payload) = error.as_object().unwrap().iter().next().unwrap();
            let expected = match kind {
                FaultKind::Errcode { .. } => "permanent-rejected",
                FaultKind::SilentForever => "no-reply",
                _ => "permanent-unexpected-reply",
            };
            assert_eq!(case, expected, "{name}: {payload}");
            if case != "permanent-rejected" {
                let reason = payload["reason"].as_str().unwrap();
                assert!(reason.starts_with(upload), "{name}: {reason}");
                assert_eq!(payload["request-sent"], false, "{name}: {payload}");
            }
            assert!(!bed.requests().contains(send), "{name}");
            assert_eq!(bed.state()[subject], json!([]), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_after_the_message_was_sent_is_not_retry_safe() {
    for (name, arguments, _, send, subject) in calls() {
        let mut bed = TestBed::with_group_chat().await;
        assert!(bed.simulator.inject(fault(send, true, FaultKind::SilentForever)));
        let error = bed.call_as_profile(name, arguments).await.unwrap_err();
        let failed = &error["permanent-no-reply"];
        assert_eq!(failed["request-sent"], true, "{name}: {error}");
        assert!(failed["reason"].as_str().unwrap().starts_with(send), "{name}: {error}");
        assert_eq!(bed.state()[subject].as_array().unwrap().len(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn message_is_checked_before_the_upload() {
    let mut bed = TestBed::new();
    let bad = json!({"file": {"file-name": "a:b", "content": "TW9u"}});
    let message = json!({"recipients": {"selected": {}}, "media-id": bad});
    check_json(&mut bed, "send-app-file", json!({ "message": message }), expect![[r#"
        error {"permanent-invalid-input":[{"field":"message.media-id.file.file-name","reason":"must not contain `:`"},{"field":"message.media-id.file.content","reason":"must have 6 to 20971520 bytes, has 3"},{"field":"message.recipients.selected","reason":"must name a user, a department or a tag"}]}
    "#]]).await;
    let other_kind = json!({"message": {"group-chat-id": CHAT, "media-id": file()}});
    check_json(&mut bed, "send-group-image", other_kind, expect![[r#"
        error {"permanent-invalid-input":[{"field":"message.media-id.file.content","reason":"must be JPG or PNG"}]}
    "#]]).await;
}
