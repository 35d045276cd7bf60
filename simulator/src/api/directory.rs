//! Reading and finding members.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::members,
    corp::{
        Corp,
        identities::App,
        members::{Member, canonical_mobile},
        refusal::Refusal,
    },
    http::{
        body::NonEmpty,
        request::Call,
        response::{Outcome, Success},
    },
};

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let user_id = call.query.text("userid").ok_or_else(members::missing_user_id)?;
    let member = members::find(corp, user_id)?;
    if !corp.sees_member(app, member) {
        return Err(members::unknown(user_id));
    }
    Ok(Success::ok(member.seen_by_app()))
}

pub(crate) fn simplelist(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let rows = members_of(corp, app, call)?.map(|it| {
        json!({ "userid": it.user_id, "name": it.name, "department": it.department, "open_userid": "" })
    });
    Ok(Success::ok(json!({ "userlist": rows.collect::<Vec<_>>() })))
}

pub(crate) fn list(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let rows = members_of(corp, app, call)?.map(Member::seen_by_app);
    Ok(Success::ok(json!({ "userlist": rows.collect::<Vec<_>>() })))
}

/// The members of a department that the application sees; with `fetch_child`, which only older pages name, also those of
/// the departments below it.
fn members_of<'a>(
    corp: &'a Corp,
    app: &'static App,
    call: &Call,
) -> Result<impl Iterator<Item = &'a Member>, Refusal> {
    let refuse = |code, text: &str| Refusal {
        code,
        text: text.to_owned(),
        members: json!({ "userlist": [] }),
    };
    let id = call.query.required_id("department_id")?;
    if corp.departments.find(id).is_none() {
        return Err(refuse(60123, "invalid party id"));
    }
    if !corp.sees_department(app, id) {
        return Err(refuse(60011, "no privilege to access the department"));
    }
    let is_recursive = call.query.text("fetch_child") == Some("1");
    let departments = if is_recursive { corp.departments.subtree(id) } else { [id].into() };
    Ok(corp
        .members
        .iter()
        .filter(move |it| it.department.iter().any(|it| departments.contains(it))))
}

pub(crate) fn find_by_mobile(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Search {
        mobile: Option<String>,
    }

    let Search { mobile } = call.json()?;
    let number = mobile.filter(|it| (5..=32).contains(&it.len()));
    let number = number.as_deref().and_then(canonical_mobile);
    let number = number.ok_or_else(|| Refusal::new(60103, "invalid mobile"))?;
    found(corp, app, |it| it.mobile.as_deref().and_then(canonical_mobile).as_ref() == Some(&number))
}

pub(crate) fn find_by_email(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Search {
        email: Option<String>,
        email_type: Option<i64>,
    }

    let Search { email, email_type } = call.json()?;
    let email = email.non_empty().filter(|it| it.contains('@'));
    let email = email.ok_or_else(|| Refusal::new(60105, "invalid email"))?;
    let is_personal = match email_type {
        None | Some(1) => false,
        Some(2) => true,
        Some(_) => return Err(Refusal::invalid("email_type", "must be 1 or 2")),
    };
    found(corp, app, |it| {
        let mail = if is_personal { &it.email } else { &it.biz_mail };
        mail.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(email))
    })
}

/// The id of the first such member that the application sees.
fn found(corp: &Corp, app: &App, is_wanted: impl Fn(&Member) -> bool) -> Outcome {
    let member = corp.members.iter().find(|it| is_wanted(it) && corp.sees_member(app, it));
    match member {
        Some(member) => Ok(Success::ok(json!({ "userid": member.user_id }))),
        None => Err(Refusal::new(46004, "user no exist")),
    }
}

pub(crate) fn list_ids(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Page {
        cursor: Option<String>,
        limit: Option<i64>,
    }

    const MAX_ROWS: usize = 10_000;
    let Page { cursor, limit } = call.json()?;
    let limit = match limit.map(usize::try_from) {
        None => MAX_ROWS,
        Some(Ok(limit @ 1..=MAX_ROWS)) => limit,
        Some(_) => return Err(Refusal::invalid("limit", "must be 1 to 10000")),
    };
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
    Ok(Success::ok(json!({ "next_cursor": next, "dept_user": Value::Array(page) })))
}

/// A cursor names the last row: a member, and the place among its departments.
fn write_cursor(id: &str, index: usize) -> String {
    URL_SAFE_NO_PAD.encode(format!("after/{index}/{id}"))
}

fn read_cursor(cursor: &str) -> Option<(String, usize)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (index, id) = text.strip_prefix("after/")?.split_once('/')?;
    Some((id.to_owned(), index.parse().ok()?))
}
