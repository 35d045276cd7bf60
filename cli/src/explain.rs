//! `wecom explain CODE`: what an error code of WeCom means, offline.
//!
//! The component knows: calls of several kinds are answered with the code, and it says what it would say. Nothing is sent.

use serde_json::{Value, json};
use wecom_contract::Contract;

use crate::{
    failure::{self, Failure},
    lang::Lang,
    member::{get, set},
    output::{Format, Output, write_text},
    session::{Session, Setup},
    wire::Mode,
};

pub(crate) fn explain(contract: &Contract, output: Output, code: i64) -> Result<(), Failure> {
    let credentials = json!({ "credentials": {
        "corp-id": "explain", "secret": "explain", "contacts-secret": "explain", "agent-id": 1,
    } });
    let calls = [
        (
            "send-app-text",
            json!({ "application": credentials, "message": { "recipients": "everyone", "content": "x" } }),
        ),
        ("list-department-ids", json!({ "application": credentials })),
        (
            "send-chatbot-text",
            json!({ "chatbot": { "credentials": { "key": "explain" } }, "message": { "content": "x" } }),
        ),
    ];
    let setup = Setup { mode: Mode::Refuse(code), cache: false, ..Setup::default() };
    let mut session = Session::new(setup, output)?;
    let mut responses: Vec<Value> = Vec::new();
    for (action, arguments) in calls {
        match session.call(action, &arguments) {
            Ok(_) => return Err(Failure::Usage(format!("{code} is no error code"))),
            Err(Failure::Returned(error)) => {
                let case = failure::case(&error);
                let response = json!({
                    "case": case,
                    "hint": get(get(&error, case), "hint"),
                    "retry-after": get(get(&error, case), "retry-after"),
                });
                let known = responses.iter_mut().find(|it| same(it, &response));
                if let Some(calls) = known.and_then(|it| it.get_mut("calls")?.as_array_mut()) {
                    calls.push(action.into());
                } else {
                    let mut response = response;
                    set(&mut response, "calls", json!([action]));
                    responses.push(response);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    let mentions: Vec<Value> = contract
        .actions
        .iter()
        .flat_map(|action| action.errors.iter().map(move |error| (action, error)))
        .filter(|(_, error)| mentions(error, code))
        .map(|(action, error)| json!({ "action": action.name, "error": error }))
        .collect();

    if output.result_format() != Format::Text {
        return output
            .result(&json!({ "code": code, "responses": responses, "actions": mentions }));
    }
    write_text(&text(output.lang, code, &responses, &mentions))
}

fn same(a: &Value, b: &Value) -> bool {
    ["case", "hint", "retry-after"].iter().all(|it| get(a, it) == get(b, it))
}

/// Whether a text names a code, as a whole number.
fn mentions(text: &str, code: i64) -> bool {
    let code = code.to_string();
    text.split(|it: char| !it.is_ascii_digit() && it != '-').any(|it| it == code)
}

fn text(lang: Lang, code: i64, responses: &[Value], mentions: &[Value]) -> String {
    let string = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = vec![code.to_string()];
    for response in responses {
        if responses.len() > 1 {
            let calls = get(response, "calls").as_array().into_iter().flatten().map(string);
            let calls = calls.collect::<Vec<_>>().join(", ");
            lines.push(format!("\n{} {calls}", lang.pick("For calls such as", "对于这样的调用：")));
        }
        lines.push(format!("  {}", string(get(response, "hint"))));
        let retry =
            match (string(get(response, "case")).as_str(), get(response, "retry-after").as_u64()) {
                ("rejected-for-now", Some(seconds)) => match lang {
                    Lang::English => format!("Rejected for now: retry in {seconds} s."),
                    Lang::Chinese => format!("暂时被拒绝：请在 {seconds} 秒后重试。"),
                },
                ("rejected-for-now", None) => {
                    lang.pick("Rejected for now: retry later.", "暂时被拒绝：请稍后重试。").into()
                }
                _ => lang
                    .pick("The same call will be rejected again.", "同样的调用会再次被拒绝。")
                    .into(),
            };
        lines.push(format!("  {retry}"));
    }
    if !mentions.is_empty() {
        lines.push(format!("\n{}", lang.pick("Where it is documented", "相关操作")));
    }
    for it in mentions {
        let error = string(get(it, "error"));
        lines.push(format!("  {}: {}", string(get(it, "action")), lang.text(&error, &error)));
    }
    lines.join("\n")
}
