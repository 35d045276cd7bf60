//! What runs in a process of its own: who sends in other ways, and what would disturb or be disturbed by the rest.

use std::{
    fmt::Display,
    fs,
    io::{Write, stdin, stdout},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use wecom_host::{
    Body, Host, Instance, Options, Pool, PoolOptions, Timeouts, Transport,
    bindings::exports::wecom::connector::{
        media::{MediaKind, NewMedia},
        types::{Application, FileContent},
    },
};

use crate::{
    contestants::{
        AGENT_ID, CONTENT, Native, Prepared, component, environment, host, profile, send,
        with_issued_token, with_token,
    },
    system,
};

const MEGABYTE: f64 = 1_000_000.0;

/// Runs the program of this name. None if there is none.
pub fn run(name: &str, arguments: &[String]) -> Option<()> {
    let argument = |at: usize| arguments.get(at).map(String::as_str).unwrap_or_default();
    let url = argument(0);
    match name {
        "serve" => crate::server::serve(),
        "fuel" => {
            crate::fuel();
        }
        "reqwest" => reqwest(url),
        "wave-native" => wave_native(url, argument(1).parse().unwrap()),
        "wave-reused" => wave_reused(url, argument(1).parse().unwrap()),
        "wave-fresh" => wave_fresh(url, argument(1).parse().unwrap()),
        "start-native" => current_thread().block_on(async { Reqwest::new(url).send().await }),
        "start-wasm" => {
            start(&Host::new(&fs::read(argument(1)).unwrap(), Options::default()).unwrap(), url);
        }
        "start-cwasm" => {
            start(
                &Host::from_precompiled(Path::new(argument(1)), Options::default()).unwrap(),
                url,
            );
        }
        "memory" => print(&memory(url)),
        "upload" => print(&upload(url)),
        "endure-reused" => print(&endure(url, true)),
        "endure-fresh" => print(&endure(url, false)),
        _ => return None,
    }
    Some(())
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn print(figures: &Value) {
    writeln!(stdout(), "{figures}").unwrap();
}

/// For each number that is read, sends as often and prints the time it took, and a note.
fn on_command<N: Display>(mut send: impl FnMut(u32) -> N) {
    for line in stdin().lines() {
        let calls: u32 = line.unwrap().parse().unwrap();
        let (wall, cpu) = (Instant::now(), system::cpu_time());
        let note = send(calls);
        let (wall, cpu) = (wall.elapsed(), system::cpu_time() - cpu);
        writeln!(stdout(), "{} {} {note}", wall.as_nanos(), cpu.as_nanos()).unwrap();
        stdout().flush().unwrap();
    }
}

/// As Rust crates for WeCom do it: a struct written by serde, sent by reqwest, the response read by serde.
struct Reqwest {
    client: reqwest::Client,
    url: String,
}

#[derive(Serialize)]
struct Message<'a> {
    touser: String,
    toparty: String,
    msgtype: &'a str,
    agentid: u64,
    text: Text<'a>,
}

#[derive(Serialize)]
struct Text<'a> {
    content: &'a str,
}

#[derive(Deserialize)]
struct Sent {
    errcode: i32,
    msgid: String,
}

impl Reqwest {
    fn new(url: &str) -> Self {
        Self { client: reqwest::Client::new(), url: format!("{url}/cgi-bin/message/send") }
    }

    async fn send(&self) {
        let message = Message {
            touser: ["noor.h", "iker.z"].join("|"),
            toparty: 310.to_string(),
            msgtype: "text",
            agentid: AGENT_ID,
            text: Text { content: CONTENT },
        };
        let request = self.client.post(&self.url).query(&[("access_token", "TOKEN")]);
        let sent: Sent = request.json(&message).send().await.unwrap().json().await.unwrap();
        assert!(sent.errcode == 0 && !sent.msgid.is_empty());
    }
}

fn reqwest(url: &str) {
    let runtime = current_thread();
    let client = Reqwest::new(url);
    on_command(|calls| {
        runtime.block_on(async {
            for _ in 0..calls {
                client.send().await;
            }
        });
        ""
    });
}

trait Caller: Send + 'static {
    fn send(&mut self) -> impl Future<Output = ()> + Send;
}

impl Caller for Native {
    async fn send(&mut self) {
        Native::send(self).await;
    }
}

/// An instance that is kept.
impl Caller for Instance {
    async fn send(&mut self) {
        send(self, &profile()).await;
    }
}

/// An instance for each call.
struct Fresh {
    host: Host,
    application: Application,
}

impl Caller for Fresh {
    async fn send(&mut self) {
        let mut instance = self.host.instance(Vec::<(String, String)>::new());
        send(&mut instance, &self.application).await;
    }
}

/// A call in flight for each caller, on 2 threads, on whatever cores there are. Notes the tokens fetched so far.
fn wave<C: Caller>(runtime: &Runtime, mut callers: Vec<C>, tokens: &AtomicU32) {
    on_command(|calls| {
        let left = Arc::new(AtomicU32::new(calls));
        let tasks: Vec<_> = callers
            .drain(..)
            .map(|mut caller| {
                let left = Arc::clone(&left);
                runtime.spawn(async move {
                    let one_less = |left: u32| left.checked_sub(1);
                    while left.try_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
                        caller.send().await;
                    }
                    caller
                })
            })
            .collect();
        runtime.block_on(async {
            for task in tasks {
                callers.push(task.await.unwrap());
            }
        });
        let (memory, _) = system::memory();
        format!("{memory} {}", tokens.load(Ordering::Relaxed))
    });
}

fn wave_native(url: &str, in_flight: u32) {
    let runtime = two_threads();
    let request = runtime.block_on(async { Prepared::new(&with_issued_token(url).await).await });
    let native = Native::new(request);
    wave(&runtime, (0..in_flight).map(|_| native.clone()).collect(), &AtomicU32::new(0));
}

fn wave_reused(url: &str, in_flight: u32) {
    let tokens = Arc::new(AtomicU32::new(0));
    let host = counting_host(in_flight, &tokens);
    let instances = (0..in_flight).map(|_| host.instance(environment(url))).collect();
    wave(&two_threads(), instances, &tokens);
}

fn wave_fresh(url: &str, in_flight: u32) {
    let runtime = two_threads();
    let application = runtime.block_on(with_issued_token(url));
    let tokens = Arc::new(AtomicU32::new(0));
    let host = counting_host(in_flight, &tokens);
    let caller = |_| Fresh { host: host.clone(), application: application.clone() };
    wave(&runtime, (0..in_flight).map(caller).collect(), &tokens);
}

/// A host that counts the tokens it fetches, and keeps a connection for each call in flight.
fn counting_host(in_flight: u32, tokens: &Arc<AtomicU32>) -> Host {
    let options = PoolOptions { idle_connections: in_flight as usize, ..PoolOptions::default() };
    let pool = Pool::new(options);
    let tokens = Arc::clone(tokens);
    let transport = move |request: http::Request<Body>, timeouts: Timeouts| {
        if request.uri().path() == "/cgi-bin/gettoken" {
            tokens.fetch_add(1, Ordering::Relaxed);
        }
        pool.send(request, timeouts)
    };
    let transport = Arc::new(transport);
    // wasmtime frees what a fresh instance had a moment after it is dropped.
    let options = Options { instances: 2 * in_flight, transport, ..Options::default() };
    Host::new(&component(), options).unwrap()
}

fn two_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// From a file to the first response.
fn start(host: &Host, url: &str) {
    current_thread().block_on(send(&mut host.instance(environment(url)), &with_token(url)));
}

fn memory(url: &str) -> Value {
    const INSTANCES: u32 = 1000;

    let host = host(INSTANCES);
    let mut instances: Vec<Instance> =
        (0..INSTANCES).map(|_| host.instance(environment(url))).collect();
    current_thread().block_on(async {
        let (before, _) = system::memory();
        for instance in &mut instances {
            instance.call(async |_, _| Ok(())).await.unwrap();
        }
        let (idle, _) = system::memory();
        for instance in &mut instances {
            send(instance, &with_token(url)).await;
        }
        let (used, _) = system::memory();
        let each = |bytes: f64| bytes / 1024.0 / f64::from(INSTANCES);
        json!({ "host": before / MEGABYTE, "idle": each(idle - before), "used": each(used - before) })
    })
}

/// The most that a file of 20 MB takes, in megabytes, beyond the caller's own copy.
fn upload(url: &str) -> Value {
    let host = host(1);
    let media = NewMedia {
        kind: MediaKind::File,
        file_name: "report.bin".into(),
        content: FileContent::Bytes((0..20_000_000_u32).map(|it| (it % 251) as u8).collect()),
    };
    let mut instance = host.instance(environment(url));
    current_thread().block_on(async {
        send(&mut instance, &with_token(url)).await;
        let (before, _) = system::memory();
        system::forget_peak();
        let wall = Instant::now();
        let application = with_token(url);
        let sent = instance
            .call(async |store, connector| {
                connector.media(store)?.call_upload_media(store, &application, &media).await
            })
            .await;
        sent.unwrap().unwrap();
        let wall = wall.elapsed();
        let (_, peak) = system::memory();
        json!({ "peak": (peak - before) / MEGABYTE, "seconds": wall.as_secs_f64() })
    })
}

/// 10 000 calls: memory and time in the first, the second and the last thousand.
fn endure(url: &str, reused: bool) -> Value {
    let host = host(16);
    let mut kept = host.instance(environment(url));
    current_thread().block_on(async {
        let mut thousands = Vec::new();
        for _ in 0..10 {
            let mut times = Vec::new();
            for _ in 0..1000 {
                let wall = Instant::now();
                if reused {
                    send(&mut kept, &profile()).await;
                } else {
                    send(&mut host.instance(environment(url)), &with_token(url)).await;
                }
                times.push(wall.elapsed().as_secs_f64() * 1e6);
            }
            times.sort_by(f64::total_cmp);
            let (memory, _) = system::memory();
            thousands.push(json!({ "memory": memory / MEGABYTE, "median": times[500] }));
        }
        Value::Array(thousands)
    })
}
