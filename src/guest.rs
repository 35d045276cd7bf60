//! The generated `Guest` traits, a line per function; runs an exchange; the instance's token cache.

use alloc::{string::String, vec::Vec};
use core::cell::RefCell;

use crate::{
    actions,
    bindings::{
        Connector,
        wit::{
            app_messages::{
                self, AppFile, AppImage, AppMarkdown, AppMpnews, AppNews, AppTemplateCard, AppText,
                AppTextCard, AppVideo, AppVoice, CardDelivery, Delivery, TemplateCardUpdate,
                UpdatedCard,
            },
            chatbots::{self, ChatbotCard, ChatbotText},
            departments::{
                self, CreatedDepartment, Department, DepartmentChanges, DepartmentDetail,
                DepartmentList, EnsuredDepartment, NewDepartment,
            },
            diagnosis::{self, Explanation, Finding},
            group_chats::{
                self, CreatedGroupChat, EnsuredGroupChat, GroupChat, GroupChatChanges, NewGroupChat,
            },
            group_messages::{
                self, GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupNews, GroupText,
                GroupTextCard, GroupVideo, GroupVoice,
            },
            media::{
                self, DownloadedMedia, GetMediaOptions, NewChatbotMedia, NewMedia,
                UploadedArticleImage, UploadedMedia,
            },
            members::{
                self, CreatedMember, EmailKind, EnsuredMember, FoundMember, Member, MemberChanges,
                MemberList, MemberPage, MemberQuery, NewMember,
            },
            texts::{self, TextFormat},
            tokens::{self, IssuedToken, TokenScope},
            types::{
                Application, Chatbot, DepartmentId, Error, FileContent, GroupChatId, Language,
                Media, MediaId, MessageId, NewFile, NewsArticle, Receipt, UserId,
            },
        },
    },
    call::Call,
    credentials::{self, Account},
    exchange::{Exchange, Step},
    response::{Accepted, Unexpected},
    run::Run,
    runtime::OneThread,
    split,
    token_cache::TokenCache,
    wasi_http,
};

type Result<T> = core::result::Result<T, Error>;

/// Outlives a call; nothing else does.
static TOKENS: OneThread<RefCell<TokenCache>> = OneThread::new(RefCell::new(TokenCache::new()));

impl departments::Guest for Connector {
    fn list_department_ids(a: Application, id: Option<DepartmentId>) -> Result<Vec<Department>> {
        run(a, actions::departments::list_department_ids(id))
    }
    fn create_department(a: Application, department: NewDepartment) -> Result<CreatedDepartment> {
        run(a, actions::departments::create_department(department))
    }
    fn update_department(
        a: Application,
        id: DepartmentId,
        changes: DepartmentChanges,
    ) -> Result<Receipt> {
        run(a, actions::departments::update_department(id, changes))
    }
    fn delete_department(a: Application, id: DepartmentId) -> Result<Receipt> {
        run(a, actions::departments::delete_department(id))
    }
    fn list_departments(a: Application, id: Option<DepartmentId>) -> Result<DepartmentList> {
        run(a, actions::departments::list_departments(id))
    }
    fn get_department(a: Application, id: DepartmentId) -> Result<DepartmentDetail> {
        run(a, actions::departments::get_department(id))
    }
    fn ensure_department(a: Application, department: NewDepartment) -> Result<EnsuredDepartment> {
        run_all(a, actions::departments::ensure_department(department))
    }
}

impl members::Guest for Connector {
    fn list_member_ids(
        a: Application,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<MemberPage> {
        run(a, actions::members::list_member_ids(cursor, limit))
    }
    fn create_member(a: Application, member: NewMember) -> Result<CreatedMember> {
        run(a, actions::members::create_member(member))
    }
    fn update_member(a: Application, id: UserId, changes: MemberChanges) -> Result<Receipt> {
        run(a, actions::members::update_member(id, changes))
    }
    fn delete_member(a: Application, id: UserId) -> Result<Receipt> {
        run(a, actions::members::delete_member(id))
    }
    fn find_member_by_mobile(a: Application, mobile: String) -> Result<FoundMember> {
        run(a, actions::members::find_member_by_mobile(&mobile))
    }
    fn find_member_by_email(
        a: Application,
        email: String,
        kind: Option<EmailKind>,
    ) -> Result<FoundMember> {
        run(a, actions::members::find_member_by_email(email, kind))
    }
    fn get_member(a: Application, id: UserId) -> Result<Member> {
        run(a, actions::members::get_member(id))
    }
    fn list_members(a: Application, id: DepartmentId, query: MemberQuery) -> Result<MemberList> {
        run(a, actions::members::list_members(id, query))
    }
    fn delete_members(a: Application, ids: Vec<UserId>) -> Result<Receipt> {
        run(a, actions::members::delete_members(ids))
    }
    fn ensure_member(a: Application, member: NewMember) -> Result<EnsuredMember> {
        run_all(a, actions::members::ensure_member(member))
    }
}

impl group_chats::Guest for Connector {
    fn get_group_chat(a: Application, id: GroupChatId) -> Result<GroupChat> {
        run(a, actions::group_chats::get_group_chat(id))
    }
    fn create_group_chat(a: Application, group_chat: NewGroupChat) -> Result<CreatedGroupChat> {
        run(a, actions::group_chats::create_group_chat(group_chat))
    }
    fn update_group_chat(
        a: Application,
        id: GroupChatId,
        changes: GroupChatChanges,
    ) -> Result<Receipt> {
        run(a, actions::group_chats::update_group_chat(id, changes))
    }
    fn ensure_group_chat(a: Application, group_chat: NewGroupChat) -> Result<EnsuredGroupChat> {
        run_all(a, actions::group_chats::ensure_group_chat(group_chat))
    }
}

impl app_messages::Guest for Connector {
    fn send_app_text(a: Application, message: AppText) -> Result<Delivery> {
        run(a, actions::app_messages::send_app_text(message))
    }
    fn send_app_markdown(a: Application, message: AppMarkdown) -> Result<Delivery> {
        run(a, actions::app_messages::send_app_markdown(message))
    }
    fn send_app_file(a: Application, message: AppFile) -> Result<Delivery> {
        send(a, actions::app_messages::send_app_file(message))
    }
    fn send_app_image(a: Application, message: AppImage) -> Result<Delivery> {
        send(a, actions::app_messages::send_app_image(message))
    }
    fn send_app_mpnews(a: Application, message: AppMpnews) -> Result<Delivery> {
        send(a, actions::app_messages::send_app_mpnews(message))
    }
    fn send_app_text_card(a: Application, message: AppTextCard) -> Result<Delivery> {
        run(a, actions::app_messages::send_app_text_card(message))
    }
    fn send_app_voice(a: Application, message: AppVoice) -> Result<Delivery> {
        send(a, actions::app_messages::send_app_voice(message))
    }
    fn send_app_video(a: Application, message: AppVideo) -> Result<Delivery> {
        send(a, actions::app_messages::send_app_video(message))
    }
    fn send_app_news(a: Application, message: AppNews) -> Result<Delivery> {
        run(a, actions::app_messages::send_app_news(message))
    }
    fn send_app_template_card(a: Application, message: AppTemplateCard) -> Result<CardDelivery> {
        run(a, actions::app_messages::send_app_template_card(message))
    }
    fn update_template_card(a: Application, update: TemplateCardUpdate) -> Result<UpdatedCard> {
        run(a, actions::app_messages::update_template_card(update))
    }
    fn recall_app_message(a: Application, id: MessageId) -> Result<Receipt> {
        run(a, actions::app_messages::recall_app_message(id))
    }
}

impl group_messages::Guest for Connector {
    fn send_group_text(a: Application, message: GroupText) -> Result<Receipt> {
        run(a, actions::group_messages::send_group_text(message))
    }
    fn send_group_markdown(a: Application, message: GroupMarkdown) -> Result<Receipt> {
        run(a, actions::group_messages::send_group_markdown(message))
    }
    fn send_group_file(a: Application, message: GroupFile) -> Result<Receipt> {
        send(a, actions::group_messages::send_group_file(message))
    }
    fn send_group_image(a: Application, message: GroupImage) -> Result<Receipt> {
        send(a, actions::group_messages::send_group_image(message))
    }
    fn send_group_mpnews(a: Application, message: GroupMpnews) -> Result<Receipt> {
        send(a, actions::group_messages::send_group_mpnews(message))
    }
    fn send_group_text_card(a: Application, message: GroupTextCard) -> Result<Receipt> {
        run(a, actions::group_messages::send_group_text_card(message))
    }
    fn send_group_voice(a: Application, message: GroupVoice) -> Result<Receipt> {
        send(a, actions::group_messages::send_group_voice(message))
    }
    fn send_group_video(a: Application, message: GroupVideo) -> Result<Receipt> {
        send(a, actions::group_messages::send_group_video(message))
    }
    fn send_group_news(a: Application, message: GroupNews) -> Result<Receipt> {
        run(a, actions::group_messages::send_group_news(message))
    }
}

impl chatbots::Guest for Connector {
    fn send_chatbot_text(c: Chatbot, message: ChatbotText) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_text(message))
    }
    fn send_chatbot_markdown(c: Chatbot, content: String) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_markdown(content))
    }
    fn send_chatbot_markdown_v2(c: Chatbot, content: String) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_markdown_v2(content))
    }
    fn send_chatbot_voice(c: Chatbot, media_id: Media) -> Result<Receipt> {
        send(c, actions::chatbots::send_chatbot_voice(media_id))
    }
    fn send_chatbot_template_card(c: Chatbot, card: ChatbotCard) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_template_card(card))
    }
    fn send_chatbot_file(c: Chatbot, media_id: Media) -> Result<Receipt> {
        send(c, actions::chatbots::send_chatbot_file(media_id))
    }
    fn send_chatbot_image(c: Chatbot, image: FileContent, md5: Option<String>) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_image(image, md5))
    }
    fn send_chatbot_news(c: Chatbot, articles: Vec<NewsArticle>) -> Result<Receipt> {
        run(c, actions::chatbots::send_chatbot_news(articles))
    }
}

impl media::Guest for Connector {
    fn upload_media(a: Application, media: NewMedia) -> Result<UploadedMedia> {
        run(a, actions::media::upload_media(media))
    }
    fn upload_chatbot_media(c: Chatbot, media: NewChatbotMedia) -> Result<UploadedMedia> {
        run(c, actions::media::upload_chatbot_media(media))
    }
    fn upload_article_image(a: Application, image: NewFile) -> Result<UploadedArticleImage> {
        run(a, actions::media::upload_article_image(image))
    }
    fn get_media(a: Application, id: MediaId, options: GetMediaOptions) -> Result<DownloadedMedia> {
        run(a, actions::media::get_media(id, options))
    }
}

impl tokens::Guest for Connector {
    fn get_access_token(a: Application, scope: TokenScope) -> Result<IssuedToken> {
        let account = a.account()?;
        let call = actions::tokens::get_access_token(&account, scope);
        run_as(Ok(account), call)
    }
}

impl texts::Guest for Connector {
    fn split_text(
        content: String,
        format: TextFormat,
        limit: u32,
        numbered: bool,
    ) -> Result<Vec<String>> {
        split::split_text(content, format, limit, numbered)
    }
}

impl diagnosis::Guest for Connector {
    fn explain_error(code: i32, language: Language) -> Result<Explanation> {
        actions::diagnosis::explain_error(code, language)
    }
    fn check_application(a: Application) -> Result<Vec<Finding>> {
        Ok(match a.account() {
            Ok(it) => {
                actions::diagnosis::check_application(&it.clone(), &mut Runner(it), language())
            }
            Err(error) => actions::diagnosis::misconfigured_application(&error, language()),
        })
    }
    fn check_chatbot(c: Chatbot) -> Result<Vec<Finding>> {
        Ok(match c.account() {
            Ok(it) => actions::diagnosis::check_chatbot(&it.clone(), &mut Runner(it), language()),
            Err(error) => actions::diagnosis::misconfigured_chatbot(&error, language()),
        })
    }
}

/// The first parameter of every function that calls WeCom.
trait Credentials {
    fn account(self) -> Result<Account>;
}

impl Credentials for Application {
    fn account(self) -> Result<Account> {
        Account::of_application(self, wasi_http::environment)
    }
}

impl Credentials for Chatbot {
    fn account(self) -> Result<Account> {
        Account::of_chatbot(self, wasi_http::environment)
    }
}

fn run<T>(credentials: impl Credentials, call: Result<Call<T>>) -> Result<T> {
    run_as(credentials.account(), call)
}

fn run_as<T>(account: Result<Account>, call: Result<Call<T>>) -> Result<T> {
    let (account, call) = merge_violations(account, call)?;
    Runner(account).run(call)
}

/// Of hints and advice.
fn language() -> Language {
    credentials::language(&wasi_http::environment())
}

/// For a message that may have files.
fn send<T: 'static>(
    credentials: impl Credentials,
    message: Result<actions::content::Message<T>>,
) -> Result<T> {
    run_all(credentials, message.map(|it| |runner: &mut Runner| it.send(runner)))
}

/// For an action of several requests: `requests` runs them.
fn run_all<T>(
    credentials: impl Credentials,
    requests: Result<impl FnOnce(&mut Runner) -> Result<T>>,
) -> Result<T> {
    let (account, requests) = merge_violations(credentials.account(), requests)?;
    requests(&mut Runner(account))
}

/// Runs calls with the credentials of one account.
struct Runner(Account);

impl Run for Runner {
    fn account(&self) -> &Account {
        &self.0
    }

    fn run<T>(&mut self, Call { request, parse }: Call<T>) -> Result<T> {
        // A token counts as issued when the call began, which is earlier than it was.
        let mut exchange = Exchange::new(&self.0, request, &TOKENS, wasi_http::now(), language)?;
        let accepted = complete(&mut exchange)?;
        parse(accepted).map_err(|Unexpected(reason)| exchange.incomplete(&reason))
    }
}

/// Violations of credentials and arguments are reported together.
fn merge_violations<T>(account: Result<Account>, call: Result<T>) -> Result<(Account, T)> {
    match (account, call) {
        (Ok(account), Ok(call)) => Ok((account, call)),
        (Err(Error::PermanentInvalidInput(mut all)), Err(Error::PermanentInvalidInput(more))) => {
            all.extend(more);
            Err(Error::PermanentInvalidInput(all))
        }
        // Invalid arguments come before a missing credential.
        (_, Err(error)) | (Err(error), _) => Err(error),
    }
}

/// Not generic: only the parser depends on the action.
fn complete(exchange: &mut Exchange) -> Result<Accepted> {
    let mut step = exchange.first();
    loop {
        match step {
            Step::Send(request) => step = exchange.receive(wasi_http::send(&request)),
            Step::Done(result) => return result,
        }
    }
}
