//! Token first, then the call, once more if the token is stale. Says what to send and is told what came back.

use alloc::{borrow::Cow, boxed::Box, format, rc::Rc, string::String, vec, vec::Vec};

use crate::{
    actions::tokens::{self, Issued},
    bindings::exports::wecom::connector::types::{Error, Rejection, TemporaryRejection},
    call::{Access, Answer, Body, Call, Method, Outgoing, Reply},
    credentials::{Account, Grant, Server},
    errcode::{self, Class},
    wire,
};

/// An HTTP request. Its query holds secrets, so it is never formatted.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) https: bool,
    pub(crate) authority: String,
    pub(crate) path_with_query: String,
    pub(crate) content_type: Option<Cow<'static, str>>,
    pub(crate) payload: Payload,
}

pub(crate) enum Payload {
    Empty,
    Json(Vec<u8>),
    Upload(Rc<wire::Upload>),
}

impl Payload {
    pub(crate) fn parts(&self) -> Vec<&[u8]> {
        match self {
            Self::Empty => Vec::new(),
            Self::Json(bytes) => vec![bytes],
            Self::Upload(upload) => upload.parts.iter().map(Vec::as_slice).collect(),
        }
    }
}

/// An HTTP answer that came in whole.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Why no whole answer came. The texts are the connector's own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing was sent.
    Unreachable(&'static str),
    /// It was sent, and nobody knows what became of it.
    Silent(&'static str),
    /// Something came back, and it is not what it should be.
    Unexpected(&'static str),
}

pub(crate) enum Step {
    Send(Request),
    Done(Result<Box<Answer>, Error>),
}

/// The tokens that the instance has.
///
/// Kept for each server, enterprise and secret: applications of one enterprise never share a token.
#[derive(Clone)]
pub(crate) struct Tokens(Vec<KeptToken>);

#[derive(Clone)]
struct KeptToken {
    origin: Origin,
    token: String,
    /// The second from which on it is not used any more.
    until: u64,
}

/// Where a token comes from.
#[derive(Clone, PartialEq)]
struct Origin {
    server: Server,
    corp_id: String,
    secret: String,
}

/// What an exchange found out about the tokens of an origin: a new one, with its end, or that the old one is dead.
pub(crate) struct News {
    origin: Origin,
    token: Option<(String, u64)>,
}

impl Tokens {
    /// Far more than a host gives to one instance; only there so that memory has an end.
    const MOST: usize = 64;

    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn learn(&mut self, News { origin, token }: News) {
        self.0.retain(|it| it.origin != origin);
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        self.0.extend(token.map(|(token, until)| KeptToken { origin, token, until }));
    }

    fn get(&self, server: &Server, corp_id: &str, secret: &str, now: u64) -> Option<&str> {
        let mut all = self.0.iter();
        let found = all.find(|KeptToken { origin, until, .. }| {
            origin.secret == secret
                && origin.corp_id == corp_id
                && origin.server == *server
                && now < *until
        });
        found.map(|it| it.token.as_str())
    }
}

/// How many bytes of WeCom's words are passed on.
const LONGEST_MESSAGE: usize = 512;

/// One call on its way.
pub(crate) struct Exchange<'a> {
    call: Box<Outgoing>,
    server: &'a Server,
    /// None for a call that asks for a token.
    grant: Option<Grant<'a>>,
    /// The call for a token, while that is the one that is out.
    token_call: Option<Call<Issued>>,
    /// The token that the caller's own call carries, if there is one.
    token: Option<Cow<'a, str>>,
    refreshed: bool,
    /// For the instance to keep, when the exchange is over.
    pub(crate) news: Option<News>,
}

impl<'a> Exchange<'a> {
    pub(crate) fn start(
        account: &'a Account,
        mut call: Box<Outgoing>,
        tokens: &'a Tokens,
        now: u64,
    ) -> Result<(Self, Step), Error> {
        if let Body::Json(body) = &mut call.body
            && call.needs_agent_id
        {
            let agent_id = account.agent_id.ok_or_else(|| account.missing_agent_id())?;
            body.set("agentid", &agent_id);
        }
        let grant =
            if call.access == Access::Open { None } else { Some(account.grant(call.access)?) };
        let server = &account.base.server;
        let token = match grant {
            Some(Grant::Secret { corp_id, secret }) => tokens.get(server, corp_id, secret, now),
            Some(Grant::Token(token)) => Some(token),
            Some(Grant::Key(_)) | None => None,
        };
        let token = token.map(Cow::Borrowed);
        let mut exchange =
            Self { call, server, grant, token_call: None, token, refreshed: false, news: None };
        let step = exchange.next();
        Ok((exchange, step))
    }

    /// What to do after the last request was answered, or was not.
    pub(crate) fn answer(&mut self, outcome: Result<Response, Failure>, now: u64) -> Step {
        let Some(call) = self.token_call.take() else {
            return self.answer_to_call(outcome);
        };
        let issued = match read(&call.outgoing, outcome) {
            Ok(Reply::Accepted(it)) => (call.read)(it).ok_or_else(|| lacking(call.outgoing.path)),
            Ok(Reply::Refused { code, message }) => Err(self.rejection(code, &message)),
            Err(failure) => Err(error(&call.outgoing, &failure)),
        };
        match issued {
            Ok(issued) => {
                let life = u64::from(issued.expires_in);
                let until = now + life - (life / 2).min(300);
                self.found(Some((issued.access_token.clone(), until)));
                self.token = Some(issued.access_token.into());
                self.next()
            }
            Err(error) => Step::Done(Err(error)),
        }
    }

    fn answer_to_call(&mut self, outcome: Result<Response, Failure>) -> Step {
        match read(&self.call, outcome) {
            Ok(Reply::Accepted(mut it)) => {
                it.warning = it.warning.map(|warning| self.without_secrets(&warning));
                Step::Done(Ok(it))
            }
            Ok(Reply::Refused { code, .. })
                if errcode::class(code) == Class::Token
                    && matches!(self.grant, Some(Grant::Secret { .. }))
                    && !self.refreshed =>
            {
                self.found(None);
                self.token = None;
                self.refreshed = true;
                self.next()
            }
            Ok(Reply::Refused { code, message }) => Step::Done(Err(self.rejection(code, &message))),
            Err(failure) => Step::Done(Err(error(&self.call, &failure))),
        }
    }

    fn found(&mut self, token: Option<(String, u64)>) {
        if let Some(Grant::Secret { corp_id, secret }) = self.grant {
            let (corp_id, secret) = (corp_id.into(), secret.into());
            let origin = Origin { server: self.server.clone(), corp_id, secret };
            self.news = Some(News { origin, token });
        }
    }

    /// The token if there is none yet, else the call.
    fn next(&mut self) -> Step {
        let mut query = String::new();
        match (&self.grant, &self.token) {
            (Some(Grant::Secret { corp_id, secret }), None) => {
                let call = tokens::fetch(corp_id, secret);
                let request = request(self.server, &call.outgoing, query);
                self.token_call = Some(call);
                return Step::Send(request);
            }
            (Some(Grant::Key(key)), _) => wire::push_query(&mut query, "key", key),
            (_, Some(token)) => wire::push_query(&mut query, "access_token", token),
            (Some(Grant::Token(_)) | None, None) => {}
        }
        Step::Send(request(self.server, &self.call, query))
    }

    fn rejection(&self, code: i32, message: &str) -> Error {
        let message = self.without_secrets(message);
        let hint = errcode::hint(code).into();
        match errcode::class(code) {
            Class::Later(retry_after) => {
                Error::RejectedForNow(TemporaryRejection { code, message, hint, retry_after })
            }
            Class::Never | Class::Token => {
                Error::PermanentRejected(Rejection { code, message, hint })
            }
        }
    }

    /// A server may repeat what it was sent.
    fn without_secrets(&self, message: &str) -> String {
        let held = match self.grant {
            Some(Grant::Token(it) | Grant::Key(it) | Grant::Secret { secret: it, .. }) => Some(it),
            None => None,
        };
        let sent = self
            .call
            .query
            .iter()
            .filter(|(name, _)| *name == "corpsecret")
            .map(|(_, secret)| secret.as_str());
        let mut spellings = Vec::new();
        for secret in held.into_iter().chain(self.token.as_deref()).chain(sent) {
            let mut encoded = String::new();
            wire::percent_encode(&mut encoded, secret);
            spellings.extend([secret.into(), wire::with_small_digits(&encoded), encoded]);
        }
        wire::without(message, &spellings, LONGEST_MESSAGE)
    }
}

/// An answer that was accepted, and then does not hold what the caller is to get.
pub(crate) fn lacking(path: &str) -> Error {
    Error::PermanentUnexpectedReply(format!(
        "{path}: the answer lacks what the documentation promises"
    ))
}

fn read(call: &Outgoing, outcome: Result<Response, Failure>) -> Result<Reply, Failure> {
    let Response { status, body } = outcome?;
    match status {
        200 => call.read(&body).map_err(|it| Failure::Unexpected(it.0)),
        500..=599 => Err(Failure::Silent("the server failed (status 5xx)")),
        300..=399 => Err(Failure::Unexpected("the server redirected (status 3xx)")),
        400..=499 => Err(Failure::Unexpected("the server refused the request itself (status 4xx)")),
        _ => Err(Failure::Unexpected("the status is not 200")),
    }
}

fn error(call: &Outgoing, failure: &Failure) -> Error {
    let path = call.path;
    match failure {
        Failure::Unreachable(why) => Error::Unreachable(format!("{path}: {why}")),
        Failure::Silent(why) if call.repeatable => Error::NoReply(format!("{path}: {why}")),
        Failure::Silent(why) => Error::PermanentNoReply(format!("{path}: {why}")),
        Failure::Unexpected(why) => Error::PermanentUnexpectedReply(format!("{path}: {why}")),
    }
}

fn request(server: &Server, call: &Outgoing, mut query: String) -> Request {
    for (name, value) in &call.query {
        wire::push_query(&mut query, name, value);
    }
    let (content_type, payload) = match &call.body {
        Body::Empty => (None, Payload::Empty),
        Body::Json(body) => {
            (Some("application/json; charset=utf-8".into()), Payload::Json(body.clone().finish()))
        }
        Body::Upload(upload) => {
            (Some(upload.content_type.clone().into()), Payload::Upload(Rc::clone(upload)))
        }
    };
    Request {
        method: call.method,
        https: server.https,
        authority: server.authority.clone(),
        path_with_query: [&server.path, call.path, &query].concat(),
        content_type,
        payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bindings::exports::wecom::connector::types::{
            AccessToken, Application, ApplicationCredentials, Chatbot, ChatbotCredentials, Receipt,
        },
        json::object,
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
        Account::of_application(Application::Credentials(credentials), &[]).unwrap()
    }

    fn call(access: Access) -> Call<Receipt> {
        Call::post("/cgi-bin/x", access, object! { "a": 1 })
    }

    /// Plays a script of answers; tells the requests made and how it ended.
    fn play(
        account: Account,
        call: Call<Receipt>,
        tokens: &mut Tokens,
        now: u64,
        script: &[Result<(u16, &str), Failure>],
    ) -> (Vec<String>, String) {
        let mut requests = Vec::new();
        let mut script = script.iter();
        let Call { outgoing, .. } = call;
        let (mut exchange, mut step) = match Exchange::start(&account, outgoing, tokens, now) {
            Ok(it) => it,
            Err(error) => return (requests, format!("{error:?}")),
        };
        loop {
            match step {
                Step::Done(result) => {
                    assert!(script.next().is_none(), "answers are left over");
                    exchange.news.into_iter().for_each(|it| tokens.learn(it));
                    return (requests, format!("{result:?}"));
                }
                Step::Send(request) => {
                    assert!(request.https && request.authority == "qyapi.weixin.qq.com");
                    assert_eq!(request.method == Method::Post, request.content_type.is_some());
                    let body = request.payload.parts().concat();
                    requests.push(
                        format!("{} {}", request.path_with_query, String::from_utf8(body).unwrap())
                            .trim()
                            .into(),
                    );
                    let outcome = match script.next().expect("asked for more than the script has") {
                        Ok((status, body)) => {
                            Ok(Response { status: *status, body: body.as_bytes().to_vec() })
                        }
                        Err(Failure::Unreachable(it)) => Err(Failure::Unreachable(it)),
                        Err(Failure::Silent(it)) => Err(Failure::Silent(it)),
                        Err(Failure::Unexpected(it)) => Err(Failure::Unexpected(it)),
                    };
                    step = exchange.answer(outcome, now);
                }
            }
        }
    }

    #[test]
    fn a_token_is_fetched_once_and_kept_until_shortly_before_it_expires() {
        let mut tokens = Tokens::new();
        let (requests, result) = play(
            account(),
            call(Access::Application),
            &mut tokens,
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
            play(account(), call(Access::Application), &mut tokens, 100 + 6899, &[Ok((200, OK))]);
        assert_eq!(requests.len(), 1);
        let script = [Ok((200, TOKEN)), Ok((200, OK))];
        let (requests, _) =
            play(account(), call(Access::Application), &mut tokens, 100 + 6900, &script);
        assert_eq!(requests.len(), 2);
    }

    #[test]
    fn secrets_never_share_a_token() {
        let mut tokens = Tokens::new();
        let script = [Ok((200, TOKEN)), Ok((200, OK))];
        play(account(), call(Access::Application), &mut tokens, 0, &script);
        let (requests, _) = play(account(), call(Access::Contacts), &mut tokens, 0, &script);
        assert_eq!(requests[0], "/cgi-bin/gettoken?corpid=corp&corpsecret=canary%20contacts");
    }

    #[test]
    fn a_dead_token_is_refreshed_once_and_the_call_repeated_once() {
        for code in [40001, 40014, 41001, 42001] {
            let dead = format!(r#"{{"errcode":{code},"errmsg":"dead"}}"#);
            let mut tokens = Tokens::new();
            let script =
                [Ok((200, TOKEN)), Ok((200, dead.as_str())), Ok((200, TOKEN)), Ok((200, OK))];
            let (requests, result) =
                play(account(), call(Access::Application), &mut tokens, 0, &script);
            assert_eq!(requests.len(), 4, "{code}");
            assert!(result.starts_with("Ok"), "{result}");
        }
        let script = [Ok((200, TOKEN)), Ok((200, DEAD)), Ok((200, TOKEN)), Ok((200, DEAD))];
        let (requests, result) =
            play(account(), call(Access::Application), &mut Tokens::new(), 0, &script);
        assert_eq!(requests.len(), 4);
        assert!(result.contains("PermanentRejected") && result.contains("40014"), "{result}");
    }

    #[test]
    fn a_token_or_key_that_was_given_is_not_refreshed() {
        let given = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(given), &[]).unwrap();
        let (requests, result) =
            play(account, call(Access::Application), &mut Tokens::new(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?access_token=T1 {\"a\":1}"]);
        assert!(result.contains("40014") && !result.contains("T1"), "{result}");

        let key = ChatbotCredentials { key: "K&1".into(), base_url: None };
        let account = Account::of_chatbot(Chatbot::Credentials(key), &[]).unwrap();
        let (requests, result) =
            play(account, call(Access::Chatbot), &mut Tokens::new(), 0, &[Ok((200, DEAD))]);
        assert_eq!(requests, ["/cgi-bin/x?key=K%261 {\"a\":1}"]);
        assert!(result.contains("40014"), "{result}");
    }

    #[test]
    fn a_wrong_secret_is_not_asked_with_again() {
        let refused = r#"{"errcode":40001,"errmsg":"invalid credential canary app/secret canary%20app%2Fsecret"}"#;
        let (requests, result) = play(
            account(),
            call(Access::Application),
            &mut Tokens::new(),
            0,
            &[Ok((200, refused))],
        );
        assert_eq!(requests.len(), 1);
        assert!(result.contains("PermanentRejected") && !result.contains("canary"), "{result}");
    }

    #[test]
    fn words_that_are_passed_on_hold_no_secret_whole_or_cut() {
        let said = |code: i32, words: &str| {
            let answer = format!(r#"{{"errcode":{code},"errmsg":"{words}"}}"#);
            let token = TOKEN.replace("T1", "canary/token");
            let script = [Ok((200, token.as_str())), Ok((200, answer.as_str()))];
            play(account(), call(Access::Application), &mut Tokens::new(), 0, &script).1
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
    fn silence_says_whether_repeating_is_safe() {
        let given = || {
            let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
            Account::of_application(Application::Token(token), &[]).unwrap()
        };
        for (answer, repeatable, case) in [
            (Err(Failure::Silent("reset")), false, "PermanentNoReply"),
            (Err(Failure::Silent("reset")), true, "NoReply"),
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
            let call = call(Access::Application).repeatable_if(repeatable);
            let (_, result) = play(given(), call, &mut Tokens::new(), 0, &[answer]);
            assert!(result.starts_with(&format!("Err(Error::{case}(")), "{case}: {result}");
        }
        // While asking for a token, nothing has been done yet.
        let script = [Err(Failure::Silent("reset"))];
        let (_, result) =
            play(account(), call(Access::Application), &mut Tokens::new(), 0, &script);
        assert!(result.starts_with("Err(Error::NoReply("), "{result}");
    }

    #[test]
    fn an_application_message_names_its_application() {
        let send = |agent_id: Option<u32>| {
            Call::post(
                "/cgi-bin/message/send",
                Access::Application,
                object! { "agentid": agent_id },
            )
            .needs_agent_id_if(agent_id.is_none())
        };
        for (given, sent) in [(None, 7), (Some(9), 9)] {
            let script = [Ok((200, TOKEN)), Ok((200, OK))];
            let (requests, _) = play(account(), send(given), &mut Tokens::new(), 0, &script);
            assert!(requests[1].ends_with(&format!(r#"{{"agentid":{sent}}}"#)), "{}", requests[1]);
        }
        let token = AccessToken { token: "T1".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(token), &[]).unwrap();
        let (requests, result) = play(account, send(None), &mut Tokens::new(), 0, &[]);
        assert_eq!(requests.len(), 0);
        assert!(result.contains("agent-id is missing"), "{result}");
    }
}
