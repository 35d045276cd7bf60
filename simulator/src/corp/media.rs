//! Temporary media.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::corp::{identities::Chatbot, refusal::Refusal};

const LIFE: Duration = Duration::from_hours(3 * 24);
const MB: usize = 1024 * 1024;

/// Media by their ids.
#[derive(Clone, Default)]
pub(crate) struct MediaStore {
    pub(crate) all: BTreeMap<String, Media>,
}

#[derive(Clone)]
pub(crate) struct Media {
    /// The order of uploads.
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) filename: String,
    pub(crate) content_type: String,
    pub(crate) data: Bytes,
    pub(crate) owner: Owner,
    pub(crate) created: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Voice,
    Video,
    File,
}

/// Who may use a medium: every application of the corp, or one chatbot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Corp,
    Chatbot(&'static Chatbot),
}

pub(crate) fn is_image(data: &[u8]) -> bool {
    data.starts_with(b"\x89PNG\r\n\x1a\n") || data.starts_with(b"\xff\xd8\xff")
}

impl MediaStore {
    /// A living medium of this kind that its owner may use.
    pub(crate) fn find(
        &self,
        id: &str,
        owner: Owner,
        kind: Kind,
        now: Duration,
    ) -> Result<&Media, Refusal> {
        let found = self.all.get(id);
        let usable = found.filter(|it| it.owner == owner && it.kind == kind && it.lives_at(now));
        usable.ok_or_else(|| Refusal::new(40007, "invalid media_id"))
    }

    pub(crate) fn state(&self) -> Value {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|(_, it)| it.number);
        let rows = all.into_iter().map(|(id, it)| {
            let owner = match it.owner {
                Owner::Corp => "corp",
                Owner::Chatbot(bot) => bot.role,
            };
            json!({
                "media_id": id, "type": it.kind.name(), "filename": it.filename,
                "content_type": it.content_type, "size": it.data.len(), "owner": owner,
                "created_at": it.created.as_secs(),
            })
        });
        rows.collect()
    }
}

impl Media {
    pub(crate) fn lives_at(&self, now: Duration) -> bool {
        now < self.created.saturating_add(LIFE)
    }

    pub(crate) fn filename(&self) -> &str {
        &self.filename
    }
}

impl Kind {
    pub(crate) fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "image" => Ok(Self::Image),
            "voice" => Ok(Self::Voice),
            "video" => Ok(Self::Video),
            "file" => Ok(Self::File),
            _ => Err(Refusal::new(40005, "invalid file type")),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::File => "file",
        }
    }

    pub(crate) fn largest(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 * MB,
            Self::Voice => 2 * MB,
            Self::File => 20 * MB,
        }
    }
}
