//! Departments of the enterprise.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde::Deserialize;
use serde_json::json;

use crate::{
    bindings::wit::{
        departments::{
            CreatedDepartment, Department, DepartmentChanges, DepartmentDetail, DepartmentList,
            EnsuredDepartment, NewDepartment,
        },
        types::{DepartmentId, EnsureOutcome, Error, Receipt, UserId},
    },
    call::{Auth, Call},
    response::{Unexpected, Warnings},
    run::{Run, join_warnings, refusal_code},
    validate::{Check, given},
    wire::{Lenient, List, Object},
};

/// What WeCom forbids in names of departments. The live server sometimes accepted `"` and `|`; the page forbids them.
const FORBIDDEN: &str = "\\:*?\"<>|";

/// `GET /cgi-bin/department/simplelist`
pub(crate) fn list_department_ids(
    id: Option<DepartmentId>,
) -> Result<Call<Vec<Department>>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        /// Departments, although it is named like one id.
        department_id: Option<Lenient<List<Node>>>,
    }
    #[derive(Deserialize)]
    struct Node {
        id: DepartmentId,
        #[serde(default)]
        parentid: Lenient<Option<DepartmentId>>,
        #[serde(default)]
        order: Lenient<Option<u32>>,
    }

    let mut check = Check::default();
    let mut call = Call::get("/cgi-bin/department/simplelist", Auth::Contacts);
    if let Some(id) = id {
        check.department_id("department-id", id);
        call = call.query("id", id.to_string());
    }
    check.finish()?;

    Ok(call.map(|Response { department_id }, _| {
        // A list of departments without one of them would be wrong.
        let Some(Lenient { value: List(nodes), .. }) = department_id.filter(Lenient::is_complete)
        else {
            return Err(Unexpected::lacks("department_id"));
        };
        if !nodes.iter().all(|it| it.parentid.is_complete()) {
            return Err(Unexpected::lacks("department_id"));
        }
        let department = |Node { id, parentid, order }| Department {
            id,
            parent_id: parentid.value.filter(|it| *it != 0),
            order: order.value,
        };
        Ok(nodes.into_iter().map(department).collect())
    }))
}

/// `POST /cgi-bin/department/create`
pub(crate) fn create_department(
    department: NewDepartment,
) -> Result<Call<CreatedDepartment>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        id: Lenient<Option<DepartmentId>>,
    }

    let NewDepartment { name, english_name, parent_id, order, id } = department;
    let mut check = Check::default();
    check_name(&mut check, "department.name", &name);
    let english_name = given(english_name);
    if let Some(name) = &english_name {
        check_name(&mut check, "department.english-name", name);
    }
    check.department_id("department.parent-id", parent_id);
    if let Some(id) = id {
        check.new_department_id("department.id", id);
    }
    check.finish()?;

    let body = json!({
        "name": name,
        "name_en": english_name,
        "parentid": parent_id,
        "order": order,
        "id": id,
    });
    Ok(Call::post("/cgi-bin/department/create", Auth::Contacts, body).map(
        move |Response { id: created }, mut warnings| {
            let created = warnings.value("id", created).or(id);
            let id = created.ok_or_else(|| Unexpected::lacks("id"))?;
            Ok(CreatedDepartment { id, warning: warnings.into_text() })
        },
    ))
}

/// `POST /cgi-bin/department/update`
pub(crate) fn update_department(
    id: DepartmentId,
    changes: DepartmentChanges,
) -> Result<Call<Receipt>, Error> {
    let DepartmentChanges { name, english_name, parent_id, order } = changes;
    let mut check = Check::default();
    check.department_id("department-id", id);
    let (name, english_name) = (given(name), given(english_name));
    if let Some(name) = &name {
        check_name(&mut check, "changes.name", name);
    }
    if let Some(name) = &english_name {
        check_name(&mut check, "changes.english-name", name);
    }
    if let Some(parent_id) = parent_id {
        check.department_id("changes.parent-id", parent_id);
    }
    check.finish()?;

    let body = json!({
        "id": id,
        "name": name,
        "name_en": english_name,
        "parentid": parent_id,
        "order": order,
    });
    Ok(Call::post("/cgi-bin/department/update", Auth::Contacts, body).retry_safe(true))
}

/// `GET /cgi-bin/department/delete`
pub(crate) fn delete_department(id: DepartmentId) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.department_id("department-id", id);
    check.finish()?;

    Ok(Call::get("/cgi-bin/department/delete", Auth::Contacts).query("id", id.to_string()))
}

/// `GET /cgi-bin/department/list`
pub(crate) fn list_departments(id: Option<DepartmentId>) -> Result<Call<DepartmentList>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        department: Option<Lenient<List<Details>>>,
    }

    let mut check = Check::default();
    let mut call = Call::get("/cgi-bin/department/list", Auth::Application);
    if let Some(id) = id {
        check.department_id("department-id", id);
        call = call.query("id", id.to_string());
    }
    check.finish()?;

    Ok(call.map(|Response { department }, mut warnings| {
        let department = department.ok_or_else(|| Unexpected::lacks("department"))?;
        let List(items) = warnings.value("department", department);
        let mut departments = Vec::new();
        for it in items {
            match it.detail(None, warnings.of_item()) {
                Some(it) => departments.push(it),
                None => warnings.push(Some("a department has no readable id".into())),
            }
        }
        Ok(DepartmentList { departments, warning: warnings.into_text() })
    }))
}

/// `GET /cgi-bin/department/get`
pub(crate) fn get_department(id: DepartmentId) -> Result<Call<DepartmentDetail>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        department: Option<Lenient<Details>>,
    }

    let mut check = Check::default();
    check.department_id("department-id", id);
    check.finish()?;

    let call = Call::get("/cgi-bin/department/get", Auth::Application).query("id", id.to_string());
    Ok(call.map(move |Response { department }, warnings| {
        let Some(Lenient { value, .. }) = department.filter(Lenient::is_complete) else {
            return Err(Unexpected::lacks("department"));
        };
        value.detail(Some(id), warnings).ok_or_else(|| Unexpected::lacks("department"))
    }))
}

/// A department as WeCom writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    id: Lenient<Option<DepartmentId>>,
    name: Lenient<Option<String>>,
    name_en: Lenient<Option<String>>,
    department_leader: Lenient<Vec<UserId>>,
    parentid: Lenient<Option<DepartmentId>>,
    order: Lenient<Option<u32>>,
}

impl Object for Details {}

impl Details {
    /// `requested` is used where the id is missing.
    fn detail(
        self,
        requested: Option<DepartmentId>,
        mut warnings: Warnings,
    ) -> Option<DepartmentDetail> {
        Some(DepartmentDetail {
            id: warnings.value("id", self.id).or(requested)?,
            name: warnings.value("name", self.name),
            english_name: warnings.value("name_en", self.name_en),
            leaders: warnings.value("department_leader", self.department_leader),
            parent_id: warnings.value("parentid", self.parentid).filter(|it| *it != 0),
            order: warnings.value("order", self.order),
            warning: warnings.into_text(),
        })
    }
}

/// `department/create`; where a sibling has the name, `department/list` and `department/update`
pub(crate) fn ensure_department<R: Run>(
    department: NewDepartment,
) -> Result<impl FnOnce(&mut R) -> Result<EnsuredDepartment, Error>, Error> {
    // Created twice, it exists already, and is found.
    let create = create_department(department.clone())?.retry_safe(true);

    Ok(move |run: &mut R| {
        let refusal = match run.run(create) {
            Ok(CreatedDepartment { id, warning }) => {
                let outcome = EnsureOutcome::Created;
                return Ok(EnsuredDepartment { id, outcome, warning });
            }
            Err(error) if refusal_code(&error) == Some(60008) => error,
            Err(error) => return Err(error),
        };
        let NewDepartment { name, english_name, parent_id, order, id: _ } = department;
        let DepartmentList { departments, warning } =
            run.run(list_departments(Some(parent_id))?)?;
        let sibling = departments
            .into_iter()
            .find(|it| it.parent_id == Some(parent_id) && it.name.as_ref() == Some(&name));
        // The id is another department's, or the application may not see the sibling.
        let Some(found) = sibling else { return Err(refusal) };
        let id = found.id;
        let english_name = given(english_name).filter(|it| found.english_name.as_ref() != Some(it));
        let order = order.filter(|it| found.order != Some(*it));
        if english_name.is_none() && order.is_none() {
            return Ok(EnsuredDepartment { id, outcome: EnsureOutcome::Unchanged, warning });
        }
        let changes = DepartmentChanges { name: None, english_name, parent_id: None, order };
        let updated = run.run(update_department(id, changes)?)?;
        Ok(EnsuredDepartment {
            id,
            outcome: EnsureOutcome::Updated,
            warning: join_warnings(warning, updated.warning),
        })
    })
}

fn check_name(check: &mut Check, field: &str, name: &str) {
    check.chars(field, name, 1..=64);
    check.forbid_chars(field, name, FORBIDDEN);
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{check_refused, check_request, check_response},
        exchange::Failure,
        run::testing::Script,
    };

    fn sales() -> NewDepartment {
        NewDepartment {
            name: "Sales".into(),
            english_name: None,
            parent_id: 1,
            order: None,
            id: None,
        }
    }

    fn unchanged() -> DepartmentChanges {
        DepartmentChanges { name: None, english_name: None, parent_id: None, order: None }
    }

    #[test]
    fn list_department_ids_wire() {
        let call = || list_department_ids(None).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/department/simplelist [contacts, retry-safe]"],
        );
        check_request(
            &list_department_ids(Some(310)).unwrap(),
            expect!["GET /cgi-bin/department/simplelist?id=310 [contacts, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","department_id":[{"id":1,"parentid":0,"order":100000000},{"id":310,"parentid":1,"order":4294967295}]}"#,
            expect![
                "Ok([Department { id: 1, parent-id: None, order: Some(100000000) }, Department { id: 310, parent-id: Some(1), order: Some(4294967295) }])"
            ],
        );
        check_response(
            call(),
            r#"{"errcode":0,"department_id":[{"id":310,"parentid":"1","order":"x"}]}"#,
            expect!["Ok([Department { id: 310, parent-id: Some(1), order: None }])"],
        );
        for body in [
            r#"{"errcode":0}"#,
            r#"{"errcode":0,"department_id":[{"id":"x"}]}"#,
            r#"{"errcode":0,"department_id":[{"id":7,"parentid":"x"}]}"#,
        ] {
            check_response(
                call(),
                body,
                expect![[
                    r#"Err(Unexpected("WeCom accepted the call, and its response has no readable department_id"))"#
                ]],
            );
        }
        check_response(
            call(),
            r#"{"errcode":60123,"errmsg":"invalid department id","department_id":[]}"#,
            expect![[r#"Refused { code: 60123, message: "invalid department id" }"#]],
        );
    }

    #[test]
    fn list_department_ids_limits() {
        for (id, accepted) in [(0, false), (1, true), (2_147_483_648, true), (u32::MAX, true)] {
            assert_eq!(list_department_ids(Some(id)).is_ok(), accepted, "{id}");
        }
    }

    #[test]
    fn create_department_wire() {
        let call = || create_department(sales()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/department/create {"name":"Sales","parentid":1} [contacts, once]"#
            ]],
        );
        let everything = NewDepartment {
            english_name: Some("S".into()),
            order: Some(4_294_967_295),
            id: Some(2),
            ..sales()
        };
        check_request(
            &create_department(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/department/create {"name":"Sales","name_en":"S","parentid":1,"order":4294967295,"id":2} [contacts, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"created","id":7}"#,
            expect!["Ok(CreatedDepartment { id: 7, warning: None })"],
        );
    }

    #[test]
    fn create_department_limits() {
        for (chars, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            let name = "部".repeat(chars);
            assert_eq!(
                create_department(NewDepartment { name: name.clone(), ..sales() }).is_ok(),
                accepted,
                "{chars}"
            );
            let department = NewDepartment { english_name: Some(name), ..sales() };
            assert_eq!(
                create_department(department).is_ok(),
                accepted || chars == 0,
                "{chars} characters in English"
            );
        }
        for forbidden in FORBIDDEN.chars() {
            let department =
                NewDepartment { name: ["a", &forbidden.to_string()].concat(), ..sales() };
            assert!(create_department(department).is_err(), "{forbidden}");
        }
        for (id, accepted) in [(1, false), (2, true), (2_147_483_647, true), (2_147_483_648, false)]
        {
            assert_eq!(
                create_department(NewDepartment { id: Some(id), ..sales() }).is_ok(),
                accepted,
                "id {id}"
            );
        }
        let all = NewDepartment {
            name: "a/b|c".into(),
            english_name: Some(alloc::string::String::new()),
            parent_id: 0,
            id: Some(1),
            order: None,
        };
        check_refused(
            create_department(all),
            expect![[r#"
                department.name: must not contain `|`
                department.parent-id: must be 1 to 4294967295, is 0
                department.id: must be 2 to 2147483647, is 1"#]],
        );
    }

    #[test]
    fn update_department_wire() {
        let call = || update_department(310, unchanged()).unwrap();
        check_request(
            &call(),
            expect![[r#"POST /cgi-bin/department/update {"id":310} [contacts, retry-safe]"#]],
        );
        let changes = DepartmentChanges {
            name: Some("北".into()),
            english_name: Some("N".into()),
            parent_id: Some(2),
            order: Some(0),
        };
        check_request(
            &update_department(310, changes).unwrap(),
            expect![[
                r#"POST /cgi-bin/department/update {"id":310,"name":"北","name_en":"N","parentid":2,"order":0} [contacts, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"updated"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"updated. Warning: wrong json format. "}"#,
            expect![[
                r#"Ok(Receipt { truncated: [], warning: Some("updated. Warning: wrong json format.") })"#
            ]],
        );
    }

    #[test]
    fn update_department_limits() {
        for (chars, accepted) in [(0, true), (1, true), (64, true), (65, false)] {
            let changes = DepartmentChanges { name: Some("部".repeat(chars)), ..unchanged() };
            assert_eq!(update_department(310, changes).is_ok(), accepted, "{chars} characters");
        }
        let changes = DepartmentChanges {
            english_name: Some("a?".into()),
            parent_id: Some(0),
            ..unchanged()
        };
        check_refused(
            update_department(0, changes),
            expect![[r#"
                department-id: must be 1 to 4294967295, is 0
                changes.english-name: must not contain `?`
                changes.parent-id: must be 1 to 4294967295, is 0"#]],
        );
    }

    #[test]
    fn delete_department_wire() {
        let call = || delete_department(310).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/department/delete?id=310 [contacts, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"deleted"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn delete_department_limits() {
        for (id, accepted) in [(0, false), (1, true), (2_147_483_648, true), (u32::MAX, true)] {
            assert_eq!(delete_department(id).is_ok(), accepted, "{id}");
        }
    }

    #[test]
    fn list_departments_wire() {
        let call = || list_departments(Some(310)).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/department/list?id=310 [application, retry-safe]"],
        );
        check_request(
            &list_departments(None).unwrap(),
            expect!["GET /cgi-bin/department/list [application, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","department":[{"id":1,"name":"Root","parentid":0,"order":100000000},{"id":"310","name":"Field Service North","name_en":"FSN","department_leader":["noor.h"],"parentid":1,"order":4200},{"id":311,"name":"","name_en":null,"department_leader":{},"order":-1},{"name":"lost"},[7]]}"#,
            expect![[
                r#"Ok(DepartmentList { departments: [DepartmentDetail { id: 1, name: Some("Root"), english-name: None, leaders: [], parent-id: None, order: Some(100000000), warning: None }, DepartmentDetail { id: 310, name: Some("Field Service North"), english-name: Some("FSN"), leaders: ["noor.h"], parent-id: Some(1), order: Some(4200), warning: None }, DepartmentDetail { id: 311, name: None, english-name: None, leaders: [], parent-id: None, order: None, warning: Some("department_leader cannot be read: {}; order cannot be read: -1") }], warning: Some("department cannot be read: [7]; a department has no readable id") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","department":[]}"#,
            expect!["Ok(DepartmentList { departments: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable department"))"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":60123,"errmsg":"invalid department id","department":[]}"#,
            expect![[r#"Refused { code: 60123, message: "invalid department id" }"#]],
        );
    }

    #[test]
    fn list_departments_limits() {
        for (id, accepted) in [(0, false), (1, true), (u32::MAX, true)] {
            assert_eq!(list_departments(Some(id)).is_ok(), accepted, "{id}");
        }
    }

    #[test]
    fn get_department_wire() {
        let call = || get_department(310).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/department/get?id=310 [application, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","department":{"id":310,"name":"Field Service North","name_en":"FSN","department_leader":["noor.h"],"parentid":1,"order":4200}}"#,
            expect![[
                r#"Ok(DepartmentDetail { id: 310, name: Some("Field Service North"), english-name: Some("FSN"), leaders: ["noor.h"], parent-id: Some(1), order: Some(4200), warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"department":{"order":"x"}}"#,
            expect![[
                r#"Ok(DepartmentDetail { id: 310, name: None, english-name: None, leaders: [], parent-id: None, order: None, warning: Some("order cannot be read: \"x\"") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"department":7}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable department"))"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":48009,"errmsg":"no permission"}"#,
            expect![[r#"Refused { code: 48009, message: "no permission" }"#]],
        );
    }

    #[test]
    fn get_department_limits() {
        for (id, accepted) in [(0, false), (1, true), (u32::MAX, true)] {
            assert_eq!(get_department(id).is_ok(), accepted, "{id}");
        }
    }

    const EXISTS: &str = r#"{"errcode":60008,"errmsg":"department existed"}"#;
    const SIBLINGS: &str = r#"{"errcode":0,"errmsg":"ok","department":[{"id":1,"name":"Sales","parentid":0},{"id":310,"name":"Sales","name_en":"SAL","parentid":1,"order":4200},{"id":311,"name":"Sales","parentid":310}]}"#;

    fn ensure<const N: usize>(
        department: NewDepartment,
        responses: [Result<&'static str, Failure>; N],
    ) -> (String, Result<EnsuredDepartment, Error>) {
        let mut script = Script::new(responses);
        let result = ensure_department(department).unwrap()(&mut script);
        (script.finish(), result)
    }

    #[test]
    fn ensure_department_creates_what_is_not_there() {
        let created = r#"{"errcode":0,"errmsg":"created","id":310}"#;
        let (requests, result) = ensure(sales(), [Ok(created)]);
        expect![[r#"POST department/create?access_token=contacts {"name":"Sales","parentid":1}"#]]
            .assert_eq(&requests);
        expect![
            "Ok(EnsuredDepartment { id: 310, outcome: EnsureOutcome::Created, warning: None })"
        ]
        .assert_eq(&format!("{result:?}"));
    }

    #[test]
    fn ensure_department_updates_the_sibling_of_that_name() {
        let department = NewDepartment {
            english_name: Some("S".into()),
            order: Some(4300),
            id: Some(999),
            ..sales()
        };
        let updated = r#"{"errcode":0,"errmsg":"updated. Warning: wrong json format. "}"#;
        let (requests, result) = ensure(department, [Ok(EXISTS), Ok(SIBLINGS), Ok(updated)]);
        expect![[r#"
            POST department/create?access_token=contacts {"name":"Sales","name_en":"S","parentid":1,"order":4300,"id":999}
            GET department/list?access_token=app&id=1
            POST department/update?access_token=contacts {"id":310,"name_en":"S","order":4300}"#]].assert_eq(&requests);
        expect![[r#"Ok(EnsuredDepartment { id: 310, outcome: EnsureOutcome::Updated, warning: Some("updated. Warning: wrong json format.") })"#]].assert_eq(&format!("{result:?}"));
    }

    #[test]
    fn ensure_department_leaves_what_is_as_wanted() {
        for department in [
            sales(),
            NewDepartment { english_name: Some("SAL".into()), order: Some(4200), ..sales() },
        ] {
            let (requests, result) = ensure(department, [Ok(EXISTS), Ok(SIBLINGS)]);
            assert_eq!(requests.lines().count(), 2);
            let result = result.unwrap();
            assert_eq!((result.id, result.outcome), (310, EnsureOutcome::Unchanged));
        }
    }

    #[test]
    fn ensure_department_returns_the_refusal_where_no_sibling_has_the_name() {
        let other = NewDepartment { name: "Support".into(), id: Some(310), ..sales() };
        let (_, result) = ensure(other, [Ok(EXISTS), Ok(SIBLINGS)]);
        assert_eq!(refusal_code(&result.unwrap_err()), Some(60008));
        let refused = r#"{"errcode":60004,"errmsg":"invalid parent"}"#;
        let (_, result) = ensure(sales(), [Ok(refused)]);
        assert_eq!(refusal_code(&result.unwrap_err()), Some(60004));
    }

    #[test]
    fn ensure_department_is_retry_safe_after_silence() {
        let silence = || Err(Failure::NoResponse("reset", None));
        let (_, result) = ensure(sales(), [silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
        let (_, result) = ensure(sales(), [Ok(EXISTS), silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
        let renamed = NewDepartment { order: Some(1), ..sales() };
        let (_, result) = ensure(renamed, [Ok(EXISTS), Ok(SIBLINGS), silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
    }

    #[test]
    fn ensure_department_has_the_limits_of_a_creation() {
        let refused = ensure_department::<Script>(NewDepartment { parent_id: 0, ..sales() });
        assert!(matches!(refused.err(), Some(Error::PermanentInvalidInput(_))));
    }
}
