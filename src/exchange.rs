//! A call as a state machine without I/O: a token if needed, the call, and once more with a fresh token if it was stale.

use alloc::{
    borrow::ToOwned,
    format,
    rc::Rc,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{cell::RefCell, mem};

use serde_json::Value;

use crate::{
    base_url::BaseUrl,
    bindings::wit::types::{Error, Rejection, TemporaryRejection},
    call::{Auth, Body, Method, Request},
    credentials::{Account, Credential},
    errcode::{self, Disposition},
    multipart::Upload,
    redact::redact,
    response::{Accepted, Response, Unexpected},
    token_cache::{Issued, TokenCache, TokenKey, gettoken},
    wire,
};

/// Its query holds secrets, so it is never formatted.
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) https: bool,
    pub(crate) authority: String,
    pub(crate) path_with_query: String,
    pub(crate) payload: Payload,
}

/// Shared, because a request may be sent twice.
#[derive(Clone)]
pub(crate) enum Payload {
    Empty,
    Json(Rc<Vec<u8>>),
    Upload(Rc<Upload>),
}

impl Payload {
    fn new(body: Body) -> Self {
        match body {
            Body::Empty => Self::Empty,
            Body::Json(body) => Self::Json(Rc::new(body.to_string().into_bytes())),
            Body::Upload(upload) => Self::Upload(Rc::new(upload)),
        }
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json; charset=utf-8"),
            Self::Upload(upload) => Some(&upload.content_type),
        }
    }

    pub(crate) fn parts(&self) -> Vec<&[u8]> {
        match self {
            Self::Empty => Vec::new(),
            Self::Json(bytes) => vec![bytes],
            Self::Upload(upload) => upload.parts.iter().map(Vec::as_slice).collect(),
        }
    }
}

/// A complete HTTP response.
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why there is no response of WeCom's. The texts are the connector's own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent.
    Unreachable(&'static str),
    /// The request was sent; its outcome is unknown.
    NoResponse(&'static str),
    /// There is a response, which WeCom does not document.
    Unexpected(&'static str),
}

pub(crate) enum Step {
    Send(HttpRequest),
    Done(Result<Accepted, Error>),
}

/// One call in progress.
pub(crate) struct Exchange<'a> {
    request: Request,
    payload: Payload,
    base: &'a BaseUrl,
    tokens: &'a RefCell<TokenCache>,
    state: State<'a>,
}

/// What is in flight.
enum State<'a> {
    /// `gettoken`; the call follows. `retried`: a token was stale already.
    FetchingToken { key: TokenKey<'a>, retried: bool },
    /// The call itself.
    Calling(Authorization<'a>),
}

/// What a call carries.
enum Authorization<'a> {
    None,
    Key(&'a str),
    /// The caller's token.
    GivenToken(&'a str),
    /// A token of the cache, or a fresh one.
    OwnToken {
        key: TokenKey<'a>,
        token: String,
        retried: bool,
    },
}

impl<'a> Exchange<'a> {
    /// The exchange, and the first step. `now` is in seconds of a clock that only goes forward.
    pub(crate) fn start(
        account: &'a Account,
        mut request: Request,
        tokens: &'a RefCell<TokenCache>,
        now: u64,
    ) -> Result<(Self, Step), Error> {
        if let Body::Json(Value::Object(body)) = &mut request.body
            && request.inject_agent_id
        {
            let agent_id = account.agent_id.ok_or_else(|| account.missing_agent_id())?;
            body.insert("agentid".into(), agent_id.into());
        }
        let base = &account.base;
        let state = if request.auth == Auth::None {
            State::Calling(Authorization::None)
        } else {
            match account.credential(request.auth)? {
                Credential::Key(key) => State::Calling(Authorization::Key(key)),
                Credential::Token(token) => State::Calling(Authorization::GivenToken(token)),
                Credential::Secret { corp_id, secret } => {
                    let key = TokenKey { base, corp_id, secret };
                    match tokens.borrow().get(key, now).map(ToOwned::to_owned) {
                        Some(token) => {
                            let retried = false;
                            State::Calling(Authorization::OwnToken { key, token, retried })
                        }
                        None => State::FetchingToken { key, retried: false },
                    }
                }
            }
        };
        let payload = Payload::new(mem::replace(&mut request.body, Body::Empty));
        let exchange = Self { request, payload, base, tokens, state };
        let step = exchange.send();
        Ok((exchange, step))
    }

    /// The step after the outcome of the last request.
    pub(crate) fn receive(&mut self, outcome: Result<HttpResponse, Failure>, now: u64) -> Step {
        match self.state {
            State::FetchingToken { key, retried } => match self.receive_token(key, outcome) {
                Ok(issued) => {
                    self.tokens.borrow_mut().insert(key, &issued, now);
                    let token = issued.access_token;
                    self.state = State::Calling(Authorization::OwnToken { key, token, retried });
                    self.send()
                }
                Err(error) => Step::Done(Err(error)),
            },
            State::Calling(_) => self.receive_response(outcome),
        }
    }

    fn receive_token(
        &self,
        key: TokenKey,
        outcome: Result<HttpResponse, Failure>,
    ) -> Result<Issued, Error> {
        let request = gettoken(key.corp_id, key.secret).request;
        match classify(&request, outcome) {
            Ok(Response::Accepted(it)) => {
                it.read().map_err(|unexpected| incomplete_response(request.path, &unexpected))
            }
            Ok(Response::Refused { code, message }) => Err(self.rejection(code, &message)),
            Err(failure) => Err(to_error(&request, &failure)),
        }
    }

    fn receive_response(&mut self, outcome: Result<HttpResponse, Failure>) -> Step {
        Step::Done(match classify(&self.request, outcome) {
            Ok(Response::Accepted(mut it)) => {
                it.warning = it.warning.map(|warning| self.redact(&warning));
                Ok(it)
            }
            Ok(Response::Refused { code, message }) => {
                if let State::Calling(Authorization::OwnToken { key, retried: false, .. }) =
                    self.state
                    && errcode::disposition(code) == Disposition::RefreshToken
                {
                    self.tokens.borrow_mut().evict(key);
                    self.state = State::FetchingToken { key, retried: true };
                    return self.send();
                }
                Err(self.rejection(code, &message))
            }
            Err(failure) => Err(to_error(&self.request, &failure)),
        })
    }

    fn send(&self) -> Step {
        let mut query = String::new();
        match &self.state {
            State::FetchingToken { key, .. } => {
                let request = gettoken(key.corp_id, key.secret).request;
                return Step::Send(http_request(self.base, &request, query, Payload::Empty));
            }
            State::Calling(Authorization::None) => {}
            State::Calling(Authorization::Key(key)) => wire::push_query(&mut query, "key", key),
            State::Calling(Authorization::GivenToken(token)) => {
                wire::push_query(&mut query, "access_token", token);
            }
            State::Calling(Authorization::OwnToken { token, .. }) => {
                wire::push_query(&mut query, "access_token", token);
            }
        }
        Step::Send(http_request(self.base, &self.request, query, self.payload.clone()))
    }

    fn rejection(&self, code: i32, message: &str) -> Error {
        let message = self.redact(message);
        let hint = errcode::hint(code).into();
        match errcode::disposition(code) {
            Disposition::RetryLater { after: retry_after } => {
                Error::RejectedForNow(TemporaryRejection { code, message, hint, retry_after })
            }
            Disposition::Permanent | Disposition::RefreshToken => {
                Error::PermanentRejected(Rejection { code, message, hint })
            }
        }
    }

    fn redact(&self, message: &str) -> String {
        match &self.state {
            State::FetchingToken { key, .. } => redact(message, [key.secret]),
            State::Calling(Authorization::None) => {
                let secrets = self.request.query.iter().filter(|(name, _)| *name == "corpsecret");
                redact(message, secrets.map(|(_, secret)| secret.as_str()))
            }
            State::Calling(Authorization::Key(secret) | Authorization::GivenToken(secret)) => {
                redact(message, [*secret])
            }
            State::Calling(Authorization::OwnToken { key, token, .. }) => {
                redact(message, [key.secret, token])
            }
        }
    }
}

/// An accepted response that lacks a part of the result.
pub(crate) fn incomplete_response(path: &str, Unexpected(why): &Unexpected) -> Error {
    Error::PermanentUnexpectedReply(format!("{path}: {why}"))
}

fn classify(
    request: &Request,
    outcome: Result<HttpResponse, Failure>,
) -> Result<Response, Failure> {
    let HttpResponse { status, body } = outcome?;
    match status {
        200 => Response::parse(body, request.auth).map_err(|it| Failure::Unexpected(it.0)),
        500..=599 => Err(Failure::NoResponse("the server failed (status 5xx)")),
        300..=399 => Err(Failure::Unexpected("the server redirected (status 3xx)")),
        400..=499 => Err(Failure::Unexpected("the server refused the request itself (status 4xx)")),
        _ => Err(Failure::Unexpected("the status is not 200")),
    }
}

fn to_error(request: &Request, failure: &Failure) -> Error {
    let path = request.path;
    match failure {
        Failure::Unreachable(why) => Error::Unreachable(format!("{path}: {why}")),
        Failure::NoResponse(why) if request.retry_safe => Error::NoReply(format!("{path}: {why}")),
        Failure::NoResponse(why) => Error::PermanentNoReply(format!("{path}: {why}")),
        Failure::Unexpected(why) => Error::PermanentUnexpectedReply(format!("{path}: {why}")),
    }
}

fn http_request(
    base: &BaseUrl,
    request: &Request,
    mut query: String,
    payload: Payload,
) -> HttpRequest {
    for (name, value) in &request.query {
        wire::push_query(&mut query, name, value);
    }
    HttpRequest {
        method: request.method,
        https: base.https,
        authority: base.authority.clone(),
        path_with_query: [&base.path, request.path, &query].concat(),
        payload,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        bindings::wit::types::{
            AccessToken, Application, ApplicationCredentials, Chatbot, ChatbotCredentials, Receipt,
        },
        call::Call,
    };

    const TOKEN: &str = r#"{"errcode":0,"errmsg":"ok","access_token":"T1","expires_in":7200}"#;
    const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
    const DEAD: &str = r#"{"errcode":40014,"errmsg":"invalid access_token T1"}"#;

    fn account() -> Account {
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: Some("canary app/secret".into()),
            contacts_secret: Some("canary contacts".into()),
            agent_id: Some(7),
            base_url: None,
        };
        Account::of_application(Application::Credentials(credentials), Vec::new).unwrap()
    }

    fn cache() -> RefCell<TokenCache> {
        RefCell::new(TokenCache::new())
    }

    fn call(auth: Auth) -> Call<Receipt> {
        Call::post("/cgi-bin/x", auth, json!({ "a": 1 }))
    }

    /// Plays a script of responses. Returns the requests and the result.
    fn play(
        account: Account,
        call: Call<Receipt>,
        tokens: &RefCell<TokenCache>,
        now: u64,
        script: &[Result<(u16, &str), Failure>],
    ) -> (Vec<String>, String) {
        let mut requests = Vec::new();
        let mut script = script.iter();
        let (mut exchange, mut step) = match Exchange::start(&account, call.request, tokens, now) {
            Ok(it) => it,
            Err(error) => return (requests, format!("{error:?}")),
        };
        loop {
            match step {
                Step::Done(result) => {
                    assert!(script.next().is_none(), "responses are left over");
                    return (requests, format!("{result:?}"));
                }
                Step::Send(request) => {
                    assert!(request.https && request.authority == "qyapi.weixin.qq.com");
                    assert_eq!(
                        request.method == Method::Post,
                        request.payload.content_type().is_some()
                    );
                    let body = request.payload.parts().concat();
                    requests.push(
                        format!("{} {}", request.path_with_query, String::from_utf8(body).unwrap())
                            .trim()
                            .into(),
                    );
                    let outcome = match script.next().expect("more requests than responses") {
                        Ok((status, body)) => {
                            Ok(HttpResponse { status: *status, body: body.as_bytes().to_vec() })
                        }
                        Err(Failure::Unreachable(it)) => Err(Failure::Unreachable(it)),
                        Err(Failure::NoResponse(it)) => Err(Failure::NoResponse(it)),
                        Err(Failure::Unexpected(it)) => Err(Failure::Unexpected(it)),
                    };
                    step = exchange.receive(outcome, now);
                }
            }
        }
    }

    #[test]
    fn token_is_fetched_once_and_cached_until_shortly_before_it_expires() {
        let tokens = cache();
        let (requests, result) = play(
            account(),
            call(Auth::Application),
            &tokens,
            100,
            &[Ok((200, TOKEN)), Ok((200, OK))],
        );
        assert_eq!(
            requests,
            [
                "/cgi-bin/gettoken?corpid=corp&corpsecret=canary%20app%2Fsecret",
                "/cgi-bin/x?access_token=T1 {\"a\":1}"
            ]
        );
        assert!(result.starts_with("Ok"), "{result}");

        let (requests, _) =
            play(account(), call(Auth::Application), &tokens, 100 + 6899, &[Ok((200, OK))]);
        assert_eq!(requests.len(), 1);
        let script = [Ok((200, TOKEN)), Ok((200, OK))];
        let (requests, _) = play(account(), call(Auth::Application), &tokens, 100 + 6900, &script);
        assert_eq!(requests.len(), 2);
    }

    #[test]
    fn secrets_never_share_a_token() {
        let tokens = cache();
        let script = [Ok((200, TOKEN)), Ok((200, OK))];
        play(account(), call(Auth::Application), &tokens, 0, &script);
        let (requests, _) = play(account(), call(Auth::Contacts), &tokens, 0, &script);
        assert_eq!(requests[0], "/cgi-bin/gettoken?corpid=corp&corpsecret=canary%20contacts");
    }

    #[test]
    fn stale_token_is_refreshed_once_and_the_call_retried_once() {
        for code in [40001, 40014, 41001, 42001] {
            let dead = format!(r#"{{"errcode":{code},"errmsg":"dead"}}"#);
            let tokens = cache();
            let script =
                [Ok((200, TOKEN)), Ok((200, dead.as_str())), Ok((200, TOKEN)), Ok((200, OK))];
            let (requests, result) = play(account(), call(Auth::Application), &tokens, 0, &script);
            assert_eq!(requests.len(), 4, "{code}");
            assert!(result.starts_with("Ok"), "{result}");
        }
        let script = [Ok((200, TOKEN)), Ok((200, DEAD)), Ok((200, TOKEN)), Ok((200, DEAD))];
        let (requests, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
        assert_eq!(requests.len(), 4);
        assert!(result.contains("PermanentRejected") && result.contains("40014"), "{result}");
    }

    #[test]
    fn given_token_or_key_is_not_refreshed() {
        let given = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(given), Vec::new).unwrap();
        let (requests, result) =
            play(account, call(Auth::Application), &cache(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?access_token=T1 {\"a\":1}"]);
        assert!(result.contains("40014") && !result.contains("T1"), "{result}");

        let key = ChatbotCredentials { key: "K&1".into(), base_url: None };
        let account = Account::of_chatbot(Chatbot::Credentials(key), Vec::new).unwrap();
        let (requests, result) =
            play(account, call(Auth::Chatbot), &cache(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?key=K%261 {\"a\":1}"]);
        assert!(result.contains("40014"), "{result}");
    }

    #[test]
    fn wrong_secret_is_not_retried() {
        let refused = r#"{"errcode":40001,"errmsg":"invalid credential canary app/secret canary%20app%2Fsecret"}"#;
        let (requests, result) =
            play(account(), call(Auth::Application), &cache(), 0, &[Ok((200, refused))]);
        assert_eq!(requests.len(), 1);
        assert!(result.contains("PermanentRejected") && !result.contains("canary"), "{result}");
    }

    #[test]
    fn messages_hold_no_secret_whole_or_truncated() {
        let said = |code: i32, words: &str| {
            let answer = format!(r#"{{"errcode":{code},"errmsg":"{words}"}}"#);
            let token = TOKEN.replace("T1", "canary/token");
            let script = [Ok((200, token.as_str())), Ok((200, answer.as_str()))];
            play(account(), call(Auth::Application), &cache(), 0, &script).1
        };
        let warned =
            said(0, "warning: canary/token canary%2Ftoken canary%2ftoken canary app/secret");
        assert!(warned.contains("warning: *** *** *** ***"), "{warned}");
        for before in 480..520 {
            let refused = said(60011, &["x".repeat(before), "canary/token".into()].concat());
            assert!(refused.contains("60011") && !refused.contains("can"), "{refused}");
        }
    }

    #[test]
    fn failures_say_whether_retrying_is_safe() {
        let given = || {
            let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
            Account::of_application(Application::Token(token), Vec::new).unwrap()
        };
        for (answer, retry_safe, case) in [
            (Err(Failure::NoResponse("reset")), false, "PermanentNoReply"),
            (Err(Failure::NoResponse("reset")), true, "NoReply"),
            (Ok((500, "<html>")), false, "PermanentNoReply"),
            (Ok((503, "")), true, "NoReply"),
            (Err(Failure::Unreachable("refused")), false, "Unreachable"),
            (Ok((302, "")), true, "PermanentUnexpectedReply"),
            (Ok((404, "")), true, "PermanentUnexpectedReply"),
            (Ok((200, "")), true, "PermanentUnexpectedReply"),
            (Ok((200, r#"{"errcode":-1,"errmsg":"system busy"}"#)), false, "RejectedForNow"),
            (
                Ok((200, r#"{"errcode":45009,"errmsg":"freq out of limit"}"#)),
                false,
                "RejectedForNow",
            ),
        ] {
            let call = call(Auth::Application).retry_safe(retry_safe);
            let (_, result) = play(given(), call, &cache(), 0, &[answer]);
            assert!(result.starts_with(&format!("Err(Error::{case}(")), "{case}: {result}");
        }
        // A token is fetched before anything is done.
        let script = [Err(Failure::NoResponse("reset"))];
        let (_, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
        assert!(result.starts_with("Err(Error::NoReply("), "{result}");
    }

    #[test]
    fn application_message_carries_the_agent_id() {
        let send = |agent_id: Option<u32>| {
            Call::post("/cgi-bin/message/send", Auth::Application, json!({ "agentid": agent_id }))
                .inject_agent_id(agent_id.is_none())
        };
        for (given, sent) in [(None, 7), (Some(9), 9)] {
            let script = [Ok((200, TOKEN)), Ok((200, OK))];
            let (requests, _) = play(account(), send(given), &cache(), 0, &script);
            assert!(requests[1].ends_with(&format!(r#"{{"agentid":{sent}}}"#)), "{}", requests[1]);
        }
        let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(token), Vec::new).unwrap();
        let (requests, result) = play(account, send(None), &cache(), 0, &[]);
        assert_eq!(requests.len(), 0);
        assert!(result.contains("agent-id is missing"), "{result}");
    }
}
