use std::time::Duration;

use expect_test::expect;
use host_tests::{NORTH, TestBed, application};
use wecom_host::bindings::exports::wecom::connector::{
    app_messages::{
        AppFile, AppImage, AppMarkdown, AppMessageOptions, AppMpnews, AppText, AppTextCard,
        Recipients, Selection,
    },
    media::MediaKind,
    types::{Confidentiality, MpnewsConfidentiality},
};
use wecom_simulator::known;

use super::{article, card, check, code, media::upload, noor, second_application, text};

#[tokio::test(start_paused = true)]
async fn send_app_text() {
    let mut bed = TestBed::with_group_chat().await;
    let message = AppText {
        recipients: selected(&["noor.h", "iker.z"], &[NORTH], &[1]),
        content: "Shift \"swap\"\n同意 ✅".into(),
        confidentiality: Some(Confidentiality::Confidential),
        options: Some(AppMessageOptions {
            agent_id: None,
            enable_id_trans: Some(true),
            duplicate_check_interval: Some(600),
        }),
    };
    let sent = bed.send_app_text(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h|iker.z","toparty":"310","totag":"1","msgtype":"text","text":{"content":"Shift \"swap\"\n同意 ✅"},"safe":1,"enable_id_trans":1,"enable_duplicate_check":1,"duplicate_check_interval":600,"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"content":"Shift \"swap\"\n同意 ✅"},"delivered":["founder","iker.z","kai.p","may.l","noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":true,"msgid":"MESSAGE-1","msgtype":"text","recalled":false,"safe":1,"sent_at":1789000000,"to":{"toparty":"310","totag":"1","touser":"noor.h|iker.z"}}
    "#]],
    );
    let sent = bed.send_app_text(&application(), &text(Recipients::Everyone)).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-2"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"content":"Pump 2"},"delivered":["founder","iker.z","kai.p","may.l","noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-2","msgtype":"text","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"@all"}}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_app_markdown() {
    let mut bed = TestBed::with_group_chat().await;
    let message = AppMarkdown {
        recipients: selected(&[], &[], &[1]),
        content: "**T3** is <font color=\"warning\">offline</font>".into(),
        options: None,
    };
    let sent = bed.send_app_markdown(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"totag":"1","msgtype":"markdown","markdown":{"content":"**T3** is <font color=\"warning\">offline</font>"},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"content":"**T3** is <font color=\"warning\">offline</font>"},"delivered":["founder"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"markdown","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"1","touser":""}}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_app_file() {
    let mut bed = TestBed::with_group_chat().await;
    let media_id = upload(&mut bed, MediaKind::File).await;
    let message = AppFile {
        recipients: noor(),
        media_id,
        confidentiality: Some(Confidentiality::Confidential),
        options: None,
    };
    let sent = bed.send_app_file(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"file","file":{"media_id":"MEDIA-1"},"safe":1,"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"media_id":"MEDIA-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"file","recalled":false,"safe":1,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
    "#]],
    );
    let other_kind = AppFile { media_id: upload(&mut bed, MediaKind::Image).await, ..message };
    assert_eq!(code(bed.send_app_file(&application(), &other_kind).await), 40007);
}

#[tokio::test(start_paused = true)]
async fn send_app_image() {
    let mut bed = TestBed::with_group_chat().await;
    let media_id = upload(&mut bed, MediaKind::Image).await;
    let message = AppImage { recipients: noor(), media_id, confidentiality: None, options: None };
    let sent = bed.send_app_image(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"image","image":{"media_id":"MEDIA-1"},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"media_id":"MEDIA-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"image","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
    "#]],
    );
    bed.simulator.advance(Duration::from_hours(72));
    assert_eq!(code(bed.send_app_image(&application(), &message).await), 40007);
}

#[tokio::test(start_paused = true)]
async fn send_app_mpnews() {
    let mut bed = TestBed::with_group_chat().await;
    let thumbnail = upload(&mut bed, MediaKind::Image).await;
    let message = AppMpnews {
        recipients: selected(&[], &[NORTH], &[]),
        articles: vec![article(&thumbnail)],
        confidentiality: Some(MpnewsConfidentiality::WithinCorp),
        options: None,
    };
    let sent = bed.send_app_mpnews(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"toparty":"310","msgtype":"mpnews","mpnews":{"articles":[{"title":"Weekly digest","thumb_media_id":"MEDIA-1","content":"<p>All lines normal.</p>","author":"Ops desk","content_source_url":"https://ops.example/w/20","digest":"Nothing to report"}]},"safe":2,"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"articles":[{"author":"Ops desk","content":"<p>All lines normal.</p>","content_source_url":"https://ops.example/w/20","digest":"Nothing to report","thumb_media_id":"MEDIA-1","title":"Weekly digest"}]},"delivered":["iker.z","kai.p","may.l","noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"mpnews","recalled":false,"safe":2,"sent_at":1789000000,"to":{"toparty":"310","totag":"","touser":""}}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_app_text_card() {
    let mut bed = TestBed::with_group_chat().await;
    let message = AppTextCard { recipients: Recipients::Everyone, card: card(), options: None };
    let sent = bed.send_app_text_card(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"textcard","textcard":{"title":"Outage 8841","description":"T3 offline","url":"https://ops.example/o/8841","btntxt":"Open"},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"btntxt":"Open","description":"T3 offline","title":"Outage 8841","url":"https://ops.example/o/8841"},"delivered":["founder","iker.z","kai.p","may.l","noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"textcard","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"@all"}}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn recall_app_message() {
    let mut bed = TestBed::with_group_chat().await;
    let message_id = send(&mut bed).await;
    bed.requests();
    bed.changes();
    let recalled = bed.recall_app_message(&application(), &message_id).await;
    check(
        &mut bed,
        recalled,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/message/recall?access_token=<app token 1> {"msgid":"MESSAGE-1"} -> 0
        - messages {"agentid":1000002,"content":{"content":"Pump 2"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"text","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        + messages {"agentid":1000002,"content":{"content":"Pump 2"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"text","recalled":true,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
    "#]],
    );

    let foreign = bed.recall_app_message(&second_application(), &message_id).await;
    assert_eq!(code(foreign), 40058);
    let message_id = send(&mut bed).await;
    bed.simulator.advance(Duration::from_hours(24) + Duration::from_secs(1));
    assert_eq!(code(bed.recall_app_message(&application(), &message_id).await), 42052);
}

#[tokio::test(start_paused = true)]
async fn unreached_recipients_are_reported() {
    let mut bed = TestBed::with_group_chat().await;
    bed.simulator.unlicense("may.l");
    bed.changes();
    let recipients = selected(&["noor.h", "Ghost", "may.l"], &[NORTH, 99], &[1, 9]);
    let sent = bed.send_app_text(&application(), &text(recipients)).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Delivery { message-id: Some("MESSAGE-1"), invalid-users: ["ghost"], invalid-departments: [99], invalid-tags: [9], unlicensed-users: ["may.l"], truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h|Ghost|may.l","toparty":"310|99","totag":"1|9","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"content":"Pump 2"},"delivered":["founder","iker.z","kai.p","noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"text","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"310|99","totag":"1|9","touser":"noor.h|Ghost|may.l"}}
    "#]],
    );
    let unknown = selected(&["ghost"], &[], &[]);
    assert_eq!(code(bed.send_app_text(&application(), &text(unknown)).await), 81013);
}

#[tokio::test(start_paused = true)]
async fn truncation_is_reported() {
    let mut bed = TestBed::with_group_chat().await;
    // 683 characters of 3 bytes are one byte too many, and the last of them does not fit.
    let long = AppText { content: "部".repeat(683), ..text(noor()) };
    let sent = bed.send_app_text(&application(), &long).await.unwrap();
    expect![[
        r#"[Truncation { field: "message.content", original-bytes: 2049, kept-bytes: 2046 }]"#
    ]]
    .assert_eq(&format!("{:?}", sent.truncated));
    assert_eq!(messages(&bed)["content"]["content"], "部".repeat(682));

    let mut long = card();
    long.title = "é".repeat(65);
    long.description = "部".repeat(171);
    long.button_text = Some("打开详情页".into());
    let long = AppTextCard { recipients: noor(), card: long, options: None };
    let sent = bed.send_app_text_card(&application(), &long).await.unwrap();
    expect![[
        r#"[Truncation { field: "message.card.button-text", original-bytes: 15, kept-bytes: 12 }]"#
    ]]
    .assert_eq(&format!("{:?}", sent.truncated));
    expect![[r#"130 513 "打开详情""#]].assert_eq(&format!(
        "{} {} {}",
        messages(&bed)["content"]["title"].as_str().unwrap().len(),
        messages(&bed)["content"]["description"].as_str().unwrap().len(),
        messages(&bed)["content"]["btntxt"],
    ));
}

#[tokio::test(start_paused = true)]
async fn duplicate_check_delivers_once() {
    let mut bed = TestBed::with_group_chat().await;
    let checked = |interval| AppText {
        options: Some(AppMessageOptions {
            agent_id: None,
            enable_id_trans: None,
            duplicate_check_interval: Some(interval),
        }),
        ..text(noor())
    };
    let first = bed.send_app_text(&application(), &checked(60)).await.unwrap();
    let second = bed.send_app_text(&application(), &checked(60)).await.unwrap();
    assert_eq!(first.message_id, second.message_id);
    assert_eq!(messages(&bed)["duplicates"], 1);
    bed.simulator.advance(Duration::from_mins(1));
    let third = bed.send_app_text(&application(), &checked(60)).await.unwrap();
    assert_ne!(first.message_id, third.message_id);

    let unchecked = text(noor());
    let fourth = bed.send_app_text(&application(), &unchecked).await.unwrap();
    let fifth = bed.send_app_text(&application(), &unchecked).await.unwrap();
    assert_ne!(fourth.message_id, fifth.message_id);
}

#[tokio::test(start_paused = true)]
async fn agent_id_of_the_options_wins() {
    let mut bed = TestBed::with_group_chat().await;
    let spoken_by = |agent_id| AppText {
        options: Some(AppMessageOptions {
            agent_id: Some(agent_id),
            enable_id_trans: None,
            duplicate_check_interval: None,
        }),
        ..text(noor())
    };
    let sent = bed.send_app_text(&application(), &spoken_by(known::AGENT_ID.into())).await;
    check(
        &mut bed,
        sent.map(drop),
        expect![[r#"
        Ok(())
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","agentid":1000002,"msgtype":"text","text":{"content":"Pump 2"}} -> 0
        + messages {"agentid":1000002,"content":{"content":"Pump 2"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"text","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
    "#]],
    );
    let foreign =
        bed.send_app_text(&application(), &spoken_by(known::SECOND_AGENT_ID.into())).await;
    assert_eq!(code(foreign), 301_002);
}

fn selected(users: &[&str], departments: &[u32], tags: &[u32]) -> Recipients {
    fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
        Some(list).filter(|it| !it.is_empty())
    }

    Recipients::Selected(Selection {
        users: filled(users.iter().map(ToString::to_string).collect()),
        departments: filled(departments.to_vec()),
        tags: filled(tags.to_vec()),
    })
}

/// Sends a message and returns its id.
async fn send(bed: &mut TestBed) -> String {
    bed.send_app_text(&application(), &text(noor())).await.unwrap().message_id.unwrap()
}

/// The last message as the simulator stored it.
fn messages(bed: &TestBed) -> serde_json::Value {
    bed.state()["messages"].as_array().unwrap().last().unwrap().clone()
}
