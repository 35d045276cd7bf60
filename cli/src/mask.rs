//! Secrets in what is shown of requests and responses.

use std::borrow::Cow;

use http::Uri;
use serde_json::Value;

/// What stands in place of a secret.
const HIDDEN: &str = "***";

/// The parameters of a query that are secret.
const SECRET: [&str; 3] = ["access_token", "corpsecret", "key"];

/// Shorter values would be found in words that are no secret.
const MIN_SECRET: usize = 6;

/// The secrets that were seen.
#[derive(Default)]
pub(crate) struct Mask {
    secrets: Vec<String>,
}

impl Mask {
    /// Remembers the secrets of a request.
    pub(crate) fn learn(&mut self, uri: &Uri) {
        for (name, value) in pairs(uri) {
            if SECRET.contains(&name) {
                let plain = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
                self.add(&plain);
                self.add(value);
            }
        }
    }

    /// Remembers the token in a response.
    pub(crate) fn learn_token(&mut self, content: &[u8]) {
        let json: Value = serde_json::from_slice(content).unwrap_or_default();
        if let Some(token) = json.get("access_token").and_then(Value::as_str) {
            self.add(token);
        }
    }

    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_SECRET && !self.secrets.iter().any(|it| it == secret) {
            self.secrets.push(secret.to_owned());
        }
    }

    /// An address without its secrets.
    pub(crate) fn url(&self, uri: &Uri) -> String {
        let query: Vec<String> = pairs(uri)
            .map(|(name, value)| {
                let value = if SECRET.contains(&name) { HIDDEN } else { value };
                format!("{name}={value}")
            })
            .collect();
        let mut url = uri.to_string();
        url.truncate(url.find('?').unwrap_or(url.len()));
        if !query.is_empty() {
            url = format!("{url}?{}", query.join("&"));
        }
        self.text(&url)
    }

    /// A text without the secrets that were seen.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN).into();
            }
        }
        text.into_owned()
    }
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let query = uri.query().unwrap_or_default();
    query.split('&').filter(|it| !it.is_empty()).map(|it| it.split_once('=').unwrap_or((it, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden() {
        let mut mask = Mask::default();
        let uri = "http://h/cgi-bin/gettoken?corpid=ww1&corpsecret=s%2Fecret-1".parse().unwrap();
        mask.learn(&uri);
        assert_eq!(mask.url(&uri), "http://h/cgi-bin/gettoken?corpid=ww1&corpsecret=***");
        assert_eq!(mask.text("of s/ecret-1 and s%2Fecret-1"), "of *** and ***");
        mask.learn_token(br#"{"access_token":"token-1"}"#);
        assert_eq!(mask.text(r#"{"access_token":"token-1"}"#), r#"{"access_token":"***"}"#);
        let uri = "http://h/x?key=k&type=file".parse().unwrap();
        assert_eq!(mask.url(&uri), "http://h/x?key=***&type=file");
    }
}
