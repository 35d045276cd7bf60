//! The contract in the words of a terminal, and as JSON.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use wecom_host::contract::{Action, Contract, Member, NamedType};

/// Who acts is explained once, and not with every action.
const IDENTITY: [&str; 5] =
    ["application", "application-credentials", "access-token", "chatbot", "chatbot-credentials"];

pub(crate) fn actions(contract: &Contract) -> String {
    let width = contract.actions.iter().map(|it| it.name.len()).max().unwrap_or_default();
    let mut out = String::new();
    let mut interface = "";
    for action in &contract.actions {
        if interface != action.interface {
            let gap = if interface.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", action.interface);
            interface = &action.interface;
        }
        let _ = writeln!(out, "  {:width$}  {}", action.name, action.summary());
    }
    out
}

pub(crate) fn actions_json(contract: &Contract) -> Value {
    let action = |it: &Action| json!({ "name": it.name, "interface": it.interface, "summary": it.summary() });
    contract.actions.iter().map(action).collect()
}

pub(crate) fn action(contract: &Contract, action: &Action) -> String {
    let mut out = format!(
        "{} ({})\n\n{}\n\nParameters\n",
        action.name, action.interface, action.documentation
    );
    let width = action.parameters.iter().map(|it| it.name.len()).max().unwrap_or_default();
    for parameter in &action.parameters {
        let ty = parameter.ty.as_deref().unwrap_or_default();
        let note = match contract.named_type(ty) {
            _ if IDENTITY.contains(&ty) => {
                format!("  who acts: --profile, --as, or left out; see `wecom describe {ty}`")
            }
            Some(it) if it.kind == "record" => {
                "  its fields may stand beside the other parameters".into()
            }
            _ => String::new(),
        };
        let _ = writeln!(out, "  {:width$}  {ty}{note}", parameter.name);
    }

    // What only says who acts is left out.
    let is_identity = |it: &Member| it.ty.as_deref().is_some_and(|it| IDENTITY.contains(&it));
    let mut members: Vec<&Member> =
        action.parameters.iter().filter(|it| !is_identity(it)).collect();
    for ty in action.input_types.iter().filter_map(|it| contract.named_type(it)) {
        if members.iter().any(|it| it.ty.as_ref().is_some_and(|it| it.contains(&ty.name))) {
            members.extend(&ty.members);
            let _ = write!(out, "\n{}", named_type(ty));
        }
    }
    let _ = writeln!(out, "\nReturns\n  {}", action.result);
    for ty in action.output_types.iter().filter_map(|it| contract.named_type(it)) {
        let _ = write!(out, "\n{}", named_type(ty));
    }

    let _ = writeln!(
        out,
        "\nErrors (see `wecom describe error` for all cases, `wecom --help` for exit codes)"
    );
    for error in &action.errors {
        let _ = writeln!(out, "  {error}");
    }
    let _ = writeln!(out, "\nExample\n  {}", example(contract, action));
    let _ = writeln!(out, "  {}", example_object(contract, action));
    out
}

pub(crate) fn action_json(contract: &Contract, action: &Action) -> Value {
    let types = action
        .input_types
        .iter()
        .chain(&action.output_types)
        .filter_map(|it| contract.named_type(it));
    json!({
        "name": action.name,
        "interface": action.interface,
        "documentation": action.documentation,
        "parameters": action.parameters.iter().map(member_json).collect::<Vec<_>>(),
        "result": action.result,
        "errors": action.errors,
        "example": {
            "command": example(contract, action),
            "json": action.example_arguments(),
            "wave": action.example,
        },
        "types": Value::Object(types.map(|it| (it.name.clone(), named_type_json(it))).collect()),
    })
}

pub(crate) fn named_type(ty: &NamedType) -> String {
    let mut out = format!("{} {}", ty.kind, ty.name);
    if let Some(other) = &ty.alias_of {
        let _ = write!(out, " = {other}");
    }
    out.push('\n');
    indent(&mut out, 2, &ty.documentation);
    for member in &ty.members {
        let _ = match &member.ty {
            Some(of) if ty.kind == "variant" => writeln!(out, "  - {}({of})", member.name),
            Some(of) => writeln!(out, "  - {}: {of}", member.name),
            None => writeln!(out, "  - {}", member.name),
        };
        indent(&mut out, 6, &member.documentation);
    }
    out
}

pub(crate) fn named_type_json(ty: &NamedType) -> Value {
    let mut json = json!({ "kind": ty.kind, "documentation": ty.documentation });
    if let Some(object) = json.as_object_mut() {
        if let Some(other) = &ty.alias_of {
            object.insert("type".into(), other.as_str().into());
        }
        if !ty.members.is_empty() {
            object.insert("members".into(), ty.members.iter().map(member_json).collect());
        }
    }
    json
}

fn member_json(member: &Member) -> Value {
    let mut object = Map::from_iter([("name".to_owned(), Value::from(member.name.as_str()))]);
    if let Some(ty) = &member.ty {
        object.insert("type".into(), ty.as_str().into());
    }
    if !member.documentation.is_empty() {
        object.insert("documentation".into(), member.documentation.as_str().into());
    }
    Value::Object(object)
}

fn indent(out: &mut String, by: usize, text: &str) {
    for line in text.lines() {
        if line.is_empty() {
            out.push('\n');
        } else {
            let _ = writeln!(out, "{:by$}{line}", "");
        }
    }
}

/// The contract's example as a command that can be copied.
fn example(contract: &Contract, action: &Action) -> String {
    let mut command = format!("wecom call {}", action.name);
    let Some(Value::Object(mut arguments)) = action.example_arguments() else { return command };
    for parameter in &action.parameters {
        let ty = parameter.ty.as_deref().unwrap_or_default();
        let Some(value) = arguments.remove(&parameter.name).filter(|_| !IDENTITY.contains(&ty))
        else {
            continue;
        };
        match (contract.named_type(ty).filter(|it| it.kind == "record"), value) {
            (Some(record), Value::Object(mut fields)) => {
                // Nobody types a file as numbers.
                let file =
                    fields.get("file-name").and_then(Value::as_str).map(|it| format!("@{it}"));
                for bytes in record.members.iter().filter(|it| it.ty.as_deref() == Some("list<u8>"))
                {
                    fields.insert(bytes.name.clone(), file.clone().into());
                }
                for (name, it) in &fields {
                    words(&mut command, name, it);
                }
            }
            (_, value) => words(&mut command, &parameter.name, &value),
        }
    }
    command
}

/// The same as a JSON object, without who acts.
fn example_object(contract: &Contract, action: &Action) -> String {
    let Some(Value::Object(mut arguments)) = action.example_arguments() else {
        return String::new();
    };
    for parameter in &action.parameters {
        let ty = parameter.ty.as_deref().unwrap_or_default();
        let record = contract.named_type(ty).is_some_and(|it| it.kind == "record");
        match arguments.remove(&parameter.name) {
            Some(_) if IDENTITY.contains(&ty) => {}
            Some(Value::Object(fields)) if record => arguments.extend(fields),
            Some(value) => {
                arguments.insert(parameter.name.clone(), value);
            }
            None => {}
        }
    }
    format!("wecom call {} {}", action.name, quote(&Value::Object(arguments).to_string()))
}

/// NAME=VALUE for a value: one for each part of an object, and for each element of a list of texts or numbers.
fn words(command: &mut String, name: &str, value: &Value) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, it) in fields {
                words(command, &format!("{name}.{field}"), it);
            }
        }
        Value::Array(items)
            if !items.is_empty() && items.iter().all(|it| it.is_string() || it.is_number()) =>
        {
            for it in items {
                words(command, name, it);
            }
        }
        Value::String(text) => {
            let _ = write!(command, " {name}={}", quote(text));
        }
        other => {
            let _ = write!(command, " {name}={}", quote(&other.to_string()));
        }
    }
}

/// For a shell.
fn quote(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "-_./:@+,%".contains(it);
    if !text.is_empty() && text.chars().all(plain) {
        text.into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
