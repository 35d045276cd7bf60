//! Results and failures for their reader: words on a terminal, JSON in a pipe, or what `-o` asks for.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;
use comfy_table::{Table, presets};
use console::{Style, Term};
use serde_json::{Map, Value, json};
use textwrap::WordSplitter;

use crate::{failure::Failure, lang::Lang, member::get};

/// The form of results and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Words for people: the default on a terminal.
    Text,
    /// JSON: the default in a pipe.
    Json,
    /// YAML.
    Yaml,
    /// A table.
    Table,
}

/// Where results and failures go.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) lang: Lang,
    format: Option<Format>,
    pub(crate) quiet: bool,
}

impl Output {
    pub(crate) fn new(lang: Lang, format: Option<Format>, quiet: bool) -> Self {
        Self { lang, format, quiet }
    }

    /// Prints a result, unless it is not wanted.
    pub(crate) fn result(self, value: &Value) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        print_result(&self.render(value), value)
    }

    /// Prints a failure on stderr.
    pub(crate) fn failure(self, failure: &Failure) {
        let json = failure.json();
        let words = match self.format {
            Some(Format::Json | Format::Yaml) => false,
            Some(Format::Text | Format::Table) => true,
            None => io::stderr().is_terminal(),
        };
        let text = match self.format {
            _ if words => in_columns(&failure_text(failure, self.lang, &Paint::stderr())),
            Some(Format::Yaml) => yaml(&json),
            _ => json.to_string(),
        };
        // Where stderr is gone, the exit code remains.
        let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
    }

    /// Prints a progress note on stderr, if it is a terminal.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet && io::stderr().is_terminal() {
            // As above.
            let _ = writeln!(io::stderr().lock(), "{}", visible(text));
        }
    }

    /// The form in which results are printed.
    pub(crate) fn result_format(self) -> Format {
        let default = if io::stdout().is_terminal() { Format::Text } else { Format::Json };
        self.format.unwrap_or(default)
    }

    fn render(self, value: &Value) -> String {
        match self.result_format() {
            Format::Json if io::stdout().is_terminal() => format!("{value:#}"),
            Format::Json => value.to_string(),
            Format::Yaml => yaml(value),
            Format::Table => table(value),
            Format::Text => result_text(value, self.lang, &Paint::stdout()),
        }
    }
}

/// Prints a line about a call. Unlike that of other text, its reader is expected to read on.
pub(crate) fn write_report(report: &Value) -> Result<(), Failure> {
    print_result(&report.to_string(), report)
}

/// Prints a result in the form of a text. Where that fails, the failure carries the result.
fn print_result(text: &str, result: &Value) -> Result<(), Failure> {
    let unwritten =
        |error: io::Error| Failure::Output { why: error.to_string(), result: Some(result.clone()) };
    print(text).map_err(unwritten)
}

/// Prints text as it is. A reader that closes the pipe, such as `head`, has read enough.
pub(crate) fn write_text(text: &str) -> Result<(), Failure> {
    match print(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Output { why: error.to_string(), result: None })
        }
        _ => Ok(()),
    }
}

/// Prints JSON, with line breaks for people and without for programs.
pub(crate) fn write_json(value: &Value) -> Result<(), Failure> {
    let people = io::stdout().is_terminal();
    write_text(&if people { format!("{value:#}") } else { value.to_string() })
}

fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", text.trim_end())?;
    stdout.flush()
}

/// JSON as YAML.
fn yaml(value: &Value) -> String {
    serde_norway::to_string(value).unwrap_or_else(|error| error.to_string())
}

/// A result in words: `Done.`, or what it consists of.
fn result_text(value: &Value, lang: Lang, paint: &Paint) -> String {
    let done = paint.good(lang.pick("Done.", "完成。"));
    let Value::Object(fields) = value else {
        return match value {
            Value::Null => done,
            Value::Array(items) if items.is_empty() => lang.pick("None.", "无。").into(),
            Value::Array(items) if items.iter().all(Value::is_object) => table(value),
            other => plain(other),
        };
    };
    let mut out = String::new();
    let mut notes = String::new();
    for (name, value) in fields {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("truncated", Value::Array(items)) => {
                for it in items {
                    let _ = writeln!(notes, "{}", truncation(it, lang, paint));
                }
            }
            ("warning", Value::String(text)) => {
                let label = paint.warn(lang.pick("Warning: ", "警告："));
                let _ = writeln!(notes, "{label}{}", visible(text));
            }
            (_, Value::Array(items)) if items.is_empty() => {}
            (_, Value::Array(items)) if items.iter().all(Value::is_object) => {
                let _ = writeln!(out, "{}:\n{}", paint.name(name), table(value));
            }
            _ => {
                let _ = writeln!(out, "{}: {}", paint.name(name), plain(value));
            }
        }
    }
    if out.is_empty() {
        out = format!("{done}\n");
    }
    out + &notes
}

/// A text that was shortened before it was sent.
pub(crate) fn truncation(it: &Value, lang: Lang, paint: &Paint) -> String {
    let label = paint.warn(lang.pick("Truncated: ", "已截断："));
    let (field, from, to) =
        (plain(get(it, "field")), plain(get(it, "original-bytes")), plain(get(it, "kept-bytes")));
    match lang {
        Lang::English => format!("{label}{field}, from {from} to {to} bytes"),
        Lang::Chinese => format!("{label}{field}，由 {from} 字节截至 {to} 字节"),
    }
}

/// A list of objects with a column for each member, anything else with a row for each.
fn table(value: &Value) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match value {
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            let mut columns: Vec<&str> = Vec::new();
            for name in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
                if !columns.contains(&name.as_str()) {
                    columns.push(name);
                }
            }
            table.set_header(columns.iter().map(|it| it.to_uppercase()));
            for item in items {
                table.add_row(columns.iter().map(|it| plain(get(item, it))));
            }
        }
        Value::Object(fields) => {
            // The rows of a page are what is asked for; the rest of it goes below.
            let list = fields.iter().find(|(_, it)| {
                it.as_array().is_some_and(|it| !it.is_empty() && it.iter().all(Value::is_object))
            });
            if let Some((list, rows)) = list.filter(|it| it.0 != "truncated") {
                let mut out = self::table(rows);
                for (name, value) in fields.iter().filter(|it| it.0 != list) {
                    let _ = write!(out, "\n{name}: {}", plain(value));
                }
                return out;
            }
            for (name, value) in fields {
                table.add_row([name.clone(), plain(value)]);
            }
        }
        Value::Array(items) => {
            for item in items {
                table.add_row([plain(item)]);
            }
        }
        other => return plain(other),
    }
    let lines = table.to_string();
    lines
        .lines()
        .map(|it| it.trim_end().strip_prefix(' ').unwrap_or(it))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A value on one line.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => visible(text),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(_) => visible(&value.to_string()),
        other => other.to_string(),
    }
}

/// A text that cannot move the cursor or color the terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::new();
    for it in text.chars() {
        if it.is_control() && it != '\n' && it != '\t' {
            out.extend(it.escape_default());
        } else {
            out.push(it);
        }
    }
    out
}

/// A text whose lines break between words on a terminal, and continue below their own indent.
fn in_columns(text: &str) -> String {
    let Some((_, columns)) = Term::stderr().size_checked() else { return text.to_owned() };
    let lines = text.lines().map(|line| {
        let margin = " ".repeat(line.len() - line.trim_start().len() + 2);
        let options = textwrap::Options::new(columns.into()).subsequent_indent(&margin);
        let options = options.break_words(false).word_splitter(WordSplitter::NoHyphenation);
        textwrap::fill(line, options)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A failure in words: what was wrong, where, what to do.
fn failure_text(failure: &Failure, lang: Lang, paint: &Paint) -> String {
    let pick = |english, chinese| lang.pick(english, chinese);
    let error = paint.bad(pick("error: ", "错误："));
    match failure {
        Failure::Usage(message) if message.contains("`wecom help ") => {
            format!("{error}{}", visible(message))
        }
        Failure::Usage(message) => format!(
            "{error}{}\n{}",
            visible(message),
            pick("See `wecom help`.", "参见 `wecom help`。")
        ),
        Failure::Arguments { action, errors } => {
            let title = pick("the arguments do not fit the action", "参数与操作不符");
            let errors = errors.iter().map(|it| json!({ "field": it.path, "reason": it.message }));
            format!(
                "{error}{title}\n{}{} `wecom help {action}`",
                fields(&errors.collect::<Vec<_>>(), paint),
                pick("See", "参见"),
            )
        }
        Failure::UnknownAction { name, similar } => {
            let name = visible(name);
            let head = match lang {
                Lang::English => format!("there is nothing called {name}"),
                Lang::Chinese => format!("没有名为 {name} 的操作"),
            };
            let tail = match (similar.is_empty(), lang) {
                (true, Lang::English) => "`wecom actions` lists all.".into(),
                (true, Lang::Chinese) => "`wecom actions` 列出全部。".into(),
                (false, Lang::English) => format!("Did you mean {}?", similar.join(" or ")),
                (false, Lang::Chinese) => format!("是否想用 {}？", similar.join(" 或 ")),
            };
            format!("{error}{head}\n{tail}")
        }
        Failure::Component(why) => format!(
            "{error}{}{}",
            pick("the component cannot be used: ", "无法使用组件："),
            visible(why)
        ),
        Failure::Output { why, result } => {
            let head = match result {
                Some(_) => pick(
                    "the call ended, but its result cannot be written: ",
                    "调用已结束，但无法写出结果：",
                ),
                None => pick("the output cannot be written: ", "无法写出："),
            };
            let result = result.as_ref().map(|it| format!("\n{it}")).unwrap_or_default();
            format!("{error}{head}{}{}", visible(why), visible(&result))
        }
        Failure::Stopped { why, took_effect } => {
            format!("{error}{}\n{}", visible(why), took_effect.words(lang))
        }
        Failure::Several { failed, of, .. } => match lang {
            Lang::English => format!("{error}{failed} of {of} calls failed"),
            Lang::Chinese => format!("{error}{of} 次调用中有 {failed} 次失败"),
        },
        Failure::Checks { failed, of } => match lang {
            Lang::English => format!("{error}{failed} of {of} checks failed"),
            Lang::Chinese => format!("{error}{of} 项检查中有 {failed} 项失败"),
        },
        Failure::Parts { sent, of, failure } => {
            let text = failure_text(failure, lang, paint);
            let sent = sent.len();
            match lang {
                Lang::English => format!(
                    "{text}\n  Parts sent: {sent} of {of}. The call sends all of them: send the rest by hand."
                ),
                Lang::Chinese => format!(
                    "{text}\n  已发送 {of} 条中的前 {sent} 条。再次调用会发送全部：请另行发送其余的。"
                ),
            }
        }
        Failure::Pages { read, failure } => {
            let text = failure_text(failure, lang, paint);
            let head = pick(
                "Read before that, with the cursor to go on from:",
                "在此之前已读取，其中的 cursor 可用于继续：",
            );
            format!("{text}\n  {head}\n{}", result_text(read, lang, paint))
        }
        Failure::Returned(returned) => returned_text(returned, lang, paint),
    }
}

/// The contract's `error` in words.
fn returned_text(error: &Value, lang: Lang, paint: &Paint) -> String {
    let pick = |english, chinese| lang.pick(english, chinese);
    let case = crate::failure::case(error);
    let payload = get(error, case);
    let title = match case {
        "permanent-invalid-input" => {
            pick("not sent: the call breaks WeCom's limits", "未发送：调用超出企业微信的限制")
        }
        "permanent-missing-credential" => {
            pick("not sent: a credential is missing", "未发送：缺少凭证")
        }
        "permanent-rejected" => pick("WeCom rejected the call", "企业微信拒绝了调用"),
        "rejected-for-now" => pick("WeCom rejected the call for now", "企业微信暂时拒绝了调用"),
        "unreachable" => pick("no connection; nothing was sent", "无法连接；什么也没有发送"),
        "no-reply" => {
            pick("no response; retrying the call does no harm", "未收到响应；重试没有危害")
        }
        "permanent-no-reply" => pick(
            "no response; the call may have taken effect, and retrying it may do it twice",
            "未收到响应；调用可能已生效，重试可能会执行两次",
        ),
        "permanent-unexpected-reply" => pick("the response is not WeCom's", "响应不是来自企业微信"),
        other => other,
    };
    let mut out = format!("{}{title}", paint.bad(pick("error: ", "错误：")));
    match payload {
        Value::String(text) => {
            let _ = write!(out, "\n  {}", visible(text));
        }
        Value::Array(items) => {
            out.push('\n');
            out.push_str(&fields(items, paint));
        }
        Value::Object(members) => {
            if let (Some(code), Some(message)) = (members.get("code"), members.get("message")) {
                let _ = write!(out, "{}{} {}", pick(": ", "："), plain(code), plain(message));
            }
            for (name, value) in members {
                let _ = match name.as_str() {
                    "code" | "message" => Ok(()),
                    "hint" | "reason" => write!(out, "\n  {}", plain(value)),
                    "retry-after" => match lang {
                        Lang::English => write!(out, "\n  Retry in {} s.", plain(value)),
                        Lang::Chinese => write!(out, "\n  请在 {} 秒后重试。", plain(value)),
                    },
                    _ => write!(out, "\n  {}: {}", paint.name(name), plain(value)),
                };
            }
        }
        _ => {}
    }
    if let Some(code) = payload.get("code") {
        let _ = write!(out, "\n  {}`wecom explain {}`", pick("More: ", "更多："), plain(code));
    }
    out
}

/// A line for each field and what is wrong with it.
fn fields(items: &[Value], paint: &Paint) -> String {
    let mut out = String::new();
    for it in items {
        let field = plain(get(it, "field"));
        let colon = if field.is_empty() { "" } else { ": " };
        let _ = writeln!(out, "  {}{colon}{}", paint.name(&field), plain(get(it, "reason")));
    }
    out
}

/// Colors, where the reader's terminal has them and `NO_COLOR` does not forbid them.
pub(crate) struct Paint {
    colors: bool,
}

impl Paint {
    pub(crate) fn stdout() -> Self {
        Self { colors: Term::stdout().features().is_attended() && console::colors_enabled() }
    }

    pub(crate) fn stderr() -> Self {
        Self { colors: Term::stderr().features().is_attended() && console::colors_enabled_stderr() }
    }

    fn apply(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colors).apply_to(text).to_string()
    }

    pub(crate) fn good(&self, text: &str) -> String {
        self.apply(Style::new().green(), text)
    }

    pub(crate) fn warn(&self, text: &str) -> String {
        self.apply(Style::new().yellow(), text)
    }

    pub(crate) fn bad(&self, text: &str) -> String {
        self.apply(Style::new().red().bold(), text)
    }

    pub(crate) fn name(&self, text: &str) -> String {
        self.apply(Style::new().bold(), text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Paint = Paint { colors: false };

    #[test]
    fn results_in_words() {
        let text = |value: Value| result_text(&value, Lang::English, &PLAIN);
        assert_eq!(text(json!({ "truncated": [] })), "Done.\n");
        assert_eq!(
            text(json!({
                "message-id": "m1",
                "invalid-users": ["noor.h", "iker.z"],
                "invalid-tags": [],
                "truncated": [{ "field": "message.content", "original-bytes": 3000, "kept-bytes": 2048 }],
                "warning": "slow",
            })),
            "message-id: m1\ninvalid-users: noor.h, iker.z\n\
             Truncated: message.content, from 3000 to 2048 bytes\nWarning: slow\n"
        );
        assert_eq!(
            text(json!([{ "id": 1, "order": 2 }, { "id": 310, "parent-id": 1 }])),
            "ID   ORDER  PARENT-ID\n1    2\n310         1"
        );
    }

    #[test]
    fn responses_cannot_move_the_cursor() {
        let text = result_text(&json!({ "name": "a\u{1b}[31mb" }), Lang::English, &PLAIN);
        assert_eq!(text, "name: a\\u{1b}[31mb\n");
    }

    #[test]
    fn rejection_in_words() {
        let error = json!({ "permanent-rejected": {
            "code": 60020, "message": "not allowed", "hint": "add the address", "caller-address": "203.0.113.7",
        } });
        assert_eq!(
            failure_text(&Failure::Returned(error), Lang::English, &PLAIN),
            "error: WeCom rejected the call: 60020 not allowed\n  add the address\n  \
             caller-address: 203.0.113.7\n  More: `wecom explain 60020`"
        );
    }
}
