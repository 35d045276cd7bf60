//! The switchboard: each exported function on one line, and the loop that drives an exchange.

use alloc::{string::String, vec::Vec};
use core::cell::RefMut;

use crate::{
    actions::{
        app_messages, chatbots, departments, group_chats, group_messages, media, members, tokens,
    },
    bindings::exports::wecom::connector::{
        app_messages::{
            self as wit_app_messages, AppFile, AppImage, AppMarkdown, AppMpnews, AppText,
            AppTextCard, Delivery,
        },
        chatbots::{self as wit_chatbots, ChatbotImage, ChatbotText, NewsArticle},
        departments::{
            self as wit_departments, CreatedDepartment, Department, DepartmentChanges,
            NewDepartment,
        },
        group_chats::{
            self as wit_group_chats, CreatedGroupChat, GroupChat, GroupChatChanges, NewGroupChat,
        },
        group_messages::{
            self as wit_group_messages, GroupFile, GroupImage, GroupMarkdown, GroupMpnews,
            GroupText, GroupTextCard,
        },
        media::{self as wit_media, NewChatbotMedia, NewMedia, UploadedMedia},
        members::{self as wit_members, CreatedMember, MemberChanges, MemberPage, NewMember},
        tokens::{self as wit_tokens, IssuedToken, TokenScope},
        types::{
            Application, Chatbot, DepartmentId, Error, GroupChatId, MediaId, MessageId, Receipt,
            UserId,
        },
    },
    call::{Answer, Call, Outgoing},
    credentials::Account,
    exchange::{self, Exchange, Step, Tokens},
    runtime::Kept,
    wasi_http,
};

pub(crate) struct Connector;

type Result<T> = core::result::Result<T, Error>;

impl wit_departments::Guest for Connector {
    fn list_department_ids(a: Application, id: Option<DepartmentId>) -> Result<Vec<Department>> {
        run(a, departments::list_department_ids(id))
    }
    fn create_department(a: Application, department: NewDepartment) -> Result<CreatedDepartment> {
        run(a, departments::create_department(department))
    }
    fn update_department(
        a: Application,
        id: DepartmentId,
        changes: DepartmentChanges,
    ) -> Result<Receipt> {
        run(a, departments::update_department(id, changes))
    }
    fn delete_department(a: Application, id: DepartmentId) -> Result<Receipt> {
        run(a, departments::delete_department(id))
    }
}

impl wit_members::Guest for Connector {
    fn list_member_ids(
        a: Application,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<MemberPage> {
        run(a, members::list_member_ids(cursor, limit))
    }
    fn create_member(a: Application, member: NewMember) -> Result<CreatedMember> {
        run(a, members::create_member(member))
    }
    fn update_member(a: Application, id: UserId, changes: MemberChanges) -> Result<Receipt> {
        run(a, members::update_member(id, changes))
    }
    fn delete_member(a: Application, id: UserId) -> Result<Receipt> {
        run(a, members::delete_member(id))
    }
}

impl wit_group_chats::Guest for Connector {
    fn get_group_chat(a: Application, id: GroupChatId) -> Result<GroupChat> {
        run(a, group_chats::get_group_chat(id))
    }
    fn create_group_chat(a: Application, group_chat: NewGroupChat) -> Result<CreatedGroupChat> {
        run(a, group_chats::create_group_chat(group_chat))
    }
    fn update_group_chat(
        a: Application,
        id: GroupChatId,
        changes: GroupChatChanges,
    ) -> Result<Receipt> {
        run(a, group_chats::update_group_chat(id, changes))
    }
}

impl wit_app_messages::Guest for Connector {
    fn send_app_text(a: Application, message: AppText) -> Result<Delivery> {
        run(a, app_messages::send_app_text(message))
    }
    fn send_app_markdown(a: Application, message: AppMarkdown) -> Result<Delivery> {
        run(a, app_messages::send_app_markdown(message))
    }
    fn send_app_file(a: Application, message: AppFile) -> Result<Delivery> {
        run(a, app_messages::send_app_file(message))
    }
    fn send_app_image(a: Application, message: AppImage) -> Result<Delivery> {
        run(a, app_messages::send_app_image(message))
    }
    fn send_app_mpnews(a: Application, message: AppMpnews) -> Result<Delivery> {
        run(a, app_messages::send_app_mpnews(message))
    }
    fn send_app_text_card(a: Application, message: AppTextCard) -> Result<Delivery> {
        run(a, app_messages::send_app_text_card(message))
    }
    fn recall_app_message(a: Application, id: MessageId) -> Result<Receipt> {
        run(a, app_messages::recall_app_message(id))
    }
}

impl wit_group_messages::Guest for Connector {
    fn send_group_text(a: Application, message: GroupText) -> Result<Receipt> {
        run(a, group_messages::send_group_text(message))
    }
    fn send_group_markdown(a: Application, message: GroupMarkdown) -> Result<Receipt> {
        run(a, group_messages::send_group_markdown(message))
    }
    fn send_group_file(a: Application, message: GroupFile) -> Result<Receipt> {
        run(a, group_messages::send_group_file(message))
    }
    fn send_group_image(a: Application, message: GroupImage) -> Result<Receipt> {
        run(a, group_messages::send_group_image(message))
    }
    fn send_group_mpnews(a: Application, message: GroupMpnews) -> Result<Receipt> {
        run(a, group_messages::send_group_mpnews(message))
    }
    fn send_group_text_card(a: Application, message: GroupTextCard) -> Result<Receipt> {
        run(a, group_messages::send_group_text_card(message))
    }
}

impl wit_chatbots::Guest for Connector {
    fn send_chatbot_text(c: Chatbot, message: ChatbotText) -> Result<Receipt> {
        speak(c, chatbots::send_chatbot_text(message))
    }
    fn send_chatbot_markdown(c: Chatbot, content: String) -> Result<Receipt> {
        speak(c, chatbots::send_chatbot_markdown(content))
    }
    fn send_chatbot_file(c: Chatbot, media_id: MediaId) -> Result<Receipt> {
        speak(c, chatbots::send_chatbot_file(media_id))
    }
    fn send_chatbot_image(c: Chatbot, image: ChatbotImage) -> Result<Receipt> {
        speak(c, chatbots::send_chatbot_image(image))
    }
    fn send_chatbot_news(c: Chatbot, articles: Vec<NewsArticle>) -> Result<Receipt> {
        speak(c, chatbots::send_chatbot_news(articles))
    }
}

impl wit_media::Guest for Connector {
    fn upload_media(a: Application, media: NewMedia) -> Result<UploadedMedia> {
        run(a, media::upload_media(media))
    }
    fn upload_chatbot_media(c: Chatbot, media: NewChatbotMedia) -> Result<UploadedMedia> {
        speak(c, media::upload_chatbot_media(media))
    }
}

impl wit_tokens::Guest for Connector {
    fn get_access_token(a: Application, scope: TokenScope) -> Result<IssuedToken> {
        let account = account(a)?;
        let Call { outgoing, read } = tokens::get_access_token(&account, scope)?;
        finish(outgoing.path, &read, exchange(Ok(account), outgoing)?)
    }
}

/// The tokens of the instance.
static TOKENS: Kept<Tokens> = Kept::new();

/// The environment, asked for once: it stays the same as long as the instance lives.
fn environment() -> RefMut<'static, Vec<(String, String)>> {
    static ENVIRONMENT: Kept<Option<Vec<(String, String)>>> = Kept::new();
    RefMut::map(ENVIRONMENT.get(), |it| it.get_or_insert_with(wasi_http::environment))
}

fn account(application: Application) -> Result<Account> {
    match application {
        Application::Profile(_) => Account::of_application(application, &environment()),
        Application::Credentials(_) | Application::Token(_) => {
            Account::of_application(application, &[])
        }
    }
}

fn run<T>(application: Application, call: Result<Call<T>>) -> Result<T> {
    let account = account(application);
    match call {
        Ok(Call { outgoing, read }) => finish(outgoing.path, &read, exchange(account, outgoing)?),
        Err(error) => Err(both(account, error)),
    }
}

fn speak<T>(chatbot: Chatbot, call: Result<Call<T>>) -> Result<T> {
    let account = match chatbot {
        Chatbot::Profile(_) => Account::of_chatbot(chatbot, &environment()),
        Chatbot::Credentials(_) => Account::of_chatbot(chatbot, &[]),
    };
    match call {
        Ok(Call { outgoing, read }) => finish(outgoing.path, &read, exchange(account, outgoing)?),
        Err(error) => Err(both(account, error)),
    }
}

fn finish<T>(path: &str, read: &dyn Fn(Answer) -> Option<T>, answer: Answer) -> Result<T> {
    read(answer).ok_or_else(|| exchange::lacking(path))
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
fn exchange(account: Result<Account>, outgoing: Outgoing) -> Result<Answer> {
    let mut tokens = TOKENS.get();
    // A token counts as issued when the call began, which is earlier than it was.
    let now = wasi_http::now();
    let (mut exchange, mut step) = Exchange::start(account?, outgoing, &tokens, now)?;
    loop {
        match step {
            Step::Send(request) => {
                let outcome = wasi_http::send(&request);
                step = exchange.answer(outcome, &mut tokens, now);
            }
            Step::Done(result) => return result,
        }
    }
}
