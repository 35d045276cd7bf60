use expect_test::expect;
use host_tests::{CHAT, TestBed, application};
use wecom_host::bindings::exports::wecom::connector::{
    group_messages::{GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupText, GroupTextCard},
    media::MediaKind,
    types::{Confidentiality, MpnewsConfidentiality},
};

use super::{article, card, check, code, media::upload, second_application};

#[tokio::test(start_paused = true)]
async fn send_group_text() {
    let mut bed = TestBed::with_group_chat().await;
    let message = GroupText {
        group_chat_id: CHAT.into(),
        content: "Road N-22 reopened.".into(),
        confidentiality: Some(Confidentiality::Confidential),
        mentioned_users: Some(vec!["noor.h".into()]),
        mention_everyone: Some(true),
    };
    let sent = bed.send_group_text(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"text","text":{"content":"Road N-22 reopened.","mentioned_list":["noor.h","@all"]},"safe":1} -> 0
        + group_messages {"chatid":"storm2026a","content":{"content":"Road N-22 reopened.","mentioned_list":["noor.h","@all"]},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"text","safe":1}
    "#]],
    );
    assert_eq!(code(bed.send_group_text(&second_application(), &message).await), 86008);
    bed.requests();

    let long = GroupText {
        content: "é".repeat(1025),
        confidentiality: None,
        mentioned_users: None,
        mention_everyone: None,
        ..message
    };
    let sent = bed.send_group_text(&application(), &long).await.unwrap();
    expect![[r#"Receipt { truncated: [Truncation { field: "message.content", original-bytes: 2050, kept-bytes: 2048 }], warning: None }"#]].assert_eq(&format!("{sent:?}"));
    let stored = &bed.state()["group_messages"][1]["content"];
    assert_eq!(*stored, serde_json::json!({"content": "é".repeat(1024)}));
}

#[tokio::test(start_paused = true)]
async fn send_group_markdown() {
    let mut bed = TestBed::with_group_chat().await;
    let message = GroupMarkdown { group_chat_id: CHAT.into(), content: "**N-22**".into() };
    let sent = bed.send_group_markdown(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"markdown","markdown":{"content":"**N-22**"}} -> 0
        + group_messages {"chatid":"storm2026a","content":{"content":"**N-22**"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"markdown","safe":0}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_group_file() {
    let mut bed = TestBed::with_group_chat().await;
    let media_id = upload(&mut bed, MediaKind::File).await;
    let message = GroupFile {
        group_chat_id: CHAT.into(),
        media_id,
        confidentiality: Some(Confidentiality::Confidential),
    };
    let sent = bed.send_group_file(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"file","file":{"media_id":"MEDIA-1"},"safe":1} -> 0
        + group_messages {"chatid":"storm2026a","content":{"media_id":"MEDIA-1"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"file","safe":1}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_group_image() {
    let mut bed = TestBed::with_group_chat().await;
    let media_id = upload(&mut bed, MediaKind::Image).await;
    let message = GroupImage { group_chat_id: CHAT.into(), media_id, confidentiality: None };
    let sent = bed.send_group_image(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"image","image":{"media_id":"MEDIA-1"}} -> 0
        + group_messages {"chatid":"storm2026a","content":{"media_id":"MEDIA-1"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"image","safe":0}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_group_mpnews() {
    let mut bed = TestBed::with_group_chat().await;
    let thumbnail = upload(&mut bed, MediaKind::Image).await;
    let message = GroupMpnews {
        group_chat_id: CHAT.into(),
        articles: vec![article(&thumbnail)],
        confidentiality: Some(MpnewsConfidentiality::Confidential),
    };
    let sent = bed.send_group_mpnews(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"mpnews","mpnews":{"articles":[{"title":"Weekly digest","thumb_media_id":"MEDIA-1","content":"<p>All lines normal.</p>","author":"Ops desk","content_source_url":"https://ops.example/w/20","digest":"Nothing to report"}]},"safe":1} -> 0
        + group_messages {"chatid":"storm2026a","content":{"articles":[{"author":"Ops desk","content":"<p>All lines normal.</p>","content_source_url":"https://ops.example/w/20","digest":"Nothing to report","thumb_media_id":"MEDIA-1","title":"Weekly digest"}]},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"mpnews","safe":1}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_group_text_card() {
    let mut bed = TestBed::with_group_chat().await;
    let message = GroupTextCard { group_chat_id: CHAT.into(), card: card() };
    let sent = bed.send_group_text_card(&application(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"textcard","textcard":{"title":"Outage 8841","description":"T3 offline","url":"https://ops.example/o/8841","btntxt":"Open"}} -> 0
        + group_messages {"chatid":"storm2026a","content":{"btntxt":"Open","description":"T3 offline","title":"Outage 8841","url":"https://ops.example/o/8841"},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"textcard","safe":0}
    "#]],
    );
}
