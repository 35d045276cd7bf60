//! The built component compared with its contract: what it imports and what it exports.

use std::collections::BTreeSet;

use wecom_contract::FILES;
use wecom_host::COMPONENT;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, SourceMap, World, WorldId, WorldItem};

/// Reported, not limited: this catches accidents, such as std in the component. 59 functions take 1.07 MB.
const SIZE_TRIPWIRE: usize = 1_200_000;

#[test]
fn component_imports_only_http_clocks_and_environment() {
    let (resolve, world) = component();
    let (names, versions): (Vec<_>, Vec<_>) = resolve.worlds[world]
        .imports
        .values()
        .map(|it| name_of(&resolve, it))
        .map(|name| name.split_once('@').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap())
        .unzip();
    println!("{names:?} {versions:?}");
    let names: BTreeSet<_> = names.iter().map(String::as_str).collect();
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [
            "wasi:cli/environment",
            "wasi:clocks/monotonic-clock",
            "wasi:http/outgoing-handler",
            "wasi:http/types",
            "wasi:io/error",
            "wasi:io/poll",
            "wasi:io/streams",
        ]
    );
    assert!(versions.iter().all(|it| it.starts_with("0.2.")), "{versions:?}");
}

#[test]
fn component_exports_the_interfaces_of_the_contract() {
    let (resolve, world) = component();
    let exports: Vec<_> =
        resolve.worlds[world].exports.values().map(|it| name_of(&resolve, it)).collect();
    let contract = contract();
    let promised: Vec<_> =
        world_of(&contract).exports.values().map(|it| name_of(&contract, it)).collect();
    assert_eq!(promised.len(), 12);
    assert_eq!(BTreeSet::from_iter(exports), BTreeSet::from_iter(promised));
}

#[test]
fn size_is_below_the_tripwire() {
    println!("the component has {} bytes", COMPONENT.len());
    assert!(COMPONENT.len() <= SIZE_TRIPWIRE, "{} bytes", COMPONENT.len());
}

/// Which would also mean that it was not linked with LTO: panics would contain their source locations.
#[test]
fn component_contains_no_path_of_the_build() {
    let folder = b"registry/src/";
    assert!(!COMPONENT.windows(folder.len()).any(|it| it == folder));
}

/// The WIT in the component itself.
fn component() -> (Resolve, WorldId) {
    match wit_component::decode(COMPONENT).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("the component is a WIT package"),
    }
}

/// The WIT of the contract's files.
fn contract() -> Resolve {
    let mut sources = SourceMap::new();
    for (name, text) in FILES {
        sources.push_str(name, *text);
    }
    let mut resolve = Resolve::new();
    resolve.push_group(sources.parse().unwrap()).unwrap();
    resolve
}

fn world_of(contract: &Resolve) -> &World {
    assert_eq!(contract.worlds.len(), 1);
    contract.worlds.iter().next().unwrap().1
}

fn name_of(resolve: &Resolve, item: &WorldItem) -> String {
    match item {
        WorldItem::Interface { id, .. } => resolve.id_of(*id).unwrap(),
        other => panic!("not an interface: {other:?}"),
    }
}
