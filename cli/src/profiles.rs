//! Credentials that are stored for later calls, by the name of a profile.
//!
//! A stored profile is to the component like one in the environment. Where the environment has a variable of the
//! profile, only the environment counts: secrets of two sources are never mixed.
//!
//! The list of profiles is a file. The secrets of a profile are in the system's keyring, or in the file as well.

use std::{
    collections::BTreeMap,
    env,
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use crate::keyring::Fields;
use crate::{failure::Failure, keyring, member::set, private, suggest};

/// A field of a profile.
pub(crate) struct Field {
    /// As the command line calls it.
    pub(crate) name: &'static str,
    /// The end of its variable's name.
    suffix: &'static str,
    pub(crate) secret: bool,
}

pub(crate) const FIELDS: &[Field] = &[
    Field { name: "corp-id", suffix: "CORP_ID", secret: false },
    Field { name: "agent-id", suffix: "AGENT_ID", secret: false },
    Field { name: "base-url", suffix: "BASE_URL", secret: false },
    Field { name: "secret", suffix: "SECRET", secret: true },
    Field { name: "contacts-secret", suffix: "CONTACTS_SECRET", secret: true },
    Field { name: "chatbot-key", suffix: "CHATBOT_KEY", secret: true },
];

/// Variables that are the command's own.
const OWN: &[&str] = &["WECOM_LANG", "WECOM_PROFILE"];

/// Where the secrets of a profile are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Place {
    /// In the system's keyring.
    Keyring,
    /// In a file of mode 0600.
    File,
}

/// A profile as the file has it.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Profile {
    #[serde(flatten)]
    fields: Fields,
    /// The fields whose values are in the keyring.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keyring: Vec<String>,
}

impl Profile {
    pub(crate) fn place(&self) -> Place {
        if self.keyring.is_empty() { Place::File } else { Place::Keyring }
    }

    /// The profile as it may be shown, secrets masked.
    pub(crate) fn shown(&self, name: &str) -> Value {
        let place = match self.place() {
            Place::Keyring => "keyring",
            Place::File => "file",
        };
        let mut shown = json!({ "profile": name, "stored-in": place });
        for Field { name, secret, .. } in FIELDS {
            match self.fields.get(*name) {
                Some(value) if !secret => set(&mut shown, name, value.as_str()),
                None if !self.keyring.iter().any(|it| it == name) => {}
                _ => set(&mut shown, name, "***"),
            }
        }
        shown
    }
}

/// The stored profiles.
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

    /// The fields of a profile, secrets included. None if there is no such profile.
    pub(crate) fn fields(&self, name: &str) -> Result<Option<Fields>, Failure> {
        let Some(profile) = self.all.get(name) else { return Ok(None) };
        let mut fields = profile.fields.clone();
        if profile.place() == Place::Keyring {
            fields.extend(keyring::read(name).map_err(Failure::Usage)?);
        }
        Ok(Some(fields))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Profile)> {
        self.all.iter()
    }

    /// Stores a profile, and returns it as it is stored.
    pub(crate) fn insert(
        &mut self,
        name: &str,
        fields: Fields,
        place: Place,
    ) -> Result<&Profile, Failure> {
        let (profile, secrets) = match place {
            Place::File => (Profile { fields, keyring: Vec::new() }, Fields::new()),
            Place::Keyring => {
                let is_secret = |name: &str| FIELDS.iter().any(|it| it.secret && it.name == name);
                let (secrets, fields): (Fields, Fields) =
                    fields.into_iter().partition(|it| is_secret(&it.0));
                (Profile { fields, keyring: secrets.keys().cloned().collect() }, secrets)
            }
        };
        if place == Place::Keyring {
            keyring::write(name, &secrets).map_err(|why| {
                Failure::Usage(format!(
                    "{why}; with `--in file` they are stored in a file of mode 0600"
                ))
            })?;
        }
        self.replace(name, Some(profile))?;
        self.all.get(name).ok_or_else(|| Failure::Usage(format!("{name} is not stored")))
    }

    /// Whether there was one.
    pub(crate) fn remove(&mut self, name: &str) -> Result<bool, Failure> {
        if !self.all.contains_key(name) {
            return Ok(false);
        }
        self.replace(name, None).map(|()| true)
    }

    /// Puts a profile, or none, in place of another. Secrets leave the keyring when the file is written, since a file that cannot
    /// be written would leave them nowhere; where they cannot leave it, the file stays as it was.
    fn replace(&mut self, name: &str, new: Option<Profile>) -> Result<(), Failure> {
        let keeps_secrets = new.as_ref().is_some_and(|it| it.place() == Place::Keyring);
        let old = self.set(name, new);
        self.save()?;
        if old.as_ref().is_some_and(|it| it.place() == Place::Keyring)
            && !keeps_secrets
            && let Err(why) = keyring::remove(name)
        {
            self.set(name, old);
            self.save()?;
            return Err(Failure::Usage(why));
        }
        Ok(())
    }

    /// The profile that was there.
    fn set(&mut self, name: &str, profile: Option<Profile>) -> Option<Profile> {
        match profile {
            Some(it) => self.all.insert(name.to_owned(), it),
            None => self.all.remove(name),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.file
    }

    fn save(&self) -> Result<(), Failure> {
        let text = json!(self.all);
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

/// What the component sees: the variables that are meant for it, and the profile if it is stored.
pub(crate) fn environment(profile: Option<&str>) -> Result<Vec<(String, String)>, Failure> {
    let mut variables: Vec<(String, String)> = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WECOM_") && !OWN.contains(&name.as_str()))
        .collect();
    let Some(profile) = profile.filter(|it| !it.is_empty()) else { return Ok(variables) };
    let prefix = prefix(profile);
    let set = |suffix: &str| variables.iter().any(|it| it.0 == format!("{prefix}{suffix}"));
    if FIELDS.iter().any(|it| set(it.suffix)) {
        return Ok(variables);
    }
    let profiles = Profiles::load()?;
    let Some(mut stored) = profiles.fields(profile)? else {
        let similar = suggest::similar(profile, profiles.all.keys().map(String::as_str));
        return Err(Failure::Usage(format!(
            "there is no profile {profile}{}; `wecom profile add {profile}` stores one, and {prefix}SECRET and so on \
             set it in the environment",
            suggest::did_you_mean(&similar)
        )));
    };
    for Field { name, suffix, .. } in FIELDS {
        if let Some(value) = stored.remove(*name) {
            variables.push((format!("{prefix}{suffix}"), value));
        }
    }
    Ok(variables)
}

/// The prefix of a profile's variables.
pub(crate) fn prefix(profile: &str) -> String {
    if profile.is_empty() {
        return "WECOM_".into();
    }
    format!("WECOM_{}_", profile.to_ascii_uppercase().replace('-', "_"))
}

/// The profile of `--profile`, or of `WECOM_PROFILE`.
pub(crate) fn chosen(option: Option<&String>) -> Option<String> {
    option.cloned().or_else(|| env::var("WECOM_PROFILE").ok()).filter(|it| !it.is_empty())
}
