//! The transcript: requests and the codes they got, without the secrets.

use std::fmt;

use bytes::Bytes;
use http::{Request, header};
use serde::Serialize;

use crate::{
    corp::{
        identities::{APPS, CHATBOTS},
        text,
        tokens::{self, Tokens},
    },
    http::{mode::Mode, multipart},
};

/// A request that was handled. Secrets, tokens and keys are replaced by their roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TranscriptEntry {
    /// `GET` or `POST`.
    pub method: String,
    /// Only the path.
    pub path: String,
    /// As sent, apart from the secrets: `access_token=<app token 1>&id=7`.
    pub query: String,
    /// JSON as sent, or a line about an upload; at most 4 KB.
    pub body: String,
    /// Of the HTTP response; meaningless when a fault prevented the response.
    pub status: u16,
    /// The `errcode` of the response, if there was one.
    pub errcode: Option<i64>,
    /// The kind of the fault that hit, if there was one.
    pub fault: Option<String>,
    /// Names and values of the request.
    pub headers: Vec<(String, String)>,
}

const MAX_BODY: usize = 4096;
/// The prefixes of the secrets and keys of the corp.
const SECRET_PREFIXES: [&str; 2] = ["simulated-", "51a7ed00-"];

impl TranscriptEntry {
    pub(crate) fn new(request: &Request<Bytes>, tokens: &Tokens) -> Self {
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), redact(value.into_owned(), tokens))
            })
            .collect();
        Self {
            method: request.method().to_string(),
            path: redact(request.uri().path().to_owned(), tokens),
            query: redact_query(request.uri().query().unwrap_or_default(), tokens),
            body: body(request, tokens),
            status: 200,
            errcode: None,
            fault: None,
            headers,
        }
    }
}

impl fmt::Display for TranscriptEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self { method, path, query, body, status, errcode, fault, .. } = self;
        write!(formatter, "{method} {path}")?;
        if !query.is_empty() {
            write!(formatter, "?{query}")?;
        }
        if !body.is_empty() {
            write!(formatter, " {}", body.replace(['\r', '\n'], " "))?;
        }
        match (errcode, status) {
            (Some(errcode), _) => write!(formatter, " -> {errcode}")?,
            (None, status) => write!(formatter, " -> HTTP {status}")?,
        }
        match fault {
            Some(fault) => write!(formatter, " (fault: {fault})"),
            None => Ok(()),
        }
    }
}

fn body(request: &Request<Bytes>, tokens: &Tokens) -> String {
    let bytes = request.body();
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok());
    if let Some(boundary) = content_type.and_then(|it| multipart::boundary(it).ok()) {
        let line = match multipart::read(bytes, boundary, Mode::Faithful) {
            Ok(part) => format!(
                "<multipart media filename={:?} type={} length={}>",
                part.filename,
                part.content_type.as_deref().unwrap_or("none"),
                part.data.len()
            ),
            Err(_) => format!("<multipart that cannot be read, length={}>", bytes.len()),
        };
        return redact(line, tokens);
    }
    // Some more than is stored, so that a secret across the end is found.
    let start = bytes.get(..MAX_BODY * 2).unwrap_or(bytes);
    let mut text = redact(String::from_utf8_lossy(start).into_owned(), tokens);
    if bytes.len() > MAX_BODY {
        text::truncate_bytes(&mut text, MAX_BODY - "…".len());
        text.push('…');
    }
    text
}

fn redact_query(query: &str, tokens: &Tokens) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some(("access_token", token)) => format!("access_token={}", tokens.name(token)),
        Some(("corpsecret", secret)) => format!("corpsecret={}", secret_name(secret)),
        Some(("key", key)) => format!("key={}", secret_name(key)),
        _ => redact(pair.to_owned(), tokens),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn secret_name(secret: &str) -> String {
    if let Some(app) = APPS.iter().find(|it| it.secret == secret) {
        return format!("<{} secret>", app.role);
    }
    match CHATBOTS.iter().find(|it| it.key == secret) {
        Some(bot) => format!("<{} key>", bot.role),
        None => "<unknown secret>".to_owned(),
    }
}

/// Replaces secrets wherever they appear.
fn redact(mut text: String, tokens: &Tokens) -> String {
    if SECRET_PREFIXES.iter().any(|it| text.contains(it)) {
        // The longest first, should one be part of another.
        let mut secrets: Vec<_> =
            APPS.iter().map(|it| it.secret).chain(CHATBOTS.iter().map(|it| it.key)).collect();
        secrets.sort_by_key(|it| std::cmp::Reverse(it.len()));
        for secret in secrets {
            text = text.replace(secret, &secret_name(secret));
        }
    }
    while let Some(start) = text.find(tokens::PREFIX) {
        let (before, rest) = text.split_at(start);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        text = format!("{before}{}{after}", tokens.name(token));
    }
    text
}
