//! Access tokens: the call that fetches one, and those that the instance has.

use alloc::{string::String, vec::Vec};

use serde::Deserialize;

use crate::{
    base_url::BaseUrl,
    bindings::wit::types::Receipt,
    call::{Auth, Call},
    response::{Accepted, Unexpected},
    wire::Lenient,
};

pub(crate) const GETTOKEN: &str = "/cgi-bin/gettoken";

/// `GET /cgi-bin/gettoken`. Its response is read as [`Issued`].
pub(crate) fn gettoken(corp_id: &str, secret: &str) -> Call<Receipt> {
    Call::get(GETTOKEN, Auth::None).query("corpid", corp_id).query("corpsecret", secret)
}

/// A token as WeCom issues it.
pub(crate) struct Issued {
    pub(crate) access_token: String,
    /// Seconds.
    pub(crate) expires_in: Option<u64>,
}

impl Issued {
    pub(crate) fn parse(accepted: Accepted) -> Result<Self, Unexpected> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Response {
            access_token: Lenient<Option<String>>,
            expires_in: Lenient<Option<u64>>,
        }

        let Response { access_token, expires_in } = accepted.read()?;
        let access_token = access_token.value.ok_or_else(|| Unexpected::lacks("access_token"))?;
        Ok(Self { access_token, expires_in: expires_in.value })
    }
}

/// The tokens of an instance, by server, enterprise and secret: applications of one enterprise never share a token.
pub(crate) struct TokenCache(Vec<CachedToken>);

struct CachedToken {
    base: BaseUrl,
    corp_id: String,
    secret: String,
    token: String,
    /// The second from which on it is not used any more.
    expires_at: u64,
}

/// What a token is issued for.
#[derive(Clone, Copy)]
pub(crate) struct TokenKey<'a> {
    pub(crate) base: &'a BaseUrl,
    pub(crate) corp_id: &'a str,
    pub(crate) secret: &'a str,
    /// Whether it replaces the secret that the call needs, which is not there.
    pub(crate) substitute: bool,
}

impl TokenCache {
    /// Far more than a host gives to one instance. It only bounds the memory.
    const MAX_TOKENS: usize = 64;
    /// A token is replaced before it expires, as the clocks of both sides differ and requests take time.
    const MARGIN_SECONDS: u64 = 300;

    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn get(&self, key: TokenKey, now: u64) -> Option<&str> {
        let found = self.0.iter().find(|it| it.is_of(key) && now < it.expires_at);
        found.map(|it| it.token.as_str())
    }

    /// Keeps a token. `now` was read before it was issued.
    pub(crate) fn insert(&mut self, key: TokenKey, issued: &Issued, now: u64) {
        self.evict(key);
        if self.0.len() >= Self::MAX_TOKENS {
            self.0.clear();
        }
        let lifetime = issued.expires_in.unwrap_or(0);
        self.0.push(CachedToken {
            base: key.base.clone(),
            corp_id: key.corp_id.into(),
            secret: key.secret.into(),
            token: issued.access_token.clone(),
            expires_at: now.saturating_add(lifetime - (lifetime / 2).min(Self::MARGIN_SECONDS)),
        });
    }

    pub(crate) fn evict(&mut self, key: TokenKey) {
        self.0.retain(|it| !it.is_of(key));
    }
}

impl CachedToken {
    fn is_of(&self, key: TokenKey) -> bool {
        self.secret == key.secret && self.corp_id == key.corp_id && self.base == *key.base
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn base(url: &str) -> BaseUrl {
        BaseUrl::parse("url", Some(url), || false).unwrap()
    }

    fn issued(token: &str, expires_in: Option<u64>) -> Issued {
        Issued { access_token: token.into(), expires_in }
    }

    #[test]
    fn token_is_cached_until_shortly_before_it_expires() {
        let base = base("https://a.example");
        let key = TokenKey { base: &base, corp_id: "c", secret: "s", substitute: false };
        for (expires_in, last) in [
            (Some(7200), Some(6899)),
            (Some(400), Some(199)),
            (Some(0), None),
            (None, None),
            (Some(u64::MAX), Some(u64::MAX - 301)),
        ] {
            let mut cache = TokenCache::new();
            cache.insert(key, &issued("T", expires_in), 0);
            if let Some(last) = last {
                assert_eq!(cache.get(key, last), Some("T"), "{expires_in:?}");
                assert_eq!(cache.get(key, last + 1), None, "{expires_in:?}");
            } else {
                assert_eq!(cache.get(key, 0), None, "{expires_in:?}");
            }
        }
    }

    #[test]
    fn token_is_shared_by_nothing_else() {
        let (here, path, elsewhere) =
            (base("https://a.example"), base("https://a.example/b"), base("https://b.example"));
        let key = TokenKey { base: &here, corp_id: "c", secret: "s", substitute: false };
        let mut cache = TokenCache::new();
        cache.insert(key, &issued("T", Some(7200)), 0);
        assert_eq!(cache.get(TokenKey { base: &base("https://a.example/"), ..key }, 0), Some("T"));
        for other in [
            TokenKey { base: &path, ..key },
            TokenKey { base: &elsewhere, ..key },
            TokenKey { corp_id: "d", ..key },
            TokenKey { secret: "t", ..key },
        ] {
            assert_eq!(cache.get(other, 0), None);
            cache.evict(other);
        }
        cache.insert(key, &issued("T2", Some(7200)), 0);
        assert_eq!(cache.get(key, 0), Some("T2"));
        cache.evict(key);
        assert_eq!(cache.get(key, 0), None);
    }

    #[test]
    fn cache_holds_a_token_for_each_secret() {
        let base = base("https://a.example");
        let application = TokenKey { base: &base, corp_id: "c", secret: "a", substitute: false };
        let contacts = TokenKey { secret: "b", ..application };
        let mut cache = TokenCache::new();
        cache.insert(application, &issued("A", Some(7200)), 0);
        cache.insert(contacts, &issued("B", Some(7200)), 0);
        assert_eq!((cache.get(application, 0), cache.get(contacts, 0)), (Some("A"), Some("B")));
    }

    #[test]
    fn cache_is_bounded() {
        let base = base("https://a.example");
        let mut cache = TokenCache::new();
        for secret in 0..1000 {
            let secret = format!("{secret}");
            let key = TokenKey { base: &base, corp_id: "c", secret: &secret, substitute: false };
            cache.insert(key, &issued("T", Some(7200)), 0);
            assert_eq!(cache.get(key, 0), Some("T"));
        }
        assert!(cache.0.len() <= TokenCache::MAX_TOKENS);
    }
}
