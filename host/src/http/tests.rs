use std::{
    env,
    net::SocketAddr,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use http_body_util::BodyExt;
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::{mpsc, oneshot},
};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::{tls, transport::body};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const TRUNCATED: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok";
const MOMENT: Duration = Duration::from_millis(1);

/// What a server does with a connection: it responds to so many requests with this text, then does what comes after.
#[derive(Clone, Copy)]
struct Script {
    requests: usize,
    reply: &'static str,
    after: After,
}

#[derive(Clone, Copy, PartialEq)]
enum After {
    Close,
    /// A millisecond later.
    CloseSoon,
    /// Once it has read another request.
    ReadAndClose,
    Hang,
}

struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    opened: AtomicUsize,
    closed: AtomicUsize,
    requests: Mutex<Vec<String>>,
}

impl Server {
    async fn start(script: Script) -> Self {
        Self::listen(script, None).await
    }

    async fn listen(script: Script, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Seen>::default();
        let server = Self { address, seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                seen.opened.fetch_add(1, Ordering::SeqCst);
                let (seen, tls) = (Arc::clone(&seen), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, script, &seen).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, script, &seen).await;
                            }
                        }
                    }
                    seen.closed.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    /// One in a thread of its own, which goes on while ours is busy.
    async fn start_in_thread(script: Script) -> Self {
        let (send, receive) = oneshot::channel();
        thread::spawn(move || {
            runtime().block_on(async {
                drop(send.send(Self::start(script).await));
                std::future::pending::<()>().await;
            });
        });
        receive.await.unwrap()
    }

    /// Connections and requests so far.
    fn counts(&self) -> (usize, usize) {
        (self.seen.opened.load(Ordering::SeqCst), self.seen.requests.lock().unwrap().len())
    }

    fn is_connected(&self) -> bool {
        self.seen.closed.load(Ordering::SeqCst) < self.seen.opened.load(Ordering::SeqCst)
    }

    /// Waits until no connection is left.
    async fn closes(&self) {
        while self.is_connected() {
            tokio::time::sleep(MOMENT).await;
        }
    }

    fn request(&self) -> Request<Body> {
        post(format!("http://{}/path?a=b", self.address))
    }
}

fn post(uri: impl AsRef<str>) -> Request<Body> {
    Request::post(uri.as_ref()).body(body("hello")).unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script, seen: &Seen) {
    for _ in 0..script.requests {
        let Some(request) = read_until(&mut stream, "hello").await else { return };
        seen.requests.lock().unwrap().push(request);
        stream.write_all(script.reply.as_bytes()).await.unwrap();
    }
    match script.after {
        After::Close => {}
        After::CloseSoon => tokio::time::sleep(MOMENT).await,
        After::ReadAndClose => {
            let request = read_until(&mut stream, "hello").await;
            seen.requests.lock().unwrap().extend(request);
        }
        After::Hang => std::future::pending::<()>().await,
    }
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> Option<String> {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut buffer = [0; 1024];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => text.push_str(&String::from_utf8_lossy(&buffer[..n])),
        }
    }
    Some(text)
}

fn options() -> PoolOptions {
    PoolOptions { proxy: Proxy::Off, ..PoolOptions::default() }
}

fn pool() -> Pool {
    Pool::new(options())
}

/// For a server that is silent.
fn impatient_pool() -> Pool {
    let limit = Duration::from_millis(200);
    Pool::new(PoolOptions { first_byte: limit, between_bytes: limit, ..options() })
}

async fn exchange(pool: &Pool, request: Request<Body>) -> Result<String, Error> {
    let response = pool.send(request, Timeouts::default()).await?;
    text(response).await
}

async fn text(response: Response<Body>) -> Result<String, Error> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::start(Script { requests: 100, reply: OK, after: After::Close }).await;
    let pool = pool();
    for _ in 0..10 {
        assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
    }
    assert_eq!(server.counts(), (1, 10));
    let seen = server.seen.requests.lock().unwrap()[0].clone();
    let host = format!("host: {}\r\n", server.address);
    assert!(seen.starts_with("POST /path?a=b HTTP/1.1\r\n") && seen.contains(&host), "{seen}");
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server = Server::start(Script { requests: 100, reply: OK, after: After::Close }).await;
    let pool = Pool::new(PoolOptions { idle: Duration::from_millis(100), ..options() });
    assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
    assert!(server.is_connected());
    server.closes().await;
}

#[tokio::test]
async fn concurrent_requests() {
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
async fn connection_that_the_server_closed_is_not_used() {
    let script = Script { requests: 1, reply: OK, after: After::CloseSoon };
    let server = Server::start_in_thread(script).await;
    let pool = pool();
    for calls in 1..=10 {
        assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok", "call {calls}");
        server.closes().await;
    }
    assert_eq!(server.counts(), (10, 10));
}

#[tokio::test]
async fn request_on_a_connection_that_was_closed_unnoticed_is_sent_on_another_one() {
    let script = Script { requests: 1, reply: OK, after: After::CloseSoon };
    let server = Server::start_in_thread(script).await;
    let pool = pool();
    for calls in 1..=10 {
        assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok", "call {calls}");
        // Our runtime is busy meanwhile.
        while server.is_connected() {
            thread::sleep(MOMENT);
        }
    }
    assert_eq!(server.counts(), (10, 10));
}

#[tokio::test]
async fn request_that_may_have_been_sent_is_not_sent_again() {
    let script = Script { requests: 1, reply: OK, after: After::ReadAndClose };
    let server = Server::start(script).await;
    let pool = pool();
    assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
    let error = exchange(&pool, server.request()).await.unwrap_err();
    assert_eq!(error.to_string(), "connection terminated");
    assert_eq!(server.counts(), (1, 2));
}

/// With no pause at all the close may cross a request on its way: then the request is lost.
#[tokio::test]
async fn no_request_arrives_twice_whenever_the_server_closes() {
    let script = Script { requests: 1, reply: OK, after: After::CloseSoon };
    let server = Server::start_in_thread(script).await;
    let pool = pool();
    let mut responses = 0;
    for _ in 0..100 {
        match exchange(&pool, server.request()).await {
            Ok(_) => responses += 1,
            Err(error) => assert_eq!(error.to_string(), "connection terminated"),
        }
    }
    assert_eq!(server.counts().1, responses);
}

#[tokio::test]
async fn connection_is_free_when_the_response_is_complete() {
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

    // The response is complete, but its body is never polled.
    let server = Server::start(script(OK)).await;
    for _ in 0..5 {
        drop(pool.send(server.request(), Timeouts::default()).await.unwrap());
    }
    assert_eq!(server.counts(), (1, 5));
}

#[test]
fn response_may_outlive_the_runtime() {
    let pool = pool();
    let first = runtime();
    let response = first.block_on(async {
        let script = Script { requests: 1, reply: TRUNCATED, after: After::Hang };
        let server = Server::start(script).await;
        pool.send(server.request(), Timeouts::default()).await.unwrap()
    });
    drop(first);
    drop(response);
    // Connections of the first runtime are of no use in the next.
    runtime().block_on(async {
        let server = Server::start(Script { requests: 1, reply: OK, after: After::Close }).await;
        assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
    });
}

#[test]
fn idle_connection_may_outlive_the_runtime() {
    let pool = pool();
    let script = Script { requests: 100, reply: OK, after: After::Close };
    let server = runtime().block_on(Server::start_in_thread(script));
    for calls in 1..=3 {
        let response = runtime().block_on(async {
            let response = exchange(&pool, server.request()).await;
            // Until the connection is back in the pool.
            yield_now().await;
            response
        });
        assert_eq!(response.unwrap(), "ok");
        assert_eq!(server.counts(), (calls, calls));
    }
}

#[tokio::test]
async fn time_limits_of_a_request() {
    let (long, short) = (Duration::from_mins(1), Duration::from_millis(20));
    let limits = |first_byte, between_bytes| Timeouts {
        first_byte: Some(first_byte),
        between_bytes: Some(between_bytes),
        ..Timeouts::default()
    };
    let unlimited =
        PoolOptions { first_byte: Duration::MAX, between_bytes: Duration::MAX, ..options() };
    let pool = Pool::new(unlimited);

    let silent = Server::start(Script { requests: 2, reply: OK, after: After::Hang }).await;
    for first_byte in [Duration::MAX, long] {
        let response = pool.send(silent.request(), limits(first_byte, long)).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "ok");
    }
    let error = pool.send(silent.request(), limits(short, long)).await.unwrap_err();
    assert_eq!(error.to_string(), "connection read timeout");
    assert_eq!(silent.counts(), (1, 2));

    let script = Script { requests: 1, reply: TRUNCATED, after: After::Hang };
    let halting = Server::start(script).await;
    let response = pool.send(halting.request(), limits(long, short)).await.unwrap();
    let error = text(response).await.unwrap_err();
    assert_eq!(error.to_string(), "connection read timeout");
}

#[tokio::test]
async fn nothing_is_sent_without_a_connection() {
    let pool = pool();
    let silent = Server::start(Script { requests: 0, reply: "", after: After::Hang }).await.address;
    let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    for (uri, expected) in [
        (format!("http://{refused}/"), "connection refused"),
        (format!("https://{silent}/"), "connection timeout"),
        ("http://name.invalid/".into(), "DNS error: rcode the name does not resolve"),
        ("/relative".into(), "invalid HTTP request URI"),
        ("ftp://127.0.0.1/".into(), "invalid HTTP request URI"),
    ] {
        let timeouts =
            Timeouts { connect: Some(Duration::from_millis(500)), ..Timeouts::default() };
        let error = pool.send(post(&uri), timeouts).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{uri}");
    }
}

#[tokio::test]
async fn server_that_closes_a_fresh_connection_is_sent_nothing() {
    let server = Server::start(Script { requests: 0, reply: "", after: After::Close }).await;
    let error = exchange(&pool(), post(format!("https://{}/", server.address))).await.unwrap_err();
    assert!(matches!(error, Error::TlsProtocolError), "{error}");
}

#[tokio::test]
async fn sent_and_no_complete_response() {
    for (reply, after, expected) in [
        ("", After::Close, "connection terminated"),
        ("", After::Hang, "connection read timeout"),
        ("HTTP/1.1 200", After::Close, "connection terminated"),
        (TRUNCATED, After::Close, "incomplete HTTP response"),
        (TRUNCATED, After::Hang, "connection read timeout"),
        ("SSH-2.0-OpenSSH_9.6\r\n\r\n", After::Hang, "HTTP protocol error"),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n?\r\n",
            After::Hang,
            "incomplete HTTP response",
        ),
    ] {
        let server = Server::start(Script { requests: 1, reply, after }).await;
        let pool = if expected.ends_with("timeout") { impatient_pool() } else { pool() };
        let error = exchange(&pool, server.request()).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "after {reply:?}");
        assert_eq!(server.counts(), (1, 1), "after {reply:?}");
    }
}

#[tokio::test]
async fn redirect_is_a_response() {
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://name.invalid/\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(Script { requests: 1, reply: moved, after: After::Hang }).await;
    let response = pool().send(server.request(), Timeouts::default()).await.unwrap();
    assert_eq!(response.status(), 302);
}

/// A body in chunks, like those that come from a component: it does not know its end before it is asked.
struct Chunks(mpsc::Receiver<Bytes>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.0.poll_recv(cx).map(|it| it.map(|it| Ok(Frame::data(it))))
    }
}

fn chunked(server: &Server, length: usize) -> (mpsc::Sender<Bytes>, Request<Body>) {
    let (sender, receiver) = mpsc::channel(1);
    let request = Request::post(format!("http://{}/", server.address))
        .header(CONTENT_LENGTH, length)
        .body(Body::new(Chunks(receiver)));
    (sender, request.unwrap())
}

#[tokio::test]
async fn long_request_may_take_its_time() {
    let server = Server::start(Script { requests: 1, reply: OK, after: After::Close }).await;
    let (sender, request) = chunked(&server, 5);
    tokio::spawn(async move {
        for chunk in ["h", "e", "l", "l", "o"] {
            tokio::time::sleep(Duration::from_millis(250)).await;
            sender.send(chunk.into()).await.unwrap();
        }
    });
    let first_byte = Duration::from_secs(1);
    let pool = Pool::new(PoolOptions { first_byte, ..options() });
    assert_eq!(exchange(&pool, request).await.unwrap(), "ok");
}

#[tokio::test]
async fn silence_after_the_whole_request_is_a_missing_response() {
    let server = Server::start(Script { requests: 1, reply: "", after: After::Hang }).await;
    let (sender, request) = chunked(&server, 5);
    sender.send("hello".into()).await.unwrap();
    let error = exchange(&impatient_pool(), request).await.unwrap_err();
    assert_eq!(error.to_string(), "connection read timeout");
    assert_eq!(server.counts(), (1, 1));
}

#[tokio::test]
async fn silence_before_the_end_of_the_request() {
    // The component does not go on.
    let server = Server::start(Script { requests: 1, reply: "", after: After::Hang }).await;
    let (sender, request) = chunked(&server, 5);
    sender.send("hell".into()).await.unwrap();
    let error = exchange(&impatient_pool(), request).await.unwrap_err();
    assert_eq!(error.to_string(), "connection write timeout");

    // The server does not read.
    let server = Server::start(Script { requests: 0, reply: "", after: After::Hang }).await;
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    let (sender, request) = chunked(&server, 64 << 20);
    tokio::spawn(async move { while sender.send(chunk.clone()).await.is_ok() {} });
    let error = exchange(&impatient_pool(), request).await.unwrap_err();
    assert_eq!(error.to_string(), "connection write timeout");
}

#[tokio::test]
async fn request_that_ends_early_is_the_components_fault() {
    let server = Server::start(Script { requests: 1, reply: OK, after: After::Hang }).await;
    let (sender, request) = chunked(&server, 5);
    sender.send("hell".into()).await.unwrap();
    drop(sender);
    let error = exchange(&pool(), request).await.unwrap_err();
    assert!(matches!(error, Error::InternalError(_)), "{error}");
}

/// The certificate of a server on 127.0.0.1, which is its own authority. Made for these tests, good for a century:
///
/// ```sh
/// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj '/CN=wecom-host tests' \
///     -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE \
///     -keyout test-key.pem -out test-certificate.pem
/// ```
const CERTIFICATE: &[u8] = include_bytes!("test-certificate.pem");
const KEY: &[u8] = include_bytes!("test-key.pem");

async fn tls_server() -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], PrivateKeyDer::from_pem_slice(KEY).unwrap());
    let script = Script { requests: 100, reply: OK, after: After::Close };
    Server::listen(script, Some(TlsAcceptor::from(Arc::new(config.unwrap())))).await
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(CERTIFICATE).unwrap()
}

fn trust() -> Trust {
    let mut roots = RootCertStore::empty();
    roots.add(certificate()).unwrap();
    Trust::Custom(tls::config(roots))
}

#[tokio::test]
async fn only_trusted_certificates_are_accepted() {
    let server = tls_server().await;
    let uri = format!("https://{}/", server.address);
    for trust in [Trust::System, Trust::Mozilla] {
        let pool = Pool::new(PoolOptions { trust, ..options() });
        let error = exchange(&pool, post(&uri)).await.unwrap_err();
        assert!(matches!(error, Error::TlsCertificateError), "{error}");
    }
    let pool = Pool::new(PoolOptions { trust: trust(), ..options() });
    for _ in 0..3 {
        assert_eq!(exchange(&pool, post(&uri)).await.unwrap(), "ok");
    }
    assert_eq!(server.counts(), (3, 3));
}

/// A proxy, which opens tunnels and responds to forwarded requests by itself.
struct ProxyServer {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone, Copy)]
enum Rule {
    Open,
    /// For `user` with the password `p@ss`.
    Password,
    Closed,
}

impl ProxyServer {
    async fn start(rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let proxy = Self { address, heads: Arc::clone(&heads) };
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(Self::serve(stream, rule, Arc::clone(&heads)));
            }
        });
        proxy
    }

    async fn serve(mut client: TcpStream, rule: Rule, heads: Arc<Mutex<Vec<String>>>) {
        let mut method = [0; 4];
        client.peek(&mut method).await.unwrap();
        let tunnel = method == *b"CONN";
        let end = if tunnel { "\r\n\r\n" } else { "hello" };
        while let Some(head) = read_until(&mut client, end).await {
            let target = head.split(' ').nth(1).unwrap().to_owned();
            let password =
                head.to_lowercase().contains("proxy-authorization: basic dxnlcjpwqhnz\r\n");
            heads.lock().unwrap().push(head);
            let reply = match rule {
                Rule::Closed => "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
                Rule::Password if !password => {
                    "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"
                }
                _ if tunnel => "HTTP/1.1 200 Connection established\r\n\r\n",
                _ => OK,
            };
            client.write_all(reply.as_bytes()).await.unwrap();
            if tunnel {
                if reply.contains("200") {
                    let mut server = TcpStream::connect(target).await.unwrap();
                    drop(copy_bidirectional(&mut client, &mut server).await);
                }
                return;
            }
        }
    }

    /// The first line of each request to the proxy.
    fn requests(&self) -> Vec<String> {
        let heads = self.heads.lock().unwrap();
        heads.iter().map(|it| it.lines().next().unwrap().to_owned()).collect()
    }

    fn uri(&self, user: &str) -> String {
        format!("http://{user}{}", self.address)
    }

    fn options(&self, user: &str) -> PoolOptions {
        let (https, http) = (self.uri(user), self.uri(user));
        let proxy = Proxy::Explicit { https, http, except: "localhost, .internal".into() };
        PoolOptions { proxy, ..options() }
    }
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let server = tls_server().await;
    let uri = format!("https://{}/path", server.address);
    for (rule, user) in [(Rule::Open, ""), (Rule::Password, "user:p%40ss@")] {
        let proxy = ProxyServer::start(rule).await;
        let pool = Pool::new(PoolOptions { trust: trust(), ..proxy.options(user) });
        for _ in 0..3 {
            assert_eq!(exchange(&pool, post(&uri)).await.unwrap(), "ok");
        }
        assert_eq!(proxy.requests(), [format!("CONNECT {} HTTP/1.1", server.address)]);
    }
    let requests = server.seen.requests.lock().unwrap();
    assert!(requests.iter().all(|it| it.starts_with("POST /path HTTP/1.1\r\n")), "{requests:?}");
    assert!(!requests.iter().any(|it| it.contains("proxy-authorization")), "{requests:?}");
}

#[tokio::test]
async fn http_is_forwarded_by_the_proxy() {
    for (rule, user) in [(Rule::Open, ""), (Rule::Password, "user:p%40ss@")] {
        let proxy = ProxyServer::start(rule).await;
        let pool = Pool::new(proxy.options(user));
        for _ in 0..2 {
            let response = exchange(&pool, post("http://name.invalid/path")).await;
            assert_eq!(response.unwrap(), "ok");
        }
        assert_eq!(proxy.requests(), vec!["POST http://name.invalid/path HTTP/1.1"; 2]);
    }
}

#[tokio::test]
async fn refusing_proxy_has_passed_nothing_on() {
    let server = Server::start(Script { requests: 1, reply: OK, after: After::Close }).await;
    let https = format!("https://{}/", server.address);
    let wrong = "user:wrong@";
    for (rule, uri) in [
        (Rule::Password, https.as_str()),
        (Rule::Closed, &https),
        (Rule::Password, "http://name.invalid/"),
    ] {
        let proxy = ProxyServer::start(rule).await;
        let error = exchange(&Pool::new(proxy.options(wrong)), post(uri)).await.unwrap_err();
        assert!(matches!(error, Error::HttpRequestDenied), "{uri}: {error}");
        assert_eq!(proxy.requests().len(), 1);
    }
    assert_eq!(server.counts(), (0, 0));

    // The server's own responses are its own.
    let denied = "HTTP/1.1 407 Odd\r\ncontent-length: 0\r\n\r\n";
    let server = Server::start(Script { requests: 1, reply: denied, after: After::Close }).await;
    assert_eq!(exchange(&pool(), server.request()).await.unwrap(), "");
}

#[tokio::test]
async fn unusable_proxy_is_no_connection() {
    let refused = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = Server::start(Script { requests: 0, reply: "", after: After::Hang }).await.address;
    for (proxy, expected) in [
        (format!("http://{refused}"), "connection refused"),
        (format!("http://{silent}"), "connection timeout"),
        ("http://name.invalid:3128".into(), "DNS error: rcode the name does not resolve"),
        (format!("socks5://{refused}"), "connection refused"),
    ] {
        let explicit =
            Proxy::Explicit { https: proxy.clone(), http: String::new(), except: String::new() };
        let connect = Duration::from_millis(300);
        let pool = Pool::new(PoolOptions { proxy: explicit, connect, ..options() });
        let error = exchange(&pool, post("https://127.0.0.1:1/")).await.unwrap_err();
        assert_eq!(error.to_string(), expected, "{proxy}");
    }
}

#[tokio::test]
async fn servers_that_are_excepted_from_the_proxy_are_reached_directly() {
    let proxy = ProxyServer::start(Rule::Open).await;
    let server = Server::start(Script { requests: 9, reply: OK, after: After::Close }).await;
    let pool = Pool::new(proxy.options(""));
    let direct = format!("http://localhost:{}/", server.address.port());
    assert_eq!(exchange(&pool, post(&direct)).await.unwrap(), "ok");
    assert_eq!((server.counts(), proxy.requests().len()), ((1, 1), 0));
    // Loopback is no exception by itself.
    assert_eq!(exchange(&pool, server.request()).await.unwrap(), "ok");
    assert_eq!((server.counts(), proxy.requests().len()), ((1, 1), 1));
}

/// Names the server to the process of this test that has the environment to be tested.
const SERVER: &str = "WECOM_HOST_TEST_SERVER";

/// Runs this test again in a process with these variables. Returns the results of its requests.
fn in_environment(server: &str, variables: &[(&str, &str)]) -> String {
    let mut process = Command::new(env::current_exe().unwrap());
    process.args(["--exact", "--nocapture", "http::tests::variables_of_the_environment"]);
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
        process.env_remove(name).env_remove(name.to_lowercase());
    }
    process.env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
    let output = process.env(SERVER, server).envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let result = text.lines().find_map(|it| it.split_once("results: "));
    result.unwrap_or_else(|| panic!("{text}")).1.to_owned()
}

#[allow(clippy::print_stdout, reason = "the parent process reads it")]
#[tokio::test(flavor = "multi_thread")]
async fn variables_of_the_environment() {
    if let Ok(uri) = env::var(SERVER) {
        let mut results = Vec::new();
        for (proxy, trust) in [
            (Proxy::Environment, Trust::System),
            (Proxy::Off, Trust::System),
            (Proxy::Environment, Trust::Mozilla),
        ] {
            let pool = Pool::new(PoolOptions { proxy, trust, ..options() });
            let result = exchange(&pool, post(&uri)).await;
            results.push(result.unwrap_or_else(|error| error.to_string()));
        }
        println!("results: {}", results.join(", "));
        return;
    }

    let server = tls_server().await;
    let https = format!("https://{}/", server.address);
    let folder = env::temp_dir().join(format!("wecom-host-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("company.pem");
    std::fs::write(&file, CERTIFICATE).unwrap();
    let certificates = ("SSL_CERT_FILE", file.to_str().unwrap());
    let untrusted = "TLS certificate error";

    assert_eq!(in_environment(&https, &[certificates]), format!("ok, ok, {untrusted}"));
    let missing = ("SSL_CERT_FILE", "/nowhere.invalid");
    assert_eq!(in_environment(&https, &[missing]), [untrusted; 3].join(", "));

    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = ProxyServer::start(Rule::Password).await;
        let uri = proxy.uri("user:p%40ss@");
        let results = in_environment(&https, &[certificates, (name, &uri)]);
        assert_eq!(results, format!("ok, ok, {untrusted}"));
        assert_eq!(proxy.requests().len(), 2, "{name}: but for the one that goes past it");
    }

    let proxy = ProxyServer::start(Rule::Open).await;
    let uri = proxy.uri("");
    for (name, exception) in [("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.0/8")] {
        let variables = [certificates, ("HTTPS_PROXY", &*uri), (name, exception)];
        assert_eq!(in_environment(&https, &variables), format!("ok, ok, {untrusted}"));
        assert_eq!(proxy.requests().len(), 0, "{name}");
    }
    for name in ["HTTP_PROXY", "http_proxy"] {
        let results = in_environment("http://name.invalid/", &[(name, &uri)]);
        assert_eq!(results, "ok, DNS error: rcode the name does not resolve, ok");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
