//! Template cards.

use expect_test::expect;
use host_tests::TestBed;
use serde_json::{Value, json};

use super::check_json;

fn message(card: &Value, task_id: Option<&str>) -> Value {
    let to = json!({"selected": {"users": ["noor.h"]}});
    json!({"message": {"recipients": to, "task-id": task_id, "card": card}})
}

fn buttons() -> Value {
    json!({"button-interaction": {
        "title": {"title": "Approval needed"},
        "horizontal-contents": [{"name": "Cost", "value": "420 EUR"}],
        "buttons": [
            {"text": "Approve", "style": 1, "action": {"callback": "yes"}},
            {"text": "Details", "action": {"url": "https://ops.example/a/12"}},
        ],
    }})
}

#[tokio::test(start_paused = true)]
async fn all_kinds_are_sent() {
    let mut bed = TestBed::with_members().await;
    let url = json!({"url": "https://ops.example/o/8841"});
    let option = |id: &str| json!({"id": id, "text": id});
    let notice = json!({"text-notice": {
        "source": {"description": "Ops desk", "color": "red"},
        "title": {"title": "Outage 8841"}, "emphasis": {"title": "14", "description": "customers"},
        "quote": {"text": "T3 offline"}, "subtitle": "North yard",
        "horizontal-contents": [{"name": "Lead", "value": "Noor", "target": {"member": "noor.h"}}],
        "jumps": [{"title": "Map", "link": url}], "action": url,
        "menu": {"actions": [{"text": "Mute", "key": "mute"}]},
    }});
    let news = json!({"news-notice": {
        "title": {"title": "Pump report"}, "image": {"url": "https://ops.example/r.png", "aspect-ratio": 1.6},
        "vertical-contents": [{"title": "Pump 2", "description": "online"}], "action": url,
    }});
    let vote = json!({"vote-interaction": {
        "title": {"title": "Next shift?"}, "submit": {"key": "go"},
        "checkbox": {"question-key": "shift", "multiple": true, "options": [option("early"), option("late")]},
    }});
    let lists = json!({"multiple-interaction": {
        "title": {"title": "Report"}, "submit": {"text": "Send", "key": "go"},
        "selections": [{"question-key": "pump", "options": [option("p1"), option("p2")], "selected-id": "p2"}],
    }});
    for (card, task_id, expected) in [
        (
            notice,
            Some("n-1"),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-1","response-code":"97pm4wmtags-leMd5rl5PmZTInPKNUZW_pu49_HX0bwFe3XWbFeZRQWQES8iFSSmmeOkjhCj00EZbmBf","truncated":[],"unlicensed-users":[]}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"text_notice","source":{"desc":"Ops desk","desc_color":2},"action_menu":{"action_list":[{"text":"Mute","key":"mute"}]},"main_title":{"title":"Outage 8841"},"emphasis_content":{"title":"14","desc":"customers"},"quote_area":{"quote_text":"T3 offline"},"sub_title_text":"North yard","horizontal_content_list":[{"keyname":"Lead","value":"Noor","type":3,"userid":"noor.h"}],"jump_list":[{"type":1,"url":"https://ops.example/o/8841","title":"Map"}],"card_action":{"type":1,"url":"https://ops.example/o/8841"},"task_id":"n-1"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"action_menu":{"action_list":[{"key":"mute","text":"Mute"}]},"card_action":{"type":1,"url":"https://ops.example/o/8841"},"card_type":"text_notice","emphasis_content":{"desc":"customers","title":"14"},"horizontal_content_list":[{"keyname":"Lead","type":3,"userid":"noor.h","value":"Noor"}],"jump_list":[{"title":"Map","type":1,"url":"https://ops.example/o/8841"}],"main_title":{"title":"Outage 8841"},"quote_area":{"quote_text":"T3 offline"},"source":{"desc":"Ops desk","desc_color":2},"sub_title_text":"North yard","task_id":"n-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"template_card","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        "#]],
        ),
        (
            news,
            None,
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-2","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"news_notice","main_title":{"title":"Pump report"},"card_image":{"url":"https://ops.example/r.png","aspect_ratio":1.6},"vertical_content_list":[{"title":"Pump 2","desc":"online"}],"card_action":{"type":1,"url":"https://ops.example/o/8841"}},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"card_action":{"type":1,"url":"https://ops.example/o/8841"},"card_image":{"aspect_ratio":1.6,"url":"https://ops.example/r.png"},"card_type":"news_notice","main_title":{"title":"Pump report"},"vertical_content_list":[{"desc":"online","title":"Pump 2"}]},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-2","msgtype":"template_card","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        "#]],
        ),
        (
            buttons(),
            Some("b-1"),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-3","response-code":"fPzW-wn30UkhNsr_4yIVoybKy9ZNpQYCi9NClRP2HVcX4CsOrU0YhNc06eY9nUcPesQPFDjoerVZLTsU","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"button_interaction","main_title":{"title":"Approval needed"},"horizontal_content_list":[{"keyname":"Cost","value":"420 EUR"}],"button_list":[{"text":"Approve","style":1,"key":"yes"},{"text":"Details","type":1,"url":"https://ops.example/a/12"}],"task_id":"b-1"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"button_list":[{"key":"yes","style":1,"text":"Approve"},{"text":"Details","type":1,"url":"https://ops.example/a/12"}],"card_type":"button_interaction","horizontal_content_list":[{"keyname":"Cost","value":"420 EUR"}],"main_title":{"title":"Approval needed"},"task_id":"b-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-3","msgtype":"template_card","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        "#]],
        ),
        (
            vote,
            Some("v-1"),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-4","response-code":"E-SQibfQUaOwX4XYov7xMps5xvSO6f7PwX2SE1A1AMfWmLW_0Pm9lrW0Wmo0r2SY6T1GYRnNN36dui9F","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"vote_interaction","main_title":{"title":"Next shift?"},"checkbox":{"question_key":"shift","mode":1,"option_list":[{"id":"early","text":"early"},{"id":"late","text":"late"}]},"submit_button":{"key":"go"},"task_id":"v-1"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"card_type":"vote_interaction","checkbox":{"mode":1,"option_list":[{"id":"early","text":"early"},{"id":"late","text":"late"}],"question_key":"shift"},"main_title":{"title":"Next shift?"},"submit_button":{"key":"go"},"task_id":"v-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-4","msgtype":"template_card","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        "#]],
        ),
        (
            lists,
            Some("m-1"),
            expect![[r#"
            ok {"invalid-departments":[],"invalid-tags":[],"invalid-users":[],"message-id":"MESSAGE-5","response-code":"gMbVFbIY6PYVOrq3IlhHVboEXo7T7Q0SdEKQkiTZHFFkkDWtyyEhRCFOiIRIFUZBC4hLE7DQvaFzUprh","truncated":[],"unlicensed-users":[]}
            POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"multiple_interaction","main_title":{"title":"Report"},"select_list":[{"question_key":"pump","option_list":[{"id":"p1","text":"p1"},{"id":"p2","text":"p2"}],"selected_id":"p2"}],"submit_button":{"text":"Send","key":"go"},"task_id":"m-1"},"agentid":1000002} -> 0
            + messages {"agentid":1000002,"content":{"card_type":"multiple_interaction","main_title":{"title":"Report"},"select_list":[{"option_list":[{"id":"p1","text":"p1"},{"id":"p2","text":"p2"}],"question_key":"pump","selected_id":"p2"}],"submit_button":{"key":"go","text":"Send"},"task_id":"m-1"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-5","msgtype":"template_card","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        "#]],
        ),
    ] {
        check_json(&mut bed, "send-app-template-card", message(&card, task_id), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn response_code_is_used_once() {
    let mut bed = TestBed::with_members().await;
    let sent = bed.call_as_profile("send-app-template-card", message(&buttons(), Some("b-1")));
    let code = sent.await.unwrap()["response-code"].clone();
    bed.requests();
    bed.changes();
    let update = json!({"update": {
        "recipients": {"selected": {"users": ["noor.h"]}}, "response-code": code,
        "change": {"button-text": "Approved"},
    }});
    let name = "update-template-card";
    let changed = bed.call_as_profile(name, update.clone()).await;
    assert_eq!(changed, Ok(json!({"invalid-users": []})));
    expect![[r#"
        POST /cgi-bin/message/update_template_card?access_token=<app token 1> {"userids":["noor.h"],"response_code":"RESPONSE-CODE","button":{"replace_name":"Approved"},"agentid":1000002} -> 0
    "#]].assert_eq(&bed.requests().replace(code.as_str().unwrap(), "RESPONSE-CODE"));
    let again = bed.call_as_profile(name, update).await.unwrap_err();
    assert_eq!(again["permanent-rejected"]["code"], 60140);
}

#[tokio::test(start_paused = true)]
async fn card_is_replaced() {
    let mut bed = TestBed::with_members().await;
    let sent = bed.call_as_profile("send-app-template-card", message(&buttons(), Some("b-1")));
    let code = sent.await.unwrap()["response-code"].clone();
    bed.requests();
    let card = json!({"text-notice": {
        "title": {"title": "Approved"}, "action": {"url": "https://ops.example/a/12"},
    }});
    let update = json!({"update": {
        "recipients": "everyone", "response-code": code, "change": {"card": {"card": card}},
    }});
    bed.call_as_profile("update-template-card", update).await.unwrap();
    expect![[r#"
        POST /cgi-bin/message/update_template_card?access_token=<app token 1> {"atall":1,"response_code":"RESPONSE-CODE","template_card":{"card_type":"text_notice","main_title":{"title":"Approved"},"card_action":{"type":1,"url":"https://ops.example/a/12"}},"agentid":1000002} -> 0
    "#]].assert_eq(&bed.requests().replace(code.as_str().unwrap(), "RESPONSE-CODE"));
}

#[tokio::test(start_paused = true)]
async fn contradictions_are_not_sent() {
    let mut bed = TestBed::with_members().await;
    let url = json!({"url": "https://ops.example"});
    let bare = json!({"text-notice": {"action": url}});
    let imageless = json!({"news-notice": {"title": {"title": "Pump"}, "action": url}});
    for (card, expected) in [
        (
            bare,
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"message.card.text-notice","reason":"must have a title or a subtitle"}]}
        "#]],
        ),
        (
            imageless,
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"message.card.news-notice","reason":"must have an image or an image and text area"}]}
        "#]],
        ),
        (
            buttons(),
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"message.task-id","reason":"is required for a card that calls back"}]}
        "#]],
        ),
    ] {
        check_json(&mut bed, "send-app-template-card", message(&card, None), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn send_chatbot_template_card() {
    let mut bed = TestBed::new();
    let url = json!({"url": "https://ops.example/r/5"});
    let news = json!({"news-notice": {
        "title": {"title": "Pump report"}, "image": {"url": "https://ops.example/r.png"}, "action": url,
    }});
    let menu = json!({"text-notice": {
        "subtitle": "Pump", "action": url, "menu": {"actions": [{"text": "Mute", "key": "mute"}]},
    }});
    for (card, expected) in [
        (
            news,
            expect![[r#"
        ok {"truncated":[]}
        POST /cgi-bin/webhook/send?key=<chatbot key> {"msgtype":"template_card","template_card":{"card_type":"news_notice","main_title":{"title":"Pump report"},"card_image":{"url":"https://ops.example/r.png"},"card_action":{"type":1,"url":"https://ops.example/r/5"}}} -> 0
        + chatbot_messages {"chatbot":"chatbot","content":{"card_action":{"type":1,"url":"https://ops.example/r/5"},"card_image":{"url":"https://ops.example/r.png"},"card_type":"news_notice","main_title":{"title":"Pump report"}},"msgtype":"template_card"}
    "#]],
        ),
        (
            menu,
            expect![[r#"
        error {"permanent-invalid-input":[{"field":"card.text-notice.menu","reason":"is not for chatbots"}]}
    "#]],
        ),
    ] {
        check_json(&mut bed, "send-chatbot-template-card", json!({ "card": card }), expected).await;
    }
}
