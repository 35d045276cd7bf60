//! Kinds of messages without a file, and files read back.

use expect_test::expect;
use host_tests::{CHAT, TestBed};
use serde_json::json;
use wecom_host::bindings::exports::wecom::connector::{media::MediaKind, types::Media};

use super::{check_json, media::upload};

#[tokio::test(start_paused = true)]
async fn send_news() {
    let mut bed = TestBed::with_group_chat().await;
    let app = json!([
        {"title": "Line map", "description": "Rev. C", "link": {"url": "https://ops.example/m"}, "image-url": "https://ops.example/m.png"},
        {"title": "Rota", "link": {"mini-program": {"app-id": "wx1", "page-path": "pages/rota"}}},
    ]);
    let message = json!({"recipients": {"selected": {"users": ["noor.h"]}}, "articles": app});
    check_json(&mut bed, "send-app-news", json!({ "message": message }), expect![[r#"
        ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-1","truncated":[],"unlicensed-users":[]}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"news","news":{"articles":[{"title":"Line map","description":"Rev. C","url":"https://ops.example/m","picurl":"https://ops.example/m.png"},{"title":"Rota","appid":"wx1","pagepath":"pages/rota"}]},"agentid":1000002} -> 0
        + messages {"agentid":1000002,"content":{"articles":[{"description":"Rev. C","picurl":"https://ops.example/m.png","title":"Line map","url":"https://ops.example/m"},{"appid":"wx1","pagepath":"pages/rota","title":"Rota"}]},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"news","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
    "#]]).await;
    let group = json!([{"title": "Road status", "url": "https://ops.example/n22"}]);
    let message = json!({"group-chat-id": CHAT, "articles": group});
    check_json(&mut bed, "send-group-news", json!({ "message": message }), expect![[r#"
        ok {"truncated":[]}
        POST /cgi-bin/appchat/send?access_token=<app token 1> {"chatid":"storm2026a","msgtype":"news","news":{"articles":[{"title":"Road status","url":"https://ops.example/n22"}]}} -> 0
        + group_messages {"chatid":"storm2026a","content":{"articles":[{"title":"Road status","url":"https://ops.example/n22"}]},"delivered":["noor.h","iker.z","may.l"],"dropped":[],"msgtype":"news","safe":0}
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_markdown_v2() {
    let mut bed = TestBed::new();
    let name = "send-chatbot-markdown-v2";
    let table = "| pump | state |\n| --- | --- |\n| 2 | online |";
    check_json(&mut bed, name, json!({"content": table}), expect![[r#"
        ok {"truncated":[]}
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"markdown_v2","markdown_v2":{"content":"| pump | state |\n| --- | --- |\n| 2 | online |"}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"content":"| pump | state |\n| --- | --- |\n| 2 | online |"},"msgtype":"markdown_v2"}
    "#]]).await;
    check_json(&mut bed, name, json!({"content": "部".repeat(1366)}), expect![[r#"
        error {"permanent-invalid-input":[{"field":"content","reason":"must have 1 to 4096 bytes, has 4098"}]}
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn upload_article_image() {
    let mut bed = TestBed::new();
    let name = "upload-article-image";
    let image = json!({"file-name": "pump.png", "content": "iVBORw0KGgo="});
    let text = json!({"file-name": "rota.txt", "content": "TW9uIDctNQ=="});
    check_json(&mut bed, name, json!({ "image": image }), expect![[r#"
        ok {"url":"https://wework.qpic.invalid/wwpic/i0eeJdGbp4tk3bAtrX38MWjF6T1PVEcBI0TjpMFhFeWfXyt33FkxCqnh-wminsBF/0"}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/media/uploadimg?access_token=<app token 1> <multipart media filename="pump.png" type=image/png length=8> -> 0
        + images {"filename":"pump.png","size":8,"url":"https://wework.qpic.invalid/wwpic/i0eeJdGbp4tk3bAtrX38MWjF6T1PVEcBI0TjpMFhFeWfXyt33FkxCqnh-wminsBF/0"}
    "#]]).await;
    check_json(
        &mut bed,
        name,
        json!({ "image": text }),
        expect![[r#"
        error {"permanent-invalid-input":[{"field":"image.content","reason":"must be JPG or PNG"}]}
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn get_media() {
    let mut bed = TestBed::new();
    let Media::Id(id) = upload(&mut bed, MediaKind::File).await else { panic!("not uploaded") };
    for (id, options, expected) in [
        (
            id.as_str(),
            json!({}),
            expect![[r#"
            ok {"content":{"base64":"TW9uIDctNQ=="},"content-type":"application/octet-stream","file-name":"rota 班.txt","total-bytes":7}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            GET /cgi-bin/media/get?access_token=<app token 1>&media_id=MEDIA-1 -> HTTP 200
        "#]],
        ),
        (
            &id,
            json!({"range": {"first": 0, "last": 2}, "encoding": "bytes"}),
            expect![[r#"
            ok {"content":{"bytes":"TW9u"},"content-type":"application/octet-stream","file-name":"rota 班.txt","total-bytes":7}
            GET /cgi-bin/media/get?access_token=<app token 1>&media_id=MEDIA-1 -> HTTP 206
        "#]],
        ),
        (
            &id,
            json!({"range": {"first": 4, "last": 100}}),
            expect![[r#"
            ok {"content":{"base64":"Ny01"},"content-type":"application/octet-stream","file-name":"rota 班.txt","total-bytes":7}
            GET /cgi-bin/media/get?access_token=<app token 1>&media_id=MEDIA-1 -> HTTP 206
        "#]],
        ),
        (
            &id,
            json!({"range": {"first": 2, "last": 1}}),
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"options.range.last","reason":"must not be below `first`"}]}
        "#]],
        ),
        (
            "nothing",
            json!({}),
            expect![[r#"
            error {"permanent-rejected":{"caller-address":"127.0.0.1","code":40007,"hint":"the media id is unknown, older than three days, of another kind, another enterprise's or another chatbot's: upload again, in the same enterprise","message":"invalid media_id","request-id":"0000000000000000009"}}
            GET /cgi-bin/media/get?access_token=<app token 1>&media_id=nothing -> 40007
        "#]],
        ),
    ] {
        let arguments = json!({"media-id": id, "options": options});
        check_json(&mut bed, "get-media", arguments, expected).await;
    }
}
