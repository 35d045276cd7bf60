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
    api::dispatch::dispatch,
    corp::{Corp, clock::Clock},
    faults::{Fault, Faults},
    http::response::Response,
    transcript::TranscriptEntry,
};

/// A corp in memory. Clones are handles on the same one.
#[derive(Clone)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
}

struct World {
    corp: Corp,
    faults: Faults,
    transcript: VecDeque<Arc<TranscriptEntry>>,
}

/// How many requests the transcript holds; older ones are forgotten.
const TRANSCRIPT: usize = 10_000;

impl Simulator {
    /// A fresh corp whose clock stands still until [`advance`](Self::advance) moves it.
    pub fn new() -> Self {
        Self::with(Clock::standing())
    }

    /// A fresh corp whose clock goes by itself.
    pub fn ticking() -> Self {
        Self::with(Clock::ticking())
    }

    fn with(clock: Clock) -> Self {
        let world = World {
            corp: Corp::new(clock),
            faults: Faults::default(),
            transcript: VecDeque::new(),
        };
        Self { world: Arc::new(Mutex::new(world)) }
    }

    /// One request in, one answer out. Never blocks for long, never panics.
    pub fn handle(&self, request: &Request<Bytes>) -> Response {
        self.observe(request).0
    }

    /// As [`handle`](Self::handle), and what the transcript says about it.
    pub(crate) fn observe(&self, request: &Request<Bytes>) -> (Response, Arc<TranscriptEntry>) {
        let World { corp, faults, transcript } = &mut *self.lock();
        let fault = faults.take(request.uri().path());
        let reply = match &fault {
            Some(fault) => fault.answer(corp, request),
            None => dispatch(corp, request),
        };

        let mut recorded = TranscriptEntry::new(request, &corp.tokens);
        recorded.status = reply.response.status;
        recorded.errcode = reply.errcode;
        recorded.fault = fault.map(|it| it.kind.name().to_owned());
        let recorded = Arc::new(recorded);
        if transcript.len() == TRANSCRIPT {
            transcript.pop_front();
        }
        transcript.push_back(recorded.clone());
        (reply.response, recorded)
    }

    /// Everything the corp knows, readable and in a stable order, without secrets and tokens.
    ///
    /// - `clock` (seconds since 1970), `tokens_issued`
    /// - `departments`: by id; `members`: by id in lower case; `group_chats`: by id
    /// - `messages`, `group_messages`, `chatbot_messages`: in the order of sending, each with its
    ///   `msgtype` and `content` as it was kept; the first two with `delivered` and `dropped`
    /// - `media`: in the order of uploading, without the bytes
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
        })
    }

    /// Every request since the start or the last clearing, oldest first; the last 10,000 of them.
    pub fn transcript(&self) -> Vec<TranscriptEntry> {
        self.lock().transcript.iter().map(|it| TranscriptEntry::clone(it)).collect()
    }

    pub fn clear_transcript(&self) {
        self.lock().transcript.clear();
    }

    /// Moves the clock on: tokens expire, windows pass, messages grow too old to recall.
    pub fn advance(&self, by: Duration) {
        self.lock().corp.clock.advance(by);
    }

    /// Queues trouble for later requests.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.inject(fault);
    }

    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Makes every token issued so far invalid (40014); `gettoken` then issues new ones.
    pub fn revoke_tokens(&self) {
        self.lock().corp.tokens.revoke_all();
    }

    /// Takes the basic-interface license from a member: messages name it in `unlicenseduser`.
    pub fn unlicense(&self, user_id: &str) {
        self.lock().corp.members.unlicense(user_id);
    }

    /// Forgets everything, faults and transcript included; the clock starts again.
    pub fn reset(&self) {
        let World { corp, faults, transcript } = &mut *self.lock();
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
