use bytes::Bytes;
use http::Request;
use serde_json::Value;
use wecom_simulator::{Simulator, known};

use crate::client::Client;

fn handle(simulator: Simulator, request: http::request::Builder, body: &str) -> (u16, Value) {
    let request = request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap();
    let response = simulator.handle(&request);
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

fn send_url() -> String {
    format!("/cgi-bin/webhook/send?key={}", known::CHATBOT_KEY)
}

#[test]
fn strict_mode_refuses_careless_headers_by_name() {
    let json = "application/json; charset=utf-8";
    let upload = "/cgi-bin/webhook/upload_media?key=k&type=file";
    for (request, naming) in [
        (Request::post(send_url()).header("content-type", json), "`Host`"),
        (Request::post(send_url()).header("host", "").header("content-type", json), "`Host`"),
        (Request::post(send_url()).header("host", "h"), "`Content-Type`"),
        (
            Request::post(send_url())
                .header("host", "h")
                .header("content-type", "application/json"),
            "charset",
        ),
        (
            Request::post(upload).header("host", "h").header("content-type", json),
            "multipart/form-data",
        ),
        (
            Request::post(upload)
                .header("host", "h")
                .header("content-type", "multipart/form-data; boundary=\"b\""),
            "quoted",
        ),
    ] {
        let (status, body) = handle(Simulator::new().strict(), request, "{}");
        assert_eq!((status, &body["errcode"]), (200, &40058.into()), "{body}");
        assert!(body["errmsg"].as_str().unwrap().contains(naming), "{body}");
    }
}

#[test]
fn unknown_paths_are_404_with_json() {
    for path in ["/cgi-bin/other", "/cgi-bin/user", "/_simulator/state"] {
        let (status, body) = handle(Simulator::new(), Request::get(path), "");
        assert_eq!((status, &body["errcode"]), (404, &404.into()), "{body}");
    }
}

#[test]
fn refusal_names_the_address_of_its_caller() {
    let mut request = Request::get("/cgi-bin/gettoken").body(Bytes::new()).unwrap();
    request.extensions_mut().insert(std::net::IpAddr::from([192, 0, 2, 9]));
    let response = Simulator::new().handle(&request);
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(text.contains(", from ip: 192.0.2.9, more info at https://"), "{text}");
}

#[test]
fn upload_without_a_boundary_is_empty() {
    let url = format!("/cgi-bin/webhook/upload_media?key={}&type=file", known::CHATBOT_KEY);
    for client in Client::both() {
        let request =
            Request::post(&url).header("host", "h").header("content-type", "multipart/form-data");
        assert_eq!(handle(client.simulator, request, "x").1["errcode"], 44001);
    }
}

#[test]
fn post_calls_refuse_other_methods() {
    for client in Client::both() {
        for method in ["GET", "PUT", "DELETE"] {
            let request = Request::builder().method(method).uri(send_url()).header("host", "h");
            let (status, body) = handle(client.simulator.clone(), request, "");
            assert_eq!((status, &body["errcode"]), (200, &40058.into()), "{body}");
        }
    }
}

#[test]
fn each_secret_has_its_permissions() {
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
        ("appchat/create", [48002, 86204, 48002]),
        ("appchat/update", [48002, 86201, 48002]),
        ("appchat/send", [48002, 40008, 48002]),
        ("message/send", [48002, 40008, 40008]),
        ("message/update_template_card", [48002, 41011, 41011]),
        ("user/batchdelete", [40031, 48002, 48002]),
        ("user/getuserid", [60103, 60103, 60103]),
        ("user/get_userid_by_email", [60105, 60105, 60105]),
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
        ("user/list", [48009, 40058, 40058]),
        ("user/simplelist", [48009, 40058, 40058]),
        ("agent/get", [41011, 41011, 41011]),
        ("agent/list", [0, 0, 0]),
        ("get_api_domain_ip", [0, 0, 0]),
        ("getcallbackip", [0, 0, 0]),
        ("department/delete", [40058, 48002, 48002]),
        ("user/get", [48009, 41009, 41009]),
        ("user/delete", [41009, 48002, 48002]),
        ("appchat/get", [48002, 86201, 48002]),
        ("media/get", [41006, 41006, 41006]),
    ] {
        for (token, code) in [&contacts, &app, &narrow].into_iter().zip(codes) {
            let url = format!("/cgi-bin/{path}?access_token={token}");
            assert_eq!(client.get_bare(&url)["errcode"], code, "{path}");
        }
    }
}
