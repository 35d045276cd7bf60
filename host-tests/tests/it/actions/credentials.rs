//! Which credentials an action uses, and where it sends them.

use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use host_tests::{BASE_URL, TestBed, application, chatbot, known_environment};
use wecom_host::{
    Body, Timeouts,
    bindings::exports::wecom::connector::types::{
        Application, ApplicationCredentials, Chatbot, ChatbotCredentials, Error,
    },
    body,
};
use wecom_simulator::{Simulator, known};

use super::{check, code, noor, text};

#[tokio::test(start_paused = true)]
async fn named_profile_reads_its_own_variables() {
    let second_agent_id = known::SECOND_AGENT_ID.to_string();
    let environment = [
        ("WECOM_NIGHT_SHIFT_CORP_ID", known::CORP_ID),
        ("WECOM_NIGHT_SHIFT_SECRET", known::SECOND_APP_SECRET),
        ("WECOM_NIGHT_SHIFT_AGENT_ID", &second_agent_id),
        ("WECOM_NIGHT_SHIFT_CHATBOT_KEY", known::SECOND_CHATBOT_KEY),
        ("WECOM_NIGHT_SHIFT_BASE_URL", BASE_URL),
    ];
    let mut bed = TestBed::with_group_chat().await.second_instance(&environment);
    let (night, chatbot) =
        (Application::Profile("night-Shift".into()), Chatbot::Profile("night-Shift".into()));
    bed.send_app_text(&night, &text(noor())).await.unwrap();
    // Without a contacts secret, the application's is used, and WeCom decides.
    assert_eq!(code(bed.delete_department(&night, 1).await), 48002);
    bed.send_chatbot_markdown(&chatbot, "hi").await.unwrap();
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<second app secret> -> 0
        POST /cgi-bin/message/send?access_token=<second app token 1> {"touser":"noor.h","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000003} -> 0
        GET /cgi-bin/department/delete?access_token=<second app token 1>&id=1 -> 48002
        POST /cgi-bin/webhook/send?key=<second chatbot key> {"msgtype":"markdown","markdown":{"content":"hi"}} -> 0
    "#]].assert_eq(&bed.requests());

    // Nothing of it is the unnamed profile's, nor the other way round.
    let missing = bed.list_department_ids(&application(), None).await;
    check(
        &mut bed,
        missing,
        expect![[r#"
        Err(Error::PermanentMissingCredential("the environment variable WECOM_CORP_ID is not set"))
        + messages {"agentid":1000003,"content":{"content":"Pump 2"},"delivered":["noor.h"],"dropped":[],"duplicates":0,"enable_id_trans":false,"msgid":"MESSAGE-1","msgtype":"text","recalled":false,"safe":0,"sent_at":1789000000,"to":{"toparty":"","totag":"","touser":"noor.h"}}
        + chatbot_messages {"chatbot":"second chatbot","content":{"content":"hi"},"msgtype":"markdown"}
    "#]],
    );
    let mut bed = TestBed::new();
    let missing = bed.list_department_ids(&night, None).await;
    check(
        &mut bed,
        missing,
        expect![[r#"
        Err(Error::PermanentMissingCredential("the environment variable WECOM_NIGHT_SHIFT_CORP_ID is not set"))
    "#]],
    );
    let missing = bed.send_chatbot_markdown(&chatbot, "hi").await;
    check(
        &mut bed,
        missing,
        expect![[r#"
        Err(Error::PermanentMissingCredential("the environment variable WECOM_NIGHT_SHIFT_CHATBOT_KEY is not set"))
    "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn each_action_picks_its_secret() {
    let mut bed = TestBed::with_group_chat().await.second_instance(&[]);
    let both = credentials(Some(known::APP_SECRET), Some(known::CONTACTS_SECRET));
    bed.list_department_ids(&both, None).await.unwrap();
    bed.send_app_text(&both, &text(noor())).await.unwrap();
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"noor.h","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
    "#]].assert_eq(&bed.requests());

    let mut bed = bed.second_instance(&[]);
    let app_only = credentials(Some(known::APP_SECRET), None);
    bed.list_department_ids(&app_only, None).await.unwrap();
    let contacts_only = credentials(None, Some(known::CONTACTS_SECRET));
    assert_eq!(code(bed.send_app_text(&contacts_only, &text(noor())).await), 48002);
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/department/simplelist?access_token=<app token 1> -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/message/send?access_token=<contacts token 1> {"touser":"noor.h","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 48002
    "#]].assert_eq(&bed.requests());
}

#[tokio::test(start_paused = true)]
async fn missing_credential_is_named_and_nothing_is_sent() {
    let mut bed = TestBed::new();
    let without = |name: &str| -> Vec<_> {
        known_environment().into_iter().filter(|(it, _)| *it != name).collect()
    };
    for name in ["WECOM_CORP_ID", "WECOM_AGENT_ID"] {
        let sent =
            bed.second_instance(&without(name)).send_app_text(&application(), &text(noor())).await;
        check_missing(sent, name);
    }
    let sent = bed
        .second_instance(&without("WECOM_CHATBOT_KEY"))
        .send_chatbot_markdown(&chatbot(), "hi")
        .await;
    check_missing(sent, "WECOM_CHATBOT_KEY");
    let mut bare = bed.second_instance(&[("WECOM_CORP_ID", "ww"), ("WECOM_AGENT_ID", "1")]);
    check_missing(bare.send_app_text(&application(), &text(noor())).await, "WECOM_SECRET");
    assert_eq!(bed.requests(), "");
}

#[tokio::test(start_paused = true)]
async fn wrong_secret_is_tried_once() {
    let mut bed = TestBed::new();
    let listed = bed.list_department_ids(&credentials(Some("wrong"), None), None).await;
    check(
        &mut bed,
        listed,
        expect![[r#"
            Err(Error::PermanentRejected(Rejection { code: 40001, message: "invalid credential", hint: "the secret is wrong, is not one of this corp id, or the application is disabled: copy both again from the console", caller-address: Some("127.0.0.1"), request-id: Some("0000000000000000001"), invalid-receivers: None, conflicting-user: None }))
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<unknown secret> -> 40001
        "#]],
    );
    let chatbot = Chatbot::Credentials(ChatbotCredentials {
        key: "wrong".into(),
        base_url: Some(BASE_URL.into()),
    });
    let sent = bed.send_chatbot_markdown(&chatbot, "hi").await;
    check(
        &mut bed,
        sent,
        expect![[r#"
            Err(Error::PermanentRejected(Rejection { code: 93000, message: "invalid webhook url", hint: "the key is wrong or the chatbot was removed: give the key alone, which stands behind `key=` in the webhook address, or make a new chatbot in the group chat", caller-address: Some("127.0.0.1"), request-id: Some("0000000000000000002"), invalid-receivers: None, conflicting-user: None }))
            POST /cgi-bin/webhook/send?key=<unknown secret> {"msgtype":"markdown","markdown":{"content":"hi"}} -> 93000
        "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn secrets_are_sent_unchanged() {
    let mut bed = TestBed::new();
    let odd = credentials(Some("{{ secret:1 }}/+&=%20部\n"), None);
    assert_eq!(code(bed.list_department_ids(&odd, None).await), 40001);
    let heard = Arc::new(Mutex::new(Vec::new()));
    assert_eq!(code(listening(&heard).list_department_ids(&odd, None).await), 40013);
    expect![[r#"http://127.0.0.1:1/cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=%7B%7B%20secret%3A1%20%7D%7D%2F%2B%26%3D%2520%E9%83%A8 host: Some("127.0.0.1:1")"#]].assert_eq(&heard.lock().unwrap().join("\n"));
}

#[tokio::test(start_paused = true)]
async fn base_urls_are_accepted_or_refused() {
    for (base_url, expected) in [
        (
            None,
            expect![[
                r#"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k host: Some("qyapi.weixin.qq.com")"#
            ]],
        ),
        (
            Some("https://proxy.example"),
            expect![[
                r#"https://proxy.example/cgi-bin/webhook/send?key=k host: Some("proxy.example")"#
            ]],
        ),
        (
            Some("https://proxy.example:8443/wecom/"),
            expect![[
                r#"https://proxy.example:8443/wecom/cgi-bin/webhook/send?key=k host: Some("proxy.example:8443")"#
            ]],
        ),
        (
            Some("HTTPS://Proxy.example/a/b"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must begin with https://, or http:// for a loopback address" }]"#
            ]],
        ),
        (
            Some("http://localhost:8080"),
            expect![[
                r#"http://localhost:8080/cgi-bin/webhook/send?key=k host: Some("localhost:8080")"#
            ]],
        ),
        (
            Some("http://127.0.0.1:8080/x"),
            expect![[
                r#"http://127.0.0.1:8080/x/cgi-bin/webhook/send?key=k host: Some("127.0.0.1:8080")"#
            ]],
        ),
        (
            Some("http://[::1]:8080"),
            expect![[r#"http://[::1]:8080/cgi-bin/webhook/send?key=k host: Some("[::1]:8080")"#]],
        ),
        (
            Some("http://proxy.example"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "http:// is for loopback addresses only, as secrets would not be encrypted: use https://, or set WECOM_ALLOW_HTTP=1 in the component's environment for a private deployment" }]"#
            ]],
        ),
        (
            Some("http://127.0.0.1.proxy.example"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "http:// is for loopback addresses only, as secrets would not be encrypted: use https://, or set WECOM_ALLOW_HTTP=1 in the component's environment for a private deployment" }]"#
            ]],
        ),
        (
            Some("http://localhost@proxy.example"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must name a host, and at most a port and a path after it" }]"#
            ]],
        ),
        (
            Some("https://proxy.example/?a=b"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must have a path of letters, digits and `/ - . _ ~`, and nothing after it" }]"#
            ]],
        ),
        (
            Some("https://proxy.example/#a"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must have a path of letters, digits and `/ - . _ ~`, and nothing after it" }]"#
            ]],
        ),
        (
            Some("https://"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must name a host, and at most a port and a path after it" }]"#
            ]],
        ),
        (
            Some("proxy.example"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must begin with https://, or http:// for a loopback address" }]"#
            ]],
        ),
        (
            Some("ftp://proxy.example"),
            expect![[
                r#"[InvalidField { field: "chatbot.credentials.base-url", reason: "must begin with https://, or http:// for a loopback address" }]"#
            ]],
        ),
        (
            Some(""),
            expect![[
                r#"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k host: Some("qyapi.weixin.qq.com")"#
            ]],
        ),
    ] {
        check_base_url(base_url, expected).await;
    }
}

async fn check_base_url(base_url: Option<&str>, expected: Expect) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let chatbot = Chatbot::Credentials(ChatbotCredentials {
        key: "k".into(),
        base_url: base_url.map(Into::into),
    });
    let sent = listening(&heard).send_chatbot_markdown(&chatbot, "hi").await;
    let heard = heard.lock().unwrap().join("\n");
    let text = match sent {
        Err(Error::PermanentInvalidInput(fields)) => format!("{heard}{fields:?}"),
        _ => heard,
    };
    expected.assert_eq(&text);
}

/// A test bed with a server that logs the address of each request and responds with 40013.
fn listening(heard: &Arc<Mutex<Vec<String>>>) -> TestBed {
    let heard = Arc::clone(heard);
    let transport = move |request: http::Request<Body>, _: Timeouts| {
        let host = request.headers().get("host").map(|it| it.to_str().unwrap().to_owned());
        heard.lock().unwrap().push(format!("{} host: {host:?}", request.uri()));
        async { Ok(http::Response::new(body(r#"{"errcode":40013,"errmsg":"invalid corpid"}"#))) }
    };
    TestBed::with_transport(Simulator::new().strict(), &[], Arc::new(transport))
}

fn check_missing<T: std::fmt::Debug>(result: Result<T, Error>, name: &str) {
    match result {
        Err(Error::PermanentMissingCredential(text)) if text.contains(name) => {}
        other => panic!("{name} is not reported as missing: {other:?}"),
    }
}

fn credentials(secret: Option<&str>, contacts_secret: Option<&str>) -> Application {
    Application::Credentials(raw(secret, contacts_secret))
}

fn raw(secret: Option<&str>, contacts_secret: Option<&str>) -> ApplicationCredentials {
    ApplicationCredentials {
        corp_id: known::CORP_ID.into(),
        secret: secret.map(Into::into),
        contacts_secret: contacts_secret.map(Into::into),
        agent_id: Some(known::AGENT_ID.into()),
        base_url: Some(BASE_URL.into()),
    }
}
