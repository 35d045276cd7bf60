//! `wecom-simulator`: the simulator behind a loopback port.

use std::{
    env,
    io::{self, Write},
    net::{IpAddr, SocketAddr},
    process::ExitCode,
};

use tokio::net::TcpListener;
use wecom_simulator::{Simulator, TranscriptEntry, known, server};

const HELP: &str = "\
A strict WeCom in memory, with faults on request.

Usage: wecom-simulator [--listen ADDRESS:PORT] [--quiet]

  --listen ADDRESS:PORT  a loopback address; port 0 is any free one [default: 127.0.0.1:0]
  --quiet                no line for every request on stderr
  --help                 this text

Prints its address and credentials as NAME=value lines, then serves until it is ended.
";

struct Options {
    listen: SocketAddr,
    quiet: bool,
}

fn main() -> ExitCode {
    let options = match read_options(env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => return finish(io::stdout().write_all(HELP.as_bytes())),
        Err(reason) => {
            complain(&format!("{reason}\n\n{HELP}"));
            return ExitCode::from(2);
        }
    };
    finish(run(&options))
}

fn finish(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error}\n"));
            ExitCode::FAILURE
        }
    }
}

fn complain(text: &str) {
    // Nobody is left to hear that stderr is gone.
    let _: io::Result<()> = write!(io::stderr(), "wecom-simulator: {text}");
}

/// `None` when help was asked for.
fn read_options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), quiet: false };
    while let Some(argument) = arguments.next() {
        match argument
            .split_once('=')
            .map_or((argument.as_str(), None), |(it, value)| (it, Some(value)))
        {
            ("--help" | "-h", None) => return Ok(None),
            ("--quiet", None) => options.quiet = true,
            ("--listen", value) => {
                let Some(value) = value.map(str::to_owned).or_else(|| arguments.next()) else {
                    return Err("--listen needs ADDRESS:PORT".to_owned());
                };
                options.listen =
                    value.parse().map_err(|_| format!("`{value}` is not ADDRESS:PORT"))?;
            }
            _ => return Err(format!("`{argument}` is not an option")),
        }
    }
    match options.listen.ip() {
        IpAddr::V4(ip) if ip.is_loopback() => Ok(Some(options)),
        IpAddr::V6(ip) if ip.is_loopback() => Ok(Some(options)),
        ip => Err(format!("{ip} is not a loopback address: the simulator has no real protection")),
    }
}

fn run(options: &Options) -> io::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await.map_err(|error| {
            io::Error::other(format!("cannot listen on {}: {error}", options.listen))
        })?;
        announce(listener.local_addr()?)?;
        let is_loud = !options.quiet;
        let log = move |recorded: &TranscriptEntry| {
            if is_loud {
                // The log is a courtesy: the simulator goes on without it.
                let _: io::Result<()> = writeln!(io::stderr(), "{recorded}");
            }
        };
        server::serve(listener, Simulator::ticking(), log).await;
        Ok(())
    })
}

fn announce(address: SocketAddr) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for (name, value) in [
        ("BASE_URL", format!("http://{address}")),
        ("CORP_ID", known::CORP_ID.to_owned()),
        ("SECRET", known::APP_SECRET.to_owned()),
        ("CONTACTS_SECRET", known::CONTACTS_SECRET.to_owned()),
        ("AGENT_ID", known::AGENT_ID.to_string()),
        ("CHATBOT_KEY", known::CHATBOT_KEY.to_owned()),
    ] {
        writeln!(stdout, "WECOM_{name}={value}")?;
    }
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Option<Options>, String> {
        read_options(arguments.iter().map(|it| (*it).to_owned()))
    }

    #[test]
    fn options_are_read() {
        let options = read(&[]).unwrap().unwrap();
        assert_eq!((options.listen.to_string().as_str(), options.quiet), ("127.0.0.1:0", false));
        let options = read(&["--listen", "[::1]:80", "--quiet"]).unwrap().unwrap();
        assert_eq!((options.listen.to_string().as_str(), options.quiet), ("[::1]:80", true));
        assert_eq!(read(&["--listen=127.0.0.1:9"]).unwrap().unwrap().listen.port(), 9);
        assert!(read(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn other_options_are_refused() {
        for arguments in [
            ["--loud"].as_slice(),
            &["--quiet=yes"],
            &["--listen"],
            &["--listen", "here"],
            &["--listen", "0.0.0.0:80"],
            &["--listen", "192.168.0.1:80"],
        ] {
            assert!(read(arguments).is_err(), "{arguments:?}");
        }
    }
}
