use std::time::Duration;

use expect_test::expect;
use host_tests::{Stage, chatbot};
use wecom_host::bindings::exports::wecom::connector::{
    chatbots::ChatbotText,
    media::{ChatbotMediaKind, NewChatbotMedia},
    types::{Chatbot, ChatbotCredentials, Error, FileContent, Media, NewsArticle},
};
use wecom_simulator::known;

use crate::{check, code, media::PNG};

#[tokio::test(start_paused = true)]
async fn send_chatbot_text() {
    let mut stage = Stage::new();
    let message = ChatbotText {
        content: "Pump 2 <@noor.h>".into(),
        mentioned_users: Some(vec!["noor.h".into()]),
        mentioned_mobiles: Some(vec!["+34600000000".into()]),
        mention_everyone: Some(true),
    };
    let sent = stage.send_chatbot_text(&chatbot(), &message).await;
    check(
        &mut stage,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"text","text":{"content":"Pump 2 <@noor.h>","mentioned_list":["noor.h","@all"],"mentioned_mobile_list":["+34600000000"]}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"content":"Pump 2 <@noor.h>","mentioned_list":["noor.h","@all"],"mentioned_mobile_list":["+34600000000"]},"msgtype":"text"}
    "#]],
    );
    let sent = stage.send_chatbot_text(&chatbot(), &text(&"部".repeat(683))).await.unwrap();
    expect![[r#"Receipt { truncated: [], warning: Some("the content has 2049 bytes: WeCom's page promises 2048, and its server takes 5120") }"#]].assert_eq(&format!("{sent:?}"));
    let kept = &stage.state()["chatbot_messages"][1];
    assert_eq!(kept["content"], serde_json::json!({"content": "部".repeat(683)}));
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_markdown() {
    let mut stage = Stage::new();
    let sent = stage.send_chatbot_markdown(&chatbot(), "**Pump 2** `on`\n> ok").await;
    check(
        &mut stage,
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
    let mut stage = Stage::new();
    let rota = NewChatbotMedia {
        kind: ChatbotMediaKind::File,
        file_name: "rota.txt".into(),
        content: FileContent::Bytes(b"Mon 7-5".to_vec()),
    };
    let media_id = Media::Id(stage.upload_chatbot_media(&chatbot(), &rota).await.unwrap().id);
    stage.requests();
    stage.changes();
    let sent = stage.send_chatbot_file(&chatbot(), &media_id).await;
    check(
        &mut stage,
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
    assert_eq!(code(stage.send_chatbot_file(&other, &media_id).await), 40007);
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_image() {
    let mut stage = Stage::new();
    let sent = stage.send_chatbot_image(&chatbot(), &FileContent::Bytes(PNG.to_vec()), None).await;
    check(
        &mut stage,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"image","image":{"base64":"iVBORw0KGgo=","md5":"e9dd2797018cad79186e03e8c5aec8dc"}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"md5":"e9dd2797018cad79186e03e8c5aec8dc","size":8},"msgtype":"image"}
    "#]],
    );
    for md5 in [None, Some("e9dd2797018cad79186e03e8c5aec8dc")] {
        let image = FileContent::Base64("data:image/png;base64,iVBO\nRw0KGgo".into());
        stage.send_chatbot_image(&chatbot(), &image, md5).await.unwrap();
    }
    let kept = &stage.state()["chatbot_messages"];
    assert!(kept[0] == kept[1] && kept[1] == kept[2], "{kept}");
    stage.requests();
    stage.changes();

    let image = FileContent::Base64("iVBORw0KGgo=".into());
    let refused = stage.send_chatbot_image(&chatbot(), &image, Some(&"0".repeat(32))).await;
    check(
        &mut stage,
        refused,
        expect![[r#"
            Err(Error::PermanentInvalidInput([InvalidField { field: "md5", reason: "is not that of the image before base64" }]))
        "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_news() {
    let mut stage = Stage::new();
    let article = NewsArticle {
        title: "Pump report".into(),
        description: Some("May".into()),
        url: "https://ops.example/r/5".into(),
        image_url: Some("https://ops.example/r/5.png".into()),
    };
    let lean = NewsArticle { description: None, image_url: None, ..article.clone() };
    let sent = stage.send_chatbot_news(&chatbot(), &[article, lean]).await;
    check(
        &mut stage,
        sent,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"news","news":{"articles":[{"title":"Pump report","description":"May","url":"https://ops.example/r/5","picurl":"https://ops.example/r/5.png"},{"title":"Pump report","url":"https://ops.example/r/5"}]}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"articles":[{"description":"May","picurl":"https://ops.example/r/5.png","title":"Pump report","url":"https://ops.example/r/5"},{"title":"Pump report","url":"https://ops.example/r/5"}]},"msgtype":"news"}
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn twenty_messages_a_minute() {
    let mut stage = Stage::new();
    for _ in 0..20 {
        stage.send_chatbot_text(&chatbot(), &text("Pump")).await.unwrap();
    }
    let Err(Error::RejectedForNow(refused)) =
        stage.send_chatbot_text(&chatbot(), &text("Pump")).await
    else {
        panic!("the 21st message in a minute was not rejected for now");
    };
    assert_eq!((refused.code, refused.retry_after), (45009, Some(60)));
    assert_eq!(stage.state()["chatbot_messages"].as_array().unwrap().len(), 20);
    stage.simulator.advance(Duration::from_mins(1));
    stage.send_chatbot_text(&chatbot(), &text("Pump")).await.unwrap();
}

fn text(content: &str) -> ChatbotText {
    ChatbotText {
        content: content.into(),
        mentioned_users: None,
        mentioned_mobiles: None,
        mention_everyone: None,
    }
}
