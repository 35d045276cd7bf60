//! What becomes of access tokens: one for each secret, kept for many calls, and a dead one replaced once.

use std::{fmt::Debug, time::Duration};

use expect_test::expect;
use host_tests::{BASE_URL, TestBed, application, known_environment};
use wecom_host::bindings::exports::wecom::connector::{
    app_messages::{AppText, Delivery, Recipients},
    tokens::TokenScope,
    types::{Application, ApplicationCredentials, Error},
};
use wecom_simulator::{Fault, FaultKind, known};

#[tokio::test(start_paused = true)]
async fn ten_calls_need_one_token() {
    let mut bed = TestBed::new();
    for _ in 0..10 {
        bed.list_department_ids(&application(), None).await.unwrap();
    }
    assert_eq!(bed.requests().matches("gettoken").count(), 1);
    // Another instance knows nothing of it.
    let mut other = bed.second_instance(&known_environment());
    other.list_department_ids(&application(), None).await.unwrap();
    assert_eq!(other.requests().matches("gettoken").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_is_refreshed_once_and_the_call_repeated_once() {
    let mut bed = TestBed::new();
    say(&mut bed, &application()).await.unwrap();
    bed.simulator.revoke_tokens();
    say(&mut bed, &application()).await.unwrap();
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 40014
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 2> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
    "#]].assert_eq(&bed.requests());
    assert_eq!(bed.state()["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refreshed() {
    let mut bed = TestBed::new();
    bed.list_department_ids(&application(), None).await.unwrap();
    bed.simulator.advance(Duration::from_hours(2));
    bed.requests();
    bed.list_department_ids(&application(), None).await.unwrap();
    expect![[r#"
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 40014
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        GET /cgi-bin/department/simplelist?access_token=<contacts token 2> -> 0
    "#]]
    .assert_eq(&bed.requests());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_stays_dead_is_reported_after_one_repetition() {
    for code in [40001, 40014, 41001, 42001] {
        let mut bed = TestBed::new();
        bed.simulator.inject(refusal("/cgi-bin/department", u32::MAX, code));
        let listed = bed.list_department_ids(&application(), None).await;
        check_rejected(listed, code);
        let expected = format!(
            "GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0\n\
             GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> {code} (fault: errcode)\n"
        );
        assert_eq!(bed.requests(), expected.repeat(2));
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_call_of_a_dead_token_is_no_exception() {
    // Dead again after the first repetition: each call has one of its own.
    let mut bed = TestBed::new();
    for _ in 0..2 {
        bed.simulator.inject(refusal("/cgi-bin/department", 1, 42001));
        bed.list_department_ids(&application(), None).await.unwrap();
    }
    assert_eq!(bed.requests().matches("gettoken").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn other_refusals_cost_no_token() {
    let mut bed = TestBed::new();
    bed.simulator.inject(refusal("/cgi-bin/department", 1, 60011));
    check_rejected(bed.list_department_ids(&application(), None).await, 60011);
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 60011 (fault: errcode)
    "#]]
    .assert_eq(&bed.requests());
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_ends_the_call() {
    let mut bed = TestBed::new();
    bed.simulator.inject(refusal("/cgi-bin/gettoken", 1, 40001));
    check_rejected(bed.list_department_ids(&application(), None).await, 40001);
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 40001 (fault: errcode)
    "#]].assert_eq(&bed.requests());
}

#[tokio::test(start_paused = true)]
async fn a_token_given_by_value_is_not_refreshed() {
    let mut bed = TestBed::new();
    let issued = bed.get_access_token(&application(), TokenScope::Application).await.unwrap();
    let token = Application::Token(issued.access_token);
    bed.requests();
    say(&mut bed, &token).await.unwrap();
    bed.simulator.revoke_tokens();
    check_rejected(say(&mut bed, &token).await, 40014);
    expect![[r#"
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 40014
    "#]].assert_eq(&bed.requests());
}

#[tokio::test(start_paused = true)]
async fn applications_of_one_corp_never_share_a_token() {
    let mut bed = TestBed::new();
    let first = with_secret(known::APP_SECRET, known::AGENT_ID);
    let second = with_secret(known::SECOND_APP_SECRET, known::SECOND_AGENT_ID);
    // In turns, so that a token kept for the corp alone would be the wrong one every time.
    for _ in 0..2 {
        say(&mut bed, &first).await.unwrap();
        say(&mut bed, &second).await.unwrap();
        bed.list_department_ids(&application(), None).await.unwrap();
    }
    expect![[r#"
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<second app secret> -> 0
        POST /cgi-bin/message/send?access_token=<second app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000003} -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
        POST /cgi-bin/message/send?access_token=<app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000002} -> 0
        POST /cgi-bin/message/send?access_token=<second app token 1> {"touser":"@all","msgtype":"text","text":{"content":"Pump 2"},"agentid":1000003} -> 0
        GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
    "#]].assert_eq(&bed.requests());
    let messages = bed.state()["messages"].as_array().unwrap().clone();
    let speakers: Vec<_> = messages.iter().map(|it| it["agentid"].clone()).collect();
    let [first, second] = [known::AGENT_ID, known::SECOND_AGENT_ID];
    assert_eq!(speakers, [first, second, first, second]);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_server_is_not_used() {
    let mut bed = TestBed::new();
    let elsewhere = |base_url: &str| {
        Application::Credentials(ApplicationCredentials {
            base_url: Some(base_url.into()),
            ..raw(known::APP_SECRET, known::AGENT_ID)
        })
    };
    for base_url in [BASE_URL, "http://127.0.0.1:2", "http://localhost:1", "https://127.0.0.1:1"] {
        say(&mut bed, &elsewhere(base_url)).await.unwrap();
    }
    assert_eq!(bed.requests().matches("gettoken").count(), 4);
}

async fn say(bed: &mut TestBed, application: &Application) -> Result<Delivery, Error> {
    let message = AppText {
        recipients: Recipients::Everyone,
        content: "Pump 2".into(),
        confidentiality: None,
        options: None,
    };
    bed.send_app_text(application, &message).await
}

fn refusal(on: &str, times: u32, code: i64) -> Fault {
    let kind = FaultKind::Errcode { code, message: "no".into() };
    Fault { on: on.into(), skip: 0, times, act: false, kind }
}

fn check_rejected<T: Debug>(result: Result<T, Error>, code: i64) {
    match result {
        Err(Error::PermanentRejected(it)) if i64::from(it.code) == code => {}
        other => panic!("not rejected with {code}: {other:?}"),
    }
}

fn with_secret(secret: &str, agent_id: u32) -> Application {
    Application::Credentials(raw(secret, agent_id))
}

fn raw(secret: &str, agent_id: u32) -> ApplicationCredentials {
    ApplicationCredentials {
        corp_id: known::CORP_ID.into(),
        secret: Some(secret.into()),
        contacts_secret: None,
        agent_id: Some(agent_id.into()),
        base_url: Some(BASE_URL.into()),
    }
}
