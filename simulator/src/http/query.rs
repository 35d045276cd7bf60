//! Query strings.

use percent_encoding::percent_decode_str;

use crate::{corp::refusal::Refusal, http::mode::Mode};

/// Empty ones count as missing: there is a code for each of them.
const CREDENTIALS: [&str; 4] = ["access_token", "key", "corpid", "corpsecret"];

/// The parameters of a request that its endpoint accepts, each once.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query; with [`Mode::Strict`] everything but unreserved characters must be percent-encoded, and unknown,
    /// repeated or empty parameters are refused.
    pub(crate) fn read(raw: &str, known: &[&str], mode: Mode) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for pair in raw.split('&').filter(|it| !it.is_empty() || !raw.is_empty()) {
            let (name, value) = if mode == Mode::Strict {
                read_strictly(pair, known, &query)?
            } else {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode_tolerantly(name), decode_tolerantly(value))
            };
            if known.contains(&name.as_str()) && query.raw(&name).is_none() {
                query.0.push((name, value));
            }
        }
        Ok(query)
    }

    /// The value, even an empty one.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// The value, unless it is missing or empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|it| !it.is_empty())
    }

    pub(crate) fn id(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        match value.parse::<u32>() {
            Ok(id) if value.bytes().all(|it| it.is_ascii_digit()) => Ok(Some(id.into())),
            _ => Err(Refusal::new(40058, format!("field `{name}` expect type `uint32`"))),
        }
    }

    /// [`id`](Self::id) of a parameter that must be there.
    pub(crate) fn required_id(&self, name: &str) -> Result<i64, Refusal> {
        self.id(name)?.ok_or_else(|| Refusal::invalid(name, "missing"))
    }
}

fn decode_tolerantly(raw: &str) -> String {
    percent_decode_str(&raw.replace('+', " ")).decode_utf8_lossy().into_owned()
}

fn read_strictly(pair: &str, known: &[&str], earlier: &Query) -> Result<(String, String), Refusal> {
    let Some((name, value)) = pair.split_once('=') else {
        return Err(Refusal::new(40058, format!("invalid query: `{pair}` is not name=value")));
    };
    let name = decode_strictly("query", name)?;
    let value = decode_strictly(&name, value)?;
    if !known.contains(&name.as_str()) {
        return Err(Refusal::invalid(&name, "unknown query parameter"));
    }
    if earlier.raw(&name).is_some() {
        return Err(Refusal::invalid(&name, "query parameter given twice"));
    }
    if value.is_empty() && !CREDENTIALS.contains(&name.as_str()) {
        return Err(Refusal::invalid(&name, "empty query parameter"));
    }
    Ok((name, value))
}

fn decode_strictly(name: &str, raw: &str) -> Result<String, Refusal> {
    let mut rest = raw.bytes();
    while let Some(byte) = rest.next() {
        let is_hex = |it: Option<u8>| it.is_some_and(|it| it.is_ascii_hexdigit());
        if byte == b'%' {
            if !(is_hex(rest.next()) && is_hex(rest.next())) {
                return Err(Refusal::invalid(name, "broken percent-encoding in the query"));
            }
        } else if !byte.is_ascii_alphanumeric() && !b"-._~".contains(&byte) {
            return Err(Refusal::invalid(name, "a character in the query is not percent-encoded"));
        }
    }
    let decoded = percent_decode_str(raw).decode_utf8();
    decoded.map(Into::into).map_err(|_| Refusal::invalid(name, "the query is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(raw: &str, mode: Mode) -> Result<Query, Refusal> {
        Query::read(raw, &["id", "userid", "access_token"], mode)
    }

    #[test]
    fn encoded_values_are_read_in_both_modes() {
        for mode in [Mode::Faithful, Mode::Strict] {
            let query = read("userid=a%40b%2e%E9%83%A8&id=7", mode).unwrap();
            assert_eq!(query.text("userid"), Some("a@b.部"));
            assert_eq!(query.id("id").unwrap(), Some(7));
            assert_eq!(query.text("absent"), None);
            assert_eq!(read("", mode).unwrap().id("id").unwrap(), None);
            assert_eq!(read("access_token=", mode).unwrap().text("access_token"), None);
        }
    }

    #[test]
    fn careless_queries_are_taken() {
        for (raw, userid) in [
            ("debug=1&userid=a", "a"),
            ("userid=a&userid=b", "a"),
            ("userid=a&", "a"),
            ("&&userid=a", "a"),
            ("x&userid=a@b:c", "a@b:c"),
            ("userid=a+b%20c", "a b c"),
            ("userid=a=b", "a=b"),
            ("userid=%4", "%4"),
            ("userid=%ff", "\u{fffd}"),
        ] {
            assert_eq!(read(raw, Mode::Faithful).unwrap().text("userid"), Some(userid), "{raw}");
        }
        assert_eq!(read("id=", Mode::Faithful).unwrap().id("id").unwrap_err().code, 40058);
    }

    #[test]
    fn careless_queries_are_refused_by_name_in_strict_mode() {
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
            let refusal = read(raw, Mode::Strict).unwrap_err();
            assert_eq!(refusal.code, 40058, "{raw}");
            assert!(refusal.text.contains(naming), "{raw}: {}", refusal.text);
        }
    }

    #[test]
    fn ids_are_unsigned_32_bit() {
        for (raw, accepted) in [
            ("0", true),
            ("4294967295", true),
            ("4294967296", false),
            ("-1", false),
            ("x", false),
            ("%2B7", false),
        ] {
            let query = read(&format!("id={raw}"), Mode::Strict).unwrap();
            assert_eq!(query.id("id").is_ok(), accepted, "{raw}");
        }
    }
}
