//! The only file that touches WASI: sends a request, reads the clock and the environment.

use alloc::{string::String, vec::Vec};

use wasi::{
    cli::environment,
    clocks::monotonic_clock,
    http::{
        outgoing_handler,
        types::{
            ErrorCode, Fields, FutureIncomingResponse, IncomingBody, OutgoingBody, OutgoingRequest,
            RequestOptions, Scheme,
        },
    },
    io::streams::{InputStream, OutputStream, StreamError},
};

use crate::{
    call::{Expected, Method},
    exchange::{Failure, HttpRequest, HttpResponse, Payload},
    response::FileHeaders,
};

const SECOND: u64 = 1_000_000_000;
const CONNECT_TIMEOUT: u64 = 10 * SECOND;
const FIRST_BYTE_TIMEOUT: u64 = 30 * SECOND;
const BETWEEN_BYTES_TIMEOUT: u64 = 30 * SECOND;
/// For a whole response, after its first bytes, with the reason that is reported when the time is over.
const BODY_TIMEOUT: (u64, &str) = (60 * SECOND, "the response took more than 60 seconds");
const FILE_TIMEOUT: (u64, &str) = (300 * SECOND, "the response took more than 300 seconds");
/// WeCom checks a file before it responds.
const UPLOAD_FIRST_BYTE_TIMEOUT: u64 = 120 * SECOND;
/// The largest response, a list of 30,000 departments, is below 3 MB.
const MAX_RESPONSE_BYTES: usize = 8 << 20;
/// WeCom returns larger files in ranges only.
const MAX_FILE_BYTES: usize = 20 << 20;
const READ_CHUNK: u64 = 64 << 10;
/// A host that accepts a megabyte at once buffers several of them.
const WRITE_CHUNK: usize = 256 << 10;
const REJECTED_BY_HOST: Failure =
    Failure::Unreachable("the host rejected the request before sending it");

pub(crate) fn environment() -> Vec<(String, String)> {
    environment::get_environment()
}

/// Seconds of a monotonic clock.
pub(crate) fn now() -> u64 {
    monotonic_clock::now() / SECOND
}

pub(crate) fn send(request: &HttpRequest) -> Result<HttpResponse, Failure> {
    let parts = request.payload.parts();
    let (outgoing, options) =
        prepare(request, parts.iter().map(|it| it.len()).sum()).ok_or(REJECTED_BY_HOST)?;
    // A body that is taken and left empty would be sent as chunked.
    let body =
        if parts.is_empty() { None } else { Some(outgoing.body().map_err(|()| REJECTED_BY_HOST)?) };
    let response = outgoing_handler::handle(outgoing, Some(options)).map_err(|it| failure(&it))?;

    // Where writing fails, the error of the response says more: here, a refused connection is only a closed stream.
    let _ = body.map(|it| write(it, &parts));
    let pollable = response.subscribe();
    pollable.block();
    drop(pollable);
    receive(&response, request.expected)
}

fn prepare(request: &HttpRequest, length: usize) -> Option<(OutgoingRequest, RequestOptions)> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    fields
        .push(("user-agent".into(), concat!("wecom-connector/", env!("CARGO_PKG_VERSION")).into()));
    if let Some(content_type) = request.payload.content_type() {
        fields.push(("content-type".into(), content_type.as_bytes().into()));
        fields.push(("content-length".into(), alloc::string::ToString::to_string(&length).into()));
    }
    if let Expected::File(Some((first, last))) = request.expected {
        fields.push(("range".into(), alloc::format!("bytes={first}-{last}").into()));
    }
    let outgoing = OutgoingRequest::new(Fields::from_list(&fields).ok()?);
    let method = match request.method {
        Method::Get => wasi::http::types::Method::Get,
        Method::Post => wasi::http::types::Method::Post,
    };
    outgoing.set_method(&method).ok()?;
    outgoing.set_scheme(Some(if request.https { &Scheme::Https } else { &Scheme::Http })).ok()?;
    outgoing.set_authority(Some(&request.authority)).ok()?;
    outgoing.set_path_with_query(Some(&request.path_with_query)).ok()?;

    let first_byte = match request.payload {
        Payload::Upload(_) => UPLOAD_FIRST_BYTE_TIMEOUT,
        Payload::Empty | Payload::Json(_) => FIRST_BYTE_TIMEOUT,
    };
    // A host may not support a timeout; then its own applies.
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let _ = options.set_first_byte_timeout(Some(first_byte));
    let _ = options.set_between_bytes_timeout(Some(BETWEEN_BYTES_TIMEOUT));
    Some((outgoing, options))
}

fn write(body: OutgoingBody, parts: &[&[u8]]) -> Result<(), ()> {
    let stream = body.write()?;
    for part in parts {
        write_all(&stream, part).map_err(|_| ())?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|_| ())
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let ready = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if ready == 0 {
            stream.subscribe().block();
            continue;
        }
        let (chunk, rest) = bytes.split_at(ready.min(bytes.len()).min(WRITE_CHUNK));
        stream.write(chunk)?;
        bytes = rest;
    }
    Ok(())
}

fn receive(future: &FutureIncomingResponse, expected: Expected) -> Result<HttpResponse, Failure> {
    let response = match future.get() {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(code))) => return Err(failure(&code)),
        Some(Err(())) | None => {
            return Err(Failure::NoResponse("the host provided no response", None));
        }
    };
    let status = response.status();
    let (headers, max_bytes, timeout) = match expected {
        Expected::Json => (FileHeaders::default(), MAX_RESPONSE_BYTES, BODY_TIMEOUT),
        Expected::File(_) => (file_headers(&response.headers()), MAX_FILE_BYTES, FILE_TIMEOUT),
    };
    let body = response
        .consume()
        .map_err(|()| Failure::NoResponse("the host provided no body", Some(status)))?;
    let stream = body
        .stream()
        .map_err(|()| Failure::NoResponse("the host provided no body", Some(status)))?;
    let bytes = read_all(&stream, status, max_bytes, timeout)?;
    drop(stream);
    drop::<IncomingBody>(body);
    Ok(HttpResponse { status, headers, body: bytes })
}

fn file_headers(fields: &Fields) -> FileHeaders {
    let value = |name: &str| {
        let values = fields.get(&String::from(name));
        Some(String::from_utf8_lossy(values.first()?).into_owned())
    };
    FileHeaders {
        media_type: value("content-type"),
        disposition: value("content-disposition"),
        range: value("content-range"),
    }
}

fn read_all(
    stream: &InputStream,
    status: u16,
    max_bytes: usize,
    (timeout, too_slow): (u64, &'static str),
) -> Result<Vec<u8>, Failure> {
    let deadline = monotonic_clock::now() + timeout;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_CHUNK) {
            Ok(chunk) if bytes.len() + chunk.len() > max_bytes => {
                let why = alloc::format!("the response is larger than {} MiB", max_bytes >> 20);
                return Err(Failure::Unexpected(why, status));
            }
            Ok(chunk) if bytes.is_empty() && !chunk.is_empty() => bytes = chunk,
            // More than one chunk: it may never end.
            Ok(chunk) => {
                bytes.extend_from_slice(&chunk);
                if monotonic_clock::now() > deadline {
                    return Err(Failure::NoResponse(too_slow, Some(status)));
                }
            }
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => {
                return Err(Failure::NoResponse("the response was cut off", Some(status)));
            }
        }
    }
}

/// What is not certain to have failed before sending counts as sent.
fn failure(code: &ErrorCode) -> Failure {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            Failure::Unreachable("the host name was not found")
        }
        ErrorCode::DestinationUnavailable => Failure::Unreachable("the server is not available"),
        ErrorCode::DestinationIpProhibited | ErrorCode::DestinationIpUnroutable => {
            Failure::Unreachable("the address is not reachable")
        }
        ErrorCode::ConnectionRefused => Failure::Unreachable("the connection was refused"),
        ErrorCode::ConnectionTimeout => Failure::Unreachable("the connection timed out"),
        ErrorCode::ConnectionLimitReached => {
            Failure::Unreachable("the host has too many connections")
        }
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => {
            Failure::Unreachable("the connection could not be secured (TLS)")
        }
        ErrorCode::HttpRequestDenied => Failure::Unreachable("the host does not allow the request"),
        ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestLengthRequired => REJECTED_BY_HOST,
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            Failure::NoResponse("no response in time", None)
        }
        ErrorCode::ConnectionWriteTimeout => {
            Failure::NoResponse("the request was not sent in time", None)
        }
        ErrorCode::ConnectionTerminated => Failure::NoResponse("the connection was closed", None),
        ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpResponseContentCoding(_)
        | ErrorCode::HttpProtocolError => {
            Failure::NoResponse("the response was cut off or was not HTTP", None)
        }
        _ => Failure::NoResponse("the host reports a failure while sending or waiting", None),
    }
}
