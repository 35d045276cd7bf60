//! Which secret, token or key an action uses, where it is sent, and what a profile says.

use alloc::{format, string::String, vec, vec::Vec};

use crate::{
    bindings::exports::wecom::connector::types::{
        AgentId, Application, Chatbot, Error, InvalidField,
    },
    call::Access,
};

/// WeCom's own server.
const WECOM: &str = "https://qyapi.weixin.qq.com";

/// The environment, as pairs of name and value.
pub(crate) type Environment = [(String, String)];

/// Who calls, and where: everything about credentials that does not depend on the action.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) base: BaseUrl,
    pub(crate) agent_id: Option<AgentId>,
    held: Held,
    origin: Origin,
}

#[derive(Clone)]
enum Held {
    Token(String),
    Secrets { corp_id: Option<String>, application: Option<String>, contacts: Option<String> },
    Key(Option<String>),
}

/// Where the credentials stood, to name what is missing.
#[derive(Clone)]
enum Origin {
    /// The beginning of the names of the variables.
    Profile(String),
    Arguments,
}

/// What one call proves itself with.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Grant<'a> {
    Token(&'a str),
    Secret { corp_id: &'a str, secret: &'a str },
    Key(&'a str),
}

/// A base URL.
#[derive(Clone)]
pub(crate) struct BaseUrl {
    pub(crate) server: Server,
    /// As it was given; none for WeCom's own server.
    pub(crate) given: Option<String>,
}

/// Where calls go.
#[derive(Clone, PartialEq)]
pub(crate) struct Server {
    pub(crate) https: bool,
    pub(crate) authority: String,
    /// Without a slash at the end.
    pub(crate) path: String,
}

impl Account {
    pub(crate) fn of_application(
        application: Application,
        environment: &Environment,
    ) -> Result<Self, Error> {
        match application {
            Application::Profile(name) => {
                let profile = Profile::new("application.profile", &name, environment)?;
                let agent_id = profile.agent_id()?;
                Ok(Self {
                    base: profile.base_url()?,
                    agent_id,
                    held: Held::Secrets {
                        corp_id: profile.get("CORP_ID"),
                        application: profile.get("SECRET"),
                        contacts: profile.get("CONTACTS_SECRET"),
                    },
                    origin: Origin::Profile(profile.prefix),
                })
            }
            Application::Credentials(it) => Ok(Self {
                base: BaseUrl::parse("application.credentials.base-url", it.base_url)?,
                agent_id: it.agent_id,
                held: Held::Secrets {
                    corp_id: not_empty(Some(it.corp_id)),
                    application: not_empty(it.secret),
                    contacts: not_empty(it.contacts_secret),
                },
                origin: Origin::Arguments,
            }),
            Application::Token(it) => Ok(Self {
                base: BaseUrl::parse("application.token.base-url", it.base_url)?,
                agent_id: it.agent_id,
                held: Held::Token(it.token),
                origin: Origin::Arguments,
            }),
        }
    }

    pub(crate) fn of_chatbot(chatbot: Chatbot, environment: &Environment) -> Result<Self, Error> {
        match chatbot {
            Chatbot::Profile(name) => {
                let profile = Profile::new("chatbot.profile", &name, environment)?;
                Ok(Self {
                    base: profile.base_url()?,
                    agent_id: None,
                    held: Held::Key(profile.get("CHATBOT_KEY")),
                    origin: Origin::Profile(profile.prefix),
                })
            }
            Chatbot::Credentials(it) => Ok(Self {
                base: BaseUrl::parse("chatbot.credentials.base-url", it.base_url)?,
                agent_id: None,
                held: Held::Key(not_empty(Some(it.key))),
                origin: Origin::Arguments,
            }),
        }
    }

    /// What a call of this kind proves itself with. Where only one secret is held, it serves for both kinds.
    pub(crate) fn grant(&self, access: Access) -> Result<Grant<'_>, Error> {
        match &self.held {
            Held::Token(token) if token.is_empty() => Err(self.missing("TOKEN", "token")),
            Held::Token(token) => Ok(Grant::Token(token)),
            Held::Key(key) => {
                let key = key.as_deref().ok_or_else(|| self.missing("CHATBOT_KEY", "key"))?;
                Ok(Grant::Key(key))
            }
            Held::Secrets { corp_id, application, contacts } => {
                let missing = |variable, field| move || self.missing(variable, field);
                let corp_id = corp_id.as_deref().ok_or_else(missing("CORP_ID", "corp-id"))?;
                let (application, contacts) = (application.as_deref(), contacts.as_deref());
                let secret = match access {
                    Access::Contacts => contacts
                        .or(application)
                        .ok_or_else(missing("CONTACTS_SECRET", "contacts-secret")),
                    _ => application.or(contacts).ok_or_else(missing("SECRET", "secret")),
                }?;
                Ok(Grant::Secret { corp_id, secret })
            }
        }
    }

    pub(crate) fn missing_agent_id(&self) -> Error {
        self.missing("AGENT_ID", "agent-id")
    }

    fn missing(&self, variable: &str, field: &str) -> Error {
        Error::PermanentMissingCredential(match &self.origin {
            Origin::Profile(prefix) => {
                format!("the environment variable {prefix}{variable} is not set")
            }
            Origin::Arguments => format!("{field} is missing or empty in the credentials given"),
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

    fn base_url(&self) -> Result<BaseUrl, Error> {
        BaseUrl::parse(&format!("{}BASE_URL", self.prefix), self.get("BASE_URL"))
    }
}

impl BaseUrl {
    fn parse(field: &str, given: Option<String>) -> Result<Self, Error> {
        let url = given.as_deref().unwrap_or(WECOM);
        let (https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => {
                return Err(invalid(
                    field,
                    "must begin with https://, or http:// for a loopback address",
                ));
            }
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let Some(host) = host(authority) else {
            return Err(invalid(
                field,
                "must name a host, and at most a port and a path beside it",
            ));
        };
        if !https && !is_loopback(host) {
            return Err(invalid(
                field,
                "http:// is for loopback addresses only: secrets would travel in the clear",
            ));
        }
        if !path.bytes().all(|it| it.is_ascii_alphanumeric() || b"/-._~".contains(&it)) {
            return Err(invalid(
                field,
                "must have a path of letters, digits and `/ - . _ ~`, and nothing after it",
            ));
        }
        let path = path.trim_end_matches('/').into();
        Ok(Self { server: Server { https, authority: authority.into(), path }, given })
    }
}

/// The host of `host[:port]`, if that is what it is.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => {
            (authority.get(..colon)?, authority.get(colon + 1..))
        }
        _ => (authority, None),
    };
    let name = match host.strip_prefix('[') {
        Some(address) => address
            .strip_suffix(']')
            .filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b))),
        None => Some(host)
            .filter(|it| it.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))),
    }?;
    let port_is_right = port.is_none_or(|it| {
        it.parse::<u16>().is_ok_and(|it| it > 0) && it.bytes().all(|b| b.is_ascii_digit())
    });
    (!name.is_empty() && port_is_right).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let is_127 = || {
        let parts: Vec<_> = host.split('.').collect();
        parts.first() == Some(&"127")
            && parts.len() == 4
            && parts.iter().all(|it| it.parse::<u8>().is_ok())
    };
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || is_127()
}

fn not_empty(text: Option<String>) -> Option<String> {
    text.filter(|it| !it.is_empty())
}

/// Credentials are checked before there is a call whose violations could be collected.
fn invalid(field: &str, reason: &str) -> Error {
    Error::PermanentInvalidInput(vec![InvalidField { field: field.into(), reason: reason.into() }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::exports::wecom::connector::types::{
        AccessToken, ApplicationCredentials, ChatbotCredentials,
    };

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
        Account::of_application(Application::Profile(name.into()), &environment())
    }

    fn given(base_url: &str) -> Result<Account, Error> {
        Account::of_application(
            Application::Token(AccessToken {
                token: "t".into(),
                agent_id: None,
                base_url: Some(base_url.into()),
            }),
            &[],
        )
    }

    fn secret(account: &Account, access: Access) -> String {
        match account.grant(access) {
            Ok(Grant::Secret { corp_id, secret }) => format!("{corp_id}/{secret}"),
            _ => panic!("no secret"),
        }
    }

    #[test]
    fn an_action_gets_the_secret_that_it_needs() {
        let unnamed = profile("").unwrap();
        assert_eq!(secret(&unnamed, Access::Application), "corp/app");
        assert_eq!(secret(&unnamed, Access::Contacts), "corp/contacts");
        assert_eq!(unnamed.agent_id, Some(1_000_002));
        assert_eq!(
            (unnamed.base.server.authority.as_str(), unnamed.base.server.path.as_str()),
            ("127.0.0.1:8080", "/wecom")
        );

        let sales = profile("sales").unwrap();
        assert_eq!(secret(&sales, Access::Contacts), "other/only");
        assert_eq!(sales.agent_id, None);
        assert_eq!(sales.base.server.authority, "qyapi.weixin.qq.com");
    }

    #[test]
    fn what_is_missing_is_named() {
        for (name, access, text) in [
            (
                "nobody",
                Access::Contacts,
                "the environment variable WECOM_NOBODY_CORP_ID is not set",
            ),
            (
                "no-body",
                Access::Application,
                "the environment variable WECOM_NO_BODY_CORP_ID is not set",
            ),
        ] {
            let Err(Error::PermanentMissingCredential(found)) =
                profile(name).unwrap().grant(access)
            else {
                panic!("nothing is missing")
            };
            assert_eq!(found, text);
        }
        let chatbot =
            Chatbot::Credentials(ChatbotCredentials { key: String::new(), base_url: None });
        let Err(Error::PermanentMissingCredential(found)) =
            Account::of_chatbot(chatbot, &[]).unwrap().grant(Access::Chatbot)
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
        let account = Account::of_application(Application::Credentials(credentials), &[]).unwrap();
        assert!(matches!(
            account.grant(Access::Application),
            Err(Error::PermanentMissingCredential(_))
        ));
    }

    #[test]
    fn a_profile_has_a_name_that_is_no_other() {
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
    fn secrets_travel_in_the_clear_only_on_loopback() {
        for (url, accepted) in [
            ("https://proxy.example", true),
            ("https://proxy.example:8443/wecom/", true),
            ("http://localhost:1", true),
            ("http://127.0.0.1:65535", true),
            ("http://[::1]:80", true),
            ("http://proxy.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://127.evil.example", false),
            ("http://localhost@evil.example", false),
            ("https://a@evil.example", false),
            ("https://", false),
            ("https://:443", false),
            ("https://a:0", false),
            ("https://a:+1", false),
            ("https://a:65536", false),
            ("https://a/b?c", false),
            ("https://a?b", false),
            ("https://a b", false),
            ("ftp://a", false),
            ("", false),
        ] {
            assert_eq!(given(url).is_ok(), accepted, "{url}");
        }
    }
}
