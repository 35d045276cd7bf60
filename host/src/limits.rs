//! What a component may use up, and which limit stopped it.

use std::{fmt, time::Duration};

use wasmtime::{ResourceLimiter, StoreLimits, StoreLimitsBuilder};

/// What one instance may use up. A component that goes beyond is stopped; the host goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest a call may take, waiting for WeCom included. By default longer than the component itself waits for an
    /// access token and a download, or for a token, an upload and its message, so that it can still say what became of the
    /// call. Calls of more requests, such as an article message with several files, may need more on a slow network.
    pub time: Duration,
    /// How much of this time a call may compute. A call needs milliseconds.
    pub compute: Duration,
    /// Bytes of a linear memory. The connector has one.
    pub memory: usize,
    /// Elements of a table.
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
            // The component waits 10 s for a connection, 30 s for a response (120 s after an upload), 60 s for its body (300 s
            // for a file's), and notices that this was too long with a chunk that comes up to 30 s later. A token and a
            // download: 130 s + 370 s. A token, an upload and its message: 130 s + 220 s + 130 s.
            time: Duration::from_mins(10),
            compute: Duration::from_secs(10),
            memory: 128 << 20,
            table_elements: 20_000,
            instances: 16,
            handles: 1_000,
            arguments: 32 << 20,
        }
    }
}

impl Limits {
    /// The limit that stopped a call with this error, in words.
    pub(crate) fn exceeded(&self, error: &wasmtime::Error) -> Option<String> {
        let cause = error.root_cause();
        if cause.is::<OutOfComputingTime>() {
            return Some("went over the computing time limit".into());
        }
        let trap = cause.to_string();
        if trap.starts_with("forcing trap when growing memory") {
            return Some(format!("went over the limit of {} MiB of memory", self.memory >> 20));
        }
        trap.starts_with("forcing trap when growing table")
            .then(|| "went over the table limit".into())
    }
}

/// How often a running component is interrupted, so that others get their turn and its limits are noticed.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Holds one sandbox to its limits.
pub(crate) struct Guard {
    store: StoreLimits,
    compute: Duration,
    ticks: u128,
}

#[derive(Debug)]
struct OutOfComputingTime;

impl fmt::Display for OutOfComputingTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("out of computing time")
    }
}

impl std::error::Error for OutOfComputingTime {}

impl Guard {
    pub(crate) fn new(limits: &Limits) -> Self {
        let store = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .table_elements(limits.table_elements)
            .instances(limits.instances)
            .memories(limits.instances)
            .tables(limits.instances)
            .trap_on_grow_failure(true)
            .build();
        Self { store, compute: limits.compute, ticks: 0 }
    }

    pub(crate) fn limiter(&mut self) -> &mut dyn ResourceLimiter {
        &mut self.store
    }

    /// Restarts the computing time, for a new call.
    pub(crate) fn begin(&mut self) {
        self.ticks = 0;
    }

    /// Counts a tick at which the component was found computing.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<()> {
        self.ticks += 1;
        if self.ticks * TICK.as_nanos() > self.compute.as_nanos() {
            return Err(OutOfComputingTime.into());
        }
        Ok(())
    }
}
