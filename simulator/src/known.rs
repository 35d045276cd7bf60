//! The credentials and identifiers that every simulator starts with.

pub const CORP_ID: &str = "wwsimulatedcorp001";
/// The secret of the contacts-sync assistant: it writes contacts and sends nothing.
pub const CONTACTS_SECRET: &str = "simulated-contacts-secret";

/// An application that sees the whole corp.
pub const APP_SECRET: &str = "simulated-app-secret";
pub const AGENT_ID: u32 = 1_000_002;

/// Another one that sees the whole corp.
pub const SECOND_APP_SECRET: &str = "simulated-second-app-secret";
pub const SECOND_AGENT_ID: u32 = 1_000_003;

/// An application that sees only [`FOUNDER`] and [`NARROW_DEPARTMENT_ID`].
pub const NARROW_APP_SECRET: &str = "simulated-narrow-app-secret";
pub const NARROW_AGENT_ID: u32 = 1_000_004;
/// Not there at the start: whoever needs it creates it with this id.
pub const NARROW_DEPARTMENT_ID: u32 = 900_000;

pub const CHATBOT_KEY: &str = "simulated-chatbot-key";
pub const SECOND_CHATBOT_KEY: &str = "simulated-second-chatbot-key";

/// The creator of the corp, its only member at the start; cannot be deleted.
pub const FOUNDER: &str = "founder";

/// The tag ids that exist; the first holds [`FOUNDER`], the second nobody.
pub const TAG_IDS: [u32; 2] = [1, 2];
