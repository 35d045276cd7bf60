//! Finding and reading members and departments.

use expect_test::expect;
use host_tests::{NORTH, TestBed};
use serde_json::json;

use super::check_json;

#[tokio::test(start_paused = true)]
async fn find_member() {
    let mut bed = TestBed::with_members().await;
    let changes = json!({"email": {"set": "iker@ops.example"}});
    let arguments = json!({"user-id": "iker.z", "changes": changes});
    bed.call_as_profile("update-member", arguments).await.unwrap();
    bed.requests();
    bed.changes();
    for (name, arguments, expected) in [
        (
            "find-member-by-mobile",
            json!({"mobile": "+34610000001"}),
            expect![[r#"
            ok {"user-id":"iker.z"}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            POST /cgi-bin/user/getuserid?access_token=<app token 1> {"mobile":"+34610000001"} -> 0
        "#]],
        ),
        (
            "find-member-by-mobile",
            json!({"mobile": "+34619999999"}),
            expect![[r#"
            error {"permanent-rejected":{"caller-address":"127.0.0.1","code":46004,"hint":"there is no such member, or the application may not see it: check the user id, the mobile number or the address, and the application's range","message":"user no exist","request-id":"0000000000000000011"}}
            POST /cgi-bin/user/getuserid?access_token=<app token 1> {"mobile":"+34619999999"} -> 46004
        "#]],
        ),
        (
            "find-member-by-mobile",
            json!({"mobile": "1234"}),
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"mobile","reason":"must have 5 to 32 bytes, has 4"}]}
        "#]],
        ),
        (
            "find-member-by-email",
            json!({"email": "iker@ops.example", "kind": "personal"}),
            expect![[r#"
                ok {"user-id":"iker.z"}
                POST /cgi-bin/user/get_userid_by_email?access_token=<app token 1> {"email":"iker@ops.example","email_type":2} -> 0
            "#]],
        ),
        (
            "find-member-by-email",
            json!({"email": "iker@ops.example"}),
            expect![[r#"
            error {"permanent-rejected":{"caller-address":"127.0.0.1","code":46004,"hint":"there is no such member, or the application may not see it: check the user id, the mobile number or the address, and the application's range","message":"user no exist","request-id":"0000000000000000013"}}
            POST /cgi-bin/user/get_userid_by_email?access_token=<app token 1> {"email":"iker@ops.example"} -> 46004
        "#]],
        ),
    ] {
        check_json(&mut bed, name, arguments, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn get_member() {
    let mut bed = TestBed::with_members().await;
    check_json(&mut bed, "get-member", json!({"user-id": "IKER.Z"}), expect![[r#"
        ok {"custom-attributes":[],"departments":[{"department-id":310,"leader":false,"order":0}],"direct-superiors":[],"main-department":310,"name":"iker.z","status":"not-activated","user-id":"iker.z"}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/user/get?access_token=<app token 1>&userid=IKER.Z -> 0
    "#]]).await;
    check_json(&mut bed, "get-member", json!({"user-id": "nobody"}), expect![[r#"
        error {"permanent-rejected":{"caller-address":"127.0.0.1","code":60111,"hint":"there is no such member, or the application may not see it: check the user id and the application's range","message":"invalid string value `nobody`. userid not found","request-id":"0000000000000000009"}}
        GET /cgi-bin/user/get?access_token=<app token 1>&userid=nobody -> 60111
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn list_members() {
    let mut bed = TestBed::with_members().await;
    for (id, query, expected) in [
        (
            NORTH,
            json!({}),
            expect![[r#"
            ok {"members":[{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"iker.z","user-id":"iker.z"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"kai.p","user-id":"kai.p"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"may.l","user-id":"may.l"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"noor.h","user-id":"noor.h"}]}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            GET /cgi-bin/user/simplelist?access_token=<app token 1>&department_id=310 -> 0
        "#]],
        ),
        (
            1,
            json!({"recursive": true}),
            expect![[r#"
            ok {"members":[{"custom-attributes":[],"departments":[{"department-id":1}],"direct-superiors":[],"name":"Founder","user-id":"founder"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"iker.z","user-id":"iker.z"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"kai.p","user-id":"kai.p"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"may.l","user-id":"may.l"},{"custom-attributes":[],"departments":[{"department-id":310}],"direct-superiors":[],"name":"noor.h","user-id":"noor.h"}]}
            GET /cgi-bin/user/simplelist?access_token=<app token 1>&department_id=1&fetch_child=1 -> 0
        "#]],
        ),
        (
            1,
            json!({"detail": "full"}),
            expect![[r#"
            ok {"members":[{"custom-attributes":[],"departments":[{"department-id":1,"leader":true,"order":0}],"direct-superiors":[],"main-department":1,"name":"Founder","status":"active","user-id":"founder"}]}
            GET /cgi-bin/user/list?access_token=<app token 1>&department_id=1 -> 0
        "#]],
        ),
        (
            7,
            json!({}),
            expect![[r#"
            error {"permanent-rejected":{"caller-address":"127.0.0.1","code":60123,"hint":"there is no such department: check the id; it may have been deleted","message":"invalid party id","request-id":"0000000000000000011"}}
            GET /cgi-bin/user/simplelist?access_token=<app token 1>&department_id=7 -> 60123
        "#]],
        ),
    ] {
        let arguments = json!({"department-id": id, "query": query});
        check_json(&mut bed, "list-members", arguments, expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn delete_members() {
    let mut bed = TestBed::with_members().await;
    let ids = ["may.l", "kai.p"];
    check_json(&mut bed, "delete-members", json!({"user-ids": ids}), expect![[r#"
        ok {"truncated":[]}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/batchdelete?access_token=<contacts token 1> {"useridlist":["may.l","kai.p"]} -> 0
        - members {"biz_mail":"kai.p@simulated.example","department":[310],"direct_leader":[],"invited":false,"is_leader_in_dept":[0],"licensed":true,"main_department":310,"mobile":"+34610000003","name":"kai.p","order":[0],"status":4,"userid":"kai.p"}
        - members {"biz_mail":"may.l@simulated.example","department":[310],"direct_leader":[],"invited":false,"is_leader_in_dept":[0],"licensed":true,"main_department":310,"mobile":"+34610000002","name":"may.l","order":[0],"status":4,"userid":"may.l"}
    "#]]).await;
    // All or none.
    let ids = ["noor.h", "kai.p"];
    check_json(&mut bed, "delete-members", json!({"user-ids": ids}), expect![[r#"
        error {"permanent-rejected":{"caller-address":"127.0.0.1","code":40031,"hint":"at least one user id is unknown or out of sight: check the ids, one each","message":"invalid userid list","request-id":"0000000000000000009"}}
        POST /cgi-bin/user/batchdelete?access_token=<contacts token 1> {"useridlist":["noor.h","kai.p"]} -> 40031
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn read_departments() {
    let mut bed = TestBed::with_members().await;
    let id = json!({"department-id": NORTH});
    check_json(&mut bed, "list-departments", json!({}), expect![[r#"
        ok {"departments":[{"id":1,"leaders":["founder"],"name":"Simulated Corp","order":100000000},{"id":310,"leaders":[],"name":"Field Service North","order":100000000,"parent-id":1}]}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/department/list?access_token=<app token 1> -> 0
    "#]]).await;
    check_json(&mut bed, "list-departments", id.clone(), expect![[r#"
        ok {"departments":[{"id":310,"leaders":[],"name":"Field Service North","order":100000000,"parent-id":1}]}
        GET /cgi-bin/department/list?access_token=<app token 1>&id=310 -> 0
    "#]]).await;
    check_json(
        &mut bed,
        "get-department",
        id,
        expect![[r#"
        ok {"id":310,"leaders":[],"name":"Field Service North","order":100000000,"parent-id":1}
        GET /cgi-bin/department/get?access_token=<app token 1>&id=310 -> 0
    "#]],
    )
    .await;
    check_json(&mut bed, "get-department", json!({"department-id": 7}), expect![[r#"
        error {"permanent-rejected":{"caller-address":"127.0.0.1","code":60123,"hint":"there is no such department: check the id; it may have been deleted","message":"invalid party id","request-id":"0000000000000000011"}}
        GET /cgi-bin/department/get?access_token=<app token 1>&id=7 -> 60123
    "#]]).await;
}
