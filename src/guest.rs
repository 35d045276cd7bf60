//! The switchboard: each exported function on one line, the loop that drives an exchange, and what an instance keeps.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{cell::Ref, ops::Deref};

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
    exchange::{self, Exchange, News, Step, Tokens},
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
    (caller: Application, scope: TokenScope) => issue(caller.account(), scope)
}

/// Which credentials, and what their kind of caller calls.
pub(crate) trait Caller: Canonical {
    fn account(self) -> Result<Whose>;
}

impl Caller for Application {
    #[inline(never)]
    fn account(self) -> Result<Whose> {
        match &self {
            Self::Profile(name) => profile(&["application ", name].concat(), |environment| {
                Account::of_application(self.clone(), environment)
            }),
            Self::Credentials(_) | Self::Token(_) => {
                Account::of_application(self, &[]).map(Whose::Callers)
            }
        }
    }
}

impl Caller for Chatbot {
    #[inline(never)]
    fn account(self) -> Result<Whose> {
        match &self {
            Self::Profile(name) => profile(&["chatbot ", name].concat(), |environment| {
                Account::of_chatbot(self.clone(), environment)
            }),
            Self::Credentials(_) => Account::of_chatbot(self, &[]).map(Whose::Callers),
        }
    }
}

/// An account that came with the call, or one that the instance keeps.
pub(crate) enum Whose {
    Callers(Account),
    Instances(Ref<'static, Account>),
}

impl Deref for Whose {
    type Target = Account;

    fn deref(&self) -> &Account {
        match self {
            Self::Callers(it) => it,
            Self::Instances(it) => it,
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

    fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|(it, _)| it == name).map(|(_, account)| account)
    }
}

/// The account of a profile: the one that is kept, or one that is made of the environment and kept from now on.
fn profile(name: &str, make: impl FnOnce(&Environment) -> Result<Account>) -> Result<Whose> {
    let kept = || Ref::filter_map(runtime::kept(), |it| it.account(name)).map(Whose::Instances);
    if let Ok(account) = kept() {
        return Ok(account);
    }
    let account = make(&wasi_http::environment())?;
    runtime::keep(|it| {
        if it.accounts.len() >= Kept::MOST_ACCOUNTS {
            it.accounts.clear();
        }
        it.accounts.push((name.into(), account.clone()));
    });
    Ok(Whose::Callers(account))
}

fn issue(account: Result<Whose>, scope: TokenScope) -> Result<IssuedToken> {
    let account = account?;
    let call = tokens::get_access_token(&account, scope);
    run(Ok(account), call)
}

fn run<T>(account: Result<Whose>, call: Result<Call<T>>) -> Result<T> {
    match call {
        Ok(Call { outgoing, read }) => {
            let path = outgoing.path;
            read(exchange(account, outgoing)?).ok_or_else(|| exchange::lacking(path))
        }
        Err(error) => Err(both(account, error)),
    }
}

/// Violations of credentials and message are reported together.
fn both(account: Result<Whose>, error: Error) -> Error {
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
fn exchange(account: Result<Whose>, outgoing: Box<Outgoing>) -> Result<Box<Answer>> {
    let account = account?;
    let (result, news) = converse(&account, outgoing)?;
    // It may be one that is kept, and nobody may look at that while it is changed.
    drop(account);
    if let Some(news) = news {
        runtime::keep(|it| it.tokens.learn(news));
    }
    result
}

/// The outcome, and what is to be kept of it.
fn converse(
    account: &Account,
    outgoing: Box<Outgoing>,
) -> Result<(Result<Box<Answer>>, Option<News>)> {
    // A token counts as issued when the call began, which is earlier than it was.
    let now = wasi_http::now();
    let kept = runtime::kept();
    let (mut exchange, mut step) = Exchange::start(account, outgoing, &kept.tokens, now)?;
    loop {
        match step {
            Step::Send(request) => step = exchange.answer(wasi_http::send(&request), now),
            Step::Done(result) => return Ok((result, exchange.news)),
        }
    }
}
