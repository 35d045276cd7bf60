//! Members and what may be asked of them.

mod extra;
mod profile;

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer::{Outcome, Refusal, Success},
    body::{Field, put},
    corp::{App, Corp, Sight},
    departments,
    gate::Call,
    known,
    members::profile::Body,
};

pub(crate) use crate::members::profile::Member;

const ACTIVATED: u8 = 1;
const DISABLED: u8 = 2;
const NOT_ACTIVATED: u8 = 4;

/// Members by their ids in lower case, because ids ignore case.
#[derive(Clone)]
pub(crate) struct Members {
    all: BTreeMap<String, Member>,
    unlicensed: BTreeSet<String>,
}

pub(crate) fn create(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let body: Body = call.json()?;
    let Some(user_id) = body.userid.filled() else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    profile::check_user_id(user_id)?;
    if corp.members.find(user_id).is_some() {
        return Err(Refusal::new(60102, "userid existed"));
    }
    if body.new_userid.is_given() {
        return Err(Refusal::invalid("new_userid", "only known to user/update"));
    }
    if body.name.filled().is_none() {
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
    let Some(user_id) = body.userid.filled() else {
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
    corp.members.all.remove(&user_id.to_ascii_lowercase());
    for other in corp.members.all.values_mut() {
        other.direct_leader.retain(|it| *it != user_id);
    }
    corp.group_chats.forget_member(&user_id);
    Ok(Success::with("deleted", Value::Null))
}

pub(crate) fn get(corp: &mut Corp, app: &'static App, call: &Call) -> Outcome {
    let Some(user_id) = call.query.text("userid") else {
        return Err(Refusal::new(41009, "userid missing"));
    };
    let Some(member) = corp.members.find(user_id) else {
        return Err(Refusal::new(60111, "userid not found"));
    };
    if !sees(corp, app, member) {
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
    let after = match cursor.filled() {
        None => None,
        Some(cursor) => match read_cursor(cursor) {
            None => return Err(Refusal::new(50100, "invalid cursor")),
            after => after,
        },
    };

    let start = after.as_ref().map(|(id, _)| id.clone()).unwrap_or_default();
    let rows = corp.members.all.range(start..).flat_map(|(id, member)| {
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

/// Whether a member is in the visible range of an application.
pub(crate) fn sees(corp: &Corp, app: &App, member: &Member) -> bool {
    match app.sight {
        Sight::Whole => true,
        Sight::Narrow { member: seen, .. } => {
            member.user_id == seen
                || member.department.iter().any(|it| departments::sees(corp, app, *it))
        }
    }
}

impl Members {
    pub(crate) fn new() -> Self {
        let mut founder = Member::new(known::FOUNDER);
        "Founder".clone_into(&mut founder.name);
        founder.mobile = Some("13900000000".to_owned());
        founder.department = vec![departments::ROOT];
        founder.order = vec![0];
        founder.is_leader_in_dept = vec![1];
        founder.main_department = Some(departments::ROOT);
        founder.status = ACTIVATED;
        founder.generate_biz_mail();
        let mut members = Self { all: BTreeMap::new(), unlicensed: BTreeSet::new() };
        members.put(founder);
        members
    }

    pub(crate) fn find(&self, user_id: &str) -> Option<&Member> {
        self.all.get(&user_id.to_ascii_lowercase())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.all.values()
    }

    pub(crate) fn directly_in(&self, department: i64) -> impl Iterator<Item = &Member> {
        self.iter().filter(move |it| it.department.contains(&department))
    }

    pub(crate) fn leaders_of(&self, department: i64) -> Vec<&str> {
        let leads = |member: &Member| {
            let mut places = member.department.iter().zip(&member.is_leader_in_dept);
            places.any(|(place, leader)| *place == department && *leader == 1)
        };
        self.iter().filter(|it| leads(it)).map(|it| it.user_id.as_str()).collect()
    }

    pub(crate) fn unlicense(&mut self, user_id: &str) {
        self.unlicensed.insert(user_id.to_ascii_lowercase());
    }

    pub(crate) fn is_licensed(&self, member: &Member) -> bool {
        !self.unlicensed.contains(&member.user_id.to_ascii_lowercase())
    }

    fn put(&mut self, member: Member) {
        self.all.insert(member.user_id.to_ascii_lowercase(), member);
    }

    pub(crate) fn state(&self) -> Value {
        let rows = self.iter().map(|it| {
            let mut row = it.state();
            put(&mut row, "licensed", json!(self.is_licensed(it)));
            row
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{known, testing::Client};

    const CREATE: &str = "/cgi-bin/user/create";
    const UPDATE: &str = "/cgi-bin/user/update";
    const DELETE: &str = "/cgi-bin/user/delete";
    const LIST: &str = "/cgi-bin/user/list_id";

    fn code(answer: &Value) -> i64 {
        answer["errcode"].as_i64().unwrap()
    }

    #[test]
    fn a_member_lives_and_dies() {
        let client = Client::new();
        let body = json!({
            "userid": "Iker.Z", "name": "Iker 萨巴拉", "mobile": "+34600000000", "department": [1],
            "order": [20], "is_leader_in_dept": [0], "direct_leader": [known::FOUNDER],
            "position": "Dispatcher", "gender": "1", "enable": 1, "to_invite": false,
        });
        assert_eq!(client.contacts(CREATE, body), json!({"errcode": 0, "errmsg": "created"}));
        assert_eq!(
            client.app_get("/cgi-bin/user/get", "&userid=iker.z"),
            json!({
                "errcode": 0, "errmsg": "ok", "userid": "Iker.Z", "name": "Iker 萨巴拉",
                "department": [1], "order": [20], "is_leader_in_dept": [0],
                "direct_leader": [known::FOUNDER], "main_department": 1, "position": "Dispatcher",
                "status": 4, "open_userid": "",
            })
        );
        let answer =
            client.contacts(UPDATE, json!({"userid": "IKER.z", "name": "Z", "direct_leader": []}));
        assert_eq!(answer, json!({"errcode": 0, "errmsg": "updated"}));
        let member = client.simulator.state()["members"][1].clone();
        assert_eq!((&member["name"], &member["direct_leader"]), (&json!("Z"), &json!([])));
        assert_eq!(
            (&member["position"], &member["invited"]),
            (&json!("Dispatcher"), &json!(false))
        );

        let deleted = client.contacts_get(DELETE, "&userid=iker.z");
        assert_eq!(deleted, json!({"errcode": 0, "errmsg": "deleted"}));
        assert_eq!(code(&client.contacts_get(DELETE, "&userid=iker.z")), 60111);
        assert_eq!(code(&client.app_get("/cgi-bin/user/get", "&userid=iker.z")), 60111);
    }

    #[test]
    fn refusals_of_ids() {
        let client = Client::new();
        for (query, expected) in
            [("", 41009), ("&userid=Founder", 301_005), ("&userid=nobody", 60111)]
        {
            assert_eq!(code(&client.contacts_get(DELETE, query)), expected, "{query}");
        }
        for (body, expected) in [
            (json!({"name": "a", "mobile": "13800000000"}), 41009),
            (json!({"userid": "FOUNDER", "name": "a", "mobile": "13800000000"}), 60102),
            (
                json!({"userid": "a", "name": "a", "mobile": "13800000000", "new_userid": "b"}),
                40058,
            ),
        ] {
            assert_eq!(code(&client.contacts(CREATE, body.clone())), expected, "{body}");
        }
        for (body, expected) in [
            (json!({}), 41009),
            (json!({"userid": "nobody"}), 60111),
            (json!({"userid": "founder", "new_userid": "x"}), 301_036),
        ] {
            assert_eq!(code(&client.contacts(UPDATE, body.clone())), expected, "{body}");
        }
    }

    #[test]
    fn a_narrow_app_reads_only_its_members() {
        let client = Client::new();
        client.populate(&["a"]);
        let get =
            |query| code(&client.get_as(known::NARROW_APP_SECRET, "/cgi-bin/user/get", query));
        assert_eq!([get("&userid=founder"), get("&userid=a")], [0, 60011]);
    }

    #[test]
    fn member_ids_come_in_pages_of_rows() {
        let client = Client::new();
        client.contacts("/cgi-bin/department/create", json!({"name": "a", "parentid": 1, "id": 5}));
        for (id, places) in [("a", vec![5, 1]), ("z", vec![])] {
            let mut body = json!({"userid": id, "name": id, "email": format!("{id}@example.com")});
            if !places.is_empty() {
                body["department"] = json!(places);
            }
            assert_eq!(code(&client.contacts(CREATE, body)), 0);
        }
        let all = client.contacts(LIST, json!({}));
        let rows = json!([
            {"userid": "a", "department": 5}, {"userid": "a", "department": 1},
            {"userid": "founder", "department": 1}, {"userid": "z", "department": 0},
        ]);
        assert_eq!(
            all,
            json!({"errcode": 0, "errmsg": "ok", "next_cursor": "", "dept_user": rows})
        );

        for limit in 1..=4 {
            let mut found = Vec::new();
            let mut cursor = json!("");
            loop {
                let page = client.contacts(LIST, json!({"cursor": cursor, "limit": limit}));
                let rows = page["dept_user"].as_array().unwrap();
                assert!(rows.len() <= limit);
                found.extend(rows.clone());
                cursor = page["next_cursor"].clone();
                if cursor == "" {
                    break;
                }
            }
            assert_eq!(json!(found), rows, "pages of {limit}");
        }
    }

    #[test]
    fn a_page_is_refused() {
        let client = Client::new();
        for (body, expected) in [
            (json!({"limit": 0}), 40058),
            (json!({"limit": 1}), 0),
            (json!({"limit": 10_000}), 0),
            (json!({"limit": 10_001}), 40058),
            (json!({"limit": "5"}), 40058),
            (json!({"cursor": "c-7"}), 50100),
            (json!({"cursor": null}), 40058),
        ] {
            assert_eq!(code(&client.contacts(LIST, body.clone())), expected, "{body}");
        }
    }
}
