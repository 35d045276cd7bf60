//! The state of one corp and its invariants; independent of HTTP.

pub(crate) mod chatbots;
pub(crate) mod clock;
pub(crate) mod departments;
pub(crate) mod group_chats;
pub(crate) mod identities;
pub(crate) mod media;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod rate_limit;
pub(crate) mod record;
pub(crate) mod refusal;
pub(crate) mod text;
pub(crate) mod tokens;

use std::time::Duration;

use crate::{
    corp::{
        chatbots::Chatbots,
        clock::Clock,
        departments::Departments,
        group_chats::GroupChats,
        identities::{App, Visibility},
        media::MediaStore,
        members::{Member, Members},
        messages::Messages,
        tokens::Tokens,
    },
    known,
};

#[derive(Clone)]
pub(crate) struct Corp {
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    pub(crate) departments: Departments,
    pub(crate) members: Members,
    pub(crate) group_chats: GroupChats,
    pub(crate) messages: Messages,
    pub(crate) chatbots: Chatbots,
    pub(crate) media: MediaStore,
    serial: u64,
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
            media: MediaStore::default(),
            serial: 0,
        }
    }

    /// A number that no earlier call got.
    pub(crate) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// An identifier that no earlier call got.
    pub(crate) fn fresh_id(&mut self, label: &str, length: usize) -> String {
        text::random_looking_id(label, self.next_serial(), length)
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    /// Whether a department is in the visible range of an application.
    pub(crate) fn sees_department(&self, app: &App, id: i64) -> bool {
        match app.visibility {
            Visibility::Whole => true,
            Visibility::Narrow { department, .. } => {
                self.departments.is_within(id, department.into())
            }
        }
    }

    /// Whether a member is in the visible range of an application.
    pub(crate) fn sees_member(&self, app: &App, member: &Member) -> bool {
        match app.visibility {
            Visibility::Whole => true,
            Visibility::Narrow { member: seen, .. } => {
                member.user_id == seen
                    || member.department.iter().any(|it| self.sees_department(app, *it))
            }
        }
    }

    /// The members with a tag; `None` for a tag that does not exist.
    pub(crate) fn members_with_tag(&self, id: i64) -> Option<Vec<&Member>> {
        let at = known::TAG_IDS.iter().position(|it| i64::from(*it) == id)?;
        // The first tag is the founder's; the others are empty.
        Some(self.members.find(known::FOUNDER).filter(|_| at == 0).into_iter().collect())
    }

    /// Removes a member from the directory, from the group chats and from the superiors of others.
    pub(crate) fn remove_member(&mut self, user_id: &str) {
        self.members.remove(user_id);
        self.group_chats.remove_member(user_id);
    }
}
