//! Access tokens that are cached between runs, each in a file of its own.
//!
//! A file is named by a digest of server, enterprise and secret: another secret is another file, and the name contains neither.
//! A token that WeCom no longer takes is fetched again, and its file replaced.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::Uri;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{member::get, private};

/// A token this close to its end is not used any more.
const MARGIN: Duration = Duration::from_mins(1);

/// On this machine there is a test server, which may be another one a minute later.
const MAX_LOOPBACK: Duration = Duration::from_mins(1);

/// The folder with the tokens.
#[derive(Clone)]
pub(crate) struct TokenFiles {
    folder: PathBuf,
}

impl TokenFiles {
    /// The folder of this user. None where there is none.
    pub(crate) fn of_user() -> Option<Self> {
        let cache = match env::var_os("XDG_CACHE_HOME").filter(|it| Path::new(it).is_absolute()) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(env::var_os("HOME").filter(|it| !it.is_empty())?).join(".cache"),
        };
        Some(Self { folder: cache.join("wecom-connector/tokens") })
    }

    /// The name of the file for a token, from the request that fetches it.
    pub(crate) fn name(request: &Uri) -> String {
        let digest = Sha256::digest(request.to_string());
        format!("{digest:x}.json")
    }

    /// A token that is still good, and the seconds that it has left.
    pub(crate) fn read(&self, name: &str) -> Option<(String, u64)> {
        // Unreadable, damaged or readable for others: the token is fetched, and the file replaced.
        let text = private::read(&self.folder.join(name)).ok()??;
        let json: Value = serde_json::from_str(&text).ok()?;
        let left = get(&json, "expires-at").as_u64()?.checked_sub(now())?;
        let token = get(&json, "access-token").as_str()?;
        (left > MARGIN.as_secs()).then(|| (token.to_owned(), left))
    }

    /// Caches the token of a response, or evicts it where the response has none.
    pub(crate) fn store(&self, name: &str, loopback: bool, response: &[u8]) {
        let json: Value = serde_json::from_slice(response).unwrap_or_default();
        let file = self.folder.join(name);
        match (
            get(&json, "errcode").as_i64().unwrap_or_default(),
            get(&json, "access_token"),
            get(&json, "expires_in").as_u64(),
        ) {
            (0, Value::String(token), Some(mut seconds)) => {
                if loopback {
                    seconds = seconds.min((MARGIN + MAX_LOOPBACK).as_secs());
                }
                let cached =
                    json!({ "access-token": token, "expires-at": now().saturating_add(seconds) });
                // Without the file the next run fetches a token: slower, and the same.
                let _ = private::write(&file, &cached.to_string());
            }
            // As above.
            _ => drop(fs::remove_file(&file)),
        }
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
