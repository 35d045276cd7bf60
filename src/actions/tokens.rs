//! Access tokens.

use alloc::boxed::Box;

use crate::{
    bindings::wit::{
        tokens::{IssuedToken, TokenScope},
        types::{AccessToken, Error},
    },
    call::{Auth, Call},
    credentials::{Account, Credential},
    token_cache::{Issued, gettoken},
    validate::invalid,
};

/// `GET /cgi-bin/gettoken`, for the caller
pub(crate) fn get_access_token(
    account: &Account,
    scope: TokenScope,
) -> Result<Call<IssuedToken>, Error> {
    let auth = match scope {
        TokenScope::Application => Auth::Application,
        TokenScope::Contacts => Auth::Contacts,
    };
    let Credential::Secret { corp_id, secret, .. } = account.credential(auth)? else {
        let reason = "must be a profile or credentials: a token is asked for";
        return Err(invalid("application", reason));
    };

    let agent_id = account.agent_id;
    let base_url = account.given_base_url.clone();
    let Call { request, .. } = gettoken(corp_id, secret);
    let parse = Box::new(move |accepted| {
        let Issued { access_token, expires_in } = Issued::parse(accepted)?;
        Ok(IssuedToken {
            access_token: AccessToken { token: access_token, agent_id, base_url },
            expires_in: expires_in.unwrap_or(0).try_into().unwrap_or(u32::MAX),
        })
    });
    Ok(Call { request, parse })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{check_refused, check_request, check_response},
        bindings::wit::types::{Application, ApplicationCredentials},
    };

    fn credentials() -> Account {
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: Some("app/secret".into()),
            contacts_secret: Some("contacts secret".into()),
            agent_id: Some(7),
            base_url: Some("https://proxy.example/wecom".into()),
        };
        Account::of_application(Application::Credentials(credentials), Vec::new).unwrap()
    }

    #[test]
    fn get_access_token_wire() {
        let call = || get_access_token(&credentials(), TokenScope::Application).unwrap();
        check_request(
            &call(),
            expect![
                "GET /cgi-bin/gettoken?corpid=corp&corpsecret=app%2Fsecret [nothing, retry-safe]"
            ],
        );
        check_request(
            &get_access_token(&credentials(), TokenScope::Contacts).unwrap(),
            expect![
                "GET /cgi-bin/gettoken?corpid=corp&corpsecret=contacts%20secret [nothing, retry-safe]"
            ],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","access_token":"T","expires_in":7200}"#,
            expect![[
                r#"Ok(IssuedToken { access-token: AccessToken { token: "T", agent-id: Some(7), base-url: Some("https://proxy.example/wecom") }, expires-in: 7200 })"#
            ]],
        );
        check_response(
            call(),
            r#"{"access_token":"T","expires_in":"7200"}"#,
            expect![[
                r#"Ok(IssuedToken { access-token: AccessToken { token: "T", agent-id: Some(7), base-url: Some("https://proxy.example/wecom") }, expires-in: 7200 })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","access_token":""}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable access_token"))"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":40013,"errmsg":"invalid corpid"}"#,
            expect![[r#"Refused { code: 40013, message: "invalid corpid" }"#]],
        );
    }

    #[test]
    fn get_access_token_limits() {
        let token = AccessToken { token: "T".into(), agent_id: None, base_url: None };
        let account = Account::of_application(Application::Token(token), Vec::new).unwrap();
        check_refused(
            get_access_token(&account, TokenScope::Application),
            expect!["application: must be a profile or credentials: a token is asked for"],
        );
    }
}
