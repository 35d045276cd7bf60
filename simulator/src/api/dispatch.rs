//! From a request to the handler of its endpoint: method, headers, query, credential, permission.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use http::{Method, Request, header};
use serde_json::Value;

use crate::{
    api::endpoints::{self, Auth, Endpoint, Input, Permission},
    corp::{
        Corp,
        identities::{App, CHATBOTS, Visibility},
        refusal::Refusal,
    },
    http::{
        mode::Mode,
        multipart,
        query::Query,
        request::Call,
        response::{Origin, Outcome, Reply, envelope, render},
        warnings::Warnings,
    },
};

const JSON: &str = "application/json;charset=utf-8";

/// Handles a request. The address of its caller is an [`IpAddr`] among its extensions.
pub(crate) fn dispatch(corp: &mut Corp, mode: Mode, request: &Request<Bytes>) -> Reply {
    let serial = corp.next_serial();
    let caller = request.extensions().get::<IpAddr>().copied();
    let origin = Origin { serial, caller: caller.unwrap_or(Ipv4Addr::LOCALHOST.into()) };
    let path = request.uri().path();
    let Some(endpoint) = endpoints::find(path) else {
        // What WeCom returns here is not known.
        return envelope(404, 404, &format!("the simulator has no endpoint {path}"), Value::Null);
    };
    let warnings = Warnings::default();
    let outcome = check_http(endpoint, mode, request)
        .and_then(|()| call(corp, endpoint, mode, request, &warnings));
    render(outcome, &warnings, origin)
}

fn check_http(endpoint: &Endpoint, mode: Mode, request: &Request<Bytes>) -> Result<(), Refusal> {
    let method = request.method();
    // The server accepts a GET call that comes as a POST.
    let is_tolerated = mode == Mode::Faithful && method == Method::POST;
    if *method != endpoint.method && !is_tolerated {
        let text = format!("wrong method: {} is called with {}", endpoint.path, endpoint.method);
        return Err(Refusal::new(40058, text));
    }
    if mode == Mode::Strict { check_strictly(&endpoint.input, request) } else { Ok(()) }
}

fn check_strictly(input: &Input, request: &Request<Bytes>) -> Result<(), Refusal> {
    if request.headers().get(header::HOST).is_none_or(header::HeaderValue::is_empty) {
        return Err(Refusal::invalid("Host", "the header is missing"));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|it| it.to_str().ok()).unwrap_or_default();
    match input {
        Input::Nothing if !request.body().is_empty() => {
            Err(Refusal::invalid("body", "this call has no body"))
        }
        Input::Json if !content_type.replace(' ', "").eq_ignore_ascii_case(JSON) => {
            let reason = format!("must be {JSON}, not `{content_type}`");
            Err(Refusal::invalid("Content-Type", reason))
        }
        Input::Upload => multipart::check_content_type(content_type)
            .map_err(|reason| Refusal::invalid("Content-Type", reason)),
        Input::Nothing | Input::Json => Ok(()),
    }
}

fn call(
    corp: &mut Corp,
    endpoint: &Endpoint,
    mode: Mode,
    request: &Request<Bytes>,
    warnings: &Warnings,
) -> Outcome {
    let query = Query::read(request.uri().query().unwrap_or_default(), endpoint.query, mode)?;
    let call = Call::new(request, query, mode, warnings);
    match endpoint.auth {
        Auth::None(run) => run(corp, &call),
        Auth::Token(permission, run) => {
            let app = corp.tokens.holder(call.query.text("access_token"), corp.now())?;
            authorize(app, permission)?;
            run(corp, app, &call)
        }
        Auth::Key(run) => {
            let key = call.query.text("key");
            run(corp, CHATBOTS.iter().find(|it| Some(it.key) == key), &call)
        }
    }
}

fn authorize(app: &App, permission: Permission) -> Result<(), Refusal> {
    let is_contacts = app.agent_id.is_none();
    match permission {
        Permission::Anyone => Ok(()),
        Permission::Contacts if is_contacts => Ok(()),
        Permission::Details if is_contacts => {
            Err(Refusal::new(48009, "contacts-sync assistant may not read details from a new ip"))
        }
        Permission::WholeCorp if app.visibility != Visibility::Whole => {
            Err(Refusal::new(48002, "api forbidden: the visible range is not the root department"))
        }
        Permission::App | Permission::Details | Permission::WholeCorp if !is_contacts => Ok(()),
        _ => Err(Refusal::new(48002, "api forbidden for this secret")),
    }
}
