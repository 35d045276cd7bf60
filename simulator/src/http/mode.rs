//! How much of a careless request is accepted.

/// Which requests are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that WeCom refuses.
    #[default]
    Faithful,
    /// Also everything that WeCom tolerates: unknown keys, wrong types, careless headers and queries.
    Strict,
}
