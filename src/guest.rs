//! The switchboard: each exported function on one line, and the loop that drives an exchange.

use alloc::{boxed::Box, string::String, vec::Vec};

use crate::{
    abi::{Canonical, export, exported},
    actions::{
        app_messages, chatbots, departments, group_chats, group_messages, media, members, tokens,
    },
    bindings::exports::wecom::connector::{
        tokens::{IssuedToken, TokenScope},
        types::{Application, Chatbot, Error},
    },
    call::{Answer, Call, Outgoing},
    credentials::{Account, Environment},
    exchange::{self, Exchange, Step, Tokens},
    runtime, wasi_http,
};

type Result<T> = core::result::Result<T, Error>;

export! { "departments":
    "list-department-ids" (16) = Application, departments::list_department_ids(department_id);
    "create-department" = Application, departments::create_department(department);
    "update-department" = Application, departments::update_department(department_id, changes);
    "delete-department" (15) = Application, departments::delete_department(department_id);
}
export! { "members":
    "list-member-ids" = Application, members::list_member_ids(cursor, limit);
    "create-member" = Application, members::create_member(member);
    "update-member" = Application, members::update_member(user_id, changes);
    "delete-member" (16) = Application, members::delete_member(user_id);
}
export! { "group-chats":
    "get-group-chat" (16) = Application, group_chats::get_group_chat(group_chat_id);
    "create-group-chat" = Application, group_chats::create_group_chat(group_chat);
    "update-group-chat" = Application, group_chats::update_group_chat(group_chat_id, changes);
}
export! { "app-messages":
    "send-app-text" = Application, app_messages::send_app_text(message);
    "send-app-markdown" = Application, app_messages::send_app_markdown(message);
    "send-app-file" = Application, app_messages::send_app_file(message);
    "send-app-image" = Application, app_messages::send_app_image(message);
    "send-app-mpnews" = Application, app_messages::send_app_mpnews(message);
    "send-app-text-card" = Application, app_messages::send_app_text_card(message);
    "recall-app-message" (16) = Application, app_messages::recall_app_message(message_id);
}
export! { "group-messages":
    "send-group-text" = Application, group_messages::send_group_text(message);
    "send-group-markdown" = Application, group_messages::send_group_markdown(message);
    "send-group-file" = Application, group_messages::send_group_file(message);
    "send-group-image" = Application, group_messages::send_group_image(message);
    "send-group-mpnews" = Application, group_messages::send_group_mpnews(message);
    "send-group-text-card" = Application, group_messages::send_group_text_card(message);
}
export! { "chatbots":
    "send-chatbot-text" (16) = Chatbot, chatbots::send_chatbot_text(message);
    "send-chatbot-markdown" (8) = Chatbot, chatbots::send_chatbot_markdown(content);
    "send-chatbot-file" (8) = Chatbot, chatbots::send_chatbot_file(media_id);
    "send-chatbot-image" (12) = Chatbot, chatbots::send_chatbot_image(image);
    "send-chatbot-news" (8) = Chatbot, chatbots::send_chatbot_news(articles);
}
export! { "media":
    "upload-media" = Application, media::upload_media(media);
    "upload-chatbot-media" (11) = Chatbot, media::upload_chatbot_media(media);
}
exported! {
    (15) concat!("wecom:connector/tokens@", env!("CARGO_PKG_VERSION"), "#get-access-token"),
    arguments => {
        let caller: Application = arguments.load();
        issue(caller.account(), arguments.load())
    }
}

/// Which credentials, and what their kind of caller calls.
pub(crate) trait Caller: Canonical {
    fn account(self) -> Result<Account>;
}

impl Caller for Application {
    #[inline(never)]
    fn account(self) -> Result<Account> {
        match &self {
            Self::Profile(name) => profile(&["application ", name].concat(), |environment| {
                Account::of_application(self.clone(), environment)
            }),
            Self::Credentials(_) | Self::Token(_) => Account::of_application(self, &[]),
        }
    }
}

impl Caller for Chatbot {
    #[inline(never)]
    fn account(self) -> Result<Account> {
        match &self {
            Self::Profile(name) => profile(&["chatbot ", name].concat(), |environment| {
                Account::of_chatbot(self.clone(), environment)
            }),
            Self::Credentials(_) => Account::of_chatbot(self, &[]),
        }
    }
}

/// What an instance keeps between calls.
#[derive(Clone)]
pub(crate) struct Kept {
    /// Those of profiles, by caller and name: the environment stays the same as long as the instance lives.
    accounts: Vec<(String, Account)>,
    tokens: Tokens,
}

impl Kept {
    /// Far more than a host gives to one instance; only there so that memory has an end.
    const MOST_ACCOUNTS: usize = 64;

    pub(crate) const fn new() -> Self {
        Self { accounts: Vec::new(), tokens: Tokens::new() }
    }
}

fn profile(name: &str, make: impl FnOnce(&Environment) -> Result<Account>) -> Result<Account> {
    if let Some((_, account)) = runtime::kept().accounts.iter().find(|(it, _)| it == name) {
        return Ok(account.clone());
    }
    let account = make(&wasi_http::environment())?;
    runtime::keep(|it| {
        if it.accounts.len() >= Kept::MOST_ACCOUNTS {
            it.accounts.clear();
        }
        it.accounts.push((name.into(), account.clone()));
    });
    Ok(account)
}

fn issue(account: Result<Account>, scope: TokenScope) -> Result<IssuedToken> {
    let account = account?;
    let call = tokens::get_access_token(&account, scope);
    run(Ok(account), call)
}

fn run<T>(account: Result<Account>, call: Result<Call<T>>) -> Result<T> {
    match call {
        Ok(Call { outgoing, read }) => {
            let path = outgoing.path;
            read(exchange(account, outgoing)?).ok_or_else(|| exchange::lacking(path))
        }
        Err(error) => Err(both(account, error)),
    }
}

/// Violations of credentials and message are reported together.
fn both(account: Result<Account>, error: Error) -> Error {
    match (account, error) {
        (Err(Error::PermanentInvalidInput(mut all)), Error::PermanentInvalidInput(more)) => {
            all.extend(more);
            Error::PermanentInvalidInput(all)
        }
        (_, error) => error,
    }
}

/// One copy for all actions, as it does not depend on what they read.
#[inline(never)]
fn exchange(account: Result<Account>, outgoing: Box<Outgoing>) -> Result<Box<Answer>> {
    // A token counts as issued when the call began, which is earlier than it was.
    let now = wasi_http::now();
    let started = Exchange::start(account?, outgoing, &runtime::kept().tokens, now);
    let (mut exchange, mut step) = started?;
    let result = loop {
        match step {
            Step::Send(request) => step = exchange.answer(wasi_http::send(&request), now),
            Step::Done(result) => break result,
        }
    };
    if let Some(news) = exchange.news {
        runtime::keep(|it| it.tokens.learn(news));
    }
    result
}
