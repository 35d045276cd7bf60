//! What a component may use up, and the guard that says which limit it hit.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// What one instance may use up. A component that goes beyond is stopped; the host goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest a call may take, waiting for WeCom included. Longer than the component waits of its own accord, so that
    /// it can still say what became of the call.
    pub time: Duration,
    /// How much of this time a call may compute. A call needs milliseconds.
    pub compute: Duration,
    /// Bytes of linear memory, over all memories of the instance.
    pub memory: usize,
    /// Elements over all tables of the instance.
    pub table_elements: usize,
    /// Core instances, memories and tables within the component, each.
    pub instances: usize,
    /// Handles that the host keeps for the component: requests, bodies, streams, pollables.
    pub handles: usize,
    /// Bytes that the arguments of one call by JSON may take. The largest file that WeCom accepts has 20 MiB.
    pub arguments: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_mins(5),
            compute: Duration::from_secs(10),
            memory: 128 << 20,
            table_elements: 20_000,
            instances: 16,
            handles: 1_000,
            arguments: 32 << 20,
        }
    }
}

/// Counts what an instance holds and refuses what goes beyond its limits.
pub(crate) struct Guard {
    limits: Limits,
    memory: usize,
    table_elements: usize,
    ticks: u128,
    hit: Option<&'static str>,
}

/// How often a running component is interrupted, so that others get their turn and its limits are noticed.
pub(crate) const TICK: Duration = Duration::from_millis(10);

impl Guard {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, memory: 0, table_elements: 0, ticks: 0, hit: None }
    }

    /// The limit that was hit, in words.
    pub(crate) fn hit(&self) -> Option<&'static str> {
        self.hit
    }

    /// A call begins: its time to compute starts anew.
    pub(crate) fn begin(&mut self) {
        self.ticks = 0;
    }

    /// The component was found computing at a tick.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<()> {
        self.ticks += 1;
        if self.ticks * TICK.as_nanos() > self.limits.compute.as_nanos() {
            self.refuse("computing time")?;
        }
        Ok(())
    }

    fn grow(used: usize, current: usize, desired: usize, limit: usize) -> Option<usize> {
        let used = used.saturating_add(desired.saturating_sub(current));
        (used <= limit).then_some(used)
    }

    fn refuse(&mut self, limit: &'static str) -> wasmtime::Result<bool> {
        self.hit = Some(limit);
        Err(wasmtime::format_err!("over the {limit} limit"))
    }
}

impl ResourceLimiter for Guard {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match Self::grow(self.memory, current, desired, self.limits.memory) {
            Some(used) => {
                self.memory = used;
                Ok(true)
            }
            None => self.refuse("memory"),
        }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match Self::grow(self.table_elements, current, desired, self.limits.table_elements) {
            Some(used) => {
                self.table_elements = used;
                Ok(true)
            }
            None => self.refuse("table"),
        }
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }
}
