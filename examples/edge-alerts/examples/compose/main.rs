//! `compose HANDLER CONNECTOR OUTPUT`: plugs the connector into a handler.

mod plug;

use std::{env, fs};

fn main() -> anyhow::Result<()> {
    let files: Vec<_> = env::args_os().skip(1).collect();
    let [handler, connector, output] = files.as_slice() else {
        anyhow::bail!("usage: compose HANDLER CONNECTOR OUTPUT");
    };
    Ok(fs::write(output, plug::plug(fs::read(handler)?, fs::read(connector)?)?)?)
}
