//! The host: an engine with limits, and a component in it.

use std::{path::Path, sync::Arc, thread};

use wasmtime::{
    Cache, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig,
    component::Component,
};

use crate::{
    cache,
    http::{Pool, PoolOptions},
    instance::Instance,
    limits::{Limits, TICK},
    loaded::{Function, Loaded},
    transport::Transport,
};

/// How a [`Host`] is set up.
pub struct Options {
    /// What an instance may use up.
    pub limits: Limits,
    /// How many instances may live at the same time. Each reserves address space; memory only when used.
    pub instances: u32,
    /// Whether compiled code is cached, in the folder `wecom-host` of the user's cache folder (such as `~/.cache`). Where that
    /// is not possible, the component is compiled each time.
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
pub struct Host(Arc<Loaded>);

impl Host {
    /// Loads a component: compiles it, and checks that it imports nothing beyond outgoing HTTP, I/O, clocks and environment
    /// variables.
    ///
    /// # Errors
    /// When the bytes are not a component, or it imports more than that.
    pub fn new(component: &[u8], options: Options) -> wasmtime::Result<Self> {
        let folder = if options.cache { cache::folder() } else { None };
        let component = cache::load(folder.as_deref(), |cache| {
            Component::from_binary(&engine(&options, cache)?, component)
        })?;
        Self::with_component(&component, options)
    }

    /// Compiles a component for [`Host::from_precompiled`] with the same options, so that other processes start faster.
    ///
    /// # Errors
    /// When the bytes are not a component.
    pub fn precompile(component: &[u8], options: &Options) -> wasmtime::Result<Vec<u8>> {
        engine(options, None)?.precompile_component(component)
    }

    /// Loads what [`Host::precompile`] made.
    ///
    /// The file is machine code and is run as it is: load only files that only you can write.
    ///
    /// # Errors
    /// When another version of this library made the file, or other options, or another machine.
    pub fn from_precompiled(file: &Path, options: Options) -> wasmtime::Result<Self> {
        let engine = engine(&options, None)?;
        Self::with_component(&deserialize(&engine, file)?, options)
    }

    /// An instance with these environment variables and no others. Its sandbox is made with the first call.
    pub fn instance<N: Into<String>, V: Into<String>>(
        &self,
        environment: impl IntoIterator<Item = (N, V)>,
    ) -> Instance {
        let environment = environment.into_iter().map(|(name, value)| (name.into(), value.into()));
        Instance::new(Arc::clone(&self.0), environment.collect())
    }

    /// All functions, by name.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.0.functions.values()
    }

    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.0.functions.get(name)
    }

    fn with_component(component: &Component, options: Options) -> wasmtime::Result<Self> {
        let Options { limits, transport, instances: _, cache: _ } = options;
        Ok(Self(Arc::new(Loaded::new(component, limits, transport)?)))
    }
}

fn engine(options: &Options, cache: Option<Cache>) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        // The connector's functions are not async: without this machinery a call is about 15 % faster.
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        .cache(cache)
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

#[allow(
    unsafe_code,
    reason = "loading machine code is what the caller asks for; the doc says what to look out for"
)]
fn deserialize(engine: &Engine, file: &Path) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime checks that the file was made by this version with these settings; that it was not tampered
    // with is promised by the caller of `Host::from_precompiled`.
    unsafe { Component::deserialize_file(engine, file) }
}
