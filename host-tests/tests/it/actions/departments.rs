use expect_test::expect;
use host_tests::{NORTH, TestBed, application};
use wecom_host::bindings::exports::wecom::connector::departments::{
    DepartmentChanges, NewDepartment,
};

use super::{check, code};

#[tokio::test(start_paused = true)]
async fn list_department_ids() {
    let mut bed = TestBed::with_group_chat().await;
    let found = bed.list_department_ids(&application(), None).await;
    check(
        &mut bed,
        found,
        expect![[r#"
            Ok([Department { id: 1, parent-id: None, order: Some(100000000) }, Department { id: 310, parent-id: Some(1), order: Some(100000000) }])
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
            GET /cgi-bin/department/simplelist?access_token=<contacts token 1> -> 0
        "#]],
    );
    let found = bed.list_department_ids(&application(), Some(NORTH)).await;
    check(
        &mut bed,
        found,
        expect![[r#"
            Ok([Department { id: 310, parent-id: Some(1), order: Some(100000000) }])
            GET /cgi-bin/department/simplelist?access_token=<contacts token 1>&id=310 -> 0
        "#]],
    );
    let found = bed.list_department_ids(&application(), Some(7)).await;
    check(
        &mut bed,
        found,
        expect![[r#"
            Err(Error::PermanentRejected(Rejection { code: 60123, message: "invalid party id", hint: "there is no such department: check the id; it may have been deleted", caller-address: Some("127.0.0.1"), request-id: Some("0000000000000000012"), invalid-receivers: None, conflicting-user: None }))
            GET /cgi-bin/department/simplelist?access_token=<contacts token 1>&id=7 -> 60123
        "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn create_department() {
    let mut bed = TestBed::new();
    let depot = NewDepartment {
        name: "Depot 仓库".into(),
        english_name: Some("Depot".into()),
        parent_id: 1,
        order: Some(4200),
        id: Some(5),
    };
    let created = bed.create_department(&application(), &depot).await;
    check(
        &mut bed,
        created,
        expect![[r#"
        Ok(CreatedDepartment { id: 5, warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Depot 仓库","name_en":"Depot","parentid":1,"order":4200,"id":5} -> 0
        + departments {"id":5,"name":"Depot 仓库","name_en":"Depot","order":4200,"parentid":1}
    "#]],
    );

    let lean = NewDepartment {
        name: "Lab".into(),
        english_name: None,
        parent_id: 5,
        order: None,
        id: None,
    };
    let created = bed.create_department(&application(), &lean).await;
    check(
        &mut bed,
        created,
        expect![[r#"
        Ok(CreatedDepartment { id: 2, warning: None })
        POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Lab","parentid":5} -> 0
        + departments {"id":2,"name":"Lab","order":100000000,"parentid":5}
    "#]],
    );
    let again = bed.create_department(&application(), &lean).await;
    check(
        &mut bed,
        again,
        expect![[r#"
            Err(Error::PermanentRejected(Rejection { code: 60008, message: "department existed", hint: "the department exists already, by id or by name beside its siblings: look it up", caller-address: Some("127.0.0.1"), request-id: Some("0000000000000000004"), invalid-receivers: None, conflicting-user: None }))
            POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Lab","parentid":5} -> 60008
        "#]],
    );
    let orphan = NewDepartment { parent_id: 77, ..lean };
    assert_eq!(code(bed.create_department(&application(), &orphan).await), 60004);
}

#[tokio::test(start_paused = true)]
async fn update_department() {
    let mut bed = TestBed::with_group_chat().await;
    let unchanged =
        DepartmentChanges { name: None, english_name: None, parent_id: None, order: None };
    let changes = DepartmentChanges {
        name: Some("North".into()),
        english_name: Some("N".into()),
        parent_id: Some(1),
        order: Some(4300),
    };
    let updated = bed.update_department(&application(), NORTH, &changes).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/department/update?access_token=<contacts token 1> {"id":310,"name":"North","name_en":"N","parentid":1,"order":4300} -> 0
        - departments {"id":310,"name":"Field Service North","order":100000000,"parentid":1}
        + departments {"id":310,"name":"North","name_en":"N","order":4300,"parentid":1}
    "#]],
    );
    let updated = bed.update_department(&application(), NORTH, &unchanged).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/department/update?access_token=<contacts token 1> {"id":310} -> 0
    "#]],
    );
    let below_itself = DepartmentChanges { parent_id: Some(NORTH), ..unchanged };
    assert_eq!(code(bed.update_department(&application(), NORTH, &below_itself).await), 60010);
}

#[tokio::test(start_paused = true)]
async fn delete_department() {
    let mut bed = TestBed::with_group_chat().await;
    assert_eq!(code(bed.delete_department(&application(), 1).await), 60007);
    assert_eq!(code(bed.delete_department(&application(), NORTH).await), 60005);
    for user_id in host_tests::MEMBERS {
        bed.delete_member(&application(), &user_id.into()).await.unwrap();
    }
    bed.requests();
    bed.changes();
    let deleted = bed.delete_department(&application(), NORTH).await;
    check(
        &mut bed,
        deleted,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/department/delete?access_token=<contacts token 1>&id=310 -> 0
        - departments {"id":310,"name":"Field Service North","order":100000000,"parentid":1}
    "#]],
    );
    assert_eq!(code(bed.delete_department(&application(), NORTH).await), 60123);
}
