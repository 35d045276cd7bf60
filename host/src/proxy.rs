//! Connections for HTTP, directly or through a proxy.

use std::{
    error::Error,
    fmt, io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{
    client::{
        legacy::connect::{Connected, Connection, HttpConnector, proxy::Tunnel},
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

/// Which proxy requests go through: to `https` servers in a tunnel (`CONNECT`), to `http` servers by forwarding.
///
/// A proxy is given as `http://user:password@host:port` or `https://…`; the user and the scheme `http` may be left out.
#[derive(Clone, Default)]
pub enum Proxy {
    /// What the environment variables `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY` name, but for the servers in `NO_PROXY`;
    /// each may be in lower case, too. All as curl reads them.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Off,
    /// These, whatever the environment says.
    Explicit {
        /// For `https` servers; empty for none.
        https: String,
        /// For `http` servers; empty for none.
        http: String,
        /// Servers that are reached directly, in the form of `NO_PROXY`.
        except: String,
    },
}

impl Proxy {
    fn matcher(&self) -> Matcher {
        match self {
            Self::Environment => Matcher::from_env(),
            Self::Off => Matcher::builder().build(),
            Self::Explicit { https, http, except } => {
                Matcher::builder().https(https).http(http).no(except).build()
            }
        }
    }
}

/// How long TCP may take, shared out among the addresses of a name. Less than the connector's 10 seconds for a connection, so
/// that each address is tried.
const TCP_CONNECT: Duration = Duration::from_secs(8);

/// Opens the connections of a client. TLS to the server is put on top of them.
#[derive(Clone)]
pub(crate) struct Connector {
    tcp: HttpConnector,
    tls: Arc<ClientConfig>,
    proxies: Arc<Matcher>,
}

/// The proxy responded, and refuses the request.
#[derive(Debug)]
pub(crate) struct RefusedByProxy;

impl fmt::Display for RefusedByProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the proxy refused to open a tunnel")
    }
}

impl Error for RefusedByProxy {}

impl Connector {
    pub(crate) fn new(proxy: &Proxy, tls: Arc<ClientConfig>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // Requests are small: waiting for more only costs time.
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(TCP_CONNECT));
        Self { tcp, tls, proxies: Arc::new(proxy.matcher()) }
    }

    /// The proxy that reads and forwards a request, which needs the password in a header.
    pub(crate) fn forwarding_proxy(&self, uri: &Uri) -> Option<Intercept> {
        self.proxies.intercept(uri).filter(|_| uri.scheme() == Some(&Scheme::HTTP))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let mut tcp = self.tcp.clone();
        let Some(proxy) = self.proxies.intercept(&uri) else {
            return Box::pin(async move {
                let io = MaybeHttpsStream::Http(tcp.call(uri).await?);
                Ok(Stream { io, forwarded: false })
            });
        };
        let mut to_proxy = HttpsConnector::from((tcp, Arc::clone(&self.tls)));
        let address = proxy.uri().clone();
        Box::pin(async move {
            if uri.scheme() == Some(&Scheme::HTTP) {
                return Ok(Stream { io: to_proxy.call(address).await?, forwarded: true });
            }
            let mut tunnel = Tunnel::new(address, to_proxy);
            if let Some(password) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(password.clone());
            }
            let io = tunnel.call(uri).await.map_err(|it| -> Self::Error {
                // Without a cause it is the proxy's own response.
                if it.source().is_none() { RefusedByProxy.into() } else { it.into() }
            })?;
            Ok(Stream { io, forwarded: false })
        })
    }
}

/// A connection to a server or a proxy. hyper-util has to know which, as a forwarding proxy is sent whole URIs.
pub(crate) struct Stream {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    forwarded: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().proxy(self.forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, parts)
    }
}
