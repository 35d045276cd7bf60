//! How requests leave the host: the [`Transport`] trait.

use std::{pin::Pin, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use wasmtime_wasi_http::Error;

/// The body of a request or of a response.
pub type Body = wasmtime_wasi_http::WasiBody;

/// A response on its way.
pub type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Error>> + Send>>;

/// Sends requests. [`Pool`](crate::Pool) does it over the network.
///
/// Any `Fn(request, timeouts) -> impl Future<Output = Result<response, TransportError>>` is one, so that a test can put
/// a server in memory behind the component.
///
/// The error decides what the component reports to its caller. When nothing was sent, return one of `ConnectionRefused`,
/// `ConnectionTimeout`, `ConnectionLimitReached`, `DnsError`, `DnsTimeout`, `Destination…`, `Tls…` or
/// `HttpRequestDenied`; when the request may have arrived, one of the others. Never send a request twice.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request with an absolute URI, and waits for the head of the response.
    fn send(&self, request: http::Request<Body>, timeouts: Timeouts) -> Sending;
}

impl<F, R> Transport for F
where
    F: Fn(http::Request<Body>, Timeouts) -> R + Send + Sync + 'static,
    R: Future<Output = Result<http::Response<Body>, Error>> + Send + 'static,
{
    fn send(&self, request: http::Request<Body>, timeouts: Timeouts) -> Sending {
        Box::pin(self(request, timeouts))
    }
}

/// How long the component wants to wait. `None` leaves it to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Option<Duration>,
    /// From the last byte of the request to the head of the response.
    pub first_byte: Option<Duration>,
    /// Between two chunks of the response's body.
    pub between_bytes: Option<Duration>,
}

/// A body from bytes at hand.
pub fn body(bytes: impl Into<Bytes>) -> Body {
    Body::new(Full::new(bytes.into()).map_err(|never| match never {}))
}
