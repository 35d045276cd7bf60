//! The department tree.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    corp::{
        Corp,
        departments::{Department, FIRST_ORDER, MAX_LEVELS, ROOT},
        identities::App,
        record::put,
        refusal::Refusal,
        text,
    },
    http::{
        request::Call,
        response::{Outcome, Success},
    },
};

const MAX_NODES: usize = 30_000;
const ORDERS: i64 = 1 << 32;
/// The page forbids `"` too, but the server accepts it.
const FORBIDDEN: [char; 7] = ['\\', ':', '*', '?', '<', '>', '|'];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    id: Option<i64>,
    name: Option<String>,
    name_en: Option<String>,
    parentid: Option<i64>,
    order: Option<i64>,
}

pub(crate) fn create(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Body { id, name, name_en, parentid, order } = call.json()?;
    let Some(name) = name else { return Err(Refusal::new(60001, "department name is missing")) };
    if name.is_empty() {
        return Err(Refusal::new(40058, "name exceed min utf8 words 1"));
    }
    check_name(&name)?;
    check_name_en(name_en.as_ref())?;
    let departments = &corp.departments;
    let parent = departments.find(parentid.unwrap_or_default());
    let Some(parent) = parent else { return Err(Refusal::new(60004, "invalid parent party id")) };
    let order = match order {
        None => {
            let before = u32::try_from(parent.children.len()).unwrap_or(u32::MAX);
            FIRST_ORDER.saturating_sub(before.saturating_mul(1000))
        }
        Some(order) => u32::try_from(order).map_err(|_| {
            call.warnings.wrong_json();
            Refusal::new(60009, "department order or name invalid")
        })?,
    };
    // The page says "32-bit integer", and ids above 2^31 exist: what the server does with a new one is not known.
    let max_id = if call.is_strict() { i32::MAX.into() } else { u32::MAX.into() };
    let id = match id {
        None => departments.unused(),
        Some(id) if !(1..=max_id).contains(&id) => {
            return Err(Refusal::new(60123, "invalid party id"));
        }
        Some(id) if departments.find(id).is_some() => {
            return Err(Refusal::new(60008, "department existed: id is used"));
        }
        Some(id) => id,
    };
    departments.check_siblings(parent, id, Some(&name), name_en.as_ref())?;
    if departments.level(parent.id) >= MAX_LEVELS {
        return Err(Refusal::new(81002, "department deeper than 15 levels"));
    }
    check_room(corp, parent)?;

    let parent = parent.id;
    let department = Department { id, name, name_en, parent, order, children: BTreeSet::new() };
    corp.departments.insert(department);
    Ok(Success::with("created", json!({ "id": id })))
}

pub(crate) fn update(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Body { id, name, name_en, parentid, order } = call.json()?;
    let departments = &corp.departments;
    let Some(old) = departments.find(id.unwrap_or_default()) else {
        return Err(Refusal::new(60003, "department not found"));
    };
    if let Some(name) = name.as_ref() {
        if name.is_empty() {
            return Err(Refusal::new(40058, "name exceed min utf8 words 1"));
        }
        check_name(name)?;
    }
    check_name_en(name_en.as_ref())?;
    let parent = match parentid {
        None => departments.find(old.parent),
        Some(parent) => {
            let Some(parent) = departments.find(parent) else {
                return Err(Refusal::new(60124, "invalid parent party id"));
            };
            if departments.is_within(parent.id, old.id) {
                return Err(Refusal::new(60010, "parent is the department itself or below it"));
            }
            if departments.level(parent.id) + departments.height(old.id) > MAX_LEVELS {
                return Err(Refusal::new(81002, "department deeper than 15 levels"));
            }
            if parent.id != old.parent {
                check_room(corp, parent)?;
            }
            Some(parent)
        }
    };
    if let Some(parent) = parent {
        let name = name.as_ref().unwrap_or(&old.name);
        let name_en = name_en.as_ref().or(old.name_en.as_ref());
        departments.check_siblings(parent, old.id, Some(name), name_en)?;
    }

    let mut new = old.clone();
    let strange_order = order.is_some_and(|it| !(0..ORDERS).contains(&it));
    new.name = name.unwrap_or(new.name);
    new.name_en = name_en.or(new.name_en);
    // The server stores an order out of range wrapped, and only warns.
    let wrapped = order.map(|it| it.rem_euclid(ORDERS)).and_then(|it| u32::try_from(it).ok());
    new.order = wrapped.unwrap_or(new.order);
    new.parent = parent.map_or(new.parent, |it| it.id);
    corp.departments.replace(new);
    if strange_order {
        call.warnings.wrong_json();
    }
    Ok(Success::with("updated", Value::Null))
}

pub(crate) fn delete(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let id = call.query.required_id("id")?;
    let Some(department) = corp.departments.find(id) else {
        return Err(Refusal::new(60123, "invalid party id"));
    };
    if id == ROOT {
        return Err(Refusal::new(60007, "root department can not be deleted"));
    }
    if !department.children.is_empty() {
        return Err(Refusal::new(60006, "department contains sub-departments"));
    }
    if corp.members.directly_in(id).next().is_some() {
        return Err(Refusal::new(60005, "department contains members"));
    }
    corp.departments.remove(id);
    Ok(Success::with("deleted", Value::Null))
}

pub(crate) fn simplelist(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let found = seen_below(corp, app, call, "department_id")?;
    let rows = found.map(|it| json!({ "id": it.id, "parentid": it.parent, "order": it.order }));
    Ok(Success::ok(json!({ "department_id": rows.collect::<Vec<_>>() })))
}

pub(crate) fn list(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let found = seen_below(corp, app, call, "department")?;
    let rows = found.map(|it| details(corp, it));
    Ok(Success::ok(json!({ "department": rows.collect::<Vec<_>>() })))
}

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let id = call.query.required_id("id")?;
    let Some(department) = corp.departments.find(id) else {
        return Err(Refusal::new(60123, "invalid party id"));
    };
    if !corp.sees_department(app, id) {
        return Err(Refusal::new(60011, "no privilege to access the department"));
    }
    Ok(Success::ok(json!({ "department": details(corp, department) })))
}

/// The department that the query names and all below it, as far as the caller sees them.
fn seen_below<'a>(
    corp: &'a Corp,
    app: &'static App,
    call: &Call,
    member: &str,
) -> Result<impl Iterator<Item = &'a Department>, Refusal> {
    let refuse =
        |code, text: &str| Refusal { code, text: text.to_owned(), members: json!({ member: [] }) };
    let top = if call.query.raw("id") == Some("") {
        call.warnings.wrong_query("id");
        None
    } else {
        call.query.id("id")?
    };
    if let Some(id) = top {
        if corp.departments.find(id).is_none() {
            return Err(refuse(60123, "invalid party id"));
        }
        if !corp.sees_department(app, id) {
            return Err(refuse(60011, "no privilege to access the department"));
        }
    }
    let below = corp.departments.subtree(top.unwrap_or(ROOT));
    let found = below.into_iter().filter(|it| corp.sees_department(app, *it));
    Ok(found.filter_map(|it| corp.departments.find(it)))
}

fn details(corp: &Corp, department: &Department) -> Value {
    let mut row = department.state();
    put(&mut row, "department_leader", json!(corp.members.leaders_of(department.id)));
    row
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if text::chars(name) > 64 {
        return Err(Refusal::new(60001, "department name exceed max utf8 words 64"));
    }
    if name.contains(FORBIDDEN) || name.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Refusal::new(60009, "invalid character in department name"));
    }
    Ok(())
}

fn check_name_en(name: Option<&String>) -> Result<(), Refusal> {
    let Some(name) = name else { return Ok(()) };
    if name.is_empty() {
        return Err(Refusal::new(60001, "department name_en is empty"));
    }
    if text::chars(name) > 64 {
        return Err(Refusal::invalid("name_en", "exceed max utf8 words 64"));
    }
    if name.contains(FORBIDDEN) || name.contains(char::REPLACEMENT_CHARACTER) {
        return Err(Refusal::new(60009, "invalid character in department name_en"));
    }
    Ok(())
}

fn check_room(corp: &Corp, parent: &Department) -> Result<(), Refusal> {
    let nodes = parent.children.len() + corp.members.directly_in(parent.id).count();
    if nodes >= MAX_NODES || corp.departments.len() > MAX_NODES {
        return Err(Refusal::new(81001, "more than 30000 nodes"));
    }
    Ok(())
}
