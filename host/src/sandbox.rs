//! What a component can reach: outgoing HTTP, clocks and environment variables.

use std::sync::Arc;

use wasmtime::{
    Engine, Store, StoreContextMut, UpdateDeadline,
    component::{HasData, Linker, Resource, ResourceTable},
};
use wasmtime_wasi::{
    WasiCtx, WasiCtxView, WasiView,
    cli::{WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    p2::bindings::{cli, clocks},
};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
    p2::{
        bindings::http::{outgoing_handler::Host as _, types},
        types::HostOutgoingRequest,
    },
};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::{
    limits::{Guard, Limits},
    transport::{Body, Timeouts, Transport},
};

/// The host's side of one sandbox: its environment, its handles, and what it has used up.
pub struct State {
    pub(crate) guard: Guard,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
}

impl State {
    fn new(
        limits: &Limits,
        transport: Arc<dyn Transport>,
        environment: &[(String, String)],
    ) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            guard: Guard::new(limits),
            table,
            wasi: WasiCtx::builder().envs(environment).build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(transport),
        }
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

/// A store for one instance.
pub(crate) fn store(
    engine: &Engine,
    limits: &Limits,
    transport: &Arc<dyn Transport>,
    environment: &[(String, String)],
) -> Store<State> {
    let mut store = Store::new(engine, State::new(limits, Arc::clone(transport), environment));
    store.limiter(|state| state.guard.limiter());
    // A component that computes for long yields at every tick.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().guard.tick()?;
        // Tokio's own way to yield: it looks at timers and sockets before it comes back.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}

/// Outgoing HTTP with the I/O it needs, clocks and environment variables; nothing else, so that a component that asks for
/// more is not loaded.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    struct Io;
    impl HasData for Io {
        type Data<'a> = &'a mut ResourceTable;
    }

    let mut linker = Linker::new(engine);
    let it = &mut linker;
    types::add_to_linker::<State, WasiHttp>(it, &types::LinkOptions::default(), State::http)?;
    add_outgoing_handler(it)?;
    io::error::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    cli::environment::add_to_linker::<State, WasiCli>(it, State::cli)?;
    Ok(linker)
}

/// Adds `wasi:http/outgoing-handler` as wasmtime has it, but for a leak: wasmtime 48 takes ownership of the request options
/// and forgets them, one handle per request, until the instance has none left.
fn add_outgoing_handler(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    type Handles = (Resource<HostOutgoingRequest>, Option<Resource<RequestOptions>>);

    let handle = |mut store: StoreContextMut<'_, State>, (request, options): Handles| {
        let mut http = store.data_mut().http();
        let owned = options.as_ref().map(Resource::rep);
        let response = http.handle(request, options);
        if let Some(handle) = owned {
            // Should it be gone already, then wasmtime no longer leaks.
            let _ = http.table.delete(Resource::<RequestOptions>::new_own(handle));
        }
        match response {
            Ok(response) => Ok((Ok(response),)),
            Err(error) => Ok((Err(error.downcast()?),)),
        }
    };
    linker.instance("wasi:http/outgoing-handler@0.2.0")?.func_wrap("handle", handle)
}

/// Hands requests to a transport.
struct Hooks(Arc<dyn Transport>);

type Io = Box<dyn Future<Output = Result<(), Error>> + Send>;
type SendResult = Result<(http::Response<Body>, Io), Error>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<Body>,
        options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = SendResult> + Send> {
        let options = options.unwrap_or_default();
        let timeouts = Timeouts {
            connect: options.connect_timeout,
            first_byte: options.first_byte_timeout,
            between_bytes: options.between_bytes_timeout,
        };
        let response = self.0.send(request, timeouts);
        Box::new(async move { Ok((response.await?, Box::new(async { Ok(()) }) as Io)) })
    }
}
