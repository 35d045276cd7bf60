//! Every endpoint there is: where, how, and for whom.

use http::Method;

use crate::{
    api::{chatbots, departments, group_chats, media, members, messages, tokens},
    corp::{
        Corp,
        identities::{App, Chatbot},
    },
    http::{request::Call, response::Outcome},
};

pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    /// Every query parameter it knows, credentials included.
    pub(crate) query: &'static [&'static str],
    pub(crate) input: Input,
    pub(crate) auth: Auth,
}

#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    Nothing,
    Json,
    Upload,
}

/// How a caller shows who it is, and what answers.
pub(crate) enum Auth {
    Open(fn(&mut Corp, &Call) -> Outcome),
    Token(Permission, fn(&mut Corp, &'static App, &Call) -> Outcome),
    /// With the code for a wrong key.
    Key(i64, fn(&mut Corp, &'static Chatbot, &Call) -> Outcome),
}

/// Whose token may call.
#[derive(Clone, Copy)]
pub(crate) enum Permission {
    Anyone,
    /// The contacts-sync assistant.
    Contacts,
    /// Any application.
    App,
    /// Any application; the contacts-sync assistant is refused with a code of its own.
    Details,
    /// An application that sees the whole corp.
    WholeCorp,
}

pub(crate) fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|it| it.path == path)
}

type ByApp = fn(&mut Corp, &'static App, &Call) -> Outcome;
type ByBot = fn(&mut Corp, &'static Chatbot, &Call) -> Outcome;

const TOKEN: &[&str] = &["access_token"];

static ENDPOINTS: [Endpoint; 22] = [
    Endpoint {
        path: "/cgi-bin/gettoken",
        method: Method::GET,
        query: &["corpid", "corpsecret"],
        input: Input::Nothing,
        auth: Auth::Open(tokens::gettoken),
    },
    post("/cgi-bin/department/create", Permission::Contacts, departments::create),
    post("/cgi-bin/department/update", Permission::Contacts, departments::update),
    get(
        "/cgi-bin/department/delete",
        &["access_token", "id"],
        Permission::Contacts,
        departments::delete,
    ),
    get(
        "/cgi-bin/department/simplelist",
        &["access_token", "id"],
        Permission::Anyone,
        departments::simplelist,
    ),
    get(
        "/cgi-bin/department/list",
        &["access_token", "id"],
        Permission::Details,
        departments::list,
    ),
    get("/cgi-bin/department/get", &["access_token", "id"], Permission::Details, departments::get),
    post("/cgi-bin/user/create", Permission::Contacts, members::create),
    post("/cgi-bin/user/update", Permission::Contacts, members::update),
    get("/cgi-bin/user/delete", &["access_token", "userid"], Permission::Contacts, members::delete),
    post("/cgi-bin/user/list_id", Permission::Contacts, members::list_id),
    get("/cgi-bin/user/get", &["access_token", "userid"], Permission::Details, members::get),
    post("/cgi-bin/appchat/create", Permission::WholeCorp, group_chats::create),
    post("/cgi-bin/appchat/update", Permission::WholeCorp, group_chats::update),
    get(
        "/cgi-bin/appchat/get",
        &["access_token", "chatid"],
        Permission::WholeCorp,
        group_chats::get,
    ),
    post("/cgi-bin/appchat/send", Permission::WholeCorp, group_chats::send),
    post("/cgi-bin/message/send", Permission::App, messages::send),
    post("/cgi-bin/message/recall", Permission::App, messages::recall),
    Endpoint {
        path: "/cgi-bin/media/upload",
        method: Method::POST,
        query: &["access_token", "type"],
        input: Input::Upload,
        auth: Auth::Token(Permission::App, media::upload),
    },
    get("/cgi-bin/media/get", &["access_token", "media_id"], Permission::App, media::get),
    webhook("/cgi-bin/webhook/send", &["key"], Input::Json, 93000, chatbots::send),
    webhook(
        "/cgi-bin/webhook/upload_media",
        &["key", "type"],
        Input::Upload,
        40058,
        media::upload_for_chatbot,
    ),
];

const fn post(path: &'static str, permission: Permission, run: ByApp) -> Endpoint {
    Endpoint {
        path,
        method: Method::POST,
        query: TOKEN,
        input: Input::Json,
        auth: Auth::Token(permission, run),
    }
}

const fn get(
    path: &'static str,
    query: &'static [&'static str],
    permission: Permission,
    run: ByApp,
) -> Endpoint {
    Endpoint {
        path,
        method: Method::GET,
        query,
        input: Input::Nothing,
        auth: Auth::Token(permission, run),
    }
}

const fn webhook(
    path: &'static str,
    query: &'static [&'static str],
    input: Input,
    wrong_key: i64,
    run: ByBot,
) -> Endpoint {
    Endpoint { path, method: Method::POST, query, input, auth: Auth::Key(wrong_key, run) }
}
