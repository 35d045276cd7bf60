//! What errors mean, and whether credentials work.

use std::fmt::Write;

use expect_test::{Expect, expect};
use host_tests::{TestBed, known_environment};
use serde_json::json;
use wecom_simulator::{Fault, FaultKind, known};

use super::check_json;

/// The findings, a line each, and the requests.
async fn check_findings(bed: &mut TestBed, name: &str, expected: Expect) {
    let findings = bed.call_as_profile(name, json!({})).await.unwrap();
    let mut text = String::new();
    for it in findings.as_array().unwrap() {
        let text_of = |name: &str| it[name].as_str().unwrap_or("-");
        let (subject, outcome) = (text_of("subject"), text_of("outcome"));
        let (tried, detail, advice) = (text_of("tried"), text_of("detail"), text_of("advice"));
        writeln!(text, "{subject} {outcome}: {tried}: {detail}: {advice}").unwrap();
    }
    for secret in
        [known::APP_SECRET, known::CONTACTS_SECRET, known::CHATBOT_KEY, WRONG, "simtoken-"]
    {
        assert!(!text.contains(secret), "{text}");
    }
    let text = text + &bed.requests() + &bed.changes();
    expected.assert_eq(&bed.number_ids(text));
}

const WRONG: &str = "a-wrong-secret-of-nobody";

/// The environment of the unnamed profile with other values.
fn bed_with(changed: &[(&'static str, &'static str)]) -> TestBed {
    let mut environment = known_environment();
    for (name, value) in changed {
        environment.retain(|it| it.0 != *name);
        environment.push((name, value));
    }
    environment.retain(|it| !it.1.is_empty());
    TestBed::with_environment(&environment)
}

#[tokio::test(start_paused = true)]
async fn check_application() {
    check_findings(&mut TestBed::new(), "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds at 127.0.0.1:1: -
        credentials passed: GET /cgi-bin/gettoken: WeCom issued a token for the corp id and the secret: -
        caller-address passed: GET /cgi-bin/agent/get: WeCom accepts calls from here: -
        contacts-secret passed: POST /cgi-bin/user/list_id: the contacts secret lists member ids: -
        agent-id passed: GET /cgi-bin/agent/get: the secret is that of the application 1000002 (app): -
        visible-range passed: GET /cgi-bin/agent/get: the application sees the whole enterprise: -
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/get_api_domain_ip?access_token=<app token 1> -> 0
        GET /cgi-bin/agent/get?access_token=<app token 1>&agentid=1000002 -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":1} -> 0
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_with_a_wrong_secret() {
    let mut bed = bed_with(&[("WECOM_SECRET", WRONG)]);
    check_findings(&mut bed, "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds: -
        credentials failed: GET /cgi-bin/gettoken: WeCom refused with 40001: invalid credential: the secret is wrong, is not one of this corp id, or the application is disabled: copy both again from the console
        caller-address skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        contacts-secret passed: POST /cgi-bin/user/list_id: the contacts secret lists member ids: -
        agent-id skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        visible-range skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<unknown secret> -> 40001
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":1} -> 0
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_with_the_agent_id_of_another() {
    let mut bed = bed_with(&[("WECOM_AGENT_ID", "1000003"), ("WECOM_CONTACTS_SECRET", "")]);
    check_findings(&mut bed, "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds at 127.0.0.1:1: -
        credentials passed: GET /cgi-bin/gettoken: WeCom issued a token for the corp id and the secret: -
        caller-address passed: GET /cgi-bin/agent/get: WeCom accepts calls from here: -
        contacts-secret skipped: POST /cgi-bin/user/list_id: no contacts secret is given: -
        agent-id failed: GET /cgi-bin/agent/get: WeCom refused with 301002: not allow operate another agent with this accesstoken: the agent id is not that of the application whose secret or token is used: use the secret and the agent id of the same application
        visible-range skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/get_api_domain_ip?access_token=<app token 1> -> 0
        GET /cgi-bin/agent/get?access_token=<app token 1>&agentid=1000003 -> 301002
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_with_a_wrong_contacts_secret() {
    let mut bed = bed_with(&[("WECOM_CONTACTS_SECRET", known::SECOND_APP_SECRET)]);
    check_findings(&mut bed, "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds at 127.0.0.1:1: -
        credentials passed: GET /cgi-bin/gettoken: WeCom issued a token for the corp id and the secret: -
        caller-address passed: GET /cgi-bin/agent/get: WeCom accepts calls from here: -
        contacts-secret failed: POST /cgi-bin/user/list_id: WeCom refused with 48002: api forbidden for this secret: this secret may not make this call: use the contacts secret for departments and members, an application's secret for everything else
        agent-id passed: GET /cgi-bin/agent/get: the secret is that of the application 1000002 (app): -
        visible-range passed: GET /cgi-bin/agent/get: the application sees the whole enterprise: -
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/get_api_domain_ip?access_token=<app token 1> -> 0
        GET /cgi-bin/agent/get?access_token=<app token 1>&agentid=1000002 -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<second app secret> -> 0
        POST /cgi-bin/user/list_id?access_token=<second app token 1> {"limit":1} -> 48002
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_with_a_narrow_range() {
    let mut bed =
        bed_with(&[("WECOM_SECRET", known::NARROW_APP_SECRET), ("WECOM_AGENT_ID", "1000004")]);
    check_findings(&mut bed, "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds at 127.0.0.1:1: -
        credentials passed: GET /cgi-bin/gettoken: WeCom issued a token for the corp id and the secret: -
        caller-address passed: GET /cgi-bin/agent/get: WeCom accepts calls from here: -
        contacts-secret passed: POST /cgi-bin/user/list_id: the contacts secret lists member ids: -
        agent-id passed: GET /cgi-bin/agent/get: the secret is that of the application 1000004 (narrow app): -
        visible-range warned: GET /cgi-bin/agent/get: the application sees what was chosen: members: 1, departments: 1, tags: 0: messages reach only these members, and group chats need the whole enterprise: widen the visible range in the console where that is not enough
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<narrow app secret> -> 0
        GET /cgi-bin/get_api_domain_ip?access_token=<narrow app token 1> -> 0
        GET /cgi-bin/agent/get?access_token=<narrow app token 1>&agentid=1000004 -> 0
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":1} -> 0
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_from_an_address_that_is_not_trusted() {
    let mut bed = TestBed::new();
    let message =
        "not allow to access from your ip, hint: [1], from ip: 203.0.113.9, more info at x";
    let kind = FaultKind::Errcode { code: 60020, message: message.into() };
    let on = "/cgi-bin/agent/get".into();
    assert!(bed.simulator.inject(Fault { on, skip: 0, times: 1, act: false, kind }));
    check_findings(&mut bed, "check-application", expect![[r#"
        configuration passed: reading the credentials: a corp id, an application's secret and an agent id are given: -
        base-url passed: GET /cgi-bin/get_api_domain_ip: WeCom responds at 127.0.0.1:1: -
        credentials passed: GET /cgi-bin/gettoken: WeCom issued a token for the corp id and the secret: -
        caller-address failed: GET /cgi-bin/agent/get: WeCom refused with 60020: not allow to access from your ip: add 203.0.113.9 to the trusted addresses (企业可信IP) in the console, and wait a minute
        contacts-secret passed: POST /cgi-bin/user/list_id: the contacts secret lists member ids: -
        agent-id skipped: GET /cgi-bin/agent/get: WeCom does not trust the caller's address: -
        visible-range skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/get_api_domain_ip?access_token=<app token 1> -> 0
        GET /cgi-bin/agent/get?access_token=<app token 1>&agentid=1000002 -> 60020 (fault: errcode)
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":1} -> 0
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_application_without_credentials() {
    check_findings(&mut TestBed::with_environment(&[]), "check-application", expect![[r#"
        configuration failed: reading the credentials: the environment variable WECOM_CORP_ID is not set: set the variables of the profile in the component's environment, or pass credentials
        base-url skipped: GET /cgi-bin/get_api_domain_ip: an earlier check failed: -
        credentials skipped: GET /cgi-bin/gettoken: an earlier check failed: -
        caller-address skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        contacts-secret skipped: POST /cgi-bin/user/list_id: an earlier check failed: -
        agent-id skipped: GET /cgi-bin/agent/get: an earlier check failed: -
        visible-range skipped: GET /cgi-bin/agent/get: an earlier check failed: -
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn check_chatbot_posts_nothing() {
    check_findings(&mut TestBed::new(), "check-chatbot", expect![[r#"
        configuration passed: reading the credentials: a key is given: -
        base-url passed: POST /cgi-bin/webhook/upload_media: WeCom responds at 127.0.0.1:1: -
        chatbot-key passed: POST /cgi-bin/webhook/upload_media: WeCom took a file for this chatbot: -
        POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=file <multipart media filename="wecom-connector-check.txt" type=application/octet-stream length=34> -> 0
        + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"wecom-connector-check.txt","media_id":"MEDIA-1","owner":"chatbot","size":34,"type":"file"}
    "#]]).await;
    let mut bed = bed_with(&[("WECOM_CHATBOT_KEY", "51a7ed00-0000-4000-8000-0000000000ff")]);
    check_findings(&mut bed, "check-chatbot", expect![[r#"
        configuration passed: reading the credentials: a key is given: -
        base-url passed: POST /cgi-bin/webhook/upload_media: WeCom responds: -
        chatbot-key failed: POST /cgi-bin/webhook/upload_media: WeCom refused with 40058: invalid param 'key': the key is wrong or the chatbot was removed: give the key of the webhook address
        POST /cgi-bin/webhook/upload_media?key=<unknown secret>&type=file <multipart media filename="wecom-connector-check.txt" type=application/octet-stream length=34> -> 40058
    "#]]).await;
    assert_eq!(bed.state()["chatbot_messages"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn explain_error() {
    let mut bed = TestBed::with_environment(&[]);
    for (code, language, expected) in [
        (
            60020,
            "english",
            expect![[r#"
            ok {"advice":"add it to the application's trusted addresses (企业可信IP) in the console, and wait a minute","code":60020,"meaning":"the caller's address (caller-address) is not trusted","retry":false}
        "#]],
        ),
        (
            60020,
            "chinese",
            expect![[r#"
            ok {"advice":"在管理后台将该 IP 加入应用的企业可信IP，约一分钟后生效","code":60020,"meaning":"调用方的 IP（caller-address）不在可信列表中","retry":false}
        "#]],
        ),
        (
            -1,
            "english",
            expect![[r#"
            ok {"advice":"wait and retry, at most three times; before sending a message again, see whether it arrived","code":-1,"meaning":"WeCom is busy","retry":true}
        "#]],
        ),
        (
            1,
            "english",
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"code","reason":"is not one that the calls of this connector return"}]}
        "#]],
        ),
    ] {
        let arguments = json!({"code": code, "language": language});
        check_json(&mut bed, "explain-error", arguments, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn hint_is_in_the_language_of_the_environment() {
    let mut bed = bed_with(&[("WECOM_LANG", "zh_CN.UTF-8")]);
    let refused = bed.call_as_profile("delete-department", json!({"department-id": 7})).await;
    let refused = refused.unwrap_err();
    expect!["该 id 不存在，或应用不可见；如果之前已尝试删除，说明已删除成功"]
        .assert_eq(refused["permanent-rejected"]["hint"].as_str().unwrap());
}
