//! Delivers a response as a network would, with its faults, on tokio's clock.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::time::sleep;
use wecom_host::{Body, Timeouts, TransportError as Error, body};
use wecom_simulator::{Delivery, Response};

/// For requests without a timeout, as hosts have it.
const TIMEOUT: Duration = Duration::from_mins(10);

pub(crate) async fn deliver(
    response: Response,
    timeouts: Timeouts,
) -> Result<http::Response<Body>, Error> {
    let Response { status, headers, body: bytes, delivery } = response;
    let length = bytes.len();
    let (body, length) = match delivery {
        Delivery::Whole => (body(bytes), Some(length)),
        Delivery::Cut { after } => {
            let start = bytes.slice(..after.min(length));
            (chunks(stream::iter([Ok(start), Err(Error::HttpResponseIncomplete)])), Some(length))
        }
        Delivery::Slow { chunk, pause } => {
            (slow(bytes, chunk, pause, timeouts.between_bytes), Some(length))
        }
        Delivery::Endless => (chunks(stream::repeat_with(move || Ok(bytes.clone()))), None),
        Delivery::Reset => return Err(Error::ConnectionTerminated),
        Delivery::Silent => {
            sleep(timeouts.first_byte.unwrap_or(TIMEOUT)).await;
            return Err(Error::ConnectionReadTimeout);
        }
    };

    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value.into_bytes());
    }
    if let Some(length) = length {
        response = response.header(http::header::CONTENT_LENGTH, length);
    }
    response.body(body).map_err(|error| Error::InternalError(Some(error.to_string())))
}

fn slow(bytes: Bytes, chunk: usize, pause: Duration, timeout: Option<Duration>) -> Body {
    let timeout = timeout.unwrap_or(TIMEOUT);
    chunks(stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        sleep(pause.min(timeout)).await;
        if timeout < pause {
            return Some((Err(Error::ConnectionReadTimeout), Bytes::new()));
        }
        let next = rest.split_to(chunk.clamp(1, rest.len()));
        Some((Ok(next), rest))
    }))
}

fn chunks(stream: impl Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Body {
    Body::new(StreamBody::new(stream.map(|it| it.map(Frame::data))))
}
