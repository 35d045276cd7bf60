//! The members that a message reaches, and the receivers that it does not.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::corp::{Corp, identities::App, members::Member, refusal::Refusal};

pub(crate) const MAX_USERS: usize = 1000;
pub(crate) const MAX_PARTIES: usize = 100;
pub(crate) const MAX_TAGS: usize = 100;

#[derive(Default)]
pub(crate) struct Recipients {
    /// Members by the ids they were created with, each once.
    pub(crate) users: BTreeSet<String>,
    invalid_users: Vec<String>,
    invalid_parties: Vec<String>,
    invalid_tags: Vec<String>,
    unlicensed: BTreeSet<String>,
    /// Whether a department or a tag was valid, even an empty one.
    any_valid: bool,
}

/// Resolves `touser`, `toparty` and `totag`; refuses receivers that are too many, or none, or all invalid.
pub(crate) fn resolve(
    corp: &Corp,
    app: &'static App,
    [to_user, to_party, to_tag]: [&str; 3],
    is_strict: bool,
) -> Result<Recipients, Refusal> {
    let mut recipients = Recipients::default();
    if to_user == "@all" {
        // Departments and tags are ignored then.
        recipients.add(corp, corp.members.iter().filter(|it| corp.sees_member(app, it)));
        return recipients.checked();
    }
    let users = split("touser", to_user, MAX_USERS, 40032, is_strict)?;
    let parties = split("toparty", to_party, MAX_PARTIES, 82002, is_strict)?;
    let tags = split("totag", to_tag, MAX_TAGS, 82003, is_strict)?;
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
        match read_id(party).and_then(|id| members_below(corp, app, id)) {
            Some(members) => recipients.add_group(corp, members),
            None => recipients.invalid_parties.push(party.to_owned()),
        }
    }
    for tag in tags {
        match read_id(tag).and_then(|id| corp.members_with_tag(id)) {
            Some(members) => recipients.add_group(corp, members),
            None => recipients.invalid_tags.push(tag.to_owned()),
        }
    }
    recipients.checked()
}

/// The ids of the members of these departments and tags.
pub(crate) fn members_of(
    corp: &Corp,
    app: &'static App,
    parties: &[i64],
    tags: &[i64],
) -> BTreeSet<String> {
    let in_parties = parties.iter().filter_map(|it| members_below(corp, app, *it));
    let with_tags = tags.iter().filter_map(|it| corp.members_with_tag(*it));
    in_parties.chain(with_tags).flatten().map(|it| it.user_id.clone()).collect()
}

/// The members of a department that the application sees, and of those below it.
fn members_below<'a>(corp: &'a Corp, app: &'static App, id: i64) -> Option<Vec<&'a Member>> {
    corp.departments.find(id)?;
    let below = corp.departments.subtree(id);
    let is_below = |it: &&Member| it.department.iter().any(|it| below.contains(it));
    corp.sees_department(app, id).then(|| corp.members.iter().filter(is_below).collect())
}

fn split<'a>(
    name: &str,
    list: &'a str,
    max: usize,
    code: i64,
    is_strict: bool,
) -> Result<Vec<&'a str>, Refusal> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let mut items: Vec<_> = list.split('|').collect();
    if is_strict && items.iter().any(|it| it.trim() != *it || it.is_empty()) {
        return Err(Refusal::invalid(name, "an item is empty or has blanks around it"));
    }
    for item in &mut items {
        *item = item.trim();
    }
    items.retain(|it| !it.is_empty());
    if items.len() > max {
        return Err(Refusal::new(code, format!("{name} exceed max size {max}")));
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

    fn add_group(&mut self, corp: &Corp, members: Vec<&Member>) {
        self.any_valid = true;
        self.add(corp, members);
    }

    fn checked(self) -> Result<Self, Refusal> {
        if !self.users.is_empty() || (self.any_valid && self.unlicensed.is_empty()) {
            return Ok(self);
        }
        let members = self.response();
        let text = "user & party & tag all invalid".to_owned();
        Err(Refusal { code: 81013, text, members })
    }

    /// The members of the response that name the receivers that were not reached.
    pub(crate) fn response(&self) -> Value {
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
