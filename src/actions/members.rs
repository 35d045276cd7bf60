//! Members of the enterprise.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;
use serde_json::json;

use crate::{
    bindings::wit::{
        members::{
            CreatedMember, Gender, MemberChanges, MemberInDepartment, MemberPage, Membership,
            NamedDepartment, NewMember, TextChange, UsersChange,
        },
        types::{DepartmentId, Error, Receipt, UserId},
    },
    call::{Auth, Call},
    response::Unexpected,
    validate::{Check, given},
    wire::{Lenient, List, Object},
};

/// `POST /cgi-bin/user/list_id`
pub(crate) fn list_member_ids(
    cursor: Option<String>,
    limit: Option<u32>,
) -> Result<Call<MemberPage>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        dept_user: Option<Lenient<List<Node>>>,
        next_cursor: Lenient<Option<String>>,
    }
    #[derive(Deserialize)]
    struct Node {
        userid: UserId,
        department: DepartmentId,
    }

    let mut check = Check::default();
    if let Some(limit) = limit {
        check.range("limit", limit, 1..=10_000);
    }
    check.finish()?;

    let body = json!({ "cursor": given(cursor), "limit": limit });
    Ok(Call::post("/cgi-bin/user/list_id", Auth::Contacts, body).retry_safe(true).map(
        |Response { dept_user, next_cursor }, mut warnings| {
            let dept_user = dept_user.ok_or_else(|| Unexpected::lacks("dept_user"))?;
            let List(nodes) = warnings.value("dept_user", dept_user);
            let member = |Node { userid, department }| MemberInDepartment {
                user_id: userid,
                department_id: department,
            };
            Ok(MemberPage {
                members: nodes.into_iter().map(member).collect(),
                next_cursor: warnings.value("next_cursor", next_cursor),
                warning: warnings.into_text(),
            })
        },
    ))
}

/// `POST /cgi-bin/user/create`
pub(crate) fn create_member(member: NewMember) -> Result<Call<CreatedMember>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        created_department_list: Lenient<CreatedDepartments>,
    }
    /// `[]` where there are none, which a derived struct with defaults accepts.
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct CreatedDepartments {
        department_info: Lenient<List<Node>>,
    }
    impl Object for CreatedDepartments {}
    #[derive(Deserialize)]
    struct Node {
        id: DepartmentId,
        #[serde(default)]
        name: Lenient<Option<String>>,
    }

    let NewMember {
        user_id,
        name,
        alias,
        gender,
        enabled,
        main_department,
        position,
        departments,
        direct_superiors,
        telephone,
        mobile,
        email,
        corp_email,
        address,
        to_invite,
    } = member;
    let mut check = Check::default();
    check_new_user_id(&mut check, "member.user-id", &user_id);
    check.chars("member.name", &name, 1..=64);
    let (alias, position, address) = (given(alias), given(position), given(address));
    let (telephone, email, corp_email) = (given(telephone), given(email), given(corp_email));
    check_alias(&mut check, "member.alias", alias.as_deref());
    check_main_department(&mut check, "member.main-department", main_department);
    check_position(&mut check, "member.position", position.as_deref());
    let memberships = wire_memberships(&mut check, "member.departments", departments);
    if let Some(superiors) = &direct_superiors {
        check.user_ids("member.direct-superiors", superiors, 0..=5);
    }
    check_telephone(&mut check, "member.telephone", telephone.as_deref());
    let mobile = given(mobile).map(|it| check.mobile("member.mobile", &it));
    check_email(&mut check, "member.email", email.as_deref());
    check_email(&mut check, "member.corp-email", corp_email.as_deref());
    check_address(&mut check, "member.address", address.as_deref());
    if mobile.is_none() && email.is_none() {
        check.reject("member.mobile", "`mobile` or `email` is required");
    }
    check.finish()?;

    let body = json!({
        "userid": user_id,
        "name": name,
        "alias": alias,
        "gender": gender.map(gender_code),
        "enable": enabled.map(u32::from),
        "main_department": main_department,
        "position": position,
        "department": memberships.departments,
        "order": memberships.orders,
        "is_leader_in_dept": memberships.leaders,
        "direct_leader": direct_superiors,
        "telephone": telephone,
        "mobile": mobile,
        "email": email,
        "biz_mail": corp_email,
        "address": address,
        "to_invite": to_invite,
    });
    // Created twice, it exists already: the user id is the caller's.
    Ok(Call::post("/cgi-bin/user/create", Auth::Contacts, body).retry_safe(true).map(
        |Response { created_department_list }, mut warnings| {
            let created = warnings.value("created_department_list", created_department_list);
            let List(nodes) = warnings.value("department_info", created.department_info);
            let named =
                |Node { id, name }| NamedDepartment { id, name: name.value.unwrap_or_default() };
            Ok(CreatedMember {
                created_departments: nodes.into_iter().map(named).collect(),
                warning: warnings.into_text(),
            })
        },
    ))
}

/// `POST /cgi-bin/user/update`
pub(crate) fn update_member(
    user_id: UserId,
    changes: MemberChanges,
) -> Result<Call<Receipt>, Error> {
    let MemberChanges {
        name,
        alias,
        gender,
        enabled,
        main_department,
        position,
        departments,
        direct_superiors,
        telephone,
        mobile,
        email,
        corp_email,
        address,
    } = changes;
    let mut check = Check::default();
    check.user_id("user-id", &user_id);
    let name = given(name);
    if let Some(name) = &name {
        check.chars("changes.name", name, 1..=64);
    }
    // An empty text clears.
    let alias = alias.map(text_change_value);
    check_alias(&mut check, "changes.alias.set", given(alias.clone()).as_deref());
    check_main_department(&mut check, "changes.main-department", main_department);
    let position = position.map(text_change_value);
    check_position(&mut check, "changes.position.set", position.as_deref());
    let memberships = wire_memberships(&mut check, "changes.departments", departments);
    let superiors = direct_superiors.map(|it| match it {
        UsersChange::Clear => Vec::new(),
        UsersChange::Set(users) => users,
    });
    if let Some(superiors) = &superiors {
        check.user_ids("changes.direct-superiors.set", superiors, 0..=5);
    }
    let telephone = telephone.map(text_change_value);
    check_telephone(&mut check, "changes.telephone.set", telephone.as_deref());
    let mobile = mobile.map(text_change_value).map(|it| match it.as_str() {
        "" => it,
        number => check.mobile("changes.mobile.set", number),
    });
    let email = email.map(text_change_value);
    check_email(&mut check, "changes.email.set", given(email.clone()).as_deref());
    let corp_email = corp_email.map(text_change_value);
    check_email(&mut check, "changes.corp-email.set", given(corp_email.clone()).as_deref());
    let address = address.map(text_change_value);
    check_address(&mut check, "changes.address.set", address.as_deref());
    check.finish()?;

    let body = json!({
        "userid": user_id,
        "name": name,
        "alias": alias,
        "gender": gender.map(gender_code),
        "enable": enabled.map(u32::from),
        "main_department": main_department,
        "position": position,
        "department": memberships.departments,
        "order": memberships.orders,
        "is_leader_in_dept": memberships.leaders,
        "direct_leader": superiors,
        "telephone": telephone,
        "mobile": mobile,
        "email": email,
        "biz_mail": corp_email,
        "address": address,
    });
    Ok(Call::post("/cgi-bin/user/update", Auth::Contacts, body).retry_safe(true))
}

/// `GET /cgi-bin/user/delete`
pub(crate) fn delete_member(user_id: UserId) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.user_id("user-id", &user_id);
    check.finish()?;

    Ok(Call::get("/cgi-bin/user/delete", Auth::Contacts).query("userid", user_id))
}

/// Memberships on the wire: three lists of one length. Order and leader are always sent: what a server does with those of
/// before, where they are left out, is not documented.
struct WireMemberships {
    departments: Option<Vec<u32>>,
    orders: Option<Vec<u32>>,
    leaders: Option<Vec<u32>>,
}

/// An empty list is an absent one.
fn wire_memberships(
    check: &mut Check,
    field: &str,
    memberships: Option<Vec<Membership>>,
) -> WireMemberships {
    let memberships = memberships.unwrap_or_default();
    check.count(field, memberships.len(), 0..=100);
    let (mut departments, mut orders, mut leaders) = (Vec::new(), Vec::new(), Vec::new());
    for Membership { department_id, order, leader } in memberships {
        departments.push(department_id);
        orders.push(order.unwrap_or(0));
        leaders.push(u32::from(leader.unwrap_or(false)));
    }
    let given = |list: Vec<u32>| (!list.is_empty()).then_some(list);
    WireMemberships {
        departments: given(departments),
        orders: given(orders),
        leaders: given(leaders),
    }
}

fn text_change_value(change: TextChange) -> String {
    match change {
        TextChange::Clear => String::new(),
        TextChange::Set(text) => text,
    }
}

/// WeCom sends the code as a string.
fn gender_code(gender: Gender) -> &'static str {
    match gender {
        Gender::Male => "1",
        Gender::Female => "2",
    }
}

fn check_new_user_id(check: &mut Check, field: &str, id: &str) {
    check.bytes(field, id, 1..=64);
    let first_is_right = id.bytes().next().is_none_or(|it| it.is_ascii_alphanumeric());
    if !first_is_right || !id.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-@.".contains(&it))
    {
        check.reject(
            field,
            "must be digits, ASCII letters and `_ - @ .`, the first a digit or letter",
        );
    }
}

fn check_alias(check: &mut Check, field: &str, alias: Option<&str>) {
    if let Some(alias) = alias {
        check.chars(field, alias, 1..=64);
    }
}

fn check_main_department(check: &mut Check, field: &str, id: Option<DepartmentId>) {
    if let Some(id) = id {
        check.department_id(field, id);
    }
}

fn check_position(check: &mut Check, field: &str, position: Option<&str>) {
    if let Some(position) = position {
        check.chars(field, position, 0..=128);
    }
}

fn check_telephone(check: &mut Check, field: &str, telephone: Option<&str>) {
    if let Some(telephone) = telephone {
        check.bytes(field, telephone, 0..=32);
        if !telephone.bytes().all(|it| it.is_ascii_digit() || b"-+,".contains(&it)) {
            check.reject(field, "must be digits and `- + ,`");
        }
    }
}

fn check_email(check: &mut Check, field: &str, email: Option<&str>) {
    if let Some(email) = email {
        check.bytes(field, email, 6..=64);
        let parts = email.rsplit_once('@');
        if !parts.is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
            || email.contains(|it: char| it.is_whitespace() || it.is_control())
        {
            check.reject(field, "must be an email address");
        }
    }
}

fn check_address(check: &mut Check, field: &str, address: Option<&str>) {
    if let Some(address) = address {
        check.chars(field, address, 0..=128);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use expect_test::expect;

    use super::*;
    use crate::actions::testing::{check_refused, check_request, check_response};

    fn iker() -> NewMember {
        NewMember {
            user_id: "iker.z".into(),
            name: "Iker".into(),
            alias: None,
            gender: None,
            enabled: None,
            main_department: None,
            position: None,
            departments: None,
            direct_superiors: None,
            telephone: None,
            mobile: Some("+34600000000".into()),
            email: None,
            corp_email: None,
            address: None,
            to_invite: None,
        }
    }

    fn unchanged() -> MemberChanges {
        MemberChanges {
            name: None,
            alias: None,
            gender: None,
            enabled: None,
            main_department: None,
            position: None,
            departments: None,
            direct_superiors: None,
            telephone: None,
            mobile: None,
            email: None,
            corp_email: None,
            address: None,
        }
    }

    fn member_of(department_id: DepartmentId) -> Membership {
        Membership { department_id, order: None, leader: None }
    }

    #[test]
    fn list_member_ids_wire() {
        let call = || list_member_ids(None, None).unwrap();
        check_request(&call(), expect!["POST /cgi-bin/user/list_id {} [contacts, retry-safe]"]);
        check_request(
            &list_member_ids(Some("c-1".into()), Some(10_000)).unwrap(),
            expect![[
                r#"POST /cgi-bin/user/list_id {"cursor":"c-1","limit":10000} [contacts, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","next_cursor":"c-2","dept_user":[{"userid":"noor.h","department":310}]}"#,
            expect![[
                r#"Ok(MemberPage { members: [MemberInDepartment { user-id: "noor.h", department-id: 310 }], next-cursor: Some("c-2"), warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","next_cursor":""}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable dept_user"))"#
            ]],
        );
    }

    #[test]
    fn list_member_ids_limits() {
        for (limit, accepted) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
            assert_eq!(list_member_ids(None, Some(limit)).is_ok(), accepted, "{limit}");
        }
        // An empty cursor is none, as for the first page.
        check_request(
            &list_member_ids(Some(String::new()), None).unwrap(),
            expect!["POST /cgi-bin/user/list_id {} [contacts, retry-safe]"],
        );
    }

    #[test]
    fn create_member_wire() {
        let call = || create_member(iker()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/user/create {"userid":"iker.z","name":"Iker","mobile":"+34600000000"} [contacts, retry-safe]"#
            ]],
        );
        let everything = NewMember {
            alias: Some("Z".into()),
            gender: Some(Gender::Female),
            enabled: Some(false),
            main_department: Some(310),
            position: Some("Dispatcher".into()),
            departments: Some(vec![
                Membership { order: Some(20), leader: Some(true), ..member_of(310) },
                member_of(1),
            ]),
            direct_superiors: Some(vec!["noor.h".into()]),
            telephone: Some("020-1,2".into()),
            email: Some("i@ops.example".into()),
            corp_email: Some("iker@corp.example".into()),
            address: Some("Kai 1".into()),
            to_invite: Some(false),
            ..iker()
        };
        check_request(
            &create_member(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/user/create {"userid":"iker.z","name":"Iker","alias":"Z","gender":"2","enable":0,"main_department":310,"position":"Dispatcher","department":[310,1],"order":[20,0],"is_leader_in_dept":[1,0],"direct_leader":["noor.h"],"telephone":"020-1,2","mobile":"+34600000000","email":"i@ops.example","biz_mail":"iker@corp.example","address":"Kai 1","to_invite":false} [contacts, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"created"}"#,
            expect!["Ok(CreatedMember { created-departments: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"created","created_department_list":{"department_info":[{"name":"N","id":5}]}}"#,
            expect![[
                r#"Ok(CreatedMember { created-departments: [NamedDepartment { id: 5, name: "N" }], warning: None })"#
            ]],
        );
    }

    #[test]
    fn created_departments_may_be_an_empty_list() {
        for list in ["{}", "[]", "null", r#"{"department_info":null}"#] {
            let body = format!(r#"{{"errcode":0,"created_department_list":{list}}}"#);
            check_response(
                create_member(iker()).unwrap(),
                &body,
                expect!["Ok(CreatedMember { created-departments: [], warning: None })"],
            );
        }
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "a limit a line")]
    fn create_member_limits() {
        let accepts = |member: NewMember| create_member(member).is_ok();
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(
                accepts(NewMember { user_id: "u".repeat(length), ..iker() }),
                accepted,
                "user id {length}"
            );
            assert_eq!(
                accepts(NewMember { name: "名".repeat(length), ..iker() }),
                accepted,
                "name {length}"
            );
            assert_eq!(
                accepts(NewMember { alias: Some("名".repeat(length)), ..iker() }),
                accepted || length == 0,
                "alias {length}"
            );
        }
        for (id, accepted) in
            [("9_-@.z", true), ("_a", false), ("a b", false), ("名", false), ("a|b", false)]
        {
            assert_eq!(accepts(NewMember { user_id: id.into(), ..iker() }), accepted, "{id}");
        }
        for (length, accepted) in [(0, true), (128, true), (129, false)] {
            assert_eq!(
                accepts(NewMember { position: Some("位".repeat(length)), ..iker() }),
                accepted,
                "position {length}"
            );
            assert_eq!(
                accepts(NewMember { address: Some("路".repeat(length)), ..iker() }),
                accepted,
                "address {length}"
            );
        }
        for (length, accepted) in [(0, true), (1, true), (32, true), (33, false)] {
            assert_eq!(
                accepts(NewMember { telephone: Some("1".repeat(length)), ..iker() }),
                accepted,
                "phone {length}"
            );
        }
        for (email, accepted) in [
            ("a@b.cd", true),
            // Whether it is one is the server's business.
            ("部@例子.中国", true),
            ("abcdef", false),
            ("@b.cde", false),
            ("abcde@", false),
            ("a b@c.d", false),
        ] {
            assert_eq!(
                accepts(NewMember { email: Some(email.into()), ..iker() }),
                accepted,
                "email {email}"
            );
        }
        for (mobile, accepted) in [
            ("", false),
            ("+86 13800000000", true),
            ("+1", true),
            (&["+", &"1".repeat(31)].concat(), true),
            (&["+", &"1".repeat(32)].concat(), false),
            ("13800000000", true),
            ("138-0000-0000", true),
            ("+86-13800000000", true),
            ("1380000000", true),
            ("007", true),
            ("-", false),
            ("+", false),
            ("+- ", false),
            ("call me 1", false),
            ("１３８０００００００００", false),
        ] {
            assert_eq!(
                accepts(NewMember { mobile: Some(mobile.into()), ..iker() }),
                accepted,
                "mobile {mobile}"
            );
        }
        for (length, accepted) in [(5, false), (6, true), (64, true), (65, false)] {
            let email = ["a".repeat(length - 4), "@b.c".into()].concat();
            assert_eq!(
                accepts(NewMember { email: Some(email.clone()), ..iker() }),
                accepted,
                "email {length}"
            );
            assert_eq!(
                accepts(NewMember { corp_email: Some(email), ..iker() }),
                accepted,
                "corp email {length}"
            );
        }
        for (count, accepted) in [(0, true), (1, true), (100, true), (101, false)] {
            let departments = (1..=count).map(member_of).collect();
            assert_eq!(
                accepts(NewMember { departments: Some(departments), ..iker() }),
                accepted,
                "{count} departments"
            );
        }
        for (count, accepted) in [(0, true), (5, true), (6, false)] {
            let superiors = (0..count).map(|it| format!("u{it}")).collect();
            assert_eq!(
                accepts(NewMember { direct_superiors: Some(superiors), ..iker() }),
                accepted,
                "{count} superiors"
            );
        }
        let all = NewMember {
            user_id: "-".into(),
            name: String::new(),
            departments: Some(vec![member_of(0), member_of(0)]),
            mobile: None,
            telephone: Some("call me".into()),
            corp_email: Some("nobody".into()),
            main_department: Some(0),
            ..iker()
        };
        check_refused(
            create_member(all),
            expect![[r#"
                member.user-id: must be digits, ASCII letters and `_ - @ .`, the first a digit or letter
                member.name: must have 1 to 64 characters, has 0
                member.main-department: must be 1 to 4294967295, is 0
                member.telephone: must be digits and `- + ,`
                member.corp-email: must be an email address
                member.mobile: `mobile` or `email` is required"#]],
        );
    }

    #[test]
    fn update_member_wire() {
        let call = || update_member("iker.z".into(), unchanged()).unwrap();
        check_request(
            &call(),
            expect![[r#"POST /cgi-bin/user/update {"userid":"iker.z"} [contacts, retry-safe]"#]],
        );
        let changes = MemberChanges {
            name: Some("I".into()),
            alias: Some(TextChange::Set("Z".into())),
            gender: Some(Gender::Male),
            enabled: Some(true),
            main_department: Some(2),
            position: Some(TextChange::Set("Lead".into())),
            departments: Some(vec![Membership { order: Some(1), ..member_of(2) }]),
            direct_superiors: Some(UsersChange::Set(vec!["noor.h".into()])),
            telephone: Some(TextChange::Set("1".into())),
            mobile: Some(TextChange::Set("+1".into())),
            email: Some(TextChange::Set("i@ops.example".into())),
            corp_email: Some(TextChange::Set("i@corp.example".into())),
            address: Some(TextChange::Set("Kai 2".into())),
        };
        check_request(
            &update_member("iker.z".into(), changes).unwrap(),
            expect![[
                r#"POST /cgi-bin/user/update {"userid":"iker.z","name":"I","alias":"Z","gender":"1","enable":1,"main_department":2,"position":"Lead","department":[2],"order":[1],"is_leader_in_dept":[0],"direct_leader":["noor.h"],"telephone":"1","mobile":"+1","email":"i@ops.example","biz_mail":"i@corp.example","address":"Kai 2"} [contacts, retry-safe]"#
            ]],
        );
        let cleared = MemberChanges {
            position: Some(TextChange::Clear),
            direct_superiors: Some(UsersChange::Clear),
            address: Some(TextChange::Clear),
            alias: Some(TextChange::Clear),
            telephone: Some(TextChange::Clear),
            mobile: Some(TextChange::Clear),
            email: Some(TextChange::Clear),
            corp_email: Some(TextChange::Set(String::new())),
            departments: Some(Vec::new()),
            ..unchanged()
        };
        check_request(
            &update_member("iker.z".into(), cleared).unwrap(),
            expect![[
                r#"POST /cgi-bin/user/update {"userid":"iker.z","alias":"","position":"","direct_leader":[],"telephone":"","mobile":"","email":"","biz_mail":"","address":""} [contacts, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"updated"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn update_member_limits() {
        let accepts = |changes: MemberChanges| update_member("iker.z".into(), changes).is_ok();
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(
                accepts(MemberChanges { name: Some("名".repeat(length)), ..unchanged() }),
                accepted || length == 0,
                "name {length}"
            );
            assert_eq!(
                update_member("u".repeat(length), unchanged()).is_ok(),
                accepted,
                "user id {length}"
            );
        }
        for (length, accepted) in [(0, true), (128, true), (129, false)] {
            let text = Some(TextChange::Set("位".repeat(length)));
            assert_eq!(
                accepts(MemberChanges { position: text, ..unchanged() }),
                accepted,
                "position {length}"
            );
        }
        for (count, accepted) in [(0, true), (1, true), (100, true), (101, false)] {
            let departments = (1..=count).map(member_of).collect();
            assert_eq!(
                accepts(MemberChanges { departments: Some(departments), ..unchanged() }),
                accepted,
                "{count}"
            );
        }
        let all = MemberChanges {
            telephone: Some(TextChange::Set("call me".into())),
            email: Some(TextChange::Set("a@b.c".into())),
            direct_superiors: Some(UsersChange::Set(vec!["@all".into()])),
            ..unchanged()
        };
        check_refused(
            update_member("a|b".into(), all),
            expect![[r#"
                user-id: must be one id each, has `|`
                changes.direct-superiors.set[0]: `@all` is not a user id: use `mention-everyone`, or the case `everyone` of the recipients
                changes.telephone.set: must be digits and `- + ,`
                changes.email.set: must have 6 to 64 bytes, has 5"#]],
        );
    }

    #[test]
    fn delete_member_wire() {
        let call = || delete_member("iker+z@x".into()).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/user/delete?userid=iker%2Bz%40x [contacts, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"deleted"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":60111,"errmsg":"userid not found"}"#,
            expect![[r#"Refused { code: 60111, message: "userid not found" }"#]],
        );
    }

    #[test]
    fn delete_member_limits() {
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(delete_member("u".repeat(length)).is_ok(), accepted, "{length} bytes");
        }
    }
}
