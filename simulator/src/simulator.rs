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
    answer::Answer,
    corp::{Clock, Corp},
    faults::{Fault, Faults},
    gate,
    recorded::Recorded,
};

/// A corp in memory. Clones are handles on the same one.
#[derive(Clone)]
pub struct Simulator {
    world: Arc<Mutex<World>>,
}

struct World {
    corp: Corp,
    faults: Faults,
    transcript: VecDeque<Arc<Recorded>>,
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
    pub fn handle(&self, request: &Request<Bytes>) -> Answer {
        self.observe(request).0
    }

    /// As [`handle`](Self::handle), and what the transcript says about it.
    pub(crate) fn observe(&self, request: &Request<Bytes>) -> (Answer, Arc<Recorded>) {
        let World { corp, faults, transcript } = &mut *self.lock();
        let fault = faults.take(request.uri().path());
        let reply = match &fault {
            Some(fault) => fault.answer(corp, request),
            None => gate::answer(corp, request),
        };

        let mut recorded = Recorded::new(request, &corp.tokens);
        recorded.status = reply.answer.status;
        recorded.errcode = reply.errcode;
        recorded.fault = fault.map(|it| it.kind.name().to_owned());
        let recorded = Arc::new(recorded);
        if transcript.len() == TRANSCRIPT {
            transcript.pop_front();
        }
        transcript.push_back(recorded.clone());
        (reply.answer, recorded)
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
    pub fn transcript(&self) -> Vec<Recorded> {
        self.lock().transcript.iter().map(|it| Recorded::clone(it)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{known, testing::Client};

    #[test]
    fn a_fresh_corp_has_a_root_and_a_founder() {
        let state = Simulator::new().state();
        assert_eq!(state["departments"][0]["id"], 1);
        assert_eq!(state["members"][0]["userid"], known::FOUNDER);
        assert_eq!(state["tokens_issued"], 0);
        for subject in ["group_chats", "messages", "group_messages", "chatbot_messages", "media"] {
            assert_eq!(state[subject], json!([]), "{subject}");
        }
    }

    #[test]
    fn the_state_holds_no_secret() {
        let client = Client::new();
        let token = client.token(known::APP_SECRET);
        let state = client.simulator.state().to_string();
        assert!(!state.contains(&token) && !state.contains(known::APP_SECRET));
    }

    #[test]
    fn a_reset_forgets_everything() {
        let client = Client::new();
        client.token(known::APP_SECRET);
        client.simulator.advance(Duration::from_secs(9));
        client.simulator.reset();
        assert_eq!(client.simulator.state(), Simulator::new().state());
        assert!(client.simulator.transcript().is_empty());
    }

    #[test]
    fn nothing_broken_makes_it_panic() {
        let client = Client::new();
        let key = known::CHATBOT_KEY;
        let upload = b"--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"; \
                       filelength=6\r\nContent-Type: image/png\r\n\r\n123456\r\n--b--\r\n";
        let json =
            "{\"msgtype\":\"text\",\"text\":{\"content\":\"水泵\",\"mentioned_list\":[\"a\"]}}";
        for (path, content_type, body) in [
            ("upload_media", "multipart/form-data; boundary=b", upload.as_slice()),
            ("send", "application/json; charset=utf-8", json.as_bytes()),
        ] {
            let url = format!(
                "/cgi-bin/webhook/{path}?key={key}{}",
                if path == "send" { "" } else { "&type=file" }
            );
            for at in 0..=body.len() {
                let mut changed = body.to_vec();
                if let Some(byte) = changed.get_mut(at) {
                    *byte ^= 0x80;
                }
                for broken in [&body[..at], &body[at..], &changed] {
                    let request = Request::post(&url)
                        .header("host", "h")
                        .header("content-type", content_type);
                    let request = request.body(Bytes::copy_from_slice(broken)).unwrap();
                    assert_eq!(client.simulator.handle(&request).status, 200);
                }
            }
        }
        let codes: std::collections::BTreeSet<_> =
            client.simulator.transcript().iter().filter_map(|it| it.errcode).collect();
        assert!(
            codes.contains(&0) && codes.contains(&40058) && codes.contains(&44001),
            "{codes:?}"
        );
    }

    #[test]
    fn the_transcript_is_bounded() {
        let simulator = Simulator::new();
        let request = Client::request("GET", "/cgi-bin/gettoken", "");
        for _ in 0..TRANSCRIPT + 5 {
            simulator.handle(&request);
        }
        assert_eq!(simulator.transcript().len(), TRANSCRIPT);
        simulator.clear_transcript();
        assert!(simulator.transcript().is_empty());
    }
}
