//! The edge function, and the edge function with the connector plugged into it, both built by this test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

#[path = "../../examples/compose/plug.rs"]
mod plug;

pub(crate) fn composed() -> Vec<u8> {
    plug::plug(fs::read(handler()).unwrap(), wecom_host::COMPONENT.into()).unwrap()
}

/// A file with the composed component.
pub(crate) fn composed_file() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| file("composed.wasm", &composed()))
}

/// A file with only the connector.
pub(crate) fn connector() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| file("connector.wasm", wecom_host::COMPONENT))
}

fn file(name: &str, content: &[u8]) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).unwrap();
    file
}

/// A file with only the handler.
pub(crate) fn handler() -> &'static Path {
    static HANDLER: OnceLock<PathBuf> = OnceLock::new();
    HANDLER.get_or_init(|| {
        // Where `wecom-host` has built the connector, with the same macros.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("component");
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
