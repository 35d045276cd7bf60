//! Several requests in one call.

use alloc::string::String;

use crate::{bindings::wit::types::Error, call::Call, credentials::Account};

/// Runs calls with the credentials of one account, one after the other. A token is fetched for the first only.
///
/// An action of several requests validates its arguments first and returns the rest as a closure:
/// `fn ensure_department<R: Run>(…) -> Result<impl FnOnce(&mut R) -> Result<EnsuredDepartment, Error>, Error>`.
pub(crate) trait Run {
    fn account(&self) -> &Account;

    fn run<T>(&mut self, call: Call<T>) -> Result<T, Error>;
}

/// The warnings of several responses as one.
pub(crate) fn join_warnings(one: Option<String>, other: Option<String>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some([one, other].join("; ")),
        (one, other) => one.or(other),
    }
}

/// The code of a refusal that is final.
pub(crate) fn refusal_code(error: &Error) -> Option<i32> {
    match error {
        Error::PermanentRejected(it) => Some(it.code),
        _ => None,
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use alloc::{collections::VecDeque, format, string::String, vec, vec::Vec};
    use core::cell::RefCell;

    use super::*;
    use crate::{
        bindings::wit::types::{Application, ApplicationCredentials, Language},
        call::Method,
        exchange::{Exchange, Failure, HttpResponse, Step},
        response::{FileHeaders, Unexpected},
        token_cache::TokenCache,
    };

    /// Plays responses, and notes the requests but those for a token, which are granted.
    pub(crate) struct Script {
        pub(crate) account: Account,
        pub(crate) requests: Vec<String>,
        /// Granted if it is empty.
        pub(crate) tokens: VecDeque<&'static str>,
        responses: VecDeque<Result<&'static str, Failure>>,
        cache: RefCell<TokenCache>,
    }

    impl Script {
        pub(crate) fn new<const N: usize>(responses: [Result<&'static str, Failure>; N]) -> Self {
            Self::of(account(), responses)
        }

        pub(crate) fn of<const N: usize>(
            account: Account,
            responses: [Result<&'static str, Failure>; N],
        ) -> Self {
            Self {
                account,
                requests: vec![],
                tokens: VecDeque::new(),
                responses: responses.into(),
                cache: RefCell::new(TokenCache::new()),
            }
        }

        /// The requests, a line each. All responses were used.
        pub(crate) fn finish(self) -> String {
            assert!(self.responses.is_empty(), "responses are left over");
            self.requests.join("\n")
        }
    }

    /// Has both secrets and an agent id.
    pub(crate) fn account() -> Account {
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: Some("app".into()),
            contacts_secret: Some("contacts".into()),
            agent_id: Some(7),
            base_url: None,
        };
        Account::of_application(Application::Credentials(credentials), Vec::new).unwrap()
    }

    impl Run for Script {
        fn account(&self) -> &Account {
            &self.account
        }

        fn run<T>(&mut self, Call { request, parse }: Call<T>) -> Result<T, Error> {
            let mut exchange =
                Exchange::new(&self.account, request, &self.cache, 0, || Language::English)?;
            let mut step = exchange.first();
            let accepted = loop {
                let request = match step {
                    Step::Send(request) => request,
                    Step::Done(result) => break result?,
                };
                let response = if request.path_with_query.contains("/gettoken?") {
                    // Its secret is its token.
                    let (_, secret) = request.path_with_query.rsplit_once('=').unwrap();
                    let granted = format!(
                        r#"{{"errcode":0,"errmsg":"ok","access_token":"{secret}","expires_in":7200}}"#
                    );
                    Ok(self.tokens.pop_front().map_or(granted, String::from))
                } else {
                    let method = match request.method {
                        Method::Get => "GET",
                        Method::Post => "POST",
                    };
                    let body = String::from_utf8(request.payload.parts().concat()).unwrap();
                    let path = request.path_with_query.trim_start_matches("/cgi-bin/");
                    self.requests.push(format!("{method} {path} {body}").trim().into());
                    let response = self.responses.pop_front();
                    response.expect("more requests than responses").map(String::from)
                };
                let headers = FileHeaders::default();
                let response =
                    response.map(|it| HttpResponse { status: 200, headers, body: it.into_bytes() });
                step = exchange.receive(response);
            };
            parse(accepted).map_err(|Unexpected(reason)| exchange.incomplete(&reason))
        }
    }
}
