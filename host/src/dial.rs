//! Opens connections: name, TCP, TLS, HTTP/1.1. Whatever fails here, nothing was sent.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::uri::{Authority, Scheme};
use hyper::client::conn::http1::{self, SendRequest};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
};
use tokio_rustls::TlsConnector;
use wasmtime_wasi_http::{Error, io::TokioIo};

/// How long an address may take before the next one of the same name is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

/// Where a connection leads to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Destination {
    scheme: Scheme,
    authority: Authority,
}

impl Destination {
    pub(crate) fn of(uri: &http::Uri) -> Result<Self, Error> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(Error::HttpRequestUriInvalid);
        };
        Ok(Self { scheme: scheme.clone(), authority: authority.clone() })
    }
}

pub(crate) async fn dial<B>(
    to: &Destination,
    tls: Option<&Arc<ClientConfig>>,
) -> Result<SendRequest<B>, Error>
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let host = to.authority.host().trim_start_matches('[').trim_end_matches(']');
    let encrypted = to.scheme == Scheme::HTTPS;
    let port = to.authority.port_u16().unwrap_or(if encrypted { 443 } else { 80 });

    let addresses = tokio::net::lookup_host((host, port)).await.map_err(|_| Error::DnsError {
        rcode: Some("the name does not resolve".into()),
        info_code: None,
    })?;
    let stream = connect(addresses.collect()).await?;
    // Requests are small and go out in one piece: waiting for more only costs time.
    stream.set_nodelay(true).map_err(Error::Connect)?;
    if !encrypted {
        return handshake(stream).await;
    }

    let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::HttpRequestUriInvalid)?;
    let config = Arc::clone(tls.unwrap_or_else(|| default_tls()));
    let stream =
        TlsConnector::from(config).connect(name, stream).await.map_err(|it| tls_error(&it))?;
    handshake(stream).await
}

/// The first address that answers. They are tried in turn, each with a head start (happy eyeballs).
async fn connect(addresses: Vec<SocketAddr>) -> Result<TcpStream, Error> {
    let mut addresses = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = Error::DestinationNotFound;
    loop {
        match addresses.next() {
            Some(address) => {
                attempts.spawn(TcpStream::connect(address));
            }
            None if attempts.is_empty() => return Err(failure),
            None => {}
        }
        let head_start = if addresses.len() == 0 { Duration::MAX } else { HEAD_START };
        match tokio::time::timeout(head_start, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => failure = connect_error(&error),
            Ok(Some(Err(_)) | None) | Err(_) => {}
        }
    }
}

async fn handshake<B>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<SendRequest<B>, Error>
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(|_| Error::ConnectionRefused)?;
    // It ends with the connection; what went wrong is told to whoever waits for a response.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn connect_error(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::TimedOut => Error::ConnectionTimeout,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Error::DestinationUnavailable
        }
        _ => Error::ConnectionRefused,
    }
}

fn tls_error(error: &io::Error) -> Error {
    match error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Error::TlsCertificateError
        }
        Some(rustls::Error::AlertReceived(alert)) => {
            Error::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: None }
        }
        _ => Error::TlsProtocolError,
    }
}

/// Trusts what the machine trusts (so that a company's own proxy works), or Mozilla's list where that is empty.
fn default_tls() -> &'static Arc<ClientConfig> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    })
}
