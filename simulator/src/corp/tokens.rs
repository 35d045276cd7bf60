//! Access tokens and their lifetime.

use std::{collections::HashMap, time::Duration};

use crate::corp::{identities::App, refusal::Refusal, text};

pub(crate) const LIFE: Duration = Duration::from_hours(2);
/// The prefix of every token, so that the transcript finds one anywhere.
pub(crate) const PREFIX: &str = "simtoken-";
const LENGTH: usize = 214;

/// Every token ever issued, expired ones included: the transcript names them.
#[derive(Clone, Default)]
pub(crate) struct Tokens {
    issued: HashMap<String, Token>,
    newest: HashMap<&'static str, String>,
}

#[derive(Clone)]
struct Token {
    app: &'static App,
    /// Counts the tokens of one application from 1.
    number: u64,
    until: Duration,
}

impl Tokens {
    /// The application's token: the same one until it expires.
    pub(crate) fn issue(&mut self, app: &'static App, now: Duration) -> String {
        let newest = self.newest.get(app.role).and_then(|it| Some((it, self.issued.get(it)?)));
        if let Some((text, _)) = newest.filter(|(_, it)| now < it.until) {
            return text.clone();
        }
        let number = newest.map_or(1, |(_, it)| it.number + 1);
        let text =
            PREFIX.to_owned() + &text::random_looking_id(app.role, number, LENGTH - PREFIX.len());
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
            // Documented as 42001 once expired; the server returns 40014 for that too.
            _ => Err(Refusal::new(40014, "invalid access_token")),
        }
    }

    pub(crate) fn revoke_all(&mut self) {
        self.issued.values_mut().for_each(|it| it.until = Duration::ZERO);
    }

    /// What the transcript shows in place of a token.
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
