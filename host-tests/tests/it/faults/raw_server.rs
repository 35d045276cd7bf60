//! A TCP server for faults that no HTTP library produces. Requests without a fault are handled by the simulator.

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

/// A fault of one request.
#[derive(Clone)]
pub(crate) enum RawFault {
    /// The connection is closed, and the request is left unread in it.
    Unread,
    /// The connection is closed after this much of the request's body.
    Interrupted { after: usize },
    /// The request is read, these bytes are written.
    Response(Vec<u8>, Ending),
}

/// How the connection continues after the bytes of a response.
#[derive(Clone)]
pub(crate) enum Ending {
    Close,
    Reset,
    Hang,
    /// These bytes are written repeatedly, with a pause before each time.
    Repeat(Vec<u8>, Duration),
}

#[derive(Clone)]
pub(crate) struct RawServer(Arc<Shared>);

struct Shared {
    simulator: Simulator,
    /// The prefix of the path, whether the request takes effect, and the fault.
    next: Mutex<Option<(String, bool, RawFault)>>,
    targets: Mutex<Vec<String>>,
}

impl RawServer {
    pub(crate) fn new(simulator: Simulator) -> Self {
        Self(Arc::new(Shared { simulator, next: Mutex::default(), targets: Mutex::default() }))
    }

    /// Injects a fault into the next request with this prefix of the path.
    pub(crate) fn inject(&self, path: &str, acts: bool, fault: RawFault) {
        *self.0.next.lock().unwrap() = Some((path.into(), acts, fault));
    }

    /// The targets of all requests that began to arrive.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.0.targets.lock().unwrap().clone()
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let server = self.clone();
            // An error is a client that disconnected.
            connections.spawn(async move { drop(server.connection(stream).await) });
        }
    }

    async fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let Some(head) = peek_head(&stream).await? else { return Ok(()) };
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            self.0.targets.lock().unwrap().push(target.clone());
            let fault = self.0.next.lock().unwrap().take_if(|it| target.starts_with(&it.0));
            match fault {
                Some((_, _, RawFault::Unread)) => return Ok(()),
                Some((_, _, RawFault::Interrupted { after })) => {
                    let mut some = vec![0; head.len() + after];
                    stream.read_exact(&mut some).await?;
                    return Ok(());
                }
                Some((_, acts, RawFault::Response(bytes, ending))) => {
                    let request = read_request(&mut stream, &head).await?;
                    if acts {
                        self.0.simulator.handle(&request);
                    }
                    stream.write_all(&bytes).await?;
                    return ending.apply(stream).await;
                }
                None => {
                    let request = read_request(&mut stream, &head).await?;
                    let response = self.0.simulator.handle(&request);
                    let mut head = format!("HTTP/1.1 {} Status\r\n", response.status);
                    for (name, value) in &response.headers {
                        head.extend([name.as_str(), ": ", value, "\r\n"]);
                    }
                    head.extend(["content-length: ", &response.body.len().to_string(), "\r\n\r\n"]);
                    stream.write_all(&[head.as_bytes(), &response.body].concat()).await?;
                }
            }
        }
    }
}

impl Ending {
    async fn apply(self, mut stream: TcpStream) -> io::Result<()> {
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

/// A listener on a free port.
pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// The head of the next request, which stays in the socket. None at the end of the stream.
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
