//! `wecom-simulator`: the simulator behind a port.

use std::{
    io::{self, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    process::{Command, ExitCode, ExitStatus},
};

use clap::Parser;
use tokio::net::{TcpListener, lookup_host};
use wecom_simulator::{Simulator, TranscriptEntry, known, server};

/// A WeCom (企业微信) in memory, with faults on request.
///
/// Prints its address and credentials as NAME=value lines and serves until it is ended; or runs a command with them as
/// its environment and ends with it.
#[derive(Parser)]
#[command(version)]
struct Options {
    /// Where to listen, such as localhost:8080; port 0 is any free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    listen: String,
    /// Also refuse what WeCom tolerates: unknown keys, wrong JSON types, careless headers and queries
    #[arg(long)]
    strict: bool,
    /// No line for each request on stderr
    #[arg(long)]
    quiet: bool,
    /// A command to run with the variables set; the exit status is then the command's
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// As a shell reports it.
const COMMAND_NOT_FOUND: u8 = 127;

fn main() -> ExitCode {
    let options = Options::parse();
    run(options).unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::FAILURE
    })
}

fn complain(text: &str) {
    // There is no place left to report that stderr is closed.
    let _: io::Result<()> = writeln!(io::stderr(), "wecom-simulator: {text}");
}

fn run(options: Options) -> io::Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    let exit_code = runtime.block_on(serve(options));
    // A command that still waits on a connection does not delay the end.
    runtime.shutdown_background();
    exit_code
}

async fn serve(Options { listen, strict, quiet, command }: Options) -> io::Result<ExitCode> {
    let cannot_listen = |error| io::Error::other(format!("cannot listen on {listen}: {error}"));
    // `localhost` has two addresses, and clients try them in their own order: the older one serves all.
    let mut addresses: Vec<_> = lookup_host(&listen).await.map_err(cannot_listen)?.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let listener = TcpListener::bind(addresses.as_slice()).await.map_err(cannot_listen)?;
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        complain(
            "listening beyond this machine: every program that reaches the port can control the simulator",
        );
    }
    let variables = variables(address);
    let simulator = if strict { Simulator::ticking().strict() } else { Simulator::ticking() };
    let log = move |entry: &TranscriptEntry| {
        if !quiet {
            // The log is optional: the simulator continues without it.
            let _: io::Result<()> = writeln!(io::stderr(), "{entry}");
        }
    };
    let serving = server::serve(listener, simulator, log);
    let Some((program, arguments)) = command.split_first() else {
        announce(&variables)?;
        serving.await;
        return Ok(ExitCode::SUCCESS);
    };
    let mut command = Command::new(program);
    command.args(arguments).envs(variables);
    let server = tokio::spawn(serving);
    let ended = tokio::task::spawn_blocking(move || command.status()).await;
    server.abort();
    match ended.map_err(io::Error::other)? {
        Ok(status) => Ok(exit_code(status)),
        Err(error) => {
            complain(&format!("cannot run {program}: {error}"));
            Ok(ExitCode::from(COMMAND_NOT_FOUND))
        }
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let signal = {
        #[cfg(unix)]
        {
            std::os::unix::process::ExitStatusExt::signal(&status).map(|it| 128 + it)
        }
        #[cfg(not(unix))]
        {
            None
        }
    };
    let code = status.code().or(signal).and_then(|it| u8::try_from(it).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}

/// Everything a client needs, for the unnamed profile and for two more.
fn variables(address: SocketAddr) -> Vec<(String, String)> {
    let reachable = match address {
        SocketAddr::V4(it) if it.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, it.port()).into(),
        SocketAddr::V6(it) if it.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, it.port()).into(),
        it => it,
    };
    let mut variables = Vec::new();
    for (profile, secret, agent_id, chatbot_key) in [
        ("", known::APP_SECRET, known::AGENT_ID, Some(known::CHATBOT_KEY)),
        (
            "SECOND_",
            known::SECOND_APP_SECRET,
            known::SECOND_AGENT_ID,
            Some(known::SECOND_CHATBOT_KEY),
        ),
        ("NARROW_", known::NARROW_APP_SECRET, known::NARROW_AGENT_ID, None),
    ] {
        let mut add = |name, value| variables.push((format!("WECOM_{profile}{name}"), value));
        add("BASE_URL", format!("http://{reachable}"));
        add("CORP_ID", known::CORP_ID.to_owned());
        add("SECRET", secret.to_owned());
        add("CONTACTS_SECRET", known::CONTACTS_SECRET.to_owned());
        add("AGENT_ID", agent_id.to_string());
        if let Some(key) = chatbot_key {
            add("CHATBOT_KEY", key.to_owned());
        }
    }
    variables
}

fn announce(variables: &[(String, String)]) -> io::Result<()> {
    // In one write: a reader that has what it needs may close the pipe.
    let lines: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut stdout = io::stdout().lock();
    stdout.write_all((lines.join("\n") + "\n").as_bytes())?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from([&["wecom-simulator"], arguments].concat())
    }

    #[test]
    fn options_are_read() {
        let options = read(&[]).unwrap();
        assert_eq!((options.listen.as_str(), options.quiet), ("127.0.0.1:0", false));
        let options = read(&["--listen", "[::1]:80", "--quiet", "--strict"]).unwrap();
        assert_eq!(options.listen, "[::1]:80");
        assert!(options.quiet && options.strict);
        let options = read(&["--listen=localhost:9", "--", "env", "--quiet"]).unwrap();
        assert_eq!((options.command, options.quiet), (vec!["env".into(), "--quiet".into()], false));
    }

    #[test]
    fn unknown_options_are_refused() {
        for arguments in [["--loud"].as_slice(), &["--quiet=yes"], &["--listen"], &["env"]] {
            assert!(read(arguments).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn variables_name_an_address_that_can_be_reached() {
        for (address, url) in [
            ("127.0.0.1:80", "http://127.0.0.1:80"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:80", "http://[::1]:80"),
        ] {
            let variables = variables(address.parse().unwrap());
            assert_eq!(variables[0], ("WECOM_BASE_URL".to_owned(), url.to_owned()));
            assert_eq!(variables.len(), 17);
        }
    }
}
