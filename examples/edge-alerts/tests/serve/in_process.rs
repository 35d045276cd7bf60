//! A minimal edge platform: an instance per request, with environment and outgoing HTTP.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tokio::{runtime::Runtime, sync::oneshot};
use wasmtime::{
    Engine, Store,
    component::{Component, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    p2::bindings::{ProxyPre, http::types::Scheme},
};
use wecom_host::{Pool, PoolOptions, Timeouts, Transport};

use crate::{
    compose,
    server::{Reply, Server},
};

static COMPONENT: LazyLock<Component> =
    LazyLock::new(|| Component::from_binary(&Engine::default(), &compose::composed()).unwrap());

pub(crate) struct InProcess {
    pre: ProxyPre<State>,
    environment: Vec<(String, String)>,
    pool: Arc<Pool>,
    runtime: Runtime,
}

impl InProcess {
    pub(crate) fn new(environment: &[(&str, String)]) -> Self {
        let mut linker = Linker::new(COMPONENT.engine());
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        Self {
            pre: ProxyPre::new(linker.instantiate_pre(&COMPONENT).unwrap()).unwrap(),
            environment: environment
                .iter()
                .map(|(name, it)| ((*name).into(), it.clone()))
                .collect(),
            pool: Arc::new(Pool::new(PoolOptions::default())),
            runtime: Runtime::new().unwrap(),
        }
    }

    async fn handle(&self, request: http::Request<Full<Bytes>>) -> wasmtime::Result<Reply> {
        let state = State {
            wasi: WasiCtx::builder().envs(&self.environment).build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            hooks: Hooks(self.pool.clone()),
        };
        let mut store = Store::new(self.pre.engine(), state);
        let request = request.map(|it| it.map_err(|never| match never {}).boxed());
        let (sender, receiver) = oneshot::channel();
        let request =
            store.data_mut().http().new_incoming_request::<Body>(Scheme::Http, request)?;
        let out = store.data_mut().http().new_response_outparam(sender)?;
        let proxy = self.pre.instantiate_async(&mut store).await?;
        let edge = proxy.wasi_http_incoming_handler();
        let (done, reply) = tokio::join!(edge.call_handle(&mut store, request, out), async {
            let response = receiver.await.unwrap().unwrap();
            let retry_after = response.headers().get("retry-after");
            let retry_after = retry_after.map(|it| it.to_str().unwrap().to_owned());
            let status = response.status().as_u16();
            let text = response.into_body().collect().await.unwrap().to_bytes();
            Reply { status, retry_after, text: String::from_utf8(text.to_vec()).unwrap() }
        });
        done.map(|()| reply)
    }
}

impl Server for InProcess {
    fn post(&self, authorization: &str, body: &str) -> Reply {
        let request = http::Request::post("http://alerts.example/")
            .header("authorization", authorization)
            .header("content-length", body.len())
            .body(Full::from(body.to_owned()))
            .unwrap();
        self.runtime.block_on(self.handle(request)).unwrap()
    }
}

type Body = http_body_util::combinators::BoxBody<Bytes, Error>;
type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type SendResult = Result<(http::Response<WasiBody>, Io), Error>;

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
}

struct Hooks(Arc<Pool>);

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = SendResult> + Send> {
        let response = self.0.send(request, Timeouts::default());
        Box::new(async { Ok((response.await?, Box::new(async { Ok(()) }) as Io)) })
    }
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
