//! Writes the contract as a binary WIT package, as registries and `wkg` take it, into the file named.

use std::{collections::BTreeMap, env, error::Error, fs};

use wecom_contract::FILES;
use wit_component::DecodedWasm;
use wit_parser::{Docs, Resolve, SourceMap};

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::args_os().nth(1).ok_or("the file to write is missing")?;
    let mut sources = SourceMap::new();
    for (name, text) in FILES {
        sources.push_str(name, *text);
    }
    let mut contract = Resolve::new();
    let package = contract.push_group(sources.parse().map_err(|(_, error)| error)?)?;
    let bytes = wit_component::encode(&contract, package)?;

    // It holds what it was made of, with the documentation.
    let DecodedWasm::WitPackage(read, id) = wit_component::decode(&bytes)? else {
        return Err("a package is read back as something else".into());
    };
    let functions = |it: &Resolve| -> BTreeMap<String, Docs> {
        let all = it.interfaces.iter().flat_map(|(_, interface)| interface.functions.values());
        all.map(|it| (it.name.clone(), it.docs.clone())).collect()
    };
    if read.packages.get(id).map(|it| &it.name) != contract.packages.get(package).map(|it| &it.name)
        || functions(&read) != functions(&contract)
    {
        return Err("the package is not what it was made of".into());
    }
    Ok(fs::write(file, bytes)?)
}
