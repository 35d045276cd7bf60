//! Access tokens: one for each secret, cached over calls, and refreshed once. `src/exchange.rs` tests the rest.

use expect_test::expect;
use host_tests::{BASE_URL, TestBed, application, known_environment};
use wecom_host::bindings::exports::wecom::connector::{
    app_messages::{AppText, Delivery, Recipients},
    types::{Application, ApplicationCredentials, Error},
};
use wecom_simulator::known;

#[tokio::test(start_paused = true)]
async fn token_is_cached_by_the_instance() {
    let mut bed = TestBed::new();
    for _ in 0..10 {
        bed.list_department_ids(&application(), None).await.unwrap();
    }
    assert_eq!(bed.requests().matches("gettoken").count(), 1);
    // Another instance has its own cache.
    let mut other = bed.second_instance(&known_environment());
    other.list_department_ids(&application(), None).await.unwrap();
    assert_eq!(other.requests().matches("gettoken").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn revoked_token_is_refreshed_once_and_the_call_retried_once() {
    let mut bed = TestBed::new();
    send(&mut bed, &application()).await.unwrap();
    bed.simulator.revoke_tokens();
    send(&mut bed, &application()).await.unwrap();
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
async fn applications_of_one_corp_do_not_share_a_token() {
    let mut bed = TestBed::new();
    let first = with_secret(known::APP_SECRET, known::AGENT_ID);
    let second = with_secret(known::SECOND_APP_SECRET, known::SECOND_AGENT_ID);
    // Alternating, so that a token cached by corp alone would be the wrong one each time.
    for _ in 0..2 {
        send(&mut bed, &first).await.unwrap();
        send(&mut bed, &second).await.unwrap();
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
    let agent_ids: Vec<_> = messages.iter().map(|it| it["agentid"].clone()).collect();
    let [first, second] = [known::AGENT_ID, known::SECOND_AGENT_ID];
    assert_eq!(agent_ids, [first, second, first, second]);
}

async fn send(bed: &mut TestBed, application: &Application) -> Result<Delivery, Error> {
    let message = AppText {
        recipients: Recipients::Everyone,
        content: "Pump 2".into(),
        confidentiality: None,
        options: None,
    };
    bed.send_app_text(application, &message).await
}

fn with_secret(secret: &str, agent_id: u32) -> Application {
    Application::Credentials(ApplicationCredentials {
        corp_id: known::CORP_ID.into(),
        secret: Some(secret.into()),
        contacts_secret: None,
        agent_id: Some(agent_id.into()),
        base_url: Some(BASE_URL.into()),
    })
}
