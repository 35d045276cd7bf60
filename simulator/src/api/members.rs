//! Creating, changing and deleting members.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    api::profile::{self, Profile},
    corp::{Corp, identities::App, members::Member, refusal::Refusal},
    http::{
        body::NonEmpty,
        request::Call,
        response::{Outcome, Success},
    },
    known,
};

const MAX_BATCH: usize = 200;

pub(crate) fn create(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let profile: Profile = call.json()?;
    let user_id = profile.userid.non_empty().ok_or_else(missing_user_id)?;
    check_new_user_id(user_id)?;
    if corp.members.find(user_id).is_some() {
        return Err(Refusal::new(60102, "userid existed"));
    }
    if call.is_strict() && profile.new_userid.is_some() {
        return Err(Refusal::invalid("new_userid", "only known to user/update"));
    }
    if profile.name.non_empty().is_none() {
        return Err(Refusal::new(60112, "invalid name"));
    }
    let mut member = Member::new(user_id);
    profile::apply(corp, &mut member, profile, call.is_strict())?;
    if member.biz_mail.is_none() {
        member.generate_biz_mail();
    }
    corp.members.put(member);
    Ok(Success::with("created", Value::Null))
}

pub(crate) fn update(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let profile: Profile = call.json()?;
    let user_id = profile.userid.non_empty().ok_or_else(missing_user_id)?;
    let mut member = find(corp, user_id)?.clone();
    if profile.new_userid.non_empty().is_some() {
        return Err(Refusal::new(301_036, "userid can not be changed"));
    }
    profile::apply(corp, &mut member, profile, call.is_strict())?;
    corp.members.put(member);
    Ok(Success::with("updated", Value::Null))
}

pub(crate) fn delete(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let user_id = call.query.text("userid").ok_or_else(missing_user_id)?;
    let user_id = find(corp, user_id)?.user_id.clone();
    check_deletable(&user_id)?;
    corp.remove_member(&user_id);
    Ok(Success::with("deleted", Value::Null))
}

pub(crate) fn delete_batch(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Batch {
        useridlist: Vec<String>,
    }

    let Batch { useridlist } = call.json()?;
    if useridlist.len() > MAX_BATCH {
        return Err(Refusal::new(40032, "useridlist exceed max size 200"));
    }
    let found = useridlist.iter().map(|it| corp.members.find(it).map(|it| it.user_id.clone()));
    let found: Option<Vec<_>> = found.collect();
    let found = found.filter(|it| !it.is_empty());
    let found = found.ok_or_else(|| Refusal::new(40031, "invalid userid list"))?;
    for user_id in &found {
        check_deletable(user_id)?;
    }
    for user_id in &found {
        corp.remove_member(user_id);
    }
    Ok(Success::with("deleted", Value::Null))
}

pub(crate) fn missing_user_id() -> Refusal {
    Refusal::new(41009, "missing userid")
}

pub(crate) fn find<'a>(corp: &'a Corp, user_id: &str) -> Result<&'a Member, Refusal> {
    corp.members.find(user_id).ok_or_else(|| unknown(user_id))
}

pub(crate) fn unknown(user_id: &str) -> Refusal {
    Refusal::new(60111, format!("invalid string value `{user_id}`. userid not found"))
}

fn check_deletable(user_id: &str) -> Result<(), Refusal> {
    if user_id == known::FOUNDER {
        return Err(Refusal::new(301_005, "the creator of the corp can not be deleted"));
    }
    Ok(())
}

fn check_new_user_id(user_id: &str) -> Result<(), Refusal> {
    if user_id.len() > 64 {
        return Err(Refusal::new(40058, "userid exceed max length 64"));
    }
    let is_inner = |it: u8| it.is_ascii_alphanumeric() || b"_-@.".contains(&it);
    let is_first = user_id.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    if !is_first || !user_id.bytes().all(is_inner) {
        return Err(Refusal::new(40003, "invalid userid"));
    }
    Ok(())
}
