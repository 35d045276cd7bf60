//! Calls: the host, one instance of the component, and its environment.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::runtime::Runtime;
use wecom_host::{COMPONENT, Host, Instance, Options};

use crate::{
    failure::Failure,
    lang::Lang,
    output::Output,
    profiles,
    progress::Progress,
    tokens::TokenFiles,
    wire::{Mode, Shared, Wire},
};

/// How calls are made.
pub(crate) struct Setup {
    /// Another component than the one in this program.
    pub(crate) wasm: Option<PathBuf>,
    /// The longest a call may take.
    pub(crate) timeout: Option<Duration>,
    /// What becomes of requests.
    pub(crate) mode: Mode,
    /// Whether requests and responses are shown.
    pub(crate) verbose: bool,
    /// Whether tokens are cached between runs.
    pub(crate) cache: bool,
    /// How often a call is made again, where its error allows that.
    pub(crate) retries: u32,
    /// A stored profile that the calls may use.
    pub(crate) profile: Option<String>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            wasm: None,
            timeout: None,
            mode: Mode::Send,
            verbose: false,
            cache: true,
            retries: 0,
            profile: None,
        }
    }
}

/// One instance of the component and what it needs to run.
pub(crate) struct Session {
    runtime: Runtime,
    instance: Instance,
    wire: Arc<Wire>,
    progress: Progress,
    retries: u32,
    output: Output,
}

impl Session {
    pub(crate) fn new(setup: Setup, output: Output) -> Result<Self, Failure> {
        let Setup { wasm, timeout, mode, verbose, cache, retries, profile } = setup;
        let mut environment = profiles::environment(profile.as_deref())?;
        environment.push(("WECOM_LANG".into(), output.lang.pick("en", "zh").into()));
        let progress = Progress::new(output.lang, output.quiet);
        let tokens = cache.then(TokenFiles::of_user).flatten();
        let wire = Arc::new(Wire::new(mode, verbose, tokens, progress.clone()));
        let mut options = Options {
            instances: 1,
            cache: true,
            transport: Arc::new(Shared(Arc::clone(&wire))),
            ..Options::default()
        };
        if let Some(time) = timeout {
            options.limits.time = time;
        }
        let host = match wasm {
            None => Host::new(COMPONENT, options),
            Some(file) => {
                let component = fs::read(&file).map_err(|error| {
                    Failure::Component(format!("{} cannot be read: {error}", file.display()))
                })?;
                Host::new(&component, options)
            }
        };
        let host = host.map_err(|error| Failure::Component(first_line(&error)))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::Component(format!("there is no runtime: {error}")))?;
        let instance = host.instance(environment);
        Ok(Self { runtime, instance, wire, progress, retries, output })
    }

    /// Calls an action, again where its error allows that.
    pub(crate) fn call(&mut self, action: &str, arguments: &Value) -> Result<Value, Failure> {
        let mut attempt = 0;
        loop {
            let failure = match self.call_once(action, arguments) {
                Ok(result) => return Ok(result),
                Err(failure) => failure,
            };
            let Some(wait) = failure.retry_after(attempt).filter(|_| attempt < self.retries) else {
                return Err(failure);
            };
            attempt += 1;
            let seconds = wait.as_secs();
            let note = match self.output.lang {
                Lang::English => format!("retrying in {seconds} s ({attempt}/{})", self.retries),
                Lang::Chinese => format!("{seconds} 秒后重试（{attempt}/{}）", self.retries),
            };
            self.output.note(&note);
            self.runtime.block_on(async { tokio::time::sleep(wait).await });
        }
    }

    fn call_once(&mut self, action: &str, arguments: &Value) -> Result<Value, Failure> {
        // A call for a token is for WeCom's, not for a cached one, which may be revoked.
        self.wire.begin(action == "get-access-token");
        let call = self.instance.call_json(action, arguments);
        let result = self.runtime.block_on(self.progress.wait(call));
        result.map_err(|error| Failure::of_call(action, error, self.wire.sent()))
    }

    /// The requests that a dry run recorded.
    pub(crate) fn pretended(&self) -> Vec<Value> {
        self.wire.pretended()
    }
}

/// An error without the chain of causes and the dumps that a compiler adds.
fn first_line(error: &impl ToString) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
