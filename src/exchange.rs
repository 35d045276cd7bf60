//! A call as a state machine without I/O: a token if needed, the call, and once more with a fresh token if it was stale.

use alloc::{borrow::ToOwned, rc::Rc, string::String, vec, vec::Vec};
use core::{cell::RefCell, mem};

use serde_json::Value;

use crate::{
    base_url::BaseUrl,
    bindings::wit::types::{
        Error, FailedExchange, InvalidReceivers, Language, Rejection, TemporaryRejection,
    },
    call::{Auth, Body, Expected, Method, Request},
    credentials::{Account, Credential},
    errcode::{self, Disposition},
    multipart::Upload,
    redact::redact,
    response::{Accepted, FileHeaders, Receivers, Refusal, Response, Unexpected},
    token_cache::{GETTOKEN, Issued, TokenCache, TokenKey, gettoken},
    wire,
};

/// Its query holds secrets, so it is never formatted.
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) https: bool,
    pub(crate) authority: String,
    pub(crate) path_with_query: String,
    pub(crate) payload: Payload,
    pub(crate) expected: Expected,
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
            // A value always serializes: its keys are strings.
            Body::Json(body) => Self::Json(Rc::new(serde_json::to_vec(&body).unwrap_or_default())),
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
    /// Those of a file are read where one is expected.
    pub(crate) headers: FileHeaders,
    pub(crate) body: Vec<u8>,
}

/// Why there is no response of WeCom's. The texts are the connector's own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent.
    Unreachable(&'static str),
    /// The request was sent; its outcome is unknown. With the HTTP status, if there was one.
    NoResponse(&'static str, Option<u16>),
    /// There is a response, which WeCom does not document. With its HTTP status.
    Unexpected(String, u16),
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
    now: u64,
    /// Of hints. Read only where there is one.
    language: fn() -> Language,
    state: State<'a>,
}

/// What is in flight.
enum State<'a> {
    /// `gettoken`; the call follows. `retried`: a token was stale already.
    FetchingToken { key: TokenKey<'a>, retried: bool },
    /// The call itself.
    Calling(Authorization<'a>),
}

/// The credential that a call is sent with.
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
    /// `now` is in seconds of a monotonic clock.
    pub(crate) fn new(
        account: &'a Account,
        mut request: Request,
        tokens: &'a RefCell<TokenCache>,
        now: u64,
        language: fn() -> Language,
    ) -> Result<Self, Error> {
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
                Credential::Secret { corp_id, secret, substitute } => {
                    let key = TokenKey { base, corp_id, secret, substitute };
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
        Ok(Self { request, payload, base, tokens, now, language, state })
    }

    pub(crate) fn first(&self) -> Step {
        self.send()
    }

    /// The step after the outcome of the last request.
    pub(crate) fn receive(&mut self, outcome: Result<HttpResponse, Failure>) -> Step {
        match self.state {
            State::FetchingToken { key, retried } => match self.receive_token(key, outcome) {
                Ok(issued) => {
                    self.tokens.borrow_mut().insert(key, &issued, self.now);
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
                Issued::parse(it).map_err(|Unexpected(reason)| self.incomplete(&reason))
            }
            Ok(Response::Refused(refusal)) => Err(self.rejection(refusal)),
            Err(failure) => Err(self.failed(failure)),
        }
    }

    fn receive_response(&mut self, outcome: Result<HttpResponse, Failure>) -> Step {
        Step::Done(match classify(&self.request, outcome) {
            Ok(Response::Accepted(Accepted { body, file, warnings })) => {
                Ok(Accepted { body, file, warnings: warnings.redacting(&self.secrets()) })
            }
            Ok(Response::Refused(refusal)) => {
                if let State::Calling(Authorization::OwnToken { key, retried: false, .. }) =
                    self.state
                    && errcode::disposition(refusal.code) == Disposition::RefreshToken
                {
                    self.tokens.borrow_mut().evict(key);
                    self.state = State::FetchingToken { key, retried: true };
                    return self.send();
                }
                Err(self.rejection(refusal))
            }
            Err(failure) => Err(self.failed(failure)),
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

    fn rejection(&self, mut refusal: Refusal) -> Error {
        let redacted = |text: Option<&str>| text.map(|it| self.redact(it));
        let caller_address = redacted(refusal.caller_address());
        let request_id = redacted(refusal.request_id());
        let conflicting_user = redacted(refusal.conflicting_user());
        let code = refusal.code;
        let mut message = mem::take(&mut refusal.message);
        let Receivers { invaliduser, invalidparty, invalidtag, unlicenseduser } = refusal.receivers;
        for unread in [
            invaliduser.unread("invaliduser"),
            invalidparty.unread("invalidparty"),
            invalidtag.unread("invalidtag"),
            unlicenseduser.unread("unlicenseduser"),
        ] {
            message.extend(unread.iter().flat_map(|it| ["; ", it]));
        }
        let message = self.redact(&message);
        let ids = |ids: Vec<String>| ids.iter().map(|it| self.redact(it)).collect();
        let receivers = InvalidReceivers {
            users: ids(invaliduser.value),
            departments: invalidparty.value,
            tags: invalidtag.value,
            unlicensed_users: ids(unlicenseduser.value),
        };
        let named = !(receivers.users.is_empty()
            && receivers.departments.is_empty()
            && receivers.tags.is_empty()
            && receivers.unlicensed_users.is_empty());
        let invalid_receivers = named.then_some(receivers);

        let call = self.refused_call();
        let hint = errcode::hint(code, call, (self.language)());
        match errcode::disposition(code) {
            Disposition::RetryLater => Error::RejectedForNow(TemporaryRejection {
                code,
                message,
                hint,
                retry_after: errcode::retry_after(code, call),
                caller_address,
                request_id,
                invalid_receivers,
                conflicting_user,
            }),
            Disposition::Permanent | Disposition::RefreshToken => {
                Error::PermanentRejected(Rejection {
                    code,
                    message,
                    hint,
                    caller_address,
                    request_id,
                    invalid_receivers,
                    conflicting_user,
                })
            }
        }
    }

    /// What was refused, as far as hints depend on it.
    fn refused_call(&self) -> errcode::Call {
        match &self.state {
            State::FetchingToken { .. } | State::Calling(Authorization::None) => errcode::Call {
                path: GETTOKEN,
                contacts: false,
                given_token: false,
                substitute: false,
            },
            State::Calling(authorization) => errcode::Call {
                path: self.request.path,
                contacts: self.request.auth == Auth::Contacts,
                given_token: matches!(authorization, Authorization::GivenToken(_)),
                substitute: matches!(
                    authorization,
                    Authorization::OwnToken { key: TokenKey { substitute: true, .. }, .. }
                ),
            },
        }
    }

    /// No response of WeCom's. While the token is fetched, the call itself was not sent, so that retrying is always safe.
    fn failed(&self, failure: Failure) -> Error {
        let request_sent = self.request_sent();
        match failure {
            Failure::Unreachable(why) => Error::Unreachable(self.failed_exchange(why, None, false)),
            Failure::NoResponse(why, status) => {
                let failed = self.failed_exchange(why, status, request_sent);
                if self.request.retry_safe || !request_sent {
                    Error::NoReply(failed)
                } else {
                    Error::PermanentNoReply(failed)
                }
            }
            Failure::Unexpected(why, status) => {
                let why =
                    [&why, ": the base URL may be wrong, or a proxy may have answered"].concat();
                let failed = self.failed_exchange(&why, Some(status), request_sent);
                Error::PermanentUnexpectedReply(failed)
            }
        }
    }

    /// An acceptance of WeCom's without what the call was made for.
    pub(crate) fn incomplete(&self, reason: &str) -> Error {
        let failed = self.failed_exchange(reason, Some(200), self.request_sent());
        Error::PermanentUnexpectedReply(failed)
    }

    fn failed_exchange(
        &self,
        reason: &str,
        status: Option<u16>,
        request_sent: bool,
    ) -> FailedExchange {
        let path = match self.state {
            State::FetchingToken { .. } => GETTOKEN,
            State::Calling(_) => self.request.path,
        };
        let server = self.base.authority.clone();
        FailedExchange { reason: [path, ": ", reason].concat(), server, status, request_sent }
    }

    /// Whether the call itself was sent, and not the request for a token alone.
    fn request_sent(&self) -> bool {
        matches!(self.state, State::Calling(_))
    }

    fn redact(&self, message: &str) -> String {
        redact(message, self.secrets())
    }

    /// The secrets of the last request, which a server may echo.
    fn secrets(&self) -> Vec<&str> {
        match &self.state {
            State::FetchingToken { key, .. } => vec![key.secret],
            State::Calling(Authorization::None) => {
                let secrets = self.request.query.iter().filter(|(name, _)| *name == "corpsecret");
                secrets.map(|(_, secret)| secret.as_str()).collect()
            }
            State::Calling(Authorization::Key(secret) | Authorization::GivenToken(secret)) => {
                vec![*secret]
            }
            State::Calling(Authorization::OwnToken { key, token, .. }) => vec![key.secret, token],
        }
    }
}

fn classify(
    request: &Request,
    outcome: Result<HttpResponse, Failure>,
) -> Result<Response, Failure> {
    let HttpResponse { status, headers, body } = outcome?;
    let unexpected = |Unexpected(why)| Failure::Unexpected(why, status);
    match (status, request.expected) {
        (200, Expected::Json) => return Response::parse(body, request.auth).map_err(unexpected),
        (200 | 206, Expected::File(range)) => {
            return Response::parse_file(status, body, headers, range, request.auth)
                .map_err(unexpected);
        }
        _ => {}
    }
    match status {
        500..=599 => Err(Failure::NoResponse("the server failed", Some(status))),
        300..=399 => Err(Failure::Unexpected("the server redirected".into(), status)),
        400..=499 => Err(Failure::Unexpected("the server refused the request".into(), status)),
        _ => Err(Failure::Unexpected("the HTTP status is not 200".into(), status)),
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
        expected: request.expected,
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

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

    /// Plays a script of responses. Returns the requests and the result, with the warning of an acceptance.
    fn play(
        account: Account,
        call: Call<Receipt>,
        tokens: &RefCell<TokenCache>,
        now: u64,
        script: &[Result<(u16, &str), Failure>],
    ) -> (Vec<String>, Result<Option<String>, Error>) {
        let mut requests = Vec::new();
        let mut script = script.iter();
        let mut exchange =
            match Exchange::new(&account, call.request, tokens, now, || Language::English) {
                Ok(it) => it,
                Err(error) => return (requests, Err(error)),
            };
        let mut step = exchange.first();
        loop {
            match step {
                Step::Done(result) => {
                    assert!(script.next().is_none(), "responses are left over");
                    return (requests, result.map(|it| it.warnings.into_text()));
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
                            let (headers, body) =
                                (FileHeaders::default(), body.as_bytes().to_vec());
                            Ok(HttpResponse { status: *status, headers, body })
                        }
                        Err(Failure::Unreachable(it)) => Err(Failure::Unreachable(it)),
                        Err(Failure::NoResponse(it, status)) => {
                            Err(Failure::NoResponse(it, *status))
                        }
                        Err(Failure::Unexpected(it, status)) => {
                            Err(Failure::Unexpected(it.clone(), *status))
                        }
                    };
                    step = exchange.receive(outcome);
                }
            }
        }
    }

    fn rejection(result: Result<Option<String>, Error>) -> Rejection {
        match result {
            Err(Error::PermanentRejected(it)) => it,
            other => panic!("not rejected: {other:?}"),
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
        assert_eq!(result.unwrap(), None);

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
        let (requests, _) = play(account(), call(Auth::Application), &tokens, 0, &script);
        assert_eq!(requests.len(), 2);
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
            assert_eq!(result.unwrap(), None);
        }
        let script = [Ok((200, TOKEN)), Ok((200, DEAD)), Ok((200, TOKEN)), Ok((200, DEAD))];
        let (requests, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
        assert_eq!(requests.len(), 4);
        assert_eq!(rejection(result).code, 40014);
    }

    #[test]
    fn given_token_or_key_is_not_refreshed() {
        let given = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(given), Vec::new).unwrap();
        let (requests, result) =
            play(account, call(Auth::Application), &cache(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?access_token=T1 {\"a\":1}"]);
        let Rejection { code, message, .. } = rejection(result);
        assert_eq!((code, message.as_str()), (40014, "invalid access_token ***"));

        let key = ChatbotCredentials { key: "K&1".into(), base_url: None };
        let account = Account::of_chatbot(Chatbot::Credentials(key), Vec::new).unwrap();
        let (requests, result) =
            play(account, call(Auth::Chatbot), &cache(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?key=K%261 {\"a\":1}"]);
        assert_eq!(rejection(result).code, 40014);
    }

    #[test]
    fn wrong_secret_is_not_retried() {
        let refused = r#"{"errcode":40001,"errmsg":"invalid credential canary app/secret canary%20app%2Fsecret"}"#;
        let (requests, result) =
            play(account(), call(Auth::Application), &cache(), 0, &[Ok((200, refused))]);
        assert_eq!(requests.len(), 1);
        assert_eq!(rejection(result).message, "invalid credential *** ***");
    }

    #[test]
    fn messages_hold_no_secret_whole_or_truncated() {
        let respond = |code: i32, message: &str| {
            let response = format!(r#"{{"errcode":{code},"errmsg":"{message}"}}"#);
            let token = TOKEN.replace("T1", "canary/token");
            let script = [Ok((200, token.as_str())), Ok((200, response.as_str()))];
            play(account(), call(Auth::Application), &cache(), 0, &script).1
        };
        let warned =
            respond(0, "warning: canary/token canary%2Ftoken canary%2ftoken canary app/secret");
        assert_eq!(warned.unwrap().as_deref(), Some("warning: *** *** *** ***"));
        for before in 480..520 {
            let text = ["x".repeat(before), "canary/token".into()].concat();
            let Rejection { message, .. } = rejection(respond(60011, &text));
            assert!(!message.contains("can"), "{message}");
        }
        let Rejection { message, caller_address, request_id, .. } = rejection(respond(
            60020,
            "not allowed, hint: [canary/token], from ip: canary app/secret, more info at x",
        ));
        assert_eq!(message, "not allowed");
        assert_eq!(caller_address.as_deref(), Some("***"));
        assert_eq!(request_id.as_deref(), Some("***"));
    }

    #[test]
    fn failures_say_whether_retrying_is_safe() {
        let given = || {
            let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
            Account::of_application(Application::Token(token), Vec::new).unwrap()
        };
        let case = |result: Result<Option<String>, Error>| match result {
            Ok(_) => panic!("a success"),
            Err(Error::Unreachable(it)) => ("unreachable", it.status, it.request_sent),
            Err(Error::NoReply(it)) => ("no-reply", it.status, it.request_sent),
            Err(Error::PermanentNoReply(it)) => ("permanent-no-reply", it.status, it.request_sent),
            Err(Error::PermanentUnexpectedReply(it)) => {
                assert_eq!(it.server, "qyapi.weixin.qq.com");
                assert!(it.reason.contains("base URL"), "{}", it.reason);
                ("permanent-unexpected-reply", it.status, it.request_sent)
            }
            Err(Error::RejectedForNow(_)) => ("rejected-for-now", None, true),
            Err(other) => panic!("{other:?}"),
        };
        for (response, retry_safe, expected) in [
            (Err(Failure::NoResponse("reset", None)), false, ("permanent-no-reply", None, true)),
            (Err(Failure::NoResponse("reset", None)), true, ("no-reply", None, true)),
            (Err(Failure::NoResponse("cut off", Some(404))), true, ("no-reply", Some(404), true)),
            (Ok((500, "<html>")), false, ("permanent-no-reply", Some(500), true)),
            (Ok((503, "")), true, ("no-reply", Some(503), true)),
            (Err(Failure::Unreachable("refused")), false, ("unreachable", None, false)),
            (Ok((302, "")), true, ("permanent-unexpected-reply", Some(302), true)),
            (Ok((404, "")), true, ("permanent-unexpected-reply", Some(404), true)),
            (Ok((200, "")), true, ("permanent-unexpected-reply", Some(200), true)),
            (
                Ok((200, r#"{"errcode":-1,"errmsg":"system busy"}"#)),
                false,
                ("rejected-for-now", None, true),
            ),
            (
                Ok((200, r#"{"errcode":45009,"errmsg":"freq out of limit"}"#)),
                false,
                ("rejected-for-now", None, true),
            ),
        ] {
            let call = call(Auth::Application).retry_safe(retry_safe);
            let (_, result) = play(given(), call, &cache(), 0, &[response]);
            assert_eq!(case(result), expected);
        }
    }

    /// Nothing of the call was sent, so that retrying it is safe and it took no effect.
    #[test]
    fn failure_while_the_token_is_fetched_is_not_one_of_the_call() {
        for (response, expected) in [
            (Err(Failure::NoResponse("reset", None)), "no-reply"),
            (Ok((502, "")), "no-reply"),
            (Ok((200, "<html>")), "permanent-unexpected-reply"),
            (Ok((200, r#"{"errcode":0,"errmsg":"ok"}"#)), "permanent-unexpected-reply"),
        ] {
            let script = [response];
            let (_, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
            let (case, it) = match result {
                Err(Error::NoReply(it)) => ("no-reply", it),
                Err(Error::PermanentUnexpectedReply(it)) => ("permanent-unexpected-reply", it),
                other => panic!("{other:?}"),
            };
            assert_eq!(case, expected);
            assert!(!it.request_sent && it.reason.starts_with("/cgi-bin/gettoken: "), "{it:?}");
        }
    }

    #[test]
    fn operands_of_a_refusal_are_data() {
        let refused = r#"{"errcode":81013,"errmsg":"all invalid, hint: [17], from ip: 203.0.113.7, more info at x","invaliduser":"noor.h|iker.z","invalidparty":"310|partyid1"}"#;
        let script = [Ok((200, TOKEN)), Ok((200, refused))];
        let (_, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
        let it = rejection(result);
        assert_eq!(it.message, "all invalid; invalidparty cannot be read: partyid1");
        assert_eq!(it.request_id.as_deref(), Some("17"));
        assert_eq!(it.caller_address.as_deref(), Some("203.0.113.7"));
        let receivers = it.invalid_receivers.unwrap();
        assert_eq!(receivers.users, ["noor.h", "iker.z"]);
        assert_eq!(receivers.departments, [310]);
    }

    #[test]
    fn receivers_of_one_kind_are_reported_alone() {
        for (member, expected) in [
            ("\"invaliduser\":\"7\"", Some([1, 0, 0, 0])),
            ("\"invalidparty\":\"7\"", Some([0, 1, 0, 0])),
            ("\"invalidtag\":\"7\"", Some([0, 0, 1, 0])),
            ("\"unlicenseduser\":\"7\"", Some([0, 0, 0, 1])),
            ("\"invaliduser\":\"\"", None),
        ] {
            let refused = format!(r#"{{"errcode":81013,"errmsg":"all invalid",{member}}}"#);
            let script = [Ok((200, TOKEN)), Ok((200, refused.as_str()))];
            let (_, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
            let found = rejection(result).invalid_receivers.map(|it| {
                [it.users.len(), it.departments.len(), it.tags.len(), it.unlicensed_users.len()]
            });
            assert_eq!(found, expected, "{member}");
        }
    }

    #[test]
    fn hint_is_that_of_the_call_and_of_what_was_given() {
        let refused = r#"{"errcode":48002,"errmsg":"api forbidden"}"#;
        let only = |secret: Option<&str>, contacts_secret: Option<&str>| {
            let credentials = ApplicationCredentials {
                corp_id: "corp".into(),
                secret: secret.map(Into::into),
                contacts_secret: contacts_secret.map(Into::into),
                agent_id: None,
                base_url: None,
            };
            Account::of_application(Application::Credentials(credentials), Vec::new).unwrap()
        };
        let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let given = Account::of_application(Application::Token(token), Vec::new).unwrap();
        let script = [Ok((200, TOKEN)), Ok((200, refused))];
        for (account, auth, script, words) in [
            (only(Some("s"), None), Auth::Contacts, &script[..], "WECOM_CONTACTS_SECRET"),
            (only(None, Some("s")), Auth::Application, &script, "WECOM_SECRET"),
            (only(Some("s"), None), Auth::Application, &script, "this secret may not"),
            (given, Auth::Contacts, &script[1..], "scope contacts"),
        ] {
            let (_, result) = play(account, call(auth), &cache(), 0, script);
            let hint = rejection(result).hint;
            assert!(hint.contains(words), "{hint}");
        }
    }

    #[test]
    fn token_call_of_the_caller_is_redacted() {
        let refused = r#"{"errcode":40001,"errmsg":"invalid credential corp s%2Fecret"}"#;
        let script = [Ok((200, refused))];
        let (_, result) = play(account(), gettoken("corp", "s/ecret"), &cache(), 0, &script);
        assert_eq!(rejection(result).message, "invalid credential corp ***");
    }

    #[test]
    fn http_status_is_the_reason() {
        for (status, reason) in [
            (500, "/cgi-bin/gettoken: the server failed"),
            (599, "/cgi-bin/gettoken: the server failed"),
            (300, "/cgi-bin/gettoken: the server redirected: "),
            (399, "/cgi-bin/gettoken: the server redirected: "),
            (400, "/cgi-bin/gettoken: the server refused the request: "),
            (499, "/cgi-bin/gettoken: the server refused the request: "),
            (204, "/cgi-bin/gettoken: the HTTP status is not 200: "),
            (206, "/cgi-bin/gettoken: the HTTP status is not 200: "),
            (600, "/cgi-bin/gettoken: the HTTP status is not 200: "),
        ] {
            let script = [Ok((status, TOKEN))];
            let (_, result) = play(account(), call(Auth::Application), &cache(), 0, &script);
            let Err(Error::NoReply(it) | Error::PermanentUnexpectedReply(it)) = result else {
                panic!("{status}: {result:?}")
            };
            assert!(it.reason.starts_with(reason), "{status}: {}", it.reason);
            assert_eq!(it.status, Some(status));
        }
    }

    #[test]
    fn payload_has_its_content_type() {
        let json = Payload::new(Body::Json(json!({ "a": 1 })));
        assert_eq!(json.content_type(), Some("application/json; charset=utf-8"));
        let upload = Upload::new("a", "text/plain", b"x".to_vec());
        let content_type = upload.content_type.clone();
        let upload = Payload::new(Body::Upload(upload));
        assert_eq!(upload.content_type(), Some(content_type.as_str()));
    }

    #[test]
    fn application_message_carries_the_agent_id() {
        let send = |agent_id: Option<u64>| {
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
        assert!(
            matches!(&result, Err(Error::PermanentMissingCredential(it)) if it.starts_with("agent-id is missing")),
            "{result:?}"
        );
    }

    #[test]
    fn file_is_downloaded_with_a_fresh_token_where_the_first_is_stale() {
        let (account, tokens) = (account(), cache());
        let call = Call::get("/cgi-bin/media/get", Auth::Application)
            .download(Some((0, 1)), |it| Ok(it.content));
        let mut exchange =
            Exchange::new(&account, call.request, &tokens, 0, || Language::English).unwrap();
        let response = |status, range: Option<&str>, body: &str| {
            let headers = FileHeaders {
                media_type: None,
                disposition: range.map(|_| "attachment; filename=a".into()),
                range: range.map(Into::into),
            };
            Ok(HttpResponse { status, headers, body: body.into() })
        };
        let file = Expected::File(Some((0, 1)));
        let mut step = exchange.first();
        for (expected, outcome) in [
            (Expected::Json, response(200, None, TOKEN)),
            (file, response(200, None, DEAD)),
            (Expected::Json, response(200, None, TOKEN)),
            (file, response(206, Some("bytes 0-1/7"), "Mo")),
        ] {
            let Step::Send(request) = step else { panic!("no request") };
            assert_eq!(request.expected, expected, "{}", request.path_with_query);
            step = exchange.receive(outcome);
        }
        let Step::Done(Ok(accepted)) = step else { panic!("no file") };
        assert_eq!((call.parse)(accepted).unwrap(), b"Mo");
    }
}
