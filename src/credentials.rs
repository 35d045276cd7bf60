//! Which secret, token or key a call uses; profiles in the environment.

use alloc::{format, string::String, vec::Vec};

use crate::{
    base_url::BaseUrl,
    bindings::wit::types::{AgentId, Application, Chatbot, Error},
    call::Auth,
    validate::invalid,
};

/// Names and values.
pub(crate) type Environment = Vec<(String, String)>;

/// Everything about the credentials of a call that does not depend on the action.
pub(crate) struct Account {
    pub(crate) base: BaseUrl,
    /// The base URL as the credentials have it.
    pub(crate) given_base_url: Option<String>,
    pub(crate) agent_id: Option<AgentId>,
    stored: StoredCredentials,
    source: CredentialSource,
}

enum StoredCredentials {
    Token(String),
    Secrets { corp_id: Option<String>, application: Option<String>, contacts: Option<String> },
    Key(Option<String>),
}

/// For naming the missing variable or field in errors.
enum CredentialSource {
    /// The prefix of the names of the variables.
    Environment(String),
    Arguments,
}

/// What authenticates one call.
#[derive(Clone, Copy)]
pub(crate) enum Credential<'a> {
    Token(&'a str),
    Secret { corp_id: &'a str, secret: &'a str },
    Key(&'a str),
}

impl Account {
    /// Calls `environment` for a profile only.
    pub(crate) fn of_application(
        application: Application,
        environment: impl FnOnce() -> Environment,
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
                    corp_id: non_empty(Some(it.corp_id)),
                    application: non_empty(it.secret),
                    contacts: non_empty(it.contacts_secret),
                };
                Self::given("application.credentials.base-url", it.base_url, it.agent_id, stored)
            }
            Application::Token(it) => {
                let stored = StoredCredentials::Token(it.token);
                Self::given("application.token.base-url", it.base_url, it.agent_id, stored)
            }
        }
    }

    /// Calls `environment` for a profile only.
    pub(crate) fn of_chatbot(
        chatbot: Chatbot,
        environment: impl FnOnce() -> Environment,
    ) -> Result<Self, Error> {
        match chatbot {
            Chatbot::Profile(name) => {
                let environment = environment();
                let profile = Profile::new("chatbot.profile", &name, &environment)?;
                let stored = StoredCredentials::Key(profile.get("CHATBOT_KEY"));
                profile.account(None, stored)
            }
            Chatbot::Credentials(it) => {
                let stored = StoredCredentials::Key(non_empty(Some(it.key)));
                Self::given("chatbot.credentials.base-url", it.base_url, None, stored)
            }
        }
    }

    fn given(
        field: &str,
        base_url: Option<String>,
        agent_id: Option<AgentId>,
        stored: StoredCredentials,
    ) -> Result<Self, Error> {
        Ok(Self {
            base: BaseUrl::parse(field, base_url.as_deref())?,
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
                let key = key.as_deref().ok_or_else(|| self.missing("CHATBOT_KEY", "key"))?;
                Ok(Credential::Key(key))
            }
            StoredCredentials::Secrets { corp_id, application, contacts } => {
                let missing = |variable, field| move || self.missing(variable, field);
                let corp_id = corp_id.as_deref().ok_or_else(missing("CORP_ID", "corp-id"))?;
                let (application, contacts) = (application.as_deref(), contacts.as_deref());
                let secret = match auth {
                    Auth::Contacts => contacts
                        .or(application)
                        .ok_or_else(missing("CONTACTS_SECRET", "contacts-secret")),
                    _ => application.or(contacts).ok_or_else(missing("SECRET", "secret")),
                }?;
                Ok(Credential::Secret { corp_id, secret })
            }
        }
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
        found.map(|(_, value)| value.clone()).filter(|it| !it.is_empty())
    }

    fn agent_id(&self) -> Result<Option<AgentId>, Error> {
        let Some(text) = self.get("AGENT_ID") else { return Ok(None) };
        let field = format!("{}AGENT_ID", self.prefix);
        text.trim().parse().map(Some).map_err(|_| invalid(&field, "must be a number"))
    }

    fn account(
        self,
        agent_id: Option<AgentId>,
        stored: StoredCredentials,
    ) -> Result<Account, Error> {
        let url = self.get("BASE_URL");
        Ok(Account {
            base: BaseUrl::parse(&format!("{}BASE_URL", self.prefix), url.as_deref())?,
            given_base_url: url,
            agent_id,
            stored,
            source: CredentialSource::Environment(self.prefix),
        })
    }
}

fn non_empty(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::wit::types::{ApplicationCredentials, ChatbotCredentials};

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
            Ok(Credential::Secret { corp_id, secret }) => format!("{corp_id}/{secret}"),
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
}
