//! The command line: what can be said, and the help.

use clap::{Args, Parser, Subcommand};

/// Call WeCom (企业微信): contacts, group chats, messages, files.
#[derive(Parser)]
#[command(name = "wecom", version, after_long_help = MORE, after_help = "`wecom --help` says more.")]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Call an action, and print what it returns as JSON.
    #[command(after_long_help = CALL, after_help = "`wecom call --help` says more.")]
    Call(Call),
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
}

#[derive(Args)]
pub(crate) struct Call {
    /// The action, as `wecom actions` lists it.
    pub(crate) action: String,
    /// The parameters: a JSON object, @FILE or - (stdin) with one, or NAME=VALUE; any number of them.
    #[arg(value_name = "JSON|NAME=VALUE")]
    pub(crate) arguments: Vec<String>,
    /// Whose credentials to take from the environment. Without it, those of the unnamed profile.
    #[arg(long, value_name = "NAME", conflicts_with = "identity")]
    pub(crate) profile: Option<String>,
    /// The `application` or `chatbot` in full, as JSON or @FILE, instead of a profile.
    #[arg(long = "as", id = "identity", value_name = "JSON")]
    pub(crate) identity: Option<String>,
    /// The longest the call may take.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: Option<u64>,
    /// Another build of the component, instead of the one in this program.
    #[arg(long, value_name = "FILE")]
    pub(crate) wasm: Option<std::path::PathBuf>,
}

const MORE: &str = r#"Examples:
  wecom call send-chatbot-text content='Pump 2 restarted'
  wecom call send-app-text recipients=everyone content=hi
  wecom call send-app-text recipients.selected.users=noor.h content=hi --profile sales
  wecom call upload-media kind=file file-name=rota.txt content=@rota.txt
  wecom call create-department '{"name":"Sales","parent-id":1}'
  wecom describe create-member

Credentials come from the environment:
  WECOM_CORP_ID          the enterprise (corpid)
  WECOM_SECRET           the application's secret
  WECOM_CONTACTS_SECRET  the contacts assistant's secret, for departments and members
  WECOM_AGENT_ID         the application (agentid), to send application messages
  WECOM_CHATBOT_KEY      the chatbot's key
  WECOM_BASE_URL         another server than https://qyapi.weixin.qq.com
With `--profile sales` they are WECOM_SALES_CORP_ID and so on. The component is given no other variables.

Errors are one line of JSON on stderr, {"error":{CASE:…}}, and the exit code sorts them:
  0  done; the result is on stdout, as JSON
  1  anything else               component, stopped
  2  the call is not right       usage, unknown-action, arguments, permanent-invalid-input,
                                 permanent-missing-credential
  3  refused                     permanent-rejected
  4  refused for now             rejected-for-now
  5  not reached, nothing sent   unreachable
  6  no answer to go by; it may  no-reply, permanent-no-reply, permanent-unexpected-reply
     have taken effect
`wecom describe error` explains the cases that come from the action."#;

const CALL: &str = r#"A JSON object has a member for each parameter, by its name in `wecom describe ACTION`. If one of the parameters is a
record, its fields may stand beside the others instead. `application` or `chatbot` may be left out.

NAME=VALUE sets one parameter or field; NAME may lead further in, as in `card.title=Outage` or `position.set=Driver`.
How VALUE is read depends on the type there:
  string             as it is; @FILE reads a file; @@ stands for @
  list<u8>           base64, or @FILE
  enum, variant      a bare word, or JSON
  list               a JSON array, or one element; say it again for more
  all else           JSON
In JSON, a list<u8> may be "@FILE", too.

Examples:
  wecom call send-app-text '{"recipients":{"selected":{"users":["noor.h"]}},"content":"hi"}'
  wecom call update-member user-id=iker.z position.set=Dispatcher departments='[{"department-id":310}]'
  wecom call send-chatbot-image image.bytes=@plan.png
  wecom call delete-member user-id=iker.z --as @credentials.json
  jq -c .member hires.json | wecom call create-member -

`wecom --help` lists credentials, errors and exit codes."#;
