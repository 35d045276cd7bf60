//! Access tokens.

use alloc::{string::String, vec};

use crate::{
    bindings::exports::wecom::connector::{
        tokens::{IssuedToken, TokenScope},
        types::{AccessToken, Error, InvalidField},
    },
    call::{Access, Call},
    credentials::{Account, Grant},
};

/// A token as WeCom issues it.
#[derive(Clone)]
pub(crate) struct Issued {
    pub(crate) access_token: String,
    /// Seconds. 0 if WeCom did not say.
    pub(crate) expires_in: u32,
}

/// `GET /cgi-bin/gettoken`, for the caller
pub(crate) fn get_access_token(
    account: &Account,
    scope: TokenScope,
) -> Result<Call<IssuedToken>, Error> {
    let access = match scope {
        TokenScope::Application => Access::Application,
        TokenScope::Contacts => Access::Contacts,
    };
    match account.grant(access)? {
        Grant::Secret { corp_id, secret } => {
            let agent_id = account.agent_id;
            let base_url = account.base.given.clone();
            Ok(issue(corp_id, secret, move |Issued { access_token: token, expires_in }| {
                IssuedToken {
                    access_token: AccessToken { token, agent_id, base_url: base_url.clone() },
                    expires_in,
                }
            }))
        }
        Grant::Token(_) | Grant::Key(_) => {
            let field = "application".into();
            let reason = "must be a profile or credentials: a token is asked for".into();
            Err(Error::PermanentInvalidInput(vec![InvalidField { field, reason }]))
        }
    }
}

/// `GET /cgi-bin/gettoken`, before another call
pub(crate) fn fetch(corp_id: &str, secret: &str) -> Call<Issued> {
    issue(corp_id, secret, |it| it)
}

fn issue<T>(corp_id: &str, secret: &str, make: impl Fn(Issued) -> T + 'static) -> Call<T> {
    let call = Call::get("/cgi-bin/gettoken", Access::Open)
        .query("corpid", corp_id)
        .query("corpsecret", secret);
    call.reading(move |it| {
        let expires_in = it.expires_in.unwrap_or(0);
        let access_token = it.access_token.filter(|it| !it.is_empty())?;
        Some(make(Issued { access_token, expires_in: expires_in.try_into().unwrap_or(u32::MAX) }))
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{check_refused, check_reply, check_request},
        bindings::exports::wecom::connector::types::{Application, ApplicationCredentials},
    };

    fn credentials() -> Account {
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: Some("app/secret".into()),
            contacts_secret: Some("contacts secret".into()),
            agent_id: Some(7),
            base_url: Some("https://proxy.example/wecom".into()),
        };
        Account::of_application(Application::Credentials(credentials), &[]).unwrap()
    }

    #[test]
    fn get_access_token_wire() {
        let call = get_access_token(&credentials(), TokenScope::Application).unwrap();
        check_request(
            &call,
            expect![
                "GET /cgi-bin/gettoken?corpid=corp&corpsecret=app%2Fsecret [nothing, repeatable]"
            ],
        );
        check_request(
            &get_access_token(&credentials(), TokenScope::Contacts).unwrap(),
            expect![
                "GET /cgi-bin/gettoken?corpid=corp&corpsecret=contacts%20secret [nothing, repeatable]"
            ],
        );
        check_reply(
            &call,
            r#"{"errcode":0,"errmsg":"ok","access_token":"T","expires_in":7200}"#,
            expect![[
                r#"Some(IssuedToken { access-token: AccessToken { token: "T", agent-id: Some(7), base-url: Some("https://proxy.example/wecom") }, expires-in: 7200 })"#
            ]],
        );
        check_reply(
            &call,
            r#"{"access_token":"T","expires_in":"7200"}"#,
            expect![[
                r#"Some(IssuedToken { access-token: AccessToken { token: "T", agent-id: Some(7), base-url: Some("https://proxy.example/wecom") }, expires-in: 7200 })"#
            ]],
        );
        check_reply(&call, r#"{"errcode":0,"errmsg":"ok","access_token":""}"#, expect!["None"]);
        check_reply(
            &call,
            r#"{"errcode":40013,"errmsg":"invalid corpid"}"#,
            expect![[r#"Ok(Refused { code: 40013, message: "invalid corpid" })"#]],
        );
    }

    #[test]
    fn get_access_token_limits() {
        let token = AccessToken { token: "T".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(token), &[]).unwrap();
        check_refused(
            get_access_token(&account, TokenScope::Application),
            expect!["application: must be a profile or credentials: a token is asked for"],
        );
    }
}
