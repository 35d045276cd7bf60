//! What a call costs, beside what it could cost and beside what people would use instead. `make bench` runs it; without
//! arguments it writes `docs/speed.md` and `docs/speed.svg`.

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

use serde_json::Value;
use wecom_host::{COMPONENT, Host, Options};

use crate::{
    contestants::{
        CONTENT, Contestant, Cost, Native, Prepared, Process, environment, host, profile,
        with_token,
    },
    figures::{Series, Start},
};

/// Server and callers share a core: with one for each, both wait for the other asleep, and waking up costs more than a call.
const CORE: usize = 1;
/// The core of the other server, for those who want to see that.
const OTHER_CORE: usize = 0;

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
    wasm: PathBuf,
    cwasm: PathBuf,
}

struct Bench {
    rounds: usize,
    paths: Paths,
    server: Server,
    /// The same on another core.
    apart: Server,
    pinned: bool,
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut process = own("serve").stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { process, url: format!("http://{}", address.trim()) }
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
            wasm: target.join("bench/connector.wasm"),
            cwasm: target.join("bench/connector.cwasm"),
            target,
            root,
        };
        fs::write(&paths.wasm, COMPONENT).unwrap();
        let compiled = Host::precompile(COMPONENT, &Options::default()).unwrap();
        fs::write(&paths.cwasm, compiled).unwrap();

        let pinned = system::pin([OTHER_CORE]);
        let apart = Server::start();
        system::pin([CORE]);
        Self { rounds, paths, server: Server::start(), apart, pinned }
    }

    fn run(&self) {
        let figures = figures::Figures {
            rounds: self.rounds,
            pinned: self.pinned,
            calls: self.calls(&self.server.url, true),
            apart: self.calls(&self.apart.url, false),
            waves: self.waves(),
            starts: self.starts(),
            memory: self.figures_of("memory"),
            upload: self.figures_of("upload"),
            endured_reused: self.figures_of("endure-reused"),
            endured_fresh: self.figures_of("endure-fresh"),
            component_size: COMPONENT.len(),
            compiled_size: fs::metadata(&self.paths.cwasm).unwrap().len(),
            fuel: fuel(),
            versions: self.versions(),
        };
        let docs = self.paths.root.join("docs");
        report::write(&docs.join("speed.md"), &figures);
        fs::write(docs.join("speed.svg"), plot::svg(&figures)).unwrap();
    }

    /// One call at a time, everybody in turn, on one core.
    fn calls(&self, url: &str, all_of_them: bool) -> Vec<Series> {
        system::pin([CORE]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let paths = &self.paths;
            let ours = host(256);
            let request = Prepared::new(url, &ours).await;
            let fresh = |application, environment| Contestant::Fresh {
                host: ours.clone(),
                environment,
                application,
            };
            let mut all = vec![
                (Series::NATIVE, Contestant::Native(Native::new(request.clone()))),
                (Series::FLOOR, Contestant::floor_reused(&paths.floor, request.clone()).await),
                (
                    Series::REUSED,
                    Contestant::Reused {
                        instance: ours.instance(environment(url)),
                        application: profile(),
                    },
                ),
                (Series::FLOOR_FRESH, Contestant::floor_fresh(&paths.floor, request.clone())),
                (Series::FRESH, fresh(with_token(url), Vec::new())),
            ];
            if all_of_them {
                all.extend([
                    (Series::FRESH_NO_TOKEN, fresh(profile(), environment(url))),
                    (Series::DEFAULT_SEND, Contestant::default_send(&paths.wasm, url).await),
                    (Series::REQWEST, Contestant::Process(Process::start(own("reqwest").arg(url)))),
                    (Series::PYTHON, Contestant::Process(Process::start(&mut self.python()))),
                    (Series::NODE, Contestant::Process(Process::start(&mut self.node()))),
                ]);
            }
            measure(self.rounds, &mut all).await
        })
    }

    fn waves(&self) -> Vec<Series> {
        self.all_cores();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let process = |name| Contestant::Process(Process::start(own(name).arg(&self.server.url)));
        let mut all =
            vec![(Series::NATIVE, process("wave-native")), (Series::REUSED, process("wave-ours"))];
        runtime.block_on(measure(self.rounds, &mut all))
    }

    fn starts(&self) -> Vec<Start> {
        self.all_cores();
        let (url, paths) = (&self.server.url, &self.paths);
        let mut all = vec![
            (Start::CWASM, own("start-cwasm"), Some(&paths.cwasm)),
            (Start::WASM, own("start-wasm"), Some(&paths.wasm)),
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

/// This program, as another process.
fn own(program: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.arg(program);
    command
}

/// In each round everybody has a turn of about a quarter of a second.
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let table = runtime.block_on(fuel::table());
    say(&table);
    table
}

fn say(what: &str) {
    writeln!(stderr(), "{what}").unwrap();
}
