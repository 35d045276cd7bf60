//! The handle that tests and the server hold.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::{
    api::endpoints,
    corp::{Corp, clock::Clock},
    faults::{Fault, Faults},
    http::{mode::Mode, response::Response},
    transcript::TranscriptEntry,
};

/// A corp in memory. Clones are handles on the same one.
#[derive(Clone)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
}

struct World {
    mode: Mode,
    corp: Corp,
    faults: Faults,
    transcript: VecDeque<Arc<TranscriptEntry>>,
}

/// How many requests the transcript holds; older ones are dropped.
const MAX_TRANSCRIPT: usize = 10_000;

impl Simulator {
    /// A new corp whose clock does not move until [`advance`](Self::advance) moves it. It accepts what `WeCom` accepts.
    pub fn new() -> Self {
        Self::with(Clock::standing())
    }

    /// A new corp whose clock ticks.
    pub fn ticking() -> Self {
        Self::with(Clock::ticking())
    }

    fn with(clock: Clock) -> Self {
        let world = World {
            mode: Mode::Faithful,
            corp: Corp::new(clock),
            faults: Faults::default(),
            transcript: VecDeque::new(),
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// Also refuses what `WeCom` tolerates: unknown keys, wrong JSON types, careless headers, queries and uploads.
    #[must_use]
    pub fn strict(self) -> Self {
        self.lock().mode = Mode::Strict;
        self
    }

    /// One request in, one response out. Never blocks for long, never panics.
    ///
    /// A [`std::net::IpAddr`] among the extensions of the request is the address of its caller, which refusals name;
    /// without one it is 127.0.0.1.
    pub fn handle(&self, request: &Request<Bytes>) -> Response {
        self.observe(request).0
    }

    /// As [`handle`](Self::handle), with the entry in the transcript.
    pub(crate) fn observe(&self, request: &Request<Bytes>) -> (Response, Arc<TranscriptEntry>) {
        let World { mode, corp, faults, transcript } = &mut *self.lock();
        let (reply, fault) = faults.respond(corp, *mode, request);
        let mut entry = TranscriptEntry::new(request, &corp.tokens);
        entry.status = reply.response.status;
        entry.errcode = reply.errcode;
        entry.fault = fault.map(str::to_owned);
        let entry = Arc::new(entry);
        if transcript.len() == MAX_TRANSCRIPT {
            transcript.pop_front();
        }
        transcript.push_back(entry.clone());
        (reply.response, entry)
    }

    /// The whole state of the corp, readable and in a stable order, without secrets and tokens.
    ///
    /// - `clock` (seconds since 1970), `tokens_issued`
    /// - `departments`: by id; `members`: by id in lower case; `group_chats`: by id
    /// - `messages`, `group_messages`, `chatbot_messages`: in the order of sending, each with its
    ///   `msgtype` and `content` as it was stored; the first two with `delivered` and `dropped`
    /// - `media` and `images` (permanent ones): in the order of uploading, without the bytes
    pub fn state(&self) -> Value {
        let corp = &self.lock().corp;
        json!({
            "clock": corp.now().as_secs(),
            "tokens_issued": corp.tokens.count(),
            "departments": corp.departments.state(),
            "members": corp.members.state(),
            "group_chats": corp.group_chats.state(),
            "messages": corp.messages.state(),
            "group_messages": corp.group_chats.messages_state(),
            "chatbot_messages": corp.chatbots.state(),
            "media": corp.media.state(),
            "images": corp.media.images_state(),
        })
    }

    /// Every request since the start or the last clearing, oldest first; the last 10,000 of them.
    pub fn transcript(&self) -> Vec<TranscriptEntry> {
        self.lock().transcript.iter().map(|it| TranscriptEntry::clone(it)).collect()
    }

    /// Empties the transcript.
    pub fn clear_transcript(&self) {
        self.lock().transcript.clear();
    }

    /// Moves the clock on: tokens expire, windows pass, messages grow too old to recall.
    pub fn advance(&self, by: Duration) {
        self.lock().corp.clock.advance(by);
    }

    /// Queues a fault for later requests. Returns whether an endpoint exists that it can hit; otherwise it is not queued.
    pub fn inject(&self, fault: Fault) -> bool {
        let can_hit = endpoints::exists(&fault.on);
        if can_hit {
            self.lock().faults.inject(fault);
        }
        can_hit
    }

    /// The faults that are still to come, each with the number of requests it has left.
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.queue().to_vec()
    }

    /// Drops the faults that are still to come.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Makes every token issued so far invalid (40014); `gettoken` then issues new ones.
    pub fn revoke_tokens(&self) {
        self.lock().corp.tokens.revoke_all();
    }

    /// Removes the basic-interface license of a member: messages name it in `unlicenseduser`. Returns whether the member
    /// exists.
    pub fn unlicense(&self, user_id: &str) -> bool {
        self.lock().corp.members.unlicense(user_id)
    }

    /// Clears everything, faults and transcript included; the clock starts again.
    pub fn reset(&self) {
        let World { corp, faults, transcript, .. } = &mut *self.lock();
        *corp = Corp::new(corp.clock.restarted());
        faults.clear();
        transcript.clear();
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}
