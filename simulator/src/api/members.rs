//! Members and what may be asked of them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::profile::{self, Body},
    corp::{Corp, identities::App, members::Member, refusal::Refusal},
    http::{
        body::Field,
        request::Call,
        response::{Outcome, Success},
    },
    known,
};

pub(crate) fn create(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let body: Body = call.json()?;
    let Some(user_id) = body.userid.non_empty() else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    profile::check_user_id(user_id)?;
    if corp.members.find(user_id).is_some() {
        return Err(Refusal::new(60102, "userid existed"));
    }
    if body.new_userid.is_given() {
        return Err(Refusal::invalid("new_userid", "only known to user/update"));
    }
    if body.name.non_empty().is_none() {
        return Err(Refusal::new(60112, "invalid name: empty"));
    }
    let mut member = Member::new(user_id);
    profile::apply(corp, &mut member, body)?;
    if member.biz_mail.is_none() {
        member.generate_biz_mail();
    }
    corp.members.put(member);
    Ok(Success::with("created", Value::Null))
}

pub(crate) fn update(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let body: Body = call.json()?;
    let Some(user_id) = body.userid.non_empty() else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    let Some(member) = corp.members.find(user_id) else {
        return Err(Refusal::new(
            60111,
            format!("invalid string value `{user_id}`. userid not found"),
        ));
    };
    if body.new_userid.is_given() {
        return Err(Refusal::new(301_036, "userid can not be changed"));
    }
    let mut member = member.clone();
    profile::apply(corp, &mut member, body)?;
    corp.members.put(member);
    Ok(Success::with("updated", Value::Null))
}

pub(crate) fn delete(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Some(user_id) = call.query.text("userid") else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    let Some(member) = corp.members.find(user_id) else {
        return Err(Refusal::new(60111, "userid not found"));
    };
    if member.user_id == known::FOUNDER {
        return Err(Refusal::new(301_005, "the creator of the corp can not be deleted"));
    }
    let user_id = member.user_id.clone();
    corp.remove_member(&user_id);
    Ok(Success::with("deleted", Value::Null))
}

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let Some(user_id) = call.query.text("userid") else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    let Some(member) = corp.members.find(user_id) else {
        return Err(Refusal::new(60111, "userid not found"));
    };
    if !corp.sees_member(app, member) {
        return Err(Refusal::new(60011, "no privilege to access the member"));
    }
    Ok(Success::ok(member.seen_by_app()))
}

pub(crate) fn list_id(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Page {
        cursor: Field<String>,
        limit: Field<usize>,
    }

    const MOST: usize = 10_000;
    let Page { cursor, limit } = call.json()?;
    let limit = limit.0.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Refusal::invalid("limit", "must be 1 to 10000"));
    }
    let after = match cursor.non_empty() {
        None => None,
        Some(cursor) => match read_cursor(cursor) {
            None => return Err(Refusal::new(50100, "invalid cursor")),
            after => after,
        },
    };

    let start = after.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
    let rows = corp.members.range_from(start).flat_map(|(id, member)| {
        let places = if member.department.is_empty() { vec![0] } else { member.department.clone() };
        places.into_iter().enumerate().map(move |(index, place)| (id, index, member, place))
    });
    let mut rows = rows.filter(|(id, index, ..)| {
        after.as_ref().is_none_or(|(last, last_index)| (*id, index) > (last, last_index))
    });
    let mut page = Vec::new();
    let mut last = None;
    for (id, index, member, place) in rows.by_ref().take(limit) {
        page.push(json!({ "userid": member.user_id, "department": place }));
        last = Some((id, index));
    }
    let next = match (last, rows.next()) {
        (Some((id, index)), Some(_)) => write_cursor(id, index),
        _ => String::new(),
    };
    Ok(Success::ok(json!({ "next_cursor": next, "dept_user": page })))
}

/// A cursor says which row was the last one: member, and place among its departments.
fn write_cursor(id: &str, index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("after/{index}/{id}"))
}

fn read_cursor(cursor: &str) -> Option<(String, usize)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (index, id) = text.strip_prefix("after/")?.split_once('/')?;
    Some((id.to_owned(), index.parse().ok()?))
}
