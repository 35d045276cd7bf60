//! What every test needs: a server with the edge function in it, and the WeCom behind it.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::runtime::Runtime;
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

pub(crate) const TOKEN: &str = "alertmanagers-own-token";

/// A server with the component behind it.
pub(crate) trait Server {
    fn post(&self, authorization: &str, body: &str) -> Reply;
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

/// A WeCom with a chatbot.
pub(crate) struct WeCom {
    pub(crate) simulator: Simulator,
    pub(crate) address: SocketAddr,
    _runtime: Runtime,
}

impl WeCom {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (simulator, address) = (Simulator::new().strict(), listener.local_addr().unwrap());
        runtime.spawn(server::serve(listener, simulator.clone(), |_| {}));
        Self { simulator, address, _runtime: runtime }
    }

    /// What the function needs to send to the group chat.
    pub(crate) fn environment(&self) -> [(&'static str, String); 3] {
        [
            ("ALERTS_TOKEN", TOKEN.into()),
            ("WECOM_CHATBOT_KEY", known::CHATBOT_KEY.into()),
            ("WECOM_BASE_URL", format!("http://{}", self.address)),
        ]
    }

    /// What the function needs to send to members.
    pub(crate) fn environment_for_members(&self) -> [(&'static str, String); 6] {
        [
            ("ALERTS_TOKEN", TOKEN.into()),
            ("WECOM_CORP_ID", known::CORP_ID.into()),
            ("WECOM_SECRET", known::APP_SECRET.into()),
            ("WECOM_AGENT_ID", known::AGENT_ID.to_string()),
            ("WECOM_BASE_URL", format!("http://{}", self.address)),
            ("ALERTS_USERS", "founder".into()),
        ]
    }

    pub(crate) fn messages(&self) -> Vec<Value> {
        self.simulator.state()["chatbot_messages"].as_array().unwrap().clone()
    }

    /// Injects a fault into the next request.
    pub(crate) fn inject(&self, kind: FaultKind) {
        self.simulator.inject(Fault { on: String::new(), skip: 0, times: 1, act: false, kind });
    }
}
