//! Components for tests.

use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve, SourceMap};

/// The contract with nothing behind it: every function traps.
pub(crate) fn hollow_connector(files: &[(&str, &str)]) -> Vec<u8> {
    let mut sources = SourceMap::new();
    for (name, text) in files {
        sources.push_str(name, *text);
    }
    let mut resolve = Resolve::new();
    let package = resolve.push_group(sources.parse().unwrap()).unwrap();
    let world = resolve.select_world(&[package], Some("connector")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().module(&module).unwrap().encode().unwrap()
}
