//! The credentials and identifiers that every simulator starts with. All are made up, in the shapes of real ones.

/// The corp id: `ww` and 16 hex digits.
pub const CORP_ID: &str = "ww51a7ed0000c0de01";
/// The secret of the contacts-sync assistant: it writes contacts and sends nothing.
pub const CONTACTS_SECRET: &str = "simulated-contacts-secret-AAAAAAAAAAAAAAAAA";

/// An application that sees the whole corp.
pub const APP_SECRET: &str = "simulated-app-secret-AAAAAAAAAAAAAAAAAAAAAA";
/// The agent id of [`APP_SECRET`].
pub const AGENT_ID: u32 = 1_000_002;

/// Another application that sees the whole corp.
pub const SECOND_APP_SECRET: &str = "simulated-second-app-secret-AAAAAAAAAAAAAAA";
/// The agent id of [`SECOND_APP_SECRET`].
pub const SECOND_AGENT_ID: u32 = 1_000_003;

/// An application that sees only [`FOUNDER`] and [`NARROW_DEPARTMENT_ID`].
pub const NARROW_APP_SECRET: &str = "simulated-narrow-app-secret-AAAAAAAAAAAAAAA";
/// The agent id of [`NARROW_APP_SECRET`].
pub const NARROW_AGENT_ID: u32 = 1_000_004;
/// Absent at the start; create it with this id.
pub const NARROW_DEPARTMENT_ID: u32 = 900_000;

/// The key of a chatbot, a UUID.
pub const CHATBOT_KEY: &str = "51a7ed00-0000-4000-8000-000000000001";
/// The key of another chatbot.
pub const SECOND_CHATBOT_KEY: &str = "51a7ed00-0000-4000-8000-000000000002";

/// The creator of the corp, its only member at the start; cannot be deleted.
pub const FOUNDER: &str = "founder";

/// The tag ids that exist; the first holds [`FOUNDER`], the others are empty.
pub const TAG_IDS: [u32; 3] = [1, 2, 0];
