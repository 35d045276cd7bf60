//! Template cards: the table of members by card type, and the shape of each member.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    corp::refusal::Refusal,
    http::body::{NonEmpty, to_stored},
};

/// Where a card comes from: the sender decides which types it may have, an update what may be missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    App,
    Chatbot,
    Update,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
#[allow(clippy::struct_field_names, reason = "the vendor's names")]
pub(crate) struct Card {
    card_type: Option<String>,
    source: Option<Source>,
    action_menu: Option<ActionMenu>,
    pub(crate) task_id: Option<String>,
    main_title: Option<Title>,
    emphasis_content: Option<Title>,
    quote_area: Option<Quote>,
    sub_title_text: Option<String>,
    horizontal_content_list: Option<Vec<Horizontal>>,
    jump_list: Option<Vec<Jump>>,
    card_action: Option<CardAction>,
    card_image: Option<CardImage>,
    image_text_area: Option<ImageText>,
    vertical_content_list: Option<Vec<Title>>,
    button_selection: Option<Selection>,
    button_list: Option<Vec<Button>>,
    checkbox: Option<Checkbox>,
    select_list: Option<Vec<Selection>>,
    submit_button: Option<SubmitButton>,
    replace_text: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Source {
    icon_url: Option<String>,
    desc: Option<String>,
    desc_color: Option<i64>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct ActionMenu {
    desc: Option<String>,
    action_list: Vec<MenuAction>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct MenuAction {
    text: Option<String>,
    key: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Title {
    title: Option<String>,
    desc: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
#[allow(clippy::struct_field_names, reason = "the vendor's names")]
struct Quote {
    r#type: Option<i64>,
    url: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
    title: Option<String>,
    quote_text: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Horizontal {
    keyname: Option<String>,
    value: Option<String>,
    r#type: Option<i64>,
    url: Option<String>,
    media_id: Option<String>,
    userid: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Jump {
    title: Option<String>,
    r#type: Option<i64>,
    url: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct CardAction {
    r#type: Option<i64>,
    url: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct CardImage {
    url: Option<String>,
    aspect_ratio: Option<f64>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct ImageText {
    image_url: Option<String>,
    r#type: Option<i64>,
    url: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
    title: Option<String>,
    desc: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Selection {
    question_key: Option<String>,
    title: Option<String>,
    selected_id: Option<String>,
    option_list: Vec<Choice>,
    disable: Option<bool>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Checkbox {
    question_key: Option<String>,
    mode: Option<i64>,
    option_list: Vec<Choice>,
    disable: Option<bool>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Choice {
    id: Option<String>,
    text: Option<String>,
    is_checked: Option<bool>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Button {
    text: Option<String>,
    r#type: Option<i64>,
    style: Option<i64>,
    key: Option<String>,
    url: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct SubmitButton {
    text: Option<String>,
    key: Option<String>,
}

const MAX_KEY: usize = 1024;
const MAX_ID: usize = 128;

/// The members that a card of this type may have, `card_type` and `replace_text` aside; `None` for an unknown type.
fn members_of(card_type: &str) -> Option<&'static [&'static str]> {
    Some(match card_type {
        "text_notice" => &[
            "source",
            "action_menu",
            "task_id",
            "main_title",
            "emphasis_content",
            "quote_area",
            "sub_title_text",
            "horizontal_content_list",
            "jump_list",
            "card_action",
        ],
        "news_notice" => &[
            "source",
            "action_menu",
            "task_id",
            "main_title",
            "quote_area",
            "horizontal_content_list",
            "jump_list",
            "card_action",
            "card_image",
            "image_text_area",
            "vertical_content_list",
        ],
        "button_interaction" => &[
            "source",
            "action_menu",
            "task_id",
            "main_title",
            "quote_area",
            "sub_title_text",
            "horizontal_content_list",
            "card_action",
            "button_selection",
            "button_list",
        ],
        "vote_interaction" => &["source", "task_id", "main_title", "checkbox", "submit_button"],
        "multiple_interaction" => {
            &["source", "task_id", "main_title", "select_list", "submit_button"]
        }
        _ => return None,
    })
}

/// What is stored of a card, if it has the shape of its type.
pub(crate) fn check(card: &Card, place: Place, is_strict: bool) -> Result<Value, Refusal> {
    let card_type = card.card_type.non_empty().unwrap_or_default();
    let is_notice = matches!(card_type, "text_notice" | "news_notice");
    let Some(members) = members_of(card_type).filter(|_| is_notice || place != Place::Chatbot)
    else {
        return Err(Refusal::new(42031, "invalid template_card.card_type"));
    };
    let stored = to_stored(card)?;
    if is_strict {
        let mut given = stored.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let is_known = |name: &str| match name {
            "card_type" => true,
            "replace_text" => place == Place::Update && !is_notice,
            "task_id" | "action_menu" if place == Place::Chatbot => false,
            name => members.contains(&name),
        };
        if let Some(name) = given.find(|it| !is_known(it)) {
            return Err(Refusal::invalid(
                &format!("template_card.{name}"),
                format!("not a part of card_type `{card_type}`"),
            ));
        }
    }
    if place == Place::App {
        check_task_id(card, is_notice)?;
    }
    check_titles(card, card_type)?;
    check_lists(card)?;
    match card_type {
        "text_notice" => check_card_action(card.card_action.as_ref())?,
        "news_notice" => {
            check_card_action(card.card_action.as_ref())?;
            check_images(card, place)?;
        }
        "button_interaction" => {
            if card.card_action.as_ref().is_some_and(|it| it.r#type.unwrap_or_default() != 0) {
                check_card_action(card.card_action.as_ref())?;
            }
            check_buttons(card)?;
        }
        "vote_interaction" => {
            let checkbox = card.checkbox.as_ref();
            let checkbox = checkbox.ok_or_else(|| missing(42027, "checkbox"))?;
            check_choices(checkbox.question_key.non_empty(), &checkbox.option_list, 20)?;
            check_submit_button(card, place)?;
        }
        _ => {
            let selections = card.select_list.as_deref().unwrap_or_default();
            if !(1..=3).contains(&selections.len()) {
                return Err(Refusal::new(42047, "invalid template_card.select_list size"));
            }
            for selection in selections {
                check_choices(selection.question_key.non_empty(), &selection.option_list, 10)?;
            }
            check_submit_button(card, place)?;
        }
    }
    Ok(stored)
}

impl Card {
    /// Whether the card calls back, and can therefore be updated.
    pub(crate) fn calls_back(&self) -> bool {
        self.action_menu.is_some()
            || !matches!(self.card_type.as_deref(), Some("text_notice" | "news_notice"))
    }
}

fn missing(code: i64, name: &str) -> Refusal {
    Refusal::new(code, format!("missing template_card.{name}"))
}

/// Checks a required text of at most `max` bytes.
fn check_required(text: Option<&str>, max: usize, code: i64, name: &str) -> Result<(), Refusal> {
    match text {
        None => Err(missing(code, name)),
        Some(it) if it.len() > max => {
            Err(Refusal::new(code, format!("template_card.{name} exceed max length {max}")))
        }
        Some(_) => Ok(()),
    }
}

fn check_task_id(card: &Card, is_notice: bool) -> Result<(), Refusal> {
    let refuse = || Refusal::new(42014, "invalid template_card.task_id");
    match card.task_id.non_empty() {
        None if is_notice && card.action_menu.is_none() => Ok(()),
        None => Err(refuse()),
        Some(id) => {
            let is_valid = |it: u8| it.is_ascii_alphanumeric() || b"_-@".contains(&it);
            if id.len() <= MAX_ID && id.bytes().all(is_valid) { Ok(()) } else { Err(refuse()) }
        }
    }
}

fn check_titles(card: &Card, card_type: &str) -> Result<(), Refusal> {
    let title = card.main_title.as_ref().and_then(|it| it.title.non_empty());
    match card_type {
        "text_notice" if title.is_none() && card.sub_title_text.non_empty().is_none() => {
            Err(Refusal::new(41016, "missing title"))
        }
        "text_notice" => Ok(()),
        _ if title.is_none() => Err(missing(42033, "main_title.title")),
        _ => Ok(()),
    }
}

fn check_lists(card: &Card) -> Result<(), Refusal> {
    if let Some(ActionMenu { action_list, .. }) = &card.action_menu {
        check_size("action_menu.action_list", action_list.len(), 1..=3, 42027)?;
        let mut keys = BTreeSet::new();
        for action in action_list {
            check_required(
                action.text.non_empty(),
                usize::MAX,
                42027,
                "action_menu.action_list.text",
            )?;
            check_required(action.key.non_empty(), MAX_KEY, 42027, "action_menu.action_list.key")?;
            if !keys.insert(&action.key) {
                return Err(Refusal::new(42051, "template_card.action_menu: key repeated"));
            }
        }
    }
    if let Some(Quote { r#type, url, appid, .. }) = &card.quote_area {
        check_link("quote_area", *r#type, url.non_empty(), appid.non_empty())?;
    }
    let horizontal = card.horizontal_content_list.as_deref().unwrap_or_default();
    check_size("horizontal_content_list", horizontal.len(), 0..=6, 42035)?;
    for Horizontal { keyname, r#type, url, media_id, userid, .. } in horizontal {
        check_required(keyname.non_empty(), usize::MAX, 42035, "horizontal_content_list.keyname")?;
        let name = "horizontal_content_list";
        match r#type {
            Some(1) => check_required(url.non_empty(), usize::MAX, 42028, &format!("{name}.url"))?,
            Some(2) => check_required(
                media_id.non_empty(),
                usize::MAX,
                42029,
                &format!("{name}.media_id"),
            )?,
            Some(3) => {
                check_required(userid.non_empty(), usize::MAX, 42050, &format!("{name}.userid"))?;
            }
            _ => {}
        }
    }
    let jumps = card.jump_list.as_deref().unwrap_or_default();
    check_size("jump_list", jumps.len(), 0..=3, 42042)?;
    for Jump { title, r#type, url, appid, .. } in jumps {
        check_required(title.non_empty(), usize::MAX, 42042, "jump_list.title")?;
        check_link("jump_list", *r#type, url.non_empty(), appid.non_empty())?;
    }
    let vertical = card.vertical_content_list.as_deref().unwrap_or_default();
    check_size("vertical_content_list", vertical.len(), 0..=4, 42036)?;
    for Title { title, .. } in vertical {
        check_required(title.non_empty(), usize::MAX, 42036, "vertical_content_list.title")?;
    }
    Ok(())
}

fn check_size(
    name: &str,
    size: usize,
    allowed: std::ops::RangeInclusive<usize>,
    code: i64,
) -> Result<(), Refusal> {
    if allowed.contains(&size) {
        return Ok(());
    }
    Err(Refusal::new(code, format!("invalid template_card.{name} size")))
}

/// What a link needs by its type: 1 an address, 2 a mini-program.
fn check_link(
    name: &str,
    link_type: Option<i64>,
    url: Option<&str>,
    appid: Option<&str>,
) -> Result<(), Refusal> {
    match link_type {
        Some(1) => check_required(url, usize::MAX, 42028, &format!("{name}.url")),
        Some(2) => check_required(appid, usize::MAX, 42030, &format!("{name}.appid")),
        _ => Ok(()),
    }
}

fn check_card_action(action: Option<&CardAction>) -> Result<(), Refusal> {
    let Some(CardAction { r#type: Some(link_type @ 1..=2), url, appid, .. }) = action else {
        return Err(Refusal::new(42045, "invalid template_card.card_action"));
    };
    check_link("card_action", Some(*link_type), url.non_empty(), appid.non_empty())
}

fn check_images(card: &Card, place: Place) -> Result<(), Refusal> {
    if let Some(ImageText { image_url, r#type, url, appid, .. }) = &card.image_text_area {
        check_required(image_url.non_empty(), usize::MAX, 42044, "image_text_area.image_url")?;
        check_link("image_text_area", *r#type, url.non_empty(), appid.non_empty())?;
    }
    match &card.card_image {
        None if card.image_text_area.is_some() && place != Place::Chatbot => Ok(()),
        None => Err(missing(42044, "card_image.url")),
        Some(CardImage { url, aspect_ratio }) => {
            check_required(url.non_empty(), usize::MAX, 42044, "card_image.url")?;
            if aspect_ratio.is_some_and(|it| !(1.3..=2.25).contains(&it)) {
                let name = "template_card.card_image.aspect_ratio";
                return Err(Refusal::invalid(name, "must be between 1.3 and 2.25"));
            }
            Ok(())
        }
    }
}

fn check_buttons(card: &Card) -> Result<(), Refusal> {
    let buttons = card.button_list.as_deref().unwrap_or_default();
    check_size("button_list", buttons.len(), 1..=6, 42027)?;
    for Button { text, r#type, key, url, .. } in buttons {
        check_required(text.non_empty(), usize::MAX, 42038, "button_list.text")?;
        if *r#type == Some(1) {
            check_required(url.non_empty(), usize::MAX, 42028, "button_list.url")?;
        } else {
            check_required(key.non_empty(), MAX_KEY, 42039, "button_list.key")?;
        }
    }
    if let Some(Selection { question_key, option_list, .. }) = &card.button_selection {
        check_choices(question_key.non_empty(), option_list, 10)?;
    }
    Ok(())
}

fn check_choices(
    question_key: Option<&str>,
    choices: &[Choice],
    max: usize,
) -> Result<(), Refusal> {
    check_required(question_key, MAX_KEY, 42043, "question_key")?;
    check_size("option_list", choices.len(), 1..=max, 42037)?;
    let mut ids = BTreeSet::new();
    for Choice { id, text, .. } in choices {
        check_required(id.non_empty(), MAX_ID, 42040, "option_list.id")?;
        check_required(text.non_empty(), usize::MAX, 42041, "option_list.text")?;
        if !ids.insert(id) {
            return Err(Refusal::new(42040, "template_card.option_list: id repeated"));
        }
    }
    Ok(())
}

fn check_submit_button(card: &Card, place: Place) -> Result<(), Refusal> {
    match &card.submit_button {
        None if place == Place::Update => Ok(()),
        None => Err(missing(42046, "submit_button")),
        Some(SubmitButton { key, .. }) => {
            check_required(key.non_empty(), MAX_KEY, 42049, "submit_button.key")
        }
    }
}
