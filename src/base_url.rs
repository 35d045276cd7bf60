//! Parses and validates the base URL, which says where calls go.

use alloc::{string::String, vec::Vec};

use crate::{bindings::wit::types::Error, validate::invalid};

const DEFAULT: &str = "https://qyapi.weixin.qq.com";

#[derive(Clone, PartialEq)]
pub(crate) struct BaseUrl {
    pub(crate) https: bool,
    /// Host and port.
    pub(crate) authority: String,
    /// Without a slash at the end.
    pub(crate) path: String,
}

impl BaseUrl {
    /// WeCom's own server if there is no URL, or an empty one. `field` names the URL in errors. `allow_http` is asked for
    /// plain http to another machine.
    pub(crate) fn parse(
        field: &str,
        url: Option<&str>,
        allow_http: impl FnOnce() -> bool,
    ) -> Result<Self, Error> {
        let url = url.map(str::trim).filter(|it| !it.is_empty()).unwrap_or(DEFAULT);
        let (https, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => {
                return Err(invalid(
                    field,
                    "must begin with https://, or http:// for a loopback address",
                ));
            }
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let Some(host) = host(authority) else {
            return Err(invalid(field, "must name a host, and at most a port and a path after it"));
        };
        if !https && !is_loopback(host) && !allow_http() {
            return Err(invalid(
                field,
                "http:// is for loopback addresses only, as secrets would not be encrypted: use https://, or set \
                 WECOM_ALLOW_HTTP=1 in the component's environment for a private deployment",
            ));
        }
        if !path.bytes().all(|it| it.is_ascii_alphanumeric() || b"/-._~".contains(&it)) {
            return Err(invalid(
                field,
                "must have a path of letters, digits and `/ - . _ ~`, and nothing after it",
            ));
        }
        // Other tools have it at the end of their base URL; here it is part of every path.
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("/cgi-bin").unwrap_or(path).trim_end_matches('/');
        Ok(Self { https, authority: authority.into(), path: path.into() })
    }
}

/// The host of `host[:port]`.
fn host(authority: &str) -> Option<&str> {
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => {
            (authority.get(..colon)?, authority.get(colon + 1..))
        }
        _ => (authority, None),
    };
    let name = match host.strip_prefix('[') {
        Some(address) => address
            .strip_suffix(']')
            .filter(|it| it.bytes().all(|b| b.is_ascii_hexdigit() || b":.".contains(&b))),
        None => Some(host)
            .filter(|it| it.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))),
    }?;
    let port_is_right = port.is_none_or(|it| {
        it.parse::<u16>().is_ok_and(|it| it > 0) && it.bytes().all(|b| b.is_ascii_digit())
    });
    (!name.is_empty() && port_is_right).then_some(host)
}

fn is_loopback(host: &str) -> bool {
    let is_127 = || {
        let parts: Vec<_> = host.split('.').collect();
        parts.first() == Some(&"127")
            && parts.len() == 4
            && parts.iter().all(|it| it.parse::<u8>().is_ok())
    };
    host.eq_ignore_ascii_case("localhost") || host == "[::1]" || is_127()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        for (url, accepted) in [
            ("https://proxy.example", true),
            ("https://proxy.example:8443/wecom/", true),
            ("http://localhost:1", true),
            ("http://127.0.0.1:65535", true),
            ("http://[::1]:80", true),
            ("http://[::1]", true),
            ("http://10.0.0.1", false),
            ("http://127.1", false),
            ("http://127.0.0.256", false),
            ("http://proxy.example", false),
            ("http://127.0.0.1.evil.example", false),
            ("http://127.evil.example", false),
            ("http://localhost@evil.example", false),
            ("https://a@evil.example", false),
            ("https://", false),
            ("https://:443", false),
            ("https://a:0", false),
            ("https://a:+1", false),
            ("https://a:65536", false),
            ("https://a/b?c", false),
            ("https://a?b", false),
            ("https://a b", false),
            ("ftp://a", false),
            ("", true),
            (" \r\n", true),
            (" https://a.example\r\n", true),
        ] {
            assert_eq!(BaseUrl::parse("url", Some(url), || false).is_ok(), accepted, "{url}");
        }
    }

    #[test]
    fn plain_http_beyond_loopback_is_an_option() {
        for (url, allowed, accepted) in [
            ("http://wecom.invalid:8080", true, true),
            ("http://wecom.invalid:8080", false, false),
            ("ftp://wecom.invalid", true, false),
        ] {
            let parsed = BaseUrl::parse("url", Some(url), || allowed);
            assert_eq!(parsed.is_ok(), accepted, "{url}");
        }
    }

    #[test]
    fn cgi_bin_at_the_end_is_taken_once() {
        for (url, path) in [
            ("https://a.example", ""),
            ("https://a.example/", ""),
            ("https://a.example/cgi-bin", ""),
            ("https://a.example/cgi-bin/", ""),
            ("https://a.example/wecom/cgi-bin//", "/wecom"),
            ("https://a.example/wecom/", "/wecom"),
            ("https://a.example/my-cgi-bin", "/my-cgi-bin"),
        ] {
            let Ok(base) = BaseUrl::parse("url", Some(url), || false) else { panic!("{url}") };
            assert_eq!(base.path, path, "{url}");
        }
    }
}
