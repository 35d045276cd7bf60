//! The only file that touches WASI and the connector.

use std::env;

use wasi::{
    exports::http::incoming_handler::Guest,
    http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    },
    io::streams::StreamError,
};

use crate::{
    access,
    alerts::{APP_LIMIT, CHATBOT_LIMIT, Notification},
    response::Response,
};

#[allow(unsafe_code, clippy::all, clippy::pedantic, reason = "generated code")]
mod bindings {
    wit_bindgen::generate!({
        inline: "package examples:edge-alerts;
            world edge {
                import wecom:connector/app-messages@0.1.0;
                import wecom:connector/chatbots@0.1.0;
            }",
        path: "../../wit",
        world: "examples:edge-alerts/edge",
        generate_all,
    });
}

use bindings::wecom::connector::{
    app_messages::{AppMarkdown, AppMessageOptions, Recipients, Selection, send_app_markdown},
    chatbots::send_chatbot_markdown,
    types::{Application, Chatbot, Error, TemporaryRejection},
};

/// The most bytes of a notification: hundreds of alerts.
const MAX_BODY: usize = 1 << 20;
/// Seconds until a retry where WeCom documents no figure.
const LATER: u32 = 10;
/// For this many seconds WeCom drops an application message that it has delivered already.
const DUPLICATE_CHECK: u32 = 600;
/// The most bytes of one blocking write.
const CHUNK: usize = 4096;

struct EdgeAlerts;

#[allow(unsafe_code, reason = "generated code")]
mod export {
    wasi::http::proxy::export!(EdgeAlerts with_types_in wasi);
    use super::EdgeAlerts;
}

impl Guest for EdgeAlerts {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let response = handle(&request).unwrap_or_else(|rejection| rejection);
        // The client may have disconnected: then it cannot be reported to it.
        let _ = respond(&response, out);
    }
}

fn handle(request: &IncomingRequest) -> Result<Response, Response> {
    if !matches!(request.method(), Method::Post) {
        return Err(Response::new(405, "Alertmanager posts"));
    }
    let token = env::var("ALERTS_TOKEN").ok();
    let headers = request.headers();
    access::check(token.as_deref(), &headers.get(&"authorization".to_owned()))?;

    let notification = Notification::read(&body(request)?)?;
    let remarks = match env::var("ALERTS_USERS").ok().filter(|it| !it.is_empty()) {
        Some(users) => to_members(&notification, &users),
        None => to_group_chat(&notification),
    };
    let text = remarks
        .map_err(failure)?
        .iter()
        .flatten()
        .fold("sent".to_owned(), |text, remark| text + "; " + remark);
    Ok(Response::new(200, text))
}

/// What the caller should know about a message that was sent.
type Remarks = [Option<String>; 3];

/// Sends to the group chat of the chatbot.
fn to_group_chat(notification: &Notification) -> Result<Remarks, Error> {
    let markdown = notification.markdown(CHATBOT_LIMIT);
    let receipt = send_chatbot_markdown(&Chatbot::Profile(String::new()), &markdown.text)?;
    Ok([markdown.left_out, receipt.warning, None])
}

/// Sends to `users`, separated by bars as WeCom writes them, through the application.
fn to_members(notification: &Notification, users: &str) -> Result<Remarks, Error> {
    let users: Vec<String> = users.split('|').map(str::to_owned).collect();
    let selection = Selection { users: Some(users), departments: None, tags: None };
    let markdown = notification.markdown(APP_LIMIT);
    let options = AppMessageOptions {
        agent_id: None,
        enable_id_trans: None,
        duplicate_check_interval: Some(DUPLICATE_CHECK),
    };
    let message = AppMarkdown {
        recipients: Recipients::Selected(selection),
        content: markdown.text,
        options: Some(options),
    };
    let delivery = send_app_markdown(&Application::Profile(String::new()), &message)?;
    let unreached = [delivery.invalid_users, delivery.unlicensed_users].concat();
    let unreached =
        (!unreached.is_empty()).then(|| format!("not reached: {}", unreached.join(", ")));
    Ok([markdown.left_out, delivery.warning, unreached])
}

/// The response to a failed call. Alertmanager retries after 5xx and stops after 4xx. Where it is unknown whether the
/// message was sent, a retry may send it twice: an alert twice is better than none.
fn failure(error: Error) -> Response {
    match error {
        Error::RejectedForNow(TemporaryRejection { code, hint, retry_after, .. }) => {
            Response::later(
                retry_after.unwrap_or(LATER),
                format!("WeCom refused for now: {code}, {hint}"),
            )
        }
        Error::Unreachable(it) => {
            Response::later(LATER, format!("{} cannot be reached: {}", it.server, it.reason))
        }
        Error::PermanentMissingCredential(what) => Response::later(60, what),
        Error::PermanentRejected(it) => {
            Response::new(502, format!("WeCom refused: {}, {}", it.code, it.hint))
        }
        // Only the request for a token was sent: the alert was not, and Alertmanager may send it again.
        Error::NoReply(it) if !it.request_sent => {
            Response::later(LATER, format!("{} did not respond: {}", it.server, it.reason))
        }
        Error::NoReply(it) | Error::PermanentNoReply(it) => {
            Response::new(502, format!("{} did not respond: {}", it.server, it.reason))
        }
        Error::PermanentUnexpectedReply(it) => Response::new(
            502,
            format!("the response of {} is not WeCom's: {}", it.server, it.reason),
        ),
        Error::PermanentInvalidInput(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|it| format!("{}: {}", it.field, it.reason)).collect();
            Response::new(502, format!("the connector rejected the message: {}", fields.join("; ")))
        }
        Error::ExecutionFailed => Response::new(502, "the connector failed"),
    }
}

fn body(request: &IncomingRequest) -> Result<Vec<u8>, Response> {
    let too_large = || Response::new(413, format!("more than {MAX_BODY} bytes"));
    let broken = || Response::new(400, "the body is broken");
    let length = request.headers().get(&"content-length".to_owned());
    let length = length.first().and_then(|it| str::from_utf8(it).ok()?.parse::<usize>().ok());
    if length.is_some_and(|it| it > MAX_BODY) {
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
        if body.len() > MAX_BODY {
            return Err(too_large());
        }
    }
}

fn respond(response: &Response, out: ResponseOutparam) -> Option<()> {
    let text = format!("{}\n", response.text);
    let mut headers = vec![
        ("content-type", "text/plain; charset=utf-8".to_owned()),
        ("content-length", text.len().to_string()),
    ];
    headers.extend(response.retry_after.map(|it| ("retry-after", it.to_string())));
    headers.extend((response.status == 401).then(|| ("www-authenticate", "Bearer".to_owned())));
    headers.extend((response.status == 405).then(|| ("allow", "POST".to_owned())));
    let headers: Vec<_> =
        headers.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();

    let outgoing = OutgoingResponse::new(Fields::from_list(&headers).ok()?);
    outgoing.set_status_code(response.status).ok()?;
    let body = outgoing.body().ok()?;
    ResponseOutparam::set(out, Ok(outgoing));
    let stream = body.write().ok()?;
    for chunk in text.as_bytes().chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk).ok()?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).ok()
}
