//! A client for the tests beside the modules.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::{Simulator, known};

pub(crate) struct Client {
    pub(crate) simulator: Simulator,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { simulator: Simulator::new() }
    }

    pub(crate) fn request(method: &str, url: &str, body: &str) -> Request<Bytes> {
        let request = Request::builder().method(method).uri(url).header("host", "simulator");
        let json = if method == "POST" { Some("application/json; charset=utf-8") } else { None };
        let request = json.into_iter().fold(request, |it, json| it.header("content-type", json));
        request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn call(&self, request: &Request<Bytes>) -> Value {
        let answer = self.simulator.handle(request);
        assert_eq!(answer.status, 200);
        serde_json::from_slice(&answer.body).unwrap()
    }

    pub(crate) fn get_bare(&self, url: &str) -> Value {
        self.call(&Self::request("GET", url, ""))
    }

    pub(crate) fn post_bare(&self, url: &str, body: &str) -> Value {
        self.call(&Self::request("POST", url, body))
    }

    pub(crate) fn token(&self, secret: &str) -> String {
        let url = format!("/cgi-bin/gettoken?corpid={}&corpsecret={secret}", known::CORP_ID);
        self.get_bare(&url)["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn post_as(&self, secret: &str, path: &str, body: Value) -> Value {
        self.post_bare(&format!("{path}?access_token={}", self.token(secret)), &body.to_string())
    }

    pub(crate) fn get_as(&self, secret: &str, path: &str, query: &str) -> Value {
        self.get_bare(&format!("{path}?access_token={}{query}", self.token(secret)))
    }

    pub(crate) fn contacts(&self, path: &str, body: Value) -> Value {
        self.post_as(known::CONTACTS_SECRET, path, body)
    }

    pub(crate) fn contacts_get(&self, path: &str, query: &str) -> Value {
        self.get_as(known::CONTACTS_SECRET, path, query)
    }

    pub(crate) fn app(&self, path: &str, body: Value) -> Value {
        self.post_as(known::APP_SECRET, path, body)
    }

    pub(crate) fn app_get(&self, path: &str, query: &str) -> Value {
        self.get_as(known::APP_SECRET, path, query)
    }

    pub(crate) fn chatbot(&self, body: Value) -> Value {
        let url = format!("/cgi-bin/webhook/send?key={}", known::CHATBOT_KEY);
        self.post_bare(&url, &body.to_string())
    }

    /// Creates members with these ids in the root department.
    pub(crate) fn populate(&self, ids: &[&str]) {
        for (index, id) in ids.iter().enumerate() {
            let mobile = format!("138{index:08}");
            let body = json!({"userid": id, "name": id, "mobile": mobile, "department": [1]});
            assert_eq!(self.contacts("/cgi-bin/user/create", body)["errcode"], 0, "{id}");
        }
    }

    /// Uploads as the application.
    pub(crate) fn upload(&self, kind: &str, filename: &str, data: &[u8]) -> Value {
        let token = self.token(known::APP_SECRET);
        self.upload_to(
            &format!("/cgi-bin/media/upload?access_token={token}&type={kind}"),
            filename,
            data,
        )
    }

    pub(crate) fn upload_to(&self, url: &str, filename: &str, data: &[u8]) -> Value {
        let head = format!(
            "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{filename}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), data, b"\r\n--b--\r\n"].concat();
        let request = Request::post(url)
            .header("host", "simulator")
            .header("content-type", "multipart/form-data; boundary=b");
        self.call(&request.body(Bytes::from(body)).unwrap())
    }

    /// The id of a fresh upload by the application.
    pub(crate) fn media(&self, kind: &str, filename: &str, data: &[u8]) -> String {
        self.upload(kind, filename, data)["media_id"].as_str().unwrap().to_owned()
    }
}
