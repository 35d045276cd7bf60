//! Every endpoint there is: where, how, and for whom.

use http::Method;

use crate::{
    answer::Outcome,
    chatbots,
    corp::{App, Chatbot, Corp},
    departments,
    gate::Call,
    group_chats, media, members, messages, tokens,
};

pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    pub(crate) method: Method,
    /// Every query parameter it knows, credentials included.
    pub(crate) query: &'static [&'static str],
    pub(crate) input: Input,
    pub(crate) door: Door,
}

#[derive(PartialEq, Eq)]
pub(crate) enum Input {
    Nothing,
    Json,
    Upload,
}

/// How a caller shows who it is, and what answers.
pub(crate) enum Door {
    Open(fn(&mut Corp, &Call) -> Outcome),
    Token(Right, fn(&mut Corp, &'static App, &Call) -> Outcome),
    /// With the code for a wrong key.
    Key(i64, fn(&mut Corp, &'static Chatbot, &Call) -> Outcome),
}

/// Whose token may call.
#[derive(Clone, Copy)]
pub(crate) enum Right {
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
        door: Door::Open(tokens::gettoken),
    },
    post("/cgi-bin/department/create", Right::Contacts, departments::create),
    post("/cgi-bin/department/update", Right::Contacts, departments::update),
    get(
        "/cgi-bin/department/delete",
        &["access_token", "id"],
        Right::Contacts,
        departments::delete,
    ),
    get(
        "/cgi-bin/department/simplelist",
        &["access_token", "id"],
        Right::Anyone,
        departments::simplelist,
    ),
    get("/cgi-bin/department/list", &["access_token", "id"], Right::Details, departments::list),
    get("/cgi-bin/department/get", &["access_token", "id"], Right::Details, departments::get),
    post("/cgi-bin/user/create", Right::Contacts, members::create),
    post("/cgi-bin/user/update", Right::Contacts, members::update),
    get("/cgi-bin/user/delete", &["access_token", "userid"], Right::Contacts, members::delete),
    post("/cgi-bin/user/list_id", Right::Contacts, members::list_id),
    get("/cgi-bin/user/get", &["access_token", "userid"], Right::Details, members::get),
    post("/cgi-bin/appchat/create", Right::WholeCorp, group_chats::create),
    post("/cgi-bin/appchat/update", Right::WholeCorp, group_chats::update),
    get("/cgi-bin/appchat/get", &["access_token", "chatid"], Right::WholeCorp, group_chats::get),
    post("/cgi-bin/appchat/send", Right::WholeCorp, group_chats::send),
    post("/cgi-bin/message/send", Right::App, messages::send),
    post("/cgi-bin/message/recall", Right::App, messages::recall),
    Endpoint {
        path: "/cgi-bin/media/upload",
        method: Method::POST,
        query: &["access_token", "type"],
        input: Input::Upload,
        door: Door::Token(Right::App, media::upload),
    },
    get("/cgi-bin/media/get", &["access_token", "media_id"], Right::App, media::get),
    webhook("/cgi-bin/webhook/send", &["key"], Input::Json, 93000, chatbots::send),
    webhook(
        "/cgi-bin/webhook/upload_media",
        &["key", "type"],
        Input::Upload,
        40058,
        media::upload_for_chatbot,
    ),
];

const fn post(path: &'static str, right: Right, run: ByApp) -> Endpoint {
    Endpoint {
        path,
        method: Method::POST,
        query: TOKEN,
        input: Input::Json,
        door: Door::Token(right, run),
    }
}

const fn get(
    path: &'static str,
    query: &'static [&'static str],
    right: Right,
    run: ByApp,
) -> Endpoint {
    Endpoint {
        path,
        method: Method::GET,
        query,
        input: Input::Nothing,
        door: Door::Token(right, run),
    }
}

const fn webhook(
    path: &'static str,
    query: &'static [&'static str],
    input: Input,
    wrong_key: i64,
    run: ByBot,
) -> Endpoint {
    Endpoint { path, method: Method::POST, query, input, door: Door::Key(wrong_key, run) }
}
