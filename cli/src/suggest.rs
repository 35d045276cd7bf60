//! Names that may have been meant.

/// The names most like `name`, the likeliest first. Case and `_` for `-` make no difference.
pub(crate) fn similar<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    const CLOSE: f64 = 0.8;
    const MAX_SUGGESTIONS: usize = 3;

    let name = name.to_lowercase().replace('_', "-");
    let mut near: Vec<(f64, &str)> = names.map(|it| (strsim::jaro(&name, it), it)).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let close = near.into_iter().filter(|it| it.0 >= CLOSE);
    close.take(MAX_SUGGESTIONS).map(|it| it.1.to_owned()).collect()
}

/// `; did you mean a or b?`, or nothing.
pub(crate) fn did_you_mean(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", names.join(" or "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names() {
        let names = ["send-app-text", "send-group-text", "delete-member", "create-member"];
        assert_eq!(similar("send-ap-text", names.into_iter()).first().unwrap(), "send-app-text");
        assert_eq!(similar("CREATE_MEMBER", names.into_iter()).first().unwrap(), "create-member");
        assert!(similar("xyzzy", names.into_iter()).is_empty());
    }
}
