//! Which secret, token or key a call uses; profiles in the environment.

use alloc::{format, string::String, vec::Vec};

use crate::{
    base_url::BaseUrl,
    bindings::wit::types::{AgentId, Application, Chatbot, Error, Language},
    validate::invalid,
};

/// The credential that a call needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Auth {
    /// None: `gettoken`.
    None,
    /// A token of the application's secret.
    Application,
    /// A token of the contacts secret.
    Contacts,
    /// A chatbot's key.
    Chatbot,
}

/// Names and values.
pub(crate) type Environment = Vec<(String, String)>;

/// Everything about the credentials of a call that does not depend on the action.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) base: BaseUrl,
    /// The base URL as the credentials have it.
    pub(crate) given_base_url: Option<String>,
    pub(crate) agent_id: Option<AgentId>,
    stored: StoredCredentials,
    source: CredentialSource,
}

#[derive(Clone)]
enum StoredCredentials {
    Token(String),
    Secrets { corp_id: Option<String>, application: Option<String>, contacts: Option<String> },
    Key(Option<String>),
}

/// For naming the missing variable or field in errors.
#[derive(Clone)]
enum CredentialSource {
    /// The prefix of the names of the variables.
    Environment(String),
    Arguments,
}

/// What authenticates one call.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    Token(&'a str),
    Secret {
        corp_id: &'a str,
        secret: &'a str,
        /// It is the other kind of secret, as the one that the call needs is not given.
        substitute: bool,
    },
    Key(&'a str),
}

/// Allows plain http to another machine, for private deployments.
const ALLOW_HTTP: &str = "WECOM_ALLOW_HTTP";

impl Account {
    /// Calls `environment` only where it is needed.
    pub(crate) fn of_application(
        application: Application,
        environment: impl Fn() -> Environment,
    ) -> Result<Self, Error> {
        match application {
            Application::Profile(name) => {
                let environment = environment();
                let profile = Profile::new("application.profile", &name, &environment)?;
                let agent_id = profile.agent_id()?;
                let stored = StoredCredentials::Secrets {
                    corp_id: profile.get("CORP_ID"),
                    application: profile.get("SECRET"),
                    contacts: profile.get("CONTACTS_SECRET"),
                };
                profile.account(agent_id, stored)
            }
            Application::Credentials(it) => {
                let stored = StoredCredentials::Secrets {
                    corp_id: trimmed(Some(&it.corp_id)),
                    application: trimmed(it.secret.as_deref()),
                    contacts: trimmed(it.contacts_secret.as_deref()),
                };
                let field = "application.credentials.base-url";
                Self::given(field, it.base_url, it.agent_id, stored, environment)
            }
            Application::Token(it) => {
                let stored = StoredCredentials::Token(it.token.trim().into());
                let field = "application.token.base-url";
                Self::given(field, it.base_url, it.agent_id, stored, environment)
            }
        }
    }

    /// Calls `environment` only where it is needed.
    pub(crate) fn of_chatbot(
        chatbot: Chatbot,
        environment: impl Fn() -> Environment,
    ) -> Result<Self, Error> {
        match chatbot {
            Chatbot::Profile(name) => {
                let environment = environment();
                let profile = Profile::new("chatbot.profile", &name, &environment)?;
                let stored = StoredCredentials::Key(profile.get("CHATBOT_KEY").map(webhook_key));
                profile.account(None, stored)
            }
            Chatbot::Credentials(it) => {
                let stored = StoredCredentials::Key(trimmed(Some(&it.key)).map(webhook_key));
                Self::given("chatbot.credentials.base-url", it.base_url, None, stored, environment)
            }
        }
    }

    fn given(
        field: &str,
        base_url: Option<String>,
        agent_id: Option<AgentId>,
        stored: StoredCredentials,
        environment: impl Fn() -> Environment,
    ) -> Result<Self, Error> {
        Ok(Self {
            base: BaseUrl::parse(field, base_url.as_deref(), || allows_http(&environment()))?,
            given_base_url: base_url,
            agent_id,
            stored,
            source: CredentialSource::Arguments,
        })
    }

    /// What authenticates a call. Where there is only one secret, it serves for both kinds.
    pub(crate) fn credential(&self, auth: Auth) -> Result<Credential<'_>, Error> {
        match &self.stored {
            StoredCredentials::Token(token) if token.is_empty() => {
                Err(self.missing("TOKEN", "token"))
            }
            StoredCredentials::Token(token) => Ok(Credential::Token(token)),
            StoredCredentials::Key(key) => {
                let key = key.as_deref().filter(|it| !it.is_empty());
                let key = key.ok_or_else(|| self.missing("CHATBOT_KEY", "key"))?;
                Ok(Credential::Key(key))
            }
            StoredCredentials::Secrets { corp_id, application, contacts } => {
                let missing = |variable, field| move || self.missing(variable, field);
                let corp_id = corp_id.as_deref().ok_or_else(missing("CORP_ID", "corp-id"))?;
                let (application, contacts) = (application.as_deref(), contacts.as_deref());
                let (own, other) = match auth {
                    Auth::Contacts => (contacts, application),
                    _ => (application, contacts),
                };
                let secret = own.or(other).ok_or_else(match auth {
                    Auth::Contacts => missing("CONTACTS_SECRET", "contacts-secret"),
                    _ => missing("SECRET", "secret"),
                })?;
                Ok(Credential::Secret { corp_id, secret, substitute: own.is_none() })
            }
        }
    }

    /// Whether a token was given instead of credentials.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self.stored, StoredCredentials::Token(_))
    }

    pub(crate) fn missing_agent_id(&self) -> Error {
        self.missing("AGENT_ID", "agent-id")
    }

    fn missing(&self, variable: &str, field: &str) -> Error {
        Error::PermanentMissingCredential(match &self.source {
            CredentialSource::Environment(prefix) => {
                format!("the environment variable {prefix}{variable} is not set")
            }
            CredentialSource::Arguments => {
                format!("{field} is missing or empty in the credentials given")
            }
        })
    }
}

/// A named set of variables in the environment.
struct Profile<'a> {
    prefix: String,
    environment: &'a Environment,
}

impl<'a> Profile<'a> {
    fn new(field: &str, name: &str, environment: &'a Environment) -> Result<Self, Error> {
        if name.is_empty() {
            return Ok(Self { prefix: String::from("WECOM_"), environment });
        }
        let name = name.to_ascii_uppercase().replace('-', "_");
        if name.len() > 32 || !name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') {
            return Err(invalid(field, "must be at most 32 letters, digits, `-` and `_`"));
        }
        if name.ends_with("CONTACTS") {
            // WECOM_CONTACTS_SECRET would be both this profile's secret and the other's contacts secret.
            return Err(invalid(field, "must not end in `contacts`"));
        }
        Ok(Self { prefix: format!("WECOM_{name}_"), environment })
    }

    fn get(&self, name: &str) -> Option<String> {
        let found = self
            .environment
            .iter()
            .find(|(it, _)| it.strip_prefix(self.prefix.as_str()) == Some(name));
        trimmed(found.map(|(_, value)| value.as_str()))
    }

    fn agent_id(&self) -> Result<Option<AgentId>, Error> {
        let Some(text) = self.get("AGENT_ID") else { return Ok(None) };
        let field = format!("{}AGENT_ID", self.prefix);
        text.parse().map(Some).map_err(|_| invalid(&field, "must be a number"))
    }

    fn account(
        self,
        agent_id: Option<AgentId>,
        stored: StoredCredentials,
    ) -> Result<Account, Error> {
        let url = self.get("BASE_URL");
        Ok(Account {
            base: BaseUrl::parse(&format!("{}BASE_URL", self.prefix), url.as_deref(), || {
                allows_http(self.environment)
            })?,
            given_base_url: url,
            agent_id,
            stored,
            source: CredentialSource::Environment(self.prefix),
        })
    }
}

/// The language of hints and advice: `zh…` in `WECOM_LANG` is Chinese.
pub(crate) fn language(environment: &Environment) -> Language {
    let found = environment.iter().find(|(name, _)| name == "WECOM_LANG");
    let is_chinese = |(_, value): &(String, String)| {
        value.trim().get(..2).is_some_and(|it| it.eq_ignore_ascii_case("zh"))
    };
    if found.is_some_and(is_chinese) { Language::Chinese } else { Language::English }
}

fn allows_http(environment: &Environment) -> bool {
    environment.iter().any(|(name, value)| name == ALLOW_HTTP && value.trim() == "1")
}

/// No credential holds white space at its ends, and files and scripts leave line breaks there. `None` for an empty text.
fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|it| !it.is_empty()).map(String::from)
}

/// The key alone. The console shows the whole webhook address.
fn webhook_key(key: String) -> String {
    let rest = match (key.split_once("?key="), key.split_once("&key=")) {
        (Some((_, rest)), _) | (None, Some((_, rest))) => rest,
        (None, None) => match key.strip_prefix("key=") {
            Some(rest) => rest,
            None => return key,
        },
    };
    rest.split(['&', '#']).next().unwrap_or_default().trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::wit::types::{AccessToken, ApplicationCredentials, ChatbotCredentials};

    fn environment() -> Vec<(String, String)> {
        [
            ("WECOM_CORP_ID", "corp"),
            ("WECOM_SECRET", "app"),
            ("WECOM_CONTACTS_SECRET", "contacts"),
            ("WECOM_AGENT_ID", "1000002"),
            ("WECOM_CHATBOT_KEY", "key"),
            ("WECOM_BASE_URL", "http://127.0.0.1:8080/wecom/"),
            ("WECOM_SALES_CORP_ID", "other"),
            ("WECOM_SALES_SECRET", "only"),
        ]
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec()
    }

    fn profile(name: &str) -> Result<Account, Error> {
        Account::of_application(Application::Profile(name.into()), environment)
    }

    fn secret(account: &Account, access: Auth) -> String {
        match account.credential(access) {
            Ok(Credential::Secret { corp_id, secret, .. }) => format!("{corp_id}/{secret}"),
            _ => panic!("no secret"),
        }
    }

    #[test]
    fn action_gets_the_secret_that_it_needs() {
        let unnamed = profile("").unwrap();
        assert_eq!(secret(&unnamed, Auth::Application), "corp/app");
        assert_eq!(secret(&unnamed, Auth::Contacts), "corp/contacts");
        assert_eq!(unnamed.agent_id, Some(1_000_002));
        assert_eq!(
            (unnamed.base.authority.as_str(), unnamed.base.path.as_str()),
            ("127.0.0.1:8080", "/wecom")
        );

        let sales = profile("sales").unwrap();
        assert_eq!(secret(&sales, Auth::Contacts), "other/only");
        assert_eq!(sales.agent_id, None);
        assert_eq!(sales.base.authority, "qyapi.weixin.qq.com");
    }

    #[test]
    fn missing_variable_or_field_is_named() {
        for (name, access, text) in [
            ("nobody", Auth::Contacts, "the environment variable WECOM_NOBODY_CORP_ID is not set"),
            (
                "no-body",
                Auth::Application,
                "the environment variable WECOM_NO_BODY_CORP_ID is not set",
            ),
        ] {
            let Err(Error::PermanentMissingCredential(found)) =
                profile(name).unwrap().credential(access)
            else {
                panic!("nothing is missing")
            };
            assert_eq!(found, text);
        }
        let chatbot =
            Chatbot::Credentials(ChatbotCredentials { key: String::new(), base_url: None });
        let Err(Error::PermanentMissingCredential(found)) =
            Account::of_chatbot(chatbot, Vec::new).unwrap().credential(Auth::Chatbot)
        else {
            panic!("nothing is missing")
        };
        assert_eq!(found, "key is missing or empty in the credentials given");
        let credentials = ApplicationCredentials {
            corp_id: "corp".into(),
            secret: None,
            contacts_secret: None,
            agent_id: None,
            base_url: None,
        };
        let account =
            Account::of_application(Application::Credentials(credentials), Vec::new).unwrap();
        assert!(matches!(
            account.credential(Auth::Application),
            Err(Error::PermanentMissingCredential(_))
        ));
    }

    #[test]
    fn missing_secret_is_that_of_the_call() {
        let environment = || [("WECOM_CORP_ID".into(), "corp".into())].to_vec();
        let account =
            Account::of_application(Application::Profile(String::new()), environment).unwrap();
        for (auth, variable) in
            [(Auth::Application, "WECOM_SECRET"), (Auth::Contacts, "WECOM_CONTACTS_SECRET")]
        {
            let Err(Error::PermanentMissingCredential(found)) = account.credential(auth) else {
                panic!("nothing is missing")
            };
            assert_eq!(found, format!("the environment variable {variable} is not set"));
        }
    }

    #[test]
    fn empty_token_is_missing() {
        for (token, accepted) in [("T", true), (" T\n", true), ("", false), (" \n", false)] {
            let token = AccessToken { token: token.into(), agent_id: None, base_url: None };
            let account = Account::of_application(Application::Token(token), Vec::new).unwrap();
            let found = account.credential(Auth::Application);
            assert_eq!(matches!(found, Ok(Credential::Token("T"))), accepted);
            let missing = matches!(found, Err(Error::PermanentMissingCredential(_)));
            assert_eq!(missing, !accepted);
        }
    }

    #[test]
    fn plain_http_is_allowed_by_its_variable_alone() {
        for (variable, accepted) in [
            (None, false),
            (Some(("WECOM_ALLOW_HTTP", "1")), true),
            (Some(("WECOM_ALLOW_HTTP", " 1\n")), true),
            (Some(("WECOM_ALLOW_HTTP", "0")), false),
            (Some(("WECOM_ALLOW_HTTP", "")), false),
            (Some(("WECOM_SALES_ALLOW_HTTP", "1")), false),
        ] {
            let environment = || {
                let variable = variable.map(|(name, value)| (name.into(), value.into()));
                let url = ("WECOM_BASE_URL".into(), "http://wecom.invalid".into());
                variable.into_iter().chain([url]).collect()
            };
            let profile = Account::of_chatbot(Chatbot::Profile(String::new()), environment);
            assert_eq!(profile.is_ok(), accepted, "{variable:?}");
            let given = ChatbotCredentials {
                key: "K".into(),
                base_url: Some("http://wecom.invalid".into()),
            };
            let given = Account::of_chatbot(Chatbot::Credentials(given), environment);
            assert_eq!(given.is_ok(), accepted, "{variable:?}");
        }
    }

    #[test]
    fn profile_names_are_unambiguous() {
        for (name, accepted) in [
            ("sales", true),
            ("a_b-9", true),
            ("contacts", false),
            ("sales-contacts", false),
            ("a b", false),
            ("部", false),
        ] {
            assert_eq!(profile(name).is_ok(), accepted, "{name}");
        }
        assert!(profile(&"a".repeat(32)).is_ok());
        assert!(profile(&"a".repeat(33)).is_err());
    }

    #[test]
    fn white_space_around_credentials_is_dropped() {
        let environment = || {
            [
                ("WECOM_CORP_ID", " corp\r\n"),
                ("WECOM_SECRET", "app\r\n"),
                ("WECOM_CONTACTS_SECRET", "\tcontacts \n"),
                ("WECOM_AGENT_ID", " 0\n"),
                ("WECOM_CHATBOT_KEY", " key\n"),
                ("WECOM_BASE_URL", "https://a.example/ \r\n"),
            ]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec()
        };
        let account =
            Account::of_application(Application::Profile(String::new()), environment).unwrap();
        assert_eq!(secret(&account, Auth::Application), "corp/app");
        assert_eq!(secret(&account, Auth::Contacts), "corp/contacts");
        assert_eq!((account.agent_id, account.base.authority.as_str()), (Some(0), "a.example"));
        let chatbot = Account::of_chatbot(Chatbot::Profile(String::new()), environment).unwrap();
        assert!(matches!(chatbot.credential(Auth::Chatbot), Ok(Credential::Key("key"))));
    }

    #[test]
    fn language_is_that_of_the_environment() {
        for (value, expected) in [
            (Some("zh"), Language::Chinese),
            (Some("zh_CN.UTF-8"), Language::Chinese),
            (Some(" ZH-tw\n"), Language::Chinese),
            (Some("en"), Language::English),
            (Some("z"), Language::English),
            (Some("中文"), Language::English),
            (None, Language::English),
        ] {
            let environment: Environment =
                value.map(|it| ("WECOM_LANG".into(), it.into())).into_iter().collect();
            assert_eq!(language(&environment), expected, "{value:?}");
        }
    }

    #[test]
    fn webhook_address_is_understood_as_key() {
        for (given, key) in [
            ("0f-1a", Some("0f-1a")),
            (" https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=0f-1a\n", Some("0f-1a")),
            ("https://a.example/send?debug=1&key=0f-1a&x=2#y", Some("0f-1a")),
            ("key=0f-1a", Some("0f-1a")),
            ("monkey=0f-1a", Some("monkey=0f-1a")),
            ("https://a.example/send?key=", Some("")),
        ] {
            let chatbot =
                Chatbot::Credentials(ChatbotCredentials { key: given.into(), base_url: None });
            let account = Account::of_chatbot(chatbot, Vec::new).unwrap();
            let found = match account.credential(Auth::Chatbot) {
                Ok(Credential::Key(key)) => Some(key),
                _ => None,
            };
            assert_eq!(found, key.filter(|it| !it.is_empty()), "{given}");
        }
    }

    #[test]
    fn other_secret_is_a_substitute() {
        let substitute = |name: &str, auth| match profile(name).unwrap().credential(auth) {
            Ok(Credential::Secret { substitute, .. }) => substitute,
            _ => panic!("no secret"),
        };
        assert!(!substitute("", Auth::Contacts));
        assert!(!substitute("", Auth::Application));
        assert!(substitute("sales", Auth::Contacts));
        assert!(!substitute("sales", Auth::Application));
    }
}
