//! One member: what a body may say about it, and the limits of every field.

use serde::Deserialize;

use crate::{
    corp::{
        Corp,
        media::{Kind, Owner},
        members::{ACTIVATED, DISABLED, Member, NOT_ACTIVATED},
        refusal::Refusal,
        text,
    },
    http::body::{Field, Object},
};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) userid: Field<String>,
    pub(crate) new_userid: Field<String>,
    pub(crate) name: Field<String>,
    alias: Field<String>,
    mobile: Field<String>,
    email: Field<String>,
    biz_mail: Field<String>,
    biz_mail_alias: Field<Object<Aliases>>,
    department: Field<Vec<i64>>,
    order: Field<Vec<i64>>,
    is_leader_in_dept: Field<Vec<i64>>,
    direct_leader: Field<Vec<String>>,
    main_department: Field<i64>,
    position: Field<String>,
    gender: Field<String>,
    telephone: Field<String>,
    address: Field<String>,
    avatar_mediaid: Field<String>,
    enable: Field<i64>,
    to_invite: Field<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Aliases {
    item: Vec<String>,
}

pub(crate) fn check_user_id(user_id: &str) -> Result<(), Refusal> {
    let inner = |it: u8| it.is_ascii_alphanumeric() || b"_-@.".contains(&it);
    let first = user_id.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    if user_id.len() > 64 || !first || !user_id.bytes().all(inner) {
        return Err(Refusal::new(40003, "invalid userid"));
    }
    Ok(())
}

/// Writes what the body gives into the member, or refuses it. What it leaves out stays.
pub(crate) fn apply(corp: &Corp, member: &mut Member, body: Body) -> Result<(), Refusal> {
    let is_new = corp.members.find(&member.user_id).is_none();
    if let Some(name) = body.name.0 {
        if name.is_empty() || text::chars(&name) > 64 {
            return Err(Refusal::new(60112, "invalid name: must be 1 to 64 utf8 words"));
        }
        member.name = name;
    }
    if let Some(alias) = body.alias.0 {
        if alias.is_empty() || text::chars(&alias) > 64 {
            return Err(Refusal::invalid("alias", "must be 1 to 64 utf8 words"));
        }
        member.alias = Some(alias);
    }
    apply_contact(corp, member, body.mobile, body.email)?;
    apply_biz_mail(corp, member, body.biz_mail, body.biz_mail_alias, is_new)?;
    apply_places(
        corp,
        member,
        body.department,
        body.order,
        body.is_leader_in_dept,
        body.main_department,
        is_new,
    )?;
    if let Some(leaders) = body.direct_leader.0 {
        if leaders.len() > 5 {
            return Err(Refusal::new(60257, "direct_leader exceed max size 5"));
        }
        let found = leaders.iter().map(|it| corp.members.find(it).map(|it| it.user_id.clone()));
        let Some(found) = found.collect() else {
            return Err(Refusal::new(301_021, "direct_leader: userid not found"));
        };
        member.direct_leader = found;
    }
    if let Some(position) = body.position.0 {
        if text::chars(&position) > 128 {
            return Err(Refusal::new(301_012, "position exceed max utf8 words 128"));
        }
        member.position = Some(position);
    }
    if let Some(gender) = body.gender.0 {
        if gender != "1" && gender != "2" {
            return Err(Refusal::invalid("gender", "must be \"1\" or \"2\""));
        }
        member.gender = Some(gender);
    }
    if let Some(telephone) = body.telephone.0 {
        let good = telephone.bytes().all(|it| it.is_ascii_digit() || b"-+,".contains(&it));
        let shortest = usize::from(!is_new);
        if !good || !(shortest..=32).contains(&telephone.len()) {
            return Err(Refusal::new(301_013, "invalid telephone"));
        }
        member.telephone = Some(telephone);
    }
    if let Some(address) = body.address.0 {
        if text::chars(&address) > 128 {
            return Err(Refusal::invalid("address", "exceed max utf8 words 128"));
        }
        member.address = Some(address);
    }
    if let Some(avatar) = body.avatar_mediaid.0 {
        let found = corp.media.find(&avatar, Owner::Corp, Kind::Image, corp.now());
        found.map_err(|_| Refusal::new(301_015, "invalid avatar_mediaid"))?;
        member.avatar = Some(avatar);
    }
    if is_new {
        member.invited = body.to_invite.0.unwrap_or(true);
    } else if body.to_invite.is_given() {
        return Err(Refusal::invalid("to_invite", "only known to user/create"));
    }
    match body.enable.0 {
        Some(0) => member.status = DISABLED,
        Some(1) if member.status == DISABLED => member.status = NOT_ACTIVATED,
        None | Some(1) => {}
        Some(_) => return Err(Refusal::invalid("enable", "must be 0 or 1")),
    }
    Ok(())
}

fn apply_contact(
    corp: &Corp,
    member: &mut Member,
    mobile: Field<String>,
    email: Field<String>,
) -> Result<(), Refusal> {
    // Who has activated the account changes the number alone: the new one is ignored silently.
    if let Some(mobile) = mobile.0.filter(|_| member.status != ACTIVATED) {
        let number = canonical_mobile(&mobile);
        if !mobile.is_empty() && number.is_none() {
            return Err(Refusal::new(60103, "invalid mobile"));
        }
        let same = |it: &&Member| it.mobile.as_deref().and_then(canonical_mobile) == number;
        let other = corp.members.iter().filter(|_| number.is_some()).find(same);
        if let Some(other) = other.filter(|it| it.user_id != member.user_id) {
            return Err(Refusal::new(60104, format!("mobile existed:{}", other.user_id)));
        }
        member.mobile = Some(mobile).filter(|it| !it.is_empty());
    }
    if let Some(email) = email.0 {
        if !email.is_empty() && !is_mail(&email) {
            return Err(Refusal::new(60105, "invalid email"));
        }
        let taken = |it: &Member| {
            it.user_id != member.user_id
                && it.email.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(&email))
        };
        if corp.members.iter().any(taken) {
            return Err(Refusal::new(60106, "email existed"));
        }
        member.email = Some(email).filter(|it| !it.is_empty());
    }
    if member.mobile.is_none() && member.email.is_none() {
        return Err(Refusal::new(60129, "mobile and email are both empty"));
    }
    Ok(())
}

fn apply_biz_mail(
    corp: &Corp,
    member: &mut Member,
    mail: Field<String>,
    alias: Field<Object<Aliases>>,
    is_new: bool,
) -> Result<(), Refusal> {
    if let Some(mail) = mail.0.filter(|it| member.biz_mail.as_ref() != Some(it)) {
        if !is_mail(&mail) {
            return Err(Refusal::new(60143, "invalid biz_mail"));
        }
        if !is_new && !member.biz_mail_generated {
            return Err(Refusal::new(60144, "biz_mail can not be changed any more"));
        }
        let taken = |it: &Member| {
            it.user_id != member.user_id
                && it.biz_mail.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(&mail))
        };
        if corp.members.iter().any(taken) {
            return Err(Refusal::new(60145, "biz_mail existed"));
        }
        member.biz_mail = Some(mail);
        member.biz_mail_generated = false;
    }
    if let Some(Object(Aliases { item })) = alias.0 {
        if is_new {
            return Err(Refusal::invalid("biz_mail_alias", "only known to user/update"));
        }
        if item.len() > 5 {
            return Err(Refusal::invalid("biz_mail_alias.item", "exceed max size 5"));
        }
        member.biz_mail_alias = item;
    }
    Ok(())
}

fn apply_places(
    corp: &Corp,
    member: &mut Member,
    department: Field<Vec<i64>>,
    order: Field<Vec<i64>>,
    leads: Field<Vec<i64>>,
    main: Field<i64>,
    is_new: bool,
) -> Result<(), Refusal> {
    let count = department.as_ref().map_or(0, Vec::len);
    // Without departments an update ignores both lists, and a creation has nothing to align them with.
    let applies = is_new || department.is_given();
    if let Some(order) = order.as_ref().filter(|_| applies) {
        if order.len() != count {
            return Err(Refusal::invalid("order", "must have as many entries as department"));
        }
        if !order.iter().all(|it| (0..1 << 32).contains(it)) {
            return Err(Refusal::invalid("order", "must be in [0, 2^32)"));
        }
    }
    if let Some(leads) = leads.as_ref().filter(|_| applies) {
        if leads.len() != count {
            return Err(Refusal::new(
                60132,
                "is_leader_in_dept and department have different sizes",
            ));
        }
        if !leads.iter().all(|it| (0..=1).contains(it)) {
            return Err(Refusal::invalid("is_leader_in_dept", "must be 0 or 1"));
        }
    }
    if let Some(department) = department.0 {
        check_departments(corp, &department)?;
        let order = order.0.unwrap_or_else(|| vec![0; count]);
        let leads = leads.0.unwrap_or_else(|| vec![0; count]);
        let rows = department.into_iter().zip(order).zip(leads).filter(|((id, _), _)| *id != 0);
        (member.department, member.order, member.is_leader_in_dept) =
            rows.map(|((id, order), leads)| (id, order, leads)).collect();
        if !member.main_department.is_some_and(|it| member.department.contains(&it)) {
            member.main_department = member.department.first().copied();
        }
    }
    if let Some(main) = main.0 {
        if !member.department.contains(&main) {
            return Err(Refusal::new(60123, "main_department is not one of department"));
        }
        member.main_department = Some(main);
    }
    Ok(())
}

fn check_departments(corp: &Corp, ids: &[i64]) -> Result<(), Refusal> {
    match ids {
        // The department of those who wait to be assigned.
        [0] => return Ok(()),
        [] => return Err(Refusal::new(40066, "invalid party list: empty")),
        _ if ids.len() > 100 => {
            return Err(Refusal::new(60110, "user's departments exceed max size 100"));
        }
        _ => {}
    }
    for (index, id) in ids.iter().enumerate() {
        if corp.departments.find(*id).is_none() {
            return Err(Refusal::new(60123, format!("invalid party id: department[{index}]")));
        }
        if ids.iter().take(index).any(|it| it == id) {
            return Err(Refusal::new(
                40066,
                format!("invalid party list: department[{index}] again"),
            ));
        }
    }
    Ok(())
}

fn is_mail(mail: &str) -> bool {
    let Some((local, domain)) = mail.split_once('@') else { return false };
    let visible = mail.bytes().all(|it| it.is_ascii_graphic());
    (6..=64).contains(&mail.len())
        && visible
        && !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|it| !it.is_empty())
}

/// A number in the one form that tells numbers apart. Only mainland numbers may drop their `+86`.
fn canonical_mobile(mobile: &str) -> Option<String> {
    if mobile.len() > 32 {
        return None;
    }
    let plain = mobile.replace('-', "");
    let (plus, digits) = match plain.strip_prefix('+') {
        Some(digits) => (true, digits),
        None => (false, plain.as_str()),
    };
    let is_mainland = digits.len() == 11 && digits.starts_with('1');
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) || !(plus || is_mainland)
    {
        return None;
    }
    Some(if plus { digits.to_owned() } else { format!("86{digits}") })
}
