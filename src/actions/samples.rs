//! The samples of WeCom's pages, `host-tests/samples/samples.json`: what the contract can say is sent as the page sends it,
//! and each response is read without loss.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Debug;

use serde_json::Value;

use super::{app_messages, chatbots, departments, group_chats, group_messages, members};
use crate::{
    bindings::wit::{
        app_messages::{
            AppFile, AppImage, AppMarkdown, AppMessageOptions, AppMpnews, AppText, AppTextCard,
            Recipients, Selection,
        },
        chatbots::ChatbotText,
        departments::{DepartmentChanges, NewDepartment},
        group_chats::{GroupChatChanges, NewGroupChat},
        group_messages::{
            GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupText, GroupTextCard,
        },
        members::{
            EmailKind, Gender, MemberChanges, MemberDetail, MemberQuery, Membership, NewMember,
            TextChange, UsersChange,
        },
        types::{Error, FileContent, Media, MpnewsArticle, NewsArticle, TextCard},
    },
    call::{Body, Call},
    response::Response,
};

const SAMPLES: &str = include_str!("../../host-tests/samples/samples.json");

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().into()
}

fn given(value: &Value) -> Option<String> {
    value.as_str().map(Into::into)
}

fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|it| it.try_into().ok())
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(text).collect()
}

fn memberships(body: &Value) -> Option<Vec<Membership>> {
    let departments = body["department"].as_array()?.iter().enumerate();
    let membership = |(index, id): (usize, &Value)| Membership {
        department_id: number(id).unwrap(),
        order: number(&body["order"][index]),
        leader: number(&body["is_leader_in_dept"][index]).map(|it| it == 1),
    };
    Some(departments.map(membership).collect())
}

fn articles(body: &Value) -> Vec<MpnewsArticle> {
    let all = body["mpnews"]["articles"].as_array().into_iter().flatten();
    all.map(|it| MpnewsArticle {
        title: text(&it["title"]),
        thumbnail: Media::Id(text(&it["thumb_media_id"])),
        content: text(&it["content"]),
        author: given(&it["author"]),
        source_url: given(&it["content_source_url"]),
        digest: given(&it["digest"]),
    })
    .collect()
}

fn card(body: &Value) -> TextCard {
    let card = &body["textcard"];
    TextCard {
        title: text(&card["title"]),
        description: text(&card["description"]),
        url: text(&card["url"]),
        button_text: given(&card["btntxt"]),
    }
}

/// Checks a call that was made of the values of a sample.
fn check<T: Debug>(sample: &Value, call: Result<Call<T>, Error>) -> bool {
    let Call { request, parse } = call.unwrap_or_else(|error| panic!("{sample}: {error:?}"));
    if let Body::Json(body) = &request.body {
        for (name, sent) in body.as_object().unwrap() {
            assert_eq!(bare(sent), bare(&sample["body"][name]), "{name} of {sample}");
        }
    }
    let response = sample["response"].to_string().into_bytes();
    let Ok(Response::Accepted(accepted)) = Response::parse(response, request.auth) else {
        panic!("not accepted: {sample}")
    };
    let result = format!("{:?}", parse(accepted).unwrap_or_else(|it| panic!("{sample}: {it:?}")));
    let mut response = sample["response"].clone();
    // The last is for cards that call back, which the contract has not.
    response
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !["errcode", "errmsg", "response_code"].contains(&name.as_str()));
    check_kept(&response, &result);
    true
}

/// Each value of a response stands in the result.
fn check_kept(value: &Value, result: &str) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| check_kept(it, result)),
        Value::Object(members) => {
            // The kind of a chat has a name in the contract; the others have no place in it.
            let unused = ["chat_type", "thumb_avatar", "open_userid", "external_profile"];
            let members = members.iter().filter(|(name, _)| !unused.contains(&name.as_str()));
            members.for_each(|(_, it)| check_kept(it, result));
        }
        Value::String(text) => {
            let mut parts = text.split('|');
            assert!(parts.all(|it| result.contains(it)), "{text} is lost: {result}");
        }
        other => assert!(result.contains(&other.to_string()), "{other} is lost: {result}"),
    }
}

/// Blanks around bars and in numbers say nothing.
fn bare(value: &Value) -> Value {
    serde_json::from_str(&value.to_string().replace(' ', "")).unwrap()
}

/// Whether the contract can say what the sample says.
#[allow(clippy::too_many_lines, reason = "a case for each action")]
fn is_said(sample: &Value) -> bool {
    let body = &sample["body"];
    let query = || text(&sample["query"]).split_once('=').unwrap().1.to_owned();
    let path = sample["path"].as_str().unwrap().trim_start_matches("/cgi-bin/");
    let kind = body["msgtype"].as_str().unwrap_or_default();
    let content = text(&body[kind]["content"]);
    let media_id = Media::Id(text(&body[kind]["media_id"]));
    let group_chat_id = text(&body["chatid"]);
    let confidentiality = None;
    let recipients = || {
        let ids = |name: &str| -> Vec<u32> {
            text(&body[name]).split('|').map(|it| it.trim().parse().unwrap()).collect()
        };
        Recipients::Selected(Selection {
            users: Some(text(&body["touser"]).split('|').map(Into::into).collect()),
            departments: Some(ids("toparty")),
            tags: Some(ids("totag")),
        })
    };
    let options = || {
        Some(AppMessageOptions {
            agent_id: body["agentid"].as_u64(),
            enable_id_trans: number(&body["enable_id_trans"]).map(|it| it == 1),
            duplicate_check_interval: None,
        })
    };
    match (path, kind) {
        ("department/create", _) => {
            let department = NewDepartment {
                name: text(&body["name"]),
                english_name: given(&body["name_en"]),
                parent_id: number(&body["parentid"]).unwrap(),
                order: number(&body["order"]),
                id: number(&body["id"]),
            };
            check(sample, departments::create_department(department))
        }
        ("department/update", _) => {
            let changes = DepartmentChanges {
                name: given(&body["name"]),
                english_name: given(&body["name_en"]),
                parent_id: number(&body["parentid"]),
                order: number(&body["order"]),
            };
            check(sample, departments::update_department(number(&body["id"]).unwrap(), changes))
        }
        ("department/delete", _) => {
            check(sample, departments::delete_department(query().parse().unwrap()))
        }
        ("department/list", _) => {
            check(sample, departments::list_departments(query().parse().ok()))
        }
        ("department/get", _) => {
            check(sample, departments::get_department(query().parse().unwrap()))
        }
        ("department/simplelist", _) => {
            check(sample, departments::list_department_ids(query().parse().ok()))
        }
        ("user/create", _) => {
            let member = NewMember {
                user_id: text(&body["userid"]),
                name: text(&body["name"]),
                alias: given(&body["alias"]),
                gender: Some(Gender::Male),
                enabled: number(&body["enable"]).map(|it| it == 1),
                main_department: number(&body["main_department"]),
                position: given(&body["position"]),
                departments: memberships(body),
                direct_superiors: Some(texts(&body["direct_leader"])),
                telephone: given(&body["telephone"]),
                mobile: given(&body["mobile"]),
                email: given(&body["email"]),
                corp_email: given(&body["biz_mail"]),
                address: given(&body["address"]),
                to_invite: body["to_invite"].as_bool(),
            };
            check(sample, members::create_member(member))
        }
        ("user/update", _) => {
            let set = |name: &str| given(&body[name]).map(TextChange::Set);
            let changes = MemberChanges {
                name: given(&body["name"]),
                alias: set("alias"),
                gender: Some(Gender::Male),
                enabled: number(&body["enable"]).map(|it| it == 1),
                main_department: number(&body["main_department"]),
                position: set("position"),
                departments: memberships(body),
                direct_superiors: Some(UsersChange::Set(texts(&body["direct_leader"]))),
                telephone: set("telephone"),
                mobile: set("mobile"),
                email: set("email"),
                corp_email: set("biz_mail"),
                address: set("address"),
            };
            check(sample, members::update_member(text(&body["userid"]), changes))
        }
        ("user/batchdelete", _) => {
            check(sample, members::delete_members(texts(&body["useridlist"])))
        }
        ("user/get", _) => check(sample, members::get_member(query())),
        ("user/simplelist" | "user/list", _) => {
            let detail = if path == "user/list" { MemberDetail::Full } else { MemberDetail::Names };
            let query_of = MemberQuery { detail: Some(detail), recursive: None };
            check(sample, members::list_members(query().parse().unwrap(), query_of))
        }
        ("user/getuserid", _) => {
            check(sample, members::find_member_by_mobile(&text(&body["mobile"])))
        }
        ("user/get_userid_by_email", _) => {
            let kind = Some(EmailKind::Corporate);
            check(sample, members::find_member_by_email(text(&body["email"]), kind))
        }
        ("user/delete", _) => check(sample, members::delete_member(query())),
        ("user/list_id", _) => {
            check(sample, members::list_member_ids(given(&body["cursor"]), number(&body["limit"])))
        }
        ("appchat/create", _) => {
            let chat = NewGroupChat {
                name: given(&body["name"]),
                owner: given(&body["owner"]),
                members: texts(&body["userlist"]),
                id: Some(group_chat_id),
            };
            check(sample, group_chats::create_group_chat(chat))
        }
        ("appchat/update", _) => {
            let changes = GroupChatChanges {
                name: given(&body["name"]),
                owner: given(&body["owner"]),
                add_members: Some(texts(&body["add_user_list"])),
                remove_members: Some(texts(&body["del_user_list"])),
            };
            check(sample, group_chats::update_group_chat(group_chat_id, changes))
        }
        ("appchat/get", _) => check(sample, group_chats::get_group_chat(query())),
        ("message/recall", _) => {
            check(sample, app_messages::recall_app_message(text(&body["msgid"])))
        }
        ("message/send", "text") => {
            let (recipients, options) = (recipients(), options());
            let message = AppText { recipients, content, confidentiality, options };
            check(sample, app_messages::send_app_text(message))
        }
        ("message/send", "markdown") => {
            let message = AppMarkdown { recipients: recipients(), content, options: options() };
            check(sample, app_messages::send_app_markdown(message))
        }
        ("message/send", "file") => {
            let (recipients, options) = (recipients(), options());
            let message = AppFile { recipients, media_id, confidentiality, options };
            check(sample, app_messages::send_app_file(message))
        }
        ("message/send", "image") => {
            let (recipients, options) = (recipients(), options());
            let message = AppImage { recipients, media_id, confidentiality, options };
            check(sample, app_messages::send_app_image(message))
        }
        ("message/send", "mpnews") => {
            let (recipients, options) = (recipients(), options());
            let (articles, confidentiality) = (articles(body), None);
            let message = AppMpnews { recipients, articles, confidentiality, options };
            check(sample, app_messages::send_app_mpnews(message))
        }
        ("message/send", "textcard") => {
            let (recipients, options) = (recipients(), options());
            let message = AppTextCard { recipients, card: card(body), options };
            check(sample, app_messages::send_app_text_card(message))
        }
        ("appchat/send", "text") => {
            let (mentioned_users, mention_everyone) = (None, None);
            let message = GroupText {
                group_chat_id,
                content,
                confidentiality,
                mentioned_users,
                mention_everyone,
            };
            check(sample, group_messages::send_group_text(message))
        }
        ("appchat/send", "markdown") => check(
            sample,
            group_messages::send_group_markdown(GroupMarkdown { group_chat_id, content }),
        ),
        ("appchat/send", "file") => {
            let message = GroupFile { group_chat_id, media_id, confidentiality };
            check(sample, group_messages::send_group_file(message))
        }
        ("appchat/send", "image") => {
            let message = GroupImage { group_chat_id, media_id, confidentiality };
            check(sample, group_messages::send_group_image(message))
        }
        ("appchat/send", "mpnews") => {
            let (articles, confidentiality) = (articles(body), None);
            let message = GroupMpnews { group_chat_id, articles, confidentiality };
            check(sample, group_messages::send_group_mpnews(message))
        }
        ("appchat/send", "textcard") => {
            let message = GroupTextCard { group_chat_id, card: card(body) };
            check(sample, group_messages::send_group_text_card(message))
        }
        // `@all` among mobile numbers stands with `@all` among the members: `mention-everyone` says it once.
        ("webhook/send", "text") if body["text"]["mentioned_list"].is_null() => {
            let (mentioned_users, mentioned_mobiles, mention_everyone) = (None, None, None);
            let message =
                ChatbotText { content, mentioned_users, mentioned_mobiles, mention_everyone };
            check(sample, chatbots::send_chatbot_text(message))
        }
        ("webhook/send", "markdown") => check(sample, chatbots::send_chatbot_markdown(content)),
        ("webhook/send", "file") => check(sample, chatbots::send_chatbot_file(media_id)),
        ("webhook/send", "image") => {
            let image = FileContent::Base64(text(&body["image"]["base64"]));
            check(sample, chatbots::send_chatbot_image(image, given(&body["image"]["md5"])))
        }
        ("webhook/send", "news") => {
            let articles = body["news"]["articles"].as_array().unwrap().iter();
            let articles = articles.map(|it| NewsArticle {
                title: text(&it["title"]),
                description: given(&it["description"]),
                url: text(&it["url"]),
                image_url: given(&it["picurl"]),
            });
            check(sample, chatbots::send_chatbot_news(articles.collect()))
        }
        _ => false,
    }
}

#[test]
fn samples_are_sent_and_read_as_on_the_pages() {
    let samples: Vec<Value> = serde_json::from_str(SAMPLES).unwrap();
    let said = samples.iter().filter(|it| is_said(it)).count();
    // The uploads have samples that are no JSON; the rest of the 61 is not in the contract.
    assert_eq!(said, 37);
}
