//! The system's keyring: Keychain, Credential Manager, or the Secret Service of a desktop. One entry for each profile.

use std::collections::BTreeMap;

/// Values by the names of their fields.
pub(crate) type Fields = BTreeMap<String, String>;

/// Whether this build has the support for it and the system has one.
pub(crate) fn is_available() -> bool {
    system::is_available()
}

/// The secrets of a profile.
pub(crate) fn read(profile: &str) -> Result<Fields, String> {
    let text = system::read(profile).map_err(|why| cannot("read", profile, &why))?;
    // The error of the parser could contain a part of a secret.
    serde_json::from_str(&text).map_err(|_| cannot("read", profile, "the entry is not JSON"))
}

/// Writes the secrets of a profile, in place of those that are there.
pub(crate) fn write(profile: &str, secrets: &Fields) -> Result<(), String> {
    let text = serde_json::json!(secrets).to_string();
    system::write(profile, &text).map_err(|why| cannot("write", profile, &why))
}

/// Removes the secrets of a profile, if they are there.
pub(crate) fn remove(profile: &str) -> Result<(), String> {
    system::remove(profile).map_err(|why| cannot("remove", profile, &why))
}

fn cannot(verb: &str, profile: &str, why: &str) -> String {
    format!("cannot {verb} the secrets of profile {profile} in the system's keyring: {why}")
}

#[cfg(feature = "keyring")]
mod system {
    use ::keyring::v1::{Entry, Error};

    /// What the entries are filed under.
    const SERVICE: &str = "wecom-connector";

    pub(super) fn is_available() -> bool {
        Entry::store_status().is_ok()
    }

    pub(super) fn read(profile: &str) -> Result<String, String> {
        entry(profile)?.get_password().map_err(|error| match error {
            Error::NoEntry => "it has no such entry; add the profile again".into(),
            error => reason(&error),
        })
    }

    pub(super) fn write(profile: &str, text: &str) -> Result<(), String> {
        entry(profile)?.set_password(text).map_err(|error| reason(&error))
    }

    pub(super) fn remove(profile: &str) -> Result<(), String> {
        match entry(profile)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(reason(&error)),
        }
    }

    fn entry(profile: &str) -> Result<Entry, String> {
        if let Err(error) = Entry::store_status() {
            return Err(reason(error));
        }
        Entry::new(SERVICE, profile).map_err(|error| reason(&error))
    }

    /// Without the debug output of an entry that is not text: it holds the secret.
    fn reason(error: &Error) -> String {
        match error {
            Error::BadEncoding(_) => "the entry is not text".into(),
            error => error.to_string(),
        }
    }
}

#[cfg(not(feature = "keyring"))]
mod system {
    const UNSUPPORTED: &str =
        "this build of wecom has no support for it; build it with `--features keyring`";

    pub(super) fn is_available() -> bool {
        false
    }

    pub(super) fn read(_: &str) -> Result<String, String> {
        Err(UNSUPPORTED.into())
    }

    pub(super) fn write(_: &str, _: &str) -> Result<(), String> {
        Err(UNSUPPORTED.into())
    }

    pub(super) fn remove(_: &str) -> Result<(), String> {
        Err(UNSUPPORTED.into())
    }
}
