//! What a call costs, beside what it could cost and beside what people would use instead. `make bench` runs it; without
//! arguments it writes the figures of `docs/speed.md`, and `docs/speed.svg`.

#![allow(
    clippy::unwrap_used,
    clippy::similar_names,
    clippy::explicit_write,
    clippy::implicit_clone,
    clippy::unused_self,
    clippy::items_after_statements,
    clippy::unchecked_time_subtraction,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a benchmark that cannot go on stops and says where"
)]

mod contestants;
mod figures;
mod fuel;
mod plot;
mod programs;
mod report;
mod sandbox;
mod server;
mod system;

use std::{
    env, fs,
    io::{BufRead, BufReader, Write, stderr},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use wecom_host::{Host, Options};

use crate::{
    contestants::{
        CONTACTS_SECRET, CONTENT, CORP_ID, Contestant, Cost, Native, Prepared, Process, component,
        component_file, environment, host, profile, with_token,
    },
    figures::{Crowd, Series, Start},
};

/// Server and callers share a core: with one for each, both wait for the other asleep, and waking up costs more than a call.
const CORE: usize = 1;
/// Rounds for each number of calls in flight.
const CROWD_ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let program = arguments.first().map(String::as_str).unwrap_or_default();
    if !program.is_empty() && !program.starts_with("--") {
        assert!(programs::run(program, &arguments[1..]).is_some(), "there is no program {program}");
        return;
    }
    let rounds = match arguments.as_slice() {
        [] => 11,
        [option, rounds] if option == "--rounds" => rounds.parse().unwrap(),
        _ => panic!("the only option is --rounds NUMBER"),
    };
    Bench::new(rounds).run();
}

/// Where things are.
struct Paths {
    root: PathBuf,
    target: PathBuf,
    floor: PathBuf,
    cwasm: PathBuf,
}

struct Bench {
    rounds: usize,
    paths: Paths,
    server: Server,
    simulator: Server,
    pinned: bool,
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Of the variables that it prints, the first is its address.
    fn start(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().trim_start_matches("WECOM_BASE_URL=").to_owned();
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bench {
    fn new(rounds: usize) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
        let target = root.join("target");
        let paths = Paths {
            floor: target.join("component/wasm32-wasip2/component/floor.wasm"),
            cwasm: target.join("bench/connector.cwasm"),
            target,
            root,
        };
        let compiled = Host::precompile(&component(), &Options::default()).unwrap();
        fs::write(&paths.cwasm, compiled).unwrap();

        let simulator = Server::start(
            Command::new(paths.target.join("bench/simulator/release/wecom-simulator"))
                .arg("--quiet"),
        );
        let pinned = system::pin([CORE]);
        Self { rounds, paths, server: Server::start(&mut own("serve")), simulator, pinned }
    }

    fn run(&self) {
        let figures = figures::Figures {
            rounds: self.rounds,
            pinned: self.pinned,
            calls: self.calls(),
            waves: self.waves(),
            crowds: self.crowds(),
            starts: self.starts(),
            memory: self.figures_of("memory"),
            upload: self.figures_of("upload"),
            endured_reused: self.figures_of("endure-reused"),
            endured_fresh: self.figures_of("endure-fresh"),
            component_size: component().len(),
            compiled_size: fs::metadata(&self.paths.cwasm).unwrap().len(),
            fuel: fuel(),
            versions: self.versions(),
        };
        let docs = self.paths.root.join("docs");
        report::write(&docs.join("speed.md"), &figures);
        fs::write(docs.join("speed.svg"), plot::svg(&figures.crowds)).unwrap();
    }

    /// One call at a time, all contestants in turn, on one core.
    fn calls(&self) -> Vec<Series> {
        system::pin([CORE]);
        let url = &self.server.url;
        let runtime = current_thread();
        runtime.block_on(async {
            let paths = &self.paths;
            let ours = host(256);
            let request = Prepared::new(&with_token(url)).await;
            let reused = Contestant::Reused {
                instance: ours.instance(environment(url)),
                application: profile(),
            };
            let fresh = |application, environment| Contestant::Fresh {
                host: ours.clone(),
                environment,
                application,
            };
            let mut all = [
                (Series::NATIVE, Contestant::Native(Native::new(request.clone()))),
                (Series::FLOOR, Contestant::floor_reused(&paths.floor, request.clone()).await),
                (Series::REUSED, reused),
                (Series::FLOOR_FRESH, Contestant::floor_fresh(&paths.floor, request)),
                (Series::FRESH, fresh(with_token(url), Vec::new())),
                (Series::FRESH_NO_TOKEN, fresh(profile(), environment(url))),
                (Series::DEFAULT_SEND, Contestant::default_send(&component_file(), url).await),
                (Series::REQWEST, Contestant::Process(Process::start(own("reqwest").arg(url)))),
                (Series::PYTHON, Contestant::Process(Process::start(&mut self.python()))),
                (Series::NODE, Contestant::Process(Process::start(&mut self.node()))),
            ];
            measure(self.rounds, &mut all).await
        })
    }

    /// 32 calls in flight.
    fn waves(&self) -> Vec<Series> {
        self.wave(&self.server.url, 32, self.rounds).0
    }

    /// More and more calls in flight, to the simulator.
    fn crowds(&self) -> Vec<Crowd> {
        let url = &self.simulator.url;
        current_thread().block_on(create_receivers(url));
        (0..=8)
            .map(|exponent| {
                let in_flight = 1 << exponent;
                let (series, notes) = self.wave(url, in_flight, CROWD_ROUNDS);
                say(&format!("{in_flight} in flight: memory and tokens {notes:?}"));
                // Those of the instances that are kept.
                let memory = notes[1][0];
                let tokens = notes.iter().map(|it| it[1] as u32).collect();
                Crowd { in_flight, series, memory, tokens }
            })
            .collect()
    }

    /// So many calls in flight, on all cores, each contestant in a process of its own; and what each noted at the end.
    fn wave(&self, url: &str, in_flight: u32, rounds: usize) -> (Vec<Series>, Vec<Vec<f64>>) {
        self.all_cores();
        let process = |name| {
            let mut command = own(name);
            Contestant::Process(Process::start(command.args([url, &in_flight.to_string()])))
        };
        let mut all = [
            (Series::NATIVE, process("wave-native")),
            (Series::REUSED, process("wave-reused")),
            (Series::FRESH, process("wave-fresh")),
        ];
        let series = current_thread().block_on(measure(rounds, &mut all));
        let notes = all.into_iter().map(|(_, it)| match it {
            Contestant::Process(process) => process.notes.clone(),
            _ => Vec::new(),
        });
        (series, notes.collect())
    }

    fn starts(&self) -> Vec<Start> {
        self.all_cores();
        let url = &self.server.url;
        let mut all = vec![
            (Start::CWASM, own("start-cwasm"), Some(self.paths.cwasm.clone())),
            (Start::WASM, own("start-wasm"), Some(component_file())),
            (Start::NATIVE, own("start-native"), None),
        ];
        for (_, command, file) in &mut all {
            command.arg(url).args(file.take());
        }
        let mut all: Vec<(Start, Command)> =
            all.into_iter().map(|(name, command, _)| (Start::new(name), command)).collect();
        let (mut python, mut node) = (self.python(), self.node());
        python.arg("once");
        node.arg("once");
        all.extend([(Start::new(Start::PYTHON), python), (Start::new(Start::NODE), node)]);

        for round in 0..=self.rounds {
            for (start, command) in &mut all {
                let (wall, cpu) = (Instant::now(), system::children_cpu_time());
                let status = command.stdin(Stdio::null()).status().unwrap();
                assert!(status.success(), "{}: {status}", start.name);
                // The first time warms up the file cache.
                if round > 0 {
                    start.wall.push(wall.elapsed().as_secs_f64() * 1e3);
                    start.cpu.push((system::children_cpu_time() - cpu).as_secs_f64() * 1e3);
                }
            }
            say(&format!("start, round {round}"));
        }
        all.into_iter().map(|(start, _)| start).collect()
    }

    fn figures_of(&self, program: &str) -> Value {
        system::pin([CORE]);
        let output = own(program).arg(&self.server.url).stderr(Stdio::inherit()).output().unwrap();
        say(program);
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn python(&self) -> Command {
        let mut command = Command::new(self.paths.target.join("bench-venv/bin/python"));
        command.arg(self.paths.root.join("host-tests/benches/others/wechatpy_send.py"));
        command.args([self.server.url.as_str(), CONTENT]);
        command
    }

    fn node(&self) -> Command {
        let mut command = Command::new("node");
        command.arg(self.paths.root.join("host-tests/benches/others/easywechat_send.js"));
        command.args([self.server.url.as_str(), CONTENT]);
        command.env("NODE_PATH", self.paths.target.join("bench-node/node_modules"));
        command
    }

    /// Of everything that has a say in the figures.
    fn versions(&self) -> Vec<(String, String)> {
        let of = |command: &mut Command| {
            let output = command.output().unwrap().stdout;
            String::from_utf8(output).unwrap().trim().replace("Python ", "").to_owned()
        };
        let module = "import wechatpy; print(wechatpy.__version__)";
        let package = "console.log(require('node-easywechat/package.json').version)";
        let mut python = Command::new(self.paths.target.join("bench-venv/bin/python"));
        let mut node = Command::new("node");
        node.env("NODE_PATH", self.paths.target.join("bench-node/node_modules"));
        let lock = include_str!("../Cargo.lock");
        let locked = |name: &str| {
            let entry =
                lock.split("[[package]]").find(|it| it.contains(&format!("\nname = \"{name}\"\n")));
            entry.and_then(|it| it.split('"').nth(3)).unwrap_or_default().to_owned()
        };
        vec![
            ("processor".into(), format!("{}, {} cores", system::processor(), cores())),
            ("wasmtime".into(), locked("wasmtime")),
            ("hyper-util".into(), locked("hyper-util")),
            ("reqwest".into(), locked("reqwest")),
            ("Rust".into(), of(Command::new("rustc").arg("--version")).replace("rustc ", "")),
            ("Python".into(), of(python.arg("--version"))),
            ("wechatpy".into(), {
                let mut python = Command::new(self.paths.target.join("bench-venv/bin/python"));
                of(python.args(["-c", module]))
            }),
            ("Node".into(), of(Command::new("node").arg("--version"))),
            ("node-easywechat".into(), of(node.args(["-e", package]))),
        ]
    }

    fn all_cores(&self) {
        system::pin(0..cores());
    }
}

fn cores() -> usize {
    fs::read_to_string("/proc/cpuinfo").unwrap().matches("processor\t").count()
}

fn current_thread() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The department and the members whom the message names.
async fn create_receivers(url: &str) {
    let mut instance = host(1).instance(environment(url));
    let contacts = json!({ "credentials": {
        "corp-id": CORP_ID, "contacts-secret": CONTACTS_SECRET, "base-url": url,
    } });
    let department = json!({ "name": "Operations", "parent-id": 1, "id": 310 });
    let call = json!({ "application": contacts, "department": department });
    instance.call_json("create-department", &call).await.unwrap();
    for (id, mobile) in [("noor.h", "+34600000001"), ("iker.z", "+34600000002")] {
        let member = json!({
            "user-id": id, "name": id, "mobile": mobile, "departments": [{ "department-id": 310 }],
        });
        let call = json!({ "application": contacts, "member": member });
        instance.call_json("create-member", &call).await.unwrap();
    }
}

/// This program, as another process.
fn own(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(program);
    command
}

/// In each round each contestant has a turn of about a quarter of a second.
async fn measure(rounds: usize, all: &mut [(&'static str, Contestant)]) -> Vec<Series> {
    let mut series: Vec<Series> = all.iter().map(|(name, _)| Series::new(name)).collect();
    let mut turns = Vec::new();
    for (_, contestant) in all.iter_mut() {
        contestant.run(100).await;
        let Cost { wall, .. } = contestant.run(100).await;
        turns.push((0.25 / wall.as_secs_f64()) as u32 + 1);
    }
    for round in 1..=rounds {
        for (((_, contestant), series), turn) in all.iter_mut().zip(&mut series).zip(&turns) {
            let Cost { wall, cpu } = contestant.run(*turn).await;
            series.wall.push(wall.as_secs_f64() * 1e6);
            series.cpu.push(cpu.as_secs_f64() * 1e6);
        }
        say(&format!("calls, round {round}"));
    }
    series
}

fn fuel() -> String {
    let runtime = current_thread();
    let table = runtime.block_on(fuel::table());
    say(&table);
    table
}

fn say(what: &str) {
    writeln!(stderr(), "{what}").unwrap();
}
