//! Finds the component for the library to carry: the packed crate has it, a checkout builds it.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is how a build script speaks to cargo and people"
)]

use std::{
    env,
    error::Error,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// Names a finished component to carry instead of building one.
const READY_MADE: &str = "WECOM_COMPONENT_FILE";
/// The component in the packed crate: `make crates` puts it there.
const PACKED: &str = "wecom-connector.wasm";
/// A source of the component, in a checkout beside the folder of this crate.
const SOURCE: &str = "src/guest.rs";

fn main() -> ExitCode {
    match prepare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = package.join("..").canonicalize()?;
    let out = PathBuf::from(variable("OUT_DIR")?);

    println!("cargo::rerun-if-changed={}", package.join("wit").display());
    println!("cargo::rerun-if-env-changed={READY_MADE}");
    let component = match env::var_os(READY_MADE) {
        Some(file) => {
            let file = fs::canonicalize(file)?;
            println!("cargo::rerun-if-changed={}", file.display());
            file
        }
        // A checkout may hold what was packed last, too, which is older than its sources.
        None if root.join(SOURCE).is_file() => build_component(&root, &out)?,
        None => {
            let file = package.join(PACKED);
            if !file.is_file() {
                let it = file.display();
                return Err(
                    format!("no component: {it} is missing, and no source of it is here").into()
                );
            }
            println!("cargo::rerun-if-changed={}", file.display());
            file
        }
    };
    println!("cargo::rustc-env=WECOM_COMPONENT_WASM={}", component.display());
    Ok(())
}

/// Runs cargo in a target folder of its own: the outer cargo holds the lock of the usual one until this script ends.
fn build_component(root: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    // OUT_DIR is TARGET/PROFILE/build/PACKAGE/out.
    let target = out.ancestors().nth(4).unwrap_or(out).join("component");
    let mut cargo = Command::new(variable("CARGO")?);
    cargo
        .args(["rustc", "--locked", "--target", "wasm32-wasip2", "--profile", "component"])
        .args(["--package", "wecom-connector", "--crate-type", "cdylib", "--target-dir"])
        .arg(&target)
        .current_dir(root);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(concerns_the_host_build) {
            cargo.env_remove(name);
        }
    }

    let output = cargo.output()?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let hint = if errors.contains("target may not be installed")
            || errors.contains("can't find crate for `core`")
        {
            "\n\nThe WebAssembly target is missing. Install it: rustup target add wasm32-wasip2"
        } else {
            ""
        };
        return Err(format!("the component does not build:\n{errors}{hint}").into());
    }
    let component = target.join("wasm32-wasip2/component/wecom_connector.wasm");
    let settings = ["Cargo.toml", "Cargo.lock", ".cargo"].map(|it| root.join(it));
    for input in sources(&component)?.into_iter().chain(settings) {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(component)
}

/// The sources of the component and of the crates of this repository in it, as cargo lists them in its dep-info file.
fn sources(component: &Path) -> io::Result<Vec<PathBuf>> {
    let list = fs::read_to_string(component.with_extension("d"))?;
    // A blank in a name is escaped.
    let list = list.replace("\\ ", "\0");
    let files = list.lines().filter_map(|it| it.split_once(": ")).flat_map(|it| it.1.split(' '));
    Ok(files.map(|it| it.replace('\0', " ").into()).collect())
}

/// Flags, wrappers (clippy's among them) and profiles of the outer build, which would leak into the component's.
fn concerns_the_host_build(name: &str) -> bool {
    matches!(
        name,
        "RUSTFLAGS" | "RUSTC_WRAPPER" | "RUSTC_WORKSPACE_WRAPPER" | "RUSTDOCFLAGS" | "TARGET"
    ) || name == "CARGO_ENCODED_RUSTFLAGS"
        || name.starts_with("CARGO_BUILD_")
        || name.starts_with("CARGO_PROFILE_")
        || name.starts_with("CARGO_TARGET_")
        || name.starts_with("CARGO_CFG_")
        || name.starts_with("CARGO_FEATURE_")
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: run this script through cargo"))
}
