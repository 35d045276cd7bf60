//! Temporary media and permanent images.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::corp::{
    identities::Chatbot,
    rate_limit::{DAY, SlidingWindow},
    refusal::Refusal,
};

const LIFE: Duration = Duration::from_hours(3 * 24);
const MB: usize = 1024 * 1024;
/// Every file must be larger than 5 bytes.
pub(crate) const MIN_BYTES: usize = 6;
const IMAGE_LIMITS: [(Duration, usize); 2] = [(DAY, 1000), (Duration::from_hours(30 * 24), 3000)];

#[derive(Clone, Default)]
pub(crate) struct MediaStore {
    media: BTreeMap<String, Media>,
    images: Vec<Image>,
    image_uploads: SlidingWindow,
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

/// A permanent image, which nothing in the corp refers to.
#[derive(Clone)]
struct Image {
    url: String,
    filename: String,
    size: usize,
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

fn invalid_media_id() -> Refusal {
    Refusal::new(40007, "invalid media_id")
}

impl MediaStore {
    pub(crate) fn insert(&mut self, id: String, media: Media) {
        self.media.insert(id, media);
    }

    /// A medium that has not expired and that its owner may use.
    pub(crate) fn find_any(
        &self,
        id: &str,
        owner: Owner,
        now: Duration,
    ) -> Result<&Media, Refusal> {
        let usable = self
            .media
            .get(id)
            .filter(|it| it.owner == owner && now < it.created.saturating_add(LIFE));
        usable.ok_or_else(invalid_media_id)
    }

    /// As [`find_any`](Self::find_any), of this kind.
    pub(crate) fn find(
        &self,
        id: &str,
        owner: Owner,
        kind: Kind,
        now: Duration,
    ) -> Result<&Media, Refusal> {
        let found = self.find_any(id, owner, now)?;
        if found.kind == kind { Ok(found) } else { Err(invalid_media_id()) }
    }

    /// Stores a permanent image, unless there were too many.
    pub(crate) fn add_image(
        &mut self,
        url: String,
        filename: String,
        size: usize,
        now: Duration,
    ) -> bool {
        let has_room = self.image_uploads.try_acquire(now, &IMAGE_LIMITS);
        if has_room {
            self.images.push(Image { url, filename, size });
        }
        has_room
    }

    pub(crate) fn state(&self) -> Value {
        let mut all: Vec<_> = self.media.iter().collect();
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

    pub(crate) fn images_state(&self) -> Value {
        let rows = self.images.iter().map(|it| {
            let Image { url, filename, size } = it;
            json!({ "url": url, "filename": filename, "size": size })
        });
        rows.collect()
    }
}

impl Kind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "image" => Some(Self::Image),
            "voice" => Some(Self::Voice),
            "video" => Some(Self::Video),
            "file" => Some(Self::File),
            _ => None,
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

    fn max_bytes(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 * MB,
            Self::Voice => 2 * MB,
            Self::File => 20 * MB,
        }
    }

    /// Refuses data of the wrong size or format.
    pub(crate) fn check(self, data: &[u8]) -> Result<(), Refusal> {
        if data.len() < MIN_BYTES {
            return Err(Refusal::new(40006, "invalid media size: must be more than 5 bytes"));
        }
        if data.len() > self.max_bytes() {
            return Err(Refusal::new(45001, "media file is too big"));
        }
        match self {
            Self::Image if !is_image(data) => {
                Err(Refusal::new(40123, "invalid image: not JPG or PNG"))
            }
            Self::Voice if !data.starts_with(b"#!AMR") => {
                Err(Refusal::new(301_017, "voice file is not AMR"))
            }
            Self::Video if data.get(4..8) != Some(b"ftyp") => {
                Err(Refusal::new(40004, "invalid media file type: not MP4"))
            }
            _ => Ok(()),
        }
    }
}
