//! `wecom`: any action of the connector from the command line.

mod arguments;
mod cli;
mod describe;
mod report;

use std::{
    env, fs,
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use serde_json::Value;
use wecom_host::{COMPONENT, CallError, Host, Options, contract::Contract};

use crate::{
    cli::{Call, Cli, Command},
    report::Failure,
};

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(error.to_string()),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(Failure::Usage(
                "say what to do: `wecom call`, `wecom actions`, `wecom describe`, or `wecom --help`".into(),
            )),
            _ => Err(Failure::Usage(usage(&error))),
        },
    };
    // Nobody is left to be told when an output is closed.
    match outcome {
        Ok(text) => {
            let _ = writeln!(io::stdout().lock(), "{}", text.trim_end());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let code = failure.code();
            let _ = writeln!(io::stderr().lock(), "{}", failure.json());
            code
        }
    }
}

fn run(command: Command) -> Result<String, Failure> {
    match command {
        Command::Call(it) => call(it).map(|it| print(&it)),
        Command::Actions { json } => {
            let contract = contract()?;
            Ok(if json {
                print(&describe::actions_json(&contract))
            } else {
                describe::actions(&contract)
            })
        }
        Command::Describe { name, json } => {
            let contract = contract()?;
            if let Some(action) = contract.action(&name) {
                return Ok(if json {
                    print(&describe::action_json(&contract, action))
                } else {
                    describe::action(&contract, action)
                });
            }
            if let Some(ty) = contract.named_type(&name) {
                return Ok(if json {
                    print(&describe::named_type_json(ty))
                } else {
                    describe::named_type(ty)
                });
            }
            let names = contract.actions.iter().map(|it| it.name.as_str());
            let similar = wecom_host::contract::similar(&name, names);
            Err(CallError::UnknownFunction { name, similar }.into())
        }
    }
}

fn call(call: Call) -> Result<Value, Failure> {
    let mut options = Options { instances: 1, cache: true, ..Options::default() };
    if let Some(seconds) = call.timeout {
        options.limits.time = Duration::from_secs(seconds);
    }
    let host = match &call.wasm {
        None => Host::new(COMPONENT, options),
        Some(file) => {
            let component = fs::read(file).map_err(|error| {
                Failure::Component(format!("{} cannot be read: {error}", file.display()))
            })?;
            Host::new(&component, options)
        }
    };
    let host = host.map_err(|error| Failure::Component(first_line(&error)))?;

    let Some(function) = host.function(&call.action) else {
        let similar = host.similar_functions(&call.action);
        return Err(CallError::UnknownFunction { name: call.action, similar }.into());
    };
    let arguments = arguments::build(function, &call)?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Component(format!("there is no runtime: {error}")))?;
    Ok(runtime.block_on(host.instance(environment()).call_json(&call.action, &arguments))?)
}

/// The variables that are meant for the connector; all others are none of its business.
fn environment() -> impl Iterator<Item = (String, String)> {
    env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("WECOM_"))
}

fn contract() -> Result<Contract, Failure> {
    Contract::load().map_err(Failure::Component)
}

/// For people with line breaks, for programs without.
fn print(value: &Value) -> String {
    if io::stdout().is_terminal() { format!("{value:#}") } else { value.to_string() }
}

/// clap explains in several lines, and repeats an option that it does not know with all that clings to it.
fn usage(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some(name) = option.strip_prefix("--")
    {
        let end =
            name.find(|it: char| !it.is_ascii_alphanumeric() && it != '-').unwrap_or(name.len());
        return format!(
            "there is no option --{}; see `wecom --help`",
            name.get(..end).unwrap_or_default()
        );
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    let lines = lines.take_while(|it| !it.starts_with("Usage:") && !it.starts_with("For more"));
    lines.collect::<Vec<_>>().join("; ").trim_start_matches("error: ").replace(":;", ":")
}

/// What went wrong, without the chain of causes and the dumps that a compiler adds.
fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
