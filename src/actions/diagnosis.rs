//! The meaning of error codes, and checks of credentials that send no message.

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
    (CheckSubject::Credentials, GET_TOKEN),
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
    if account.has_token() {
        report.tried(CheckSubject::Credentials, GET_ADDRESSES);
    }

    let mut trusted = Trusted::default();
    match run.run(get_addresses()) {
        // Whether WeCom guards this call by address is not documented.
        Ok(_) => report.accepted_credentials(account),
        Err(Error::PermanentRejected(it)) if is_untrusted(it.code) => {
            report.accepted_credentials(account);
            trusted.refusal = Some(it);
        }
        Err(error) => {
            if !report.refused_credentials(CheckSubject::Credentials, &error) {
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
    let listed = report.contacts(account, run);
    if let Some(listed) = listed.filter(|_| !own_secret) {
        // The contacts assistant has its own list of trusted addresses.
        report.tried(CheckSubject::CallerAddress, LIST_IDS);
        trusted.note(&listed);
    }
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
pub(crate) struct Agent {
    name: Option<String>,
    closed: bool,
    users: usize,
    departments: Vec<u32>,
    tags: usize,
}

/// `GET /cgi-bin/agent/get`
pub(crate) fn get_agent(agent_id: AgentId) -> Call<Agent> {
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
            Err(Error::PermanentRejected(it)) if is_untrusted(it.code) => {
                self.refusal.get_or_insert_with(|| it.clone());
            }
            Ok(_) | Err(Error::PermanentRejected(_)) => self.accepted = true,
            Err(_) => {}
        }
    }
}

fn is_untrusted(code: i32) -> bool {
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

    fn say(&self, english: &str, chinese: &str) -> String {
        match self.language {
            Language::English => english.into(),
            Language::Chinese => chinese.into(),
        }
    }

    fn misconfigured(mut self, error: &Error) -> Vec<Finding> {
        let advice = self.say(
            "set the variables of the profile in the component's environment, or pass credentials",
            "在组件的环境变量中设置该 profile 的变量，或在调用时传入凭证",
        );
        self.set(CheckSubject::Configuration, CheckOutcome::Failed, detail(error), Some(advice));
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
            self.set(subject, CheckOutcome::Warned, detail, Some(advice));
        } else if account.agent_id.is_none() {
            let advice = self.say(
                "for messages of the application, give its agent id: WECOM_AGENT_ID or agent-id",
                "发送应用消息需要 agentid：请设置 WECOM_AGENT_ID 或 agent-id",
            );
            self.set(subject, CheckOutcome::Warned, "no agent id is given", Some(advice));
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
                self.set(CheckSubject::BaseUrl, CheckOutcome::Failed, detail(error), Some(advice));
                false
            }
        }
    }

    fn agent(&mut self, agent_id: AgentId, agent: Result<Agent, Error>) {
        let (id, range) = (CheckSubject::AgentId, CheckSubject::VisibleRange);
        let Agent { name, closed, users, departments, tags } = match agent {
            Ok(agent) => agent,
            Err(Error::PermanentRejected(it)) if is_untrusted(it.code) => {
                return self.skip(id, "WeCom does not trust the caller's address");
            }
            Err(error) => return self.refused(id, &error),
        };
        let name = name.map(|it| format!(" ({it})")).unwrap_or_default();
        if closed {
            let advice = self.say("enable it in the console", "在管理后台启用该应用");
            let detail = format!("the application {agent_id}{name} is disabled");
            self.set(id, CheckOutcome::Failed, detail, Some(advice));
        } else {
            self.pass(id, format!("the secret is that of the application {agent_id}{name}"));
        }
        if departments.contains(&1) {
            self.pass(range, "the application sees the whole enterprise");
            return;
        }
        let departments = departments.len();
        let detail = format!(
            "the application sees what was chosen: members: {users}, departments: {departments}, tags: {tags}"
        );
        let sees_something = [users, departments, tags].iter().any(|it| *it > 0);
        let outcome = if sees_something { CheckOutcome::Warned } else { CheckOutcome::Failed };
        let advice = self.say(
            "messages reach only these members, and group chats need the whole enterprise: widen the visible range in the \
             console where that is not enough",
            "消息只能发给这些成员，群聊接口需要可见范围为整个企业：如果不够，请在管理后台扩大可见范围",
        );
        self.set(range, outcome, detail, Some(advice));
    }

    /// None where there is no contacts secret.
    fn contacts(
        &mut self,
        account: &Account,
        run: &mut impl Run,
    ) -> Option<Result<Receipt, Error>> {
        let subject = CheckSubject::ContactsSecret;
        match account.credential(Auth::Contacts) {
            Ok(Credential::Secret { substitute: false, .. }) => {}
            Ok(Credential::Secret { .. }) | Err(_) => {
                self.skip(subject, "no contacts secret is given");
                return None;
            }
            Ok(_) => {
                self.skip(subject, "a token is given, and no secret");
                return None;
            }
        }
        let listed = run.run(list_one_id());
        match &listed {
            Ok(_) => self.pass(subject, "the contacts secret lists member ids"),
            Err(error) => self.refused(subject, error),
        }
        Some(listed)
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
        match (&refusal.caller_address, is_untrusted(refusal.code), self.language) {
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
        } else if self.outcome(CheckSubject::Credentials) != CheckOutcome::Failed {
            if trusted.accepted {
                self.pass(subject, "WeCom accepts calls from here");
            } else {
                self.skip(subject, "no call was made that WeCom guards by address");
            }
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{
        bindings::wit::types::{
            AccessToken, Application, ApplicationCredentials, Chatbot, ChatbotCredentials,
        },
        exchange::Failure,
        run::testing::{Script, account},
    };

    const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
    const AGENT: &str = r#"{"errcode":0,"errmsg":"ok","agentid":7,"name":"Dispatch","allow_userinfos":{"user":[{"userid":"noor.h"}]},"allow_partys":{"partyid":[1]},"close":0}"#;
    const UNTRUSTED: &str = r#"{"errcode":60020,"errmsg":"not allow to access from your ip, hint: [17], from ip: 203.0.113.7, more info at https://x"}"#;

    #[test]
    fn explain_error_texts() {
        let explained = explain_error(45009, Language::English).unwrap();
        assert!(explained.retry && explained.code == 45009);
        for (code, language, expected) in [
            (
                60020,
                Language::English,
                expect![[
                    r#"Explanation { code: 60020, meaning: "the caller's address (caller-address) is not trusted", advice: "add it to the application's trusted addresses (企业可信IP) in the console, and wait a minute", retry: false }"#
                ]],
            ),
            (
                60020,
                Language::Chinese,
                expect![[
                    r#"Explanation { code: 60020, meaning: "调用方的 IP（caller-address）不在可信列表中", advice: "在管理后台将该 IP 加入应用的企业可信IP，约一分钟后生效", retry: false }"#
                ]],
            ),
            (
                -1,
                Language::English,
                expect![[
                    r#"Explanation { code: -1, meaning: "WeCom is busy", advice: "wait and retry, at most three times; before sending a message again, see whether it arrived", retry: true }"#
                ]],
            ),
        ] {
            expected.assert_eq(&format!("{:?}", explain_error(code, language).unwrap()));
        }
        for code in [1, 45047, i32::MIN] {
            let Err(Error::PermanentInvalidInput(fields)) = explain_error(code, Language::English)
            else {
                panic!("{code} is explained")
            };
            assert_eq!(fields.len(), 1);
            assert_eq!(fields.first().map(|it| it.field.as_str()), Some("code"));
        }
    }

    fn lines(findings: &[Finding]) -> String {
        let line = |it: &Finding| {
            let advice = it.advice.as_deref().map(|it| format!(" => {it}")).unwrap_or_default();
            let (subject, outcome) = (it.subject, it.outcome);
            format!("{subject:?} {outcome:?} [{}] {}{advice}", it.tried, it.detail)
        };
        findings.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn check(mut script: Script, requests: Expect, findings: Expect) {
        let account = script.account.clone();
        let found = check_application(&account, &mut script, Language::English);
        requests.assert_eq(&script.finish());
        findings.assert_eq(&lines(&found));
    }

    #[test]
    fn correct_configuration_passes() {
        check(
            Script::new([Ok(OK), Ok(AGENT), Ok(OK)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
            CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
            CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
            CheckSubject::CallerAddress CheckOutcome::Passed [GET /cgi-bin/agent/get] WeCom accepts calls from here
            CheckSubject::ContactsSecret CheckOutcome::Passed [POST /cgi-bin/user/list_id] the contacts secret lists member ids
            CheckSubject::AgentId CheckOutcome::Passed [GET /cgi-bin/agent/get] the secret is that of the application 7 (Dispatch)
            CheckSubject::VisibleRange CheckOutcome::Passed [GET /cgi-bin/agent/get] the application sees the whole enterprise"#]],
        );
    }

    #[test]
    fn untrusted_address_is_named_in_the_advice() {
        check(
            Script::new([Ok(UNTRUSTED), Ok(UNTRUSTED), Ok(OK)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
            CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
            CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
            CheckSubject::CallerAddress CheckOutcome::Failed [GET /cgi-bin/agent/get] WeCom refused with 60020: not allow to access from your ip => add 203.0.113.7 to the trusted addresses (企业可信IP) in the console, and wait a minute
            CheckSubject::ContactsSecret CheckOutcome::Passed [POST /cgi-bin/user/list_id] the contacts secret lists member ids
            CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] WeCom does not trust the caller's address
            CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
        // Whether get_api_domain_ip is guarded is not documented.
        check(
            Script::new([Ok(OK), Ok(UNTRUSTED), Ok(UNTRUSTED)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
            CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
            CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
            CheckSubject::CallerAddress CheckOutcome::Failed [GET /cgi-bin/agent/get] WeCom refused with 60020: not allow to access from your ip => add 203.0.113.7 to the trusted addresses (企业可信IP) in the console, and wait a minute
            CheckSubject::ContactsSecret CheckOutcome::Failed [POST /cgi-bin/user/list_id] WeCom refused with 60020: not allow to access from your ip => add 203.0.113.7 to the trusted addresses (企业可信IP) in the console, and wait a minute
            CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] WeCom does not trust the caller's address
            CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
    }

    #[test]
    fn wrong_secret_fails_alone() {
        let mut script = Script::new([Ok(OK)]);
        script.tokens.push_back(r#"{"errcode":40001,"errmsg":"invalid credential"}"#);
        check(
            script,
            expect![[r#"POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds
                CheckSubject::Credentials CheckOutcome::Failed [GET /cgi-bin/gettoken] WeCom refused with 40001: invalid credential => the secret is wrong, is not one of this corp id, or the application is disabled: copy both again from the console
                CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::ContactsSecret CheckOutcome::Passed [POST /cgi-bin/user/list_id] the contacts secret lists member ids
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
    }

    #[test]
    fn base_url_that_does_not_respond_ends_the_checks() {
        check(
            Script::new([Err(Failure::Unreachable("the host name was not found"))]),
            expect!["GET get_api_domain_ip?access_token=app"],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Failed [GET /cgi-bin/get_api_domain_ip] /cgi-bin/get_api_domain_ip: the host name was not found (qyapi.weixin.qq.com) => check the base url, name resolution and proxies, and that the host lets the component reach this server
                CheckSubject::Credentials CheckOutcome::Skipped [GET /cgi-bin/gettoken] an earlier check failed
                CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] an earlier check failed
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
        check(
            Script::new([Ok("<html>")]),
            expect!["GET get_api_domain_ip?access_token=app"],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Failed [GET /cgi-bin/get_api_domain_ip] /cgi-bin/get_api_domain_ip: the response is not a JSON object of WeCom's: the base URL may be wrong, or a proxy may have answered (qyapi.weixin.qq.com) => check the base url, name resolution and proxies, and that the host lets the component reach this server
                CheckSubject::Credentials CheckOutcome::Skipped [GET /cgi-bin/gettoken] an earlier check failed
                CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] an earlier check failed
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
    }

    #[test]
    fn other_application_and_narrow_range_are_found() {
        let other = r#"{"errcode":301002,"errmsg":"not allow operate another agent with this accesstoken"}"#;
        let denied = r#"{"errcode":48002,"errmsg":"api forbidden"}"#;
        check(
            Script::new([Ok(OK), Ok(other), Ok(denied)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
            CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
            CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
            CheckSubject::CallerAddress CheckOutcome::Passed [GET /cgi-bin/agent/get] WeCom accepts calls from here
            CheckSubject::ContactsSecret CheckOutcome::Failed [POST /cgi-bin/user/list_id] WeCom refused with 48002: api forbidden => this secret may not make this call: use the contacts secret for departments and members, an application's secret for everything else
            CheckSubject::AgentId CheckOutcome::Failed [GET /cgi-bin/agent/get] WeCom refused with 301002: not allow operate another agent with this accesstoken => the agent id is not that of the application whose secret or token is used: use the secret and the agent id of the same application
            CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
        let small = r#"{"errcode":0,"errmsg":"ok","agentid":"7","name":"Dispatch","allow_userinfos":{"user":[{"userid":"noor.h"}]},"allow_partys":{"partyid":[]},"close":"1"}"#;
        check(
            Script::new([Ok(OK), Ok(small), Ok(OK)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
                CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
                CheckSubject::CallerAddress CheckOutcome::Passed [GET /cgi-bin/agent/get] WeCom accepts calls from here
                CheckSubject::ContactsSecret CheckOutcome::Passed [POST /cgi-bin/user/list_id] the contacts secret lists member ids
                CheckSubject::AgentId CheckOutcome::Failed [GET /cgi-bin/agent/get] the application 7 (Dispatch) is disabled => enable it in the console
                CheckSubject::VisibleRange CheckOutcome::Warned [GET /cgi-bin/agent/get] the application sees what was chosen: members: 1, departments: 0, tags: 0 => messages reach only these members, and group chats need the whole enterprise: widen the visible range in the console where that is not enough"#]],
        );
        let no_members = r#"{"errcode":0,"errmsg":"ok"}"#;
        let busy = r#"{"errcode":-1,"errmsg":"system busy"}"#;
        check(
            Script::new([Ok(OK), Ok(no_members), Ok(busy)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=app
            GET agent/get?access_token=app&agentid=7
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a corp id, an application's secret and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
                CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
                CheckSubject::CallerAddress CheckOutcome::Passed [GET /cgi-bin/agent/get] WeCom accepts calls from here
                CheckSubject::ContactsSecret CheckOutcome::Warned [POST /cgi-bin/user/list_id] WeCom refused for now with -1: system busy => WeCom is busy: wait and retry, at most three times; before sending a message again, see whether it arrived
                CheckSubject::AgentId CheckOutcome::Passed [GET /cgi-bin/agent/get] the secret is that of the application 7
                CheckSubject::VisibleRange CheckOutcome::Failed [GET /cgi-bin/agent/get] the application sees what was chosen: members: 0, departments: 0, tags: 0 => messages reach only these members, and group chats need the whole enterprise: widen the visible range in the console where that is not enough"#]],
        );
    }

    fn only(secret: Option<&str>, contacts: Option<&str>) -> Account {
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: secret.map(Into::into),
            contacts_secret: contacts.map(Into::into),
            agent_id: None,
            base_url: None,
        };
        Account::of_application(Application::Credentials(credentials), Vec::new).unwrap()
    }

    #[test]
    fn what_is_not_configured_is_skipped() {
        check(
            Script::of(only(None, Some("contacts")), [Ok(OK), Ok(OK)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=contacts
            POST user/list_id?access_token=contacts {"limit":1}"#]],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Warned [reading the credentials] the contacts secret is given, and no application's secret => for messages, group chats and files, give an application's secret: WECOM_SECRET or secret
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
                CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
                CheckSubject::CallerAddress CheckOutcome::Passed [POST /cgi-bin/user/list_id] WeCom accepts calls from here
                CheckSubject::ContactsSecret CheckOutcome::Passed [POST /cgi-bin/user/list_id] the contacts secret lists member ids
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] no application's secret is given
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] no application's secret is given"#]],
        );
        check(
            Script::of(only(Some("app"), None), [Ok(OK)]),
            expect!["GET get_api_domain_ip?access_token=app"],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Warned [reading the credentials] no agent id is given => for messages of the application, give its agent id: WECOM_AGENT_ID or agent-id
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
                CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/gettoken] WeCom issued a token for the corp id and the secret
                CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] no call was made that WeCom guards by address
                CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] no contacts secret is given
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] no agent id is given
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] no agent id is given"#]],
        );
        check(
            Script::of(only(None, None), []),
            expect![],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Failed [reading the credentials] secret is missing or empty in the credentials given => set the variables of the profile in the component's environment, or pass credentials
                CheckSubject::BaseUrl CheckOutcome::Skipped [GET /cgi-bin/get_api_domain_ip] an earlier check failed
                CheckSubject::Credentials CheckOutcome::Skipped [GET /cgi-bin/gettoken] an earlier check failed
                CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] an earlier check failed
                CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
                CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]],
        );
        let token = AccessToken { token: "T".into(), agent_id: Some(7), base_url: None };
        let account = Account::of_application(Application::Token(token), Vec::new).unwrap();
        check(
            Script::of(account, [Ok(OK), Ok(AGENT)]),
            expect![[r#"
            GET get_api_domain_ip?access_token=T
            GET agent/get?access_token=T&agentid=7"#]],
            expect![[r#"
                CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a token and an agent id are given
                CheckSubject::BaseUrl CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom responds at qyapi.weixin.qq.com
                CheckSubject::Credentials CheckOutcome::Passed [GET /cgi-bin/get_api_domain_ip] WeCom accepts the token
                CheckSubject::CallerAddress CheckOutcome::Passed [GET /cgi-bin/agent/get] WeCom accepts calls from here
                CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] a token is given, and no secret
                CheckSubject::AgentId CheckOutcome::Passed [GET /cgi-bin/agent/get] the secret is that of the application 7 (Dispatch)
                CheckSubject::VisibleRange CheckOutcome::Passed [GET /cgi-bin/agent/get] the application sees the whole enterprise"#]],
        );
        let error = invalid("application.profile", "must be at most 32 letters");
        let chatbot = misconfigured_chatbot(&error, Language::English);
        assert_eq!(chatbot.first().map(|it| it.outcome), Some(CheckOutcome::Failed));
        assert_eq!(chatbot.len(), 3);
        expect![[r#"
            CheckSubject::Configuration CheckOutcome::Failed [reading the credentials] application.profile must be at most 32 letters => 在组件的环境变量中设置该 profile 的变量，或在调用时传入凭证
            CheckSubject::BaseUrl CheckOutcome::Skipped [GET /cgi-bin/get_api_domain_ip] an earlier check failed
            CheckSubject::Credentials CheckOutcome::Skipped [GET /cgi-bin/gettoken] an earlier check failed
            CheckSubject::CallerAddress CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
            CheckSubject::ContactsSecret CheckOutcome::Skipped [POST /cgi-bin/user/list_id] an earlier check failed
            CheckSubject::AgentId CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed
            CheckSubject::VisibleRange CheckOutcome::Skipped [GET /cgi-bin/agent/get] an earlier check failed"#]].assert_eq(&lines(&misconfigured_application(&error, Language::Chinese)));
    }

    #[test]
    fn advice_is_in_the_language_asked_for() {
        let mut script = Script::new([Ok(UNTRUSTED), Ok(UNTRUSTED), Ok(OK)]);
        let found = check_application(&account(), &mut script, Language::Chinese);
        let advice: Vec<_> = found.iter().filter_map(|it| it.advice.as_deref()).collect();
        assert_eq!(advice, ["在管理后台将 203.0.113.7 加入企业可信IP，约一分钟后生效"]);
    }

    fn check_key<const N: usize>(
        key: &str,
        responses: [Result<&'static str, Failure>; N],
        findings: Expect,
    ) {
        let chatbot = ChatbotCredentials { key: key.into(), base_url: None };
        let account = Account::of_chatbot(Chatbot::Credentials(chatbot), Vec::new).unwrap();
        let mut script = Script::of(account.clone(), responses);
        let found = check_chatbot(&account, &mut script, Language::English);
        let requests = script.finish();
        assert!(
            requests.is_empty()
                || requests.starts_with("POST webhook/upload_media?key=0f&type=file"),
            "{requests}"
        );
        findings.assert_eq(&lines(&found));
    }

    #[test]
    fn chatbot_key_is_checked_by_an_upload() {
        let uploaded = r#"{"errcode":0,"errmsg":"ok","type":"file","media_id":"MID","created_at":"1789000100"}"#;
        check_key(
            "0f",
            [Ok(uploaded)],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a key is given
            CheckSubject::BaseUrl CheckOutcome::Passed [POST /cgi-bin/webhook/upload_media] WeCom responds at qyapi.weixin.qq.com
            CheckSubject::ChatbotKey CheckOutcome::Passed [POST /cgi-bin/webhook/upload_media] WeCom took a file for this chatbot"#]],
        );
        check_key(
            "0f",
            [Ok(r#"{"errcode":40058,"errmsg":"invalid param 'key'"}"#)],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a key is given
            CheckSubject::BaseUrl CheckOutcome::Passed [POST /cgi-bin/webhook/upload_media] WeCom responds
            CheckSubject::ChatbotKey CheckOutcome::Failed [POST /cgi-bin/webhook/upload_media] WeCom refused with 40058: invalid param 'key' => the key is wrong or the chatbot was removed: give the key of the webhook address"#]],
        );
        check_key(
            "0f",
            [Ok(r#"{"errcode":45009,"errmsg":"freq out of limit"}"#)],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a key is given
            CheckSubject::BaseUrl CheckOutcome::Passed [POST /cgi-bin/webhook/upload_media] WeCom responds
            CheckSubject::ChatbotKey CheckOutcome::Warned [POST /cgi-bin/webhook/upload_media] WeCom refused for now with 45009: freq out of limit => a chatbot may send 20 messages a minute: wait a minute, and spread the messages"#]],
        );
        check_key(
            "0f",
            [Err(Failure::NoResponse("reset", None))],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Passed [reading the credentials] a key is given
            CheckSubject::BaseUrl CheckOutcome::Failed [POST /cgi-bin/webhook/upload_media] /cgi-bin/webhook/upload_media: reset (qyapi.weixin.qq.com) => check the base url, name resolution and proxies, and that the host lets the component reach this server
            CheckSubject::ChatbotKey CheckOutcome::Skipped [POST /cgi-bin/webhook/upload_media] an earlier check failed"#]],
        );
        check_key(
            "",
            [],
            expect![[r#"
            CheckSubject::Configuration CheckOutcome::Failed [reading the credentials] key is missing or empty in the credentials given => set the variables of the profile in the component's environment, or pass credentials
            CheckSubject::BaseUrl CheckOutcome::Skipped [POST /cgi-bin/webhook/upload_media] an earlier check failed
            CheckSubject::ChatbotKey CheckOutcome::Skipped [POST /cgi-bin/webhook/upload_media] an earlier check failed"#]],
        );
    }
}
