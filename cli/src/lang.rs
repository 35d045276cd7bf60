//! The language that people are addressed in.

use std::{collections::HashMap, env, sync::LazyLock};

/// A language of help, results and errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Lang {
    #[default]
    English,
    Chinese,
}

/// Chinese by the key of each text: the name of an action or type, `app-text.content` for a field or case, `*.warning` for the
/// fields of all other types, and the English text of an error of an action.
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
    use std::collections::BTreeMap;

    use serde_json::json;
    use wecom_contract::{Contract, Kind};

    use super::*;

    /// The key of each text of the contract, and the English.
    fn texts(contract: &Contract) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for action in &contract.actions {
            texts.insert(action.name.clone(), action.documentation.clone());
            texts.extend(action.errors.iter().map(|it| (it.clone(), it.clone())));
            let inputs = action.inputs().iter().filter(|it| !it.documentation.is_empty());
            texts.extend(
                inputs.map(|it| (format!("{}.{}", action.name, it.name), it.documentation.clone())),
            );
        }
        for ty in &contract.types {
            texts.insert(ty.name.clone(), ty.documentation.clone());
            let parts: Vec<_> = match &ty.kind {
                Kind::Alias { .. } => Vec::new(),
                Kind::Record { fields } => {
                    fields.iter().map(|it| (&it.name, &it.documentation)).collect()
                }
                Kind::Variant { cases } | Kind::Enum { cases } => {
                    cases.iter().map(|it| (&it.name, &it.documentation)).collect()
                }
            };
            for (name, documentation) in parts {
                texts.insert(format!("{}.{name}", ty.name), documentation.clone());
            }
        }
        texts
    }

    #[test]
    fn every_text_of_the_contract_is_translated() {
        let contract = Contract::load().unwrap();
        let missing: Vec<String> = texts(&contract)
            .iter()
            .filter(|it| chinese(it.0).is_none())
            .map(|(key, english)| format!("  {}: {}\n", json!(key), json!(english)))
            .collect();
        assert!(
            missing.is_empty(),
            "add the Chinese of these texts to cli/src/zh-CN.json, by their keys:\n{}",
            missing.concat()
        );
    }

    #[test]
    fn every_translation_is_of_a_text() {
        let texts = texts(&Contract::load().unwrap());
        let unknown: Vec<&String> = CHINESE
            .keys()
            .filter(|key| match key.split_once('.') {
                Some(("command" | "option", _)) => false,
                Some(("*", field)) => !texts.keys().any(|it| it.ends_with(&format!(".{field}"))),
                _ => !texts.contains_key(*key),
            })
            .collect();
        assert!(
            unknown.is_empty(),
            "cli/src/zh-CN.json translates what does not exist: {unknown:#?}"
        );
    }

    #[test]
    fn names_of_languages() {
        assert_eq!(Lang::parse("zh_CN.UTF-8"), Ok(Lang::Chinese));
        assert_eq!(Lang::parse("ZH"), Ok(Lang::Chinese));
        assert_eq!(Lang::parse("en-GB"), Ok(Lang::English));
        assert!(Lang::parse("fr").is_err());
    }
}
