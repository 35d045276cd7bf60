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
            AppFile, AppImage, AppMarkdown, AppMessageOptions, AppMpnews, AppNews, AppNewsArticle,
            AppTemplateCard, AppText, AppTextCard, AppVideo, AppVoice, CardChange, Recipients,
            ReplacementCard, Selection, TemplateCardUpdate,
        },
        chatbots::{ChatbotCard, ChatbotText},
        departments::{DepartmentChanges, NewDepartment},
        group_chats::{GroupChatChanges, NewGroupChat},
        group_messages::{
            GroupFile, GroupImage, GroupMarkdown, GroupMpnews, GroupNews, GroupText, GroupTextCard,
            GroupVideo, GroupVoice,
        },
        members::{
            EmailKind, Gender, MemberChanges, MemberDetail, MemberQuery, Membership, NewMember,
            TextChange, UsersChange,
        },
        template_cards::{
            ButtonAction, ButtonInteraction, CardAction, CardButton, CardCheckbox, CardImage,
            CardJump, CardMenu, CardSelection, CardSource, CardSubmit, CardTitle, CheckboxOption,
            ContentTarget, Emphasis, HorizontalContent, ImageTextArea, MultipleInteraction,
            NewsNotice, PlainCardSource, QuoteArea, SelectionOption, SourceColor, TemplateCard,
            TextNotice, VerticalContent, VoteInteraction,
        },
        types::{
            Error, FileContent, Link, Media, MiniProgram, MpnewsArticle, NewsArticle, TextCard,
        },
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

fn news(body: &Value) -> Vec<NewsArticle> {
    let all = body["news"]["articles"].as_array().into_iter().flatten();
    all.map(|it| NewsArticle {
        title: text(&it["title"]),
        description: given(&it["description"]),
        url: text(&it["url"]),
        image_url: given(&it["picurl"]),
    })
    .collect()
}

/// An optional member of a card.
fn member<T>(card: &Value, name: &str, read: impl FnOnce(&Value) -> T) -> Option<T> {
    card.get(name).map(read)
}

fn items<T>(card: &Value, name: &str, read: impl Fn(&Value) -> T) -> Vec<T> {
    card[name].as_array().into_iter().flatten().map(read).collect()
}

fn link(value: &Value) -> Option<Link> {
    match value["type"].as_u64()? {
        1 => Some(Link::Url(text(&value["url"]))),
        2 => Some(Link::MiniProgram(MiniProgram {
            app_id: text(&value["appid"]),
            page_path: given(&value["pagepath"]),
        })),
        other => panic!("no link: {other}"),
    }
}

fn selection(value: &Value) -> CardSelection {
    CardSelection {
        question_key: text(&value["question_key"]),
        title: given(&value["title"]),
        options: items(value, "option_list", |it| SelectionOption {
            id: text(&it["id"]),
            text: text(&it["text"]),
        }),
        selected_id: given(&value["selected_id"]),
    }
}

#[allow(clippy::too_many_lines, reason = "a member after the other")]
fn template_card(card: &Value) -> TemplateCard {
    let plain_source = member(card, "source", |it| PlainCardSource {
        icon_url: given(&it["icon_url"]),
        description: given(&it["desc"]),
    });
    let source = member(card, "source", |it| CardSource {
        icon_url: given(&it["icon_url"]),
        description: given(&it["desc"]),
        color: number(&it["desc_color"]).map(|it| match it {
            0 => SourceColor::Grey,
            1 => SourceColor::Black,
            other => panic!("no sample has the color {other}"),
        }),
    });
    let menu = member(card, "action_menu", |it| CardMenu {
        description: given(&it["desc"]),
        actions: items(it, "action_list", |it| CardAction {
            text: text(&it["text"]),
            key: text(&it["key"]),
        }),
    });
    let title = CardTitle {
        title: text(&card["main_title"]["title"]),
        description: given(&card["main_title"]["desc"]),
    };
    let quote = member(card, "quote_area", |it| QuoteArea {
        link: link(it),
        title: given(&it["title"]),
        text: given(&it["quote_text"]),
    });
    let horizontal_contents =
        Some(items(card, "horizontal_content_list", |it| HorizontalContent {
            name: text(&it["keyname"]),
            value: given(&it["value"]),
            target: it["type"].as_u64().map(|kind| match kind {
                1 => ContentTarget::Url(text(&it["url"])),
                2 => ContentTarget::File(text(&it["media_id"])),
                3 => ContentTarget::Member(text(&it["userid"])),
                other => panic!("no target: {other}"),
            }),
        }));
    let jumps =
        Some(items(card, "jump_list", |it| CardJump { title: text(&it["title"]), link: link(it) }));
    let subtitle = given(&card["sub_title_text"]);
    let action = link(&card["card_action"]);
    let submit = member(card, "submit_button", |it| CardSubmit {
        text: given(&it["text"]),
        key: text(&it["key"]),
    });
    match card["card_type"].as_str().unwrap() {
        "text_notice" => TemplateCard::TextNotice(TextNotice {
            source,
            menu,
            title: Some(title),
            emphasis: member(card, "emphasis_content", |it| Emphasis {
                title: given(&it["title"]),
                description: given(&it["desc"]),
            }),
            quote,
            subtitle,
            horizontal_contents,
            jumps,
            action: action.unwrap(),
        }),
        "news_notice" => TemplateCard::NewsNotice(NewsNotice {
            source,
            menu,
            title,
            quote,
            image: member(card, "card_image", |it| CardImage {
                url: text(&it["url"]),
                aspect_ratio: it["aspect_ratio"].as_f64(),
            }),
            image_text_area: member(card, "image_text_area", |it| ImageTextArea {
                image_url: text(&it["image_url"]),
                link: link(it),
                title: given(&it["title"]),
                description: given(&it["desc"]),
            }),
            vertical_contents: Some(items(card, "vertical_content_list", |it| VerticalContent {
                title: text(&it["title"]),
                description: given(&it["desc"]),
            })),
            horizontal_contents,
            jumps,
            action: action.unwrap(),
        }),
        "button_interaction" => TemplateCard::ButtonInteraction(ButtonInteraction {
            source,
            menu,
            title,
            quote,
            subtitle,
            horizontal_contents,
            action,
            selection: member(card, "button_selection", selection),
            buttons: items(card, "button_list", |it| CardButton {
                text: text(&it["text"]),
                style: number(&it["style"]).and_then(|it| it.try_into().ok()),
                action: ButtonAction::Callback(text(&it["key"])),
            }),
        }),
        "vote_interaction" => TemplateCard::VoteInteraction(VoteInteraction {
            source: plain_source,
            title,
            checkbox: CardCheckbox {
                question_key: text(&card["checkbox"]["question_key"]),
                multiple: number(&card["checkbox"]["mode"]).map(|it| it == 1),
                options: items(&card["checkbox"], "option_list", |it| CheckboxOption {
                    id: text(&it["id"]),
                    text: text(&it["text"]),
                    checked: it["is_checked"].as_bool(),
                }),
            },
            submit,
        }),
        "multiple_interaction" => TemplateCard::MultipleInteraction(MultipleInteraction {
            source: plain_source,
            title,
            selections: items(card, "select_list", selection),
            submit,
        }),
        other => panic!("no kind of card: {other}"),
    }
}

/// Whether a sample holds all that is sent. It may hold more: a link that is a page and a mini-program at once.
fn is_within(sent: &Value, sample: &Value) -> bool {
    match (sent, sample) {
        (Value::Object(sent), Value::Object(sample)) => {
            sent.iter().all(|(name, it)| sample.get(name).is_some_and(|other| is_within(it, other)))
        }
        (Value::Array(sent), Value::Array(sample)) => {
            sent.len() == sample.len()
                && sent.iter().zip(sample).all(|(it, other)| is_within(it, other))
        }
        _ => sent == sample,
    }
}

/// Checks a call that was made of the values of a sample.
fn check<T: Debug>(sample: &Value, call: Result<Call<T>, Error>) -> bool {
    let Call { request, parse } = call.unwrap_or_else(|error| panic!("{sample}: {error:?}"));
    if let Body::Json(body) = &request.body {
        for (name, sent) in body.as_object().unwrap() {
            let (sent, sample_member) = (bare(sent), bare(&sample["body"][name]));
            if ["news", "template_card"].contains(&name.as_str()) {
                let seen = format!("{sent} is not in {name} of {sample}");
                assert!(is_within(&sent, &sample_member), "{seen}");
            } else {
                assert_eq!(sent, sample_member, "{name} of {sample}");
            }
        }
    }
    let response = sample["response"].to_string().into_bytes();
    let Ok(Response::Accepted(accepted)) = Response::parse(response, request.auth) else {
        panic!("not accepted: {sample}")
    };
    let result = format!("{:?}", parse(accepted).unwrap_or_else(|it| panic!("{sample}: {it:?}")));
    let is_card = sample["body"]["msgtype"] == "template_card";
    let mut response = sample["response"].clone();
    // A code to update a message by is that of a card.
    response.as_object_mut().unwrap().retain(|name, _| match name.as_str() {
        "errcode" | "errmsg" => false,
        "response_code" => is_card,
        _ => true,
    });
    check_kept(&response, &result);
    true
}

/// Checks that each value of a response is in the result.
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

/// Whether an action can send the sample; checks that it does.
#[allow(clippy::too_many_lines, reason = "a case for each action")]
fn is_expressible(sample: &Value) -> bool {
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
            check(sample, app_messages::send_app_file(message).map(|it| it.call))
        }
        ("message/send", "image") => {
            let (recipients, options) = (recipients(), options());
            let message = AppImage { recipients, media_id, confidentiality, options };
            check(sample, app_messages::send_app_image(message).map(|it| it.call))
        }
        ("message/send", "mpnews") => {
            let (recipients, options) = (recipients(), options());
            let (articles, confidentiality) = (articles(body), None);
            let message = AppMpnews { recipients, articles, confidentiality, options };
            check(sample, app_messages::send_app_mpnews(message).map(|it| it.call))
        }
        ("message/send", "textcard") => {
            let (recipients, options) = (recipients(), options());
            let message = AppTextCard { recipients, card: card(body), options };
            check(sample, app_messages::send_app_text_card(message))
        }
        ("message/send", "voice") => {
            let message = AppVoice { recipients: recipients(), media_id, options: options() };
            check(sample, app_messages::send_app_voice(message).map(|it| it.call))
        }
        ("message/send", "video") => {
            let message = AppVideo {
                recipients: recipients(),
                media_id,
                title: given(&body["video"]["title"]),
                description: given(&body["video"]["description"]),
                confidentiality,
                options: options(),
            };
            check(sample, app_messages::send_app_video(message).map(|it| it.call))
        }
        ("message/send", "news") => {
            let articles = news(body).into_iter().map(|it| AppNewsArticle {
                title: it.title,
                description: it.description,
                link: Link::Url(it.url),
                image_url: it.image_url,
            });
            let articles = articles.collect();
            let message = AppNews { recipients: recipients(), articles, options: options() };
            check(sample, app_messages::send_app_news(message))
        }
        ("message/send", "template_card") => {
            let message = AppTemplateCard {
                recipients: recipients(),
                task_id: given(&body["template_card"]["task_id"]),
                card: template_card(&body["template_card"]),
                options: options(),
            };
            check(sample, app_messages::send_app_template_card(message))
        }
        ("message/update_template_card", _) => {
            let numbers =
                |name: &str| body[name].as_array().map(|it| it.iter().filter_map(number).collect());
            let card = &body["template_card"];
            let selections = card["select_list"].as_array().into_iter().flatten();
            let change = if card.is_null() {
                CardChange::ButtonText(text(&body["button"]["replace_name"]))
            } else {
                CardChange::Card(ReplacementCard {
                    card: template_card(card),
                    replace_text: given(&card["replace_text"]),
                    disabled: [&card["checkbox"]]
                        .into_iter()
                        .chain(selections)
                        .find_map(|it| it["disable"].as_bool()),
                })
            };
            let update = TemplateCardUpdate {
                recipients: Recipients::Selected(Selection {
                    users: Some(texts(&body["userids"])),
                    departments: numbers("partyids"),
                    tags: numbers("tagids"),
                }),
                agent_id: body["agentid"].as_u64(),
                response_code: text(&body["response_code"]),
                enable_id_trans: number(&body["enable_id_trans"]).map(|it| it == 1),
                change,
            };
            check(sample, app_messages::update_template_card(update))
        }
        ("appchat/send", "voice") => {
            let message = GroupVoice { group_chat_id, media_id };
            check(sample, group_messages::send_group_voice(message).map(|it| it.call))
        }
        ("appchat/send", "video") => {
            let message = GroupVideo {
                group_chat_id,
                media_id,
                title: given(&body["video"]["title"]),
                description: given(&body["video"]["description"]),
                confidentiality,
            };
            check(sample, group_messages::send_group_video(message).map(|it| it.call))
        }
        ("appchat/send", "news") => {
            let message = GroupNews { group_chat_id, articles: news(body) };
            check(sample, group_messages::send_group_news(message))
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
            check(sample, group_messages::send_group_file(message).map(|it| it.call))
        }
        ("appchat/send", "image") => {
            let message = GroupImage { group_chat_id, media_id, confidentiality };
            check(sample, group_messages::send_group_image(message).map(|it| it.call))
        }
        ("appchat/send", "mpnews") => {
            let (articles, confidentiality) = (articles(body), None);
            let message = GroupMpnews { group_chat_id, articles, confidentiality };
            check(sample, group_messages::send_group_mpnews(message).map(|it| it.call))
        }
        ("appchat/send", "textcard") => {
            let message = GroupTextCard { group_chat_id, card: card(body) };
            check(sample, group_messages::send_group_text_card(message))
        }
        // `@all` is among both the mobile numbers and the members: `mention-everyone` covers both.
        ("webhook/send", "text") if body["text"]["mentioned_list"].is_null() => {
            let (mentioned_users, mentioned_mobiles, mention_everyone) = (None, None, None);
            let message =
                ChatbotText { content, mentioned_users, mentioned_mobiles, mention_everyone };
            check(sample, chatbots::send_chatbot_text(message))
        }
        ("webhook/send", "markdown") => check(sample, chatbots::send_chatbot_markdown(content)),
        ("webhook/send", "file") => {
            check(sample, chatbots::send_chatbot_file(media_id).map(|it| it.call))
        }
        ("webhook/send", "voice") => {
            check(sample, chatbots::send_chatbot_voice(media_id).map(|it| it.call))
        }
        ("webhook/send", "markdown_v2") => {
            check(sample, chatbots::send_chatbot_markdown_v2(content))
        }
        ("webhook/send", "template_card") => {
            let card = match template_card(&body["template_card"]) {
                TemplateCard::TextNotice(card) => ChatbotCard::TextNotice(card),
                TemplateCard::NewsNotice(card) => ChatbotCard::NewsNotice(card),
                other => panic!("not of a chatbot: {other:?}"),
            };
            check(sample, chatbots::send_chatbot_template_card(card))
        }
        ("webhook/send", "image") => {
            let image = FileContent::Base64(text(&body["image"]["base64"]));
            check(sample, chatbots::send_chatbot_image(image, given(&body["image"]["md5"])))
        }
        ("webhook/send", "news") => check(sample, chatbots::send_chatbot_news(news(body))),
        _ => false,
    }
}

#[test]
fn samples_are_sent_and_read_as_on_the_pages() {
    let samples: Vec<Value> = serde_json::from_str(SAMPLES).unwrap();
    let others = samples.iter().filter(|it| !is_expressible(it));
    let others: Vec<&str> = others.map(|it| it["path"].as_str().unwrap()).collect();
    // Two that only the diagnosis sends, and `@all` among mobile numbers. The uploads have samples that are no JSON.
    assert_eq!(
        others,
        ["/cgi-bin/agent/get", "/cgi-bin/get_api_domain_ip", "/cgi-bin/webhook/send"]
    );
}
