//! The only file that touches WASI: sends a request, tells the time, reads the environment.

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
    call::Method,
    exchange::{Failure, Payload, Request, Response},
};

const SECOND: u64 = 1_000_000_000;
const CONNECT_TIMEOUT: u64 = 10 * SECOND;
const FIRST_BYTE_TIMEOUT: u64 = 30 * SECOND;
const BETWEEN_BYTES_TIMEOUT: u64 = 30 * SECOND;
/// For the whole of an answer, once it has begun.
const BODY_TIMEOUT: u64 = 60 * SECOND;
/// For WeCom to take and judge a file, once it was handed over.
const UPLOAD_FIRST_BYTE_TIMEOUT: u64 = 120 * SECOND;
/// The largest answer, a list of 30,000 departments, is below 3 MB.
const LARGEST_ANSWER: usize = 8 << 20;
const CHUNK: u64 = 64 << 10;
/// Of what is written at once: a host that takes a megabyte holds several of them for a file on its way.
const PIECE: usize = 256 << 10;
const SETUP: Failure = Failure::Unreachable("the host does not take such a request");

pub(crate) fn environment() -> Vec<(String, String)> {
    environment::get_environment()
}

/// Seconds of a clock that only goes forward.
pub(crate) fn now() -> u64 {
    monotonic_clock::now() / SECOND
}

pub(crate) fn send(request: &Request) -> Result<Response, Failure> {
    let parts = request.payload.parts();
    let (outgoing, options) =
        prepare(request, parts.iter().map(|it| it.len()).sum()).ok_or(SETUP)?;
    // A body that is asked for and left empty would travel as chunked.
    let body = if parts.is_empty() { None } else { Some(outgoing.body().map_err(|()| SETUP)?) };
    let answer = outgoing_handler::handle(outgoing, Some(options)).map_err(|it| failure(&it))?;

    // Of a write that fails, the answer's error says more: a refused connection shows here as a closed stream only.
    let _ = body.map(|it| write(it, &parts));
    let pollable = answer.subscribe();
    pollable.block();
    drop(pollable);
    read(&answer)
}

fn prepare(request: &Request, length: usize) -> Option<(OutgoingRequest, RequestOptions)> {
    let mut fields: Vec<(String, Vec<u8>)> = Vec::new();
    fields
        .push(("user-agent".into(), concat!("wecom-connector/", env!("CARGO_PKG_VERSION")).into()));
    if let Some(content_type) = &request.content_type {
        fields.push(("content-type".into(), content_type.as_bytes().into()));
        fields.push(("content-length".into(), alloc::string::ToString::to_string(&length).into()));
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
    // A host may not know a timeout; then its own holds.
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
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()).min(PIECE));
        stream.write(now)?;
        bytes = later;
    }
    Ok(())
}

fn read(answer: &FutureIncomingResponse) -> Result<Response, Failure> {
    let response = match answer.get() {
        Some(Ok(Ok(response))) => response,
        Some(Ok(Err(code))) => return Err(failure(&code)),
        Some(Err(())) | None => return Err(Failure::Silent("the host gave no answer")),
    };
    let status = response.status();
    let body = response.consume().map_err(|()| Failure::Silent("the host gave no body"))?;
    let stream = body.stream().map_err(|()| Failure::Silent("the host gave no body"))?;
    let bytes = read_all(&stream)?;
    drop(stream);
    drop::<IncomingBody>(body);
    Ok(Response { status, body: bytes })
}

fn read_all(stream: &InputStream) -> Result<Vec<u8>, Failure> {
    let deadline = monotonic_clock::now() + BODY_TIMEOUT;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) if bytes.len() + chunk.len() > LARGEST_ANSWER => {
                return Err(Failure::Unexpected("the answer is larger than 8 MiB"));
            }
            Ok(chunk) if bytes.is_empty() && !chunk.is_empty() => bytes = chunk,
            // Most answers come in one chunk, and are not asked how long they took.
            Ok(chunk) => {
                bytes.extend_from_slice(&chunk);
                if monotonic_clock::now() > deadline {
                    return Err(Failure::Silent("the answer took more than 60 seconds"));
                }
            }
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => {
                return Err(Failure::Silent("the answer broke off"));
            }
        }
    }
}

/// By hand, as formatting the codes costs 18 KB. What is not certain to have failed before sending counts as sent.
fn failure(code: &ErrorCode) -> Failure {
    match code {
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            Failure::Unreachable("the host name was not found")
        }
        ErrorCode::DestinationUnavailable => Failure::Unreachable("the server is not available"),
        ErrorCode::DestinationIpProhibited | ErrorCode::DestinationIpUnroutable => {
            Failure::Unreachable("there is no way to the address")
        }
        ErrorCode::ConnectionRefused => Failure::Unreachable("the connection was refused"),
        ErrorCode::ConnectionTimeout => Failure::Unreachable("the connection was not made in time"),
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
        | ErrorCode::HttpRequestLengthRequired => SETUP,
        ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout => {
            Failure::Silent("no answer came in time")
        }
        ErrorCode::ConnectionWriteTimeout => Failure::Silent("the request was not taken in time"),
        ErrorCode::ConnectionTerminated => Failure::Silent("the connection was cut"),
        ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpResponseContentCoding(_)
        | ErrorCode::HttpProtocolError => Failure::Silent("the answer broke off or was not HTTP"),
        _ => Failure::Silent("the host reports a failure while sending or waiting"),
    }
}
