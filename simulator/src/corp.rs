//! What one simulator knows: a corp with its contents, and the cast that never changes.

use std::time::{Duration, Instant};

use crate::{
    chatbots::Chatbots, departments::Departments, group_chats::GroupChats, known, media::Store,
    members::Members, messages::Messages, text, tokens::Tokens,
};

/// An application, or the contacts-sync assistant, which has no agent id.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct App {
    /// What it is called wherever its secret must not stand.
    pub(crate) role: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) agent_id: Option<u32>,
    pub(crate) sight: Sight,
}

/// What an application sees of the corp.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    Whole,
    Narrow { department: u32, member: &'static str },
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chatbot {
    pub(crate) role: &'static str,
    pub(crate) key: &'static str,
}

pub(crate) static APPS: [App; 4] = [
    App { role: "contacts", secret: known::CONTACTS_SECRET, agent_id: None, sight: Sight::Whole },
    App {
        role: "app",
        secret: known::APP_SECRET,
        agent_id: Some(known::AGENT_ID),
        sight: Sight::Whole,
    },
    App {
        role: "second app",
        secret: known::SECOND_APP_SECRET,
        agent_id: Some(known::SECOND_AGENT_ID),
        sight: Sight::Whole,
    },
    App {
        role: "narrow app",
        secret: known::NARROW_APP_SECRET,
        agent_id: Some(known::NARROW_AGENT_ID),
        sight: Sight::Narrow { department: known::NARROW_DEPARTMENT_ID, member: known::FOUNDER },
    },
];

pub(crate) static CHATBOTS: [Chatbot; 2] = [
    Chatbot { role: "chatbot", key: known::CHATBOT_KEY },
    Chatbot { role: "second chatbot", key: known::SECOND_CHATBOT_KEY },
];

#[derive(Clone)]
pub(crate) struct Corp {
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) departments: Departments,
    pub(crate) members: Members,
    pub(crate) group_chats: GroupChats,
    pub(crate) messages: Messages,
    pub(crate) chatbots: Chatbots,
    pub(crate) media: Store,
    serial: u64,
}

/// Time since 1970, which starts at a fixed moment and moves when told to.
#[derive(Clone)]
pub(crate) struct Clock {
    advanced: Duration,
    ticking_since: Option<Instant>,
}

impl Corp {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            tokens: Tokens::default(),
            departments: Departments::new(),
            members: Members::new(),
            group_chats: GroupChats::default(),
            messages: Messages::default(),
            chatbots: Chatbots::default(),
            media: Store::default(),
            serial: 0,
        }
    }

    /// A number that no earlier call got.
    pub(crate) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// An identifier that no earlier call got.
    pub(crate) fn fresh(&mut self, label: &str, length: usize) -> String {
        text::opaque(label, self.next(), length)
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }
}

impl Clock {
    const START: Duration = Duration::from_secs(1_789_000_000);

    pub(crate) fn standing() -> Self {
        Self { advanced: Duration::ZERO, ticking_since: None }
    }

    pub(crate) fn ticking() -> Self {
        Self { advanced: Duration::ZERO, ticking_since: Some(Instant::now()) }
    }

    /// The same kind of clock, at its start.
    pub(crate) fn restarted(&self) -> Self {
        if self.ticking_since.is_some() { Self::ticking() } else { Self::standing() }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.advanced = self.advanced.saturating_add(by);
    }

    fn now(&self) -> Duration {
        let ticked = self.ticking_since.map(|it| it.elapsed()).unwrap_or_default();
        Self::START.saturating_add(self.advanced).saturating_add(ticked)
    }
}

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

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let mut clock = Clock::standing();
        assert_eq!(clock.now(), Clock::START);
        clock.advance(Duration::from_secs(9));
        assert_eq!(clock.now(), Clock::START + Duration::from_secs(9));
        assert_eq!(clock.restarted().now(), Clock::START);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
    }
}
