//! The timeouts of the component itself, on tokio's paused clock.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures_util::stream;
use host_tests::{CHAT, TestBed, in_memory, known_environment};
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::json;
use tokio::time::{Instant, sleep};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{HostMonotonicClock, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};
use wecom_host::{
    Body, COMPONENT, Limits, Sending, Timeouts, Transport, TransportError,
    bindings::{
        Connector,
        exports::wecom::connector::types::{Chatbot, ChatbotCredentials, Error as WecomError},
    },
};

#[tokio::test(start_paused = true)]
async fn requests_set_their_timeouts() {
    let with_group_chat = TestBed::with_group_chat().await;
    let requested = Arc::new(Mutex::new(BTreeMap::new()));
    let (inner, record) = (in_memory(with_group_chat.simulator.clone()), Arc::clone(&requested));
    let transport = move |request: http::Request<Body>, timeouts: Timeouts| -> Sending {
        record.lock().unwrap().insert(request.uri().path().to_owned(), timeouts);
        inner.send(request, timeouts)
    };
    let mut bed = TestBed::with_transport(
        with_group_chat.simulator.clone(),
        &known_environment(),
        Arc::new(transport),
    );

    let application = json!({"profile": ""});
    let file = json!({"kind": "file", "file-name": "rota.txt", "content": "TW9uIDctNQ=="});
    for (function, arguments) in [
        ("list-department-ids", json!({"application": application})),
        (
            "send-group-text",
            json!({"application": application, "message": {"group-chat-id": CHAT, "content": "x"}}),
        ),
        ("upload-chatbot-media", json!({"chatbot": {"profile": ""}, "media": file})),
    ] {
        bed.call_json(function, &arguments).await.unwrap();
    }
    let upload = json!({"application": application, "media": file});
    let uploaded = bed.call_json("upload-media", &upload).await.unwrap();
    let download = json!({"application": application, "media-id": uploaded["id"], "options": {}});
    bed.call_json("get-media", &download).await.unwrap();

    let timeouts = |first_byte| Timeouts {
        connect: Some(Duration::from_secs(10)),
        first_byte: Some(Duration::from_secs(first_byte)),
        between_bytes: Some(Duration::from_secs(30)),
    };
    let expected = [
        ("/cgi-bin/appchat/send", 30),
        ("/cgi-bin/department/simplelist", 30),
        ("/cgi-bin/gettoken", 30),
        ("/cgi-bin/media/get", 30),
        ("/cgi-bin/media/upload", 120),
        ("/cgi-bin/webhook/upload_media", 120),
    ]
    .map(|(path, first_byte)| (path.to_owned(), timeouts(first_byte)));
    let expected = BTreeMap::from(expected);
    assert_eq!(*requested.lock().unwrap(), expected);

    // The host does not stop a call before the component gives up. A body may take 60 seconds, that of a file 300, which is
    // noticed with the chunk after them.
    let longest = |path: &str, body| {
        let Timeouts { connect, first_byte, between_bytes } = expected[path];
        let body = Some(Duration::from_secs(body));
        [connect, first_byte, body, between_bytes].into_iter().flatten().sum::<Duration>()
    };
    let token = longest("/cgi-bin/gettoken", 60);
    let download = longest("/cgi-bin/media/get", 300);
    let upload_and_send =
        longest("/cgi-bin/media/upload", 60) + longest("/cgi-bin/appchat/send", 60);
    assert!(Limits::default().time > token + download.max(upload_and_send));
}

/// Tokio's clock as WASI's.
struct TokioClock(Instant);

impl HostMonotonicClock for TokioClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.0.elapsed().as_nanos().try_into().unwrap()
    }
}

/// Sends the head at once, and then a blank each second, which is within the timeout between bytes.
struct Trickle;

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Trickle {
    fn send_request(
        &mut self,
        _request: http::Request<Body>,
        _options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<Body>, Io), Error>> + Send> {
        let blanks = stream::unfold((), |()| async {
            sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, TransportError>(Frame::data(Bytes::from_static(b" "))), ()))
        });
        let response = http::Response::new(Body::new(StreamBody::new(blanks)));
        Box::new(async move { Ok((response, Box::new(async { Ok(()) }) as Io)) })
    }
}

struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Trickle,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.hooks, table: &mut self.table, ctx: &mut self.http }
    }
}

/// The reference host gives the component the real clock, so this one is put together here.
#[tokio::test(start_paused = true)]
async fn response_that_trickles_is_abandoned_after_60_seconds() {
    let engine = Engine::default();
    let component = Component::from_binary(&engine, COMPONENT).unwrap();
    let mut linker = Linker::<State>::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
    let wasi = WasiCtx::builder().monotonic_clock(TokioClock(Instant::now())).build();
    let state =
        State { table: ResourceTable::new(), wasi, http: WasiHttpCtx::new(), hooks: Trickle };
    let mut store = Store::new(&engine, state);
    let connector = Connector::instantiate_async(&mut store, &component, &linker).await.unwrap();

    let began = Instant::now();
    let key = ChatbotCredentials { key: "k".into(), base_url: None };
    let result = connector
        .wecom_connector_chatbots()
        .call_send_chatbot_markdown(&mut store, &Chatbot::Credentials(key), "x")
        .await
        .unwrap();
    let Err(WecomError::PermanentNoReply(failed)) = result else { panic!("{result:?}") };
    assert!(failed.reason.ends_with("the response took more than 60 seconds"), "{failed:?}");
    let waited = began.elapsed().as_secs();
    assert!((60..=65).contains(&waited), "{waited} s");
}
