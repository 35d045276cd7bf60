//! Query strings, read strictly: everything but unreserved characters must be percent-encoded, and
//! unknown, repeated or empty parameters are refused.

use crate::corp::refusal::Refusal;

/// These count as missing when empty: there is a code for each of them.
const CREDENTIALS: [&str; 4] = ["access_token", "key", "corpid", "corpsecret"];

#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn read(raw: &str, allowed: &[&str]) -> Result<Self, Refusal> {
        let mut query = Self::default();
        if raw.is_empty() {
            return Ok(query);
        }
        for pair in raw.split('&') {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(Refusal::new(
                    40058,
                    format!("invalid query: `{pair}` is not name=value"),
                ));
            };
            let name = decode("query", name)?;
            let value = decode(&name, value)?;
            if !allowed.contains(&name.as_str()) {
                return Err(Refusal::invalid(&name, "unknown query parameter"));
            }
            if query.0.iter().any(|(it, _)| *it == name) {
                return Err(Refusal::invalid(&name, "query parameter given twice"));
            }
            if value.is_empty() && !CREDENTIALS.contains(&name.as_str()) {
                return Err(Refusal::invalid(&name, "empty query parameter"));
            }
            query.0.push((name, value));
        }
        Ok(query)
    }

    /// The value, unless it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(it, _)| it == name)?;
        (!value.is_empty()).then_some(value)
    }

    pub(crate) fn id(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.text(name) else { return Ok(None) };
        match value.parse::<u32>() {
            Ok(id) if value.bytes().all(|it| it.is_ascii_digit()) => Ok(Some(id.into())),
            _ => Err(Refusal::new(40058, format!("field `{name}` expect type `uint32`"))),
        }
    }
}

fn decode(name: &str, raw: &str) -> Result<String, Refusal> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let mut digit = || char::from(rest.next().unwrap_or_default()).to_digit(16);
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(Refusal::invalid(name, "broken percent-encoding in the query"));
                };
                bytes.extend(u8::try_from(high * 16 + low));
            }
            b'-' | b'.' | b'_' | b'~' => bytes.push(byte),
            _ if byte.is_ascii_alphanumeric() => bytes.push(byte),
            _ => {
                return Err(Refusal::invalid(
                    name,
                    "a character in the query is not percent-encoded",
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::invalid(name, "the query is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str) -> Result<Query, Refusal> {
        Query::read(raw, &["id", "userid", "access_token"])
    }

    #[test]
    fn encoded_values_are_read() {
        let query = read("userid=a%40b%2e%E9%83%A8&id=7").unwrap();
        assert_eq!(query.text("userid"), Some("a@b.部"));
        assert_eq!(query.id("id").unwrap(), Some(7));
        assert_eq!(query.text("absent"), None);
        assert_eq!(read("").unwrap().id("id").unwrap(), None);
    }

    #[test]
    fn careless_queries_are_refused_by_name() {
        for (raw, naming) in [
            ("debug=1", "`debug`: unknown"),
            ("id=1&id=1", "`id`: query parameter given twice"),
            ("id=", "`id`: empty"),
            ("id", "`id` is not name=value"),
            ("id=1&", "`` is not name=value"),
            ("userid=a@b", "`userid`: a character"),
            ("userid=a+b", "`userid`: a character"),
            ("userid=a b", "`userid`: a character"),
            ("userid=a=b", "`userid`: a character"),
            ("userid=部", "`userid`: a character"),
            ("userid=%4", "`userid`: broken"),
            ("userid=%zz", "`userid`: broken"),
            ("userid=%ff", "`userid`: the query is not UTF-8"),
        ] {
            let refusal = read(raw).unwrap_err();
            assert_eq!(refusal.code, 40058, "{raw}");
            assert!(refusal.text.contains(naming), "{raw}: {}", refusal.text);
        }
    }

    #[test]
    fn an_empty_credential_is_a_missing_one() {
        assert_eq!(read("access_token=").unwrap().text("access_token"), None);
    }

    #[test]
    fn ids_are_unsigned_32_bit() {
        for (raw, accepted) in
            [("0", true), ("4294967295", true), ("4294967296", false), ("-1", false), ("x", false)]
        {
            assert_eq!(read(&format!("id={raw}")).unwrap().id("id").is_ok(), accepted, "{raw}");
        }
        assert!(read("id=%2B7").unwrap().id("id").is_err());
    }
}
