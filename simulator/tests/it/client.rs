//! A client that makes no mistakes.

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use wecom_simulator::{Simulator, known};

pub struct Client {
    pub simulator: Simulator,
}

impl Client {
    pub fn new() -> Self {
        Self { simulator: Simulator::new() }
    }

    pub fn strict() -> Self {
        Self { simulator: Simulator::new().strict() }
    }

    /// One client for each mode.
    pub fn both() -> [Self; 2] {
        [Self::new(), Self::strict()]
    }

    pub fn request(method: &str, url: &str, body: &str) -> Request<Bytes> {
        let request = Request::builder().method(method).uri(url).header("host", "simulator");
        let json = if method == "POST" { Some("application/json; charset=utf-8") } else { None };
        let request = json.into_iter().fold(request, |it, json| it.header("content-type", json));
        request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
    }

    fn call(&self, request: &Request<Bytes>) -> Value {
        let response = self.simulator.handle(request);
        assert_eq!(response.status, 200);
        serde_json::from_slice(&response.body).unwrap()
    }

    pub fn get_bare(&self, url: &str) -> Value {
        self.call(&Self::request("GET", url, ""))
    }

    pub fn post_bare(&self, url: &str, body: &str) -> Value {
        self.call(&Self::request("POST", url, body))
    }

    pub fn token(&self, secret: &str) -> String {
        let url = format!("/cgi-bin/gettoken?corpid={}&corpsecret={secret}", known::CORP_ID);
        self.get_bare(&url)["access_token"].as_str().unwrap().to_owned()
    }

    pub fn post_as(&self, secret: &str, path: &str, body: Value) -> Value {
        self.post_bare(&format!("{path}?access_token={}", self.token(secret)), &body.to_string())
    }

    pub fn get_as(&self, secret: &str, path: &str, query: &str) -> Value {
        self.get_bare(&format!("{path}?access_token={}{query}", self.token(secret)))
    }

    pub fn contacts(&self, path: &str, body: Value) -> Value {
        self.post_as(known::CONTACTS_SECRET, path, body)
    }

    pub fn contacts_get(&self, path: &str, query: &str) -> Value {
        self.get_as(known::CONTACTS_SECRET, path, query)
    }

    pub fn app(&self, path: &str, body: Value) -> Value {
        self.post_as(known::APP_SECRET, path, body)
    }

    pub fn app_get(&self, path: &str, query: &str) -> Value {
        self.get_as(known::APP_SECRET, path, query)
    }

    pub fn chatbot(&self, body: Value) -> Value {
        let url = format!("/cgi-bin/webhook/send?key={}", known::CHATBOT_KEY);
        self.post_bare(&url, &body.to_string())
    }

    /// Creates members with these ids in the root department.
    pub fn populate(&self, ids: &[&str]) {
        for (index, id) in ids.iter().enumerate() {
            let mobile = format!("138{index:08}");
            let body = json!({"userid": id, "name": id, "mobile": mobile, "department": [1]});
            assert_eq!(self.contacts("/cgi-bin/user/create", body)["errcode"], 0, "{id}");
        }
    }

    /// Uploads as the application.
    pub fn upload(&self, kind: &str, filename: &str, data: &[u8]) -> Value {
        let token = self.token(known::APP_SECRET);
        self.upload_to(
            &format!("/cgi-bin/media/upload?access_token={token}&type={kind}"),
            filename,
            data,
        )
    }

    pub fn upload_to(&self, url: &str, filename: &str, data: &[u8]) -> Value {
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

    /// The id of a new upload by the application.
    pub fn media(&self, kind: &str, filename: &str, data: &[u8]) -> String {
        self.upload(kind, filename, data)["media_id"].as_str().unwrap().to_owned()
    }
}
