//! `wecom check`: what works of a profile, and what to do about the rest. The component checks; no message is sent.

use serde_json::{Value, json};

use crate::{
    cli::Using,
    failure::Failure,
    member::get,
    output::{Format, Output, Paint, visible, write_text},
    profiles,
    session::Session,
    wire::Mode,
};

pub(crate) fn check(output: Output, using: &Using) -> Result<(), Failure> {
    let profile = using.profile().unwrap_or_default();
    let variables = profiles::environment(Some(&profile))?;
    let prefix = profiles::prefix(&profile);
    let set = |suffixes: &[&str]| {
        suffixes.iter().any(|suffix| {
            let name = format!("{prefix}{suffix}");
            variables.iter().any(|it| it.0 == name && !it.1.trim().is_empty())
        })
    };
    let checks = [
        ("application", "check-application", &["CORP_ID", "SECRET", "CONTACTS_SECRET"][..]),
        ("chatbot", "check-chatbot", &["CHATBOT_KEY"][..]),
    ];
    let checks: Vec<_> = checks.into_iter().filter(|it| set(it.2)).collect();
    if checks.is_empty() {
        return Err(Failure::Usage(format!(
            "no credentials: set {prefix}CORP_ID and {prefix}SECRET, {prefix}CONTACTS_SECRET or {prefix}CHATBOT_KEY; \
             see `wecom help credentials`"
        )));
    }

    let mut setup = using.setup(Mode::Send);
    // A cached token would not show whether the secret works.
    setup.cache = false;
    let mut session = Session::new(setup, output)?;
    let mut findings = Vec::new();
    for (credentials, action, _) in checks {
        let arguments = json!({ credentials: { "profile": profile } });
        if let Value::Array(more) = session.call(action, &arguments)? {
            findings.extend(more);
        }
    }
    let failed = findings.iter().filter(|it| get(it, "outcome") == "failed").count();
    let of = findings.len();
    if output.result_format() == Format::Text {
        if !output.quiet {
            write_text(&text(output, &findings))?;
        }
    } else {
        output.result(&Value::Array(findings))?;
    }
    if failed > 0 { Err(Failure::Checks { failed, of }) } else { Ok(()) }
}

/// A line for each finding, and what to do about it below.
fn text(output: Output, findings: &[Value]) -> String {
    let paint = Paint::stdout();
    let string = |it: &Value, name: &str| visible(get(it, name).as_str().unwrap_or_default());
    let mut lines = Vec::new();
    for it in findings {
        let mark = match get(it, "outcome").as_str() {
            Some("passed") => paint.good("ok"),
            Some("failed") => paint.bad("!!"),
            Some("warned") => paint.warn("! "),
            _ => "- ".into(),
        };
        let (subject, detail) = (string(it, "subject"), string(it, "detail"));
        lines.push(format!("{mark} {}: {detail}", output.lang.pick(&*subject, words(&subject))));
        let advice = string(it, "advice");
        if !advice.is_empty() {
            lines.push(format!("   {advice}"));
        }
    }
    lines.join("\n")
}

/// A subject in Chinese.
fn words(subject: &str) -> &str {
    match subject {
        "configuration" => "配置",
        "base-url" => "服务器地址",
        "credentials" => "企业 ID 和 secret",
        "caller-address" => "调用方 IP",
        "contacts-secret" => "通讯录同步的 secret",
        "agent-id" => "agentid",
        "visible-range" => "可见范围",
        "chatbot-key" => "群机器人的 key",
        other => other,
    }
}
