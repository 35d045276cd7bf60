//! `wecom profile`: stores credentials for later calls.

use std::io::{self, IsTerminal};

use console::Term;
use serde_json::json;

use crate::{
    failure::Failure,
    input, keyring,
    member::set,
    output::Output,
    profiles::{FIELDS, Field, Fields, Place, Profiles},
    suggest,
};

/// `wecom profile add`.
pub(crate) fn add(
    output: Output,
    name: &str,
    words: &[String],
    place: Option<Place>,
) -> Result<(), Failure> {
    check_name(name)?;
    let mut profiles = Profiles::load()?;
    let mut fields = Fields::new();
    for word in words {
        let (field, value) = field(word)?;
        if fields.insert(field.to_owned(), value).is_some() {
            return Err(Failure::Usage(format!("{field} is given twice")));
        }
    }
    if words.is_empty() {
        ask(&mut fields, output)?;
    }
    fields.retain(|_, value| !value.is_empty());
    if !FIELDS.iter().any(|it| it.secret && fields.contains_key(it.name)) {
        return Err(Failure::Usage(
            "a profile needs a secret, contacts-secret or chatbot-key: write secret@=FILE, or secret@=- for standard input"
                .into(),
        ));
    }
    let place =
        place.unwrap_or_else(|| if keyring::is_available() { Place::Keyring } else { Place::File });
    let mut shown = profiles.insert(name, fields, place)?.shown(name);
    set(&mut shown, "file", profiles.path().display().to_string());
    output.result(&shown)
}

/// `wecom profile list`.
pub(crate) fn list(output: Output) -> Result<(), Failure> {
    output.result(&Profiles::load()?.iter().map(|(name, profile)| profile.shown(name)).collect())
}

/// `wecom profile remove`.
pub(crate) fn remove(output: Output, name: &str) -> Result<(), Failure> {
    let mut profiles = Profiles::load()?;
    if profiles.remove(name)? {
        return output.result(&json!({ "removed": name }));
    }
    let names: Vec<&str> = profiles.iter().map(|it| it.0.as_str()).collect();
    let similar = suggest::did_you_mean(&suggest::similar(name, names.into_iter()));
    Err(Failure::Usage(format!("there is no profile {name}{similar}")))
}

/// The names that the component takes.
fn check_name(name: &str) -> Result<(), Failure> {
    const MAX_NAME: usize = 32;
    let fits = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
    if !(1..=MAX_NAME).contains(&name.len()) || !name.chars().all(fits) {
        return Err(Failure::Usage(format!(
            "a profile's name has 1 to {MAX_NAME} letters, digits, `-` and `_`"
        )));
    }
    if name.to_ascii_lowercase().ends_with("contacts") {
        // WECOM_CONTACTS_SECRET would be both this profile's secret and the other's contacts secret.
        return Err(Failure::Usage("a profile's name must not end in `contacts`".into()));
    }
    Ok(())
}

/// A field and its value, from `NAME=VALUE` or `NAME@=FILE`.
fn field(word: &str) -> Result<(&'static str, String), Failure> {
    let known = || FIELDS.iter().map(|it| it.name).collect::<Vec<_>>().join(", ");
    let Some((name, value)) = word.split_once('=') else {
        return Err(Failure::Usage(format!(
            "write NAME=VALUE or NAME@=FILE; names are {}",
            known()
        )));
    };
    let from_file = name.ends_with('@');
    let name = name.trim_end_matches('@');
    let Some(Field { name, secret, .. }) = FIELDS.iter().find(|it| it.name == name) else {
        let similar = suggest::similar(name, FIELDS.iter().map(|it| it.name));
        let similar = suggest::did_you_mean(&similar);
        return Err(Failure::Usage(format!(
            "a profile has no {name}{similar}; it has {}",
            known()
        )));
    };
    if *secret && !from_file {
        return Err(Failure::Usage(format!(
            "{name} would stay in the shell's history and in the list of processes: write {name}@=FILE, \
             or {name}@=- for standard input"
        )));
    }
    let value =
        if from_file { input::text(value).map_err(Failure::Usage)? } else { value.to_owned() };
    Ok((name, value.trim().to_owned()))
}

/// Asks for the fields on a terminal; secrets are not shown.
fn ask(fields: &mut Fields, output: Output) -> Result<(), Failure> {
    let term = Term::stderr();
    if !io::stdin().is_terminal() || !term.is_term() {
        return Err(Failure::Usage(
            "write corp-id=ID secret@=FILE and so on; see `wecom help credentials`".into(),
        ));
    }
    let unreadable =
        |error: io::Error| Failure::Usage(format!("the terminal cannot be read: {error}"));
    output.note(output.lang.pick(
        "Leave empty what you do not have. Secrets are not shown.",
        "没有的项目请留空。输入的 secret 不会显示。",
    ));
    for Field { name, secret, .. } in FIELDS {
        term.write_str(&format!("{name}: ")).map_err(unreadable)?;
        let value = if *secret { term.read_secure_line() } else { term.read_line() };
        fields.insert((*name).to_owned(), value.map_err(unreadable)?.trim().to_owned());
    }
    Ok(())
}
