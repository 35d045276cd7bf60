//! The applications and chatbots of the corp, which never change.

use crate::known;

/// An application, or the contacts-sync assistant, which has no agent id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct App {
    /// Its name in the transcript, where its secret must not appear.
    pub(crate) role: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) agent_id: Option<u32>,
    pub(crate) visibility: Visibility,
}

/// The part of the corp that an application sees.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    Whole,
    Narrow { department: u32, member: &'static str },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chatbot {
    pub(crate) role: &'static str,
    pub(crate) key: &'static str,
}

pub(crate) static APPS: [App; 4] = [
    App {
        role: "contacts",
        secret: known::CONTACTS_SECRET,
        agent_id: None,
        visibility: Visibility::Whole,
    },
    App {
        role: "app",
        secret: known::APP_SECRET,
        agent_id: Some(known::AGENT_ID),
        visibility: Visibility::Whole,
    },
    App {
        role: "second app",
        secret: known::SECOND_APP_SECRET,
        agent_id: Some(known::SECOND_AGENT_ID),
        visibility: Visibility::Whole,
    },
    App {
        role: "narrow app",
        secret: known::NARROW_APP_SECRET,
        agent_id: Some(known::NARROW_AGENT_ID),
        visibility: Visibility::Narrow {
            department: known::NARROW_DEPARTMENT_ID,
            member: known::FOUNDER,
        },
    },
];

pub(crate) static CHATBOTS: [Chatbot; 2] = [
    Chatbot { role: "chatbot", key: known::CHATBOT_KEY },
    Chatbot { role: "second chatbot", key: known::SECOND_CHATBOT_KEY },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn secrets_keys_and_roles_are_unique() {
        let secrets: BTreeSet<_> =
            APPS.iter().map(|it| it.secret).chain(CHATBOTS.iter().map(|it| it.key)).collect();
        let roles: BTreeSet<_> =
            APPS.iter().map(|it| it.role).chain(CHATBOTS.iter().map(|it| it.role)).collect();
        assert_eq!((secrets.len(), roles.len()), (6, 6));
    }
}
