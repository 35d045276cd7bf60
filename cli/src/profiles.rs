//! Credentials that are kept for later calls, by the name of a profile.
//!
//! A profile that is kept is to the component like one in the environment. Where the environment has a variable of the
//! profile, only the environment counts: secrets of two sources are never mixed.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{failure::Failure, private};

/// The variables of a profile, as its fields are called on the command line.
pub(crate) const FIELDS: &[(&str, &str, bool)] = &[
    ("corp-id", "CORP_ID", false),
    ("agent-id", "AGENT_ID", false),
    ("base-url", "BASE_URL", false),
    ("secret", "SECRET", true),
    ("contacts-secret", "CONTACTS_SECRET", true),
    ("chatbot-key", "CHATBOT_KEY", true),
];

/// Variables that are the command's own.
const OWN: &[&str] = &["WECOM_LANG", "WECOM_PROFILE"];

/// A profile: the values of its fields.
pub(crate) type Profile = BTreeMap<String, String>;

/// The profiles that are kept.
pub(crate) struct Profiles {
    file: PathBuf,
    all: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Reads the file of this user.
    pub(crate) fn load() -> Result<Self, Failure> {
        let file = file().ok_or_else(|| {
            Failure::Usage(
                "there is no folder for profiles: neither XDG_CONFIG_HOME nor HOME is set".into(),
            )
        })?;
        let text = private::read(&file).map_err(Failure::Usage)?;
        let all = match text {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(&text).map_err(|error| {
                Failure::Usage(format!("{} is broken: {error}", file.display()))
            })?,
        };
        Ok(Self { file, all })
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Profile> {
        self.all.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.all.iter()
    }

    pub(crate) fn insert(&mut self, name: &str, profile: Profile) -> Result<(), Failure> {
        self.all.insert(name.to_owned(), profile);
        self.save()
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool, Failure> {
        let removed = self.all.remove(name).is_some();
        self.save().map(|()| removed)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }

    fn save(&self) -> Result<(), Failure> {
        let text = serde_json::json!(self.all);
        private::write(&self.file, &format!("{text:#}\n")).map_err(|error| Failure::Output {
            why: format!("{} cannot be written: {error}", self.file.display()),
            result: None,
        })
    }
}

fn file() -> Option<PathBuf> {
    let folder = match env::var_os("XDG_CONFIG_HOME").filter(|it| Path::new(it).is_absolute()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME").filter(|it| !it.is_empty())?).join(".config"),
    };
    Some(folder.join("wecom-connector/profiles.json"))
}

/// What the component sees: the variables that are meant for it, and the profile if it is kept.
pub(crate) fn environment(profile: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let mut variables: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WECOM_") && !OWN.contains(&name.as_str()))
        .collect();
    let Some(profile) = profile.filter(|it| !it.is_empty()) else { return Ok(variables) };
    let prefix = prefix(profile);
    let set = |suffix: &str| variables.iter().any(|it| it.0 == format!("{prefix}{suffix}"));
    if FIELDS.iter().any(|it| set(it.1)) {
        return Ok(variables);
    }
    if let Some(kept) = Profiles::load()?.get(profile) {
        for (field, suffix, _) in FIELDS {
            if let Some(value) = kept.get(*field) {
                variables.push((format!("{prefix}{suffix}"), value.clone()));
            }
        }
    }
    Ok(variables)
}

/// How the variables of a profile begin.
pub(crate) fn prefix(profile: &str) -> String {
    if profile.is_empty() {
        return "WECOM_".into();
    }
    format!("WECOM_{}_", profile.to_ascii_uppercase().replace('-', "_"))
}

/// A profile as it may be shown.
pub(crate) fn shown(profile: &Profile) -> Value {
    let secret = |field: &str| FIELDS.iter().any(|it| it.0 == field && it.2);
    profile
        .iter()
        .map(|(field, value)| {
            let value = if secret(field) { "***".to_owned() } else { value.clone() };
            (field.clone(), Value::String(value))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The profile of `--profile`, or of `WECOM_PROFILE`.
pub(crate) fn chosen(option: Option<&String>) -> Option<String> {
    option.cloned().or_else(|| env::var("WECOM_PROFILE").ok()).filter(|it| !it.is_empty())
}
