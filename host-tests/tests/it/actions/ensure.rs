//! Create, or bring to the required state.

use expect_test::expect;
use host_tests::{CHAT, NORTH, TestBed, known_environment};
use serde_json::{Value, json};
use wecom_simulator::{Fault, FaultKind};

use super::check_json;

#[tokio::test(start_paused = true)]
async fn ensure_department() {
    let mut bed = TestBed::new();
    let depot = json!({"name": "Depot 仓库", "parent-id": 1, "order": 4200});
    let moved =
        json!({"name": "Depot 仓库", "parent-id": 1, "order": 4300, "english-name": "Depot"});
    for (department, expected) in [
        (
            &depot,
            expect![[r#"
            ok {"id":2,"outcome":"created"}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
            POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Depot 仓库","parentid":1,"order":4200} -> 0
            + departments {"id":2,"name":"Depot 仓库","order":4200,"parentid":1}
        "#]],
        ),
        (
            &depot,
            expect![[r#"
            ok {"id":2,"outcome":"unchanged"}
            POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Depot 仓库","parentid":1,"order":4200} -> 60008
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            GET /cgi-bin/department/list?access_token=<app token 1>&id=1 -> 0
        "#]],
        ),
        (
            &moved,
            expect![[r#"
            ok {"id":2,"outcome":"updated"}
            POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"Depot 仓库","name_en":"Depot","parentid":1,"order":4300} -> 60008
            GET /cgi-bin/department/list?access_token=<app token 1>&id=1 -> 0
            POST /cgi-bin/department/update?access_token=<contacts token 1> {"id":2,"name_en":"Depot","order":4300} -> 0
            - departments {"id":2,"name":"Depot 仓库","order":4200,"parentid":1}
            + departments {"id":2,"name":"Depot 仓库","name_en":"Depot","order":4300,"parentid":1}
        "#]],
        ),
    ] {
        let arguments = json!({ "department": department });
        check_json(&mut bed, "ensure-department", arguments, expected).await;
    }
}

/// The id is in use by a department of another name: the refusal of the creation.
#[tokio::test(start_paused = true)]
async fn ensure_department_with_the_id_of_another_is_rejected() {
    let mut bed = TestBed::with_members().await;
    let department = json!({"name": "South", "parent-id": 1, "id": NORTH});
    let arguments = json!({ "department": department });
    check_json(&mut bed, "ensure-department", arguments, expect![[r#"
        error {"permanent-rejected":{"caller-address":"127.0.0.1","code":60008,"hint":"the department exists already, by id or by name beside its siblings: look it up","message":"department existed: id is used","request-id":"0000000000000000008"}}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/department/create?access_token=<contacts token 1> {"name":"South","parentid":1,"id":310} -> 60008
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        GET /cgi-bin/department/list?access_token=<app token 1>&id=1 -> 0
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn ensure_member() {
    let mut bed = TestBed::with_members().await;
    let lin =
        json!({"user-id": "lin.m", "name": "林美", "mobile": "13900000003", "to-invite": false});
    let same = json!({"user-id": "Lin.M", "name": "林美", "mobile": "13900000003", "position": "Dispatcher"});
    let other = json!({"user-id": "sam.o", "name": "Sam", "mobile": "13900000003"});
    for (member, expected) in [
        (
            lin,
            expect![[r#"
        ok {"created-departments":[],"outcome":"created"}
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<contacts secret> -> 0
        POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"lin.m","name":"林美","mobile":"13900000003","to_invite":false} -> 0
        + members {"biz_mail":"lin.m@simulated.example","department":[],"direct_leader":[],"invited":false,"is_leader_in_dept":[],"licensed":true,"mobile":"13900000003","name":"林美","order":[],"status":4,"userid":"lin.m"}
    "#]],
        ),
        (
            same,
            expect![[r#"
        ok {"created-departments":[],"outcome":"updated"}
        POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"Lin.M","name":"林美","position":"Dispatcher","mobile":"13900000003"} -> 60102
        POST /cgi-bin/user/update?access_token=<contacts token 1> {"userid":"Lin.M","name":"林美","position":"Dispatcher","mobile":"13900000003"} -> 0
        - members {"biz_mail":"lin.m@simulated.example","department":[],"direct_leader":[],"invited":false,"is_leader_in_dept":[],"licensed":true,"mobile":"13900000003","name":"林美","order":[],"status":4,"userid":"lin.m"}
        + members {"biz_mail":"lin.m@simulated.example","department":[],"direct_leader":[],"invited":false,"is_leader_in_dept":[],"licensed":true,"mobile":"13900000003","name":"林美","order":[],"position":"Dispatcher","status":4,"userid":"lin.m"}
    "#]],
        ),
        (
            other,
            expect![[r#"
        error {"permanent-rejected":{"code":60104,"conflicting-user":"lin.m","hint":"another member (conflicting-user) has this mobile number already: update that member, or use another number","message":"mobile existed:lin.m"}}
        POST /cgi-bin/user/create?access_token=<contacts token 1> {"userid":"sam.o","name":"Sam","mobile":"13900000003"} -> 60104
    "#]],
        ),
    ] {
        check_json(&mut bed, "ensure-member", json!({ "member": member }), expected).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ensure_group_chat() {
    let mut bed = TestBed::with_members().await;
    let chat = |members: &[&str]| json!({"group-chat": {"name": "Storm", "owner": "noor.h", "members": members, "id": CHAT}});
    let first = ["noor.h", "iker.z"];
    for (arguments, expected) in [
        (
            chat(&first),
            expect![[r#"
            ok {"id":"storm2026a","outcome":"created","truncated":[]}
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z"],"chatid":"storm2026a"} -> 0
            + group_chats {"agentid":1000002,"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z"]}
        "#]],
        ),
        (
            chat(&first),
            expect![[r#"
            ok {"id":"storm2026a","outcome":"unchanged","truncated":[]}
            POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z"],"chatid":"storm2026a"} -> 86215
            GET /cgi-bin/appchat/get?access_token=<app token 1>&chatid=storm2026a -> 0
        "#]],
        ),
        (
            chat(&["noor.h", "may.l"]),
            expect![[r#"
            ok {"id":"storm2026a","outcome":"updated","truncated":[]}
            POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"Storm","owner":"noor.h","userlist":["noor.h","may.l"],"chatid":"storm2026a"} -> 86215
            GET /cgi-bin/appchat/get?access_token=<app token 1>&chatid=storm2026a -> 0
            POST /cgi-bin/appchat/update?access_token=<app token 1> {"chatid":"storm2026a","add_user_list":["may.l"],"del_user_list":["iker.z"]} -> 0
            - group_chats {"agentid":1000002,"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z"]}
            + group_chats {"agentid":1000002,"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","may.l"]}
        "#]],
        ),
        (
            json!({"group-chat": {"members": first}}),
            expect![[r#"
            error {"permanent-invalid-input":[{"field":"group-chat.id","reason":"must be given: the chat is found again by it"}]}
        "#]],
        ),
    ] {
        check_json(&mut bed, "ensure-group-chat", arguments, expected).await;
    }
}

/// The calls of the three functions, each for an object that does not exist yet, the subject of the simulator's state that
/// has it, and the path of the creation.
fn calls() -> [(&'static str, Value, &'static str, &'static str); 3] {
    let department = json!({"name": "Depot", "parent-id": 1, "order": 4200});
    let member = json!({"user-id": "lin.m", "name": "Lin", "mobile": "13900000003"});
    let chat = json!({"name": "Storm", "members": ["noor.h", "iker.z"], "id": CHAT});
    [
        (
            "ensure-department",
            json!({"department": department}),
            "departments",
            "department/create",
        ),
        ("ensure-member", json!({"member": member}), "members", "user/create"),
        ("ensure-group-chat", json!({"group-chat": chat}), "group_chats", "appchat/create"),
    ]
}

#[tokio::test(start_paused = true)]
async fn two_instances_at_once_end_in_one() {
    for (name, arguments, subject, _) in calls() {
        let mut first = TestBed::with_members().await;
        let mut second = first.second_instance(&known_environment());
        let rows = |bed: &TestBed| bed.state()[subject].as_array().unwrap().len();
        let before = rows(&first);
        let (one, other) = tokio::join!(
            first.call_as_profile(name, arguments.clone()),
            second.call_as_profile(name, arguments),
        );
        let mut outcomes = [one, other].map(|it| it.unwrap()["outcome"].clone());
        outcomes.sort_by_key(ToString::to_string);
        assert_eq!(outcomes[0], "created", "{name}");
        assert_ne!(outcomes[1], "created", "{name}");
        assert_eq!(rows(&first), before + 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn missing_response_is_retry_safe() {
    for (name, arguments, subject, path) in calls() {
        let mut bed = TestBed::with_members().await;
        let before = bed.state()[subject].as_array().unwrap().len();
        let on = format!("/cgi-bin/{path}");
        let kind = FaultKind::SilentForever;
        assert!(bed.simulator.inject(Fault { on, skip: 0, times: 1, act: true, kind }));
        let error = bed.call_as_profile(name, arguments.clone()).await.unwrap_err();
        assert_eq!(error["no-reply"]["request-sent"], true, "{name}: {error}");
        let retried = bed.call_as_profile(name, arguments).await.unwrap();
        // Without a comparison for members.
        let expected = if name == "ensure-member" { "updated" } else { "unchanged" };
        assert_eq!(retried["outcome"], expected, "{name}");
        assert_eq!(bed.state()[subject].as_array().unwrap().len(), before + 1, "{name}");
    }
}
