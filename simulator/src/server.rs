//! The simulator behind a listener: HTTP/1.1 with keep-alive, and every [`Delivery`] on a real connection.

mod control;
mod delivery;

use std::{
    convert::Infallible,
    future, io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    http::response::{Delivery, Response, envelope},
    server::delivery::{Payload, ResettableStream},
    simulator::Simulator,
    transcript::TranscriptEntry,
};

/// The largest upload is 20 MB; this leaves room for those that get a code for their size.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Serves until it is dropped, which also ends its connections. Calls `log` for every request but the control ones
/// (`/_simulator/…`).
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    log: impl Fn(&TranscriptEntry) + Clone + Send + Sync + 'static,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, caller)) = listener.accept().await else {
            // Out of descriptors, or the caller has left: both pass.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (simulator, log, caller) = (simulator.clone(), log.clone(), caller.ip());
        connections.spawn(async move {
            let reset = Arc::new(AtomicBool::new(false));
            let stream = ResettableStream::new(stream, reset.clone());
            let service = service_fn(|request| {
                let (simulator, log, reset) = (&simulator, &log, &reset);
                async move {
                    let response = respond(simulator, log, caller, request).await?;
                    deliver(response, reset).await
                }
            });
            // An error is a caller that left, or a fault that was asked for.
            let _: Result<(), hyper::Error> =
                http1::Builder::new().serve_connection(stream, service).await;
        });
    }
}

async fn respond(
    simulator: &Simulator,
    log: &impl Fn(&TranscriptEntry),
    caller: IpAddr,
    request: Request<Incoming>,
) -> Result<Response, io::Error> {
    let (mut parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(envelope(200, 40206, "request body is too large", Value::Null).response);
        }
        Err(error) => return Err(io::Error::other(error)),
    };
    parts.extensions.insert(caller);
    let request = Request::from_parts(parts, body);
    if let Some(response) = control::respond(simulator, &request) {
        return Ok(response);
    }
    let (response, entry) = simulator.observe(&request);
    log(&entry);
    Ok(response)
}

async fn deliver(
    response: Response,
    reset: &AtomicBool,
) -> Result<http::Response<Payload>, io::Error> {
    let Response { status, headers, body, delivery } = response;
    let payload = match delivery {
        Delivery::Whole => Payload::whole(body),
        Delivery::Cut { after } => Payload::cut(body, after),
        Delivery::Slow { chunk, pause } => Payload::slow(body, chunk, pause),
        Delivery::Endless => Payload::endless(body),
        Delivery::Reset => {
            reset.store(true, Ordering::Relaxed);
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Delivery::Silent => {
            let never: Infallible = future::pending().await;
            match never {}
        }
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value.into_bytes());
    }
    if let Some(length) = payload.declared() {
        response = response.header(header::CONTENT_LENGTH, length);
    }
    response.body(payload).map_err(io::Error::other)
}
