//! From an HTTP request to a call on an endpoint: everything that is refused before a subject sees it.

use bytes::Bytes;
use http::{Request, header};

use crate::{
    api::endpoints::{self, Auth, Endpoint, Input, Permission},
    corp::{
        Corp,
        identities::{App, CHATBOTS, Visibility},
        refusal::Refusal,
    },
    http::{
        multipart,
        query::Query,
        request::Call,
        response::{Outcome, Reply, plain, render},
    },
};

const JSON: &str = "application/json; charset=utf-8";

pub(crate) fn dispatch(corp: &mut Corp, request: &Request<Bytes>) -> Reply {
    let serial = corp.next_serial();
    if request.headers().get(header::HOST).is_none_or(header::HeaderValue::is_empty) {
        return plain(400, "text/plain; charset=utf-8", "the Host header is missing\n");
    }
    let Some(endpoint) = endpoints::find(request.uri().path()) else {
        return plain(
            404,
            "text/html; charset=utf-8",
            "<html><body><h1>404 Not Found</h1></body></html>\n",
        );
    };
    if request.method() != endpoint.method {
        let text = format!("wrong method: {} is called with {}", endpoint.path, endpoint.method);
        return render(Err(Refusal::new(40058, text)), serial);
    }
    if let Err(reason) = check_content_type(&endpoint.input, request) {
        return plain(400, "text/plain; charset=utf-8", format!("{reason}\n"));
    }
    render(call(corp, endpoint, request), serial)
}

fn check_content_type(input: &Input, request: &Request<Bytes>) -> Result<(), String> {
    if *input == Input::Nothing {
        return Ok(());
    }
    let Some(found) = request.headers().get(header::CONTENT_TYPE) else {
        return Err("the Content-Type header is missing".to_owned());
    };
    let found = found.to_str().unwrap_or_default();
    if *input == Input::Json {
        let right = found.replace(' ', "").eq_ignore_ascii_case(&JSON.replace(' ', ""));
        return if right {
            Ok(())
        } else {
            Err(format!("Content-Type must be {JSON}, not {found}"))
        };
    }
    match multipart::boundary(found) {
        // There is an errcode for a boundary that is not there: 44001, in `Call::upload`.
        Ok(_) | Err(multipart::NO_BOUNDARY) => Ok(()),
        Err(reason) => Err(reason.to_owned()),
    }
}

fn call(corp: &mut Corp, endpoint: &Endpoint, request: &Request<Bytes>) -> Outcome {
    let query = Query::read(request.uri().query().unwrap_or_default(), endpoint.query)?;
    if endpoint.input == Input::Nothing && !request.body().is_empty() {
        return Err(Refusal::invalid("body", "this call has no body"));
    }
    let call = Call { query, request };
    match endpoint.auth {
        Auth::Open(run) => run(corp, &call),
        Auth::Token(permission, run) => {
            let app = corp.tokens.holder(call.query.text("access_token"), corp.now())?;
            authorize(app, permission)?;
            run(corp, app, &call)
        }
        Auth::Key(missing, run) => {
            let key = call.query.text("key");
            match CHATBOTS.iter().find(|it| Some(it.key) == key) {
                Some(bot) => run(corp, bot, &call),
                None => Err(Refusal::new(missing, "invalid webhook url or param 'key'")),
            }
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
        Permission::WholeCorp if !is_contacts && app.visibility != Visibility::Whole => Err(
            Refusal::new(60011, "no privilege: the app's visible range is not the root department"),
        ),
        Permission::App | Permission::Details | Permission::WholeCorp if !is_contacts => Ok(()),
        _ => Err(Refusal::new(48002, "api forbidden for this secret")),
    }
}
