//! The program against the simulator, on a real port.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::process::{Command, Output};

use tokio::{net::TcpListener, runtime::Runtime};
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

struct Corp {
    simulator: Simulator,
    base_url: String,
    _runtime: Runtime,
}

impl Corp {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let simulator = Simulator::new();
        runtime.spawn(server::serve(listener, simulator.clone(), |_: &_| {}));
        Self { simulator, base_url, _runtime: runtime }
    }

    /// Sends "Hello" to a member.
    fn send(&self, user_id: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_embed"))
            .args([user_id, "Hello"])
            .env("WECOM_BASE_URL", &self.base_url)
            .env("WECOM_CORP_ID", known::CORP_ID)
            .env("WECOM_SECRET", known::APP_SECRET)
            .env("WECOM_AGENT_ID", known::AGENT_ID.to_string())
            .output()
            .unwrap()
    }

    /// Sends it while the simulator injects a fault. The exit code, and how often it arrived.
    fn send_with_fault(&self, act: bool, kind: FaultKind) -> (Option<i32>, usize) {
        let on = "/cgi-bin/message/send".to_owned();
        self.simulator.inject(Fault { on, skip: 0, times: 1, act, kind });
        let code = self.send(known::FOUNDER).status.code();
        (code, self.simulator.state()["messages"].as_array().unwrap().len())
    }
}

#[test]
fn text_arrives() {
    let corp = Corp::new();
    let Output { status, stdout, stderr } = corp.send(known::FOUNDER);
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    assert!(String::from_utf8_lossy(&stdout).starts_with("sent;"));
    let state = corp.simulator.state();
    assert_eq!(state["messages"][0]["delivered"][0], known::FOUNDER);
}

#[test]
fn exit_code_follows_the_error_case() {
    let busy = FaultKind::Errcode { code: -1, message: "system busy".into() };
    assert_eq!(Corp::new().send_with_fault(false, busy), (Some(75), 0));
    assert_eq!(Corp::new().send_with_fault(true, FaultKind::ResetBeforeReply), (Some(2), 1));
    let refusal = FaultKind::Errcode { code: 60011, message: "no privilege".into() };
    assert_eq!(Corp::new().send_with_fault(false, refusal), (Some(1), 0));
}
