//! The requests of a call: observed, shown, or only pretended.

use std::{
    collections::BTreeSet,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Instant,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use wecom_host::{Body, Pool, PoolOptions, Sending, Timeouts, Transport, TransportError, body};

use crate::{mask::Mask, progress::Progress, tokens::TokenFiles};

/// What becomes of requests.
pub(crate) enum Mode {
    /// They are sent.
    Send,
    /// Nothing is sent: tokens are made up, and every action is accepted. The requests are recorded.
    DryRun,
}

/// The transport of the command.
pub(crate) struct Wire {
    mode: Mode,
    network: Pool,
    /// Shows every request and response on stderr.
    verbose: bool,
    /// Tokens that are cached between runs.
    tokens: Option<TokenFiles>,
    progress: Progress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: bool,
    /// Whether the call takes no token of an earlier run.
    fresh_token: bool,
    pretended: Vec<Value>,
    /// The request for a token that was pretended.
    pretended_token: Option<Value>,
    /// The tokens that were asked for: asked for again, one is dead, and the one in the file with it.
    asked: BTreeSet<String>,
    mask: Mask,
}

impl Wire {
    pub(crate) fn new(
        mode: Mode,
        verbose: bool,
        tokens: Option<TokenFiles>,
        progress: Progress,
    ) -> Self {
        let network = Pool::new(PoolOptions::default());
        Self { mode, network, verbose, tokens, progress, state: Mutex::default() }
    }

    /// Forgets what was sent before: a call begins.
    pub(crate) fn begin(&self, fresh_token: bool) {
        let mut state = self.state();
        state.sent = false;
        state.fresh_token = fresh_token;
        state.pretended.clear();
        state.pretended_token = None;
    }

    /// Whether the request of an action, not of a token, may have been sent.
    pub(crate) fn sent(&self) -> bool {
        self.state().sent
    }

    /// The requests that a dry run recorded, that for a token only where it is the action.
    pub(crate) fn pretended(&self) -> Vec<Value> {
        let state = self.state();
        match state.pretended.as_slice() {
            [] => state.pretended_token.iter().cloned().collect(),
            requests => requests.to_vec(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn exchange(
        self: Arc<Self>,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, TransportError> {
        self.state().mask.learn(request.uri());
        if is_token_request(&request) {
            return self.token(request, timeouts).await;
        }
        match self.mode {
            Mode::Send => {
                self.state().sent = true;
                self.network(request, timeouts).await
            }
            Mode::DryRun => {
                let (head, content) = request.into_parts();
                let content = content.collect().await?.to_bytes();
                let mut state = self.state();
                let (name, shown) = match file_of_form(&content) {
                    Some((name, bytes)) => ("file", json!({ "name": name, "bytes": bytes })),
                    None => ("body", shown_body(&content)),
                };
                let (method, url) = (head.method.as_str(), state.mask.url(&head.uri));
                state.pretended.push(json!({ "method": method, "url": url, name: shown }));
                let uploads = state.pretended.iter().filter(|it| it.get("file").is_some()).count();
                Ok(accepted(uploads))
            }
        }
    }

    /// Fetches a token, or takes the one of an earlier run.
    async fn token(
        self: &Arc<Self>,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, TransportError> {
        if !matches!(self.mode, Mode::Send) {
            let mut state = self.state();
            let url = state.mask.url(request.uri());
            state.pretended_token = Some(json!({ "method": "GET", "url": url, "body": null }));
            return Ok(response(&json!({
                "errcode": 0, "errmsg": "ok", "access_token": "***", "expires_in": 7200,
            })));
        }
        let Some(files) = &self.tokens else { return self.network(request, timeouts).await };
        let name = TokenFiles::name(request.uri());
        let may_be_cached = {
            let mut state = self.state();
            state.asked.insert(name.clone()) && !state.fresh_token
        };
        if let Some((token, expires_in)) = files.read(&name).filter(|_| may_be_cached) {
            self.state().mask.add(&token);
            return Ok(response(&json!({
                "errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": expires_in,
            })));
        }
        let loopback = is_loopback(request.uri());
        let response = self.network(request, timeouts).await?;
        let files = files.clone();
        let store = move |content: &[u8], _: usize| files.store(&name, loopback, content);
        Ok(response.map(|it| observed(it, store)))
    }

    async fn network(
        self: &Arc<Self>,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, TransportError> {
        if self.verbose {
            self.shown(request, timeouts).await
        } else {
            self.plain(request, timeouts).await
        }
    }

    async fn plain(
        &self,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, TransportError> {
        let length = request.headers().get(http::header::CONTENT_LENGTH);
        let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
        let bar = self.progress.upload(length);
        let request = match bar {
            Some(bar) => request.map(|inner| Body::new(Counted { inner, bar })),
            None => request,
        };
        self.network.send(request, timeouts).await
    }

    async fn shown(
        self: &Arc<Self>,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, TransportError> {
        let (head, content) = request.into_parts();
        let content = content.collect().await?.to_bytes();
        {
            let mask = &self.state().mask;
            self.progress.line(&format!("> {} {}", head.method, mask.url(&head.uri)));
            self.show('>', &content, mask);
        }
        let start = Instant::now();
        let outcome = self.plain(Request::from_parts(head, body(content)), timeouts).await;
        let took = start.elapsed().as_millis();
        match &outcome {
            Ok(it) => self.progress.line(&format!("< {} after {took} ms", it.status())),
            Err(error) => self.progress.line(&format!("< no response after {took} ms: {error}")),
        }
        let wire = Arc::clone(self);
        let show = move |content: &[u8], length: usize| {
            let mut state = wire.state();
            state.mask.learn_token(content);
            if length > content.len() {
                wire.progress.line(&format!("< {length} bytes"));
            } else {
                wire.show('<', content, &state.mask);
            }
        };
        Ok(outcome?.map(|it| observed(it, show)))
    }

    /// Shows a body, truncated.
    fn show(&self, prefix: char, content: &[u8], mask: &Mask) {
        const MAX_CHARS: usize = 2000;
        if content.is_empty() {
            return;
        }
        let text = match (file_of_form(content), shown_body(content)) {
            (Some((name, bytes)), _) => format!("{name}, {bytes} bytes"),
            (None, Value::String(text)) => text,
            (None, json) => json.to_string(),
        };
        let mut text = mask.text(&text);
        if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
            text.truncate(end);
            text.push('…');
        }
        self.progress.line(&format!("{prefix} {text}"));
    }
}

/// The transport that the host gets.
pub(crate) struct Shared(pub(crate) Arc<Wire>);

impl Transport for Shared {
    fn send(&self, request: Request<Body>, timeouts: Timeouts) -> Sending {
        Box::pin(Arc::clone(&self.0).exchange(request, timeouts))
    }
}

/// Fetching a token changes nothing.
fn is_token_request(request: &Request<Body>) -> bool {
    request.uri().path().ends_with("/cgi-bin/gettoken")
}

fn is_loopback(uri: &http::Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|it: std::net::IpAddr| it.is_loopback())
}

/// JSON as it is, and of everything else what it is.
fn shown_body(content: &[u8]) -> Value {
    if content.is_empty() {
        return Value::Null;
    }
    match serde_json::from_slice(content) {
        Ok(json) => json,
        Err(_) => match std::str::from_utf8(content) {
            Ok(text) => text.into(),
            Err(_) => format!("{} bytes", content.len()).into(),
        },
    }
}

/// The name and the size of the file in an upload form, as the form itself states them.
fn file_of_form(content: &[u8]) -> Option<(String, u64)> {
    if !content.starts_with(b"--") {
        return None;
    }
    let end = content.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = std::str::from_utf8(content.get(..end)?).ok()?;
    let (name, rest) = head.split_once("; filename=\"")?.1.split_once("\"; filelength=")?;
    Some((name.to_owned(), rest.lines().next()?.parse().ok()?))
}

fn response(json: &Value) -> Response<Body> {
    let mut response = Response::new(body(json.to_string()));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

/// What every action reads as success. The message that follows so many uploads shows which media id it takes.
fn accepted(uploads: usize) -> Response<Body> {
    response(&json!({
        "errcode": 0,
        "errmsg": "ok",
        "id": 1,
        "chatid": "dry-run",
        "msgid": "dry-run",
        "media_id": format!("<media_id of upload {uploads}>"),
        "type": "file",
        "created_at": "0",
        "department_id": [],
        "dept_user": [],
        "chat_info": { "chatid": "dry-run", "name": "", "owner": "", "userlist": [], "chat_type": 0 },
    }))
}

/// A body that `then` sees when it has ended or is dropped: its content and its length. The content of a body that is too
/// large for the component is not collected, and empty.
fn observed(body: Body, then: impl FnMut(&[u8], usize) + Send + 'static) -> Body {
    let mut seen = Seen { content: Vec::new(), length: 0, then };
    Body::new(body.map_frame(move |frame| {
        seen.add(frame.data_ref());
        frame
    }))
}

/// What has passed through a body.
struct Seen<F: FnMut(&[u8], usize)> {
    content: Vec<u8>,
    length: usize,
    then: F,
}

impl<F: FnMut(&[u8], usize)> Seen<F> {
    fn add(&mut self, data: Option<&Bytes>) {
        /// The component takes no more of JSON.
        const MAX_CONTENT: usize = 8 << 20;
        let Some(data) = data else { return };
        self.length += data.len();
        if self.length > MAX_CONTENT {
            self.content = Vec::new();
        } else {
            self.content.extend_from_slice(data);
        }
    }
}

impl<F: FnMut(&[u8], usize)> Drop for Seen<F> {
    fn drop(&mut self) {
        (self.then)(&self.content, self.length);
    }
}

/// A body whose bytes move a progress bar.
struct Counted {
    inner: Body,
    bar: indicatif::ProgressBar,
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = TransportError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TransportError>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.bar.inc(data.len() as u64);
                }
            }
            Poll::Ready(None | Some(Err(_))) => self.bar.finish_and_clear(),
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
