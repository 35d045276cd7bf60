//! `wecom explain CODE`: what an error code of WeCom means, offline, from the component's own table.

use serde_json::{Value, json};
use wecom_contract::Contract;

use crate::{
    failure::Failure,
    lang::Lang,
    member::{get, set},
    output::{Format, Output, write_text},
    session::{Session, Setup},
};

pub(crate) fn explain(contract: &Contract, output: Output, code: i64) -> Result<(), Failure> {
    let mut session = Session::new(Setup { cache: false, ..Setup::default() }, output)?;
    let language = output.lang.pick("english", "chinese");
    let arguments = json!({ "code": code, "language": language });
    let mut explained = session.call("explain-error", &arguments)?;
    let mentions: Vec<Value> = contract
        .actions
        .iter()
        .flat_map(|action| action.errors.iter().map(move |error| (action, error)))
        .filter(|(_, error)| mentions(error, code))
        .map(|(action, error)| json!({ "action": action.name, "error": error }))
        .collect();
    if output.result_format() == Format::Text {
        return write_text(&text(output.lang, &explained, &mentions));
    }
    set(&mut explained, "actions", mentions);
    output.result(&explained)
}

/// Whether the first words of a text, such as `permanent-rejected` 60004, name a code.
fn mentions(text: &str, code: i64) -> bool {
    let code = code.to_string();
    let head = text.split_once(':').map_or(text, |it| it.0);
    head.split(|it: char| !it.is_ascii_digit() && it != '-').any(|it| it == code)
}

fn text(lang: Lang, explained: &Value, mentions: &[Value]) -> String {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let retry = if get(explained, "retry") == true {
        lang.pick("The same call can succeed later.", "同样的调用稍后可能成功。")
    } else {
        lang.pick("The same call will be rejected again.", "同样的调用会再次被拒绝。")
    };
    let mut lines = vec![
        format!("{}: {}", get(explained, "code"), string(get(explained, "meaning"))),
        format!("  {}", string(get(explained, "advice"))),
        format!("  {retry}"),
    ];
    if !mentions.is_empty() {
        lines.push(format!("\n{}", lang.pick("Where it is documented", "相关操作")));
    }
    // Actions that share an error on one line.
    let mut errors: Vec<(String, Vec<String>)> = Vec::new();
    for it in mentions {
        let (action, error) = (string(get(it, "action")), string(get(it, "error")));
        match errors.iter_mut().find(|it| it.0 == error) {
            Some((_, actions)) => actions.push(action),
            None => errors.push((error, vec![action])),
        }
    }
    for (error, actions) in errors {
        lines.push(format!("  {}", lang.text(&error, &error)));
        lines.push(format!("    {}", actions.join(", ")));
    }
    lines.join("\n")
}
