//! `wecom check`: which credentials of a profile work, and what to do about the others.

use serde_json::{Value, json};

use crate::{
    cli::Using,
    failure::{self, Failure},
    lang::Lang,
    member::get,
    output::{Format, Output, visible, write_text},
    profiles,
    session::Session,
    wire::Mode,
};

/// The outcome of checking one credential.
struct Finding {
    what: &'static str,
    /// None where it is not set.
    outcome: Option<Result<String, Failure>>,
}

pub(crate) fn check(output: Output, using: &Using) -> Result<(), Failure> {
    let profile = using.profile().unwrap_or_default();
    let variables = profiles::environment(Some(&profile))?;
    let prefix = profiles::prefix(&profile);
    let set = |suffix: &str| {
        variables.iter().any(|it| it.0 == format!("{prefix}{suffix}") && !it.1.trim().is_empty())
    };

    let mut setup = using.setup(Mode::Send);
    // A cached token would not show whether the secret works.
    setup.cache = false;
    let mut session = Session::new(setup, output)?;
    let mut findings = Vec::new();
    for (what, suffix, scope) in [
        ("application secret", "SECRET", "application"),
        ("contacts secret", "CONTACTS_SECRET", "contacts"),
    ] {
        let outcome = set(suffix).then(|| try_secret(&mut session, &profile, scope));
        findings.push(Finding { what, outcome });
    }
    let key = set("CHATBOT_KEY").then(|| {
        Ok(output
            .lang
            .pick(
                "is set; only a message would show whether it works",
                "已设置；只有发送消息才能验证",
            )
            .to_owned())
    });
    findings.push(Finding { what: "chatbot key", outcome: key });
    report(output, &prefix, findings)
}

/// Fetches a token and reads the departments that it may see.
fn try_secret(session: &mut Session, profile: &str, scope: &str) -> Result<String, Failure> {
    let application = json!({ "profile": profile });
    let arguments = json!({ "application": application, "scope": scope });
    let issued = session.call("get-access-token", &arguments)?;
    let token = get(&issued, "access-token");
    let arguments = json!({ "application": { "token": token } });
    let departments = session.call("list-department-ids", &arguments)?;
    let number = departments.as_array().map_or(0, Vec::len);
    Ok(match session.lang() {
        Lang::English => format!("works; departments visible: {number}"),
        Lang::Chinese => format!("可用；可见 {number} 个部门"),
    })
}

fn report(output: Output, prefix: &str, findings: Vec<Finding>) -> Result<(), Failure> {
    let text = output.result_format() == Format::Text;
    let (mut lines, mut json, mut worst) = (Vec::new(), Vec::new(), None::<Failure>);
    let none = findings.iter().all(|it| it.outcome.is_none());
    for Finding { what, outcome } in findings {
        match outcome {
            None => {
                lines.push(format!("-  {what}: {}", output.lang.pick("not set", "未设置")));
                json.push(json!({ "credential": what, "state": "not-set" }));
            }
            Some(Ok(words)) => {
                lines.push(format!("ok {what}: {words}"));
                json.push(json!({ "credential": what, "state": "ok", "detail": words }));
            }
            Some(Err(failure)) => {
                lines.push(format!("!! {what}: {}", reason(&failure)));
                let error = failure.error();
                json.push(json!({ "credential": what, "state": "failed", "error": error }));
                if worst.as_ref().is_none_or(|it| it.code() < failure.code()) {
                    worst = Some(failure);
                }
            }
        }
    }
    if none {
        return Err(Failure::Usage(format!(
            "no credentials: set {prefix}CORP_ID and {prefix}SECRET, {prefix}CONTACTS_SECRET or {prefix}CHATBOT_KEY; \
             see `wecom help credentials`"
        )));
    }
    if text {
        write_text(&lines.join("\n"))?;
    } else {
        output.result(&Value::Array(json))?;
    }
    match worst {
        None => Ok(()),
        Some(failure) => Err(failure),
    }
}

/// The reason why a credential does not work, with the hint, on one line.
fn reason(failure: &Failure) -> String {
    let Failure::Returned(error) = failure else { return visible(&failure.json().to_string()) };
    let payload = &error[failure::case(error)];
    let part = |name: &str| payload[name].as_str().map(visible);
    let text = match (get(payload, "code").as_i64(), part("message"), part("hint")) {
        (Some(code), Some(message), Some(hint)) => format!("{code} {message}: {hint}"),
        _ => match (payload.as_str(), part("reason")) {
            (Some(text), _) => visible(text),
            (None, Some(reason)) => {
                let place = part("server").map(|it| format!(" ({it})")).unwrap_or_default();
                format!("{reason}{place}")
            }
            (None, None) => visible(&payload.to_string()),
        },
    };
    match part("caller-address") {
        Some(address) => format!("{text} ({address})"),
        None => text,
    }
}
