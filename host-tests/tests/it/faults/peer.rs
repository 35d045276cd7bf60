//! A TCP peer for what an HTTP library is too polite to do. What it is not told to spoil it hands to the simulator.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};
use wecom_simulator::Simulator;

/// What becomes of one request.
#[derive(Clone)]
pub(crate) enum Raw {
    /// The connection is closed, and the request is left unread in it.
    Unread,
    /// The connection is closed after this much of the request's body.
    Interrupted { after: usize },
    /// The request is read, these bytes are written, and then …
    Reply(Vec<u8>, Then),
}

#[derive(Clone)]
pub(crate) enum Then {
    /// … the connection is closed,
    Close,
    /// … it is reset,
    Reset,
    /// … nothing comes any more,
    Hang,
    /// … the same bytes come again and again, with a pause before each.
    Repeat(Vec<u8>, Duration),
}

#[derive(Clone)]
pub(crate) struct Peer(Arc<Shared>);

struct Shared {
    simulator: Simulator,
    /// The beginning of the path that is spoiled, whether the request takes effect all the same, and how it is spoiled.
    armed: Mutex<Option<(String, bool, Raw)>>,
    seen: Mutex<Vec<String>>,
}

impl Peer {
    pub(crate) fn new(simulator: Simulator) -> Self {
        Self(Arc::new(Shared { simulator, armed: Mutex::default(), seen: Mutex::default() }))
    }

    /// Spoils the next request on this path.
    pub(crate) fn arm(&self, path: &str, act: bool, raw: Raw) {
        *self.0.armed.lock().unwrap() = Some((path.into(), act, raw));
    }

    /// The targets of all requests that began to arrive.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.0.seen.lock().unwrap().clone()
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let peer = self.clone();
            // An error is a client that left.
            connections.spawn(async move { drop(peer.talk(stream).await) });
        }
    }

    async fn talk(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let Some(head) = peek_head(&stream).await? else { return Ok(()) };
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            self.0.seen.lock().unwrap().push(target.clone());
            let spoil = self.0.armed.lock().unwrap().take_if(|it| target.starts_with(&it.0));
            match spoil {
                Some((_, _, Raw::Unread)) => return Ok(()),
                Some((_, _, Raw::Interrupted { after })) => {
                    let mut some = vec![0; head.len() + after];
                    stream.read_exact(&mut some).await?;
                    return Ok(());
                }
                Some((_, act, Raw::Reply(bytes, then))) => {
                    let request = read_request(&mut stream, &head).await?;
                    if act {
                        self.0.simulator.handle(&request);
                    }
                    // A client may have enough before the end.
                    stream.write_all(&bytes).await?;
                    return then.play(stream).await;
                }
                None => {
                    let request = read_request(&mut stream, &head).await?;
                    let answer = self.0.simulator.handle(&request);
                    let mut head = format!("HTTP/1.1 {} Status\r\n", answer.status);
                    for (name, value) in &answer.headers {
                        head.extend([name.as_str(), ": ", value, "\r\n"]);
                    }
                    head.extend(["content-length: ", &answer.body.len().to_string(), "\r\n\r\n"]);
                    stream.write_all(&[head.as_bytes(), &answer.body].concat()).await?;
                }
            }
        }
    }
}

impl Then {
    async fn play(self, mut stream: TcpStream) -> io::Result<()> {
        match self {
            Self::Close => stream.shutdown().await,
            Self::Reset => stream.set_zero_linger(),
            Self::Hang => std::future::pending().await,
            Self::Repeat(bytes, pause) => loop {
                if !pause.is_zero() {
                    sleep(pause).await;
                }
                stream.write_all(&bytes).await?;
            },
        }
    }
}

/// A listener on a port of its own.
pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The head of the next request, which is left where it is. None when there is no more.
async fn peek_head(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let n = stream.peek(&mut buffer).await?;
        if n == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&buffer[..n]);
        if let Some(end) = text.find("\r\n\r\n") {
            return Ok(Some(text[..end + 4].into()));
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn read_request(stream: &mut TcpStream, head: &str) -> io::Result<http::Request<Bytes>> {
    stream.read_exact(&mut vec![0; head.len()]).await?;
    let mut lines = head.trim_end().split("\r\n");
    let mut line = lines.next().unwrap().split(' ');
    let mut request =
        http::Request::builder().method(line.next().unwrap()).uri(line.next().unwrap());
    let mut length = 0;
    for (name, value) in lines.map(|it| it.split_once(": ").unwrap()) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().unwrap();
        }
        request = request.header(name, value);
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(request.body(body.into()).unwrap())
}
