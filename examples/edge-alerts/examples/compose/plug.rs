//! One component made of two.

use wac_graph::{CompositionGraph, EncodeOptions, types::Package};

/// Satisfies the imports of `socket` with the exports of `plug`, as `wac plug` does.
pub(crate) fn plug(socket: Vec<u8>, plug: Vec<u8>) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, component: Vec<u8>| {
        let package = Package::from_bytes(name, None, component, graph.types_mut())?;
        anyhow::Ok(graph.register_package(package)?)
    };
    let socket = register("socket", socket)?;
    let plug = register("plug", plug)?;
    wac_graph::plug(&mut graph, vec![plug], socket)?;
    Ok(graph.encode(EncodeOptions::default())?)
}
