//! From the words of a command line to the JSON object that an action takes.
//!
//! | word | meaning |
//! |---|---|
//! | `NAME=VALUE` | one parameter or field; a string is taken literally, whatever it begins with |
//! | `NAME@=FILE` | the same from a file: text, bytes where bytes belong, else JSON; `-` is standard input |
//! | `{…}` | a JSON object with any of them |
//! | `@FILE`, `-` | such an object in a file or on standard input |
//!
//! No message contains a value: it may be a secret.

use std::{env, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::{Map, Value, json};
use wecom_contract::{Action, Contract, Kind, Parameter, Type};
use wecom_host::ArgumentError;

use crate::{failure::Failure, forms, input, suggest};

/// Whose credentials a call uses.
#[derive(Default)]
pub(crate) struct Identity {
    /// `--profile`.
    pub(crate) profile: Option<String>,
    /// `--as`: JSON, or `@FILE` with it.
    pub(crate) credentials: Option<String>,
}

/// The arguments of an action.
pub(crate) fn build(
    contract: &Contract,
    action: &Action,
    words: &[String],
    identity: &Identity,
) -> Result<Value, Failure> {
    let mut builder = Builder::new(contract, action);
    for word in words {
        builder.word(word)?;
    }
    builder.identify(identity)?;
    builder.finish()
}

/// The arguments of an action from a JSON object.
pub(crate) fn from_object(
    contract: &Contract,
    action: &Action,
    object: Map<String, Value>,
    identity: &Identity,
) -> Result<Value, Failure> {
    let mut builder = Builder::new(contract, action);
    builder.merge(object);
    builder.identify(identity)?;
    builder.finish()
}

struct Builder<'a> {
    contract: &'a Contract,
    action: &'a Action,
    arguments: Map<String, Value>,
    errors: Vec<ArgumentError>,
    /// The word that has read standard input.
    stdin: Option<String>,
    /// The names of the files that were read, by the JSON pointers of the records that they belong to.
    file_names: Vec<(String, String)>,
}

/// What a value is made of.
enum Source<'a> {
    Literal(&'a str),
    File(&'a str),
}

impl<'a> Builder<'a> {
    fn new(contract: &'a Contract, action: &'a Action) -> Self {
        let (arguments, errors, stdin, file_names) = Default::default();
        Self { contract, action, arguments, errors, stdin, file_names }
    }

    fn word(&mut self, word: &str) -> Result<(), Failure> {
        if word == "-" {
            return self.object_from("-", "on standard input");
        }
        if let Some(path) = word.strip_prefix('@') {
            return self.object_from(path, &format!("in {path}"));
        }
        if word.trim_start().starts_with(['{', '\u{feff}']) {
            return self.object(word, "of the command line");
        }
        match word.split_once('=') {
            Some((name, path)) if name.ends_with('@') && is_path(name.trim_end_matches('@')) => {
                let name = name.trim_end_matches('@');
                self.use_stdin(path, name)?;
                self.set(name, &Source::File(path));
                Ok(())
            }
            Some((name, text)) if is_path(name) => {
                self.set(name, &Source::Literal(text));
                Ok(())
            }
            _ => Err(Failure::Usage(self.unknown(word))),
        }
    }

    /// What to write in place of a word that has no meaning.
    fn unknown(&self, word: &str) -> String {
        let shown = show(word);
        if let Some((name, _)) = word.split_once(":=").filter(|(name, _)| is_path(name)) {
            return format!("{shown} has no meaning here: write {name}=VALUE");
        }
        if let Some((name, _)) = word.split_once('=') {
            let name = show(name);
            return format!(
                "{name:?} is no name of a parameter: names are ASCII letters, digits, `-` and `.`; see `wecom help {}`",
                self.action.name
            );
        }
        let open = self.open();
        let ways = match open.first() {
            Some((name, ty)) => match forms::forms(self.contract, name, ty).as_slice() {
                [one] if one.ends_with("=…") => {
                    format!("{name}=VALUE for a value, {name}@=FILE for a file")
                }
                ways => ways.join(" or "),
            },
            None => "NAME=VALUE for a value, NAME@=FILE for a file".into(),
        };
        format!(
            "{shown:?} has no meaning here: write {ways}, a JSON object, @FILE for a file with one, or - for standard \
             input; see `wecom help {}`",
            self.action.name
        )
    }

    /// What is still to be given, the required first.
    fn open(&self) -> Vec<(&str, &Type)> {
        let record = self.contract.record_parameter(self.action);
        let mut inputs = forms::inputs(self.contract, self.action);
        inputs.sort_by_key(|it| it.1.is_option());
        let given = |name: &str| {
            self.arguments.contains_key(name)
                || record.is_some_and(|it| {
                    self.arguments.get(&it.name).is_some_and(|it| it.get(name).is_some())
                })
        };
        inputs.retain(|it| !given(it.0));
        inputs
    }

    fn use_stdin(&mut self, path: &str, name: &str) -> Result<(), Failure> {
        if path != "-" {
            return Ok(());
        }
        match self.stdin.replace(name.to_owned()) {
            None => Ok(()),
            Some(first) => Err(Failure::Usage(format!(
                "standard input can be read once: {first} has read it, {name} cannot"
            ))),
        }
    }

    fn object_from(&mut self, path: &str, place: &str) -> Result<(), Failure> {
        self.use_stdin(path, "the JSON object")?;
        let text = input::text(path).map_err(Failure::Usage)?;
        self.object(&text, place)
    }

    fn object(&mut self, text: &str, place: &str) -> Result<(), Failure> {
        match input::json(text) {
            Ok(Value::Object(object)) => {
                self.merge(object);
                Ok(())
            }
            Ok(_) => Err(Failure::Usage(format!("the JSON {place} is not an object"))),
            Err(error) => Err(Failure::Usage(format!("the JSON {place} is broken: {error}"))),
        }
    }

    fn merge(&mut self, object: Map<String, Value>) {
        for (name, value) in object {
            match self.record_with(&name).cloned() {
                Some(record) => {
                    let record = self.arguments.entry(&record.name).or_insert_with(|| json!({}));
                    match record.as_object_mut() {
                        Some(record) if !record.contains_key(&name) => {
                            record.insert(name, value);
                        }
                        _ => self.twice(&name),
                    }
                }
                None => match (self.arguments.get_mut(&name), value) {
                    (None, value) => {
                        self.arguments.insert(name, value);
                    }
                    (Some(Value::Object(old)), Value::Object(new)) => {
                        let twice: Vec<String> =
                            new.keys().filter(|it| old.contains_key(*it)).cloned().collect();
                        old.extend(new);
                        for it in twice {
                            self.twice(&format!("{name}.{it}"));
                        }
                    }
                    _ => self.twice(&name),
                },
            }
        }
    }

    fn set(&mut self, path: &str, source: &Source<'_>) {
        let first = path.split('.').next().unwrap_or_default();
        let record = self.record_with(first).cloned();
        let steps: Vec<&str> = path.split('.').skip(usize::from(record.is_none())).collect();
        let param =
            record.or_else(|| self.action.parameters.iter().find(|it| it.name == first).cloned());
        let Some(param) = param else {
            let names: Vec<&str> =
                self.action.parameters.iter().map(|it| it.name.as_str()).collect();
            return self.error(
                path,
                format!(
                    "there is no such parameter{}; known are {}",
                    suggest::did_you_mean(&suggest::similar(first, names.iter().copied())),
                    names.join(", ")
                ),
            );
        };
        let target = self.arguments.entry(&param.name).or_insert(Value::Null);
        let place = Place { contract: self.contract, path };
        if let Err(mut message) = place.set(target, &param.ty, &steps, source) {
            if let (Source::File(_), Some(form)) = (source, forms::file(self.contract, self.action))
                && form != format!("{path}@=FILE")
            {
                message = format!("{message}; for the bytes of a file write {form}");
            }
            return self.error(path, message);
        }
        if let (Source::File(file), Some((_, holders))) = (source, steps.split_last())
            && let Some(name) = Path::new(file).file_name().filter(|_| *file != "-")
            && place.has_file_name(&param.ty, holders)
        {
            let mut pointer = format!("/{}", param.name);
            for it in holders {
                pointer.extend(["/", it]);
            }
            self.file_names.push((pointer, name.to_string_lossy().into_owned()));
        }
    }

    /// The record whose field a name is, if it is not a parameter itself.
    fn record_with(&self, name: &str) -> Option<&Parameter> {
        let is_parameter = self.action.parameters.iter().any(|it| it.name == name);
        self.contract.record_parameter(self.action).filter(|_| !is_parameter)
    }

    /// Adds whose credentials are used, unless the arguments say it.
    fn identify(&mut self, identity: &Identity) -> Result<(), Failure> {
        // An action that works offline needs none.
        let Some(name) = self.action.credentials.map(wecom_contract::Credentials::name) else {
            return Ok(());
        };
        let given = match (&identity.credentials, &identity.profile) {
            (Some(word), _) => Some(credentials(word)?),
            (None, Some(profile)) => Some(json!({ "profile": profile })),
            (None, None) => None,
        };
        match (self.arguments.contains_key(name), given) {
            (true, Some(_)) => Err(Failure::Usage(format!(
                "{name} is given twice: as a parameter, and by --as or --profile"
            ))),
            (true, None) => Ok(()),
            (false, given) => {
                let given = given.unwrap_or_else(|| json!({ "profile": "" }));
                self.arguments.insert(name.into(), given);
                Ok(())
            }
        }
    }

    fn twice(&mut self, path: &str) {
        self.error(path, "is given twice".into());
    }

    fn error(&mut self, path: &str, message: String) {
        self.errors.push(ArgumentError { path: path.into(), message });
    }

    fn finish(mut self) -> Result<Value, Failure> {
        let mut arguments = Value::Object(std::mem::take(&mut self.arguments));
        for (pointer, name) in &self.file_names {
            let record = arguments.pointer_mut(pointer).and_then(Value::as_object_mut);
            if let Some(record) = record {
                record.entry("file-name").or_insert_with(|| name.as_str().into());
            }
        }
        if let Value::Object(arguments) = arguments {
            self.arguments = arguments;
        }
        // With an empty record, each missing field is reported by its name.
        if let Some(record) = self.contract.record_parameter(self.action) {
            self.arguments.entry(&record.name).or_insert_with(|| json!({}));
        }
        if self.errors.is_empty() {
            Ok(Value::Object(self.arguments))
        } else {
            Err(Failure::Arguments { action: self.action.name.clone(), errors: self.errors })
        }
    }
}

/// The credentials of `--as`.
fn credentials(word: &str) -> Result<Value, Failure> {
    let (text, place) = match word.strip_prefix('@') {
        Some(path) => (input::text(path).map_err(Failure::Usage)?, format!("in {path}")),
        None => (word.to_owned(), "of --as".into()),
    };
    input::json(&text)
        .map_err(|error| Failure::Usage(format!("the JSON {place} is broken: {error}")))
}

/// Where a value goes.
struct Place<'a> {
    contract: &'a Contract,
    path: &'a str,
}

impl Place<'_> {
    /// Sets what the steps lead to, and makes objects on the way there.
    fn set(
        &self,
        target: &mut Value,
        ty: &Type,
        steps: &[&str],
        source: &Source<'_>,
    ) -> Result<(), String> {
        let ty = ty.without_option();
        let Some((step, rest)) = steps.split_first() else {
            return self.assign(target, ty, source);
        };
        let part = match self.contract.kind(ty) {
            Some(Kind::Record { fields }) => match fields.iter().find(|it| it.name == *step) {
                Some(field) => &field.ty,
                None => {
                    return Err(no_such("field", step, fields.iter().map(|it| it.name.as_str())));
                }
            },
            Some(Kind::Variant { cases }) => {
                let with_value = || cases.iter().filter(|it| it.ty.is_some());
                let Some(case) = with_value().find(|it| it.name == *step) else {
                    let names = with_value().map(|it| it.name.as_str());
                    return Err(no_such("case with a value", step, names));
                };
                if target.as_object().is_some_and(|it| !it.contains_key(*step)) {
                    return Err("is given twice, as two cases; only one can hold".into());
                }
                case.ty.as_ref().unwrap_or(ty)
            }
            _ => return Err("leads further in than the type goes".into()),
        };
        if target.is_null() {
            *target = json!({});
        }
        match target.as_object_mut() {
            Some(object) => {
                self.set(object.entry(*step).or_insert(Value::Null), part, rest, source)
            }
            None => Err("is given twice".into()),
        }
    }

    /// Whether what the steps lead to is a file with a name.
    fn has_file_name(&self, ty: &Type, steps: &[&str]) -> bool {
        let ty = ty.without_option();
        match (self.contract.kind(ty), steps.split_first()) {
            (Some(Kind::Record { fields }), None) => fields.iter().any(|it| it.name == "file-name"),
            (Some(Kind::Record { fields }), Some((step, rest))) => fields
                .iter()
                .find(|it| it.name == *step)
                .is_some_and(|it| self.has_file_name(&it.ty, rest)),
            (Some(Kind::Variant { cases }), Some((step, rest))) => cases
                .iter()
                .find(|it| it.name == *step)
                .and_then(|it| it.ty.as_ref())
                .is_some_and(|ty| self.has_file_name(ty, rest)),
            _ => false,
        }
    }

    fn assign(&self, target: &mut Value, ty: &Type, source: &Source<'_>) -> Result<(), String> {
        if self.contract.is_file(ty) {
            return put(target, self.file(source)?);
        }
        let resolved = self.contract.resolve(ty);
        match (resolved, self.contract.kind(resolved)) {
            (Type::String, _) => put(target, text(source)?.into()),
            (_, Some(Kind::Enum { .. })) => put(target, text(source)?.trim().into()),
            (Type::List(of), _) => {
                let array = match source {
                    Source::Literal(text) => text.starts_with('['),
                    Source::File(_) => true,
                };
                if array {
                    return put(target, json_of(source)?);
                }
                let mut element = Value::Null;
                self.assign(&mut element, of, source)?;
                match target {
                    Value::Null => *target = json!([element]),
                    Value::Array(elements) => elements.push(element),
                    _ => return Err("is given twice".into()),
                }
                Ok(())
            }
            (_, Some(Kind::Variant { .. })) => match source {
                Source::Literal(text) if !text.starts_with(['{', '"']) => {
                    put(target, (*text).into())
                }
                _ => put(target, json_of(source)?),
            },
            _ => match (json_of(source), source) {
                (Ok(value), _) => put(target, value),
                (Err(_), Source::Literal(text)) if !text.starts_with(['{', '[', '"']) => {
                    // The host's message says what was expected.
                    put(target, (*text).into())
                }
                (Err(error), _) => Err(error),
            },
        }
    }

    /// Bytes as base64.
    fn file(&self, source: &Source<'_>) -> Result<Value, String> {
        match source {
            Source::File(path) => Ok(BASE64.encode(input::bytes(path)?).into()),
            Source::Literal(text) if text.starts_with(['[', '{', '"']) => json_of(source),
            // Outside the alphabet of base64, and how curl names a file.
            Source::Literal(text) if text.starts_with(['@', '.', '~']) => {
                Err(format!("is not base64; for the bytes of a file write {}@=FILE", self.path))
            }
            Source::Literal(text) => Ok((*text).into()),
        }
    }
}

fn put(target: &mut Value, value: Value) -> Result<(), String> {
    if !target.is_null() {
        return Err("is given twice".into());
    }
    *target = value;
    Ok(())
}

fn text(source: &Source<'_>) -> Result<String, String> {
    match source {
        Source::Literal(text) => Ok((*text).to_owned()),
        Source::File(path) => input::text(path),
    }
}

fn json_of(source: &Source<'_>) -> Result<Value, String> {
    input::json(&text(source)?).map_err(|error| format!("is broken JSON: {error}"))
}

fn no_such<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let similar = suggest::did_you_mean(&suggest::similar(name, known.clone()));
    let known: Vec<&str> = known.collect();
    format!("there is no such {what}{similar}; known are {}", known.join(", "))
}

fn is_path(name: &str) -> bool {
    let letters = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
    name.starts_with(|it: char| it.is_ascii_alphabetic()) && name.chars().all(letters)
}

/// A word for a message: shortened, and without what may be a secret.
fn show(word: &str) -> String {
    const MAX_CHARS: usize = 60;
    /// Secrets and keys are longer; words of a language are shorter.
    const MIN_SECRET: usize = 24;

    let known = |it: &str| {
        env::vars_os().any(|(name, value)| {
            name.to_string_lossy().starts_with("WECOM_") && value.to_string_lossy().trim() == it
        })
    };
    let token = |it: &str| {
        it.len() >= MIN_SECRET
            && it.chars().all(|it| it.is_ascii_alphanumeric() || "-_".contains(it))
    };
    if word.split(|it: char| !it.is_ascii_alphanumeric() && !"-_".contains(it)).any(token)
        || known(word.trim())
    {
        return "***".into();
    }
    match word.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", word.get(..end).unwrap_or_default()),
        None => word.to_owned(),
    }
}
