//! The built component beside its contract: what it may use, what it offers, and whether all of it is documented.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]
#![allow(clippy::print_stdout, reason = "versions and size are worth seeing")]

use std::collections::BTreeSet;

use wecom_host::{COMPONENT, contract::FILES};
use wit_component::DecodedWasm;
use wit_parser::{
    Docs, Function, Interface, Resolve, SourceMap, Type, TypeDef, TypeDefKind, World, WorldId,
    WorldItem,
};

/// Reported, not limited: this catches accidents, such as std in the component.
const SIZE_TRIPWIRE: usize = 600_000;

#[test]
fn it_may_use_only_http_clocks_and_environment() {
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
fn it_offers_the_interfaces_of_the_contract() {
    let (resolve, world) = component();
    let exports: Vec<_> =
        resolve.worlds[world].exports.values().map(|it| name_of(&resolve, it)).collect();
    let contract = contract();
    let promised: Vec<_> =
        world_of(&contract).exports.values().map(|it| name_of(&contract, it)).collect();
    assert_eq!(promised.len(), 9);
    assert_eq!(BTreeSet::from_iter(exports), BTreeSet::from_iter(promised));
}

#[test]
fn its_size_is_below_the_tripwire() {
    println!("the component has {} bytes", COMPONENT.len());
    assert!(COMPONENT.len() <= SIZE_TRIPWIRE, "{} bytes", COMPONENT.len());
}

/// Which would also mean that it was not linked with LTO: panics would carry their source locations.
#[test]
fn it_names_no_folder_of_the_build() {
    let folder = b"registry/src/";
    assert!(!COMPONENT.windows(folder.len()).any(|it| it == folder));
}

#[test]
fn everything_is_documented() {
    let contract = contract();
    let package = contract.packages.iter().find(|(_, it)| it.name.namespace == "wecom").unwrap().1;
    let world = world_of(&contract);
    let mut items = vec![("package".to_owned(), &package.docs), ("world".to_owned(), &world.docs)];
    for interface in interfaces(&contract) {
        let name = interface.name.clone().unwrap();
        items.push((name.clone(), &interface.docs));
        for ty in own_types(&contract, interface) {
            let ty_name = format!("{name}.{}", ty.name.as_ref().unwrap());
            items.extend(members(ty).map(|(member, docs)| (format!("{ty_name}.{member}"), docs)));
            items.push((ty_name, &ty.docs));
        }
        for function in interface.functions.values() {
            items.push((format!("{name}.{}", function.name), &function.docs));
        }
    }
    // As many as there are: a walk that sees nothing would find nothing missing.
    assert!(items.len() > 250, "{} items", items.len());
    let bare: Vec<_> = items
        .iter()
        .filter(|(_, docs)| docs.contents.as_ref().is_none_or(|it| it.trim().is_empty()))
        .map(|(name, _)| name)
        .collect();
    assert!(bare.is_empty(), "without documentation: {bare:?}");
}

#[test]
fn functions_are_documented_like_reference_pages() {
    let contract = contract();
    for function in functions(&contract) {
        let docs = function.docs.contents.as_deref().unwrap();
        assert_eq!(docs.matches("# Errors\n").count(), 1, "errors of {}", function.name);
        assert_eq!(docs.matches("# Example\n").count(), 1, "example of {}", function.name);
        let page = "](https://developer.work.weixin.qq.com/document/path/";
        assert_eq!(docs.matches(page).count(), 1, "WeCom's page for {}", function.name);
    }
}

#[test]
fn names_are_plain_and_unique() {
    let contract = contract();
    let mut seen = BTreeSet::new();
    for interface in interfaces(&contract) {
        let types = own_types(&contract, interface).map(|it| it.name.clone().unwrap());
        for name in types.chain(interface.functions.keys().cloned()) {
            assert!(seen.insert(name.clone()), "{name} stands in two interfaces");
            check_words(&name);
        }
        check_words(interface.name.as_ref().unwrap());
        for ty in own_types(&contract, interface) {
            members(ty).for_each(|(name, _)| check_words(name));
        }
        for function in interface.functions.values() {
            function.params.iter().for_each(|it| check_words(&it.name));
        }
    }
    for (file, text) in FILES {
        let code = text.lines().filter(|it| !it.trim_start().starts_with("///"));
        for line in code {
            assert!(!line.contains('%'), "{file}: {line}");
        }
    }
}

/// The table of actions in the README: all functions, the 29 actions by number, and a method and a path for each.
#[test]
fn the_readme_names_every_function() {
    let rows: Vec<Vec<&str>> = include_str!("../../README.md")
        .lines()
        .filter(|it| it.contains("/cgi-bin/"))
        .map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
        .collect();
    let numbers: Vec<_> = rows.iter().filter_map(|row| row[0].parse::<u32>().ok()).collect();
    assert_eq!(numbers, (1..=29).collect::<Vec<_>>());
    for row in &rows {
        let endpoint = row[3].trim_matches('`');
        assert!(endpoint.starts_with("GET /cgi-bin/") || endpoint.starts_with("POST /cgi-bin/"));
    }
    let named: BTreeSet<_> = rows.iter().map(|row| row[2].trim_matches('`').to_owned()).collect();
    let contract = contract();
    assert_eq!(named, functions(&contract).map(|it| it.name.clone()).collect());
}

#[test]
fn every_host_can_pass_its_values() {
    let contract = contract();
    for (_, ty) in &contract.types {
        match &ty.kind {
            TypeDefKind::Record(_)
            | TypeDefKind::Variant(_)
            | TypeDefKind::Enum(_)
            | TypeDefKind::Result(_)
            | TypeDefKind::List(_)
            | TypeDefKind::Type(_) => {}
            TypeDefKind::Option(inner) => assert!(!is_option(&contract, *inner), "{ty:?}"),
            other => panic!("{} cannot be passed everywhere: {:?}", other.as_str(), ty.name),
        }
    }
    for function in functions(&contract) {
        assert!(function.params.len() <= 3, "{} takes too many parameters", function.name);
        assert_eq!(function.params[0].name.as_str(), identity(function), "{}", function.name);
    }
}

/// What the component itself says.
fn component() -> (Resolve, WorldId) {
    match wit_component::decode(COMPONENT).unwrap() {
        DecodedWasm::Component(resolve, world) => (resolve, world),
        DecodedWasm::WitPackage(..) => panic!("the component is a WIT package"),
    }
}

/// What the WIT files say.
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

fn interfaces(contract: &Resolve) -> impl Iterator<Item = &Interface> {
    contract.interfaces.iter().map(|(_, it)| it)
}

fn functions(contract: &Resolve) -> impl Iterator<Item = &Function> {
    interfaces(contract).flat_map(|it| it.functions.values())
}

/// The types that an interface defines, without those that it uses from others.
fn own_types<'a>(
    contract: &'a Resolve,
    interface: &'a Interface,
) -> impl Iterator<Item = &'a TypeDef> {
    let types = interface.types.values().map(|it| &contract.types[*it]);
    types.filter(|it| !matches!(it.kind, TypeDefKind::Type(Type::Id(_))))
}

/// Fields or cases.
fn members(ty: &TypeDef) -> Box<dyn Iterator<Item = (&str, &Docs)> + '_> {
    match &ty.kind {
        TypeDefKind::Record(it) => Box::new(it.fields.iter().map(|it| (&*it.name, &it.docs))),
        TypeDefKind::Variant(it) => Box::new(it.cases.iter().map(|it| (&*it.name, &it.docs))),
        TypeDefKind::Enum(it) => Box::new(it.cases.iter().map(|it| (&*it.name, &it.docs))),
        _ => Box::new(std::iter::empty()),
    }
}

fn is_option(contract: &Resolve, ty: Type) -> bool {
    match ty {
        Type::Id(id) => match &contract.types[id].kind {
            TypeDefKind::Option(_) => true,
            TypeDefKind::Type(ty) => is_option(contract, *ty),
            _ => false,
        },
        _ => false,
    }
}

/// What the first parameter of a function is called.
fn identity(function: &Function) -> &'static str {
    if function.name.contains("chatbot") { "chatbot" } else { "application" }
}

/// Lower-case words between single dashes, each beginning with a letter.
fn check_words(name: &str) {
    let plain = |word: &str| {
        word.starts_with(|it: char| it.is_ascii_lowercase())
            && word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    };
    assert!(name.split('-').all(plain), "{name}");
}

fn name_of(resolve: &Resolve, item: &WorldItem) -> String {
    match item {
        WorldItem::Interface { id, .. } => resolve.id_of(*id).unwrap(),
        other => panic!("not an interface: {other:?}"),
    }
}
