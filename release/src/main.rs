//! Prepares the built component for release.

mod metadata;
mod sections;
mod tool_docs;
mod wit_package;

use std::{env, ffi::OsString, fs, path::Path};

use anyhow::bail;

const USAGE: &str = "\
usage: wecom-release describe INPUT OUTPUT REVISION SOURCE
       wecom-release document INPUT OUTPUT WIT
       wecom-release package WIT OUTPUT
       wecom-release show FILE

  describe  removes names for debuggers and adds name, version, description and license; the revision and the address of
            the source too, where they are not empty
  document  adds the documentation of the contract in the folder WIT, for hosts that offer the functions to a model as tools
  package   writes the contract in the folder WIT as a binary WIT package
  show      prints what `describe` and `document` have added, as JSON; `debug-names` says whether names for debuggers are left";

fn main() -> anyhow::Result<()> {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let command: Vec<&str> = arguments.iter().filter_map(|it| it.to_str()).collect();
    match command.as_slice() {
        ["describe", input, output, revision, source] => {
            let stripped = sections::without_names(&fs::read(input)?)?;
            fs::write(output, metadata::describe(&stripped, revision, source)?)?;
        }
        ["document", input, output, wit] => {
            let docs = tool_docs::section(Path::new(wit))?;
            fs::write(output, sections::with_custom(fs::read(input)?, tool_docs::NAME, &docs))?;
        }
        ["package", wit, output] => fs::write(output, wit_package::encode(Path::new(wit))?)?,
        ["show", file] => show(&fs::read(file)?)?,
        _ => bail!("{USAGE}"),
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "it is a command")]
fn show(wasm: &[u8]) -> anyhow::Result<()> {
    let mut shown = metadata::read(wasm)?;
    shown.insert("debug-names".to_owned(), sections::has_names(wasm)?.into());
    if let Some(docs) = sections::custom(wasm, tool_docs::NAME)? {
        shown.insert("tools".to_owned(), tool_docs::read(docs)?);
    }
    println!("{}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}
