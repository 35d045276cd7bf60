//! The contract as a binary WIT package, as registries and `wkg` take it.

use std::{collections::BTreeMap, path::Path};

use anyhow::{bail, ensure};
use wit_component::DecodedWasm;
use wit_parser::{Docs, Resolve};

/// Encodes the contract in a folder; it is read back with the same functions and documentation.
pub(crate) fn encode(wit: &Path) -> anyhow::Result<Vec<u8>> {
    let mut contract = Resolve::new();
    let (package, _) = contract.push_dir(wit)?;
    let bytes = wit_component::encode(&contract, package)?;

    let DecodedWasm::WitPackage(read, id) = wit_component::decode(&bytes)? else {
        bail!("a package is read back as something else");
    };
    let name = |it: &Resolve, id| it.packages.get(id).map(|it| it.name.clone());
    ensure!(
        name(&read, id) == name(&contract, package) && functions(&read) == functions(&contract),
        "the package is not what it was made of"
    );
    Ok(bytes)
}

fn functions(contract: &Resolve) -> BTreeMap<String, Docs> {
    let all = contract.interfaces.iter().flat_map(|(_, it)| it.functions.values());
    all.map(|it| (it.name.clone(), it.docs.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contract_is_read_back() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
        let DecodedWasm::WitPackage(read, id) =
            wit_component::decode(&encode(&wit).unwrap()).unwrap()
        else {
            panic!("not a package");
        };
        let expected = concat!("wecom:connector@", env!("CARGO_PKG_VERSION"));
        assert_eq!(read.packages[id].name.to_string(), expected);
        assert!(functions(&read)["send-chatbot-text"].contents.is_some());
    }
}
