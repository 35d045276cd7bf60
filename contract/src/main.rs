//! Writes `contract.json`: `cargo run -p wecom-contract`.

use std::{error::Error, fs};

use wecom_contract::Contract;

fn main() -> Result<(), Box<dyn Error>> {
    let text = Contract::load()?.to_json_text();
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/contract.json"), text)?;
    Ok(())
}
