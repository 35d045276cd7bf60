#!/bin/sh
# Builds the workflow. Needs `obelisk` in the path, for the interfaces that it offers to workflows.
set -eu
cd "$(dirname "$0")"
rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
obelisk generate wit-support --force workflow wit/deps >/dev/null
cargo build --quiet --locked --release --target wasm32-unknown-unknown --target-dir ../../target/obelisk
