//! wasmtime, set up as the reference host sets it up, for the two things that it does not do itself: to run the floor, and
//! to send with wasmtime's own `send_request`.

use std::{path::Path, sync::Arc, thread, time::Duration};

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    UpdateDeadline,
    component::{Component, InstancePre, Linker, ResourceTable},
};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    default_hooks,
};
use wecom_host::{Pool, PoolOptions, Timeouts, Transport};

wasmtime::component::bindgen!({ path: "floor/floor.wit", world: "floor", exports: { default: async } });

/// Who sends.
#[derive(Clone)]
pub enum Sends {
    ThePool(Arc<Pool>),
    Wasmtime,
}

impl Sends {
    pub fn pool() -> Self {
        Self::ThePool(Arc::new(Pool::new(PoolOptions::default())))
    }
}

pub struct Sandbox {
    pub pre: InstancePre<State>,
    sends: Sends,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    pub fn load(component: &Path, sends: Sends, environment: Vec<(String, String)>) -> Self {
        let engine = engine();
        let component = Component::from_file(&engine, component).unwrap();
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).unwrap();
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker).unwrap();
        Self { pre: linker.instantiate_pre(&component).unwrap(), sends, environment }
    }

    pub fn store(&self) -> Store<State> {
        let state = State {
            table: ResourceTable::new(),
            wasi: WasiCtx::builder().envs(&self.environment).build(),
            http: WasiHttpCtx::new(),
            sends: Hooks(self.sends.clone()),
        };
        let mut store = Store::new(self.pre.engine(), state);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|_| {
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }
}

fn engine() -> Engine {
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_component_instances(256)
        .total_core_instances(1024)
        .total_memories(256)
        .total_tables(1024)
        .total_stacks(256)
        .max_memory_size(128 << 20)
        .table_elements(20_000)
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling));
    let engine = Engine::new(&config).unwrap();
    let weak = engine.weak();
    thread::spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(Duration::from_millis(10));
        }
    });
    engine
}

pub struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    sends: Hooks,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.sends, table: &mut self.table, ctx: &mut self.http }
    }
}

struct Hooks(Sends);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        sent: Io,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Io), Error>> + Send> {
        let Sends::ThePool(pool) = &self.0 else {
            return default_hooks().send_request(request, options, sent);
        };
        let options = options.unwrap_or_default();
        let timeouts = Timeouts {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
            between_bytes: options.between_bytes_timeout,
        };
        let response = pool.send(request, timeouts);
        Box::new(async move { Ok((response.await?, Box::new(async { Ok(()) }) as Io)) })
    }
}
