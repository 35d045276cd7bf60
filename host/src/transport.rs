//! How requests leave the host: the [`Transport`] trait, and its place behind `wasi:http`.

use std::{pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use wasmtime::{
    StoreContextMut,
    component::{Linker, Resource},
};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiHttpHooks, WasiHttpView,
    p2::{bindings::http::outgoing_handler::Host as _, types::HostOutgoingRequest},
};

use crate::instance::State;

/// The body of a request or of a response.
pub type Body = wasmtime_wasi_http::WasiBody;

/// A response on its way.
pub type Sending = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Error>> + Send>>;

/// Sends requests. [`Pool`](crate::Pool) does it over the network.
///
/// Any `Fn(request, timeouts) -> impl Future<Output = Result<response, TransportError>>` is one, so that a test can put
/// a server in memory behind the component.
///
/// The error decides what the component tells its caller. When nothing was sent, report one of `ConnectionRefused`,
/// `ConnectionTimeout`, `ConnectionLimitReached`, `DnsError`, `DnsTimeout`, `Destination…` or `Tls…`; when the request
/// may have arrived, one of the others. Never send a request twice.
pub trait Transport: Send + Sync + 'static {
    /// Send a request, with an absolute URI and a `Host` header, and wait for the head of the response.
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

/// How long the component wants to wait. None leaves it to the transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Option<Duration>,
    /// From the last byte of the request to the head of the response.
    pub first_byte: Option<Duration>,
    /// Between two pieces of the response's body.
    pub between_bytes: Option<Duration>,
}

/// A body in one piece, for transports that have it at hand.
pub fn body(bytes: impl Into<Bytes>) -> Body {
    Body::new(Full::new(bytes.into()).map_err(|never| match never {}))
}

/// Leads `wasi:http/outgoing-handler` to a transport.
pub(crate) struct Hooks(pub(crate) Arc<dyn Transport>);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type SendResult = Result<(http::Response<Body>, Io), Error>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<Body>,
        options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = SendResult> + Send> {
        let options = options.unwrap_or_default();
        let timeouts = Timeouts {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
            between_bytes: options.between_bytes_timeout,
        };
        let response = self.0.send(request, timeouts);
        Box::new(async move { Ok((response.await?, Box::new(async { Ok(()) }) as Io)) })
    }
}

/// Adds `wasi:http/outgoing-handler` as wasmtime has it, but for a leak: wasmtime 48 takes ownership of the request options
/// and forgets them, one handle a request, until the instance has none left.
pub(crate) fn add_outgoing_handler(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Handles = (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>);

    let handle = |mut store: StoreContextMut<'_, State>, (request, options): Handles| {
        let mut http = store.data_mut().http();
        let owned = options.as_ref().map(Resource::rep);
        let response = http.handle(request, options);
        if let Some(handle) = owned {
            // Should it be gone already, then wasmtime no longer leaks.
            let _ = http.table.delete(Resource::<RequestOptions>::new_own(handle));
        }
        match response {
            Ok(response) => Ok((Ok(response),)),
            Err(error) => Ok((Err(error.downcast()?),)),
        }
    };
    linker.instance("wasi:http/outgoing-handler@0.2.0")?.func_wrap("handle", handle)
}
