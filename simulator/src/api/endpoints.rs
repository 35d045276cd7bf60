//! Every endpoint there is: its path and method, and who may call it.

use http::Method;

use crate::{
    api::{
        agents, chatbots, departments, directory, group_chats, media, members, messages, tokens,
    },
    corp::{
        Corp,
        identities::{App, Chatbot},
    },
    http::{request::Call, response::Outcome},
};

pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    /// Every query parameter it accepts, credentials included.
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

/// The credential that a call needs, and its handler.
pub(crate) enum Auth {
    None(fn(&mut Corp, &Call) -> Outcome),
    Token(Permission, ByApp),
    Key(ByBot),
}

/// Whose token may call.
#[derive(Clone, Copy)]
pub(crate) enum Permission {
    Anyone,
    /// The contacts-sync assistant.
    Contacts,
    /// Any application.
    App,
    /// Any application; the contacts-sync assistant is refused with its own code.
    Details,
    /// An application that sees the whole corp.
    WholeCorp,
}

pub(crate) fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|it| it.path == path)
}

/// Whether the path of an endpoint begins with `prefix`.
pub(crate) fn exists(prefix: &str) -> bool {
    ENDPOINTS.iter().any(|it| it.path.starts_with(prefix))
}

type ByApp = fn(&mut Corp, &'static App, &Call) -> Outcome;
/// Without the chatbot when the key is wrong: what is found out first differs.
type ByBot = fn(&mut Corp, Option<&'static Chatbot>, &Call) -> Outcome;

const TOKEN: &[&str] = &["access_token"];
const TOKEN_ID: &[&str] = &["access_token", "id"];
const TOKEN_USER: &[&str] = &["access_token", "userid"];
const TOKEN_DEPARTMENT: &[&str] = &["access_token", "department_id", "fetch_child"];

static ENDPOINTS: [Endpoint; 33] = [
    Endpoint {
        path: "/cgi-bin/gettoken",
        method: Method::GET,
        query: &["corpid", "corpsecret"],
        input: Input::Nothing,
        auth: Auth::None(tokens::gettoken),
    },
    get("/cgi-bin/agent/get", &["access_token", "agentid"], Permission::Anyone, agents::get),
    get("/cgi-bin/agent/list", TOKEN, Permission::Anyone, agents::list),
    get("/cgi-bin/get_api_domain_ip", TOKEN, Permission::Anyone, agents::api_addresses),
    get("/cgi-bin/getcallbackip", TOKEN, Permission::Anyone, agents::callback_addresses),
    post("/cgi-bin/department/create", Permission::Contacts, departments::create),
    post("/cgi-bin/department/update", Permission::Contacts, departments::update),
    get("/cgi-bin/department/delete", TOKEN_ID, Permission::Contacts, departments::delete),
    get("/cgi-bin/department/simplelist", TOKEN_ID, Permission::Anyone, departments::simplelist),
    get("/cgi-bin/department/list", TOKEN_ID, Permission::Details, departments::list),
    get("/cgi-bin/department/get", TOKEN_ID, Permission::Details, departments::get),
    post("/cgi-bin/user/create", Permission::Contacts, members::create),
    post("/cgi-bin/user/update", Permission::Contacts, members::update),
    get("/cgi-bin/user/delete", TOKEN_USER, Permission::Contacts, members::delete),
    post("/cgi-bin/user/batchdelete", Permission::Contacts, members::delete_batch),
    post("/cgi-bin/user/list_id", Permission::Contacts, directory::list_ids),
    get("/cgi-bin/user/get", TOKEN_USER, Permission::Details, directory::get),
    get("/cgi-bin/user/simplelist", TOKEN_DEPARTMENT, Permission::Details, directory::simplelist),
    get("/cgi-bin/user/list", TOKEN_DEPARTMENT, Permission::Details, directory::list),
    post("/cgi-bin/user/getuserid", Permission::Anyone, directory::find_by_mobile),
    post("/cgi-bin/user/get_userid_by_email", Permission::Anyone, directory::find_by_email),
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
    post("/cgi-bin/message/update_template_card", Permission::App, messages::update_template_card),
    upload("/cgi-bin/media/upload", &["access_token", "type"], media::upload),
    upload("/cgi-bin/media/uploadimg", TOKEN, media::upload_image),
    get("/cgi-bin/media/get", &["access_token", "media_id"], Permission::Anyone, media::get),
    webhook("/cgi-bin/webhook/send", &["key"], Input::Json, chatbots::send),
    webhook(
        "/cgi-bin/webhook/upload_media",
        &["key", "type"],
        Input::Upload,
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

const fn upload(path: &'static str, query: &'static [&'static str], run: ByApp) -> Endpoint {
    Endpoint {
        path,
        method: Method::POST,
        query,
        input: Input::Upload,
        auth: Auth::Token(Permission::App, run),
    }
}

const fn webhook(
    path: &'static str,
    query: &'static [&'static str],
    input: Input,
    run: ByBot,
) -> Endpoint {
    Endpoint { path, method: Method::POST, query, input, auth: Auth::Key(run) }
}
