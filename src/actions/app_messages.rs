//! Messages that an application sends to members.

use alloc::{format, string::String, vec::Vec};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    content::{self, Files, Message},
    media::For,
    template_cards,
};
use crate::{
    bindings::wit::{
        app_messages::{
            AppFile, AppImage, AppMarkdown, AppMessageOptions, AppMpnews, AppNews, AppNewsArticle,
            AppTemplateCard, AppText, AppTextCard, AppVideo, AppVoice, CardChange, CardDelivery,
            Delivery, Recipients, ReplacementCard, Selection, TemplateCardUpdate, UpdatedCard,
        },
        media::MediaKind,
        types::{
            DepartmentId, Error, Link, Media, MessageId, MiniProgram, Receipt, TagId, Truncation,
            UserId,
        },
    },
    call::{Auth, Call},
    response::Warnings,
    truncate::Limit,
    validate::{Check, given},
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
pub(crate) fn send_app_file(message: AppFile) -> Result<Message<Delivery>, Error> {
    let AppFile { recipients, media_id, confidentiality, options } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let file = file(&mut check, &mut files, MediaKind::File, media_id);
    let call = send(check, recipients, "file", file, content::safe(confidentiality), options)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/message/send`, image
pub(crate) fn send_app_image(message: AppImage) -> Result<Message<Delivery>, Error> {
    let AppImage { recipients, media_id, confidentiality, options } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let image = file(&mut check, &mut files, MediaKind::Image, media_id);
    let call = send(check, recipients, "image", image, content::safe(confidentiality), options)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/message/send`, voice
pub(crate) fn send_app_voice(message: AppVoice) -> Result<Message<Delivery>, Error> {
    let AppVoice { recipients, media_id, options } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let voice = file(&mut check, &mut files, MediaKind::Voice, media_id);
    let call = send(check, recipients, "voice", voice, None, options)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/message/send`, video
pub(crate) fn send_app_video(message: AppVideo) -> Result<Message<Delivery>, Error> {
    let AppVideo { recipients, media_id, title, description, confidentiality, options } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let video = content::video(&mut check, &mut files, media_id, title, description);
    let call = send(check, recipients, "video", video, content::safe(confidentiality), options)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/message/send`, news
pub(crate) fn send_app_news(message: AppNews) -> Result<Call<Delivery>, Error> {
    let AppNews { recipients, articles, options } = message;
    let mut check = Check::default();
    check.count("message.articles", articles.len(), 1..=content::MAX_ARTICLES);
    let article = |(index, article): (usize, AppNewsArticle)| {
        let field = |name: &str| format!("message.articles[{index}].{name}");
        let AppNewsArticle { title, description, link, image_url } = article;
        let title = check.truncate(&field("title"), title, Limit::Bytes(128));
        let description = given(description)
            .map(|it| check.truncate(&field("description"), it, Limit::Bytes(512)));
        let (url, app_id, page_path) = match link {
            Link::Url(url) => {
                check.url(&field("link.url"), &url);
                (Some(url), None, None)
            }
            Link::MiniProgram(MiniProgram { app_id, page_path }) => {
                check.not_empty(&field("link.mini-program.app-id"), &app_id);
                let page_path = page_path.unwrap_or_default();
                check.bytes(&field("link.mini-program.page-path"), &page_path, 1..=128);
                (None, Some(app_id), Some(page_path))
            }
        };
        let image_url = given(image_url);
        if let Some(url) = &image_url {
            check.bytes(&field("image-url"), url, 1..=2048);
        }
        json!({
            "title": title,
            "description": description,
            "url": url,
            "picurl": image_url,
            "appid": app_id,
            "pagepath": page_path,
        })
    };
    let articles: Vec<_> =
        articles.into_iter().take(content::MAX_ARTICLES).enumerate().map(article).collect();
    send(check, recipients, "news", json!({ "articles": articles }), None, options)
}

/// `POST /cgi-bin/message/send`, mpnews
pub(crate) fn send_app_mpnews(message: AppMpnews) -> Result<Message<Delivery>, Error> {
    let AppMpnews { recipients, articles, confidentiality, options } = message;
    let (mut check, mut files) = (Check::default(), Files::default());
    let mpnews = content::mpnews(&mut check, &mut files, articles);
    let safe = content::mpnews_safe(confidentiality);
    let call = send(check, recipients, "mpnews", mpnews, safe, options)?;
    Ok(Message { files, call })
}

/// `POST /cgi-bin/message/send`, textcard
pub(crate) fn send_app_text_card(message: AppTextCard) -> Result<Call<Delivery>, Error> {
    let AppTextCard { recipients, card, options } = message;
    let mut check = Check::default();
    let card = content::text_card(&mut check, card, Limit::Chars);
    send(check, recipients, "textcard", card, None, options)
}

/// `POST /cgi-bin/message/send`, `template_card`
pub(crate) fn send_app_template_card(
    message: AppTemplateCard,
) -> Result<Call<CardDelivery>, Error> {
    let AppTemplateCard { recipients, task_id, card, options } = message;
    let mut check = Check::default();
    let card = template_cards::new_card(&mut check, "message", card, given(task_id));
    let (call, truncated) = request(check, recipients, "template_card", card, None, options)?;
    Ok(call.map(|it: Sent, warnings| Ok(it.delivery(warnings, truncated))))
}

/// `POST /cgi-bin/message/update_template_card`
pub(crate) fn update_template_card(update: TemplateCardUpdate) -> Result<Call<UpdatedCard>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        invaliduser: Lenient<Vec<UserId>>,
    }

    let TemplateCardUpdate { recipients, agent_id, response_code, enable_id_trans, change } =
        update;
    let mut check = Check::default();
    check.not_empty("update.response-code", &response_code);
    let (button, card) = match change {
        CardChange::ButtonText(text) => {
            check.not_empty("update.change.button-text", &text);
            (Some(json!({ "replace_name": text })), None)
        }
        CardChange::Card(ReplacementCard { card, replace_text, disabled }) => {
            let field = "update.change.card";
            let replace_text = given(replace_text);
            let card = template_cards::replacement(&mut check, field, card, replace_text, disabled);
            (None, Some(card))
        }
    };
    let selection = selection(&mut check, "update.recipients", recipients);
    check.finish()?;

    let everyone = selection.is_none().then_some(1);
    let Selection { users, departments, tags } =
        selection.unwrap_or(Selection { users: None, departments: None, tags: None });
    let body = json!({
        "userids": users.filter(|it| !it.is_empty()),
        "partyids": departments.filter(|it| !it.is_empty()),
        "tagids": tags.filter(|it| !it.is_empty()),
        "atall": everyone,
        "agentid": agent_id,
        "response_code": response_code,
        "enable_id_trans": enable_id_trans.map(u32::from),
        "button": button,
        "template_card": card,
    });
    Ok(Call::post("/cgi-bin/message/update_template_card", Auth::Application, body)
        .inject_agent_id(agent_id.is_none())
        .retry_safe(true)
        .map(|Response { invaliduser }, mut warnings| {
            Ok(UpdatedCard {
                invalid_users: warnings.value("invaliduser", invaliduser),
                warning: warnings.into_text(),
            })
        }))
}

/// `POST /cgi-bin/message/recall`
pub(crate) fn recall_app_message(id: MessageId) -> Result<Call<Receipt>, Error> {
    let mut check = Check::default();
    check.opaque_id("message-id", &id);
    check.finish()?;

    let body = json!({ "msgid": id });
    Ok(Call::post("/cgi-bin/message/recall", Auth::Application, body).retry_safe(true))
}

fn file(check: &mut Check, files: &mut Files, kind: MediaKind, media: Media) -> Value {
    content::file(check, files, "message.media-id", For::Application(kind), media)
}

/// The receivers are those of [`crate::response::Receivers`]: serde's `flatten` would not keep the text of what cannot be read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Sent {
    msgid: Lenient<Option<MessageId>>,
    response_code: Lenient<Option<String>>,
    invaliduser: Lenient<Vec<UserId>>,
    invalidparty: Lenient<Vec<DepartmentId>>,
    invalidtag: Lenient<Vec<TagId>>,
    unlicenseduser: Lenient<Vec<UserId>>,
}

impl Sent {
    fn delivery(self, mut warnings: Warnings, truncated: Vec<Truncation>) -> CardDelivery {
        CardDelivery {
            response_code: warnings.value("response_code", self.response_code),
            message_id: warnings.value("msgid", self.msgid),
            invalid_users: warnings.value("invaliduser", self.invaliduser),
            invalid_departments: warnings.value("invalidparty", self.invalidparty),
            invalid_tags: warnings.value("invalidtag", self.invalidtag),
            unlicensed_users: warnings.value("unlicenseduser", self.unlicenseduser),
            truncated,
            warning: warnings.into_text(),
        }
    }
}

fn send(
    check: Check,
    recipients: Recipients,
    kind: &'static str,
    content: Value,
    safe: Option<u32>,
    options: Option<AppMessageOptions>,
) -> Result<Call<Delivery>, Error> {
    let (call, truncated) = request(check, recipients, kind, content, safe, options)?;
    Ok(call.map(|it: Sent, warnings| {
        let CardDelivery {
            response_code: _,
            message_id,
            invalid_users,
            invalid_departments,
            invalid_tags,
            unlicensed_users,
            truncated,
            warning,
        } = it.delivery(warnings, truncated);
        Ok(Delivery {
            message_id,
            invalid_users,
            invalid_departments,
            invalid_tags,
            unlicensed_users,
            truncated,
            warning,
        })
    }))
}

/// The request of a message, and what was truncated in it.
fn request(
    mut check: Check,
    recipients: Recipients,
    kind: &'static str,
    content: Value,
    safe: Option<u32>,
    options: Option<AppMessageOptions>,
) -> Result<(Call<Receipt>, Vec<Truncation>), Error> {
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
    if let Value::Object(members) = &mut body {
        members.insert(kind.into(), content);
    }
    let call = Call::post("/cgi-bin/message/send", Auth::Application, body)
        .inject_agent_id(agent_id.is_none())
        .retry_safe(duplicate_check_interval.is_some());
    Ok((call, truncated))
}

/// Receivers on the wire.
struct Receivers {
    users: Option<String>,
    departments: Option<String>,
    tags: Option<String>,
}

fn receivers(check: &mut Check, recipients: Recipients) -> Receivers {
    match selection(check, "message.recipients", recipients) {
        None => Receivers { users: Some("@all".into()), departments: None, tags: None },
        Some(Selection { users, departments, tags }) => Receivers {
            users: join_bars(&users.unwrap_or_default()),
            departments: join_bars(&departments.unwrap_or_default()),
            tags: join_bars(&tags.unwrap_or_default()),
        },
    }
}

/// `None` for everyone.
fn selection(check: &mut Check, field: &str, recipients: Recipients) -> Option<Selection> {
    let selection = match recipients {
        Recipients::Everyone => return None,
        Recipients::Selected(selection) => selection,
    };
    let users = selection.users.as_deref().unwrap_or_default();
    let departments = selection.departments.as_deref().unwrap_or_default();
    let tags = selection.tags.as_deref().unwrap_or_default();
    check.user_ids(&format!("{field}.selected.users"), users, 0..=1000);
    check.department_ids(&format!("{field}.selected.departments"), departments, 100);
    check.count(&format!("{field}.selected.tags"), tags.len(), 0..=100);
    if users.is_empty() && departments.is_empty() && tags.is_empty() {
        let reason = "must name a user, a department or a tag";
        check.reject(&format!("{field}.selected"), reason);
    }
    Some(selection)
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec, vec::Vec};

    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{accepted, check_refused, check_request, check_response},
        bindings::wit::{
            template_cards::{
                ButtonAction, ButtonInteraction, CardButton, CardTitle, TemplateCard,
            },
            types::{Confidentiality, MpnewsArticle, MpnewsConfidentiality, TextCard},
        },
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
            thumbnail: Media::Id("MID-1".into()),
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
        let none = Recipients::Selected(Selection { users: None, departments: None, tags: None });
        check_refused(
            send_app_text(AppText { recipients: none, ..text("") }),
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

    /// The sample of WeCom's page has placeholders instead of ids.
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
            media_id: Media::Id("MID-3".into()),
            confidentiality: Some(Confidentiality::Public),
            options: None,
        };
        let call = || send_app_file(message.clone()).unwrap().call;
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
                media_id: Media::Id(media_id.into()),
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
            media_id: Media::Id("MID-2".into()),
            confidentiality: None,
            options: Some(options()),
        };
        let call = || send_app_image(message.clone()).unwrap().call;
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
                media_id: Media::Id(media_id.into()),
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
        let call = || send_app_mpnews(message.clone()).unwrap().call;
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
            truncated(send_app_mpnews(mpnews(vec![article(), long])).unwrap().call),
            [
                ("message.articles[1].title".into(), 129, 126),
                ("message.articles[1].digest".into(), 515, 510)
            ]
        );
        let all = MpnewsArticle {
            title: String::new(),
            thumbnail: Media::Id(String::new()),
            source_url: Some("a.example".into()),
            ..article()
        };
        check_refused(
            send_app_mpnews(mpnews(vec![all])).map(|it| it.call),
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
    fn send_app_voice_wire() {
        let message = AppVoice {
            recipients: noor(),
            media_id: Media::Id("MID-4".into()),
            options: Some(AppMessageOptions { agent_id: Some(1_000_017), ..options() }),
        };
        let call = || send_app_voice(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","agentid":1000017,"msgtype":"voice","voice":{"media_id":"MID-4"}} [application, once]"#
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
    fn send_app_voice_limits() {
        for (media_id, accepted) in [("", false), ("MID-4", true)] {
            let media_id = Media::Id(media_id.into());
            let message = AppVoice { recipients: noor(), media_id, options: None };
            assert_eq!(send_app_voice(message.clone()).is_ok(), accepted, "{message:?}");
        }
    }

    fn video(title: Option<String>, description: Option<String>) -> AppVideo {
        AppVideo {
            recipients: noor(),
            media_id: Media::Id("MID-5".into()),
            title,
            description,
            confidentiality: None,
            options: None,
        }
    }

    #[test]
    fn send_app_video_wire() {
        let message = AppVideo {
            confidentiality: Some(Confidentiality::Confidential),
            ..video(Some("Site walk".into()), Some("North yard".into()))
        };
        let call = || send_app_video(message.clone()).unwrap().call;
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"video","video":{"media_id":"MID-5","title":"Site walk","description":"North yard"},"safe":1} [application, once]"#
            ]],
        );
        check_request(
            &send_app_video(video(Some(String::new()), None)).unwrap().call,
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"video","video":{"media_id":"MID-5"}} [application, once]"#
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
    fn send_app_video_limits() {
        let long = video(Some("题".repeat(43)), Some("述".repeat(171)));
        assert_eq!(
            truncated(send_app_video(long).unwrap().call),
            [("message.title".into(), 129, 126), ("message.description".into(), 513, 510)]
        );
        let longest =
            video(Some(format!("{}ab", "题".repeat(42))), Some(format!("{}ab", "述".repeat(170))));
        assert_eq!(truncated(send_app_video(longest).unwrap().call), []);
    }

    fn news(articles: Vec<AppNewsArticle>) -> AppNews {
        AppNews { recipients: noor(), articles, options: None }
    }

    fn news_article(link: Link) -> AppNewsArticle {
        AppNewsArticle { title: "T".into(), description: None, link, image_url: None }
    }

    fn web_page() -> AppNewsArticle {
        news_article(Link::Url("https://a.example".into()))
    }

    fn mini_program(app_id: &str, page_path: Option<String>) -> AppNewsArticle {
        news_article(Link::MiniProgram(MiniProgram { app_id: app_id.into(), page_path }))
    }

    #[test]
    fn send_app_news_wire() {
        let everything = AppNewsArticle {
            description: Some("D".into()),
            image_url: Some("pic.example/1.png".into()),
            ..web_page()
        };
        let message = news(vec![everything, mini_program("wx1", Some("pages/i?u=1".into()))]);
        let call = || send_app_news(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"news","news":{"articles":[{"title":"T","description":"D","url":"https://a.example","picurl":"pic.example/1.png"},{"title":"T","appid":"wx1","pagepath":"pages/i?u=1"}]}} [application, once]"#
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
    fn send_app_news_limits() {
        for (count, accepted) in [(0, false), (1, true), (8, true), (9, false)] {
            let found = send_app_news(news(vec![web_page(); count])).is_ok();
            assert_eq!(found, accepted, "{count} articles");
        }
        for (bytes, accepted) in [(2048, true), (2049, false)] {
            let url = format!("https://{}", "a".repeat(bytes - 8));
            let article = news_article(Link::Url(url.clone()));
            assert_eq!(send_app_news(news(vec![article])).is_ok(), accepted, "{bytes} bytes");
            let article = AppNewsArticle { image_url: Some(url), ..web_page() };
            assert_eq!(send_app_news(news(vec![article])).is_ok(), accepted, "{bytes} bytes");
        }
        for (bytes, accepted) in [(128, true), (129, false)] {
            let article = mini_program("wx1", Some("p".repeat(bytes)));
            assert_eq!(send_app_news(news(vec![article])).is_ok(), accepted, "{bytes} bytes");
        }
        let long = AppNewsArticle {
            title: "题".repeat(43),
            description: Some("述".repeat(171)),
            ..web_page()
        };
        assert_eq!(
            truncated(send_app_news(news(vec![web_page(), long])).unwrap()),
            [
                ("message.articles[1].title".into(), 129, 126),
                ("message.articles[1].description".into(), 513, 510)
            ]
        );
        let all = AppNewsArticle { title: String::new(), ..mini_program("", None) };
        check_refused(
            send_app_news(news(vec![all, news_article(Link::Url("a.example".into()))])),
            expect![[r#"
                message.articles[0].title: must not be empty
                message.articles[0].link.mini-program.app-id: must not be empty
                message.articles[0].link.mini-program.page-path: must have 1 to 128 bytes, has 0
                message.articles[1].link.url: must begin with http:// or https://"#]],
        );
    }

    fn buttons() -> TemplateCard {
        let button = CardButton {
            text: "Approve".into(),
            style: Some(1),
            action: ButtonAction::Callback("yes".into()),
        };
        TemplateCard::ButtonInteraction(ButtonInteraction {
            source: None,
            menu: None,
            title: CardTitle { title: "Approval needed".into(), description: None },
            quote: None,
            subtitle: None,
            horizontal_contents: None,
            action: None,
            selection: None,
            buttons: vec![button],
        })
    }

    #[test]
    fn send_app_template_card_wire() {
        let message = AppTemplateCard {
            recipients: noor(),
            task_id: Some("ap-12".into()),
            card: buttons(),
            options: Some(AppMessageOptions { duplicate_check_interval: Some(600), ..options() }),
        };
        let call = || send_app_template_card(message.clone()).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/send {"touser":"noor.h","msgtype":"template_card","template_card":{"card_type":"button_interaction","main_title":{"title":"Approval needed"},"button_list":[{"text":"Approve","style":1,"key":"yes"}],"task_id":"ap-12"},"enable_duplicate_check":1,"duplicate_check_interval":600} [application, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","invaliduser":"iker.z","msgid":"Qf3","response_code":"rc-123"}"#,
            expect![[
                r#"Ok(CardDelivery { response-code: Some("rc-123"), message-id: Some("Qf3"), invalid-users: ["iker.z"], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3","response_code":[]}"#,
            expect![[
                r#"Ok(CardDelivery { response-code: None, message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: Some("response_code cannot be read: []") })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":43012,"errmsg":"need callback"}"#,
            expect![[r#"Refused { code: 43012, message: "need callback" }"#]],
        );
    }

    fn update(recipients: Recipients, change: CardChange) -> TemplateCardUpdate {
        TemplateCardUpdate {
            recipients,
            agent_id: None,
            response_code: "rc-123".into(),
            enable_id_trans: None,
            change,
        }
    }

    #[test]
    fn update_template_card_wire() {
        let approved = CardChange::ButtonText("Approved".into());
        let call = || update_template_card(update(noor(), approved.clone())).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/message/update_template_card {"userids":["noor.h"],"response_code":"rc-123","button":{"replace_name":"Approved"}} [application, retry-safe]"#
            ]],
        );
        let card = ReplacementCard {
            card: buttons(),
            replace_text: Some("Approved".into()),
            disabled: Some(false),
        };
        let everything = TemplateCardUpdate {
            agent_id: Some(1_000_017),
            enable_id_trans: Some(true),
            ..update(selected(&["noor.h"], &[310], &[7]), CardChange::Card(card))
        };
        check_request(
            &update_template_card(everything).unwrap(),
            expect![[
                r#"POST /cgi-bin/message/update_template_card {"userids":["noor.h"],"partyids":[310],"tagids":[7],"agentid":1000017,"response_code":"rc-123","enable_id_trans":1,"template_card":{"card_type":"button_interaction","main_title":{"title":"Approval needed"},"button_list":[{"text":"Approve","style":1,"key":"yes"}],"replace_text":"Approved"}} [application, retry-safe]"#
            ]],
        );
        check_request(
            &update_template_card(update(Recipients::Everyone, approved.clone())).unwrap(),
            expect![[
                r#"POST /cgi-bin/message/update_template_card {"atall":1,"response_code":"rc-123","button":{"replace_name":"Approved"}} [application, retry-safe]"#
            ]],
        );
        for (invalid, expected) in [
            (
                r#"["iker.z"]"#,
                expect![[r#"Ok(UpdatedCard { invalid-users: ["iker.z"], warning: None })"#]],
            ),
            (
                r#""iker.z|lin.q""#,
                expect![[
                    r#"Ok(UpdatedCard { invalid-users: ["iker.z", "lin.q"], warning: None })"#
                ]],
            ),
            ("null", expect![[r#"Ok(UpdatedCard { invalid-users: [], warning: None })"#]]),
        ] {
            let reply = format!(r#"{{"errcode":0,"errmsg":"ok","invaliduser":{invalid}}}"#);
            check_response(call(), &reply, expected);
        }
        check_response(
            call(),
            r#"{"errcode":60140,"errmsg":"response_code invalid"}"#,
            expect![[r#"Refused { code: 60140, message: "response_code invalid" }"#]],
        );
    }

    #[test]
    fn update_template_card_limits() {
        let none = selected(&[], &[], &[]);
        let empty = TemplateCardUpdate {
            response_code: String::new(),
            ..update(none, CardChange::ButtonText(String::new()))
        };
        check_refused(
            update_template_card(empty),
            expect![[r#"
                update.response-code: must not be empty
                update.change.button-text: must not be empty
                update.recipients.selected: must name a user, a department or a tag"#]],
        );
        for (users, accepted) in [(1000, true), (1001, false)] {
            let users = (0..users).map(|it| format!("u{it}")).collect();
            let recipients = Recipients::Selected(Selection {
                users: Some(users),
                departments: None,
                tags: None,
            });
            let change = CardChange::ButtonText("部".into());
            assert_eq!(update_template_card(update(recipients, change)).is_ok(), accepted);
        }
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
