//! The command line: what can be said, and the help.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{
    ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum,
    error::{ContextKind, ContextValue, ErrorKind},
};
use wecom_contract::Contract;

use crate::{
    arguments::Identity,
    complete::Shell,
    failure::Failure,
    help::Reader,
    lang::Lang,
    output::{Format, Output},
    profiles::{self, Place},
    session::Setup,
    suggest, topics,
    wire::Mode,
};

/// Call WeCom (企业微信): contacts, group chats, messages, files.
#[derive(Parser)]
#[command(name = "wecom", version, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// The form of results and errors; words on a terminal and json in a pipe, if left out.
    #[arg(short, long, global = true, value_name = "FORM", value_enum)]
    pub(crate) output: Option<Format>,
    /// Print no result, only errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// The language of help and messages: en or zh.
    #[arg(long, global = true, value_name = "LANG", value_parser = Lang::parse)]
    lang: Option<Lang>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Call an action. The word `call` may be left out.
    Call(Call),
    /// Call actions from JSON lines, {"action": …, "arguments": {…}} each, on one instance.
    Batch {
        /// The file with the lines, or - for standard input.
        #[arg(default_value = "-")]
        file: String,
        #[command(flatten)]
        using: Using,
    },
    /// Store credentials for later calls, by the name of a profile.
    #[command(subcommand)]
    Profile(ProfileCommand),
    /// Say what works of a profile, and what to do about the rest, without sending a message.
    Check {
        #[command(flatten)]
        using: Using,
    },
    /// Explain an error code of WeCom, such as 60020, without sending anything.
    Explain {
        /// The code.
        #[arg(allow_negative_numbers = true, value_parser = code)]
        code: i64,
    },
    /// Serve the actions as tools for a model: MCP over standard input and output.
    Mcp {
        /// Offer only actions whose names fit, such as `send-chatbot-*`; again for more.
        #[arg(long, value_name = "PATTERN")]
        allow: Vec<String>,
        /// Offer only actions that change nothing.
        #[arg(long)]
        read_only: bool,
        /// Let tools read the files below this folder.
        #[arg(long, value_name = "FOLDER")]
        files: Option<PathBuf>,
        #[command(flatten)]
        using: Using,
    },
    /// Print a script that completes `wecom` in a shell.
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print the manual page.
    Man,
    /// Print what the last word may become.
    #[command(hide = true)]
    Complete {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// List all actions.
    Actions {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Describe an action, or a type that the description of an action names.
    Describe {
        /// Such as `send-app-text` or `application`.
        name: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Explain a command, an action, or one of: credentials, errors, options, values.
    Help {
        /// Such as `send-app-text` or `credentials`.
        topic: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum ProfileCommand {
    /// Store a profile: asks for its fields, or takes them as NAME=VALUE and NAME@=FILE.
    Add {
        /// Its name.
        name: String,
        /// Such as corp-id=ID agent-id=NUMBER secret@=FILE.
        #[arg(value_name = "NAME=VALUE")]
        fields: Vec<String>,
        /// Where the secrets are stored; in the system's keyring, and without one in a file of mode 0600, if left out.
        #[arg(long, value_name = "PLACE", value_enum)]
        r#in: Option<Place>,
    },
    /// List the stored profiles, and where each is, secrets masked.
    List,
    /// Remove a profile.
    Remove {
        /// Its name.
        name: String,
    },
    /// Say which credentials of a profile work; as `wecom check --profile NAME`.
    Check {
        /// Its name.
        name: String,
        #[command(flatten)]
        using: Using,
    },
}

#[derive(Args)]
pub(crate) struct Call {
    /// The action, as `wecom actions` lists it.
    #[arg(value_name = "ACTION")]
    pub(crate) action: String,
    #[command(flatten)]
    pub(crate) options: CallOptions,
}

/// What a call takes beside its action.
#[derive(Args)]
pub(crate) struct CallOptions {
    /// Parameters: NAME=VALUE, NAME@=FILE, a JSON object, @FILE or - (standard input) with one.
    #[arg(value_name = "NAME=VALUE|JSON")]
    pub(crate) arguments: Vec<String>,
    /// The `application` or `chatbot` in full, as JSON or @FILE, instead of a profile.
    #[arg(long, value_name = "JSON", conflicts_with = "profile")]
    r#as: Option<String>,
    /// Show the requests that would be sent, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Follow the cursor of a listing to its end. If a page fails, the error comes with the rows before it and the cursor.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) all: bool,
    /// Send a text or markdown that is too long for one message in several. If one fails, the error comes with those sent.
    #[arg(long, conflicts_with_all = ["dry_run", "all"])]
    pub(crate) split: bool,
    /// Write the file that the action returns to this new file, `-` being standard output.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "all", "split"])]
    pub(crate) to: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) using: Using,
}

/// How calls are made.
#[derive(Args)]
pub(crate) struct Using {
    /// Whose credentials to use. Without it and `WECOM_PROFILE`, those of the unnamed profile.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Show each request and response on stderr, secrets masked.
    #[arg(short, long)]
    verbose: bool,
    /// Call again up to so many times, where the error allows it, after the time it names.
    #[arg(long, value_name = "TIMES", default_value_t = 0, hide_default_value = true, value_parser = times)]
    retry: u32,
    /// The longest that a call may take.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// Use no cached access tokens, and cache none.
    #[arg(long)]
    no_cache: bool,
    /// Another build of the component, instead of the one in this program.
    #[arg(long, value_name = "FILE")]
    wasm: Option<PathBuf>,
}

fn code(text: &str) -> Result<i64, &'static str> {
    text.parse().map_err(|_| "write a number, such as 60020 or -1")
}

fn times(text: &str) -> Result<u32, &'static str> {
    text.parse().map_err(|_| "write a number, such as 3")
}

impl CallOptions {
    /// Whose credentials the call uses.
    pub(crate) fn identity(&self) -> Identity {
        match &self.r#as {
            None => self.using.identity(),
            credentials => Identity { profile: None, credentials: credentials.clone() },
        }
    }
}

impl Using {
    pub(crate) fn profile(&self) -> Option<String> {
        profiles::chosen(self.profile.as_ref())
    }

    pub(crate) fn with_profile(self, name: String) -> Self {
        Self { profile: Some(name), ..self }
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity { profile: self.profile(), credentials: None }
    }

    pub(crate) fn setup(&self, mode: Mode) -> Setup {
        Setup {
            wasm: self.wasm.clone(),
            timeout: self.timeout.map(Duration::from_secs),
            mode,
            verbose: self.verbose,
            cache: !self.no_cache,
            retries: self.retry,
            profile: self.profile(),
        }
    }
}

/// What the words of the command line ask for.
pub(crate) enum Request {
    Run {
        output: Output,
        command: Command,
    },
    /// Help or version, finished.
    Print(String),
}

/// Reads the command line.
pub(crate) fn parse(contract: &Contract, words: &[OsString]) -> Result<Request, Failure> {
    let reader = Reader::new(language(words));
    let matches = match command(contract, words, reader).try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) => {
            return match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                    Ok(Request::Print(error.to_string()))
                }
                ErrorKind::InvalidSubcommand => Err(unknown_action(contract, &error)),
                _ => Err(Failure::Usage(usage(&error))),
            };
        }
    };
    let broken = |error: clap::Error| Failure::Usage(usage(&error));
    let cli = match matches.subcommand() {
        Some((name, options)) if contract.action(name).is_some() => {
            let options = CallOptions::from_arg_matches(options).map_err(broken)?;
            let call = Call { action: name.to_owned(), options };
            Cli {
                global: Global::from_arg_matches(&matches).map_err(broken)?,
                command: Some(Command::Call(call)),
            }
        }
        _ => Cli::from_arg_matches(&matches).map_err(broken)?,
    };
    Ok(match cli.command {
        Some(command) => {
            let Global { output, quiet, .. } = cli.global;
            Request::Run { output: Output::new(reader.lang, output, quiet), command }
        }
        None => Request::Print(topics::overview(contract, reader)),
    })
}

/// clap's command with a subcommand for each action. Only the help that is asked for is written.
pub(crate) fn command(contract: &Contract, words: &[OsString], reader: Reader) -> clap::Command {
    let named = |name: &str| words.iter().any(|it| it == name);
    let mut command = Cli::command()
        .override_help(topics::overview(contract, reader))
        .mut_subcommand("call", |call| match contract.actions.iter().find(|it| named(&it.name)) {
            Some(action) => call.override_help(reader.action(contract, action)),
            None => call.override_help(topics::call(reader)),
        });
    for action in &contract.actions {
        let name = action.name.clone();
        let about = reader.summary(action).to_owned();
        let mut subcommand =
            CallOptions::augment_args(clap::Command::new(name).about(about).hide(true));
        if named(&action.name) {
            subcommand = subcommand.override_help(reader.action(contract, action));
        }
        command = command.subcommand(subcommand);
    }
    if reader.lang == Lang::Chinese { chinese(command) } else { command }
}

/// The help of a command by its name.
pub(crate) fn help(contract: &Contract, reader: Reader, name: &str) -> Option<String> {
    let mut command = command(contract, &[], reader);
    // Gives the commands their full names.
    command.build();
    let found = command.find_subcommand_mut(name).filter(|it| !it.is_hide_set())?;
    Some(found.render_long_help().to_string())
}

/// A command with all that is below it in Chinese.
fn chinese(command: clap::Command) -> clap::Command {
    let name = command.get_name().to_owned();
    let text = |key: String| Lang::Chinese.text(&key, "").to_owned();
    let help = clap::Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help_heading("选项")
        .help("显示帮助");
    let command = command
        .mut_args(|argument| {
            let heading = if argument.is_positional() { "参数" } else { "选项" };
            let text = text(format!("option.{}", argument.get_id()));
            let argument = argument.help_heading(heading);
            if text.is_empty() { argument } else { argument.help(text) }
        })
        .mut_subcommands(chinese)
        .disable_help_flag(true)
        .arg(help)
        .subcommand_help_heading("命令")
        .help_template("{about}\n\n用法：{usage}\n\n{all-args}");
    match text(format!("command.{name}")) {
        about if about.is_empty() => command,
        about => command.about(about),
    }
}

/// The language that the words ask for, known before they are parsed since errors speak it, too.
pub(crate) fn language(words: &[OsString]) -> Lang {
    let words: Vec<_> = words.iter().map(|it| it.to_string_lossy()).collect();
    let option = words.iter().enumerate().find_map(|(i, word)| match word.strip_prefix("--lang") {
        Some("") => words.get(i + 1).map(AsRef::as_ref),
        Some(value) => value.strip_prefix('='),
        None => None,
    });
    option.and_then(|it| Lang::parse(it).ok()).unwrap_or_else(Lang::from_environment)
}

/// The form that the words ask for, for errors in the words themselves.
pub(crate) fn format(words: &[OsString]) -> Option<Format> {
    let words: Vec<_> = words.iter().map(|it| it.to_string_lossy()).collect();
    words.iter().enumerate().find_map(|(i, word)| {
        let value = match word.strip_prefix("--output").or_else(|| word.strip_prefix("-o"))? {
            "" => words.get(i + 1)?,
            value => value.strip_prefix('=').unwrap_or(value),
        };
        Format::from_str(value, true).ok()
    })
}

fn unknown_action(contract: &Contract, error: &clap::Error) -> Failure {
    let name = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) => name.clone(),
        _ => String::new(),
    };
    let commands = Cli::command();
    let commands: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    let actions = contract.actions.iter().map(|it| it.name.as_str());
    let similar = suggest::similar(&name, actions.chain(commands));
    Failure::UnknownAction { name, similar }
}

/// clap explains in several lines, and prints an unknown option together with its value.
fn usage(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && let Some(name) = option.strip_prefix("--")
    {
        let end =
            name.find(|it: char| !it.is_ascii_alphanumeric() && it != '-').unwrap_or(name.len());
        return format!(
            "there is no option --{}; see `wecom help options`",
            name.get(..end).unwrap_or_default()
        );
    }
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    let lines = lines.take_while(|it| !it.starts_with("Usage:") && !it.starts_with("For more"));
    lines.collect::<Vec<_>>().join("; ").trim_start_matches("error: ").replace(":;", ":")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the texts of a command and of all below it that have no Chinese.
    fn untranslated(command: &clap::Command, missing: &mut Vec<String>) {
        let arguments = command.get_arguments().filter(|it| !it.is_hide_set());
        let keys = arguments.map(|it| format!("option.{}", it.get_id()));
        missing.extend(keys.filter(|it| Lang::Chinese.text(it, "").is_empty()));
        for it in command.get_subcommands().filter(|it| !it.is_hide_set()) {
            let key = format!("command.{}", it.get_name());
            if Lang::Chinese.text(&key, "").is_empty() {
                missing.push(key);
            }
            untranslated(it, missing);
        }
    }

    #[test]
    fn every_command_and_option_is_translated() {
        let mut missing = Vec::new();
        untranslated(&Cli::command(), &mut missing);
        assert!(missing.is_empty(), "add these to cli/src/zh-CN.json: {missing:#?}");
    }
}
