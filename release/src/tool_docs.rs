//! The documentation of the contract as hosts read it that offer a component's functions to a model as tools, Wassette first.
//!
//! It is the section in which `wit-component` writes the documentation of a WIT package, but with the functions in another
//! place: these hosts look every function up among the world's own, by its bare name. Tools that expect a WIT package there
//! refuse the component, so it is never in the main artefact.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wit_parser::{Resolve, WorldItem};

pub(crate) const NAME: &str = "package-docs";
/// The version of the format, a byte before the JSON.
const VERSION: u8 = 1;

#[derive(Serialize, Deserialize)]
struct PackageDocs {
    worlds: BTreeMap<String, WorldDocs>,
}

#[derive(Default, Serialize, Deserialize)]
struct WorldDocs {
    func_exports: BTreeMap<String, ItemDocs>,
}

#[derive(Serialize, Deserialize)]
struct ItemDocs {
    docs: String,
}

/// The section for the contract in a folder.
pub(crate) fn section(wit: &Path) -> anyhow::Result<Vec<u8>> {
    let mut contract = Resolve::new();
    let (package, _) = contract.push_dir(wit)?;
    let world = contract.select_world(&[package], None)?;
    let world = contract.worlds.get(world).context("the contract has a world")?;

    let mut docs = WorldDocs::default();
    for item in world.exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = contract.interfaces.get(*id).context("an export has an interface")?;
        for function in interface.functions.values() {
            let text = function.docs.contents.clone();
            let text = text.with_context(|| format!("{} has no documentation", function.name))?;
            let earlier = docs.func_exports.insert(function.name.clone(), ItemDocs { docs: text });
            ensure!(earlier.is_none(), "{} is the name of two functions", function.name);
        }
    }
    let docs = PackageDocs { worlds: BTreeMap::from([(world.name.clone(), docs)]) };
    let mut section = vec![VERSION];
    serde_json::to_writer(&mut section, &docs)?;
    Ok(section)
}

/// The first line of each function's documentation, by name.
pub(crate) fn read(section: &[u8]) -> anyhow::Result<Value> {
    let json = section.strip_prefix(&[VERSION]).context("a documentation of another version")?;
    let docs: PackageDocs = serde_json::from_slice(json)?;
    let functions = docs.worlds.into_values().flat_map(|it| it.func_exports);
    let first_line = |it: ItemDocs| it.docs.lines().next().map(str::to_owned);
    Ok(functions.map(|(name, it)| (name, Value::from(first_line(it)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_contract_is_documented() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
        let read = read(&section(&wit).unwrap()).unwrap();
        let functions = read.as_object().unwrap();
        assert!(functions.len() > 25, "{}", functions.len());
        assert!(functions.values().all(|it| it.as_str().is_some_and(|it| it.len() > 10)), "{read}");
        assert!(functions["send-chatbot-text"].as_str().unwrap().starts_with("Send"), "{read}");
    }

    #[test]
    fn another_version_is_refused() {
        read(b"\x02{}").unwrap_err();
    }
}
