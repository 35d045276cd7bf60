//! The host: an engine with limits, a linker with exactly what the component may use, and the component, ready to be
//! instantiated.

use std::{collections::BTreeMap, path::Path, sync::Arc, thread};

use wasmtime::{
    Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy,
    PoolingAllocationConfig, Store, UpdateDeadline,
    component::{
        Component, ComponentExportIndex, HasData, InstancePre, Linker, ResourceTable, Type,
        types::{ComponentFunc, ComponentItem},
    },
};
use wasmtime_wasi::{
    WasiView,
    cli::{WasiCli, WasiCliView},
    clocks::{WasiClocks, WasiClocksView},
    p2::bindings::{cli, clocks},
};
use wasmtime_wasi_http::{WasiHttp, WasiHttpView, p2::bindings::http as wasi_http};
use wasmtime_wasi_io::bindings::wasi::io;

use crate::{
    connector::Typed,
    http::{Pool, PoolOptions},
    instance::{Instance, State},
    limits::{Limits, TICK},
    transport::{self, Transport},
};

/// How a [`Host`] is set up.
pub struct Options {
    /// What an instance may use up.
    pub limits: Limits,
    /// How many instances may live at the same time. Each reserves address space; memory only when used.
    pub instances: u32,
    /// Whether compiled code is kept in the user's cache folder. Goes on without where that is not possible.
    pub cache: bool,
    /// How requests leave the host.
    pub transport: Arc<dyn Transport>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            instances: 256,
            cache: false,
            transport: Arc::new(Pool::new(PoolOptions::default())),
        }
    }
}

/// A component, compiled and linked. Cheap to clone, and shared by all instances.
///
/// Its calls need a tokio runtime with I/O and time.
#[derive(Clone)]
pub struct Host(pub(crate) Arc<Loaded>);

pub(crate) struct Loaded {
    pub(crate) pre: InstancePre<State>,
    pub(crate) typed: wasmtime::Result<Typed>,
    pub(crate) functions: BTreeMap<String, Function>,
    pub(crate) limits: Limits,
    pub(crate) transport: Arc<dyn Transport>,
}

/// A function that the component exports.
pub struct Function {
    /// Its name, such as `send-app-text`.
    pub name: String,
    /// Its interface, such as `wecom:connector/app-messages@0.1.0`. None for a function of the world itself.
    pub interface: Option<String>,
    /// Its parameters in order, by name.
    pub params: Vec<(String, Type)>,
    /// What it returns.
    pub result: Option<Type>,
    pub(crate) index: ComponentExportIndex,
}

impl Host {
    /// Load a component: compile it, and check that it imports nothing beyond outgoing HTTP, I/O, clocks and environment
    /// variables.
    ///
    /// # Errors
    /// When the bytes are not a component, or it wants more than that.
    pub fn new(component: &[u8], options: Options) -> wasmtime::Result<Self> {
        let engine = engine(&options)?;
        let component = Component::from_binary(&engine, component)?;
        Self::with_component(&component, options)
    }

    /// Compile a component for [`Host::from_precompiled`] with the same options, so that other processes start faster.
    ///
    /// # Errors
    /// When the bytes are not a component.
    pub fn precompile(component: &[u8], options: &Options) -> wasmtime::Result<Vec<u8>> {
        engine(options)?.precompile_component(component)
    }

    /// Load what [`Host::precompile`] made.
    ///
    /// The file is machine code and is run as it is: load only files that nobody else could have written.
    ///
    /// # Errors
    /// When another version of this library made the file, or other options, or another machine.
    pub fn from_precompiled(file: &Path, options: Options) -> wasmtime::Result<Self> {
        let engine = engine(&options)?;
        Self::with_component(&deserialize(&engine, file)?, options)
    }

    /// A sandbox of its own, which is given these environment variables and no others.
    ///
    /// It comes to life with its first call.
    pub fn instance<N: Into<String>, V: Into<String>>(
        &self,
        environment: impl IntoIterator<Item = (N, V)>,
    ) -> Instance {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
        Instance::new(self.clone(), environment.collect())
    }

    /// Everything that can be called, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.0.functions.values()
    }

    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.0.functions.get(name)
    }

    /// Names of functions that somebody may have meant by `name`, the likeliest first.
    pub fn similar_functions(&self, name: &str) -> Vec<String> {
        crate::contract::similar(name, self.0.functions.keys().map(String::as_str))
    }

    fn with_component(component: &Component, options: Options) -> wasmtime::Result<Self> {
        let pre = linker(component.engine())?.instantiate_pre(component)?;
        let Options { limits, instances: _, cache: _, transport } = options;
        let typed = Typed::new(&pre);
        let functions = functions(component);
        Ok(Self(Arc::new(Loaded { pre, typed, functions, limits, transport })))
    }
}

fn engine(options: &Options) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        // The connector's functions are not async: without this machinery a call is about 15 % faster.
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        .cache(options.cache.then(cache).flatten())
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pooling(options)));
    let engine = match Engine::new(&config) {
        Ok(engine) => engine,
        // Where address space is rationed there is no room for the pool: slower, but the same.
        Err(_) => Engine::new(config.allocation_strategy(InstanceAllocationStrategy::OnDemand))?,
    };

    let weak = engine.weak();
    thread::Builder::new().name("wecom-epoch".into()).spawn(move || {
        while let Some(engine) = weak.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(engine)
}

fn pooling(options: &Options) -> PoolingAllocationConfig {
    // A component is three core instances: its module, and two that tie the knot with the imports.
    const PARTS: u32 = 4;
    let instances = options.instances.max(1);
    let mut pooling = PoolingAllocationConfig::new();
    pooling
        .total_component_instances(instances)
        .total_core_instances(instances.saturating_mul(PARTS))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(PARTS))
        .total_stacks(instances)
        .max_memory_size(options.limits.memory)
        .table_elements(options.limits.table_elements)
        // What a call touches stays mapped for the next instance: no page faults, no system calls.
        .linear_memory_keep_resident(1 << 20)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    pooling
}

/// The cache of compiled code, where there can be one.
fn cache() -> Option<Cache> {
    Cache::new(CacheConfig::new()).ok()
}

/// Outgoing HTTP with the I/O it needs, clocks and environment variables; nothing else, so that a component that asks for
/// more is not loaded.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    struct Io;
    impl HasData for Io {
        type Data<'a> = &'a mut ResourceTable;
    }

    let mut linker = Linker::new(engine);
    let it = &mut linker;
    wasi_http::types::add_to_linker::<State, WasiHttp>(
        it,
        &wasi_http::types::LinkOptions::default(),
        State::http,
    )?;
    transport::add_outgoing_handler(it)?;
    io::error::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, Io>(it, |state| state.ctx().table)?;
    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(it, State::clocks)?;
    cli::environment::add_to_linker::<State, WasiCli>(it, State::cli)?;
    Ok(linker)
}

fn functions(component: &Component) -> BTreeMap<String, Function> {
    let mut functions = BTreeMap::new();
    let mut add = |name: &str, interface: Option<&str>, ty: ComponentFunc, index| {
        let params = ty.params().map(|(name, ty)| (name.into(), ty)).collect();
        let function = Function {
            name: name.into(),
            interface: interface.map(Into::into),
            params,
            result: ty.results().next(),
            index,
        };
        functions.insert(function.name.clone(), function);
    };

    let engine = component.engine();
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(ty) => {
                if let Some(index) = component.get_export_index(None, name) {
                    add(name, None, ty, index);
                }
            }
            ComponentItem::ComponentInstance(interface) => {
                let Some(outer) = component.get_export_index(None, name) else { continue };
                for (function, item) in interface.exports(engine) {
                    let ComponentItem::ComponentFunc(ty) = item.ty else { continue };
                    if let Some(index) = component.get_export_index(Some(&outer), function) {
                        add(function, Some(name), ty, index);
                    }
                }
            }
            _ => {}
        }
    }
    functions
}

#[allow(
    unsafe_code,
    reason = "loading machine code is what the caller asks for; the doc says what to look out for"
)]
fn deserialize(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime checks that the file was made by this version with these settings; that nobody tampered with it is
    // promised by the caller of `Host::from_precompiled`.
    unsafe { Component::deserialize_file(engine, file) }
}

/// A store for one instance.
pub(crate) fn store(loaded: &Loaded, environment: &[(String, String)]) -> Store<State> {
    let mut store = Store::new(loaded.pre.engine(), State::new(loaded, environment));
    store.limiter(State::limiter);
    // A component that computes for long steps aside at every tick.
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().guard.tick()?;
        // Tokio's own way to yield: it looks at timers and sockets before it comes back.
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    });
    store
}
