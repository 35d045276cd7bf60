use std::time::Duration;

use expect_test::expect;
use host_tests::{TestBed, chatbot};
use wecom_host::bindings::exports::wecom::connector::{
    chatbots::{ChatbotText, NewsArticle},
    media::{ChatbotMediaKind, NewChatbotMedia},
    types::{Chatbot, ChatbotCredentials, Error, FileContent, Media},
};
use wecom_simulator::known;

use super::{check, code, media::PNG};

#[tokio::test(start_paused = true)]
async fn send_chatbot_text() {
    let mut bed = TestBed::new();
    let message = ChatbotText {
        content: "Pump 2 <@noor.h>".into(),
        mentioned_users: Some(vec!["noor.h".into()]),
        mentioned_mobiles: Some(vec!["+34600000000".into()]),
        mention_everyone: Some(true),
    };
    let sent = bed.send_chatbot_text(&chatbot(), &message).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"text","text":{"content":"Pump 2 <@noor.h>","mentioned_list":["noor.h","@all"],"mentioned_mobile_list":["+34600000000"]}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"content":"Pump 2 <@noor.h>","mentioned_list":["noor.h","@all"],"mentioned_mobile_list":["+34600000000"]},"msgtype":"text"}
    "#]],
    );
    let sent = bed.send_chatbot_text(&chatbot(), &text(&"部".repeat(683))).await.unwrap();
    expect![[r#"Receipt { truncated: [], warning: Some("the content has 2049 bytes: WeCom's page promises 2048, and its server takes 5120") }"#]].assert_eq(&format!("{sent:?}"));
    let stored = &bed.state()["chatbot_messages"][1];
    assert_eq!(stored["content"], serde_json::json!({"content": "部".repeat(683)}));
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_markdown() {
    let mut bed = TestBed::new();
    let sent = bed.send_chatbot_markdown(&chatbot(), "**Pump 2** `on`\n> ok").await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"markdown","markdown":{"content":"**Pump 2** `on`\n> ok"}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"content":"**Pump 2** `on`\n> ok"},"msgtype":"markdown"}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_file() {
    let mut bed = TestBed::new();
    let rota = NewChatbotMedia {
        kind: ChatbotMediaKind::File,
        file_name: "rota.txt".into(),
        content: FileContent::Bytes(b"Mon 7-5".to_vec()),
    };
    let media_id = Media::Id(bed.upload_chatbot_media(&chatbot(), &rota).await.unwrap().id);
    bed.requests();
    bed.changes();
    let sent = bed.send_chatbot_file(&chatbot(), &media_id).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"file","file":{"media_id":"MEDIA-1"}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"media_id":"MEDIA-1"},"msgtype":"file"}
    "#]],
    );

    let other = Chatbot::Credentials(ChatbotCredentials {
        key: known::SECOND_CHATBOT_KEY.into(),
        base_url: Some(host_tests::BASE_URL.into()),
    });
    assert_eq!(code(bed.send_chatbot_file(&other, &media_id).await), 40007);
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_image() {
    let mut bed = TestBed::new();
    let sent = bed.send_chatbot_image(&chatbot(), &FileContent::Bytes(PNG.to_vec()), None).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"md5":"e9dd2797018cad79186e03e8c5aec8dc","size":8},"msgtype":"image"}
    "#]],
    );
    for md5 in [None, Some("e9dd2797018cad79186e03e8c5aec8dc")] {
        let image = FileContent::Base64("data:image/png;base64,iVBO\nRw0KGgo".into());
        bed.send_chatbot_image(&chatbot(), &image, md5).await.unwrap();
    }
    let stored = &bed.state()["chatbot_messages"];
    assert!(stored[0] == stored[1] && stored[1] == stored[2], "{stored}");
    bed.requests();
    bed.changes();

    let image = FileContent::Base64("iVBORw0KGgo=".into());
    let refused = bed.send_chatbot_image(&chatbot(), &image, Some(&"0".repeat(32))).await;
    check(
        &mut bed,
        refused,
        expect![[r#"
            Err(Error::PermanentInvalidInput([InvalidField { field: "md5", reason: "is not that of the image before base64" }]))
        "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_news() {
    let mut bed = TestBed::new();
    let article = NewsArticle {
        title: "Pump report".into(),
        description: Some("May".into()),
        url: "https://ops.example/r/5".into(),
        image_url: Some("https://ops.example/r/5.png".into()),
    };
    let lean = NewsArticle { description: None, image_url: None, ..article.clone() };
    let sent = bed.send_chatbot_news(&chatbot(), &[article, lean]).await;
    check(
        &mut bed,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"news","news":{"articles":[{"title":"Pump report","description":"May","url":"https://ops.example/r/5","picurl":"https://ops.example/r/5.png"},{"title":"Pump report","url":"https://ops.example/r/5"}]}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"articles":[{"description":"May","picurl":"https://ops.example/r/5.png","title":"Pump report","url":"https://ops.example/r/5"},{"title":"Pump report","url":"https://ops.example/r/5"}]},"msgtype":"news"}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn twenty_first_message_in_a_minute_is_rejected_for_now() {
    let mut bed = TestBed::new();
    for _ in 0..20 {
        bed.send_chatbot_text(&chatbot(), &text("Pump")).await.unwrap();
    }
    let Err(Error::RejectedForNow(refused)) =
        bed.send_chatbot_text(&chatbot(), &text("Pump")).await
    else {
        panic!("the 21st message in a minute was not rejected for now");
    };
    assert_eq!((refused.code, refused.retry_after), (45009, Some(60)));
    assert_eq!(bed.state()["chatbot_messages"].as_array().unwrap().len(), 20);
    bed.simulator.advance(Duration::from_mins(1));
    bed.send_chatbot_text(&chatbot(), &text("Pump")).await.unwrap();
}

fn text(content: &str) -> ChatbotText {
    ChatbotText {
        content: content.into(),
        mentioned_users: None,
        mentioned_mobiles: None,
        mention_everyone: None,
    }
}
