//! What error codes mean, and checks of credentials that send nobody anything.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use serde::Deserialize;
use serde_json::json;

use super::media;
use crate::{
    bindings::wit::{
        diagnosis::{CheckOutcome, CheckSubject, Explanation, Finding},
        media::{ChatbotMediaKind, NewChatbotMedia},
        types::{AgentId, Error, FileContent, InvalidField, Language, Receipt, Rejection},
    },
    call::{Auth, Call},
    credentials::{Account, Credential},
    errcode::{self, Disposition, Texts},
    run::Run,
    validate::invalid,
    wire::{Lenient, List, Object},
};

/// WeCom's code table, offline
pub(crate) fn explain_error(code: i32, language: Language) -> Result<Explanation, Error> {
    let Some(Texts { meaning, advice }) = errcode::texts(code, language) else {
        return Err(invalid("code", "is not one that the calls of this connector return"));
    };
    let retry = errcode::disposition(code) == Disposition::RetryLater;
    Ok(Explanation { code, meaning: meaning.into(), advice: advice.into(), retry })
}

const GET_TOKEN: &str = "GET /cgi-bin/gettoken";
const GET_ADDRESSES: &str = "GET /cgi-bin/get_api_domain_ip";
const GET_AGENT: &str = "GET /cgi-bin/agent/get";
const LIST_IDS: &str = "POST /cgi-bin/user/list_id";
const UPLOAD: &str = "POST /cgi-bin/webhook/upload_media";
const READ_CONFIGURATION: &str = "reading the credentials";

/// What each of the application's checks is about, in the order of the findings.
const OF_APPLICATION: [(CheckSubject, &str); 7] = [
    (CheckSubject::Configuration, READ_CONFIGURATION),
    (CheckSubject::BaseUrl, GET_ADDRESSES),
    (CheckSubject::Credentials, GET_ADDRESSES),
    (CheckSubject::CallerAddress, GET_AGENT),
    (CheckSubject::ContactsSecret, LIST_IDS),
    (CheckSubject::AgentId, GET_AGENT),
    (CheckSubject::VisibleRange, GET_AGENT),
];

const OF_CHATBOT: [(CheckSubject, &str); 3] = [
    (CheckSubject::Configuration, READ_CONFIGURATION),
    (CheckSubject::BaseUrl, UPLOAD),
    (CheckSubject::ChatbotKey, UPLOAD),
];

/// `gettoken`, `get_api_domain_ip`, `agent/get`, `user/list_id`
pub(crate) fn check_application(
    account: &Account,
    run: &mut impl Run,
    language: Language,
) -> Vec<Finding> {
    let mut report = Report::new(&OF_APPLICATION, language);
    let own_secret = match account.credential(Auth::Application) {
        Ok(Credential::Secret { substitute, .. }) => !substitute,
        Ok(_) => true,
        Err(error) => return report.misconfigured(&error),
    };
    report.configured(account, own_secret);

    let mut trusted = Trusted::default();
    match run.run(get_addresses()) {
        Ok(_) => report.accepted_credentials(account),
        Err(error) => {
            let address_is_to_blame = is_untrusted(&error);
            trusted.note::<()>(&Err(error.clone()));
            if address_is_to_blame {
                report.accepted_credentials(account);
            } else if !report.refused_credentials(CheckSubject::Credentials, &error) {
                return report.findings;
            }
        }
    }
    // Without them, all that follows would say the same once more.
    if report.outcome(CheckSubject::Credentials) != CheckOutcome::Failed {
        if !own_secret {
            report.skip(CheckSubject::AgentId, "no application's secret is given");
            report.skip(CheckSubject::VisibleRange, "no application's secret is given");
        } else if let Some(agent_id) = account.agent_id {
            let agent = run.run(get_agent(agent_id));
            trusted.note(&agent);
            report.agent(agent_id, agent);
        } else {
            report.skip(CheckSubject::AgentId, "no agent id is given");
            report.skip(CheckSubject::VisibleRange, "no agent id is given");
        }
    }
    report.contacts(account, run, &mut trusted);
    report.caller_address(trusted);
    report.findings
}

/// `webhook/upload_media`
pub(crate) fn check_chatbot(
    account: &Account,
    run: &mut impl Run,
    language: Language,
) -> Vec<Finding> {
    let mut report = Report::new(&OF_CHATBOT, language);
    if let Err(error) = account.credential(Auth::Chatbot) {
        return report.misconfigured(&error);
    }
    report.pass(CheckSubject::Configuration, "a key is given");
    let file = NewChatbotMedia {
        kind: ChatbotMediaKind::File,
        file_name: "wecom-connector-check.txt".into(),
        content: FileContent::Bytes(b"wecom-connector: check of the key\n".to_vec()),
    };
    match media::upload_chatbot_media(file).and_then(|it| run.run(it)) {
        Ok(_) => {
            report.responds(account);
            report.pass(CheckSubject::ChatbotKey, "WeCom took a file for this chatbot");
        }
        Err(error) => {
            report.refused_credentials(CheckSubject::ChatbotKey, &error);
        }
    }
    report.findings
}

/// The findings where the credentials of an application cannot be read.
pub(crate) fn misconfigured_application(error: &Error, language: Language) -> Vec<Finding> {
    Report::new(&OF_APPLICATION, language).misconfigured(error)
}

/// The findings where the key of a chatbot cannot be read.
pub(crate) fn misconfigured_chatbot(error: &Error, language: Language) -> Vec<Finding> {
    Report::new(&OF_CHATBOT, language).misconfigured(error)
}

/// `GET /cgi-bin/get_api_domain_ip`. Any token may call it.
fn get_addresses() -> Call<Receipt> {
    Call::get("/cgi-bin/get_api_domain_ip", Auth::Application)
}

/// `POST /cgi-bin/user/list_id`. Only the contacts secret may call it.
fn list_one_id() -> Call<Receipt> {
    Call::post("/cgi-bin/user/list_id", Auth::Contacts, json!({ "limit": 1 })).retry_safe(true)
}

/// What an application is, as far as the checks need it.
struct Agent {
    name: Option<String>,
    closed: bool,
    users: usize,
    departments: Vec<u32>,
    tags: usize,
}

/// `GET /cgi-bin/agent/get`
fn get_agent(agent_id: AgentId) -> Call<Agent> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        name: Lenient<Option<String>>,
        close: Lenient<Option<u32>>,
        allow_userinfos: Lenient<Users>,
        allow_partys: Lenient<Departments>,
        allow_tags: Lenient<Tags>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Users {
        user: Lenient<List<User>>,
    }
    impl Object for Users {}
    #[derive(Deserialize)]
    struct User {}
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Departments {
        partyid: Lenient<Vec<u32>>,
    }
    impl Object for Departments {}
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Tags {
        tagid: Lenient<Vec<u32>>,
    }
    impl Object for Tags {}

    Call::get("/cgi-bin/agent/get", Auth::Application).query("agentid", agent_id.to_string()).map(
        |it: Response, _| {
            let List(users) = it.allow_userinfos.value.user.value;
            Ok(Agent {
                name: it.name.value,
                closed: it.close.value == Some(1),
                users: users.len(),
                departments: it.allow_partys.value.partyid.value,
                tags: it.allow_tags.value.tagid.value.len(),
            })
        },
    )
}

/// What the calls showed of the caller's address.
#[derive(Default)]
struct Trusted {
    accepted: bool,
    refusal: Option<Rejection>,
}

impl Trusted {
    fn note<T>(&mut self, result: &Result<T, Error>) {
        match result {
            Err(Error::PermanentRejected(it)) if is_untrusted_code(it.code) => {
                self.refusal.get_or_insert_with(|| it.clone());
            }
            Ok(_) | Err(Error::PermanentRejected(_)) => self.accepted = true,
            Err(_) => {}
        }
    }
}

fn is_untrusted(error: &Error) -> bool {
    matches!(error, Error::PermanentRejected(it) if is_untrusted_code(it.code))
}

fn is_untrusted_code(code: i32) -> bool {
    [60020, 301_042].contains(&code)
}

/// The findings, each skipped until it is found out.
struct Report {
    findings: Vec<Finding>,
    language: Language,
}

impl Report {
    fn new(subjects: &[(CheckSubject, &'static str)], language: Language) -> Self {
        let finding = |(subject, tried): &(CheckSubject, &str)| Finding {
            subject: *subject,
            outcome: CheckOutcome::Skipped,
            tried: (*tried).into(),
            detail: "an earlier check failed".into(),
            advice: None,
        };
        Self { findings: subjects.iter().map(finding).collect(), language }
    }

    fn set(
        &mut self,
        subject: CheckSubject,
        outcome: CheckOutcome,
        detail: impl Into<String>,
        advice: Option<String>,
    ) {
        if let Some(it) = self.findings.iter_mut().find(|it| it.subject == subject) {
            (it.outcome, it.detail, it.advice) = (outcome, detail.into(), advice);
        }
    }

    fn tried(&mut self, subject: CheckSubject, tried: &str) {
        if let Some(it) = self.findings.iter_mut().find(|it| it.subject == subject) {
            it.tried = tried.into();
        }
    }

    fn pass(&mut self, subject: CheckSubject, detail: impl Into<String>) {
        self.set(subject, CheckOutcome::Passed, detail, None);
    }

    fn skip(&mut self, subject: CheckSubject, detail: &str) {
        self.set(subject, CheckOutcome::Skipped, detail, None);
    }

    fn outcome(&self, subject: CheckSubject) -> CheckOutcome {
        let found = self.findings.iter().find(|it| it.subject == subject);
        found.map_or(CheckOutcome::Skipped, |it| it.outcome)
    }

    fn say(&self, english: &str, chinese: &str) -> Option<String> {
        Some(match self.language {
            Language::English => english.into(),
            Language::Chinese => chinese.into(),
        })
    }

    fn misconfigured(mut self, error: &Error) -> Vec<Finding> {
        let advice = self.say(
            "set the variables of the profile in the component's environment, or pass credentials",
            "在组件的环境变量中设置该 profile 的变量，或在调用时传入凭证",
        );
        self.set(CheckSubject::Configuration, CheckOutcome::Failed, detail(error), advice);
        self.findings
    }

    fn configured(&mut self, account: &Account, own_secret: bool) {
        let subject = CheckSubject::Configuration;
        if !own_secret {
            let advice = self.say(
                "for messages, group chats and files, give an application's secret: WECOM_SECRET or secret",
                "发送消息、使用群聊和文件需要应用的 secret：请设置 WECOM_SECRET 或 secret",
            );
            let detail = "the contacts secret is given, and no application's secret";
            self.set(subject, CheckOutcome::Warned, detail, advice);
        } else if account.agent_id.is_none() {
            let advice = self.say(
                "for messages of the application, give its agent id: WECOM_AGENT_ID or agent-id",
                "发送应用消息需要 agentid：请设置 WECOM_AGENT_ID 或 agent-id",
            );
            self.set(subject, CheckOutcome::Warned, "no agent id is given", advice);
        } else if account.has_token() {
            self.pass(subject, "a token and an agent id are given");
        } else {
            self.pass(subject, "a corp id, an application's secret and an agent id are given");
        }
    }

    /// WeCom responded there.
    fn responds(&mut self, account: &Account) {
        let detail = format!("WeCom responds at {}", account.base.authority);
        self.pass(CheckSubject::BaseUrl, detail);
    }

    fn accepted_credentials(&mut self, account: &Account) {
        self.responds(account);
        let detail = if account.has_token() {
            "WeCom accepts the token"
        } else {
            "WeCom issued a token for the corp id and the secret"
        };
        self.pass(CheckSubject::Credentials, detail);
        if !account.has_token() {
            self.tried(CheckSubject::Credentials, GET_TOKEN);
        }
    }

    /// The first call failed. Whether WeCom responded at all, so that more can be found out.
    fn refused_credentials(&mut self, subject: CheckSubject, error: &Error) -> bool {
        match error {
            Error::PermanentRejected(it) => {
                self.pass(CheckSubject::BaseUrl, "WeCom responds");
                self.set(subject, CheckOutcome::Failed, detail(error), Some(it.hint.clone()));
                true
            }
            Error::RejectedForNow(it) => {
                self.pass(CheckSubject::BaseUrl, "WeCom responds");
                self.set(subject, CheckOutcome::Warned, detail(error), Some(it.hint.clone()));
                true
            }
            _ => {
                let advice = self.say(
                    "check the base url, name resolution and proxies, and that the host lets the component reach this server",
                    "检查 base-url、域名解析和代理，并确认宿主允许组件访问该服务器",
                );
                self.set(CheckSubject::BaseUrl, CheckOutcome::Failed, detail(error), advice);
                false
            }
        }
    }

    fn agent(&mut self, agent_id: AgentId, agent: Result<Agent, Error>) {
        let (id, range) = (CheckSubject::AgentId, CheckSubject::VisibleRange);
        let Agent { name, closed, users, departments, tags } = match agent {
            Ok(agent) => agent,
            Err(error) if is_untrusted(&error) => {
                return self.skip(id, "WeCom does not trust the caller's address");
            }
            Err(error) => return self.refused(id, &error),
        };
        let name = name.unwrap_or_default();
        if closed {
            let advice = self.say("enable it in the console", "在管理后台启用该应用");
            let detail = format!("the application {agent_id} ({name}) is disabled");
            self.set(id, CheckOutcome::Failed, detail, advice);
        } else {
            self.pass(id, format!("the secret is that of the application {agent_id} ({name})"));
        }
        if departments.contains(&1) {
            self.pass(range, "the application sees the whole enterprise");
            return;
        }
        let detail = format!(
            "the application sees {users} members, {} departments and {tags} tags that were chosen",
            departments.len()
        );
        let sees_something = users + departments.len() + tags > 0;
        let outcome = if sees_something { CheckOutcome::Warned } else { CheckOutcome::Failed };
        let advice = self.say(
            "messages reach only these members, and group chats need the whole enterprise: widen the visible range in the \
             console where that is not enough",
            "消息只能发给这些成员，群聊接口需要可见范围为整个企业：如果不够，请在管理后台扩大可见范围",
        );
        self.set(range, outcome, detail, advice);
    }

    fn contacts(&mut self, account: &Account, run: &mut impl Run, trusted: &mut Trusted) {
        let subject = CheckSubject::ContactsSecret;
        match account.credential(Auth::Contacts) {
            Ok(Credential::Secret { substitute: false, .. }) => {}
            Ok(Credential::Secret { .. }) | Err(_) => {
                return self.skip(subject, "no contacts secret is given");
            }
            Ok(_) => return self.skip(subject, "a token was given, and no secret"),
        }
        let listed = run.run(list_one_id());
        match listed {
            Ok(_) => {
                trusted.note(&listed);
                self.pass(subject, "the contacts secret lists member ids");
            }
            // The contacts assistant has a list of trusted addresses of its own.
            Err(error) => self.refused(subject, &error),
        }
    }

    /// A refusal, or no response after others came.
    fn refused(&mut self, subject: CheckSubject, error: &Error) {
        let (outcome, advice) = match error {
            Error::PermanentRejected(it) => (CheckOutcome::Failed, Some(self.advice(it))),
            Error::RejectedForNow(it) => (CheckOutcome::Warned, Some(it.hint.clone())),
            _ => (CheckOutcome::Failed, None),
        };
        self.set(subject, outcome, detail(error), advice);
    }

    /// With the address to add, where WeCom names it.
    fn advice(&self, refusal: &Rejection) -> String {
        match (&refusal.caller_address, is_untrusted_code(refusal.code), self.language) {
            (Some(address), true, Language::English) => format!(
                "add {address} to the trusted addresses (企业可信IP) in the console, and wait a minute"
            ),
            (Some(address), true, Language::Chinese) => {
                format!("在管理后台将 {address} 加入企业可信IP，约一分钟后生效")
            }
            _ => refusal.hint.clone(),
        }
    }

    fn caller_address(&mut self, trusted: Trusted) {
        let subject = CheckSubject::CallerAddress;
        if let Some(refusal) = trusted.refusal {
            let advice = Some(self.advice(&refusal));
            let error = Error::PermanentRejected(refusal);
            self.set(subject, CheckOutcome::Failed, detail(&error), advice);
        } else if trusted.accepted
            && self.outcome(CheckSubject::Credentials) != CheckOutcome::Failed
        {
            self.pass(subject, "WeCom accepts calls from here");
        }
    }
}

/// In English.
fn detail(error: &Error) -> String {
    match error {
        Error::PermanentInvalidInput(fields) => {
            let line = |InvalidField { field, reason }: &InvalidField| format!("{field} {reason}");
            fields.iter().map(line).collect::<Vec<_>>().join("; ")
        }
        Error::PermanentMissingCredential(what) => what.clone(),
        Error::PermanentRejected(it) => format!("WeCom refused with {}: {}", it.code, it.message),
        Error::RejectedForNow(it) => {
            format!("WeCom refused for now with {}: {}", it.code, it.message)
        }
        Error::Unreachable(it)
        | Error::NoReply(it)
        | Error::PermanentNoReply(it)
        | Error::PermanentUnexpectedReply(it) => format!("{} ({})", it.reason, it.server),
        Error::ExecutionFailed => String::new(),
    }
}
