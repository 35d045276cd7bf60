//! The [`Transport`] over the network: hyper-util's HTTP/1.1 client, which keeps connections for the next request.
//!
//! Added here: the time limits, and the distinction that the contract's errors need, whether a request may have been sent.
//! hyper-util sends a request again only when hyper returns it unwritten. Redirects are not followed.

use std::{
    error::Error as StdError,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{
    Request, Response, StatusCode,
    header::{CONTENT_LENGTH, PROXY_AUTHORIZATION},
    uri::Scheme,
};
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{self, connect::capture_connection},
    rt::{TokioExecutor, TokioTimer},
};
use tokio::{
    task::yield_now,
    time::{Instant, Sleep, sleep, timeout},
};
use wasmtime_wasi_http::Error;

use crate::{
    proxy::{Connector, Proxy, RefusedByProxy},
    tls::Trust,
    transport::{Body, Sending, Timeouts, Transport},
};

/// How a [`Pool`] is set up. The times are upper limits for what a component may ask for, and its defaults.
#[derive(Clone)]
pub struct PoolOptions {
    /// Until there is a connection: proxy, name, TCP and TLS.
    pub connect: Duration,
    /// From the last byte of the request to the head of the response.
    pub first_byte: Duration,
    /// Between two chunks of the response's body.
    pub between_bytes: Duration,
    /// How long a connection may be idle before it is closed. Shorter than what firewalls and servers allow, which drop idle
    /// connections after a minute or more, often silently.
    pub idle: Duration,
    /// How many idle connections are kept per server.
    pub idle_connections: usize,
    /// Which proxy the requests go through.
    pub proxy: Proxy,
    /// Which certificates are trusted.
    pub trust: Trust,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            // WeCom takes its time to judge a large file.
            first_byte: Duration::from_mins(3),
            between_bytes: Duration::from_mins(1),
            idle: Duration::from_secs(50),
            idle_connections: 64,
            proxy: Proxy::default(),
            trust: Trust::default(),
        }
    }
}

/// Keeps connections alive between requests. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    options: PoolOptions,
    /// Made with the first request, as loading certificates takes milliseconds.
    client: OnceLock<Client>,
}

struct Client {
    client: legacy::Client<HttpsConnector<Connector>, RequestBody>,
    connector: Connector,
}

impl Pool {
    /// A client without connections.
    pub fn new(options: PoolOptions) -> Self {
        Self(Arc::new(Shared { options, client: OnceLock::new() }))
    }
}

impl Transport for Pool {
    fn send(&self, request: Request<Body>, timeouts: Timeouts) -> Sending {
        let shared = Arc::clone(&self.0);
        Box::pin(async move {
            let Shared { options, client } = &*shared;
            client.get_or_init(|| Client::new(options)).send(request, options.limit(timeouts)).await
        })
    }
}

/// The time limits of one request.
struct Limits {
    connect: Duration,
    first_byte: Duration,
    between_bytes: Duration,
}

impl PoolOptions {
    fn limit(&self, asked: Timeouts) -> Limits {
        let within = |asked: Option<Duration>, cap: Duration| asked.unwrap_or(cap).min(cap);
        Limits {
            connect: within(asked.connect, self.connect),
            first_byte: within(asked.first_byte, self.first_byte),
            between_bytes: within(asked.between_bytes, self.between_bytes),
        }
    }
}

impl Client {
    fn new(options: &PoolOptions) -> Self {
        let tls = options.trust.config();
        let connector = Connector::new(&options.proxy, Arc::clone(&tls));
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(options.idle)
            .pool_max_idle_per_host(options.idle_connections)
            .build(HttpsConnector::from((connector.clone(), tls)));
        Self { client, connector }
    }

    async fn send(
        &self,
        mut request: Request<Body>,
        limits: Limits,
    ) -> Result<Response<Body>, Error> {
        let uri = request.uri();
        if uri.authority().is_none()
            || !uri.scheme().is_some_and(|it| *it == Scheme::HTTP || *it == Scheme::HTTPS)
        {
            return Err(Error::HttpRequestUriInvalid);
        }
        let forwarding_proxy = self.connector.forwarding_proxy(uri);
        if let Some(password) = forwarding_proxy.as_ref().and_then(|it| it.basic_auth()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, password.clone());
        }

        // Lets the connections' tasks see what came in while the runtime was busy: that the server closed them, above all.
        yield_now().await;

        let progress = Arc::new(Progress::new());
        let mut request = RequestBody::wrap(request, Arc::clone(&progress));
        let mut connection = capture_connection(&mut request);
        let mut sending = pin!(self.client.request(request));
        let connected = async { drop(connection.wait_for_connection_metadata().await) };
        let response = tokio::select! {
            biased;
            // With a connection at hand, `sending` is polled first and may be done at once.
            response = &mut sending => response,
            connected = timeout(limits.connect, connected) => match connected {
                Ok(()) => progress.first_byte(limits.first_byte, sending).await?,
                Err(_) => return Err(Error::ConnectionTimeout),
            }
        };
        let response = response.map_err(|it| error(&it))?;
        if forwarding_proxy.is_some()
            && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED
        {
            return Err(Error::HttpRequestDenied);
        }
        Ok(response.map(|incoming| {
            Body::new(ResponseBody { incoming, limit: limits.between_bytes, timer: None })
        }))
    }
}

/// How far the sending of a request's body has come.
struct Progress(Mutex<Sent>);

struct Sent {
    /// When the last byte was handed to the connection.
    last: Instant,
    complete: bool,
}

impl Progress {
    fn new() -> Self {
        Self(Mutex::new(Sent { last: Instant::now(), complete: false }))
    }

    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn advance(&self, complete: bool) {
        *self.lock() = Sent { last: Instant::now(), complete };
    }

    /// Waits for the head of the response. Each chunk of the request's body restarts the clock, so that a long upload may
    /// take its time.
    async fn first_byte<T>(
        &self,
        limit: Duration,
        mut sending: Pin<&mut impl Future<Output = T>>,
    ) -> Result<T, Error> {
        let mut since = Instant::now();
        loop {
            let left = limit.saturating_sub(since.elapsed());
            if let Ok(response) = timeout(left, sending.as_mut()).await {
                return Ok(response);
            }
            let Sent { last, complete } = *self.lock();
            if last <= since {
                return Err(if complete {
                    Error::ConnectionReadTimeout
                } else {
                    Error::ConnectionWriteTimeout
                });
            }
            since = last;
        }
    }
}

/// The body of a request, which records its progress.
struct RequestBody {
    body: Body,
    /// What is left of the `content-length`. With one, hyper does not ask for the end of the body.
    left: Option<u64>,
    progress: Arc<Progress>,
}

impl RequestBody {
    fn wrap(request: Request<Body>, progress: Arc<Progress>) -> Request<Self> {
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|it| it.to_str().ok()?.parse().ok());
        request.map(|body| {
            let it = Self { left: length.or(body.size_hint().exact()), body, progress };
            it.progress.advance(it.is_complete());
            it
        })
    }

    fn is_complete(&self) -> bool {
        self.left == Some(0) || self.body.is_end_stream()
    }
}

impl http_body::Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            let length = frame.data_ref().map_or(0, |it| it.len() as u64);
            self.left = self.left.map(|it| it.saturating_sub(length));
        }
        self.progress.advance(frame.is_none() || self.is_complete());
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a response, with a limit for its pauses.
struct ResponseBody {
    incoming: Incoming,
    limit: Duration,
    /// Runs during a pause.
    timer: Option<Pin<Box<Sleep>>>,
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let Self { incoming, limit, timer } = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) {
            *timer = None;
            return Poll::Ready(frame.map(|it| it.map_err(|_| Error::HttpResponseIncomplete)));
        }
        ready!(timer.get_or_insert_with(|| Box::pin(sleep(*limit))).as_mut().poll(cx));
        Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// Why there is no response.
fn error(error: &legacy::Error) -> Error {
    if error.is_connect() {
        return connect_error(error);
    }
    let Some(error) = error.source().and_then(|it| it.downcast_ref::<hyper::Error>()) else {
        return Error::ConnectionTerminated;
    };
    match error.source().and_then(|it| it.downcast_ref::<Error>()) {
        // The component ended its own body early.
        Some(Error::HttpRequestBodySize(size)) => Error::HttpRequestBodySize(*size),
        // hyper returned the request unwritten: the server closed a fresh connection at once.
        _ if error.is_canceled() => Error::ConnectionRefused,
        _ if error.is_user() => Error::InternalError(Some("the request's body broke off".into())),
        _ if error.is_parse() => Error::HttpProtocolError,
        _ => Error::ConnectionTerminated,
    }
}

/// Why there is no connection: one of the errors that say that nothing was sent.
fn connect_error(error: &(dyn StdError + 'static)) -> Error {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<RefusedByProxy>() {
            return Error::HttpRequestDenied;
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return tls_error(error);
        }
        // The type is private; a test holds the text.
        if error.to_string() == "dns error" {
            return Error::DnsError {
                rcode: Some("the name does not resolve".into()),
                info_code: None,
            };
        }
        let io = error.downcast_ref::<io::Error>();
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::TimedOut) => return Error::ConnectionTimeout,
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                return Error::DestinationUnavailable;
            }
            // Before the request, only a TLS handshake reads.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset) => {
                return Error::TlsProtocolError;
            }
            _ => {}
        }
        // `source` of an I/O error leaves out the error that it wraps.
        cause = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    Error::ConnectionRefused
}

fn tls_error(error: &rustls::Error) -> Error {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            Error::TlsCertificateError
        }
        rustls::Error::AlertReceived(alert) => {
            Error::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: None }
        }
        _ => Error::TlsProtocolError,
    }
}

#[cfg(test)]
mod tests;
