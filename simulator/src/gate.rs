//! From an HTTP request to a call on an endpoint: everything that is refused before a subject sees it.

use bytes::Bytes;
use http::{Request, header};
use serde::de::DeserializeOwned;

use crate::{
    answer::{Outcome, Refusal, Reply, plain, render},
    body,
    corp::{App, CHATBOTS, Corp, Sight},
    endpoints::{self, Door, Endpoint, Input, Right},
    multipart::{self, Part},
    query::Query,
};

/// What an endpoint is given beside the corp and the caller.
pub(crate) struct Call<'a> {
    pub(crate) query: Query,
    request: &'a Request<Bytes>,
}

const JSON: &str = "application/json; charset=utf-8";

pub(crate) fn answer(corp: &mut Corp, request: &Request<Bytes>) -> Reply {
    let serial = corp.next();
    if request.headers().get(header::HOST).is_none_or(header::HeaderValue::is_empty) {
        return plain(400, "text/plain; charset=utf-8", "the Host header is missing\n");
    }
    let Some(endpoint) = endpoints::find(request.uri().path()) else {
        return plain(
            404,
            "text/html; charset=utf-8",
            "<html><body><h1>404 Not Found</h1></body></html>\n",
        );
    };
    if request.method() != endpoint.method {
        let text = format!("wrong method: {} is called with {}", endpoint.path, endpoint.method);
        return render(Err(Refusal::new(40058, text)), serial);
    }
    if let Err(reason) = check_content_type(&endpoint.input, request) {
        return plain(400, "text/plain; charset=utf-8", format!("{reason}\n"));
    }
    render(enter(corp, endpoint, request), serial)
}

fn check_content_type(input: &Input, request: &Request<Bytes>) -> Result<(), String> {
    if *input == Input::Nothing {
        return Ok(());
    }
    let Some(found) = request.headers().get(header::CONTENT_TYPE) else {
        return Err("the Content-Type header is missing".to_owned());
    };
    let found = found.to_str().unwrap_or_default();
    if *input == Input::Json {
        let right = found.replace(' ', "").eq_ignore_ascii_case(&JSON.replace(' ', ""));
        return if right {
            Ok(())
        } else {
            Err(format!("Content-Type must be {JSON}, not {found}"))
        };
    }
    match multipart::boundary(found) {
        // There is an errcode for a boundary that is not there: 44001, in `Call::upload`.
        Ok(_) | Err(multipart::NO_BOUNDARY) => Ok(()),
        Err(reason) => Err(reason.to_owned()),
    }
}

fn enter(corp: &mut Corp, endpoint: &Endpoint, request: &Request<Bytes>) -> Outcome {
    let query = Query::read(request.uri().query().unwrap_or_default(), endpoint.query)?;
    if endpoint.input == Input::Nothing && !request.body().is_empty() {
        return Err(Refusal::invalid("body", "this call has no body"));
    }
    let call = Call { query, request };
    match endpoint.door {
        Door::Open(run) => run(corp, &call),
        Door::Token(right, run) => {
            let app = corp.tokens.holder(call.query.text("access_token"), corp.now())?;
            admit(app, right)?;
            run(corp, app, &call)
        }
        Door::Key(missing, run) => {
            let key = call.query.text("key");
            match CHATBOTS.iter().find(|it| Some(it.key) == key) {
                Some(bot) => run(corp, bot, &call),
                None => Err(Refusal::new(missing, "invalid webhook url or param 'key'")),
            }
        }
    }
}

fn admit(app: &App, right: Right) -> Result<(), Refusal> {
    let is_contacts = app.agent_id.is_none();
    match right {
        Right::Anyone => Ok(()),
        Right::Contacts if is_contacts => Ok(()),
        Right::Details if is_contacts => {
            Err(Refusal::new(48009, "contacts-sync assistant may not read details from a new ip"))
        }
        Right::WholeCorp if !is_contacts && app.sight != Sight::Whole => Err(Refusal::new(
            60011,
            "no privilege: the app's visible range is not the root department",
        )),
        Right::App | Right::Details | Right::WholeCorp if !is_contacts => Ok(()),
        _ => Err(Refusal::new(48002, "api forbidden for this secret")),
    }
}

impl Call<'_> {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        body::read(self.request.body())
    }

    pub(crate) fn upload(&self) -> Result<Part, Refusal> {
        let content_type = self.header(&header::CONTENT_TYPE).unwrap_or_default();
        let boundary = multipart::boundary(content_type)
            .map_err(|reason| Refusal::new(44001, format!("empty media data: {reason}")))?;
        multipart::read(self.request.body(), boundary)
    }

    pub(crate) fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use crate::{Simulator, known, testing::Client};

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
            (
                Request::post(send_url()).header("host", "").header("content-type", json),
                400,
                "Host",
            ),
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
        let answer =
            client.contacts("/cgi-bin/user/list_id", serde_json::json!({"access_token": "x"}));
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
}
