//! The heads of the requests.

use expect_test::{Expect, expect};
use host_tests::{TestBed, application, chatbot};
use wecom_host::bindings::exports::wecom::connector::{
    media::{ChatbotMediaKind, NewChatbotMedia},
    types::FileContent,
};

#[tokio::test(start_paused = true)]
async fn get_has_exactly_these_headers() {
    let mut bed = TestBed::new();
    bed.list_department_ids(&application(), None).await.unwrap();
    check_headers(
        &bed,
        expect![[r#"
        host: 127.0.0.1:1
        user-agent: wecom-connector/0.1.0
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn post_has_exactly_these_headers() {
    let mut bed = TestBed::new();
    bed.send_chatbot_markdown(&chatbot(), "部").await.unwrap();
    check_headers(
        &bed,
        expect![[r#"
        content-length: 51
        content-type: application/json; charset=utf-8
        host: 127.0.0.1:1
        user-agent: wecom-connector/0.1.0
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn upload_has_exactly_these_headers() {
    let mut bed = TestBed::new();
    let rota = NewChatbotMedia {
        kind: ChatbotMediaKind::File,
        file_name: "rota.txt".into(),
        content: FileContent::Bytes(b"Mon 7-5".to_vec()),
    };
    bed.upload_chatbot_media(&chatbot(), &rota).await.unwrap();
    check_headers(
        &bed,
        expect![[r#"
        content-length: 176
        content-type: multipart/form-data; boundary=wecom-connector-0
        host: 127.0.0.1:1
        user-agent: wecom-connector/0.1.0
    "#]],
    );
}

/// All headers of the last request, in order.
fn check_headers(bed: &TestBed, expected: Expect) {
    let mut headers = bed.simulator.transcript().last().unwrap().headers.clone();
    headers.sort();
    let lines: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    expected.assert_eq(&lines.concat());
}
