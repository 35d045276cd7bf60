//! Calls every action of the connector over HTTP, in the order of `host-tests/script.json`: creates departments, members and
//! a group chat, uploads files, sends messages of every kind, recalls and deletes, splits a long text and explains a refusal.
//! `make run` runs it.
//!
//! The server is a simulator in this process, whatever the environment contains; with `--real` it is the one that the
//! environment names: `WECOM_BASE_URL`, or WeCom itself. `--json` prints each result as a line of JSON instead of a table.

use std::{
    collections::BTreeMap,
    env,
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use wecom_host::{
    Body, CallError, Host, Instance, Options, Pool, PoolOptions, Proxy, Sending, Timeouts,
    Transport,
};
use wecom_simulator::{Simulator, known, server};

const SCRIPT: &str = include_str!("../../../host-tests/script.json");

fn main() -> ExitCode {
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Box::from)
        .and_then(|runtime| {
            let given = |option| env::args().any(|it| it == option);
            runtime.block_on(run(given("--json"), given("--real")))
        });
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // Where stderr is closed there is no other place to report to.
            let _: io::Result<()> = writeln!(io::stderr(), "all_actions: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every step succeeded.
async fn run(as_json: bool, real: bool) -> Result<bool, Box<dyn Error>> {
    let mut out = io::stdout();
    let (server, environment) = if real {
        let given =
            given_environment().ok_or("neither WECOM_CORP_ID nor WECOM_CHATBOT_KEY is set")?;
        (String::from("the server of the environment"), given)
    } else {
        simulated_environment().await?
    };
    let proxy = if real { Proxy::Environment } else { Proxy::Off };
    let pool = Pool::new(PoolOptions { proxy, ..PoolOptions::default() });
    let recorder = Recorder { pool, paths: Arc::default() };
    let started = Instant::now();
    let host = Host::new(
        wecom_host::COMPONENT,
        Options { transport: Arc::new(recorder.clone()), ..Options::default() },
    )?;
    let mut instance = host.instance(environment);
    if !as_json {
        writeln!(
            out,
            "component compiled in {} ms; sending to {server}\n",
            started.elapsed().as_millis()
        )?;
    }

    let script: Vec<Value> = serde_json::from_str(SCRIPT)?;
    let mut saved = BTreeMap::new();
    let mut failed = 0;
    let all = Instant::now();
    for step in &script {
        let call = step["call"].as_str().ok_or("a step without a call")?;
        let started = Instant::now();
        let result = call_step(&host, &mut instance, call, &step["arguments"], &saved).await;
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        if let (Ok(result), Some(save)) = (&result, step["save"].as_object()) {
            for (name, field) in save {
                let pointer = format!("/{}", field.as_str().unwrap_or_default().replace('.', "/"));
                let value = result.pointer(&pointer).ok_or("a result without what is saved")?;
                saved.insert(name.clone(), text(value));
            }
        }
        failed += u32::from(result.is_err());
        if as_json {
            let line = match result {
                Ok(ok) => json!({ "call": call, "ok": ok }),
                Err(error) => json!({ "call": call, "error": error }),
            };
            writeln!(out, "{line}")?;
        } else {
            let outcome = match &result {
                Ok(ok) => format!("ok     {}", truncate(&mask_token(ok))),
                Err(error) => format!("FAILED {error}"),
            };
            writeln!(out, "{call:<24} {:<38} {milliseconds:>7.2} ms  {outcome}", recorder.take())?;
        }
    }
    if !as_json {
        let calls: std::collections::BTreeSet<_> =
            script.iter().filter_map(|it| it["call"].as_str()).collect();
        let (steps, milliseconds) = (script.len(), all.elapsed().as_millis());
        writeln!(
            out,
            "\n{} functions in {steps} calls, {failed} failed, {milliseconds} ms",
            calls.len()
        )?;
    }
    Ok(failed == 0)
}

/// Calls one function as the unnamed profile; the error is the contract's, as JSON.
async fn call_step(
    host: &Host,
    instance: &mut Instance,
    call: &str,
    arguments: &Value,
    saved: &BTreeMap<String, String>,
) -> Result<Value, Value> {
    let mut arguments = substitute(arguments, saved);
    let credentials =
        host.function(call).and_then(|it| it.params.first()).map(|(name, _)| name.clone());
    // Functions that work offline take none.
    let credentials = credentials.filter(|it| ["application", "chatbot"].contains(&it.as_str()));
    if let (Some(name), Some(fields)) = (credentials, arguments.as_object_mut()) {
        fields.insert(name, json!({ "profile": "" }));
    }
    instance.call_json(call, &arguments).await.map_err(|error| match error {
        CallError::Returned(error) => error,
        other => Value::String(format!("{other:?}")),
    })
}

/// The value with each `{{name}}` replaced by what was saved under it.
fn substitute(value: &Value, saved: &BTreeMap<String, String>) -> Value {
    match value {
        Value::String(text) => {
            Value::String(saved.iter().fold(text.clone(), |text, (name, value)| {
                text.replace(&format!("{{{{{name}}}}}"), value)
            }))
        }
        Value::Array(items) => items.iter().map(|it| substitute(it, saved)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, it)| (name.clone(), substitute(it, saved))).collect()
        }
        other => other.clone(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), String::from)
}

/// The result with a token in it replaced by `***`.
fn mask_token(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(token) = value.pointer_mut("/access-token/token") {
        *token = "***".into();
    }
    value
}

fn truncate(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// The connector's variables in the environment, if they name a corp or a chatbot.
fn given_environment() -> Option<Vec<(String, String)>> {
    let given: Vec<_> = env::vars().filter(|(name, _)| name.starts_with("WECOM_")).collect();
    given
        .iter()
        .any(|(name, _)| name == "WECOM_CORP_ID" || name == "WECOM_CHATBOT_KEY")
        .then_some(given)
}

/// Starts a simulator on a free port; returns a description and the variables of a client.
async fn simulated_environment() -> io::Result<(String, Vec<(String, String)>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    tokio::spawn(server::serve(listener, Simulator::ticking(), |_: &_| {}));
    let environment = [
        ("WECOM_BASE_URL", url.as_str()),
        ("WECOM_CORP_ID", known::CORP_ID),
        ("WECOM_SECRET", known::APP_SECRET),
        ("WECOM_CONTACTS_SECRET", known::CONTACTS_SECRET),
        ("WECOM_AGENT_ID", &known::AGENT_ID.to_string()),
        ("WECOM_CHATBOT_KEY", known::CHATBOT_KEY),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok((format!("a simulator at {url}"), environment.into()))
}

/// Sends through the pool and records the paths.
#[derive(Clone)]
struct Recorder {
    pool: Pool,
    paths: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    /// The last path since the previous call, with the number of requests before it.
    fn take(&self) -> String {
        let paths = std::mem::take(&mut *self.paths.lock().unwrap_or_else(PoisonError::into_inner));
        match paths.as_slice() {
            [] => String::from("nothing sent"),
            [path] => path.clone(),
            [before @ .., path] => format!("{path} (+{})", before.len()),
        }
    }
}

impl Transport for Recorder {
    fn send(&self, request: http::Request<Body>, timeouts: Timeouts) -> Sending {
        // Only the path: the query contains secrets.
        let path = format!("{} {}", request.method(), request.uri().path());
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).push(path);
        self.pool.send(request, timeouts)
    }
}
