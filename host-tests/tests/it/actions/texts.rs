//! Long texts.

use expect_test::expect;
use host_tests::TestBed;
use serde_json::json;

use super::check_json;

#[tokio::test(start_paused = true)]
async fn split_text() {
    let mut bed = TestBed::with_environment(&[]);
    let plain = "Pump 2 restarted.\n\nCrews 4 and 7: road N-22 reopened. Use the north gate.";
    let code = "```sh\n".to_owned() + &"wecom send-chatbot-text 部\n".repeat(4) + "```";
    for (content, format, limit, numbered, expected) in [
        (
            plain,
            "plain",
            64,
            true,
            expect![[r#"
            ok ["(1/2) Pump 2 restarted.","(2/2) Crews 4 and 7: road N-22 reopened. Use the north gate."]
        "#]],
        ),
        (
            plain,
            "plain",
            2048,
            true,
            expect![[r#"
            ok ["Pump 2 restarted.\n\nCrews 4 and 7: road N-22 reopened. Use the north gate."]
        "#]],
        ),
        (
            &code,
            "markdown-v2",
            80,
            false,
            expect![[r#"
            ok ["```sh\nwecom send-chatbot-text 部\nwecom send-chatbot-text 部\n```","```sh\nwecom send-chatbot-text 部\nwecom send-chatbot-text 部\n```"]
        "#]],
        ),
        (
            "",
            "markdown",
            64,
            false,
            expect![[r#"
            ok []
        "#]],
        ),
        (
            plain,
            "plain",
            63,
            false,
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"limit","reason":"must be 64 to 4294967295, is 63"}]}
        "#]],
        ),
    ] {
        let arguments =
            json!({"content": content, "format": format, "limit": limit, "numbered": numbered});
        check_json(&mut bed, "split-text", arguments, expected).await;
    }
}
