//! From the words of a command line to the JSON object that a function takes.

use std::{
    fs::File,
    io::{self, Read},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use wasmtime::component::Type;
use wecom_host::{Function, Problem};

use crate::{cli::Call, report::Failure};

/// More than the component would be given.
const LARGEST_FILE: u64 = 64 << 20;

/// No message repeats a value: it may be a secret.
pub(crate) fn build(function: &Function, call: &Call) -> Result<Value, Failure> {
    let mut builder =
        Builder { params: &function.params, arguments: Map::new(), problems: Vec::new() };
    for word in &call.arguments {
        match word.split_once('=').filter(|(name, _)| is_path(name)) {
            Some((path, text)) => builder.set(path, text),
            None => builder.merge(object(word)?),
        }
    }
    if let Some(name) = function.params.first().map(|it| it.0.as_str()).filter(|it| is_identity(it))
    {
        builder.identify(name, call)?;
    }
    builder.finish()
}

fn is_identity(param: &str) -> bool {
    matches!(param, "application" | "chatbot")
}

fn is_path(name: &str) -> bool {
    let letters = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.chars().all(letters)
}

/// A JSON object that was given outright, in a file or on stdin.
fn object(word: &str) -> Result<Map<String, Value>, Failure> {
    let (text, place) = match word.strip_prefix('@') {
        Some(path) => (text_file(path).map_err(Failure::Usage)?, format!("in {path}")),
        None if word == "-" => {
            (text(io::stdin().lock(), "stdin").map_err(Failure::Usage)?, "on stdin".into())
        }
        None if word.trim_start().starts_with('{') => (word.to_owned(), "given".into()),
        None => {
            let message = "a parameter is neither a JSON object, nor @FILE, nor -, nor NAME=VALUE";
            return Err(Failure::Usage(message.into()));
        }
    };
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::Usage(format!("the JSON {place} is not an object"))),
        Err(error) => Err(Failure::Usage(format!("the JSON {place} is broken: {error}"))),
    }
}

struct Builder<'a> {
    params: &'a [(String, Type)],
    arguments: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    /// The one parameter that is a record, whose fields may stand beside the other parameters.
    fn record(&self) -> Option<&(String, Type)> {
        let mut records = self.params.iter().filter(|it| matches!(it.1, Type::Record(_)));
        records.next().filter(|_| records.next().is_none())
    }

    fn merge(&mut self, object: Map<String, Value>) {
        for (name, value) in object {
            let place = self.place(&name);
            match (self.arguments.get_mut(&name), value) {
                (Some(Value::Object(old)), Value::Object(new)) if place.is_none() => {
                    old.extend(new);
                }
                (_, value) => match place.and_then(|it| self.object(&it)) {
                    Some(record) => {
                        record.insert(name, value);
                    }
                    None => {
                        self.arguments.insert(name, value);
                    }
                },
            }
        }
    }

    fn set(&mut self, path: &str, text: &str) {
        let mut steps = path.split('.');
        let first = steps.next().unwrap_or_default();
        let place = self.place(first);
        let param = place.as_deref().unwrap_or(first);
        let Some((param, ty)) = self.params.iter().find(|it| it.0 == param).cloned() else {
            let known = names(self.params.iter().map(|it| it.0.as_str()));
            return self.problem(path, format!("there is no such parameter; known are {known}"));
        };
        let steps: Vec<&str> =
            if place.is_some() { path.split('.').collect() } else { steps.collect() };
        let target = self.arguments.entry(param).or_insert(Value::Null);
        if let Err(message) = set(target, &ty, &steps, text) {
            self.problem(path, message);
        }
    }

    /// The parameter to put a name into that is not a parameter itself.
    fn place(&self, name: &str) -> Option<String> {
        let param = self.params.iter().any(|it| it.0 == name);
        self.record().filter(|_| !param).map(|it| it.0.clone())
    }

    fn object(&mut self, param: &str) -> Option<&mut Map<String, Value>> {
        self.arguments.entry(param).or_insert_with(|| json!({})).as_object_mut()
    }

    /// Adds who acts, unless the JSON says it.
    fn identify(&mut self, param: &str, call: &Call) -> Result<(), Failure> {
        let identity = match (&call.identity, &call.profile) {
            (Some(word), _) => {
                let (text, place) = match word.strip_prefix('@') {
                    Some(path) => (text_file(path).map_err(Failure::Usage)?, format!("in {path}")),
                    None => (word.clone(), "of --as".into()),
                };
                let broken = |error| Failure::Usage(format!("the JSON {place} is broken: {error}"));
                Some(serde_json::from_str(&text).map_err(broken)?)
            }
            (None, Some(profile)) => Some(json!({ "profile": profile })),
            (None, None) => None,
        };
        match (self.arguments.get(param), identity) {
            (Some(_), Some(_)) => Err(Failure::Usage(format!(
                "{param} is given twice: as a parameter, and by --as or --profile"
            ))),
            (Some(_), None) => Ok(()),
            (None, identity) => {
                let identity = identity.unwrap_or_else(|| json!({ "profile": "" }));
                self.arguments.insert(param.into(), identity);
                Ok(())
            }
        }
    }

    fn problem(&mut self, path: &str, message: String) {
        self.problems.push(Problem { path: path.into(), message });
    }

    fn finish(mut self) -> Result<Value, Failure> {
        for (name, ty) in self.params {
            // Then the fields that are missing have names.
            if matches!(ty, Type::Record(_)) {
                self.arguments.entry(name).or_insert_with(|| json!({}));
            }
            if let Some(value) = self.arguments.get_mut(name) {
                read_files(value, ty, name, &mut self.problems);
            }
        }
        if self.problems.is_empty() {
            Ok(Value::Object(self.arguments))
        } else {
            Err(Failure::Arguments(self.problems))
        }
    }
}

/// Sets what the steps lead to, and makes objects on the way there.
fn set(target: &mut Value, ty: &Type, steps: &[&str], text: &str) -> Result<(), String> {
    if let Type::Option(of) = ty {
        return set(target, &of.ty(), steps, text);
    }
    let Some((step, rest)) = steps.split_first() else {
        return assign(target, ty, text);
    };
    let part = match ty {
        Type::Record(of) => {
            let part = of.fields().find(|it| it.name == *step).map(|it| it.ty);
            part.ok_or_else(|| {
                format!(
                    "there is no such field; known are {}",
                    names(of.fields().map(|it| it.name))
                )
            })?
        }
        Type::Variant(of) => {
            let part = of.cases().find(|it| it.name == *step).and_then(|it| it.ty);
            let cases = || names(of.cases().filter(|it| it.ty.is_some()).map(|it| it.name));
            let part = part.ok_or_else(|| {
                format!("there is no such case with a value; known are {}", cases())
            })?;
            if target.get(step).is_none() {
                *target = json!({});
            }
            part
        }
        _ => return Err("leads further in than the type goes".into()),
    };
    if !target.is_object() {
        *target = json!({});
    }
    match target.as_object_mut() {
        Some(object) => set(object.entry(*step).or_insert(Value::Null), &part, rest, text),
        None => Ok(()),
    }
}

fn assign(target: &mut Value, ty: &Type, text: &str) -> Result<(), String> {
    let value = match ty {
        Type::String | Type::Char => Value::String(match text.strip_prefix('@') {
            Some(rest) if rest.starts_with('@') => rest.to_owned(),
            Some(path) => text_file(path)?,
            None => text.to_owned(),
        }),
        // A file is read with those in JSON.
        Type::List(of) if matches!(of.ty(), Type::U8) && !text.starts_with('[') => text.into(),
        Type::Enum(_) => text.into(),
        Type::Variant(_) if !text.starts_with(['{', '"', '@']) => text.into(),
        Type::List(of) if !text.starts_with(['[', '@']) => {
            let mut element = Value::Null;
            assign(&mut element, &of.ty(), text)?;
            match target {
                Value::Array(elements) => {
                    elements.push(element);
                    return Ok(());
                }
                _ => json!([element]),
            }
        }
        _ => {
            let text = match text.strip_prefix('@') {
                Some(path) => &text_file(path)?,
                None => text,
            };
            match serde_json::from_str(text) {
                Ok(value) => value,
                Err(error) if text.starts_with(['{', '[', '"']) => {
                    return Err(format!("is broken JSON: {error}"));
                }
                // It will be said what was expected.
                Err(_) => text.into(),
            }
        }
    };
    *target = value;
    Ok(())
}

/// Puts files in the place of their names, wherever bytes belong.
fn read_files(value: &mut Value, ty: &Type, path: &str, problems: &mut Vec<Problem>) {
    match (ty, value) {
        (Type::List(of), Value::String(text)) if matches!(of.ty(), Type::U8) => {
            let Some(file) = text.strip_prefix('@') else { return };
            match open(file).and_then(|it| bytes(it, file)) {
                Ok(bytes) => *text = BASE64.encode(bytes),
                Err(message) => problems.push(Problem { path: path.into(), message }),
            }
        }
        (Type::Option(of), value) => read_files(value, &of.ty(), path, problems),
        (Type::List(of), Value::Array(items)) => {
            for (i, item) in items.iter_mut().enumerate() {
                read_files(item, &of.ty(), &format!("{path}[{i}]"), problems);
            }
        }
        (Type::Record(of), Value::Object(object)) => {
            for field in of.fields() {
                if let Some(value) = object.get_mut(field.name) {
                    read_files(value, &field.ty, &format!("{path}.{}", field.name), problems);
                }
            }
        }
        (Type::Variant(of), Value::Object(object)) => {
            for case in of.cases() {
                if let Some((ty, value)) = case.ty.zip(object.get_mut(case.name)) {
                    read_files(value, &ty, &format!("{path}.{}", case.name), problems);
                }
            }
        }
        _ => {}
    }
}

fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn text_file(path: &str) -> Result<String, String> {
    text(open(path)?, path)
}

fn text(source: impl Read, name: &str) -> Result<String, String> {
    String::from_utf8(bytes(source, name)?).map_err(|_| format!("{name} is not UTF-8 text"))
}

fn open(path: &str) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{path} cannot be read: {error}"))
}

fn bytes(source: impl Read, name: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    match source.take(LARGEST_FILE + 1).read_to_end(&mut bytes) {
        Ok(_) if bytes.len() as u64 <= LARGEST_FILE => Ok(bytes),
        Ok(_) => Err(format!("{name} is larger than {} MiB", LARGEST_FILE >> 20)),
        Err(error) => Err(format!("{name} cannot be read: {error}")),
    }
}
