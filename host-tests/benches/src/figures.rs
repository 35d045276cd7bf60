//! What was measured, and what it comes to.

use std::fmt;

use serde_json::Value;

/// Time for one call in each round, in microseconds.
pub struct Series {
    pub name: &'static str,
    pub wall: Vec<f64>,
    pub cpu: Vec<f64>,
}

impl Series {
    pub const NATIVE: &str = "native: hyper-util, keep-alive";
    pub const FLOOR: &str = "floor: forwarding component, reused";
    pub const FLOOR_FRESH: &str = "floor: fresh instance per call";
    pub const REUSED: &str = "ours: reused instance";
    pub const FRESH: &str = "ours: fresh instance per call, token given";
    pub const FRESH_NO_TOKEN: &str = "ours: fresh instance, token fetched (2 requests)";
    pub const DEFAULT_SEND: &str = "ours: reused, wasmtime's own send_request";
    pub const REQWEST: &str = "Rust: reqwest and serde";
    pub const PYTHON: &str = "Python: wechatpy";
    pub const NODE: &str = "Node: node-easywechat";

    pub fn new(name: &'static str) -> Self {
        Self { name, wall: Vec::new(), cpu: Vec::new() }
    }
}

/// Time from nothing to the first response in each round, in milliseconds.
pub struct Start {
    pub name: &'static str,
    pub wall: Vec<f64>,
    pub cpu: Vec<f64>,
}

impl Start {
    pub const CWASM: &str = "ours: from `.cwasm`";
    pub const WASM: &str = "ours: from `.wasm`, compiled first";
    pub const NATIVE: &str = "Rust: reqwest and serde";
    pub const PYTHON: &str = "`python` with wechatpy";
    pub const NODE: &str = "`node` with node-easywechat";

    pub fn new(name: &'static str) -> Self {
        Self { name, wall: Vec::new(), cpu: Vec::new() }
    }
}

/// Native, reused, fresh, with so many calls in flight.
pub struct Crowd {
    pub in_flight: u32,
    pub series: Vec<Series>,
    /// Bytes of the process with the reused instances.
    pub memory: f64,
    /// How many were fetched, from the beginning to the end.
    pub tokens: Vec<u32>,
}

pub struct Figures {
    pub rounds: usize,
    pub pinned: bool,
    pub calls: Vec<Series>,
    pub waves: Vec<Series>,
    pub crowds: Vec<Crowd>,
    pub starts: Vec<Start>,
    pub memory: Value,
    pub upload: Value,
    pub endured_reused: Value,
    pub endured_fresh: Value,
    pub component_size: usize,
    pub compiled_size: u64,
    pub fuel: String,
    pub versions: Vec<(String, String)>,
}

impl Figures {
    pub fn call(&self, name: &str) -> &Series {
        self.calls.iter().find(|it| it.name == name).unwrap()
    }

    pub fn start(&self, name: &str) -> &Start {
        self.starts.iter().find(|it| it.name == name).unwrap()
    }
}

/// The median, and the quartiles around it.
#[derive(Clone, Copy)]
pub struct Spread {
    pub low: f64,
    pub median: f64,
    pub high: f64,
}

impl Spread {
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len() - 1;
        Self { low: sorted[last / 4], median: sorted[last / 2], high: sorted[last - last / 4] }
    }

    /// Of the quotients within each round, so that what slowed a whole round down cancels out.
    pub fn of_ratio(these: &[f64], those: &[f64]) -> Self {
        let ratios: Vec<f64> =
            these.iter().zip(those).map(|(these, those)| these / those).collect();
        Self::of(&ratios)
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { low, median, high } = self;
        let digits = if *median < 20.0 { 2 } else { usize::from(*median < 100.0) };
        write!(out, "{median:.digits$} ({low:.digits$}–{high:.digits$})")
    }
}
