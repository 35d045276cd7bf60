//! The only file that touches WASI and the connector.

use std::env;

use wasi::{
    exports::http::incoming_handler::Guest,
    http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    },
    io::streams::StreamError,
};

use crate::{access, alerts::Notification, answer::Answer};

#[allow(unsafe_code, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "package examples:edge-alerts;
            world edge { import wecom:connector/chatbots@0.1.0; }",
        path: "../../wit",
        world: "examples:edge-alerts/edge",
        generate_all,
    });
}

use bindings::wecom::connector::{
    chatbots::send_chatbot_markdown,
    types::{Chatbot, Error, TemporaryRejection},
};

/// Hundreds of alerts.
const MOST_BODY: usize = 1 << 20;
/// How long to wait where WeCom names no time, in seconds.
const LATER: u32 = 10;
/// What one write of WASI takes.
const CHUNK: usize = 4096;

struct EdgeAlerts;

#[allow(unsafe_code, reason = "generated code")]
mod export {
    wasi::http::proxy::export!(EdgeAlerts with_types_in wasi);
    use super::EdgeAlerts;
}

impl Guest for EdgeAlerts {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = handle(&request).unwrap_or_else(|refusal| refusal);
        // Whoever asked may have left.
        let _ = reply(&answer, out);
    }
}

fn handle(request: &IncomingRequest) -> Result<Answer, Answer> {
    if !matches!(request.method(), Method::Post) {
        return Err(Answer::new(405, "Alertmanager posts"));
    }
    let token = env::var("ALERTS_TOKEN").ok();
    let headers = request.headers();
    access::check(token.as_deref(), &headers.get(&"authorization".to_owned()))?;

    let markdown = Notification::read(&body(request)?)?.markdown();
    let receipt = send_chatbot_markdown(&Chatbot::Profile(String::new()), &markdown.text);
    let receipt = receipt.map_err(failure)?;

    let remarks = [markdown.cut.map(|it| format!("cut: {it}")), receipt.warning];
    let remarks =
        remarks.into_iter().flatten().fold(String::from("sent"), |all, it| all + "; " + &it);
    Ok(Answer::new(200, remarks))
}

/// Alertmanager repeats after 5xx and gives up after 4xx. After silence the message may have been sent: an alert twice is
/// better than none.
fn failure(error: Error) -> Answer {
    match error {
        Error::RejectedForNow(TemporaryRejection { code, hint, retry_after, .. }) => Answer::later(
            retry_after.unwrap_or(LATER),
            format!("WeCom refused for now: {code}, {hint}"),
        ),
        Error::Unreachable(why) => Answer::later(LATER, format!("WeCom cannot be reached: {why}")),
        Error::PermanentMissingCredential(what) => Answer::later(60, what),
        Error::PermanentRejected(it) => {
            Answer::new(502, format!("WeCom refused: {}, {}", it.code, it.hint))
        }
        Error::NoReply(why) | Error::PermanentNoReply(why) => {
            Answer::new(502, format!("WeCom did not answer: {why}"))
        }
        Error::PermanentUnexpectedReply(why) => {
            Answer::new(502, format!("WeCom's answer is not understood: {why}"))
        }
        Error::PermanentInvalidInput(_) | Error::ExecutionFailed => {
            Answer::new(502, "the connector did not take the message")
        }
    }
}

fn body(request: &IncomingRequest) -> Result<Vec<u8>, Answer> {
    let too_large = || Answer::new(413, format!("more than {MOST_BODY} bytes"));
    let broken = || Answer::new(400, "the body is broken");
    let length = request.headers().get(&"content-length".to_owned());
    let length = length.first().and_then(|it| str::from_utf8(it).ok()?.parse::<usize>().ok());
    if length.is_some_and(|it| it > MOST_BODY) {
        return Err(too_large());
    }

    let incoming = request.consume().map_err(|()| broken())?;
    let stream = incoming.stream().map_err(|()| broken())?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => body.extend(bytes),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
        if body.len() > MOST_BODY {
            return Err(too_large());
        }
    }
}

fn reply(answer: &Answer, out: ResponseOutparam) -> Option<()> {
    let mut headers = vec![("content-type", "text/plain; charset=utf-8".to_owned())];
    headers.extend(answer.retry_after.map(|it| ("retry-after", it.to_string())));
    headers.extend((answer.status == 401).then(|| ("www-authenticate", "Bearer".to_owned())));
    headers.extend((answer.status == 405).then(|| ("allow", "POST".to_owned())));
    let headers: Vec<_> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();

    let response = OutgoingResponse::new(Fields::from_list(&headers).ok()?);
    response.set_status_code(answer.status).ok()?;
    let body = response.body().ok()?;
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().ok()?;
    for chunk in format!("{}\n", answer.text).into_bytes().chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk).ok()?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).ok()
}
