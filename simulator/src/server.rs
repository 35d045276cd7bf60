//! The simulator behind a listener: HTTP/1.1 with keep-alive, and every [`Delivery`] for real.

mod control;
mod delivery;

use std::{
    convert::Infallible,
    future, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    Simulator, TranscriptEntry,
    http::response::{Delivery, Response as Answer, plain},
    server::delivery::{Line, Payload},
};

/// The largest upload is 20 MB; this leaves room for what is too big to be answered properly.
const MOST_BODY: usize = 64 * 1024 * 1024;

/// Serves until it is dropped, which also ends its connections. `log` is told about every request
/// but the control ones (`/_simulator/…`).
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    log: impl Fn(&TranscriptEntry) + Clone + Send + Sync + 'static,
) {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, or the caller left already: both pass.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let (simulator, log) = (simulator.clone(), log.clone());
        connections.spawn(async move {
            let reset = Arc::new(AtomicBool::new(false));
            let line = Line::new(stream, reset.clone());
            let service = service_fn(|request| {
                let (simulator, log, reset) = (&simulator, &log, &reset);
                async move {
                    let answer = answer(simulator, log, request).await;
                    deliver(answer, reset).await
                }
            });
            // An error is a caller that left, or a fault that was asked for.
            let _: Result<(), hyper::Error> =
                http1::Builder::new().serve_connection(line, service).await;
        });
    }
}

async fn answer(
    simulator: &Simulator,
    log: &impl Fn(&TranscriptEntry),
    request: Request<Incoming>,
) -> Answer {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MOST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return plain(413, "text/plain; charset=utf-8", "the body is larger than 64 MB\n")
                .response;
        }
        Err(_) => return plain(400, "text/plain; charset=utf-8", "the body is broken\n").response,
    };
    let request = Request::from_parts(parts, body);
    if let Some(answer) = control::answer(simulator, &request) {
        return answer;
    }
    let (answer, recorded) = simulator.observe(&request);
    log(&recorded);
    answer
}

async fn deliver(answer: Answer, reset: &AtomicBool) -> Result<Response<Payload>, io::Error> {
    let Answer { status, headers, body, delivery } = answer;
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
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value.into_bytes());
    }
    if let Some(length) = payload.declared() {
        response = response.header(header::CONTENT_LENGTH, length);
    }
    response.body(payload).map_err(io::Error::other)
}
