//! `wecom`: any action of the connector from the command line.

mod arguments;
mod calls;
mod check;
mod cli;
mod complete;
mod explain;
mod failure;
mod forms;
mod help;
mod input;
mod keyring;
mod lang;
mod mask;
mod mcp;
mod member;
mod output;
mod private;
mod profile_command;
mod profiles;
mod progress;
mod session;
mod suggest;
mod tokens;
mod topics;
mod wire;

use std::{env, ffi::OsString, process::ExitCode};

use serde_json::{Value, json};
use wecom_contract::{Action, Contract};

use crate::{
    cli::{Command, ProfileCommand, Request},
    failure::Failure,
    help::Reader,
    mcp::Grant,
    output::{Output, write_json, write_text},
};

fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let (output, outcome) = run(&words);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.code())
        }
    }
}

/// How its outcome is to be printed, and the outcome.
fn run(words: &[OsString]) -> (Output, Result<(), Failure>) {
    let fallback = Output::new(cli::language(words), cli::format(words), false);
    let contract = match Contract::load().map_err(Failure::Component) {
        Ok(contract) => contract,
        Err(failure) => return (fallback, Err(failure)),
    };
    match cli::parse(&contract, words) {
        Ok(Request::Print(text)) => (fallback, write_text(&text)),
        Ok(Request::Run { output, command }) => (output, execute(&contract, output, command)),
        Err(failure) => (fallback, Err(failure)),
    }
}

fn execute(contract: &Contract, output: Output, command: Command) -> Result<(), Failure> {
    let reader = Reader::new(output.lang);
    match command {
        Command::Call(it) => calls::call(contract, output, &it),
        Command::Batch { file, using } => calls::batch(contract, output, &file, &using),
        Command::Profile(command) => match command {
            ProfileCommand::Add { name, fields, r#in } => {
                profile_command::add(output, &name, &fields, r#in)
            }
            ProfileCommand::List => profile_command::list(output),
            ProfileCommand::Remove { name } => profile_command::remove(output, &name),
            ProfileCommand::Check { name, using } => {
                check::check(output, &using.with_profile(name))
            }
        },
        Command::Check { using } => check::check(output, &using),
        Command::Explain { code } => explain::explain(contract, output, code),
        Command::Mcp { allow, read_only, files, using } => {
            mcp::serve(contract, output, Grant { allow, read_only, files }, &using)
        }
        Command::Completions { shell } => write_text(complete::script(shell)),
        Command::Complete { words } => {
            let command = cli::command(contract, &[], reader);
            write_text(&complete::candidates(contract, &command, &words).join("\n"))
        }
        Command::Man => write_text(&manual(contract, reader)?),
        Command::Actions { json: true } => write_json(&actions_json(contract)),
        Command::Actions { json: false } => write_text(&reader.actions(contract)),
        Command::Describe { name, json } => match (name.parse(), json) {
            (Ok(code), _) => explain::explain(contract, output, code),
            (_, true) => write_json(&describe_json(contract, &name)?),
            (_, false) => write_text(&describe(contract, reader, &name)?),
        },
        Command::Help { topic: None } => write_text(&topics::overview(contract, reader)),
        Command::Help { topic: Some(topic) } => {
            if let Ok(code) = topic.parse() {
                return explain::explain(contract, output, code);
            }
            match (topics::page(&topic, reader), cli::help(contract, reader, &topic)) {
                (Some(page), _) => write_text(page),
                (None, Some(help)) => write_text(&help),
                (None, None) => write_text(&describe(contract, reader, &topic)?),
            }
        }
    }
}

fn describe(contract: &Contract, reader: Reader, name: &str) -> Result<String, Failure> {
    if let Some(action) = contract.action(name) {
        return Ok(reader.action(contract, action));
    }
    match contract.named_type(name) {
        Some(ty) => Ok(reader.named_type(contract, ty)),
        None => Err(unknown(contract, name)),
    }
}

fn describe_json(contract: &Contract, name: &str) -> Result<Value, Failure> {
    if let Some(action) = contract.action(name) {
        return Ok(help::action_json(contract, action));
    }
    contract.named_type(name).map(|it| json!(it)).ok_or_else(|| unknown(contract, name))
}

/// The manual page, for `man`.
fn manual(contract: &Contract, reader: Reader) -> Result<String, Failure> {
    let command = cli::command(contract, &[], reader).after_help(topics::manual(contract, reader));
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::Output { why: error.to_string(), result: None })?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn actions_json(contract: &Contract) -> Value {
    let action =
        |it: &Action| json!({ "name": it.name, "interface": it.interface, "summary": it.summary });
    contract.actions.iter().map(action).collect()
}

fn unknown(contract: &Contract, name: &str) -> Failure {
    let actions = contract.actions.iter().map(|it| it.name.as_str());
    let types = contract.types.iter().map(|it| it.name.as_str());
    let topics = topics::TOPICS.iter().copied();
    let similar = suggest::similar(name, actions.chain(types).chain(topics));
    Failure::UnknownAction { name: name.to_owned(), similar }
}
