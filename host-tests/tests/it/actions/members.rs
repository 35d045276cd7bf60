use expect_test::expect;
use host_tests::{MEMBERS, NORTH, TestBed, application, new_member};
use wecom_host::bindings::exports::wecom::connector::members::{
    Gender, MemberChanges, MemberInDepartment, Membership, NewMember, TextChange, UsersChange,
};

use super::{check, code};

#[tokio::test(start_paused = true)]
async fn list_member_ids() {
    let mut bed = TestBed::with_group_chat().await;
    let page = bed.list_member_ids(&application(), None, None).await;
    check(
        &mut bed,
        page,
        expect![[r#"
            Ok(MemberPage { members: [MemberInDepartment { user-id: "founder", department-id: 1 }, MemberInDepartment { user-id: "iker.z", department-id: 310 }, MemberInDepartment { user-id: "kai.p", department-id: 310 }, MemberInDepartment { user-id: "may.l", department-id: 310 }, MemberInDepartment { user-id: "noor.h", department-id: 310 }], next-cursor: None, warning: None })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
            POST /cgi-bin/user/list_id?access_token=<contacts token 1> {} -> 0
        "#]],
    );
    let page = bed.list_member_ids(&application(), None, Some(2)).await;
    check(
        &mut bed,
        page,
        expect![[r#"
            Ok(MemberPage { members: [MemberInDepartment { user-id: "founder", department-id: 1 }, MemberInDepartment { user-id: "iker.z", department-id: 310 }], next-cursor: Some("YWZ0ZXIvMC9pa2VyLno"), warning: None })
            POST /cgi-bin/user/list_id?access_token=<contacts token 1> {"limit":2} -> 0
        "#]],
    );
}

#[tokio::test(start_paused = true)]
async fn pages_hold_every_member_once() {
    let mut bed = TestBed::with_group_chat().await;
    let all = bed.list_member_ids(&application(), None, None).await.unwrap().members;
    let mut joined: Vec<MemberInDepartment> = Vec::new();
    let mut cursor = None;
    loop {
        let page = bed.list_member_ids(&application(), cursor.as_deref(), Some(2)).await.unwrap();
        joined.extend(page.members);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(joined, all);
    assert_eq!(code(bed.list_member_ids(&application(), Some("?&="), None).await), 50100);
}

#[tokio::test(start_paused = true)]
async fn create_member() {
    let mut bed = TestBed::with_group_chat().await;
    let ines = NewMember {
        user_id: "Ines@Ops.2".into(),
        name: "Inés 伊内斯".into(),
        alias: Some("ines".into()),
        gender: Some(Gender::Female),
        enabled: Some(true),
        main_department: Some(NORTH),
        position: Some("Dispatcher".into()),
        departments: Some(vec![
            Membership { department_id: NORTH, order: Some(20), leader: Some(true) },
            Membership { department_id: 1, order: None, leader: None },
        ]),
        direct_superiors: Some(vec!["noor.h".into()]),
        telephone: Some("020-123456".into()),
        mobile: Some("+34600000009".into()),
        email: Some("ines@ops.example".into()),
        corp_email: Some("ines@corp.example".into()),
        address: Some("Calle 1".into()),
        to_invite: Some(false),
    };
    let created = bed.create_member(&application(), &ines).await;
    check(
        &mut bed,
        created,
        expect![[r#"
        Ok(CreatedMember { created-departments: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"Ines@Ops.2","name":"Inés 伊内斯","alias":"ines","gender":"2","enable":1,"main_department":310,"position":"Dispatcher","department":[310,1],"order":[20,0],"is_leader_in_dept":[1,0],"direct_leader":["noor.h"],"telephone":"020-123456","mobile":"+34600000009","email":"ines@ops.example","biz_mail":"ines@corp.example","address":"Calle 1","to_invite":false} -> 0
        + members {"address":"Calle 1","alias":"ines","biz_mail":"ines@corp.example","department":[310,1],"direct_leader":["noor.h"],"email":"ines@ops.example","gender":"2","invited":false,"is_leader_in_dept":[1,0],"licensed":true,"main_department":310,"mobile":"+34600000009","name":"Inés 伊内斯","order":[20,0],"position":"Dispatcher","status":4,"telephone":"020-123456","userid":"Ines@Ops.2"}
    "#]],
    );
    let lean = NewMember {
        departments: None,
        email: Some("lean@ops.example".into()),
        mobile: None,
        to_invite: None,
        ..new_member("lean", "")
    };
    let created = bed.create_member(&application(), &lean).await;
    check(
        &mut bed,
        created,
        expect![[r#"
        Ok(CreatedMember { created-departments: [], warning: None })
        POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"lean","name":"lean","email":"lean@ops.example"} -> 0
        + members {"biz_mail":"lean@simulated.example","department":[],"direct_leader":[],"email":"lean@ops.example","invited":true,"is_leader_in_dept":[],"licensed":true,"name":"lean","order":[],"status":4,"userid":"lean"}
    "#]],
    );
    assert_eq!(code(bed.create_member(&application(), &lean).await), 60102);
    let taken = new_member("other", "+34600000009");
    assert_eq!(code(bed.create_member(&application(), &taken).await), 60104);
}

#[tokio::test(start_paused = true)]
async fn update_member() {
    let mut bed = TestBed::with_group_chat().await;
    let unchanged = MemberChanges {
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
    };
    let changes = MemberChanges {
        name: Some("Iker Zabala".into()),
        alias: Some(TextChange::Set("Iker".into())),
        gender: Some(Gender::Male),
        enabled: Some(false),
        main_department: Some(1),
        position: Some(TextChange::Set("Shift lead".into())),
        departments: Some(vec![
            Membership { department_id: 1, order: Some(7), leader: Some(false) },
            Membership { department_id: NORTH, order: None, leader: Some(true) },
        ]),
        direct_superiors: Some(UsersChange::Set(vec!["noor.h".into()])),
        telephone: Some(TextChange::Set("020-1".into())),
        mobile: Some(TextChange::Set("+34600000008".into())),
        email: Some(TextChange::Set("iker@ops.example".into())),
        corp_email: Some(TextChange::Set("iker@corp.example".into())),
        address: Some(TextChange::Set("Calle 2".into())),
    };
    let updated = bed.update_member(&application(), &"iker.z".into(), &changes).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
            Ok(Receipt { truncated: [], warning: None })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
            POST /cgi-bin/user/update?access_token=<contacts token 1> {"userid":"iker.z","name":"Iker Zabala","alias":"Iker","gender":"1","enable":0,"main_department":1,"position":"Shift lead","department":[1,310],"order":[7,0],"is_leader_in_dept":[0,1],"direct_leader":["noor.h"],"telephone":"020-1","mobile":"+34600000008","email":"iker@ops.example","biz_mail":"iker@corp.example","address":"Calle 2"} -> 0
            - members {"biz_mail":"iker.z@simulated.example","department":[310],"direct_leader":[],"invited":false,"is_leader_in_dept":[0],"licensed":true,"main_department":310,"mobile":"+34610000001","name":"iker.z","order":[0],"status":4,"userid":"iker.z"}
            + members {"address":"Calle 2","alias":"Iker","biz_mail":"iker@corp.example","department":[1,310],"direct_leader":["noor.h"],"email":"iker@ops.example","gender":"1","invited":false,"is_leader_in_dept":[0,1],"licensed":true,"main_department":1,"mobile":"+34600000008","name":"Iker Zabala","order":[7,0],"position":"Shift lead","status":2,"telephone":"020-1","userid":"iker.z"}
        "#]],
    );

    let cleared = MemberChanges {
        position: Some(TextChange::Clear),
        direct_superiors: Some(UsersChange::Clear),
        address: Some(TextChange::Clear),
        ..unchanged.clone()
    };
    let updated = bed.update_member(&application(), &"iker.z".into(), &cleared).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/user/update?access_token=<contacts token 1> {"userid":"iker.z","position":"","direct_leader":[],"address":""} -> 0
        - members {"address":"Calle 2","alias":"Iker","biz_mail":"iker@corp.example","department":[1,310],"direct_leader":["noor.h"],"email":"iker@ops.example","gender":"1","invited":false,"is_leader_in_dept":[0,1],"licensed":true,"main_department":1,"mobile":"+34600000008","name":"Iker Zabala","order":[7,0],"position":"Shift lead","status":2,"telephone":"020-1","userid":"iker.z"}
        + members {"alias":"Iker","biz_mail":"iker@corp.example","department":[1,310],"direct_leader":[],"email":"iker@ops.example","gender":"1","invited":false,"is_leader_in_dept":[0,1],"licensed":true,"main_department":1,"mobile":"+34600000008","name":"Iker Zabala","order":[7,0],"status":2,"telephone":"020-1","userid":"iker.z"}
    "#]],
    );

    let updated = bed.update_member(&application(), &"iker.z".into(), &unchanged).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        POST /cgi-bin/user/update?access_token=<contacts token 1> {"userid":"iker.z"} -> 0
    "#]],
    );
    assert_eq!(code(bed.update_member(&application(), &"nobody".into(), &unchanged).await), 60111);
}

#[tokio::test(start_paused = true)]
async fn delete_member() {
    let mut bed = TestBed::with_group_chat().await;
    let deleted = bed.delete_member(&application(), &MEMBERS[3].into()).await;
    check(
        &mut bed,
        deleted,
        expect![[r#"
            Ok(Receipt { truncated: [], warning: None })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
            GET /cgi-bin/user/delete?access_token=<contacts token 1>&userid=kai.p -> 0
            - members {"biz_mail":"kai.p@simulated.example","department":[310],"direct_leader":[],"invited":false,"is_leader_in_dept":[0],"licensed":true,"main_department":310,"mobile":"+34610000003","name":"kai.p","order":[0],"status":4,"userid":"kai.p"}
        "#]],
    );
    assert_eq!(code(bed.delete_member(&application(), &MEMBERS[3].into()).await), 60111);
    assert_eq!(code(bed.delete_member(&application(), &"founder".into()).await), 301_005);
}
