//! Group chats that an application makes.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;
use serde_json::json;

use crate::{
    bindings::wit::{
        group_chats::{
            CreatedGroupChat, EnsuredGroupChat, GroupChat, GroupChatChanges, GroupChatKind,
            NewGroupChat,
        },
        types::{EnsureOutcome, Error, GroupChatId, Receipt, UserId},
    },
    call::{Auth, Call},
    response::Unexpected,
    run::{Run, join_warnings, refusal_code},
    truncate::Limit,
    validate::{Check, given},
    wire::Lenient,
};

/// In one group chat, and in one change.
const MAX_MEMBERS: usize = 2000;
const MAX_NAME: Limit = Limit::Chars(50);

/// `GET /cgi-bin/appchat/get`
pub(crate) fn get_group_chat(id: GroupChatId) -> Result<Call<GroupChat>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        chat_info: Option<ChatInfo>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct ChatInfo {
        chatid: Lenient<Option<GroupChatId>>,
        name: Lenient<Option<String>>,
        owner: Lenient<Option<UserId>>,
        userlist: Lenient<Vec<UserId>>,
        chat_type: Lenient<Option<u32>>,
    }

    let mut check = Check::default();
    check.group_chat_id("group-chat-id", &id);
    check.finish()?;

    let call = Call::get("/cgi-bin/appchat/get", Auth::Application).query("chatid", id.as_str());
    Ok(call.map(move |Response { chat_info }, mut warnings| {
        let chat = chat_info.ok_or_else(|| Unexpected::lacks("chat_info"))?;
        Ok(GroupChat {
            id: warnings.value("chatid", chat.chatid).unwrap_or(id),
            name: warnings.value("name", chat.name),
            owner: warnings.value("owner", chat.owner),
            members: warnings.value("userlist", chat.userlist),
            kind: warnings.value("chat_type", chat.chat_type).map(|it| match it {
                0 => GroupChatKind::Ordinary,
                1 => GroupChatKind::Course,
                other => GroupChatKind::Other(other),
            }),
            warning: warnings.into_text(),
        })
    }))
}

/// `POST /cgi-bin/appchat/create`
pub(crate) fn create_group_chat(group_chat: NewGroupChat) -> Result<Call<CreatedGroupChat>, Error> {
    create(group_chat, false)
}

fn create(group_chat: NewGroupChat, needs_id: bool) -> Result<Call<CreatedGroupChat>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        chatid: Lenient<Option<GroupChatId>>,
    }

    let NewGroupChat { name, owner, members, id } = group_chat;
    let mut check = Check::default();
    let name = given(name).map(|it| check.truncate("group-chat.name", it, MAX_NAME));
    check.user_ids("group-chat.members", &members, 2..=MAX_MEMBERS);
    let owner = given(owner);
    if let Some(owner) = &owner {
        check.user_id("group-chat.owner", owner);
        if !members.iter().any(|it| it.eq_ignore_ascii_case(owner)) {
            check.reject("group-chat.owner", "must be one of the members");
        }
    }
    let id = given(id);
    if let Some(id) = &id {
        check.new_group_chat_id("group-chat.id", id);
    } else if needs_id {
        check.reject("group-chat.id", "must be given: the chat is found again by it");
    }
    let truncated = check.finish()?;

    let body = json!({ "name": name, "owner": owner, "userlist": members, "chatid": id });
    Ok(Call::post("/cgi-bin/appchat/create", Auth::Application, body).retry_safe(id.is_some()).map(
        |Response { chatid }, mut warnings| {
            let created = warnings.value("chatid", chatid).or(id);
            let id = created.ok_or_else(|| Unexpected::lacks("chatid"))?;
            Ok(CreatedGroupChat { id, truncated, warning: warnings.into_text() })
        },
    ))
}

/// `POST /cgi-bin/appchat/update`
pub(crate) fn update_group_chat(
    id: GroupChatId,
    changes: GroupChatChanges,
) -> Result<Call<Receipt>, Error> {
    let GroupChatChanges { name, owner, add_members, remove_members } = changes;
    let mut check = Check::default();
    check.group_chat_id("group-chat-id", &id);
    let name = given(name).map(|it| check.truncate("changes.name", it, MAX_NAME));
    let owner = given(owner);
    if let Some(owner) = &owner {
        check.user_id("changes.owner", owner);
    }
    let add = add_members.filter(|it| !it.is_empty());
    let remove = remove_members.filter(|it| !it.is_empty());
    for (field, users) in [("changes.add-members", &add), ("changes.remove-members", &remove)] {
        if let Some(users) = users {
            check.user_ids(field, users, 0..=MAX_MEMBERS);
        }
    }
    let truncated = check.finish()?;

    let body = json!({
        "chatid": id,
        "name": name,
        "owner": owner,
        "add_user_list": add,
        "del_user_list": remove,
    });
    Ok(Call::post("/cgi-bin/appchat/update", Auth::Application, body)
        .retry_safe(true)
        .with_truncations(truncated))
}

/// `appchat/create`; where the id is in use, `appchat/get` and `appchat/update`
pub(crate) fn ensure_group_chat<R: Run>(
    group_chat: NewGroupChat,
) -> Result<impl FnOnce(&mut R) -> Result<EnsuredGroupChat, Error>, Error> {
    let NewGroupChat { name, owner, members, id } = group_chat;
    let mut check = Check::default();
    // Truncated here, and so not twice.
    let name = given(name).map(|it| check.truncate("group-chat.name", it, MAX_NAME));
    let truncated = check.finish()?;
    let wanted = NewGroupChat { name, owner, members, id };
    let create = create(wanted.clone(), true)?;

    Ok(move |run: &mut R| {
        match run.run(create) {
            Ok(CreatedGroupChat { id, truncated: _, warning }) => {
                let outcome = EnsureOutcome::Created;
                return Ok(EnsuredGroupChat { id, outcome, truncated, warning });
            }
            Err(error) if refusal_code(&error) == Some(86215) => {}
            Err(error) => return Err(error),
        }
        let NewGroupChat { name, owner, members, id } = wanted;
        let (owner, id) = (given(owner), id.unwrap_or_default());
        let found = run.run(get_group_chat(id.clone())?)?;
        let without = |these: &[UserId], others: &[UserId]| -> Option<Vec<UserId>> {
            let is_other = |it: &&UserId| !others.iter().any(|other| same_user(it, other));
            Some(these.iter().filter(is_other).cloned().collect())
                .filter(|it: &Vec<_>| !it.is_empty())
        };
        let present_owner = found.owner.unwrap_or_default();
        // WeCom requires a new owner where the present one is removed.
        let owner = owner.or_else(|| {
            let stays = members.iter().any(|it| same_user(it, &present_owner));
            members.first().filter(|_| !stays && !present_owner.is_empty()).cloned()
        });
        let changes = GroupChatChanges {
            name: name.filter(|it| found.name.as_ref() != Some(it)),
            owner: owner.filter(|it| !same_user(it, &present_owner)),
            add_members: without(&members, &found.members),
            remove_members: without(&found.members, &members),
        };
        let unchanged = changes.name.is_none()
            && changes.owner.is_none()
            && changes.add_members.is_none()
            && changes.remove_members.is_none();
        if unchanged {
            let (outcome, warning) = (EnsureOutcome::Unchanged, found.warning);
            return Ok(EnsuredGroupChat { id, outcome, truncated, warning });
        }
        let updated = run.run(update_group_chat(id.clone(), changes)?)?;
        let warning = join_warnings(found.warning, updated.warning);
        Ok(EnsuredGroupChat { id, outcome: EnsureOutcome::Updated, truncated, warning })
    })
}

/// WeCom ignores case in user ids.
fn same_user(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::String, vec, vec::Vec};

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{accepted, check_refused, check_request, check_response},
        exchange::Failure,
        run::testing::Script,
    };

    fn storm() -> NewGroupChat {
        NewGroupChat {
            name: None,
            owner: None,
            members: vec!["noor.h".into(), "iker.z".into()],
            id: None,
        }
    }

    fn unchanged() -> GroupChatChanges {
        GroupChatChanges { name: None, owner: None, add_members: None, remove_members: None }
    }

    fn users(count: usize) -> Vec<String> {
        (0..count).map(|it| format!("u{it}")).collect()
    }

    #[test]
    fn get_group_chat_wire() {
        let call = || get_group_chat("storm2026a".into()).unwrap();
        check_request(
            &call(),
            expect!["GET /cgi-bin/appchat/get?chatid=storm2026a [application, retry-safe]"],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","chat_info":{"chatid":"storm2026a","name":"风","owner":"noor.h","userlist":["noor.h","kai.p"],"chat_type":0}}"#,
            expect![[
                r#"Ok(GroupChat { id: "storm2026a", name: Some("风"), owner: Some("noor.h"), members: ["noor.h", "kai.p"], kind: Some(GroupChatKind::Ordinary), warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"chat_info":{"chat_type":7}}"#,
            expect![[
                r#"Ok(GroupChat { id: "storm2026a", name: None, owner: None, members: [], kind: Some(GroupChatKind::Other(7)), warning: None })"#
            ]],
        );
    }

    #[test]
    fn get_group_chat_limits() {
        for (length, accepted) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(get_group_chat("a".repeat(length)).is_ok(), accepted, "{length}");
        }
        assert!(get_group_chat("wr-_1".into()).is_ok());
        assert!(get_group_chat("a b".into()).is_err());
    }

    #[test]
    fn create_group_chat_wire() {
        let call = || create_group_chat(storm()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/create {"userlist":["noor.h","iker.z"]} [application, once]"#
            ]],
        );
        let everything = NewGroupChat {
            name: Some("名".repeat(51)),
            owner: Some("Noor.H".into()),
            id: Some("storm2026a".into()),
            ..storm()
        };
        let call = || create_group_chat(everything.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/create {"name":"名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名","owner":"Noor.H","userlist":["noor.h","iker.z"],"chatid":"storm2026a"} [application, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","chatid":"storm2026a"}"#,
            expect![[
                r#"Ok(CreatedGroupChat { id: "storm2026a", truncated: [Truncation { field: "group-chat.name", original-bytes: 153, kept-bytes: 150 }], warning: None })"#
            ]],
        );
    }

    #[test]
    fn create_group_chat_limits() {
        for (count, accepted) in [(0, false), (1, false), (2, true), (2000, true), (2001, false)] {
            assert_eq!(
                create_group_chat(NewGroupChat { members: users(count), ..storm() }).is_ok(),
                accepted,
                "{count}"
            );
        }
        let all = NewGroupChat {
            owner: Some("may.l".into()),
            members: vec!["noor.h".into(), "NOOR.H".into(), String::new()],
            id: Some("部".into()),
            name: None,
        };
        check_refused(
            create_group_chat(all),
            expect![[r#"
                group-chat.members[2]: must have 1 to 64 bytes, has 0
                group-chat.owner: must be one of the members
                group-chat.id: must be digits and ASCII letters"#]],
        );
    }

    #[test]
    fn update_group_chat_wire() {
        let call = || update_group_chat("storm2026a".into(), unchanged()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/appchat/update {"chatid":"storm2026a"} [application, retry-safe]"#
            ]],
        );
        let changes = GroupChatChanges {
            name: Some("风".into()),
            owner: Some("kai.p".into()),
            add_members: Some(vec!["kai.p".into()]),
            remove_members: Some(vec!["may.l".into()]),
        };
        check_request(
            &update_group_chat("storm2026a".into(), changes).unwrap(),
            expect![[
                r#"POST /cgi-bin/appchat/update {"chatid":"storm2026a","name":"风","owner":"kai.p","add_user_list":["kai.p"],"del_user_list":["may.l"]} [application, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
    }

    #[test]
    fn update_group_chat_limits() {
        for (count, accepted) in [(0, true), (2000, true), (2001, false)] {
            let changes = GroupChatChanges { add_members: Some(users(count)), ..unchanged() };
            assert_eq!(update_group_chat("a".into(), changes).is_ok(), accepted, "{count}");
        }
        for (chars, kept) in [(50, None), (51, Some(150))] {
            let changes = GroupChatChanges { name: Some("名".repeat(chars)), ..unchanged() };
            let call = update_group_chat("a".into(), changes).unwrap();
            let receipt = accepted(call);
            assert_eq!(
                receipt.truncated.first().map(|it| it.kept_bytes),
                kept,
                "{chars} characters"
            );
        }
        let all = GroupChatChanges {
            name: Some(String::new()),
            owner: Some("a b".into()),
            add_members: Some(vec!["x".into()]),
            remove_members: Some(vec!["X".into(), "@all".into()]),
        };
        check_refused(
            update_group_chat(String::new(), all),
            expect![[r#"
                group-chat-id: must have 1 to 64 bytes, has 0
                changes.owner: must be one id each, has ` `
                changes.remove-members[1]: `@all` is not a user id: use `mention-everyone`, or the case `everyone` of the recipients"#]],
        );
    }

    const EXISTS: &str = r#"{"errcode":86215,"errmsg":"chatid existed"}"#;
    const FOUND: &str = r#"{"errcode":0,"errmsg":"ok","chat_info":{"chatid":"storm2026a","name":"Storm","owner":"noor.h","userlist":["noor.h","iker.z"],"chat_type":0}}"#;
    const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;

    fn wanted() -> NewGroupChat {
        NewGroupChat { name: Some("Storm".into()), id: Some("storm2026a".into()), ..storm() }
    }

    fn ensure<const N: usize>(
        chat: NewGroupChat,
        responses: [Result<&'static str, Failure>; N],
    ) -> (String, Result<EnsuredGroupChat, Error>) {
        let mut script = Script::new(responses);
        let result = ensure_group_chat(chat).unwrap()(&mut script);
        (script.finish(), result)
    }

    #[test]
    fn ensure_group_chat_creates_what_is_not_there() {
        let long = NewGroupChat { name: Some("名".repeat(51)), ..wanted() };
        let (requests, result) =
            ensure(long, [Ok(r#"{"errcode":0,"errmsg":"ok","chatid":"storm2026a"}"#)]);
        expect![[r#"POST appchat/create?access_token=app {"name":"名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名名","userlist":["noor.h","iker.z"],"chatid":"storm2026a"}"#]].assert_eq(&requests);
        expect![[r#"Ok(EnsuredGroupChat { id: "storm2026a", outcome: EnsureOutcome::Created, truncated: [Truncation { field: "group-chat.name", original-bytes: 153, kept-bytes: 150 }], warning: None })"#]].assert_eq(&format!("{result:?}"));
    }

    #[test]
    fn ensure_group_chat_updates_the_differences() {
        let chat = NewGroupChat {
            name: Some("Storm response".into()),
            owner: Some("kai.p".into()),
            members: vec!["NOOR.H".into(), "kai.p".into()],
            ..wanted()
        };
        let (requests, result) = ensure(chat, [Ok(EXISTS), Ok(FOUND), Ok(OK)]);
        expect![[r#"
            POST appchat/create?access_token=app {"name":"Storm response","owner":"kai.p","userlist":["NOOR.H","kai.p"],"chatid":"storm2026a"}
            GET appchat/get?access_token=app&chatid=storm2026a
            POST appchat/update?access_token=app {"chatid":"storm2026a","name":"Storm response","owner":"kai.p","add_user_list":["kai.p"],"del_user_list":["iker.z"]}"#]].assert_eq(&requests);
        expect![[r#"Ok(EnsuredGroupChat { id: "storm2026a", outcome: EnsureOutcome::Updated, truncated: [], warning: None })"#]].assert_eq(&format!("{result:?}"));
    }

    /// WeCom requires a new owner where the present one is removed.
    #[test]
    fn ensure_group_chat_names_an_owner_where_the_present_one_is_removed() {
        let chat = NewGroupChat { members: vec!["iker.z".into(), "kai.p".into()], ..wanted() };
        let (requests, _) = ensure(chat, [Ok(EXISTS), Ok(FOUND), Ok(OK)]);
        expect![[r#"
            POST appchat/create?access_token=app {"name":"Storm","userlist":["iker.z","kai.p"],"chatid":"storm2026a"}
            GET appchat/get?access_token=app&chatid=storm2026a
            POST appchat/update?access_token=app {"chatid":"storm2026a","owner":"iker.z","add_user_list":["kai.p"],"del_user_list":["noor.h"]}"#]].assert_eq(&requests);
    }

    #[test]
    fn ensure_group_chat_leaves_what_is_as_wanted() {
        for chat in [
            wanted(),
            NewGroupChat { name: None, owner: Some("Noor.H".into()), ..wanted() },
            NewGroupChat { members: vec!["Iker.Z".into(), "noor.h".into()], ..wanted() },
        ] {
            let (requests, result) = ensure(chat, [Ok(EXISTS), Ok(FOUND)]);
            assert_eq!(requests.lines().count(), 2);
            assert_eq!(result.unwrap().outcome, EnsureOutcome::Unchanged);
        }
    }

    #[test]
    fn ensure_group_chat_is_retry_safe_after_silence() {
        let silence = || Err(Failure::NoResponse("reset", None));
        let (_, result) = ensure(wanted(), [silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
        let renamed = NewGroupChat { name: Some("x".into()), ..wanted() };
        let (_, result) = ensure(renamed, [Ok(EXISTS), Ok(FOUND), silence()]);
        assert!(matches!(result, Err(Error::NoReply(_))), "{result:?}");
        let foreign = r#"{"errcode":86008,"errmsg":"other app"}"#;
        let (_, result) = ensure(wanted(), [Ok(EXISTS), Ok(foreign)]);
        assert_eq!(refusal_code(&result.unwrap_err()), Some(86008));
    }

    #[test]
    fn ensure_group_chat_needs_an_id() {
        for id in [None, Some(String::new())] {
            let refused = ensure_group_chat::<Script>(NewGroupChat {
                id,
                members: vec!["noor.h".into()],
                ..storm()
            });
            let Err(Error::PermanentInvalidInput(fields)) = refused else { panic!("accepted") };
            let fields: Vec<_> = fields.iter().map(|it| it.field.as_str()).collect();
            assert_eq!(fields, ["group-chat.members", "group-chat.id"]);
        }
    }
}
