//! Messages that an application sends to members.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;
use serde_json::{Value, json};

use super::content;
use crate::{
    bindings::wit::{
        app_messages::{
            AppFile, AppImage, AppMarkdown, AppMessageOptions, AppMpnews, AppText, AppTextCard,
            Delivery, Recipients, Selection,
        },
        types::{DepartmentId, Error, MessageId, Receipt, TagId, UserId},
    },
    call::{Auth, Call},
    truncate::Limit,
    validate::Check,
    wire::{Lenient, join_bars},
};

/// `POST /cgi-bin/message/send`, text
pub(crate) fn send_app_text(message: AppText) -> Result<Call<Delivery>, Error> {
    let AppText { recipients, content, confidentiality, options } = message;
    let mut check = Check::default();
    let text = json!({ "content": content::text(&mut check, content) });
    send(check, recipients, "text", text, content::safe(confidentiality), options)
}

/// `POST /cgi-bin/message/send`, markdown
pub(crate) fn send_app_markdown(message: AppMarkdown) -> Result<Call<Delivery>, Error> {
    let AppMarkdown { recipients, content, options } = message;
    let mut check = Check::default();
    let markdown = content::markdown(&mut check, content);
    send(check, recipients, "markdown", markdown, None, options)
}

/// `POST /cgi-bin/message/send`, file
pub(crate) fn send_app_file(message: AppFile) -> Result<Call<Delivery>, Error> {
    let AppFile { recipients, media_id, confidentiality, options } = message;
    let mut check = Check::default();
    let file = content::file(&mut check, "message.media-id", media_id);
    send(check, recipients, "file", file, content::safe(confidentiality), options)
}

/// `POST /cgi-bin/message/send`, image
pub(crate) fn send_app_image(message: AppImage) -> Result<Call<Delivery>, Error> {
    let AppImage { recipients, media_id, confidentiality, options } = message;
    let mut check = Check::default();
    let image = content::file(&mut check, "message.media-id", media_id);
    send(check, recipients, "image", image, content::safe(confidentiality), options)
}

/// `POST /cgi-bin/message/send`, mpnews
pub(crate) fn send_app_mpnews(message: AppMpnews) -> Result<Call<Delivery>, Error> {
    let AppMpnews { recipients, articles, confidentiality, options } = message;
    let mut check = Check::default();
    let mpnews = content::mpnews(&mut check, articles);
    send(check, recipients, "mpnews", mpnews, content::mpnews_safe(confidentiality), options)
}

/// `POST /cgi-bin/message/send`, textcard
pub(crate) fn send_app_text_card(message: AppTextCard) -> Result<Call<Delivery>, Error> {
    let AppTextCard { recipients, card, options } = message;
    let mut check = Check::default();
    let card = content::text_card(&mut check, card, Limit::Chars);
    send(check, recipients, "textcard", card, None, options)
}

/// `POST /cgi-bin/message/recall`
pub(crate) fn recall_app_message(id: MessageId) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.opaque_id("message-id", &id);
    check.finish()?;

    let body = json!({ "msgid": id });
    Ok(Call::post("/cgi-bin/message/recall", Auth::Application, body).retry_safe(true))
}

fn send(
    mut check: Check,
    recipients: Recipients,
    kind: &'static str,
    content: Value,
    safe: Option<u32>,
    options: Option<AppMessageOptions>,
) -> Result<Call<Delivery>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        msgid: Lenient<Option<MessageId>>,
        invaliduser: Lenient<Vec<UserId>>,
        invalidparty: Lenient<Vec<DepartmentId>>,
        invalidtag: Lenient<Vec<TagId>>,
        unlicenseduser: Lenient<Vec<UserId>>,
    }

    let receivers = receivers(&mut check, recipients);
    let AppMessageOptions { agent_id, enable_id_trans, duplicate_check_interval } = options
        .unwrap_or(AppMessageOptions {
            agent_id: None,
            enable_id_trans: None,
            duplicate_check_interval: None,
        });
    if let Some(interval) = duplicate_check_interval {
        check.range("message.options.duplicate-check-interval", interval, 1..=14_400);
    }
    let truncated = check.finish()?;

    let mut body = json!({
        "touser": receivers.users,
        "toparty": receivers.departments,
        "totag": receivers.tags,
        "agentid": agent_id,
        "msgtype": kind,
        (kind): null,
        "safe": safe,
        "enable_id_trans": enable_id_trans.map(u32::from),
        "enable_duplicate_check": duplicate_check_interval.map(|_| 1),
        "duplicate_check_interval": duplicate_check_interval,
    });
    // Moved: `json!` copies what it is given.
    body[kind] = content;
    Ok(Call::post("/cgi-bin/message/send", Auth::Application, body)
        .inject_agent_id(agent_id.is_none())
        .retry_safe(duplicate_check_interval.is_some())
        .map(|it: Response, mut warnings| {
            Ok(Delivery {
                message_id: warnings.value("msgid", it.msgid),
                invalid_users: warnings.value("invaliduser", it.invaliduser),
                invalid_departments: warnings.value("invalidparty", it.invalidparty),
                invalid_tags: warnings.value("invalidtag", it.invalidtag),
                unlicensed_users: warnings.value("unlicenseduser", it.unlicenseduser),
                truncated,
                warning: warnings.into_text(),
            })
        }))
}

/// Receivers on the wire.
struct Receivers {
    users: Option<String>,
    departments: Option<String>,
    tags: Option<String>,
}

fn receivers(check: &mut Check, recipients: Recipients) -> Receivers {
    let Selection { users, departments, tags } = match recipients {
        Recipients::Everyone => {
            return Receivers { users: Some("@all".into()), departments: None, tags: None };
        }
        Recipients::Selected(selection) => selection,
    };
    let (users, departments, tags) =
        (users.unwrap_or_default(), departments.unwrap_or_default(), tags.unwrap_or_default());
    check.user_ids("message.recipients.selected.users", &users, 0..=1000);
    check.department_ids("message.recipients.selected.departments", &departments, 100);
    check.count("message.recipients.selected.tags", tags.len(), 0..=100);
    if users.is_empty() && departments.is_empty() && tags.is_empty() {
        check.reject("message.recipients.selected", "must name a user, a department or a tag");
    }
    Receivers {
        users: join_bars(&users),
        departments: join_bars(&departments),
        tags: join_bars(&tags),
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec, vec::Vec};

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{accepted, check_refused, check_request, check_response},
        bindings::wit::types::{Confidentiality, MpnewsArticle, MpnewsConfidentiality, TextCard},
    };

    fn noor() -> Recipients {
        selected(&["noor.h"], &[], &[])
    }

    fn selected(users: &[&str], departments: &[u32], tags: &[u32]) -> Recipients {
        Recipients::Selected(Selection {
            users: Some(users.iter().map(|&it| it.into()).collect()),
            departments: Some(departments.to_vec()),
            tags: Some(tags.to_vec()),
        })
    }

    fn text(content: impl Into<String>) -> AppText {
        AppText {
            recipients: noor(),
            content: content.into(),
            confidentiality: None,
            options: None,
        }
    }

    fn article() -> MpnewsArticle {
        MpnewsArticle {
            title: "T".into(),
            thumbnail: "MID-1".into(),
            content: "<p>C</p>".into(),
            author: None,
            source_url: None,
            digest: None,
        }
    }

    fn mpnews(articles: Vec<MpnewsArticle>) -> AppMpnews {
        AppMpnews { recipients: noor(), articles, confidentiality: None, options: None }
    }

    fn card() -> TextCard {
        TextCard {
            title: "T".into(),
            description: "D".into(),
            url: "https://a.example".into(),
            button_text: None,
        }
    }

    fn text_card(card: TextCard) -> AppTextCard {
        AppTextCard { recipients: noor(), card, options: None }
    }

    fn options() -> AppMessageOptions {
        AppMessageOptions { agent_id: None, enable_id_trans: None, duplicate_check_interval: None }
    }

    /// Field, bytes before, bytes kept.
    fn truncated(call: Call<Delivery>) -> Vec<(String, u32, u32)> {
        let delivery = accepted(call);
        delivery
            .truncated
            .into_iter()
            .map(|it| (it.field, it.original_bytes, it.kept_bytes))
            .collect()
    }

    #[test]
    fn send_app_text_wire() {
        let call = || send_app_text(text("hi")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"text","text":{"content":"hi"}} [application, once]"#
            ]],
        );
        let everything = AppText {
            recipients: selected(&["noor.h", "iker.z"], &[310, 1], &[7]),
            confidentiality: Some(Confidentiality::Confidential),
            options: Some(AppMessageOptions {
                agent_id: Some(1_000_017),
                enable_id_trans: Some(true),
                duplicate_check_interval: Some(600),
            }),
            ..text("$userName=noor.h$")
        };
        check_request(
            &send_app_text(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h|iker.z","toparty":"310|1","totag":"7","agentid":1000017,"msgtype":"text","text":{"content":"$userName=noor.h$"},"safe":1,"enable_id_trans":1,"enable_duplicate_check":1,"duplicate_check_interval":600} [application, retry-safe]"#
            ]],
        );
        check_request(
            &send_app_text(AppText { recipients: Recipients::Everyone, ..text("hi") }).unwrap(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"@all","msgtype":"text","text":{"content":"hi"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":"a|b","invalidparty":"9","invalidtag":"","unlicenseduser":"c","msgid":"Qf3"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("Qf3"), invalid-users: ["a", "b"], invalid-departments: [9], invalid-tags: [], unlicensed-users: ["c"], truncated: [], warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect![
                "Ok(Delivery { message-id: None, invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"
            ],
        );
        check_response(
            call(),
            r#"{"errcode":81013,"errmsg":"user & party & tag all invalid","invaliduser":"a"}"#,
            expect![[r#"Refused { code: 81013, message: "user & party & tag all invalid" }"#]],
        );
    }

    #[test]
    fn send_app_text_limits() {
        assert_eq!(truncated(send_app_text(text("部".repeat(682))).unwrap()), []);
        assert_eq!(truncated(send_app_text(text(format!("{}ab", "部".repeat(682)))).unwrap()), []);
        let long = send_app_text(text("部".repeat(683))).unwrap();
        assert_eq!(truncated(long), [("message.content".into(), 2049, 2046)]);
        for (seconds, accepted) in [(0, false), (1, true), (14_400, true), (14_401, false)] {
            let options =
                Some(AppMessageOptions { duplicate_check_interval: Some(seconds), ..options() });
            assert_eq!(
                send_app_text(AppText { options, ..text("hi") }).is_ok(),
                accepted,
                "{seconds} seconds"
            );
        }
        for (users, departments, tags, accepted) in [
            (0, 0, 0, false),
            (1, 0, 0, true),
            (0, 1, 0, true),
            (0, 0, 1, true),
            (1000, 100, 100, true),
            (1001, 0, 0, false),
            (0, 101, 0, false),
            (0, 0, 101, false),
        ] {
            let recipients = Recipients::Selected(Selection {
                users: Some((0..users).map(|it| format!("u{it}")).collect()),
                departments: Some((1..=departments).collect()),
                tags: Some((1..=tags).collect()),
            });
            let found = send_app_text(AppText { recipients, ..text("hi") }).is_ok();
            assert_eq!(found, accepted, "{users} users, {departments} departments, {tags} tags");
        }
        let nobody = Recipients::Selected(Selection { users: None, departments: None, tags: None });
        check_refused(
            send_app_text(AppText { recipients: nobody, ..text("") }),
            expect![[r#"
                message.content: must not be empty
                message.recipients.selected: must name a user, a department or a tag"#]],
        );
        let injected = selected(&["@all", "a|b", ""], &[0], &[]);
        check_refused(
            send_app_text(AppText { recipients: injected, ..text("hi") }),
            expect![[r#"
                message.recipients.selected.users[0]: `@all` is not a user id: use `mention-everyone`, or the case `everyone` of the recipients
                message.recipients.selected.users[1]: must be one id each, has `|`
                message.recipients.selected.users[2]: must have 1 to 64 bytes, has 0
                message.recipients.selected.departments[0]: must be 1 to 4294967295, is 0"#]],
        );
    }

    #[test]
    fn send_app_markdown_wire() {
        let message = AppMarkdown { recipients: noor(), content: "**hi**".into(), options: None };
        let call = || send_app_markdown(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"markdown","markdown":{"content":"**hi**"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":"","msgid":"Qf3"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
    }

    /// The sample of WeCom's page has words for ids.
    #[test]
    fn unreadable_receivers_are_a_warning() {
        let call = || {
            let message =
                AppMarkdown { recipients: noor(), content: "**hi**".into(), options: None };
            send_app_markdown(message).unwrap()
        };
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":"userid1|userid2","invalidparty":"partyid1|partyid2","invalidtag":"tagid1|tagid2","unlicenseduser":"userid3|userid4","msgid":"xxxx","response_code":"xyzxyz"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("xxxx"), invalid-users: ["userid1", "userid2"], invalid-departments: [], invalid-tags: [], unlicensed-users: ["userid3", "userid4"], truncated: [], warning: Some("invalidparty cannot be read: partyid1, partyid2; invalidtag cannot be read: tagid1, tagid2") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":["noor.h"],"invalidparty":[310],"invalidtag":[],"msgid":"m1"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("m1"), invalid-users: ["noor.h"], invalid-departments: [310], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":"all user invalid","msgid":null}"#,
            expect![[
                r#"Ok(Delivery { message-id: None, invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: Some("invaliduser cannot be read: all user invalid") })"#
            ]],
        );
    }

    #[test]
    fn send_app_markdown_limits() {
        for (content, accepted) in [
            (String::new(), false),
            ("部".repeat(682), true),
            (format!("{}ab", "部".repeat(682)), true),
            ("部".repeat(683), false),
        ] {
            let bytes = content.len();
            let message = AppMarkdown { recipients: noor(), content, options: None };
            assert_eq!(send_app_markdown(message).is_ok(), accepted, "{bytes} bytes");
        }
    }

    #[test]
    fn send_app_file_wire() {
        let message = AppFile {
            recipients: noor(),
            media_id: "MID-3".into(),
            confidentiality: Some(Confidentiality::Public),
            options: None,
        };
        let call = || send_app_file(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"file","file":{"media_id":"MID-3"},"safe":0} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":40007,"errmsg":"invalid media_id"}"#,
            expect![[r#"Refused { code: 40007, message: "invalid media_id" }"#]],
        );
    }

    #[test]
    fn send_app_file_limits() {
        for (media_id, accepted) in
            [("", false), ("MID-3", true), ("MID 3", false), ("MID\n", false)]
        {
            let message = AppFile {
                recipients: noor(),
                media_id: media_id.into(),
                confidentiality: None,
                options: None,
            };
            assert_eq!(send_app_file(message).is_ok(), accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_app_image_wire() {
        let message = AppImage {
            recipients: noor(),
            media_id: "MID-2".into(),
            confidentiality: None,
            options: Some(options()),
        };
        let call = || send_app_image(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"image","image":{"media_id":"MID-2"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
    }

    #[test]
    fn send_app_image_limits() {
        for (media_id, accepted) in [("", false), ("MID-2", true)] {
            let message = AppImage {
                recipients: noor(),
                media_id: media_id.into(),
                confidentiality: None,
                options: None,
            };
            assert_eq!(send_app_image(message).is_ok(), accepted, "{media_id:?}");
        }
    }

    #[test]
    fn send_app_mpnews_wire() {
        let everything = MpnewsArticle {
            author: Some("A".into()),
            source_url: Some("https://a.example/w".into()),
            digest: Some("D".into()),
            ..article()
        };
        let message = AppMpnews {
            confidentiality: Some(MpnewsConfidentiality::WithinCorp),
            ..mpnews(vec![everything, article()])
        };
        let call = || send_app_mpnews(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"mpnews","mpnews":{"articles":[{"title":"T","thumb_media_id":"MID-1","content":"<p>C</p>","author":"A","content_source_url":"https://a.example/w","digest":"D"},{"title":"T","thumb_media_id":"MID-1","content":"<p>C</p>"}]},"safe":2} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
    }

    #[test]
    fn send_app_mpnews_limits() {
        for (count, accepted) in [(0, false), (1, true), (8, true), (9, false)] {
            assert_eq!(
                send_app_mpnews(mpnews(vec![article(); count])).is_ok(),
                accepted,
                "{count} articles"
            );
        }
        for (bytes, accepted) in [(0, false), (1, true), (681_984, true), (681_985, false)] {
            let article = MpnewsArticle { content: "a".repeat(bytes), ..article() };
            assert_eq!(
                send_app_mpnews(mpnews(vec![article])).is_ok(),
                accepted,
                "{bytes} bytes of content"
            );
        }
        for (bytes, accepted) in [(0, true), (63, true), (66, false)] {
            let article = MpnewsArticle { author: Some("部".repeat(bytes / 3)), ..article() };
            assert_eq!(
                send_app_mpnews(mpnews(vec![article])).is_ok(),
                accepted,
                "{bytes} bytes of author"
            );
        }
        let long = MpnewsArticle {
            title: "题".repeat(43),
            digest: Some(format!("{}xx", "要".repeat(171))),
            ..article()
        };
        assert_eq!(
            truncated(send_app_mpnews(mpnews(vec![article(), long])).unwrap()),
            [
                ("message.articles[1].title".into(), 129, 126),
                ("message.articles[1].digest".into(), 515, 510)
            ]
        );
        let all = MpnewsArticle {
            title: String::new(),
            thumbnail: String::new(),
            source_url: Some("a.example".into()),
            ..article()
        };
        check_refused(
            send_app_mpnews(mpnews(vec![all])),
            expect![[r#"
                message.articles[0].title: must not be empty
                message.articles[0].thumbnail: must not be empty"#]],
        );
    }

    #[test]
    fn send_app_text_card_wire() {
        let everything = TextCard { button_text: Some("开".into()), ..card() };
        let call = || send_app_text_card(text_card(everything.clone())).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"textcard","textcard":{"title":"T","description":"D","url":"https://a.example","btntxt":"开"}} [application, once]"#
            ]],
        );
        check_request(
            &send_app_text_card(text_card(card())).unwrap(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"textcard","textcard":{"title":"T","description":"D","url":"https://a.example"}} [application, once]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3"}"#,
            expect![[
                r#"Ok(Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
    }

    #[test]
    fn send_app_text_card_limits() {
        let long = TextCard {
            title: "题".repeat(129),
            description: "述".repeat(513),
            button_text: Some("更多内容啊".into()),
            ..card()
        };
        assert_eq!(
            truncated(send_app_text_card(text_card(long)).unwrap()),
            [
                ("message.card.title".into(), 387, 384),
                ("message.card.description".into(), 1539, 1536),
                ("message.card.button-text".into(), 15, 12)
            ]
        );
        for (bytes, accepted) in [(8, true), (2048, true), (2049, false)] {
            let url = format!("https://{}", "a".repeat(bytes - 8));
            assert_eq!(
                send_app_text_card(text_card(TextCard { url, ..card() })).is_ok(),
                accepted,
                "{bytes} bytes"
            );
        }
        let all = TextCard {
            title: String::new(),
            description: String::new(),
            url: String::new(),
            button_text: None,
        };
        check_refused(
            send_app_text_card(text_card(all)),
            expect![[r#"
            message.card.title: must not be empty
            message.card.description: must not be empty
            message.card.url: must have 1 to 2048 bytes, has 0
            message.card.url: must begin with http:// or https://"#]],
        );
    }

    #[test]
    fn recall_app_message_wire() {
        let call = || recall_app_message("Qf3".into()).unwrap();
        check_request(
            &call(),
            expect![[r#"POST /cgi-bin/message/recall {"msgid":"Qf3"} [application, retry-safe]"#]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok"}"#,
            expect!["Ok(Receipt { truncated: [], warning: None })"],
        );
        check_response(
            call(),
            r#"{"errcode":42052,"errmsg":"msgid over 24 hours"}"#,
            expect![[r#"Refused { code: 42052, message: "msgid over 24 hours" }"#]],
        );
    }

    #[test]
    fn recall_app_message_limits() {
        for (length, accepted) in [(0, false), (1, true), (5000, true)] {
            assert_eq!(recall_app_message("m".repeat(length)).is_ok(), accepted, "{length}");
        }
    }
}
