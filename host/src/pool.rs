//! The transport over the network: HTTP/1.1 connections that are kept for the next request.
//!
//! It knows at every moment whether a request may have left, because the contract tells callers: an error before that is
//! one of connecting, and a request is sent again only when hyper hands it back unwritten. It follows no redirect and no
//! proxy setting.

use std::{
    collections::HashMap,
    mem,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body::{Body as _, Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use rustls::ClientConfig;
use tokio::{runtime::Handle, sync::Notify, time::Instant};
use wasmtime_wasi_http::Error;

use crate::{
    alarm::Alarm,
    dial::{Destination, dial},
    transport::{Body, Sending, Timeouts, Transport},
};

/// How a [`Pool`] is set up. The times are the most that a component may ask for, and what it gets if it asks for
/// nothing.
#[derive(Clone)]
pub struct PoolOptions {
    /// Until there is a connection: name, TCP and TLS.
    pub connect: Duration,
    /// From the last byte of the request to the head of the response.
    pub first_byte: Duration,
    /// Between two pieces of the response's body.
    pub between_bytes: Duration,
    /// How long a connection may wait for its next request.
    pub idle: Duration,
    /// How many connections may wait, for each server.
    pub idle_connections: usize,
    /// Whom to trust. None trusts what the machine trusts, or Mozilla's list where the machine has none.
    pub tls: Option<Arc<ClientConfig>>,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(30),
            // WeCom takes its time to judge a large file.
            first_byte: Duration::from_mins(3),
            between_bytes: Duration::from_mins(1),
            idle: Duration::from_secs(30),
            idle_connections: 64,
            tls: None,
        }
    }
}

/// Keeps connections alive between requests. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    options: PoolOptions,
    idle: Mutex<HashMap<Destination, Vec<Idle>>>,
    returned: Notify,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

struct Connection {
    sender: SendRequest<Outgoing>,
    /// For whoever waits at this connection.
    alarm: Alarm,
}

/// Why there is no response.
enum Failure {
    /// The connection had ended before anything was written: here is the request again.
    Unsent(Box<Request<Outgoing>>),
    Failed(Error),
}

impl Pool {
    /// An empty pool.
    pub fn new(options: PoolOptions) -> Self {
        Self(Arc::new(Shared { options, idle: Mutex::default(), returned: Notify::new() }))
    }
}

impl Transport for Pool {
    fn send(&self, request: Request<Body>, timeouts: Timeouts) -> Sending {
        let shared = Arc::clone(&self.0);
        Box::pin(async move { shared.send(request, timeouts).await })
    }
}

impl Shared {
    async fn send(
        self: Arc<Self>,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, Error> {
        let within = |asked: Option<Duration>, cap: Duration| asked.unwrap_or(cap).min(cap);
        let connect = within(timeouts.connect, self.options.connect);
        let first_byte = within(timeouts.first_byte, self.options.first_byte);
        let between_bytes = within(timeouts.between_bytes, self.options.between_bytes);

        let to = Destination::of(request.uri())?;
        let (mut request, progress) = prepare(request)?;

        // Lets the connections hear first what came in meanwhile: that the server closed them, above all.
        tokio::task::yield_now().await;

        // Most requests need none: in a box of its own, so that they need not make room for it.
        let mut dialing = None;
        loop {
            // A connection that comes back while we dial is as good as a new one.
            let returned = self.returned.notified();
            let (mut connection, fresh) = if let Some(connection) = self.take(&to) {
                (connection, false)
            } else {
                let dialing = dialing.get_or_insert_with(|| {
                    Box::pin(tokio::time::timeout(connect, dial(&to, self.options.tls.as_ref())))
                });
                tokio::select! {
                    biased;
                    dialed = dialing => {
                        let sender = dialed.map_err(|_| Error::ConnectionTimeout)??;
                        (Connection { sender, alarm: Alarm::new() }, true)
                    }
                    () = returned => continue,
                }
            };
            match connection.exchange(request, &progress, first_byte).await {
                Ok(response) => {
                    let lent = Some(Lent { connection, to: to.clone(), pool: Arc::clone(&self) });
                    return Ok(response.map(|incoming| {
                        let mut reply = Reply { incoming, between_bytes, pausing: false, lent };
                        if reply.is_end_stream() {
                            reply.give_back();
                        }
                        Body::new(reply)
                    }));
                }
                Err(Failure::Failed(error)) => return Err(error),
                // The server hung up at once.
                Err(Failure::Unsent(_)) if fresh => return Err(Error::ConnectionRefused),
                Err(Failure::Unsent(unsent)) => request = *unsent,
            }
        }
    }

    /// The connection that was used last, of those that are still open.
    fn take(&self, to: &Destination) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle.get_mut(to)?;
        while let Some(Idle { connection, since }) = waiting.pop() {
            if since.elapsed() >= self.options.idle {
                // The others wait longer still.
                waiting.clear();
            } else if connection.sender.is_ready() {
                return Some(connection);
            }
        }
        idle.remove(to);
        None
    }

    fn put(&self, to: Destination, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle.entry(to).or_default();
        waiting.retain(|it| !it.connection.sender.is_closed());
        if waiting.len() < self.options.idle_connections {
            waiting.push(Idle { connection, since: Instant::now() });
        }
        drop(idle);
        self.returned.notify_waiters();
    }
}

impl Connection {
    async fn exchange(
        &mut self,
        request: Request<Outgoing>,
        progress: &Progress,
        first_byte: Duration,
    ) -> Result<Response<Incoming>, Failure> {
        let mut sending = pin!(self.sender.try_send_request(request));
        loop {
            let since = progress.last();
            match self.alarm.limit(since, first_byte, &mut sending).await {
                Some(Ok(response)) => return Ok(response),
                Some(Err(mut error)) => {
                    return Err(match error.take_message() {
                        Some(request) => Failure::Unsent(Box::new(request)),
                        None => Failure::Failed(exchange_error(error.into_error())),
                    });
                }
                // A long body keeps moving: the clock starts with its last piece.
                None if progress.last() > since => {}
                None if progress.complete() => {
                    return Err(Failure::Failed(Error::ConnectionReadTimeout));
                }
                None => return Err(Failure::Failed(Error::ConnectionWriteTimeout)),
            }
        }
    }
}

/// Brings a request into the form in which it goes over the wire.
fn prepare(request: Request<Body>) -> Result<(Request<Outgoing>, Arc<Progress>), Error> {
    let (mut head, body) = request.into_parts();
    if !head.headers.contains_key(HOST) {
        let authority = head.uri.authority().map_or("", |it| it.as_str());
        let host = HeaderValue::from_str(authority).map_err(|_| Error::HttpRequestUriInvalid)?;
        head.headers.insert(HOST, host);
    }
    let path = mem::take(&mut head.uri).into_parts().path_and_query;
    head.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);

    let progress = Arc::new(Progress(Mutex::new((Instant::now(), false))));
    let body = Outgoing { body, progress: Arc::clone(&progress) };
    Ok((Request::from_parts(head, body), progress))
}

/// What went wrong once the request was on its way.
fn exchange_error(error: hyper::Error) -> Error {
    let own = std::error::Error::source(&error).and_then(|it| it.downcast_ref::<Error>());
    match own {
        // The component broke its own body off.
        Some(Error::HttpRequestBodySize(size)) => Error::HttpRequestBodySize(*size),
        _ if error.is_user() => Error::InternalError(Some("the request's body broke off".into())),
        _ if error.is_parse() => Error::HttpProtocolError,
        _ if error.is_timeout() => Error::HttpResponseTimeout,
        _ => Error::ConnectionTerminated,
    }
}

/// When the request's body moved last, and whether all of it has.
struct Progress(Mutex<(Instant, bool)>);

impl Progress {
    fn moved(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0 = Instant::now();
    }

    fn completed(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), true);
    }

    fn last(&self) -> Instant {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn complete(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

/// The request's body, which notes its progress.
struct Outgoing {
    body: Body,
    progress: Arc<Progress>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            Some(Ok(_)) if !self.body.is_end_stream() => self.progress.moved(),
            _ => self.progress.completed(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let end = self.body.is_end_stream();
        if end {
            self.progress.completed();
        }
        end
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The response's body, which watches the pauses in it, and gives the connection back at its end.
struct Reply {
    incoming: Incoming,
    between_bytes: Duration,
    pausing: bool,
    lent: Option<Lent>,
}

/// A connection until the response has come in.
struct Lent {
    connection: Connection,
    to: Destination,
    pool: Arc<Shared>,
}

impl Reply {
    fn give_back(&mut self) {
        let Some(Lent { mut connection, to, pool }) = self.lent.take() else { return };
        if connection.sender.is_ready() {
            pool.put(to, connection);
        } else if let Ok(runtime) = Handle::try_current() {
            // Its own task has yet to see that the response is over, or what becomes of one that nobody read.
            runtime.spawn(async move {
                if connection.sender.ready().await.is_ok() {
                    pool.put(to, connection);
                }
            });
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.give_back();
    }
}

impl http_body::Body for Reply {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let it = self.get_mut();
        match Pin::new(&mut it.incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                it.pausing = false;
                if it.is_end_stream() || !matches!(frame, Some(Ok(_))) {
                    it.give_back();
                }
                Poll::Ready(frame.map(|it| it.map_err(|it| reply_error(&it))))
            }
            Poll::Pending => {
                let Some(Lent { connection, .. }) = &mut it.lent else { return Poll::Ready(None) };
                if !mem::replace(&mut it.pausing, true) {
                    connection.alarm.set(Instant::now(), it.between_bytes);
                }
                ready!(connection.alarm.poll(cx));
                Poll::Ready(Some(Err(Error::ConnectionReadTimeout)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

fn reply_error(error: &hyper::Error) -> Error {
    match () {
        () if error.is_timeout() => Error::HttpResponseTimeout,
        () if error.is_parse() => Error::HttpProtocolError,
        () => Error::HttpResponseIncomplete,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use http_body_util::BodyExt;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::transport::body;

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

    /// What a server does with a connection: it answers so many requests with this text, then does what comes after.
    #[derive(Clone, Copy)]
    struct Script {
        requests: usize,
        reply: &'static str,
        after: After,
    }

    #[derive(Clone, Copy)]
    enum After {
        Close,
        /// A millisecond later.
        CloseSoon,
        Hang,
    }

    struct Server {
        address: SocketAddr,
        connections: Arc<AtomicUsize>,
        closed: Arc<AtomicUsize>,
        requests: Arc<Mutex<Vec<String>>>,
    }

    impl Server {
        async fn start(script: Script) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = Self {
                address,
                connections: Arc::default(),
                closed: Arc::default(),
                requests: Arc::default(),
            };
            let (connections, closed, requests) = (
                Arc::clone(&server.connections),
                Arc::clone(&server.closed),
                Arc::clone(&server.requests),
            );
            tokio::spawn(async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    connections.fetch_add(1, Ordering::SeqCst);
                    let (closed, requests) = (Arc::clone(&closed), Arc::clone(&requests));
                    tokio::spawn(async move {
                        serve(stream, script, requests).await;
                        closed.fetch_add(1, Ordering::SeqCst);
                    });
                }
            });
            server
        }

        fn counts(&self) -> (usize, usize) {
            (self.connections.load(Ordering::SeqCst), self.requests.lock().unwrap().len())
        }

        fn request(&self) -> Request<Body> {
            Request::post(format!("http://{}/path?a=b", self.address)).body(body("hello")).unwrap()
        }
    }

    async fn serve(mut stream: TcpStream, script: Script, requests: Arc<Mutex<Vec<String>>>) {
        for _ in 0..script.requests {
            let mut text = String::new();
            while !text.ends_with("hello") {
                let mut buffer = [0; 1024];
                match stream.read(&mut buffer).await {
                    Ok(0) | Err(_) => return,
                    Ok(n) => text.push_str(&String::from_utf8_lossy(&buffer[..n])),
                }
            }
            requests.lock().unwrap().push(text);
            stream.write_all(script.reply.as_bytes()).await.unwrap();
        }
        match script.after {
            After::Close => {}
            After::CloseSoon => tokio::time::sleep(Duration::from_millis(1)).await,
            After::Hang => std::future::pending::<()>().await,
        }
    }

    fn pool() -> Pool {
        let short = Duration::from_millis(200);
        Pool::new(PoolOptions { first_byte: short, between_bytes: short, ..PoolOptions::default() })
    }

    async fn exchange(pool: &Pool, request: Request<Body>) -> Result<String, Error> {
        let response = pool.send(request, Timeouts::default()).await?;
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    #[tokio::test]
    async fn connections_are_used_again() {
        let server = Server::start(Script { requests: 100, reply: OK, after: After::Close }).await;
        let pool = pool();
        for _ in 0..10 {
            assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
        }
        assert_eq!(server.counts(), (1, 10));
        let seen = server.requests.lock().unwrap()[0].clone();
        let host = format!("host: {}\r\n", server.address);
        assert!(seen.starts_with("POST /path?a=b HTTP/1.1\r\n") && seen.contains(&host), "{seen}");
    }

    #[tokio::test]
    async fn many_at_once() {
        let server = Server::start(Script { requests: 100, reply: OK, after: After::Close }).await;
        let pool = pool();
        for _ in 0..3 {
            let calls: Vec<_> = (0..32)
                .map(|_| {
                    let (pool, request) = (pool.clone(), server.request());
                    tokio::spawn(async move { exchange(&pool, request).await })
                })
                .collect();
            for call in calls {
                assert_eq!(call.await.unwrap().unwrap(), "ok");
            }
        }
        let (connections, requests) = server.counts();
        assert_eq!(requests, 96);
        assert!(connections <= 32, "{connections}");
    }

    #[tokio::test]
    async fn a_connection_that_the_server_closed_meanwhile_does_no_harm() {
        // The server has a thread of its own: it closes while ours is busy and has not heard of it.
        let (send, receive) = tokio::sync::oneshot::channel();
        std::thread::spawn(|| {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let script = Script { requests: 1, reply: OK, after: After::CloseSoon };
                drop(send.send(Server::start(script).await));
                std::future::pending::<()>().await;
            });
        });
        let server = receive.await.unwrap();
        let pool = pool();
        let open = || server.closed.load(Ordering::SeqCst) < server.counts().0;
        let moment = Duration::from_millis(1);
        for calls in 1..=30 {
            match calls % 3 {
                0 => {}
                1 => {
                    while open() {
                        tokio::time::sleep(moment).await;
                    }
                }
                // After a call that left its connection behind.
                _ => {
                    while open() {
                        std::thread::sleep(moment);
                    }
                }
            }
            let result = exchange(&pool, server.request()).await;
            // Only with no pause at all may the close cross the request on its way; then the request is lost, not doubled.
            assert!(calls % 3 == 0 || result.is_ok(), "call {calls}: {result:?}");
            assert!(server.counts().1 <= calls);
        }
    }

    #[tokio::test]
    async fn a_connection_comes_back_when_the_response_is_over() {
        let script = |reply| Script { requests: 100, reply, after: After::Close };
        let pool = pool();
        for (reply, chunks) in [
            (OK, 1),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 0),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 2),
        ] {
            let server = Server::start(script(reply)).await;
            for _ in 0..5 {
                let response = pool.send(server.request(), Timeouts::default()).await.unwrap();
                let mut body = response.into_body();
                for _ in 0..chunks {
                    let _ = body.frame().await;
                }
                // The next request does not wait for the body to be dropped.
                let other = exchange(&pool, server.request()).await.unwrap();
                assert_eq!(other, if chunks == 0 { "" } else { "ok" });
            }
            assert_eq!(server.counts(), (1, 10), "{reply}");
        }

        // All of it is there, and nobody looks.
        let server = Server::start(script(OK)).await;
        for _ in 0..5 {
            let response = pool.send(server.request(), Timeouts::default()).await.unwrap();
            drop(response);
        }
        assert_eq!(server.counts(), (1, 5));
    }

    #[test]
    fn a_response_may_outlive_the_runtime() {
        let runtime =
            || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let pool = pool();
        let first = runtime();
        let response = first.block_on(async {
            let reply = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
            let server = Server::start(Script { requests: 1, reply, after: After::Hang }).await;
            pool.send(server.request(), Timeouts::default()).await.unwrap()
        });
        drop(first);
        drop(response);
        // What belonged to it is of no use to the next.
        runtime().block_on(async {
            let server =
                Server::start(Script { requests: 1, reply: OK, after: After::Close }).await;
            assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
        });
    }

    #[tokio::test]
    async fn each_request_has_its_own_limits() {
        let (long, short) = (Duration::from_mins(1), Duration::from_millis(20));
        let limits = |first_byte, between_bytes| Timeouts {
            first_byte: Some(first_byte),
            between_bytes: Some(between_bytes),
            ..Timeouts::default()
        };
        let options = PoolOptions {
            first_byte: Duration::MAX,
            between_bytes: Duration::MAX,
            ..PoolOptions::default()
        };
        let pool = Pool::new(options);
        let all = |response: Response<Body>| response.into_body().collect();

        let silent = Server::start(Script { requests: 2, reply: OK, after: After::Hang }).await;
        for first_byte in [Duration::MAX, long, short] {
            let sent = pool.send(silent.request(), limits(first_byte, long)).await;
            match sent {
                Ok(response) => assert!(first_byte > short && all(response).await.is_ok()),
                Err(error) => {
                    assert_eq!(
                        (error.to_string().as_str(), first_byte),
                        ("connection read timeout", short)
                    );
                }
            }
        }
        assert_eq!(silent.counts(), (1, 2));

        let reply = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
        let halting = Server::start(Script { requests: 1, reply, after: After::Hang }).await;
        let response = pool.send(halting.request(), limits(long, short)).await.unwrap();
        let error = all(response).await.unwrap_err();
        assert_eq!(error.to_string(), "connection read timeout");
    }

    #[tokio::test]
    async fn nothing_is_sent_without_a_connection() {
        let pool = pool();
        let server = Server::start(Script { requests: 0, reply: "", after: After::Hang }).await;
        let port = server.address.port();
        let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        for (uri, expected) in [
            (format!("http://{refused}/"), "connection refused"),
            (format!("https://127.0.0.1:{port}/"), "connection timeout"),
            ("/relative".into(), "invalid HTTP request URI"),
        ] {
            let request = Request::post(&uri).body(body("hello")).unwrap();
            let timeouts =
                Timeouts { connect: Some(Duration::from_millis(500)), ..Timeouts::default() };
            let error = pool.send(request, timeouts).await.unwrap_err();
            assert_eq!(error.to_string(), expected, "{uri}");
        }
    }

    #[tokio::test]
    async fn a_server_without_tls() {
        let server = Server::start(Script { requests: 0, reply: "", after: After::Close }).await;
        let request =
            Request::post(format!("https://{}/", server.address)).body(body("hello")).unwrap();
        let error = exchange(&pool(), request).await.unwrap_err();
        assert!(matches!(error, Error::TlsProtocolError), "{error}");
    }

    #[tokio::test]
    async fn sent_and_no_complete_answer() {
        for (reply, after, expected) in [
            ("", After::Close, "connection terminated"),
            ("", After::Hang, "connection read timeout"),
            ("HTTP/1.1 200", After::Close, "connection terminated"),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
                After::Close,
                "incomplete HTTP response",
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok",
                After::Hang,
                "connection read timeout",
            ),
            ("SSH-2.0-OpenSSH_9.6\r\n\r\n", After::Hang, "HTTP protocol error"),
        ] {
            let server = Server::start(Script { requests: 1, reply, after }).await;
            let error = exchange(&pool(), server.request()).await.unwrap_err();
            assert_eq!(error.to_string(), expected, "after {reply:?}");
            assert_eq!(server.counts(), (1, 1), "after {reply:?}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer() {
        let moved =
            "HTTP/1.1 302 Found\r\nlocation: http://name.invalid/\r\ncontent-length: 0\r\n\r\n";
        let server = Server::start(Script { requests: 1, reply: moved, after: After::Hang }).await;
        let response = pool().send(server.request(), Timeouts::default()).await.unwrap();
        assert_eq!(response.status(), 302);
    }

    #[tokio::test]
    async fn a_long_request_may_take_its_time() {
        let server = Server::start(Script { requests: 1, reply: OK, after: After::Close }).await;
        let pieces = ["h", "e", "l", "l", "o"];
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            for piece in pieces {
                tokio::time::sleep(Duration::from_millis(100)).await;
                sender.send(piece).await.unwrap();
            }
        });
        let stream = Pieces(receiver);
        let request = Request::post(format!("http://{}/", server.address))
            .header("content-length", 5)
            .body(Body::new(stream));
        assert_eq!(exchange(&pool(), request.unwrap()).await.unwrap(), "ok");
    }

    struct Pieces(tokio::sync::mpsc::Receiver<&'static str>);

    impl http_body::Body for Pieces {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            self.0
                .poll_recv(cx)
                .map(|it| it.map(|it| Ok(Frame::data(Bytes::from_static(it.as_bytes())))))
        }
    }
}
