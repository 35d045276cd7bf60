//! Everybody who sends the message, one call at a time.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use wasmtime::Store;
use wecom_host::{
    COMPONENT, Host, Instance, Options,
    bindings::{
        Connector, ConnectorPre,
        exports::wecom::connector::{
            app_messages::{AppText, Recipients, Selection},
            types::{AccessToken, Application},
        },
    },
};

use crate::{
    sandbox::{Floor, FloorPre, Sandbox, Sends, State},
    server, system,
};

/// A message as people send them: 170 bytes of text, two members and a department.
pub const CONTENT: &str = "Shift swap approved: Noor takes Thursday 22:00 to 06:00 at substation N-22, Iker takes Friday. \
    泵房二号已重新启动，压力正常。Reply before 18:00 if this does not suit.";
pub const AGENT_ID: u32 = 1_000_002;

pub fn environment(url: &str) -> Vec<(String, String)> {
    [("CORP_ID", "CORP"), ("SECRET", "SECRET"), ("AGENT_ID", "1000002"), ("BASE_URL", url)]
        .map(|(name, value)| (format!("WECOM_{name}"), value.to_owned()))
        .into()
}

pub fn message() -> AppText {
    let users = Some(vec!["noor.h".into(), "iker.z".into()]);
    AppText {
        recipients: Recipients::Selected(Selection {
            users,
            departments: Some(vec![310]),
            tags: None,
        }),
        content: CONTENT.into(),
        confidentiality: None,
        options: None,
    }
}

/// The token given with the call.
pub fn with_token(url: &str) -> Application {
    Application::Token(AccessToken {
        token: "PNPh3GLzyTvmPUDJTjWkQrhSOD6Yj0EIkk-8zlMUBxTFIYdErBkFZCSgHpU8KqvS6y8".into(),
        agent_id: Some(AGENT_ID),
        base_url: Some(url.into()),
    })
}

pub fn profile() -> Application {
    Application::Profile(String::new())
}

/// Time for one call.
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: Duration,
    pub cpu: Duration,
}

#[allow(clippy::large_enum_variant, reason = "there are a dozen")]
pub enum Contestant {
    Native(Native),
    FloorReused { request: Prepared, store: Store<State>, floor: Floor },
    FloorFresh { request: Prepared, sandbox: Sandbox, pre: FloorPre<State> },
    Reused { instance: Instance, application: Application },
    /// With the environment that it needs: none where the token is given, as the floor has none.
    Fresh { host: Host, environment: Vec<(String, String)>, application: Application },
    DefaultSend { store: Store<State>, connector: Connector },
    Process(Process),
}

/// What goes over the wire.
#[derive(Clone)]
pub struct Prepared {
    pub authority: String,
    pub path: String,
    pub body: Bytes,
}

impl Prepared {
    /// Has the component send the message once, and asks the server what that was.
    pub async fn new(url: &str, host: &Host) -> Self {
        let mut instance = host.instance(environment(url));
        send(&mut instance, &with_token(url)).await;
        let client: Client<HttpConnector, Full<Bytes>> =
            Client::builder(TokioExecutor::new()).build_http();
        let last = client.get(format!("{url}/last").parse().unwrap()).await.unwrap();
        let body = last.into_body().collect().await.unwrap().to_bytes();
        let Application::Token(AccessToken { token, .. }) = with_token(url) else { unreachable!() };
        Self {
            authority: url.trim_start_matches("http://").into(),
            path: format!("/cgi-bin/message/send?access_token={token}"),
            body,
        }
    }
}

/// hyper-util with keep-alive: the same bytes, and nothing is parsed.
#[derive(Clone)]
pub struct Native {
    client: Client<HttpConnector, Full<Bytes>>,
    request: Prepared,
}

impl Native {
    pub fn new(request: Prepared) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), request }
    }

    pub async fn send(&self) {
        let Prepared { authority, path, body } = &self.request;
        let request = Request::post(format!("http://{authority}{path}"))
            .header("user-agent", "wecom-connector/0.1.0")
            .header("content-type", "application/json; charset=utf-8")
            .body(Full::new(body.clone()))
            .unwrap();
        let response = self.client.request(request).await.unwrap();
        let reply = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(reply, server::SENT);
    }
}

/// Another program, which is told how often to send and answers how long it took.
pub struct Process {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }

    fn run(&mut self, calls: u32) -> Cost {
        writeln!(self.child.stdin.as_mut().unwrap(), "{calls}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let mut times = line.split_whitespace().map(|it| Duration::from_nanos(it.parse().unwrap()));
        let mut next = || times.next().unwrap() / calls;
        Cost { wall: next(), cpu: next() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

impl Contestant {
    pub async fn floor_reused(wasm: &Path, request: Prepared) -> Self {
        let sandbox = Sandbox::load(wasm, Sends::pool(), Vec::new());
        let mut store = sandbox.store();
        let pre = FloorPre::new(sandbox.pre).unwrap();
        let floor = pre.instantiate_async(&mut store).await.unwrap();
        Self::FloorReused { request, store, floor }
    }

    pub fn floor_fresh(wasm: &Path, request: Prepared) -> Self {
        let sandbox = Sandbox::load(wasm, Sends::pool(), Vec::new());
        let pre = FloorPre::new(sandbox.pre.clone()).unwrap();
        Self::FloorFresh { request, sandbox, pre }
    }

    pub async fn default_send(wasm: &Path, url: &str) -> Self {
        let sandbox = Sandbox::load(wasm, Sends::Wasmtime, environment(url));
        let mut store = sandbox.store();
        let pre = ConnectorPre::new(sandbox.pre).unwrap();
        let connector = pre.instantiate_async(&mut store).await.unwrap();
        Self::DefaultSend { store, connector }
    }

    pub async fn run(&mut self, calls: u32) -> Cost {
        if let Self::Process(process) = self {
            return process.run(calls);
        }
        let (wall, cpu) = (Instant::now(), system::cpu_time());
        for _ in 0..calls {
            self.send().await;
        }
        Cost { wall: wall.elapsed() / calls, cpu: (system::cpu_time() - cpu) / calls }
    }

    async fn send(&mut self) {
        match self {
            Self::Native(native) => native.send().await,
            Self::FloorReused { request, store, floor } => forward(floor, store, request).await,
            Self::FloorFresh { request, sandbox, pre } => {
                let mut store = sandbox.store();
                let floor = pre.instantiate_async(&mut store).await.unwrap();
                forward(&floor, &mut store, request).await;
            }
            Self::Reused { instance, application } => send(instance, application).await,
            Self::Fresh { host, environment, application } => {
                send(&mut host.instance(environment.clone()), application).await;
            }
            Self::DefaultSend { store, connector } => {
                let sent = connector
                    .wecom_connector_app_messages()
                    .call_send_app_text(store, &profile(), &message())
                    .await;
                sent.unwrap().unwrap();
            }
            Self::Process(_) => {}
        }
    }
}

async fn forward(floor: &Floor, store: &mut Store<State>, request: &Prepared) {
    let Prepared { authority, path, body } = request;
    let reply = floor.call_send(store, authority, path, body).await.unwrap();
    assert_eq!(reply, server::SENT.as_bytes());
}

/// One message through the component.
pub async fn send(instance: &mut Instance, application: &Application) {
    let message = message();
    let sent = instance
        .call(async |store, connector| {
            let messages = connector.app_messages(store)?;
            messages.call_send_app_text(store, application, &message).await
        })
        .await;
    sent.unwrap().unwrap();
}

pub fn host(instances: u32) -> Host {
    Host::new(COMPONENT, Options { instances, ..Options::default() }).unwrap()
}
