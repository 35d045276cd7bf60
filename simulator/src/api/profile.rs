//! What a body may say about a member, and the limits of every field.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

use crate::{
    corp::{
        Corp,
        media::{Kind, Owner},
        members::{ACTIVATED, DISABLED, Member, NOT_ACTIVATED, canonical_mobile},
        refusal::Refusal,
        text,
    },
    http::body::NonEmpty,
};

const MAX_DEPARTMENTS: usize = 100;
const MAX_LEADERS: usize = 5;

/// The body of `user/create` and `user/update`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Profile {
    pub(crate) userid: Option<String>,
    pub(crate) new_userid: Option<String>,
    pub(crate) name: Option<String>,
    alias: Option<String>,
    mobile: Option<String>,
    email: Option<String>,
    biz_mail: Option<String>,
    biz_mail_alias: Option<Aliases>,
    department: Option<Vec<i64>>,
    order: Option<Vec<i64>>,
    is_leader_in_dept: Option<Vec<i64>>,
    direct_leader: Option<Vec<String>>,
    main_department: Option<i64>,
    position: Option<String>,
    gender: Option<Gender>,
    telephone: Option<String>,
    address: Option<String>,
    avatar_mediaid: Option<String>,
    enable: Option<i64>,
    to_invite: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Aliases {
    item: Vec<String>,
}

/// A text on the page; published clients send a number, which the server accepts without a warning.
enum Gender {
    Text(String),
    Number(i64),
}

impl<'de> Deserialize<'de> for Gender {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextOrNumber;

        impl Visitor<'_> for TextOrNumber {
            type Value = Gender;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Gender, E> {
                Ok(Gender::Text(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Gender, E> {
                Ok(Gender::Number(number))
            }
        }

        deserializer.deserialize_any(TextOrNumber)
    }
}

impl Gender {
    /// The code that is stored; `0` means undefined.
    fn code(&self, is_strict: bool) -> Result<String, Refusal> {
        let code = match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) if !is_strict => number.to_string(),
            Self::Number(_) => return Err(Refusal::invalid("gender", "must be a string")),
        };
        match code.as_str() {
            "1" | "2" => Ok(code),
            "0" | "" if !is_strict => Ok("0".to_owned()),
            _ => Err(Refusal::invalid("gender", "must be \"1\" or \"2\"")),
        }
    }
}

/// Writes what the body says into the member, or refuses it. What it leaves out stays; an empty text clears.
pub(crate) fn apply(
    corp: &Corp,
    member: &mut Member,
    profile: Profile,
    is_strict: bool,
) -> Result<(), Refusal> {
    let is_new = corp.members.find(&member.user_id).is_none();
    if let Some(name) = profile.name {
        if name.is_empty() {
            return Err(Refusal::new(60112, "invalid name"));
        }
        check_chars("name", &name, 64)?;
        member.name = name;
    }
    apply_text("alias", &mut member.alias, profile.alias, 64)?;
    apply_contact(corp, member, profile.mobile, profile.email)?;
    apply_biz_mail(corp, member, profile.biz_mail, is_new)?;
    if let Some(Aliases { item }) = profile.biz_mail_alias {
        if is_new && is_strict {
            return Err(Refusal::invalid("biz_mail_alias", "only known to user/update"));
        }
        if item.len() > 5 {
            return Err(Refusal::invalid("biz_mail_alias.item", "exceed max size 5"));
        }
        member.biz_mail_alias = item;
    }
    let memberships = Memberships {
        department: profile.department,
        order: profile.order,
        leads: profile.is_leader_in_dept,
    };
    apply_memberships(corp, member, memberships, is_new)?;
    if let Some(main) = profile.main_department {
        // No page states that it must be one of `department`.
        if corp.departments.find(main).is_none() {
            return Err(Refusal::new(60123, "invalid party id: main_department"));
        }
        member.main_department = Some(main);
    }
    if let Some(leaders) = profile.direct_leader {
        if leaders.len() > MAX_LEADERS {
            return Err(Refusal::new(60257, "direct_leader exceed max size 5"));
        }
        let found = leaders.iter().map(|it| corp.members.find(it).map(|it| it.user_id.clone()));
        let found: Option<Vec<_>> = found.collect();
        member.direct_leader =
            found.ok_or_else(|| Refusal::new(301_021, "direct_leader: userid not found"))?;
    }
    apply_text("position", &mut member.position, profile.position, 128)?;
    if let Some(gender) = profile.gender {
        member.gender = Some(gender.code(is_strict)?).filter(|it| it != "0");
    }
    if let Some(telephone) = profile.telephone {
        let is_valid = telephone.bytes().all(|it| it.is_ascii_digit() || b"-+,".contains(&it));
        if !is_valid || telephone.len() > 32 {
            return Err(Refusal::new(301_013, "invalid telephone"));
        }
        member.telephone = Some(telephone).filter(|it| !it.is_empty());
    }
    apply_text("address", &mut member.address, profile.address, 128)?;
    if let Some(avatar) = profile.avatar_mediaid.non_empty() {
        let found = corp.media.find(avatar, Owner::Corp, Kind::Image, corp.now());
        found.map_err(|_| Refusal::new(301_015, "invalid avatar_mediaid"))?;
        member.avatar = Some(avatar.to_owned());
    }
    if is_new {
        member.invited = profile.to_invite.unwrap_or(true);
    } else if is_strict && profile.to_invite.is_some() {
        return Err(Refusal::invalid("to_invite", "only known to user/create"));
    }
    match profile.enable {
        Some(0) => member.status = DISABLED,
        Some(1) if member.status == DISABLED => member.status = NOT_ACTIVATED,
        None | Some(1) => {}
        Some(_) => return Err(Refusal::invalid("enable", "must be 0 or 1")),
    }
    Ok(())
}

fn apply_text(
    field: &str,
    stored: &mut Option<String>,
    text: Option<String>,
    max_chars: usize,
) -> Result<(), Refusal> {
    if let Some(text) = text {
        check_chars(field, &text, max_chars)?;
        *stored = Some(text).filter(|it| !it.is_empty());
    }
    Ok(())
}

fn check_chars(field: &str, text: &str, max: usize) -> Result<(), Refusal> {
    if text::chars(text) > max {
        return Err(Refusal::new(40058, format!("{field} exceed max utf8 words {max}")));
    }
    Ok(())
}

fn apply_contact(
    corp: &Corp,
    member: &mut Member,
    mobile: Option<String>,
    email: Option<String>,
) -> Result<(), Refusal> {
    // Once the member has activated the account, a new number is ignored silently.
    if let Some(mobile) = mobile.filter(|_| member.status != ACTIVATED) {
        let number = canonical_mobile(&mobile);
        if !mobile.is_empty() && number.is_none() {
            return Err(Refusal::new(60103, "invalid mobile"));
        }
        let is_same = |it: &&Member| it.mobile.as_deref().and_then(canonical_mobile) == number;
        let other = corp.members.iter().filter(|_| number.is_some()).find(is_same);
        if let Some(other) = other.filter(|it| it.user_id != member.user_id) {
            return Err(Refusal::new(60104, format!("mobile existed:{}", other.user_id)));
        }
        member.mobile = Some(mobile).filter(|it| !it.is_empty());
    }
    if let Some(email) = email {
        if !email.is_empty() && !is_mail(&email) {
            return Err(Refusal::new(60105, "invalid email"));
        }
        let is_taken = |it: &Member| {
            it.user_id != member.user_id
                && it.email.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(&email))
        };
        if !email.is_empty() && corp.members.iter().any(is_taken) {
            return Err(Refusal::new(60106, "email existed"));
        }
        member.email = Some(email).filter(|it| !it.is_empty());
    }
    if member.mobile.is_none() && member.email.is_none() {
        return Err(Refusal::new(60129, "missing mobile"));
    }
    Ok(())
}

fn apply_biz_mail(
    corp: &Corp,
    member: &mut Member,
    mail: Option<String>,
    is_new: bool,
) -> Result<(), Refusal> {
    let Some(mail) = mail.filter(|it| member.biz_mail.as_ref() != Some(it)) else { return Ok(()) };
    if mail.is_empty() {
        member.biz_mail = None;
        return Ok(());
    }
    if !is_mail(&mail) {
        return Err(Refusal::new(60143, "invalid biz_mail"));
    }
    if !is_new && member.biz_mail.is_some() && !member.biz_mail_generated {
        return Err(Refusal::new(60144, "biz_mail can not be changed any more"));
    }
    let is_taken = |it: &Member| {
        it.user_id != member.user_id
            && it.biz_mail.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(&mail))
    };
    if corp.members.iter().any(is_taken) {
        return Err(Refusal::new(60145, "biz_mail existed"));
    }
    member.biz_mail = Some(mail);
    member.biz_mail_generated = false;
    Ok(())
}

struct Memberships {
    department: Option<Vec<i64>>,
    order: Option<Vec<i64>>,
    leads: Option<Vec<i64>>,
}

fn apply_memberships(
    corp: &Corp,
    member: &mut Member,
    Memberships { department, order, leads }: Memberships,
    is_new: bool,
) -> Result<(), Refusal> {
    let count = department.as_ref().map_or(0, Vec::len);
    if let Some(department) = &department {
        check_departments(corp, department)?;
    }
    // Without departments an update ignores both lists.
    if is_new || department.is_some() {
        if order.as_ref().is_some_and(|it| it.len() != count) {
            return Err(Refusal::invalid("order", "must have as many entries as department"));
        }
        if order.iter().flatten().any(|it| !(0..1 << 32).contains(it)) {
            return Err(Refusal::invalid("order", "must be in [0, 2^32)"));
        }
        if leads.as_ref().is_some_and(|it| it.len() != count) {
            return Err(Refusal::new(60132, "is_leader_in_dept and department differ in size"));
        }
        if leads.iter().flatten().any(|it| !(0..=1).contains(it)) {
            return Err(Refusal::invalid("is_leader_in_dept", "must be 0 or 1"));
        }
    }
    let Some(department) = department else { return Ok(()) };
    let order = order.unwrap_or_else(|| vec![0; count]);
    let leads = leads.unwrap_or_else(|| vec![0; count]);
    let mut seen = BTreeSet::from([0]);
    let rows = department.into_iter().zip(order).zip(leads).filter(|((id, _), _)| seen.insert(*id));
    (member.department, member.order, member.is_leader_in_dept) =
        rows.map(|((id, order), leads)| (id, order, leads)).collect();
    if !member.main_department.is_some_and(|it| member.department.contains(&it)) {
        member.main_department = member.department.first().copied();
    }
    Ok(())
}

fn check_departments(corp: &Corp, ids: &[i64]) -> Result<(), Refusal> {
    match ids {
        // The department of those that wait to be assigned.
        [0] => return Ok(()),
        [] => return Err(Refusal::new(40066, "invalid party list: empty")),
        _ if ids.len() > MAX_DEPARTMENTS => {
            return Err(Refusal::new(60110, "user's departments exceed max size 100"));
        }
        _ => {}
    }
    match ids.iter().position(|it| corp.departments.find(*it).is_none()) {
        Some(at) => Err(Refusal::new(60123, format!("invalid party id: department[{at}]"))),
        None => Ok(()),
    }
}

fn is_mail(mail: &str) -> bool {
    let Some((local, domain)) = mail.split_once('@') else { return false };
    let is_visible = mail.bytes().all(|it| it.is_ascii_graphic());
    (6..=64).contains(&mail.len())
        && is_visible
        && !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|it| !it.is_empty())
}
