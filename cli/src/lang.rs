//! The language that people are addressed in.

use std::{collections::HashMap, env, sync::LazyLock};

/// A language of help, results and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Lang {
    #[default]
    English,
    Chinese,
}

/// Chinese by the key of each text: `send-app-text`, `app-text.content`, or `*.content` for the fields of all other types.
static CHINESE: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("zh-CN.json")).unwrap_or_default());

impl Lang {
    /// The language of a name such as `zh`, `zh-CN`, `zh_CN.UTF-8` or `en`.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let name = name.to_ascii_lowercase();
        let language = name.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match language {
            "zh" | "cn" | "chinese" | "中文" => Ok(Self::Chinese),
            "en" | "english" | "c" | "posix" => Ok(Self::English),
            _ => Err("there are `en` and `zh`".into()),
        }
    }

    /// The language of `WECOM_LANG`, or of the locale.
    pub(crate) fn from_environment() -> Self {
        let variables = ["WECOM_LANG", "LC_ALL", "LC_MESSAGES", "LANG"];
        let set = variables.iter().filter_map(|it| env::var(it).ok()).find(|it| !it.is_empty());
        // A locale without a translation is no fault of the caller.
        set.and_then(|it| Self::parse(&it).ok()).unwrap_or_default()
    }

    /// The one of two texts that is in this language.
    pub(crate) fn pick<T>(self, english: T, chinese: T) -> T {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }

    /// The text of a key, English where there is no translation.
    pub(crate) fn text<'a>(self, key: &str, english: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese(key).unwrap_or(english),
        }
    }
}

fn chinese(key: &str) -> Option<&'static str> {
    let field = || CHINESE.get(&format!("*.{}", key.split_once('.')?.1));
    CHINESE.get(key).or_else(field).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wecom_contract::{Contract, Kind};

    use super::*;

    #[test]
    fn every_translation_is_of_something_and_every_action_has_one() {
        let contract = Contract::load().unwrap();
        let mut keys = BTreeSet::new();
        for ty in &contract.types {
            keys.insert(ty.name.clone());
            let names: Vec<&String> = match &ty.kind {
                Kind::Alias { .. } => Vec::new(),
                Kind::Record { fields } => fields.iter().map(|it| &it.name).collect(),
                Kind::Variant { cases } | Kind::Enum { cases } => {
                    cases.iter().map(|it| &it.name).collect()
                }
            };
            for name in names {
                keys.extend([format!("{}.{name}", ty.name), format!("*.{name}")]);
            }
        }
        for action in &contract.actions {
            assert!(CHINESE.contains_key(&action.name), "{} has no translation", action.name);
            keys.insert(action.name.clone());
            let inputs = action.inputs().iter();
            keys.extend(inputs.map(|it| format!("{}.{}", action.name, it.name)));
        }
        let help = |key: &&String| !key.starts_with("command.") && !key.starts_with("option.");
        for key in CHINESE.keys().filter(help) {
            assert!(keys.contains(key), "{key} is translated and does not exist");
        }
    }

    #[test]
    fn names_of_languages() {
        assert_eq!(Lang::parse("zh_CN.UTF-8"), Ok(Lang::Chinese));
        assert_eq!(Lang::parse("ZH"), Ok(Lang::Chinese));
        assert_eq!(Lang::parse("en-GB"), Ok(Lang::English));
        assert!(Lang::parse("fr").is_err());
    }
}
