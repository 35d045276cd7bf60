//! Access tokens.

use alloc::string::String;

use serde::Deserialize;

use crate::{
    bindings::exports::wecom::connector::{
        tokens::{IssuedToken, TokenScope},
        types::{AccessToken, Error},
    },
    call::{Access, Call},
    check::Check,
    credentials::{Account, Grant},
    wire::number_or_text,
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
            Ok(issue(&corp_id, &secret, move |Issued { access_token: token, expires_in }| {
                IssuedToken {
                    access_token: AccessToken { token, agent_id, base_url: base_url.clone() },
                    expires_in,
                }
            }))
        }
        Grant::Token(_) | Grant::Key(_) => {
            let mut check = Check::default();
            check.note("application", "must be a profile or credentials: a token is asked for");
            check.finish()?;
            Err(Error::ExecutionFailed)
        }
    }
}

/// `GET /cgi-bin/gettoken`, before another call
pub(crate) fn fetch(corp_id: &str, secret: &str) -> Call<Issued> {
    issue(corp_id, secret, |it| it)
}

fn issue<T>(corp_id: &str, secret: &str, make: impl Fn(Issued) -> T + 'static) -> Call<T> {
    #[derive(Deserialize)]
    struct Answer {
        access_token: String,
        #[serde(default, deserialize_with = "number_or_text")]
        expires_in: Option<u64>,
    }

    Call::get("/cgi-bin/gettoken", Access::Open)
        .query("corpid", corp_id)
        .query("corpsecret", secret)
        .reading(move |it: Answer, _| {
            make(Issued {
                access_token: it.access_token,
                expires_in: it.expires_in.unwrap_or(0).try_into().unwrap_or(u32::MAX),
            })
        })
}
