//! Template cards of applications and chatbots.

use alloc::{format, string::String, vec::Vec};

use serde_json::{Value, json};

use crate::{
    bindings::wit::{
        chatbots::ChatbotCard,
        template_cards::{
            ButtonAction, ButtonInteraction, CardAction, CardButton, CardCheckbox, CardImage,
            CardJump, CardMenu, CardSelection, CardSource, CardSubmit, CardTitle, CheckboxOption,
            ContentTarget, Emphasis, HorizontalContent, ImageTextArea, MultipleInteraction,
            NewsNotice, PlainCardSource, QuoteArea, SelectionOption, SourceColor, TemplateCard,
            TextNotice, VerticalContent, VoteInteraction,
        },
        types::{Link, MiniProgram},
    },
    validate::{Check, given},
};

/// The card of a message. `field` is the path of the message.
pub(super) fn new_card(
    check: &mut Check,
    field: &str,
    card: TemplateCard,
    task_id: Option<String>,
) -> Value {
    let task_field = format!("{field}.task-id");
    if let Some(id) = &task_id {
        check.bytes(&task_field, id, 1..=128);
        if !id.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-@".contains(&it)) {
            check.reject(&task_field, "must be digits, ASCII letters and `_-@`");
        }
    }
    let (interactive, submit) = match &card {
        TemplateCard::TextNotice(it) => (it.menu.is_some(), None),
        TemplateCard::NewsNotice(it) => (it.menu.is_some(), None),
        TemplateCard::ButtonInteraction(_) => (true, None),
        TemplateCard::VoteInteraction(it) => (true, Some(("vote-interaction", &it.submit))),
        TemplateCard::MultipleInteraction(it) => (true, Some(("multiple-interaction", &it.submit))),
    };
    if interactive && task_id.is_none() {
        check.reject(&task_field, "is required for a card that calls back");
    }
    if let Some((kind, None)) = submit {
        check.reject(&format!("{field}.card.{kind}.submit"), "is required in a new card");
    }
    let mut body = template_card(check, &format!("{field}.card"), card, None);
    if let Value::Object(members) = &mut body {
        members.insert("task_id".into(), task_id.into());
    }
    body
}

/// A card that replaces one that was sent. `field` is the path of the change.
pub(super) fn replacement(
    check: &mut Check,
    field: &str,
    card: TemplateCard,
    replace_text: Option<String>,
    disabled: Option<bool>,
) -> Value {
    let (has_button, has_options) = match &card {
        TemplateCard::TextNotice(_) | TemplateCard::NewsNotice(_) => (false, false),
        TemplateCard::ButtonInteraction(_) => (true, false),
        TemplateCard::VoteInteraction(_) | TemplateCard::MultipleInteraction(_) => (true, true),
    };
    if replace_text.is_some() && !has_button {
        check.reject(&format!("{field}.replace-text"), "is for cards with buttons");
    }
    if disabled == Some(true) && !has_options {
        let reason = "is for vote and multiple interactions";
        check.reject(&format!("{field}.disabled"), reason);
    }
    let mut body = template_card(check, &format!("{field}.card"), card, disabled);
    if let Value::Object(members) = &mut body {
        members.insert("replace_text".into(), replace_text.into());
    }
    body
}

/// A card of a chatbot, which nothing calls back.
pub(super) fn chatbot_card(check: &mut Check, field: &str, card: ChatbotCard) -> Value {
    match card {
        ChatbotCard::TextNotice(card) => {
            let field = format!("{field}.text-notice");
            forbid_menu(check, &field, card.menu.as_ref());
            text_notice(check, &field, card)
        }
        ChatbotCard::NewsNotice(card) => {
            let field = format!("{field}.news-notice");
            forbid_menu(check, &field, card.menu.as_ref());
            if card.image.is_none() {
                check.reject(&format!("{field}.image"), "is required for a chatbot");
            }
            news_notice(check, &field, card)
        }
    }
}

fn forbid_menu(check: &mut Check, field: &str, menu: Option<&CardMenu>) {
    if menu.is_some() {
        check.reject(&format!("{field}.menu"), "is not for chatbots");
    }
}

fn template_card(
    check: &mut Check,
    field: &str,
    card: TemplateCard,
    disabled: Option<bool>,
) -> Value {
    let field = |kind: &str| format!("{field}.{kind}");
    match card {
        TemplateCard::TextNotice(card) => text_notice(check, &field("text-notice"), card),
        TemplateCard::NewsNotice(card) => {
            let field = field("news-notice");
            if card.image.is_none() && card.image_text_area.is_none() {
                check.reject(&field, "must have an image or an image and text area");
            }
            news_notice(check, &field, card)
        }
        TemplateCard::ButtonInteraction(card) => {
            button_interaction(check, &field("button-interaction"), card)
        }
        TemplateCard::VoteInteraction(card) => {
            vote_interaction(check, &field("vote-interaction"), card, disabled)
        }
        TemplateCard::MultipleInteraction(card) => {
            multiple_interaction(check, &field("multiple-interaction"), card, disabled)
        }
    }
}

fn text_notice(check: &mut Check, field: &str, card: TextNotice) -> Value {
    let TextNotice {
        source,
        menu,
        title,
        emphasis,
        quote,
        subtitle,
        horizontal_contents,
        jumps,
        action,
    } = card;
    let subtitle = given(subtitle);
    if title.is_none() && subtitle.is_none() {
        check.reject(field, "must have a title or a subtitle");
    }
    json!({
        "card_type": "text_notice",
        "source": source.map(card_source),
        "action_menu": menu.map(|it| card_menu(check, field, it)),
        "main_title": title.map(|it| main_title(check, field, it)),
        "emphasis_content": emphasis.map(emphasis_content),
        "quote_area": quote.map(|it| quote_area(check, field, it)),
        "sub_title_text": subtitle,
        "horizontal_content_list": horizontal_content_list(check, field, horizontal_contents),
        "jump_list": jump_list(check, field, jumps),
        "card_action": link_members(check, &format!("{field}.action"), action),
    })
}

fn news_notice(check: &mut Check, field: &str, card: NewsNotice) -> Value {
    let NewsNotice {
        source,
        menu,
        title,
        quote,
        image,
        image_text_area: area,
        vertical_contents,
        horizontal_contents,
        jumps,
        action,
    } = card;
    json!({
        "card_type": "news_notice",
        "source": source.map(card_source),
        "action_menu": menu.map(|it| card_menu(check, field, it)),
        "main_title": main_title(check, field, title),
        "quote_area": quote.map(|it| quote_area(check, field, it)),
        "card_image": image.map(|it| card_image(check, field, it)),
        "image_text_area": area.map(|it| image_text_area(check, field, it)),
        "vertical_content_list": vertical_content_list(check, field, vertical_contents),
        "horizontal_content_list": horizontal_content_list(check, field, horizontal_contents),
        "jump_list": jump_list(check, field, jumps),
        "card_action": link_members(check, &format!("{field}.action"), action),
    })
}

fn button_interaction(check: &mut Check, field: &str, card: ButtonInteraction) -> Value {
    let ButtonInteraction {
        source,
        menu,
        title,
        quote,
        subtitle,
        horizontal_contents,
        action,
        selection,
        buttons,
    } = card;
    json!({
        "card_type": "button_interaction",
        "source": source.map(card_source),
        "action_menu": menu.map(|it| card_menu(check, field, it)),
        "main_title": main_title(check, field, title),
        "quote_area": quote.map(|it| quote_area(check, field, it)),
        "sub_title_text": given(subtitle),
        "horizontal_content_list": horizontal_content_list(check, field, horizontal_contents),
        "card_action": action.map(|it| link_members(check, &format!("{field}.action"), it)),
        "button_selection":
            selection.map(|it| card_selection(check, &format!("{field}.selection"), it, None)),
        "button_list": button_list(check, field, buttons),
    })
}

fn vote_interaction(
    check: &mut Check,
    field: &str,
    card: VoteInteraction,
    disabled: Option<bool>,
) -> Value {
    let VoteInteraction { source, title, checkbox, submit } = card;
    json!({
        "card_type": "vote_interaction",
        "source": source.map(plain_card_source),
        "main_title": main_title(check, field, title),
        "checkbox": card_checkbox(check, field, checkbox, disabled),
        "submit_button": submit.map(|it| submit_button(check, field, it)),
    })
}

fn multiple_interaction(
    check: &mut Check,
    field: &str,
    card: MultipleInteraction,
    disabled: Option<bool>,
) -> Value {
    let MultipleInteraction { source, title, selections, submit } = card;
    let title = main_title(check, field, title);
    let list = format!("{field}.selections");
    check.count(&list, selections.len(), 1..=3);
    let keys = selections.iter().map(|it| it.question_key.as_str());
    check_unique(check, &list, "question-key", keys);
    let selection = |(index, it)| card_selection(check, &format!("{list}[{index}]"), it, disabled);
    let selections: Vec<_> = selections.into_iter().enumerate().map(selection).collect();
    json!({
        "card_type": "multiple_interaction",
        "source": source.map(plain_card_source),
        "main_title": title,
        "select_list": selections,
        "submit_button": submit.map(|it| submit_button(check, field, it)),
    })
}

fn card_source(source: CardSource) -> Value {
    let CardSource { icon_url, description, color } = source;
    let color = color.map(|it| match it {
        SourceColor::Grey => 0,
        SourceColor::Black => 1,
        SourceColor::Red => 2,
        SourceColor::Green => 3,
    });
    json!({ "icon_url": given(icon_url), "desc": given(description), "desc_color": color })
}

fn plain_card_source(source: PlainCardSource) -> Value {
    let PlainCardSource { icon_url, description } = source;
    json!({ "icon_url": given(icon_url), "desc": given(description) })
}

fn card_menu(check: &mut Check, field: &str, menu: CardMenu) -> Value {
    let CardMenu { description, actions } = menu;
    let list = format!("{field}.menu.actions");
    check.count(&list, actions.len(), 1..=3);
    check_unique(check, &list, "key", actions.iter().map(|it| it.key.as_str()));
    let action = |(index, CardAction { text, key })| {
        check.not_empty(&format!("{list}[{index}].text"), &text);
        check.bytes(&format!("{list}[{index}].key"), &key, 1..=1024);
        json!({ "text": text, "key": key })
    };
    let actions: Vec<_> = actions.into_iter().enumerate().map(action).collect();
    json!({ "desc": given(description), "action_list": actions })
}

fn main_title(check: &mut Check, field: &str, title: CardTitle) -> Value {
    let CardTitle { title, description } = title;
    check.not_empty(&format!("{field}.title.title"), &title);
    json!({ "title": title, "desc": given(description) })
}

fn emphasis_content(emphasis: Emphasis) -> Value {
    let Emphasis { title, description } = emphasis;
    json!({ "title": given(title), "desc": given(description) })
}

/// `type` 1 is a web page, 2 a mini-program.
fn link_members(check: &mut Check, field: &str, link: Link) -> Value {
    match link {
        Link::Url(url) => {
            check.not_empty(&format!("{field}.url"), &url);
            json!({ "type": 1, "url": url })
        }
        Link::MiniProgram(MiniProgram { app_id, page_path }) => {
            check.not_empty(&format!("{field}.mini-program.app-id"), &app_id);
            json!({ "type": 2, "appid": app_id, "pagepath": given(page_path) })
        }
    }
}

/// The members of a link, if there is one, and others.
fn with_link(check: &mut Check, field: &str, link: Option<Link>, members: Value) -> Value {
    let mut all = link.map_or(json!({}), |it| link_members(check, &format!("{field}.link"), it));
    if let (Value::Object(all), Value::Object(members)) = (&mut all, members) {
        all.extend(members);
    }
    all
}

fn quote_area(check: &mut Check, field: &str, quote: QuoteArea) -> Value {
    let QuoteArea { link, title, text } = quote;
    let members = json!({ "title": given(title), "quote_text": given(text) });
    with_link(check, &format!("{field}.quote"), link, members)
}

fn horizontal_content_list(
    check: &mut Check,
    field: &str,
    contents: Option<Vec<HorizontalContent>>,
) -> Option<Vec<Value>> {
    let list = format!("{field}.horizontal-contents");
    let contents = contents.filter(|it| !it.is_empty())?;
    check.count(&list, contents.len(), 0..=6);
    let content = |(index, HorizontalContent { name, value, target })| {
        let field = |name: &str| format!("{list}[{index}].{name}");
        let value = given(value);
        check.not_empty(&field("name"), &name);
        let (kind, url, media_id, user_id) = match target {
            None => (None, None, None, None),
            Some(ContentTarget::Url(url)) => {
                check.not_empty(&field("target.url"), &url);
                (Some(1), Some(url), None, None)
            }
            Some(ContentTarget::File(id)) => {
                check.opaque_id(&field("target.file"), &id);
                if value.is_none() {
                    check.reject(&field("value"), "must be the name of the file");
                }
                (Some(2), None, Some(id), None)
            }
            Some(ContentTarget::Member(id)) => {
                check.user_id(&field("target.member"), &id);
                (Some(3), None, None, Some(id))
            }
        };
        json!({
            "keyname": name,
            "value": value,
            "type": kind,
            "url": url,
            "media_id": media_id,
            "userid": user_id,
        })
    };
    Some(contents.into_iter().enumerate().map(content).collect())
}

fn jump_list(check: &mut Check, field: &str, jumps: Option<Vec<CardJump>>) -> Option<Vec<Value>> {
    let list = format!("{field}.jumps");
    let jumps = jumps.filter(|it| !it.is_empty())?;
    check.count(&list, jumps.len(), 0..=3);
    let jump = |(index, CardJump { title, link })| {
        let field = format!("{list}[{index}]");
        check.not_empty(&format!("{field}.title"), &title);
        with_link(check, &field, link, json!({ "title": title }))
    };
    Some(jumps.into_iter().enumerate().map(jump).collect())
}

fn card_image(check: &mut Check, field: &str, image: CardImage) -> Value {
    let CardImage { url, aspect_ratio } = image;
    check.not_empty(&format!("{field}.image.url"), &url);
    if aspect_ratio.is_some_and(|it| !(1.3..=2.25).contains(&it)) {
        check.reject(&format!("{field}.image.aspect-ratio"), "must be 1.3 to 2.25");
    }
    json!({ "url": url, "aspect_ratio": aspect_ratio })
}

fn image_text_area(check: &mut Check, field: &str, area: ImageTextArea) -> Value {
    let ImageTextArea { image_url, link, title, description } = area;
    let field = format!("{field}.image-text-area");
    check.not_empty(&format!("{field}.image-url"), &image_url);
    let members =
        json!({ "title": given(title), "desc": given(description), "image_url": image_url });
    with_link(check, &field, link, members)
}

fn vertical_content_list(
    check: &mut Check,
    field: &str,
    contents: Option<Vec<VerticalContent>>,
) -> Option<Vec<Value>> {
    let list = format!("{field}.vertical-contents");
    let contents = contents.filter(|it| !it.is_empty())?;
    check.count(&list, contents.len(), 0..=4);
    let content = |(index, VerticalContent { title, description })| {
        check.not_empty(&format!("{list}[{index}].title"), &title);
        json!({ "title": title, "desc": given(description) })
    };
    Some(contents.into_iter().enumerate().map(content).collect())
}

fn button_list(check: &mut Check, field: &str, buttons: Vec<CardButton>) -> Vec<Value> {
    let list = format!("{field}.buttons");
    check.count(&list, buttons.len(), 1..=6);
    let keys = buttons.iter().map(|it| match &it.action {
        ButtonAction::Callback(key) => key.as_str(),
        ButtonAction::Url(_) => "",
    });
    check_unique(check, &list, "action.callback", keys);
    let button = |(index, CardButton { text, style, action })| {
        let field = |name: &str| format!("{list}[{index}].{name}");
        check.not_empty(&field("text"), &text);
        if let Some(style) = style {
            check.range(&field("style"), style.into(), 1..=4);
        }
        let (kind, key, url) = match action {
            ButtonAction::Callback(key) => {
                check.bytes(&field("action.callback"), &key, 1..=1024);
                (None, Some(key), None)
            }
            ButtonAction::Url(url) => {
                check.not_empty(&field("action.url"), &url);
                (Some(1), None, Some(url))
            }
        };
        json!({ "text": text, "type": kind, "style": style, "key": key, "url": url })
    };
    buttons.into_iter().enumerate().map(button).collect()
}

fn card_selection(
    check: &mut Check,
    field: &str,
    selection: CardSelection,
    disabled: Option<bool>,
) -> Value {
    let CardSelection { question_key, title, options, selected_id } = selection;
    let list = format!("{field}.options");
    let selected_id = given(selected_id);
    check.bytes(&format!("{field}.question-key"), &question_key, 1..=1024);
    check.count(&list, options.len(), 1..=10);
    check_unique(check, &list, "id", options.iter().map(|it| it.id.as_str()));
    if let Some(selected) = &selected_id
        && !options.iter().any(|it| it.id == *selected)
    {
        check.reject(&format!("{field}.selected-id"), "must be the id of an option");
    }
    let option = |(index, SelectionOption { id, text })| {
        check_option(check, &format!("{list}[{index}]"), &id, &text);
        json!({ "id": id, "text": text })
    };
    let options: Vec<_> = options.into_iter().enumerate().map(option).collect();
    json!({
        "question_key": question_key,
        "title": given(title),
        "option_list": options,
        "selected_id": selected_id,
        "disable": disabled,
    })
}

fn card_checkbox(
    check: &mut Check,
    field: &str,
    checkbox: CardCheckbox,
    disabled: Option<bool>,
) -> Value {
    let CardCheckbox { question_key, multiple, options } = checkbox;
    let field = format!("{field}.checkbox");
    let list = format!("{field}.options");
    check.bytes(&format!("{field}.question-key"), &question_key, 1..=1024);
    check.count(&list, options.len(), 1..=20);
    check_unique(check, &list, "id", options.iter().map(|it| it.id.as_str()));
    let option = |(index, CheckboxOption { id, text, checked })| {
        check_option(check, &format!("{list}[{index}]"), &id, &text);
        json!({ "id": id, "text": text, "is_checked": checked })
    };
    let options: Vec<_> = options.into_iter().enumerate().map(option).collect();
    json!({
        "question_key": question_key,
        "mode": multiple.map(u32::from),
        "option_list": options,
        "disable": disabled,
    })
}

fn check_option(check: &mut Check, field: &str, id: &str, text: &str) {
    check.bytes(&format!("{field}.id"), id, 1..=128);
    check.not_empty(&format!("{field}.text"), text);
}

fn submit_button(check: &mut Check, field: &str, submit: CardSubmit) -> Value {
    let CardSubmit { text, key } = submit;
    check.bytes(&format!("{field}.submit.key"), &key, 1..=1024);
    json!({ "text": given(text), "key": key })
}

/// The longest list of a card.
const MAX_ITEMS: usize = 20;

/// Rejects keys of a list that an earlier item has. Empty ones are none.
fn check_unique<'a>(
    check: &mut Check,
    list: &str,
    name: &str,
    keys: impl Iterator<Item = &'a str>,
) {
    let mut seen = Vec::new();
    for (index, key) in keys.take(MAX_ITEMS).enumerate() {
        if let Some(first) = seen.iter().position(|it| *it == key)
            && !key.is_empty()
        {
            let reason = format!("must be unique, is also that of item {first}");
            check.reject(&format!("{list}[{index}].{name}"), &reason);
        }
        seen.push(key);
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::bindings::wit::types::Error;

    #[test]
    fn keys_are_unique_and_empty_ones_are_none() {
        let mut check = Check::default();
        check_unique(&mut check, "list", "key", ["", "a", "", "b", "a"].into_iter());
        let Err(Error::PermanentInvalidInput(fields)) = check.finish() else { panic!("accepted") };
        let fields: Vec<_> = fields.iter().map(|it| (&*it.field, &*it.reason)).collect();
        assert_eq!(fields, [("list[4].key", "must be unique, is also that of item 1")]);
    }

    fn page() -> Link {
        Link::Url("https://a.example".into())
    }

    fn title(title: &str) -> CardTitle {
        CardTitle { title: title.into(), description: Some("D".into()) }
    }

    fn quote() -> QuoteArea {
        QuoteArea { link: Some(page()), title: Some("Q".into()), text: Some("said".into()) }
    }

    fn menu(keys: &[&str]) -> CardMenu {
        let action = |key: &&str| CardAction { text: "A".into(), key: (*key).into() };
        CardMenu { description: Some("menu".into()), actions: keys.iter().map(action).collect() }
    }

    fn content(value: Option<&str>, target: Option<ContentTarget>) -> HorizontalContent {
        HorizontalContent { name: "N".into(), value: value.map(Into::into), target }
    }

    fn jump(link: Option<Link>) -> CardJump {
        CardJump { title: "J".into(), link }
    }

    fn text_notice_card() -> TextNotice {
        TextNotice {
            source: None,
            menu: None,
            title: Some(title("T")),
            emphasis: None,
            quote: None,
            subtitle: None,
            horizontal_contents: None,
            jumps: None,
            action: page(),
        }
    }

    fn news_notice_card() -> NewsNotice {
        NewsNotice {
            source: None,
            menu: None,
            title: title("T"),
            quote: None,
            image: Some(CardImage { url: "i.png".into(), aspect_ratio: Some(1.6) }),
            image_text_area: None,
            vertical_contents: None,
            horizontal_contents: None,
            jumps: None,
            action: page(),
        }
    }

    fn button(action: ButtonAction) -> CardButton {
        CardButton { text: "B".into(), style: None, action }
    }

    fn callback(key: &str) -> CardButton {
        button(ButtonAction::Callback(key.into()))
    }

    fn buttons_card(buttons: Vec<CardButton>) -> ButtonInteraction {
        ButtonInteraction {
            source: None,
            menu: None,
            title: title("T"),
            quote: None,
            subtitle: None,
            horizontal_contents: None,
            action: None,
            selection: None,
            buttons,
        }
    }

    fn selection(key: &str, ids: &[&str], selected: Option<&str>) -> CardSelection {
        let option = |id: &&str| SelectionOption { id: (*id).into(), text: "O".into() };
        CardSelection {
            question_key: key.into(),
            title: None,
            options: ids.iter().map(option).collect(),
            selected_id: selected.map(Into::into),
        }
    }

    fn submit() -> CardSubmit {
        CardSubmit { text: None, key: "submit".into() }
    }

    fn vote_card(ids: &[&str]) -> VoteInteraction {
        let option =
            |id: &&str| CheckboxOption { id: (*id).into(), text: "O".into(), checked: Some(true) };
        VoteInteraction {
            source: None,
            title: title("T"),
            checkbox: CardCheckbox {
                question_key: "q".into(),
                multiple: Some(true),
                options: ids.iter().map(option).collect(),
            },
            submit: Some(submit()),
        }
    }

    fn multiple_card(selections: Vec<CardSelection>) -> MultipleInteraction {
        MultipleInteraction { source: None, title: title("T"), selections, submit: Some(submit()) }
    }

    /// The body of a card without nulls, or what it was refused for.
    fn written(write: impl FnOnce(&mut Check) -> Value) -> String {
        let mut check = Check::default();
        let mut body = write(&mut check);
        match check.finish() {
            Ok(_) => {
                crate::call::omit_nulls(&mut body);
                body.to_string()
            }
            Err(Error::PermanentInvalidInput(fields)) => {
                let fields: Vec<_> =
                    fields.iter().map(|it| format!("{}: {}", it.field, it.reason)).collect();
                fields.join("\n")
            }
            Err(other) => panic!("refused for another reason: {other}"),
        }
    }

    fn new(card: TemplateCard, task_id: Option<&str>) -> String {
        written(|check| new_card(check, "message", card, task_id.map(Into::into)))
    }

    fn is_accepted(card: TemplateCard) -> bool {
        new(card, Some("t")).starts_with('{')
    }

    #[test]
    fn text_notice_wire() {
        let least = TemplateCard::TextNotice(text_notice_card());
        expect![[
            r#"{"card_type":"text_notice","main_title":{"title":"T","desc":"D"},"card_action":{"type":1,"url":"https://a.example"}}"#
        ]]
        .assert_eq(&new(least, None));
        let everything = TextNotice {
            source: Some(CardSource {
                icon_url: Some("i.png".into()),
                description: Some("ops".into()),
                color: Some(SourceColor::Green),
            }),
            menu: Some(menu(&["a", "b"])),
            title: None,
            emphasis: Some(Emphasis { title: Some("100".into()), description: Some("C".into()) }),
            quote: Some(quote()),
            subtitle: Some("S".into()),
            horizontal_contents: Some(vec![
                content(Some("V"), None),
                content(None, Some(ContentTarget::Url("u".into()))),
                content(Some("a.apk"), Some(ContentTarget::File("MID-1".into()))),
                content(Some("V"), Some(ContentTarget::Member("noor.h".into()))),
            ]),
            jumps: Some(vec![
                jump(None),
                jump(Some(page())),
                jump(Some(Link::MiniProgram(MiniProgram {
                    app_id: "wx1".into(),
                    page_path: Some("p".into()),
                }))),
            ]),
            action: Link::MiniProgram(MiniProgram { app_id: "wx1".into(), page_path: None }),
        };
        expect![[
            r#"{"card_type":"text_notice","source":{"icon_url":"i.png","desc":"ops","desc_color":3},"action_menu":{"desc":"menu","action_list":[{"text":"A","key":"a"},{"text":"A","key":"b"}]},"emphasis_content":{"title":"100","desc":"C"},"quote_area":{"type":1,"url":"https://a.example","title":"Q","quote_text":"said"},"sub_title_text":"S","horizontal_content_list":[{"keyname":"N","value":"V"},{"keyname":"N","type":1,"url":"u"},{"keyname":"N","value":"a.apk","type":2,"media_id":"MID-1"},{"keyname":"N","value":"V","type":3,"userid":"noor.h"}],"jump_list":[{"title":"J"},{"type":1,"url":"https://a.example","title":"J"},{"type":2,"appid":"wx1","pagepath":"p","title":"J"}],"card_action":{"type":2,"appid":"wx1"},"task_id":"ap-12"}"#
        ]]
        .assert_eq(&new(TemplateCard::TextNotice(everything), Some("ap-12")));
    }

    #[test]
    fn news_notice_wire() {
        let everything = NewsNotice {
            image_text_area: Some(ImageTextArea {
                image_url: "j.png".into(),
                link: Some(page()),
                title: Some("A".into()),
                description: None,
            }),
            vertical_contents: Some(vec![VerticalContent {
                title: "V".into(),
                description: Some("D".into()),
            }]),
            quote: Some(QuoteArea { link: None, ..quote() }),
            jumps: Some(Vec::new()),
            ..news_notice_card()
        };
        expect![[
            r#"{"card_type":"news_notice","main_title":{"title":"T","desc":"D"},"quote_area":{"title":"Q","quote_text":"said"},"card_image":{"url":"i.png","aspect_ratio":1.6},"image_text_area":{"type":1,"url":"https://a.example","title":"A","image_url":"j.png"},"vertical_content_list":[{"title":"V","desc":"D"}],"card_action":{"type":1,"url":"https://a.example"}}"#
        ]]
        .assert_eq(&new(TemplateCard::NewsNotice(everything), None));
    }

    #[test]
    fn aspect_ratio_is_within_its_range() {
        for (ratio, accepted) in [
            (1.29, false),
            (1.3, true),
            (2.25, true),
            (2.26, false),
            (f64::NAN, false),
            (f64::INFINITY, false),
        ] {
            let image = Some(CardImage { url: "i.png".into(), aspect_ratio: Some(ratio) });
            let card = TemplateCard::NewsNotice(NewsNotice { image, ..news_notice_card() });
            assert_eq!(is_accepted(card), accepted, "{ratio}");
        }
    }

    #[test]
    fn button_interaction_wire() {
        let everything = ButtonInteraction {
            menu: Some(menu(&["a"])),
            subtitle: Some("S".into()),
            action: Some(page()),
            selection: Some(selection("q", &["1", "2"], Some("2"))),
            ..buttons_card(vec![
                CardButton { style: Some(4), ..callback("yes") },
                button(ButtonAction::Url("u".into())),
            ])
        };
        expect![[
            r#"{"card_type":"button_interaction","action_menu":{"desc":"menu","action_list":[{"text":"A","key":"a"}]},"main_title":{"title":"T","desc":"D"},"sub_title_text":"S","card_action":{"type":1,"url":"https://a.example"},"button_selection":{"question_key":"q","option_list":[{"id":"1","text":"O"},{"id":"2","text":"O"}],"selected_id":"2"},"button_list":[{"text":"B","style":4,"key":"yes"},{"text":"B","type":1,"url":"u"}],"task_id":"t"}"#
        ]]
        .assert_eq(&new(TemplateCard::ButtonInteraction(everything), Some("t")));
    }

    #[test]
    fn vote_and_multiple_interaction_wire() {
        let vote = VoteInteraction {
            source: Some(PlainCardSource { icon_url: None, description: Some("ops".into()) }),
            ..vote_card(&["1", "2"])
        };
        expect![[
            r#"{"card_type":"vote_interaction","source":{"desc":"ops"},"main_title":{"title":"T","desc":"D"},"checkbox":{"question_key":"q","mode":1,"option_list":[{"id":"1","text":"O","is_checked":true},{"id":"2","text":"O","is_checked":true}]},"submit_button":{"key":"submit"},"task_id":"t"}"#
        ]]
        .assert_eq(&new(TemplateCard::VoteInteraction(vote), Some("t")));
        let multiple =
            multiple_card(vec![selection("q", &["1"], None), selection("r", &["1"], Some("1"))]);
        expect![[
            r#"{"card_type":"multiple_interaction","main_title":{"title":"T","desc":"D"},"select_list":[{"question_key":"q","option_list":[{"id":"1","text":"O"}]},{"question_key":"r","option_list":[{"id":"1","text":"O"}],"selected_id":"1"}],"submit_button":{"key":"submit"},"task_id":"t"}"#
        ]]
        .assert_eq(&new(TemplateCard::MultipleInteraction(multiple), Some("t")));
    }

    #[test]
    fn task_id_is_required_for_cards_that_call_back() {
        let notice = TextNotice { menu: Some(menu(&["a"])), ..text_notice_card() };
        let news = NewsNotice { menu: Some(menu(&["a"])), ..news_notice_card() };
        for card in [
            TemplateCard::TextNotice(notice),
            TemplateCard::NewsNotice(news),
            TemplateCard::ButtonInteraction(buttons_card(vec![callback("yes")])),
            TemplateCard::VoteInteraction(vote_card(&["1"])),
            TemplateCard::MultipleInteraction(multiple_card(vec![selection("q", &["1"], None)])),
        ] {
            expect!["message.task-id: is required for a card that calls back"]
                .assert_eq(&new(card.clone(), None));
            for (length, accepted) in [(1, true), (128, true), (129, false)] {
                let found = new(card.clone(), Some(&"t".repeat(length))).starts_with('{');
                assert_eq!(found, accepted, "{length}");
            }
            for (id, accepted) in [("aZ0_-@", true), ("a b", false), ("部", false), ("a.b", false)]
            {
                assert_eq!(new(card.clone(), Some(id)).starts_with('{'), accepted, "{id}");
            }
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let check = |card, expected: Expect| expected.assert_eq(&new(card, Some("t")));
        check(
            TemplateCard::TextNotice(TextNotice {
                title: None,
                subtitle: Some(String::new()),
                horizontal_contents: Some(vec![content(
                    Some(""),
                    Some(ContentTarget::File("MID-1".into())),
                )]),
                ..text_notice_card()
            }),
            expect![[r#"
                message.card.text-notice: must have a title or a subtitle
                message.card.text-notice.horizontal-contents[0].value: must be the name of the file"#]],
        );
        check(
            TemplateCard::NewsNotice(NewsNotice { image: None, ..news_notice_card() }),
            expect!["message.card.news-notice: must have an image or an image and text area"],
        );
        check(
            TemplateCard::ButtonInteraction(ButtonInteraction {
                menu: Some(menu(&["a", "a"])),
                selection: Some(selection("q", &["1", "2", "1"], Some("3"))),
                ..buttons_card(vec![
                    callback("yes"),
                    button(ButtonAction::Url("yes".into())),
                    callback("yes"),
                ])
            }),
            expect![[r#"
                message.card.button-interaction.menu.actions[1].key: must be unique, is also that of item 0
                message.card.button-interaction.selection.options[2].id: must be unique, is also that of item 0
                message.card.button-interaction.selection.selected-id: must be the id of an option
                message.card.button-interaction.buttons[2].action.callback: must be unique, is also that of item 0"#]],
        );
        check(
            TemplateCard::VoteInteraction(VoteInteraction {
                submit: None,
                ..vote_card(&["1", "1"])
            }),
            expect![[r#"
                message.card.vote-interaction.submit: is required in a new card
                message.card.vote-interaction.checkbox.options[1].id: must be unique, is also that of item 0"#]],
        );
        check(
            TemplateCard::MultipleInteraction(MultipleInteraction {
                submit: None,
                ..multiple_card(vec![selection("q", &["1"], None), selection("q", &["1"], None)])
            }),
            expect![[r#"
                message.card.multiple-interaction.submit: is required in a new card
                message.card.multiple-interaction.selections[1].question-key: must be unique, is also that of item 0"#]],
        );
    }

    #[test]
    fn required_texts_are_not_empty() {
        let empty = Link::Url(String::new());
        let card = NewsNotice {
            title: title(""),
            quote: Some(QuoteArea { link: Some(empty.clone()), title: None, text: None }),
            image: Some(CardImage { url: String::new(), aspect_ratio: None }),
            image_text_area: Some(ImageTextArea {
                image_url: String::new(),
                link: Some(empty.clone()),
                title: None,
                description: None,
            }),
            vertical_contents: Some(vec![VerticalContent {
                title: String::new(),
                description: None,
            }]),
            horizontal_contents: Some(vec![HorizontalContent {
                name: String::new(),
                ..content(None, Some(ContentTarget::Url(String::new())))
            }]),
            jumps: Some(vec![CardJump { title: String::new(), link: Some(empty) }]),
            action: Link::MiniProgram(MiniProgram { app_id: String::new(), page_path: None }),
            ..news_notice_card()
        };
        expect![[r#"
            message.card.news-notice.title.title: must not be empty
            message.card.news-notice.quote.link.url: must not be empty
            message.card.news-notice.image.url: must not be empty
            message.card.news-notice.image-text-area.image-url: must not be empty
            message.card.news-notice.image-text-area.link.url: must not be empty
            message.card.news-notice.vertical-contents[0].title: must not be empty
            message.card.news-notice.horizontal-contents[0].name: must not be empty
            message.card.news-notice.horizontal-contents[0].target.url: must not be empty
            message.card.news-notice.jumps[0].title: must not be empty
            message.card.news-notice.jumps[0].link.url: must not be empty
            message.card.news-notice.action.mini-program.app-id: must not be empty"#]]
        .assert_eq(&new(TemplateCard::NewsNotice(card), None));
    }

    #[test]
    fn lists_have_their_documented_sizes() {
        let ids: Vec<_> = (0..30).map(|it| it.to_string()).collect();
        let ids: Vec<_> = ids.iter().map(String::as_str).collect();
        for count in 0..23 {
            let ids = ids.get(..count).unwrap();
            let buttons = ids.iter().map(|it| callback(it)).collect();
            let selections = ids.iter().map(|it| selection(it, &["1"], None)).collect();
            let vertical = VerticalContent { title: "V".into(), description: None };
            for (name, card, sizes) in [
                (
                    "horizontal contents",
                    TemplateCard::TextNotice(TextNotice {
                        horizontal_contents: Some(vec![content(None, None); count]),
                        ..text_notice_card()
                    }),
                    0..=6,
                ),
                (
                    "jumps",
                    TemplateCard::TextNotice(TextNotice {
                        jumps: Some(vec![jump(None); count]),
                        ..text_notice_card()
                    }),
                    0..=3,
                ),
                (
                    "vertical contents",
                    TemplateCard::NewsNotice(NewsNotice {
                        vertical_contents: Some(vec![vertical; count]),
                        ..news_notice_card()
                    }),
                    0..=4,
                ),
                (
                    "menu",
                    TemplateCard::TextNotice(TextNotice {
                        menu: Some(menu(ids)),
                        ..text_notice_card()
                    }),
                    1..=3,
                ),
                ("buttons", TemplateCard::ButtonInteraction(buttons_card(buttons)), 1..=6),
                (
                    "selection",
                    TemplateCard::ButtonInteraction(ButtonInteraction {
                        selection: Some(selection("q", ids, None)),
                        ..buttons_card(vec![callback("yes")])
                    }),
                    1..=10,
                ),
                ("checkbox", TemplateCard::VoteInteraction(vote_card(ids)), 1..=20),
                ("selections", TemplateCard::MultipleInteraction(multiple_card(selections)), 1..=3),
            ] {
                assert_eq!(is_accepted(card), sizes.contains(&count), "{count} {name}");
            }
        }
    }

    #[test]
    fn keys_have_their_documented_lengths() {
        let key = |bytes: usize| format!("{}{}", "部".repeat(bytes / 3), "k".repeat(bytes % 3));
        for (bytes, accepted) in [(0, false), (1, true), (1024, true), (1025, false)] {
            let key = key(bytes);
            let vote = VoteInteraction {
                submit: Some(CardSubmit { text: None, key: key.clone() }),
                ..vote_card(&["1"])
            };
            for card in [
                TemplateCard::TextNotice(TextNotice {
                    menu: Some(menu(&[&key])),
                    ..text_notice_card()
                }),
                TemplateCard::ButtonInteraction(buttons_card(vec![callback(&key)])),
                TemplateCard::MultipleInteraction(multiple_card(vec![selection(
                    &key,
                    &["1"],
                    None,
                )])),
                TemplateCard::VoteInteraction(vote),
            ] {
                assert_eq!(is_accepted(card.clone()), accepted, "{bytes}: {card:?}");
            }
        }
        for (bytes, accepted) in [(0, false), (1, true), (128, true), (129, false)] {
            let id = key(bytes);
            for card in [
                TemplateCard::VoteInteraction(vote_card(&[&id])),
                TemplateCard::MultipleInteraction(multiple_card(vec![selection(
                    "q",
                    &[&id],
                    None,
                )])),
            ] {
                assert_eq!(is_accepted(card.clone()), accepted, "{bytes}: {card:?}");
            }
        }
        for (style, accepted) in [(0, false), (1, true), (4, true), (5, false)] {
            let button = CardButton { style: Some(style), ..callback("yes") };
            let card = TemplateCard::ButtonInteraction(buttons_card(vec![button]));
            assert_eq!(is_accepted(card), accepted, "style {style}");
        }
    }

    fn replaced(card: TemplateCard, text: Option<&str>, disabled: Option<bool>) -> String {
        written(|check| {
            replacement(check, "update.change.card", card, text.map(Into::into), disabled)
        })
    }

    #[test]
    fn replacement_needs_no_submit_and_no_task() {
        let vote = VoteInteraction { submit: None, ..vote_card(&["1"]) };
        expect![[
            r#"{"card_type":"vote_interaction","main_title":{"title":"T","desc":"D"},"checkbox":{"question_key":"q","mode":1,"option_list":[{"id":"1","text":"O","is_checked":true}],"disable":true},"replace_text":"done"}"#
        ]]
        .assert_eq(&replaced(TemplateCard::VoteInteraction(vote), Some("done"), Some(true)));
        let multiple =
            multiple_card(vec![selection("q", &["1"], None), selection("r", &["1"], None)]);
        expect![[
            r#"{"card_type":"multiple_interaction","main_title":{"title":"T","desc":"D"},"select_list":[{"question_key":"q","option_list":[{"id":"1","text":"O"}],"disable":true},{"question_key":"r","option_list":[{"id":"1","text":"O"}],"disable":true}],"submit_button":{"key":"submit"}}"#
        ]]
        .assert_eq(&replaced(TemplateCard::MultipleInteraction(multiple), None, Some(true)));
        let menu = TextNotice { menu: Some(menu(&["a"])), ..text_notice_card() };
        assert!(replaced(TemplateCard::TextNotice(menu), None, Some(false)).starts_with('{'));
    }

    #[test]
    fn replacement_without_a_place_for_its_members_is_refused() {
        expect![[r#"
            update.change.card.replace-text: is for cards with buttons
            update.change.card.disabled: is for vote and multiple interactions"#]]
        .assert_eq(&replaced(
            TemplateCard::NewsNotice(news_notice_card()),
            Some("done"),
            Some(true),
        ));
        expect!["update.change.card.disabled: is for vote and multiple interactions"].assert_eq(
            &replaced(
                TemplateCard::ButtonInteraction(buttons_card(vec![callback("yes")])),
                Some("done"),
                Some(true),
            ),
        );
    }

    #[test]
    fn chatbot_card_has_no_menu_and_needs_an_image() {
        let area =
            ImageTextArea { image_url: "j.png".into(), link: None, title: None, description: None };
        let news = NewsNotice {
            menu: Some(menu(&["a"])),
            image: None,
            image_text_area: Some(area),
            ..news_notice_card()
        };
        expect![[r#"
            card.news-notice.menu: is not for chatbots
            card.news-notice.image: is required for a chatbot"#]]
        .assert_eq(&written(|check| chatbot_card(check, "card", ChatbotCard::NewsNotice(news))));
        let text = TextNotice { menu: Some(menu(&["a"])), ..text_notice_card() };
        expect!["card.text-notice.menu: is not for chatbots"].assert_eq(&written(|check| {
            chatbot_card(check, "card", ChatbotCard::TextNotice(text))
        }));
    }
}
