use expect_test::expect;
use host_tests::{CHAT, MEMBERS, TestBed, application};
use wecom_host::bindings::exports::wecom::connector::group_chats::{
    GroupChatChanges, NewGroupChat,
};

use super::{check, code, second_application};

#[tokio::test(start_paused = true)]
async fn get_group_chat() {
    let mut bed = TestBed::with_group_chat().await;
    let chat = bed.get_group_chat(&application(), &CHAT.into()).await;
    check(
        &mut bed,
        chat,
        expect![[r#"
            Ok(GroupChat { id: "storm2026a", name: Some("Storm"), owner: Some("noor.h"), members: ["noor.h", "iker.z", "may.l"], kind: Some(GroupChatKind::Ordinary), warning: None })
            GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
            GET /cgi-bin/appchat/get?access_token=<app token 1>&chatid=storm2026a -> 0
        "#]],
    );
    assert_eq!(code(bed.get_group_chat(&second_application(), &CHAT.into()).await), 86008);
    assert!([86003, 40050].contains(&code(bed.get_group_chat(&application(), &"x".into()).await)));
}

#[tokio::test(start_paused = true)]
async fn create_group_chat() {
    let mut bed = TestBed::with_group_chat().await;
    let all = MEMBERS.map(String::from).to_vec();
    let chat = NewGroupChat {
        name: Some("值".repeat(51)),
        owner: Some("noor.h".into()),
        members: all.clone(),
        id: Some("Ops1".into()),
    };
    let created = bed.create_group_chat(&application(), &chat).await;
    check(
        &mut bed,
        created,
        expect![[r#"
        Ok(CreatedGroupChat { id: "Ops1", truncated: [Truncation { field: "group-chat.name", original-bytes: 153, kept-bytes: 150 }], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/create?access_token=<app token 1> {"name":"值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值","owner":"noor.h","userlist":["noor.h","iker.z","may.l","kai.p"],"chatid":"Ops1"} -> 0
        + group_chats {"agentid":1000002,"chatid":"Ops1","name":"值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值值","owner":"noor.h","userlist":["noor.h","iker.z","may.l","kai.p"]}
    "#]],
    );
    assert_eq!(code(bed.create_group_chat(&application(), &chat).await), 86215);
    bed.requests();

    let lean = NewGroupChat { name: None, owner: None, members: all, id: None };
    let created = bed.create_group_chat(&application(), &lean).await.unwrap();
    expect![[r#"
        POST /cgi-bin/appchat/create?access_token=<app token 1> {"userlist":["noor.h","iker.z","may.l","kai.p"]} -> 0
    "#]].assert_eq(&bed.requests());
    let stored = bed.get_group_chat(&application(), &created.id).await.unwrap();
    assert_eq!(stored.members, MEMBERS);
}

#[tokio::test(start_paused = true)]
async fn update_group_chat() {
    let mut bed = TestBed::with_group_chat().await;
    let changes = GroupChatChanges {
        name: Some("Storm over".into()),
        owner: Some("iker.z".into()),
        add_members: Some(vec!["kai.p".into()]),
        remove_members: Some(vec!["may.l".into()]),
    };
    let updated = bed.update_group_chat(&application(), &CHAT.into(), &changes).await;
    check(
        &mut bed,
        updated,
        expect![[r#"
        Ok(Receipt { truncated: [], warning: None })
        GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
        POST /cgi-bin/appchat/update?access_token=<app token 1> {"chatid":"storm2026a","name":"Storm over","owner":"iker.z","add_user_list":["kai.p"],"del_user_list":["may.l"]} -> 0
        - group_chats {"agentid":1000002,"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z","may.l"]}
        + group_chats {"agentid":1000002,"chatid":"storm2026a","name":"Storm over","owner":"iker.z","userlist":["noor.h","iker.z","kai.p"]}
    "#]],
    );
    let unknown_member = GroupChatChanges {
        name: None,
        owner: None,
        add_members: None,
        remove_members: Some(vec!["may.l".into()]),
    };
    let refused = bed.update_group_chat(&application(), &CHAT.into(), &unknown_member).await;
    check(
        &mut bed,
        refused,
        expect![[r#"
            Err(Error::PermanentRejected(Rejection { code: 86216, message: "del_user_list: not a member of the chat", hint: "a member to add is unknown, or one to remove is not in the chat: read the chat and name only the differences", caller-address: Some("127.0.0.1"), request-id: Some("0000000000000000011"), invalid-receivers: None, conflicting-user: None }))
            POST /cgi-bin/appchat/update?access_token=<app token 1> {"chatid":"storm2026a","del_user_list":["may.l"]} -> 86216
        "#]],
    );
}
