//! Whom a message recipientses, and whom it does not.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    corp::{Corp, identities::App, members::Member, refusal::Refusal},
    known,
};

const MAX_USERS: usize = 1000;
const MAX_PARTIES: usize = 100;
const MAX_TAGS: usize = 100;

#[derive(Default)]
pub(super) struct Recipients {
    /// Members by the ids they were created with, each once.
    pub(super) users: BTreeSet<String>,
    invalid_users: Vec<String>,
    invalid_parties: Vec<String>,
    invalid_tags: Vec<String>,
    unlicensed: BTreeSet<String>,
    /// Whether a department or a tag was valid, even with nobody in it.
    any_valid: bool,
}

/// Refuses receivers that are too many, or none, or all invalid.
pub(super) fn resolve(
    corp: &Corp,
    app: &'static App,
    to_user: &str,
    to_party: &str,
    to_tag: &str,
) -> Result<Recipients, Refusal> {
    let mut recipients = Recipients::default();
    if to_user == "@all" {
        // Departments and tags are ignored then.
        recipients.add(corp, corp.members.iter().filter(|it| corp.sees_member(app, it)));
        return recipients.checked();
    }
    let users = split("touser", to_user, MAX_USERS, 40032)?;
    let parties = split("toparty", to_party, MAX_PARTIES, 82002)?;
    let tags = split("totag", to_tag, MAX_TAGS, 82003)?;
    if users.is_empty() && parties.is_empty() && tags.is_empty() {
        return Err(Refusal::new(82001, "touser, toparty and totag are all empty"));
    }
    for user in users {
        match corp.members.find(user).filter(|it| corp.sees_member(app, it)) {
            Some(member) => recipients.add(corp, [member]),
            None => recipients.invalid_users.push(user.to_ascii_lowercase()),
        }
    }
    for party in parties {
        let id = read_id(party).filter(|it| corp.departments.find(*it).is_some());
        match id.filter(|it| corp.sees_department(app, *it)) {
            Some(id) => {
                let below = corp.departments.subtree(id);
                let is_below = |it: &&Member| it.department.iter().any(|it| below.contains(it));
                recipients.any_valid = true;
                recipients.add(corp, corp.members.iter().filter(is_below));
            }
            None => recipients.invalid_parties.push(party.to_owned()),
        }
    }
    for tag in tags {
        match read_id(tag).filter(|id| known::TAG_IDS.iter().any(|it| i64::from(*it) == *id)) {
            Some(id) => {
                // The first tag is the founder's; the second is nobody's.
                let tagged = corp
                    .members
                    .find(known::FOUNDER)
                    .filter(|_| id == i64::from(known::TAG_IDS[0]));
                recipients.any_valid = true;
                recipients.add(corp, tagged);
            }
            None => recipients.invalid_tags.push(tag.to_owned()),
        }
    }
    recipients.checked()
}

fn split<'a>(name: &str, list: &'a str, most: usize, code: i64) -> Result<Vec<&'a str>, Refusal> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let items: Vec<_> = list.split('|').collect();
    if items.len() > most {
        return Err(Refusal::new(code, format!("{name} exceed max size {most}")));
    }
    if items.iter().any(|it| it.trim() != *it || it.is_empty()) {
        return Err(Refusal::invalid(name, "an item is empty or has blanks around it"));
    }
    Ok(items)
}

fn read_id(text: &str) -> Option<i64> {
    text.bytes().all(|it| it.is_ascii_digit()).then(|| text.parse().ok())?
}

impl Recipients {
    fn add<'a>(&mut self, corp: &Corp, members: impl IntoIterator<Item = &'a Member>) {
        for member in members {
            if corp.members.is_licensed(member) {
                self.users.insert(member.user_id.clone());
            } else {
                self.unlicensed.insert(member.user_id.to_ascii_lowercase());
            }
        }
    }

    fn checked(self) -> Result<Self, Refusal> {
        if !self.users.is_empty() || (self.any_valid && self.unlicensed.is_empty()) {
            return Ok(self);
        }
        let members = self.answer();
        let text = "user & party & tag all invalid".to_owned();
        Err(Refusal { code: 81013, text, members })
    }

    /// The members of the answer that say who was not recipientsed.
    pub(super) fn answer(&self) -> Value {
        let mut members = Map::new();
        members.insert("invaliduser".to_owned(), json!(self.invalid_users.join("|")));
        let unlicensed: Vec<_> = self.unlicensed.iter().cloned().collect();
        for (name, list) in [
            ("invalidparty", &self.invalid_parties),
            ("invalidtag", &self.invalid_tags),
            ("unlicenseduser", &unlicensed),
        ] {
            if !list.is_empty() {
                members.insert(name.to_owned(), json!(list.join("|")));
            }
        }
        Value::Object(members)
    }
}
