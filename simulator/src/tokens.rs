//! `gettoken`, and what a token is worth.

use std::{collections::HashMap, time::Duration};

use serde_json::json;

use crate::{
    answer::{Outcome, Refusal, Success},
    corp::{APPS, App, Corp},
    gate::Call,
    known, text,
};

const LIFE: Duration = Duration::from_hours(2);
/// Every token begins so, which lets the transcript find one anywhere.
pub(crate) const PREFIX: &str = "simtoken-";
const LENGTH: usize = 214;

/// Every token ever issued; those that died are kept for their names.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Token>,
    newest: HashMap<&'static str, String>,
}

#[derive(Clone)]
struct Token {
    app: &'static App,
    /// How many tokens this application had got, this one included.
    number: u64,
    until: Duration,
}

pub(crate) fn gettoken(corp: &mut Corp, call: &Call) -> Outcome {
    let Some(corp_id) = call.query.text("corpid") else {
        return Err(Refusal::new(41002, "corpid missing"));
    };
    let Some(secret) = call.query.text("corpsecret") else {
        return Err(Refusal::new(41004, "corpsecret missing"));
    };
    if corp_id != known::CORP_ID {
        return Err(Refusal::new(40013, "invalid corpid"));
    }
    let Some(app) = APPS.iter().find(|it| it.secret == secret) else {
        return Err(Refusal::new(40001, "invalid credential"));
    };
    let now = corp.now();
    let token = corp.tokens.issue(app, now);
    Ok(Success::ok(json!({ "access_token": token, "expires_in": LIFE.as_secs() })))
}

impl Tokens {
    /// The application's token; the same one as long as it lives.
    fn issue(&mut self, app: &'static App, now: Duration) -> String {
        let newest = self.newest.get(app.role).and_then(|it| Some((it, self.issued.get(it)?)));
        if let Some((text, _)) = newest.filter(|(_, it)| now < it.until) {
            return text.clone();
        }
        let number = newest.map_or(1, |(_, it)| it.number + 1);
        let text = PREFIX.to_owned() + &text::opaque(app.role, number, LENGTH - PREFIX.len());
        self.newest.insert(app.role, text.clone());
        self.issued.insert(text.clone(), Token { app, number, until: now.saturating_add(LIFE) });
        text
    }

    pub(crate) fn holder(
        &self,
        token: Option<&str>,
        now: Duration,
    ) -> Result<&'static App, Refusal> {
        let Some(token) = token else {
            return Err(Refusal::new(41001, "access_token missing"));
        };
        match self.issued.get(token) {
            Some(it) if now < it.until => Ok(it.app),
            // Documented as 42001 once expired; the server says 40014 for that too.
            _ => Err(Refusal::new(40014, "invalid access_token")),
        }
    }

    pub(crate) fn revoke_all(&mut self) {
        self.issued.values_mut().for_each(|it| it.until = Duration::ZERO);
    }

    /// What to call a token where it must not stand itself.
    pub(crate) fn name(&self, token: &str) -> String {
        match self.issued.get(token) {
            Some(it) => format!("<{} token {}>", it.app.role, it.number),
            None => "<unknown token>".to_owned(),
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.issued.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::LENGTH;
    use crate::{known, testing::Client};

    fn gettoken(client: &Client, query: &str) -> serde_json::Value {
        client.get_bare(&format!("/cgi-bin/gettoken?{query}"))
    }

    #[test]
    fn a_token_is_the_same_while_it_lives() {
        let client = Client::new();
        let query = format!("corpid={}&corpsecret={}", known::CORP_ID, known::APP_SECRET);
        let first = gettoken(&client, &query);
        assert_eq!(first["errcode"], 0);
        assert_eq!(first["errmsg"], "ok");
        assert_eq!(first["expires_in"], 7200);
        assert_eq!(first["access_token"].as_str().unwrap().len(), LENGTH);

        client.simulator.advance(Duration::from_secs(7199));
        assert_eq!(gettoken(&client, &query), first);
        client.simulator.advance(Duration::from_secs(1));
        assert_ne!(gettoken(&client, &query)["access_token"], first["access_token"]);
    }

    #[test]
    fn secrets_have_their_own_tokens() {
        let client = Client::new();
        assert_ne!(client.token(known::APP_SECRET), client.token(known::SECOND_APP_SECRET));
    }

    #[test]
    fn wrong_credentials_are_refused() {
        let client = Client::new();
        let good = known::CORP_ID;
        for (query, code) in [
            (String::new(), 41002),
            (format!("corpid=&corpsecret={}", known::APP_SECRET), 41002),
            (format!("corpid={good}"), 41004),
            (format!("corpid={good}&corpsecret="), 41004),
            (format!("corpid=ww2&corpsecret={}", known::APP_SECRET), 40013),
            (format!("corpid={good}&corpsecret=other"), 40001),
            (format!("corpid={good}&corpsecret=other&access_token=x"), 40058),
        ] {
            assert_eq!(gettoken(&client, &query)["errcode"], code, "{query}");
        }
    }

    #[test]
    fn dead_tokens_are_refused_until_a_new_one_is_fetched() {
        let client = Client::new();
        let path = "/cgi-bin/department/simplelist";
        let token = client.token(known::APP_SECRET);
        let call = |token: &str| {
            client.get_bare(&format!("{path}?access_token={token}"))["errcode"].clone()
        };
        assert_eq!(call(&token), 0);
        assert_eq!(call("other"), 40014);
        assert_eq!(call(""), 41001);
        assert_eq!(client.get_bare(path)["errcode"], 41001);

        client.simulator.revoke_tokens();
        assert_eq!(call(&token), 40014);
        let token = client.token(known::APP_SECRET);
        assert_eq!(call(&token), 0);

        client.simulator.advance(Duration::from_hours(2));
        assert_eq!(call(&token), 40014);
    }
}
