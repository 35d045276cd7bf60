//! Members of the enterprise.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    bindings::wit::{
        members::{
            AttributeLink, AttributeValue, CreatedMember, CustomAttribute, EmailKind,
            EnsuredMember, FoundMember, Gender, Member, MemberChanges, MemberDetail,
            MemberInDepartment, MemberList, MemberPage, MemberQuery, MemberStatus, Membership,
            NamedDepartment, NewMember, TextChange, UsersChange,
        },
        types::{DepartmentId, EnsureOutcome, Error, Receipt, UserId},
    },
    call::{Auth, Call},
    response::{Unexpected, Warnings},
    run::{Run, refusal_code},
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

/// `POST /cgi-bin/user/getuserid`
pub(crate) fn find_member_by_mobile(mobile: &str) -> Result<Call<FoundMember>, Error> {
    let mut check = Check::default();
    let mobile = check.mobile("mobile", mobile);
    // Longer ones are refused above.
    if (1..5).contains(&mobile.len()) {
        check.bytes("mobile", &mobile, 5..=32);
    }
    check.finish()?;

    Ok(find("/cgi-bin/user/getuserid", json!({ "mobile": mobile })))
}

/// `POST /cgi-bin/user/get_userid_by_email`
pub(crate) fn find_member_by_email(
    email: String,
    kind: Option<EmailKind>,
) -> Result<Call<FoundMember>, Error> {
    let mut check = Check::default();
    check.not_empty("email", &email);
    check.finish()?;

    let kind = kind.map(|it| match it {
        EmailKind::Corporate => 1,
        EmailKind::Personal => 2,
    });
    let body = json!({ "email": email, "email_type": kind });
    Ok(find("/cgi-bin/user/get_userid_by_email", body))
}

fn find(path: &'static str, body: Value) -> Call<FoundMember> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        userid: Lenient<Option<UserId>>,
    }

    Call::post(path, Auth::Application, body).retry_safe(true).map(
        |Response { userid }, mut warnings| {
            let user_id = warnings.value("userid", userid);
            let user_id = user_id.ok_or_else(|| Unexpected::lacks("userid"))?;
            Ok(FoundMember { user_id, warning: warnings.into_text() })
        },
    )
}

/// `GET /cgi-bin/user/get`
pub(crate) fn get_member(user_id: UserId) -> Result<Call<Member>, Error> {
    let mut check = Check::default();
    check.user_id("user-id", &user_id);
    check.finish()?;

    let call = Call::get("/cgi-bin/user/get", Auth::Application).query("userid", user_id.as_str());
    Ok(call.map(|it: User, warnings| {
        it.member(Some(user_id), warnings).ok_or_else(|| Unexpected::lacks("userid"))
    }))
}

/// `GET /cgi-bin/user/simplelist` or `GET /cgi-bin/user/list`
pub(crate) fn list_members(
    department_id: DepartmentId,
    query: MemberQuery,
) -> Result<Call<MemberList>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        userlist: Option<Lenient<List<User>>>,
    }

    let MemberQuery { detail, recursive } = query;
    let mut check = Check::default();
    check.department_id("department-id", department_id);
    check.finish()?;

    let path = match detail {
        None | Some(MemberDetail::Names) => "/cgi-bin/user/simplelist",
        Some(MemberDetail::Full) => "/cgi-bin/user/list",
    };
    let mut call =
        Call::get(path, Auth::Application).query("department_id", department_id.to_string());
    if recursive == Some(true) {
        call = call.query("fetch_child", "1");
    }
    Ok(call.map(|Response { userlist }, mut warnings| {
        let userlist = userlist.ok_or_else(|| Unexpected::lacks("userlist"))?;
        let List(users) = warnings.value("userlist", userlist);
        let mut members = Vec::new();
        for it in users {
            match it.member(None, warnings.of_item()) {
                Some(it) => members.push(it),
                None => warnings.push(Some("a member has no readable userid".into())),
            }
        }
        Ok(MemberList { members, warning: warnings.into_text() })
    }))
}

/// `POST /cgi-bin/user/batchdelete`
pub(crate) fn delete_members(user_ids: Vec<UserId>) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.user_ids("user-ids", &user_ids, 1..=200);
    check.finish()?;

    let body = json!({ "useridlist": user_ids });
    Ok(Call::post("/cgi-bin/user/batchdelete", Auth::Contacts, body).retry_safe(true))
}

/// `user/create`; where the member exists, `user/update`
pub(crate) fn ensure_member<R: Run>(
    member: NewMember,
) -> Result<impl FnOnce(&mut R) -> Result<EnsuredMember, Error>, Error> {
    let create = create_member(member.clone())?;

    Ok(move |run: &mut R| {
        let refusal = match run.run(create) {
            Ok(CreatedMember { created_departments, warning }) => {
                let outcome = EnsureOutcome::Created;
                return Ok(EnsuredMember { outcome, created_departments, warning });
            }
            Err(error) if may_be_of_itself(&error, &member.user_id) => error,
            Err(error) => return Err(error),
        };
        let (user_id, changes) = changes_to(member);
        match run.run(update_member(user_id, changes)?) {
            Ok(Receipt { truncated: _, warning }) => Ok(EnsuredMember {
                outcome: EnsureOutcome::Updated,
                created_departments: Vec::new(),
                warning,
            }),
            // The number or the address is another member's.
            Err(error) if refusal_code(&error) == Some(60111) => Err(refusal),
            Err(error) => Err(error),
        }
    })
}

/// Whether a creation may have been refused because the member exists.
fn may_be_of_itself(error: &Error, user_id: &str) -> bool {
    let Error::PermanentRejected(it) = error else { return false };
    let owner = it.conflicting_user.as_deref();
    match it.code {
        60102 | 60106 | 60145 => true,
        60104 => owner.is_none_or(|it| it.eq_ignore_ascii_case(user_id)),
        _ => false,
    }
}

/// The fields that are given. An invitation is for a new member only.
fn changes_to(member: NewMember) -> (UserId, MemberChanges) {
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
        to_invite: _,
    } = member;
    let set = |text: Option<String>| given(text).map(TextChange::Set);
    let changes = MemberChanges {
        name: Some(name),
        alias: set(alias),
        gender,
        enabled,
        main_department,
        position: set(position),
        departments,
        direct_superiors: direct_superiors.map(UsersChange::Set),
        telephone: set(telephone),
        mobile: set(mobile),
        email: set(email),
        corp_email: set(corp_email),
        address: set(address),
    };
    (user_id, changes)
}

/// A member as WeCom writes it. Any member of it may be missing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct User {
    userid: Lenient<Option<UserId>>,
    name: Lenient<Option<String>>,
    alias: Lenient<Option<String>>,
    position: Lenient<Option<String>>,
    telephone: Lenient<Option<String>>,
    address: Lenient<Option<String>>,
    mobile: Lenient<Option<String>>,
    email: Lenient<Option<String>>,
    biz_mail: Lenient<Option<String>>,
    gender: Lenient<Option<u32>>,
    status: Lenient<Option<u32>>,
    department: Lenient<Vec<DepartmentId>>,
    order: Lenient<Vec<u32>>,
    is_leader_in_dept: Lenient<Vec<u32>>,
    main_department: Lenient<Option<DepartmentId>>,
    direct_leader: Lenient<Vec<UserId>>,
    avatar: Lenient<Option<String>>,
    qr_code: Lenient<Option<String>>,
    external_position: Lenient<Option<String>>,
    extattr: Lenient<Attributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Attributes {
    attrs: Lenient<List<Attribute>>,
}

impl Object for Attributes {}

/// Older servers write the text as `value` of the attribute itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Attribute {
    name: Lenient<Option<String>>,
    value: Lenient<Option<String>>,
    text: Lenient<AttributeText>,
    web: Option<Lenient<AttributeWeb>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AttributeText {
    value: Lenient<Option<String>>,
}

impl Object for AttributeText {}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AttributeWeb {
    url: Lenient<Option<String>>,
    title: Lenient<Option<String>>,
}

impl Object for AttributeWeb {}

impl User {
    /// `requested` is used where the id is missing.
    fn member(self, requested: Option<UserId>, mut warnings: Warnings) -> Option<Member> {
        let gender = match warnings.value("gender", self.gender) {
            Some(1) => Some(Gender::Male),
            Some(2) => Some(Gender::Female),
            // 0 is undefined or withheld.
            _ => None,
        };
        let status = warnings.value("status", self.status).map(|it| match it {
            1 => MemberStatus::Active,
            2 => MemberStatus::Disabled,
            4 => MemberStatus::NotActivated,
            5 => MemberStatus::Left,
            other => MemberStatus::Other(other),
        });
        // An order or a mark belongs to the department of the same place.
        let is_complete = self.department.is_complete();
        let departments = warnings.value("department", self.department);
        let of_departments = |list: &Vec<u32>| is_complete && list.len() == departments.len();
        let orders =
            Some(warnings.value("order", self.order)).filter(of_departments).unwrap_or_default();
        let leaders = Some(warnings.value("is_leader_in_dept", self.is_leader_in_dept))
            .filter(of_departments)
            .unwrap_or_default();
        let membership = |(index, department_id): (usize, &DepartmentId)| Membership {
            department_id: *department_id,
            order: orders.get(index).copied(),
            leader: leaders.get(index).map(|it| *it == 1),
        };
        let departments = departments.iter().enumerate().map(membership).collect();
        let attributes = warnings.value("extattr", self.extattr);
        let List(attributes) = warnings.value("attrs", attributes.attrs);
        Some(Member {
            user_id: warnings.value("userid", self.userid).or(requested)?,
            name: warnings.value("name", self.name),
            alias: warnings.value("alias", self.alias),
            position: warnings.value("position", self.position),
            telephone: warnings.value("telephone", self.telephone),
            address: warnings.value("address", self.address),
            mobile: warnings.value("mobile", self.mobile),
            email: warnings.value("email", self.email),
            corp_email: warnings.value("biz_mail", self.biz_mail),
            gender,
            status,
            departments,
            main_department: warnings.value("main_department", self.main_department),
            direct_superiors: warnings.value("direct_leader", self.direct_leader),
            avatar_url: warnings.value("avatar", self.avatar),
            qr_code_url: warnings.value("qr_code", self.qr_code),
            external_position: warnings.value("external_position", self.external_position),
            custom_attributes: attributes.into_iter().map(custom_attribute).collect(),
            warning: warnings.into_text(),
        })
    }
}

fn custom_attribute(attribute: Attribute) -> CustomAttribute {
    let Attribute { name, value, text, web } = attribute;
    let value = match web {
        Some(Lenient { value: AttributeWeb { url, title }, .. }) => {
            AttributeValue::Link(AttributeLink {
                url: url.value.unwrap_or_default(),
                title: title.value.unwrap_or_default(),
            })
        }
        None => AttributeValue::Text(text.value.value.value.or(value.value).unwrap_or_default()),
    };
    CustomAttribute { name: name.value.unwrap_or_default(), value }
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
    use alloc::{format, vec};

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{check_refused, check_request, check_response},
        exchange::Failure,
        run::testing::Script,
    };

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

    #[test]
    fn find_member_wire() {
        let call = || find_member_by_mobile("+86 139 0000 0000").unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/user/getuserid {"mobile":"+8613900000000"} [application, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","userid":"zhangsan"}"#,
            expect![[r#"Ok(FoundMember { user-id: "zhangsan", warning: None })"#]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","userid":""}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable userid"))"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":46004,"errmsg":"user no exist"}"#,
            expect![[r#"Refused { code: 46004, message: "user no exist" }"#]],
        );
        for (kind, expected) in [
            (
                None,
                expect![[
                    r#"POST /cgi-bin/user/get_userid_by_email {"email":"iker@ops.example"} [application, retry-safe]"#
                ]],
            ),
            (
                Some(EmailKind::Corporate),
                expect![[
                    r#"POST /cgi-bin/user/get_userid_by_email {"email":"iker@ops.example","email_type":1} [application, retry-safe]"#
                ]],
            ),
            (
                Some(EmailKind::Personal),
                expect![[
                    r#"POST /cgi-bin/user/get_userid_by_email {"email":"iker@ops.example","email_type":2} [application, retry-safe]"#
                ]],
            ),
        ] {
            let call = find_member_by_email("iker@ops.example".into(), kind).unwrap();
            check_request(&call, expected);
        }
    }

    #[test]
    fn find_member_limits() {
        for (mobile, accepted) in
            [("", false), ("1234", false), ("12345", true), ("1 3 4 5", false), ("x1345", false)]
        {
            assert_eq!(find_member_by_mobile(mobile).is_ok(), accepted, "{mobile:?}");
        }
        assert!(find_member_by_mobile(&"1".repeat(32)).is_ok());
        assert!(find_member_by_mobile(&"1".repeat(33)).is_err());
        check_refused(
            find_member_by_mobile("1234"),
            expect!["mobile: must have 5 to 32 bytes, has 4"],
        );
        assert!(find_member_by_email("a".into(), None).is_ok());
        check_refused(
            find_member_by_email(String::new(), None),
            expect!["email: must not be empty"],
        );
    }

    #[test]
    fn get_member_wire() {
        let call = || get_member("Iker.Z".into()).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/user/get?userid=Iker.Z [application, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","userid":"zhangsan","name":"张三","department":[1,2],"order":[1,2],"position":"工程师","mobile":"13800000000","gender":"1","email":"user@example.invalid","biz_mail":"user@corp.example.invalid","is_leader_in_dept":[1,0],"direct_leader":["lisi"],"avatar":"http://avatar.example.invalid/0","thumb_avatar":"http://avatar.example.invalid/100","telephone":"020-123456","alias":"jackzhang","address":"示例路","open_userid":"xxxxxx","main_department":1,"status":1,"qr_code":"https://qr.example.invalid/vcode=xxx","extattr":{"attrs":[{"type":0,"name":"文本名称","text":{"value":"文本"}},{"type":1,"name":"网页名称","web":{"url":"http://www.example.invalid","title":"标题"}}]},"external_position":"高级经理","external_profile":{"external_corp_name":"企业简称"}}"#,
            expect![[
                r#"Ok(Member { user-id: "zhangsan", name: Some("张三"), alias: Some("jackzhang"), position: Some("工程师"), telephone: Some("020-123456"), address: Some("示例路"), mobile: Some("13800000000"), email: Some("user@example.invalid"), corp-email: Some("user@corp.example.invalid"), gender: Some(Gender::Male), status: Some(MemberStatus::Active), departments: [Membership { department-id: 1, order: Some(1), leader: Some(true) }, Membership { department-id: 2, order: Some(2), leader: Some(false) }], main-department: Some(1), direct-superiors: ["lisi"], avatar-url: Some("http://avatar.example.invalid/0"), qr-code-url: Some("https://qr.example.invalid/vcode=xxx"), external-position: Some("高级经理"), custom-attributes: [CustomAttribute { name: "文本名称", value: AttributeValue::Text("文本") }, CustomAttribute { name: "网页名称", value: AttributeValue::Link(AttributeLink { url: "http://www.example.invalid", title: "标题" }) }], warning: None })"#
            ]],
        );
        // A new application gets little.
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","name":"","gender":"0","status":9,"department":[310,1],"order":[20],"main_department":null,"extattr":[]}"#,
            expect![[
                r#"Ok(Member { user-id: "Iker.Z", name: None, alias: None, position: None, telephone: None, address: None, mobile: None, email: None, corp-email: None, gender: None, status: Some(MemberStatus::Other(9)), departments: [Membership { department-id: 310, order: None, leader: None }, Membership { department-id: 1, order: None, leader: None }], main-department: None, direct-superiors: [], avatar-url: None, qr-code-url: None, external-position: None, custom-attributes: [], warning: None })"#
            ]],
        );
        // Older servers.
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","userid":"a","gender":2,"status":"4","extattr":{"attrs":[{"name":"Desk","value":"4.12"},{"name":"Key"}]},"department":[310,"x"],"order":[20,30],"is_leader_in_dept":[1,0],"mobile":["139"]}"#,
            expect![[
                r#"Ok(Member { user-id: "a", name: None, alias: None, position: None, telephone: None, address: None, mobile: None, email: None, corp-email: None, gender: Some(Gender::Female), status: Some(MemberStatus::NotActivated), departments: [Membership { department-id: 310, order: None, leader: None }], main-department: None, direct-superiors: [], avatar-url: None, qr-code-url: None, external-position: None, custom-attributes: [CustomAttribute { name: "Desk", value: AttributeValue::Text("4.12") }, CustomAttribute { name: "Key", value: AttributeValue::Text("") }], warning: Some("department cannot be read: x; mobile cannot be read: [\"139\"]") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":60111,"errmsg":"userid not found"}"#,
            expect![[r#"Refused { code: 60111, message: "userid not found" }"#]],
        );
    }

    #[test]
    fn get_member_limits() {
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(get_member("a".repeat(length)).is_ok(), accepted, "{length}");
        }
    }

    #[test]
    fn list_members_wire() {
        let query = |detail, recursive| MemberQuery { detail, recursive };
        let call = |detail, recursive| list_members(310, query(detail, recursive)).unwrap();
        check_request(
            &call(None, None),
            expect!["GET /cgi-bin/user/simplelist?department_id=310 [application, retry-safe]"],
        );
        check_request(
            &call(Some(MemberDetail::Names), Some(false)),
            expect!["GET /cgi-bin/user/simplelist?department_id=310 [application, retry-safe]"],
        );
        check_request(
            &call(Some(MemberDetail::Full), Some(true)),
            expect![
                "GET /cgi-bin/user/list?department_id=310&fetch_child=1 [application, retry-safe]"
            ],
        );
        check_response(
            call(None, None),
            r#"{"errcode":0,"errmsg":"ok","userlist":[{"userid":"iker.z","name":"Iker Zabala","department":[310],"open_userid":""},{"name":"lost"},7]}"#,
            expect![[
                r#"Ok(MemberList { members: [Member { user-id: "iker.z", name: Some("Iker Zabala"), alias: None, position: None, telephone: None, address: None, mobile: None, email: None, corp-email: None, gender: None, status: None, departments: [Membership { department-id: 310, order: None, leader: None }], main-department: None, direct-superiors: [], avatar-url: None, qr-code-url: None, external-position: None, custom-attributes: [], warning: None }], warning: Some("userlist cannot be read: 7; a member has no readable userid") })"#
            ]],
        );
        check_response(
            call(None, None),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable userlist"))"#
            ]],
        );
        check_response(
            call(None, None),
            r#"{"errcode":45029,"errmsg":"too large","userlist":[]}"#,
            expect![[r#"Refused { code: 45029, message: "too large" }"#]],
        );
    }

    #[test]
    fn list_members_limits() {
        for (id, accepted) in [(0, false), (1, true), (u32::MAX, true)] {
            let query = MemberQuery { detail: None, recursive: None };
            assert_eq!(list_members(id, query).is_ok(), accepted, "{id}");
        }
    }

    #[test]
    fn delete_members_wire() {
        let call = || delete_members(vec!["iker.z".into(), "noor.h".into()]).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/user/batchdelete {"useridlist":["iker.z","noor.h"]} [contacts, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"deleted"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":40031,"errmsg":"invalid userid list"}"#,
            expect![[r#"Refused { code: 40031, message: "invalid userid list" }"#]],
        );
    }

    #[test]
    fn delete_members_limits() {
        for (count, accepted) in [(0, false), (1, true), (200, true), (201, false)] {
            assert_eq!(delete_members(vec!["a".into(); count]).is_ok(), accepted, "{count}");
        }
        check_refused(
            delete_members(vec!["a|b".into()]),
            expect!["user-ids[0]: must be one id each, has `|`"],
        );
    }

    const UPDATED: &str = r#"{"errcode":0,"errmsg":"updated"}"#;

    fn ensure<const N: usize>(
        member: NewMember,
        responses: [Result<&'static str, Failure>; N],
    ) -> (String, Result<EnsuredMember, Error>) {
        let mut script = Script::new(responses);
        let result = ensure_member(member).unwrap()(&mut script);
        (script.finish(), result)
    }

    #[test]
    fn ensure_member_creates_who_is_not_there() {
        let created = r#"{"errcode":0,"errmsg":"created","created_department_list":{"department_info":[{"name":"New","id":9}]}}"#;
        let (requests, result) = ensure(iker(), [Ok(created)]);
        expect![[r#"POST user/create?access_token=contacts {"userid":"iker.z","name":"Iker","mobile":"+34600000000"}"#]].assert_eq(&requests);
        expect![[r#"Ok(EnsuredMember { outcome: EnsureOutcome::Created, created-departments: [NamedDepartment { id: 9, name: "New" }], warning: None })"#]].assert_eq(&format!("{result:?}"));
    }

    #[test]
    fn ensure_member_updates_who_exists() {
        let member = NewMember {
            alias: Some(String::new()),
            position: Some("Dispatcher".into()),
            departments: Some(vec![member_of(310)]),
            direct_superiors: Some(Vec::new()),
            to_invite: Some(false),
            ..iker()
        };
        for refusal in [
            r#"{"errcode":60102,"errmsg":"userid existed"}"#,
            r#"{"errcode":60104,"errmsg":"mobile existed:Iker.Z"}"#,
            r#"{"errcode":60104,"errmsg":"mobile existed"}"#,
            r#"{"errcode":60106,"errmsg":"email existed"}"#,
            r#"{"errcode":60145,"errmsg":"biz mail existed"}"#,
        ] {
            let (requests, result) = ensure(member.clone(), [Ok(refusal), Ok(UPDATED)]);
            let (_, update) = requests.split_once('\n').unwrap();
            assert_eq!(
                update,
                r#"POST user/update?access_token=contacts {"userid":"iker.z","name":"Iker","position":"Dispatcher","department":[310],"order":[0],"is_leader_in_dept":[0],"direct_leader":[],"mobile":"+34600000000"}"#,
            );
            assert_eq!(result.unwrap().outcome, EnsureOutcome::Updated);
        }
    }

    #[test]
    fn ensure_member_returns_the_refusal_where_the_number_is_another_members() {
        let taken = r#"{"errcode":60104,"errmsg":"mobile existed:lin.q"}"#;
        let (requests, result) = ensure(iker(), [Ok(taken)]);
        assert_eq!(requests.lines().count(), 1);
        assert_eq!(refusal_code(&result.unwrap_err()), Some(60104));
        let taken = r#"{"errcode":60106,"errmsg":"email existed"}"#;
        let unknown = r#"{"errcode":60111,"errmsg":"userid not found"}"#;
        let (_, result) = ensure(iker(), [Ok(taken), Ok(unknown)]);
        assert_eq!(refusal_code(&result.unwrap_err()), Some(60106));
    }

    #[test]
    fn ensure_member_is_retry_safe_after_silence() {
        let silence = || Err(Failure::NoResponse("reset", None));
        let (_, result) = ensure(iker(), [silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
        let exists = r#"{"errcode":60102,"errmsg":"userid existed"}"#;
        let (_, result) = ensure(iker(), [Ok(exists), silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
    }
}
