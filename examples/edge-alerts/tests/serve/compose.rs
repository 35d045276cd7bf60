//! The edge function with the connector plugged into it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use wac_graph::{CompositionGraph, EncodeOptions, plug, types::Package};

use crate::tool;

/// As `wac plug` does it, without the program.
pub(crate) fn in_memory() -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, component: Vec<u8>| {
        let package = Package::from_bytes(name, None, component, graph.types_mut()).unwrap();
        graph.register_package(package).unwrap()
    };
    let edge = register("edge-alerts", fs::read(edge()).unwrap());
    let connector = register("wecom-connector", wecom_host::COMPONENT.into());
    plug(&mut graph, vec![connector], edge).unwrap();
    graph.encode(EncodeOptions::default()).unwrap()
}

pub(crate) fn by_wac() -> PathBuf {
    static COMPOSED: OnceLock<PathBuf> = OnceLock::new();
    let compose = || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (connector, composed) = (folder.join("connector.wasm"), folder.join("composed.wasm"));
        fs::write(&connector, wecom_host::COMPONENT).unwrap();
        let mut wac = Command::new(tool("WAC", "wac"));
        wac.arg("plug").arg(edge()).arg("--plug").arg(connector).arg("-o").arg(&composed);
        assert!(wac.status().unwrap().success());
        composed
    };
    COMPOSED.get_or_init(compose).clone()
}

/// The edge function alone, built now.
fn edge() -> &'static Path {
    static EDGE: OnceLock<PathBuf> = OnceLock::new();
    EDGE.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("component");
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--locked", "--quiet", "--target", "wasm32-wasip2"])
            .args(["--profile", "component", "--package", "edge-alerts", "--target-dir"])
            .arg(&target)
            .current_dir(env!("CARGO_MANIFEST_DIR"));
        for flags in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"]
        {
            cargo.env_remove(flags);
        }
        assert!(cargo.status().unwrap().success());
        target.join("wasm32-wasip2/component/edge_alerts.wasm")
    })
}
