//! The ways to send the message, one call at a time.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use wasmtime::Store;
use wecom_host::{
    Body, Host, Instance, Options, Timeouts, TransportError,
    bindings::{
        Connector, ConnectorPre,
        exports::wecom::connector::{
            app_messages::{AppText, Recipients, Selection},
            tokens::TokenScope,
            types::{AccessToken, Application},
        },
    },
    body,
};

use crate::{
    sandbox::{Floor, FloorPre, Sandbox, Sends, State},
    server, system,
};

/// The credentials that every simulator starts with.
pub const CORP_ID: &str = "ww51a7ed0000c0de01";
pub const CONTACTS_SECRET: &str = "simulated-contacts-secret-AAAAAAAAAAAAAAAAA";
const APP_SECRET: &str = "simulated-app-secret-AAAAAAAAAAAAAAAAAAAAAA";
pub const AGENT_ID: u64 = 1_000_002;

/// A message as people send them: 170 bytes of text, two members and a department.
pub const CONTENT: &str = "Shift swap approved: Noor takes Thursday 22:00 to 06:00 at substation N-22, Iker takes Friday. \
    泵房二号已重新启动，压力正常。Reply before 18:00 if this does not suit.";

pub fn environment(url: &str) -> Vec<(String, String)> {
    [
        ("CORP_ID", CORP_ID),
        ("SECRET", APP_SECRET),
        ("AGENT_ID", &AGENT_ID.to_string()),
        ("BASE_URL", url),
    ]
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

/// A token that the server has issued, to be given with the call.
pub async fn with_issued_token(url: &str) -> Application {
    let issued = host(1)
        .instance(environment(url))
        .call(async |store, connector| {
            let tokens = connector.tokens(store)?;
            tokens.call_get_access_token(store, &profile(), TokenScope::Application).await
        })
        .await;
    Application::Token(issued.unwrap().unwrap().access_token)
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
    FloorReused {
        request: Prepared,
        store: Store<State>,
        floor: Floor,
    },
    FloorFresh {
        request: Prepared,
        sandbox: Sandbox,
        pre: FloorPre<State>,
    },
    Reused {
        instance: Instance,
        application: Application,
    },
    /// With the environment that it needs: none where the token is given, as the floor has none.
    Fresh {
        host: Host,
        environment: Vec<(String, String)>,
        application: Application,
    },
    DefaultSend {
        store: Store<State>,
        connector: Connector,
    },
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
    /// The message as the component sends it with these credentials.
    pub async fn new(application: &Application) -> Self {
        let caught: Arc<Mutex<Option<(Uri, Bytes)>>> = Arc::default();
        let catch = Arc::clone(&caught);
        let transport = move |request: Request<Body>, _: Timeouts| {
            let catch = Arc::clone(&catch);
            async move {
                let (head, sent) = request.into_parts();
                let sent = sent.collect().await?.to_bytes();
                *catch.lock().unwrap() = Some((head.uri, sent));
                Ok::<_, TransportError>(http::Response::new(body(server::SENT)))
            }
        };
        let options = Options { transport: Arc::new(transport), ..Options::default() };
        let host = Host::new(&component(), options).unwrap();
        send(&mut host.instance(Vec::<(String, String)>::new()), application).await;

        let (uri, body) = caught.lock().unwrap().take().unwrap();
        let path = uri.path_and_query().unwrap().to_string();
        Self { authority: uri.authority().unwrap().to_string(), path, body }
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
        assert!(reply.starts_with(br#"{"errcode":0,"#), "{reply:?}");
    }
}

/// Another program: reads how often to send, and prints how long that took.
pub struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What else it printed.
    pub notes: Vec<f64>,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, notes: Vec::new() }
    }

    fn run(&mut self, calls: u32) -> Cost {
        writeln!(self.child.stdin.as_mut().unwrap(), "{calls}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let mut numbers = line.split_whitespace().map(|it| it.parse::<f64>().unwrap());
        let mut next = || Duration::from_secs_f64(numbers.next().unwrap() / 1e9) / calls;
        let cost = Cost { wall: next(), cpu: next() };
        self.notes = numbers.collect();
        cost
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
    Host::new(&component(), Options { instances, ..Options::default() }).unwrap()
}

/// The component as it is released.
pub fn component() -> Vec<u8> {
    fs::read(component_file()).unwrap()
}

pub fn component_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/wecom-connector.wasm")
}
