//! `embed USER-ID TEXT` sends a text to a member, with the credentials of the environment.
//!
//! Exit codes: 0 it was sent, 1 it was not and retrying can't help, 75 retry later, 2 check whether it arrived.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command")]

use std::{env, error::Error, process::ExitCode};

use wecom_host::{
    COMPONENT, Host, Options,
    bindings::exports::wecom::connector::{
        app_messages::{AppText, Recipients, Selection},
        types::{Application, Error as Failure},
    },
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(user), Some(content)) = (arguments.next(), arguments.next()) else {
        return Err("usage: embed USER-ID TEXT".into());
    };

    // One host per process: it compiles the component and keeps connections alive.
    let host = Host::new(COMPONENT, Options { cache: true, ..Options::default() })?;

    // One instance per set of credentials: it sees only these variables, and caches access tokens.
    let mut instance = host.instance(env::vars().filter(|(name, _)| name.starts_with("WECOM_")));

    let application = Application::Profile(String::new());
    let users = Selection { users: Some(vec![user]), departments: None, tags: None };
    let recipients = Recipients::Selected(users);
    let message = AppText { recipients, content, confidentiality: None, options: None };

    let sent = instance.call(async |store, connector| {
        let messages = connector.app_messages(store)?;
        messages.call_send_app_text(store, &application, &message).await
    });

    // The error case decides what to do; the payload states the reason.
    Ok(match sent.await? {
        Ok(delivery) => {
            println!("sent; unknown members: {:?}", delivery.invalid_users);
            ExitCode::SUCCESS
        }
        Err(why @ (Failure::RejectedForNow(_) | Failure::Unreachable(_) | Failure::NoReply(_))) => {
            eprintln!("retry later: {why}");
            ExitCode::from(75)
        }
        Err(why @ (Failure::PermanentNoReply(_) | Failure::PermanentUnexpectedReply(_))) => {
            eprintln!("look whether it arrived: {why}");
            ExitCode::from(2)
        }
        Err(why) => Err(why)?,
    })
}
