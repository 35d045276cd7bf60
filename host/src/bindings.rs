//! The contract as Rust types: generated from `wit/`.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "connector",
    exports: { default: async },
    additional_derives: [PartialEq],
});
