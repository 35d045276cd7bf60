//! Which certificates a server is trusted for.

use std::{
    env,
    sync::{Arc, OnceLock},
};

use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// Which certificates are trusted.
#[derive(Clone, Default)]
pub enum Trust {
    /// Those in the files that the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name, which is how a company's own
    /// CA is added; without these variables those of the machine, or Mozilla's list where the machine has none. Read once per
    /// process.
    #[default]
    System,
    /// Mozilla's list, whatever the machine and the environment say.
    Mozilla,
    /// A configuration of your own.
    Custom(Arc<ClientConfig>),
}

impl Trust {
    pub(crate) fn config(&self) -> Arc<ClientConfig> {
        static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        match self {
            Self::System => Arc::clone(SYSTEM.get_or_init(|| config(system()))),
            Self::Mozilla => config(mozilla()),
            Self::Custom(config) => Arc::clone(config),
        }
    }
}

fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let chosen = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|it| env::var_os(it).is_some());
    // A file that was chosen and can't be read is not made up for: no server is trusted then, and the errors say so.
    if roots.is_empty() && !chosen { mozilla() } else { roots }
}

fn mozilla() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

#[allow(clippy::expect_used, reason = "ring has cipher suites for both versions")]
pub(crate) fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    // Named, as other crates of a program may bring other providers.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}
