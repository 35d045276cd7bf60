use bytes::Bytes;
use http::Request;

use wecom_simulator::{Simulator, known};

use crate::client::Client;

fn handle(request: http::request::Builder, body: &'static str) -> (u16, String) {
    let answer = Simulator::new().handle(&request.body(Bytes::from(body)).unwrap());
    (answer.status, String::from_utf8(answer.body.to_vec()).unwrap())
}

fn send_url() -> String {
    format!("/cgi-bin/webhook/send?key={}", known::CHATBOT_KEY)
}

#[test]
fn careless_http_is_refused_in_plain_text() {
    let json = "application/json; charset=utf-8";
    let upload = "/cgi-bin/webhook/upload_media?key=k&type=file";
    for (request, status, naming) in [
        (Request::post(send_url()).header("content-type", json), 400, "Host"),
        (Request::post(send_url()).header("host", "").header("content-type", json), 400, "Host"),
        (Request::post(send_url()).header("host", "h"), 400, "Content-Type header is missing"),
        (
            Request::post(send_url())
                .header("host", "h")
                .header("content-type", "application/json"),
            400,
            "charset",
        ),
        (
            Request::post(upload).header("host", "h").header("content-type", json),
            400,
            "multipart/form-data",
        ),
        (
            Request::post(upload)
                .header("host", "h")
                .header("content-type", "multipart/form-data; boundary=\"b\""),
            400,
            "quoted",
        ),
        (Request::get("/cgi-bin/other").header("host", "h"), 404, "<html>"),
        (Request::get("/_simulator/state").header("host", "h"), 404, "<html>"),
    ] {
        let (found, body) = handle(request, "{}");
        assert_eq!(found, status, "{body}");
        assert!(body.contains(naming), "{body}");
    }
}

#[test]
fn an_upload_without_a_boundary_is_empty() {
    let url = format!("/cgi-bin/webhook/upload_media?key={}&type=file", known::CHATBOT_KEY);
    let request =
        Request::post(url).header("host", "h").header("content-type", "multipart/form-data");
    assert!(handle(request, "x").1.contains("\"errcode\":44001"));
}

#[test]
fn a_wrong_method_or_a_stray_body_is_refused() {
    let (status, body) = handle(Request::get(send_url()).header("host", "h"), "");
    assert_eq!(status, 200);
    assert!(body.contains("40058") && body.contains("wrong method"), "{body}");

    let (_, body) = handle(Request::get("/cgi-bin/gettoken").header("host", "h"), "{}");
    assert!(body.contains("this call has no body"), "{body}");
}

#[test]
fn a_token_in_the_body_or_an_unknown_parameter_is_refused() {
    let client = Client::new();
    let answer = client.contacts("/cgi-bin/user/list_id", serde_json::json!({"access_token": "x"}));
    assert_eq!(answer["errcode"], 40058);
    assert!(answer["errmsg"].as_str().unwrap().contains("`access_token`"));
    assert_eq!(client.app_get("/cgi-bin/department/simplelist", "&debug=1")["errcode"], 40058);
    assert_eq!(client.app_get("/cgi-bin/department/simplelist", "&id=")["errcode"], 40058);
}

#[test]
fn each_secret_opens_its_own_doors() {
    let client = Client::new();
    let [contacts, app, narrow] =
        [known::CONTACTS_SECRET, known::APP_SECRET, known::NARROW_APP_SECRET]
            .map(|it| client.token(it));
    for (path, codes) in [
        ("department/create", [60001, 48002, 48002]),
        ("department/update", [60003, 48002, 48002]),
        ("user/create", [41009, 48002, 48002]),
        ("user/update", [41009, 48002, 48002]),
        ("user/list_id", [0, 48002, 48002]),
        ("appchat/create", [48002, 86204, 60011]),
        ("appchat/update", [48002, 86201, 60011]),
        ("appchat/send", [48002, 86201, 60011]),
        ("message/send", [48002, 41011, 41011]),
        ("message/recall", [48002, 40058, 40058]),
    ] {
        for (token, code) in [&contacts, &app, &narrow].into_iter().zip(codes) {
            let url = format!("/cgi-bin/{path}?access_token={token}");
            assert_eq!(client.post_bare(&url, "{}")["errcode"], code, "{path}");
        }
    }
    for (path, codes) in [
        ("department/simplelist", [0, 0, 0]),
        ("department/list", [48009, 0, 0]),
        ("department/get", [48009, 40058, 40058]),
        ("department/delete", [40058, 48002, 48002]),
        ("user/get", [48009, 41009, 41009]),
        ("user/delete", [41009, 48002, 48002]),
        ("appchat/get", [48002, 86201, 60011]),
        ("media/get", [48002, 41006, 41006]),
    ] {
        for (token, code) in [&contacts, &app, &narrow].into_iter().zip(codes) {
            let url = format!("/cgi-bin/{path}?access_token={token}");
            assert_eq!(client.get_bare(&url)["errcode"], code, "{path}");
        }
    }
}
