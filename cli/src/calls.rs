//! Calls of actions: one, all pages of one, a pretended one, or a batch.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use wecom_contract::{Action, Contract};

use crate::{
    arguments::{self, Identity},
    cli::{Call, CallOptions, Using},
    failure::Failure,
    forms, input,
    lang::Lang,
    member::{get, set},
    output::{Format, Output, Paint, truncation, visible, write_report, write_text},
    session::Session,
    suggest,
    wire::Mode,
};

/// `wecom ACTION` and `wecom call ACTION`.
pub(crate) fn call(contract: &Contract, output: Output, call: &Call) -> Result<(), Failure> {
    let action = action(contract, &call.action)?;
    let options = &call.options;
    let arguments = arguments::build(contract, action, &options.arguments, &options.identity())?;
    let outcome = call_with(contract, output, action, arguments.clone(), options);
    outcome.map_err(|mut failure| {
        if let Failure::Arguments { errors, .. } = &mut failure {
            for it in errors {
                forms::explain(contract, action, &arguments, it);
            }
        }
        failure
    })
}

fn call_with(
    contract: &Contract,
    output: Output,
    action: &Action,
    arguments: Value,
    options: &CallOptions,
) -> Result<(), Failure> {
    if options.dry_run {
        return dry_run(output, action, &arguments, &options.using);
    }
    let setup = options.using.setup(Mode::Send);
    if options.split {
        let mut session = Session::new(setup, output)?;
        return output.result(&all_parts(&mut session, contract, action, arguments)?);
    }
    if let Some(file) = &options.to {
        let field = file_of_result(contract, action)?;
        if file.is_file() {
            return Err(exists(file));
        }
        let result = Session::new(setup, output)?.call(&action.name, &arguments)?;
        return write_file(output, file, result, field);
    }
    if options.all {
        let list = list_of_pages(contract, action)?;
        let mut session = Session::new(setup, output)?;
        return output.result(&all_pages(&mut session, action, arguments, &list)?);
    }
    output.result(&Session::new(setup, output)?.call(&action.name, &arguments)?)
}

fn action<'a>(contract: &'a Contract, name: &str) -> Result<&'a Action, Failure> {
    contract.action(name).ok_or_else(|| {
        let names = contract.actions.iter().map(|it| it.name.as_str());
        Failure::UnknownAction { name: name.to_owned(), similar: suggest::similar(name, names) }
    })
}

/// The field of an action's pages that holds the rows.
fn list_of_pages(contract: &Contract, action: &Action) -> Result<String, Failure> {
    let pages = |action: &Action| {
        let fields = contract.fields(&action.result);
        let cursor = fields.iter().any(|it| it.name == "next-cursor")
            && action.inputs().iter().any(|it| it.name == "cursor");
        let list = fields
            .iter()
            .find(|it| matches!(contract.resolve(&it.ty), wecom_contract::Type::List(_)));
        list.filter(|_| cursor).map(|it| it.name.clone())
    };
    pages(action).ok_or_else(|| {
        let names: Vec<&str> = contract
            .actions
            .iter()
            .filter(|it| pages(it).is_some())
            .map(|it| it.name.as_str())
            .collect();
        Failure::Usage(format!("--all is for actions with pages: {}", names.join(", ")))
    })
}

/// The rows of all pages, as one page, with all warnings: the cursor is that of the last page. A cursor that leads to itself ends
/// them, and stays in the result.
fn all_pages(
    session: &mut Session,
    action: &Action,
    mut arguments: Value,
    list: &str,
) -> Result<Value, Failure> {
    let mut all = session.call(&action.name, &arguments)?;
    while let Value::String(cursor) = get(&all, "next-cursor")
        && get(&arguments, "cursor") != cursor.as_str()
    {
        set(&mut arguments, "cursor", cursor.as_str());
        let mut page = match session.call(&action.name, &arguments) {
            Ok(page) => page,
            Err(failure) => {
                return Err(Failure::Pages { read: all, failure: Box::new(failure) });
            }
        };
        let take = |page: &mut Value| match page.get_mut(list).map(Value::take) {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        };
        let mut rows = take(&mut all);
        rows.append(&mut take(&mut page));
        set(&mut page, list, rows);
        let text = |page: &Value| get(page, "warning").as_str().map(str::to_owned);
        if let Some(earlier) = text(&all) {
            let warning = match text(&page) {
                Some(later) if !earlier.contains(&later) => format!("{earlier}; {later}"),
                _ => earlier,
            };
            set(&mut page, "warning", warning);
        }
        all = page;
    }
    Ok(all)
}

/// How a message with a text can be split: the format of the text and the bytes of a part. The text is `content` of the
/// last parameter, or the last parameter itself.
fn splitting(action: &Action) -> Result<(&'static str, u32), Failure> {
    const MESSAGE: u32 = 2048;
    const CHATBOT_MARKDOWN: u32 = 4096;
    const SPLITTING: [(&str, &str, u32); 7] = [
        ("send-app-text", "plain", MESSAGE),
        ("send-app-markdown", "markdown", MESSAGE),
        ("send-group-text", "plain", MESSAGE),
        ("send-group-markdown", "markdown", MESSAGE),
        ("send-chatbot-text", "plain", MESSAGE),
        ("send-chatbot-markdown", "markdown", CHATBOT_MARKDOWN),
        ("send-chatbot-markdown-v2", "markdown-v2", CHATBOT_MARKDOWN),
    ];
    let found = SPLITTING.iter().find(|it| it.0 == action.name);
    found.map(|it| (it.1, it.2)).ok_or_else(|| {
        let names: Vec<&str> = SPLITTING.iter().map(|it| it.0).collect();
        Failure::Usage(format!("--split is for texts: {}", names.join(", ")))
    })
}

/// Sends a text in parts, and returns the result of each.
fn all_parts(
    session: &mut Session,
    contract: &Contract,
    action: &Action,
    mut arguments: Value,
) -> Result<Value, Failure> {
    let (format, limit) = splitting(action)?;
    let path = match contract.record_parameter(action) {
        Some(it) => format!("/{}/content", it.name),
        None => "/content".to_owned(),
    };
    let content = arguments.pointer(&path).cloned().unwrap_or_default();
    let parts = match &content {
        Value::String(_) => session.call(
            "split-text",
            &json!({ "content": content, "format": format, "limit": limit, "numbered": true }),
        )?,
        // The call itself says what is wrong with it.
        _ => Value::Null,
    };
    let parts = parts.as_array().filter(|it| !it.is_empty()).cloned().unwrap_or(vec![content]);
    let of = parts.len();
    let mut sent = Vec::new();
    for (number, part) in (1_u32..).zip(parts) {
        if let Some(content) = arguments.pointer_mut(&path) {
            *content = part;
        }
        match session.call(&action.name, &arguments) {
            Ok(result) => {
                let mut report = json!({ "part": number });
                for (name, value) in result.as_object().into_iter().flatten() {
                    set(&mut report, name, value.clone());
                }
                sent.push(report);
            }
            Err(failure) => {
                return Err(Failure::Parts { sent, of, failure: Box::new(failure) });
            }
        }
    }
    Ok(json!({ "parts": sent }))
}

/// The field of an action's result that is a file.
fn file_of_result<'a>(contract: &'a Contract, action: &Action) -> Result<&'a str, Failure> {
    forms::file_of_result(contract, action).ok_or_else(|| {
        let actions =
            contract.actions.iter().filter(|it| forms::file_of_result(contract, it).is_some());
        let names: Vec<&str> = actions.map(|it| it.name.as_str()).collect();
        Failure::Usage(format!("--to is for files: {}", names.join(", ")))
    })
}

/// Writes the file of a result, and prints the rest of it.
fn write_file(output: Output, file: &Path, mut result: Value, field: &str) -> Result<(), Failure> {
    let unwritable = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(file),
        _ => Failure::Output { why: format!("{}: {error}", file.display()), result: None },
    };
    let content = result.as_object_mut().and_then(|it| it.remove(field)).unwrap_or_default();
    // In JSON both cases, bytes and base64, carry base64.
    let base64 = content.as_str().or_else(|| content.as_object()?.values().next()?.as_str());
    let bytes =
        BASE64.decode(base64.unwrap_or_default()).map_err(|it| unwritable(io::Error::other(it)))?;
    if file == Path::new("-") {
        let mut stdout = io::stdout().lock();
        return stdout.write_all(&bytes).and_then(|()| stdout.flush()).map_err(unwritable);
    }
    let (is_new, opened) = match File::create_new(file) {
        // What is there and is no file, such as a pipe, is written to.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !file.is_file() => {
            (false, OpenOptions::new().write(true).open(file))
        }
        opened => (opened.is_ok(), opened),
    };
    opened.and_then(|mut it| it.write_all(&bytes)).map_err(|error| {
        if is_new {
            // No incomplete file is left. The error says what failed, whether or not it can be removed.
            let _ = fs::remove_file(file);
        }
        unwritable(error)
    })?;
    set(&mut result, "written", bytes.len());
    output.result(&result)
}

fn exists(file: &Path) -> Failure {
    let file = file.display();
    Failure::Usage(format!(
        "{file} exists, and is not overwritten: name another file, or write `--to - >{file}`"
    ))
}

/// Shows the requests that would be sent, if each of them is accepted.
fn dry_run(
    output: Output,
    action: &Action,
    arguments: &Value,
    using: &Using,
) -> Result<(), Failure> {
    let mut session = Session::new(using.setup(Mode::DryRun), output)?;
    let outcome = session.call(&action.name, arguments);
    let requests = session.pretended();
    if requests.is_empty() {
        // It was refused before anything was sent, or works offline.
        return output.result(&outcome?);
    }
    let truncated = outcome.ok().map(|it| get(&it, "truncated").clone()).filter(Value::is_array);
    let truncated = truncated.unwrap_or_else(|| json!([]));
    if output.result_format() != Format::Text {
        return output.result(&json!({ "dry-run": requests, "truncated": truncated }));
    }

    let mut text = String::new();
    for it in &requests {
        text.extend([string(get(it, "method")), " ", string(get(it, "url")), "\n\n"]);
        let shown = match (get(it, "file"), get(it, "body")) {
            (Value::Null, Value::Null) => continue,
            (Value::Null, Value::String(body)) => visible(body),
            (Value::Null, body) => format!("{body:#}"),
            (file, _) => shown_file(file, output.lang),
        };
        text.extend([&shown, "\n\n"]);
    }
    let paint = Paint::stdout();
    for it in truncated.as_array().into_iter().flatten() {
        text.extend([&truncation(it, output.lang, &paint), "\n"]);
    }
    text += output.lang.pick("Nothing was sent.", "什么也没有发送。");
    write_text(&text)
}

/// The file of an upload in words.
fn shown_file(file: &Value, lang: Lang) -> String {
    let (name, bytes) = (visible(string(get(file, "name"))), get(file, "bytes"));
    match lang {
        Lang::English => format!("the file {name}, {bytes} bytes"),
        Lang::Chinese => format!("文件 {name}，{bytes} 字节"),
    }
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// `wecom batch`: a line of JSON for each line of JSON.
pub(crate) fn batch(
    contract: &Contract,
    output: Output,
    file: &str,
    using: &Using,
) -> Result<(), Failure> {
    let unreadable = |error: io::Error| Failure::Usage(format!("{file} cannot be read: {error}"));
    let lines: Box<dyn BufRead> = match file {
        "-" => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(file).map_err(unreadable)?)),
    };
    let mut session = Session::new(using.setup(Mode::Send), output)?;
    let (mut failed, mut of, mut code) = (0, 0, 0);
    for (number, line) in lines.lines().enumerate() {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        of += 1;
        let mut report = json!({ "line": number + 1 });
        match batch_line(contract, &mut session, &line, &using.identity(), &mut report) {
            Ok(result) => set(&mut report, "result", result),
            Err(failure) => {
                set(&mut report, "error", failure.error());
                failed += 1;
                code = code.max(failure.code());
            }
        }
        if !output.quiet || report.get("error").is_some() {
            // The lines after it are not sent: there is no place for their results.
            write_report(&report)?;
        }
    }
    if failed > 0 { Err(Failure::Several { failed, of, code }) } else { Ok(()) }
}

fn batch_line(
    contract: &Contract,
    session: &mut Session,
    line: &str,
    identity: &Identity,
    report: &mut Value,
) -> Result<Value, Failure> {
    let usage = |why: &str| {
        Failure::Usage(format!(
            "{why}; a line is {{\"action\": NAME, \"arguments\": {{…}}}}, and may have an \"id\""
        ))
    };
    let line = input::json(line).map_err(|error| usage(&format!("the JSON is broken: {error}")))?;
    let Value::Object(mut line) = line else { return Err(usage("the JSON is not an object")) };
    if let Some(id) = line.remove("id") {
        set(report, "id", id);
    }
    let Some(Value::String(name)) = line.remove("action") else {
        return Err(usage("there is no \"action\""));
    };
    set(report, "action", name.as_str());
    let arguments = match line.remove("arguments") {
        None => Map::new(),
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return Err(usage("\"arguments\" is not an object")),
    };
    if let Some(name) = line.keys().next() {
        return Err(usage(&format!("there is no {name:?}")));
    }
    let action = action(contract, &name)?;
    let arguments = arguments::from_object(contract, action, arguments, identity)?;
    session.call(&action.name, &arguments)
}
