//! Writes `contract.json` and `docs/actions.md`: `cargo run -p wecom-contract`.

use std::{error::Error, fs};

use wecom_contract::Contract;

fn main() -> Result<(), Box<dyn Error>> {
    let contract = Contract::load()?;
    let folder = env!("CARGO_MANIFEST_DIR");
    fs::write(format!("{folder}/contract.json"), contract.to_json_text())?;
    fs::write(format!("{folder}/../docs/actions.md"), contract.to_markdown())?;
    Ok(())
}
