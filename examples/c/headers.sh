#!/usr/bin/env bash
# Puts wasmtime's C library and its headers into a folder: the library from the Python package in the virtual environment
# named, the headers from the crate wasmtime-c-api-impl of the same version.
# Usage: headers.sh ENVIRONMENT FOLDER
set -euo pipefail
environment=$1 folder=$2

version=$("$environment/bin/python" -c 'from importlib.metadata import version; print(version("wasmtime"))')
rm -rf "$folder"
mkdir -p "$folder/fetch"
printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[workspace]\n
[dependencies]\nwasmtime-c-api-impl = { version = "=%s", default-features = false }\n' "$version" >"$folder/fetch/Cargo.toml"
touch "$folder/fetch/lib.rs"
crate=$(cargo metadata --quiet --format-version 1 --manifest-path "$folder/fetch/Cargo.toml" |
    python3 -c 'import json, sys; print(*[it["manifest_path"] for it in json.load(sys.stdin)["packages"] if it["name"] == "wasmtime-c-api-impl"])')
cp -r "$(dirname "$crate")/include" "$folder/include"

# What the library of the package is built with, as far as the headers need it.
sed -E 's/^#cmakedefine (WASMTIME_FEATURE_(WASI|WASI_HTTP|COMPONENT_MODEL|CRANELIFT|WAT))$/#define \1/; /^#cmakedefine/d' \
    "$folder/include/wasmtime/conf.h.in" >"$folder/include/wasmtime/conf.h"
cp "$environment"/lib/python*/site-packages/wasmtime/*/_libwasmtime.* "$folder/"
ln -s _libwasmtime.so "$folder/libwasmtime.so"
rm -rf "$folder/fetch"
