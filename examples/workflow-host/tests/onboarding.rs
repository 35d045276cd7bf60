//! The onboarding against the simulator behind a real port: killed at every request, and with every kind of trouble.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

use std::{
    fs,
    io::Read,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Runtime};
use wecom_simulator::{Fault, FaultKind, Simulator, known, server};

/// What an onboarding asks for: two tokens and five steps.
const PATHS: [&str; 7] = [
    "/cgi-bin/gettoken",
    "/cgi-bin/department/create",
    "/cgi-bin/user/create",
    "/cgi-bin/gettoken",
    "/cgi-bin/appchat/create",
    "/cgi-bin/appchat/send",
    "/cgi-bin/message/send",
];
const SEND_TO_GROUP: &str = "/cgi-bin/appchat/send";

const DONE: i32 = 0;
const HOST_FAILED: i32 = 1;
const FAILED: i32 = 2;
const PARKED: i32 = 3;

/// A corp, a journal, and the host that is at work.
struct Stage {
    simulator: Simulator,
    address: SocketAddr,
    journal: PathBuf,
    host: Arc<Mutex<Option<Child>>>,
    /// At which request the host is killed, counted from 0, and how long after it took effect.
    kill: Arc<Mutex<Option<(usize, Duration)>>>,
    runtime: Runtime,
}

impl Stage {
    fn new(name: &str) -> Self {
        let (stage, listener) = Self::not_listening(name);
        stage.listen(listener);
        stage
    }

    /// Without a server; the listener holds its port.
    fn not_listening(name: &str) -> (Self, TcpListener) {
        let journal = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.db"));
        for leftover in [journal.clone(), journal.with_extension("db-journal")] {
            let _ = fs::remove_file(leftover);
        }
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let stage = Self {
            simulator: Simulator::new().strict(),
            address: listener.local_addr().unwrap(),
            journal,
            host: Arc::default(),
            kill: Arc::default(),
            runtime,
        };
        (stage, listener)
    }

    fn listen(&self, listener: TcpListener) {
        let (host, kill, simulator) =
            (self.host.clone(), self.kill.clone(), self.simulator.clone());
        // Told about a request when it has taken effect and before it is answered.
        let log = move |_: &_| {
            let seen = simulator.transcript().len();
            let mut kill = kill.lock().unwrap();
            if let Some((at, delay)) = *kill
                && seen > at
            {
                *kill = None;
                let host = host.clone();
                let victim = host.lock().unwrap().as_ref().unwrap().id();
                let strike = move || {
                    thread::sleep(delay);
                    let mut host = host.lock().unwrap();
                    // It may have come to its end, and another may be at work.
                    if let Some(host) = host.as_mut().filter(|it| it.id() == victim) {
                        host.kill().unwrap();
                    }
                };
                if delay.is_zero() { strike() } else { drop(thread::spawn(strike)) }
            }
        };
        self.runtime.spawn(server::serve(listener, self.simulator.clone(), log));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workflow-host"));
        command.arg(&self.journal).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
        command
            .env("WECOM_BASE_URL", format!("http://{}", self.address))
            .env("WECOM_CORP_ID", known::CORP_ID)
            .env("WECOM_SECRET", known::APP_SECRET)
            .env("WECOM_CONTACTS_SECRET", known::CONTACTS_SECRET)
            .env("WECOM_AGENT_ID", known::AGENT_ID.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self) {
        *self.host.lock().unwrap() =
            Some(self.command(&["run", "onboarding.json"]).spawn().unwrap());
    }

    /// The exit code, none if it was killed, and what it printed.
    fn wait(&self) -> (Option<i32>, String) {
        loop {
            let mut host = self.host.lock().unwrap();
            let host = host.as_mut().unwrap();
            if let Some(status) = host.try_wait().unwrap() {
                let mut printed = String::new();
                host.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
                host.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
                return (status.code(), printed);
            }
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn run(&self) -> (Option<i32>, String) {
        self.start();
        self.wait()
    }

    /// What a human does: looks whether the message is there, and says so.
    fn settle(&self) {
        let arrived = self.count("group_messages") == 1;
        let verdict = if arrived { "done" } else { "again" };
        let status = self.command(&["settle", "welcome", verdict]).status().unwrap();
        assert!(status.success());
    }

    fn count(&self, what: &str) -> usize {
        self.simulator.state()[what].as_array().unwrap().len()
    }

    fn trouble(&self, on: &str, act: bool, kind: FaultKind) {
        self.simulator.inject(Fault { on: on.into(), skip: 0, times: 1, act, kind });
    }

    fn requests(&self) -> Vec<String> {
        self.simulator.transcript().into_iter().map(|it| it.path).collect()
    }

    #[track_caller]
    fn check_one_of_everything(&self) {
        let state = self.simulator.state();
        let counts = ["departments", "members", "group_chats", "group_messages", "messages"]
            .map(|it| self.count(it));
        // The root and the founder were there before.
        assert_eq!(counts, [2, 2, 1, 1, 1], "{state:#}");
        assert_eq!(state["messages"][0]["delivered"], json!(["iker.z"]));
        assert_eq!(state["group_messages"][0]["delivered"], json!(["founder", "iker.z"]));
    }
}

#[test]
fn undisturbed() {
    let stage = Stage::new("undisturbed");
    assert_eq!(stage.run().0, Some(DONE));
    assert_eq!(stage.requests(), PATHS);
    stage.check_one_of_everything();

    assert_eq!(stage.run().0, Some(DONE));
    assert_eq!(stage.requests(), PATHS, "nothing is left to do");

    let journal = fs::read(&stage.journal).unwrap();
    let journal = String::from_utf8_lossy(&journal);
    assert!(journal.contains("iker.z") && !journal.contains("secret"), "no secret is journaled");
}

/// Killed at each request, once before it takes effect, once after, and then a little later and later, while the host
/// reads the answer and writes its journal.
#[test]
fn killed_at_every_step() {
    let later = [1, 2, 3, 5, 8].map(|it| (true, Duration::from_millis(it)));
    let moments = [(false, Duration::ZERO), (true, Duration::ZERO)].into_iter().chain(later);
    for (act, delay) in moments {
        for (at, path) in PATHS.into_iter().enumerate() {
            let stage = Stage::new("killed");
            if !act {
                let (on, kind) = (String::new(), FaultKind::SilentForever);
                let skip = u32::try_from(at).unwrap();
                stage.simulator.inject(Fault { on, skip, times: 1, act, kind });
            }
            *stage.kill.lock().unwrap() = Some((at, delay));
            let (code, _) = stage.run();
            let what = format!("at {path}, which acts: {act}, after {delay:?}");
            assert!(code.is_none() || !delay.is_zero(), "was not killed {what}");

            let (mut code, mut printed) = stage.run();
            let is_parked = code == Some(PARKED);
            if delay.is_zero() {
                // Nobody can know whether the group message went out, so nobody guesses.
                assert_eq!(is_parked, path == SEND_TO_GROUP, "{what}: {printed}");
            }
            if is_parked {
                stage.settle();
                (code, printed) = stage.run();
            }
            assert_eq!(code, Some(DONE), "{what}: {printed}");
            stage.check_one_of_everything();
        }
    }
}

#[test]
fn busy_is_repeated() {
    let stage = Stage::new("busy");
    let busy = || FaultKind::Errcode { code: 6000, message: "concurrent change".into() };
    stage.trouble("/cgi-bin/user/create", false, busy());
    assert_eq!(stage.run().0, Some(DONE));
    stage.check_one_of_everything();
}

#[test]
fn a_wait_outlives_the_host() {
    let stage = Stage::new("wait");
    let often = FaultKind::Errcode { code: 45009, message: "api freq out of limit".into() };
    stage.trouble(SEND_TO_GROUP, false, often);
    for _ in 0..2 {
        stage.start();
        thread::sleep(Duration::from_secs(2));
        stage.host.lock().unwrap().as_mut().unwrap().kill().unwrap();
        let (code, _) = stage.wait();
        assert_eq!(code, None, "it was still waiting");
    }
    assert_eq!(stage.requests(), PATHS[..6], "asked once, and not again before its time");
}

#[test]
fn an_unreachable_server_is_waited_for() {
    let (stage, listener) = Stage::not_listening("unreachable");
    drop(listener);
    stage.start();
    thread::sleep(Duration::from_secs(1));
    let listener = stage.runtime.block_on(TcpListener::bind(stage.address)).unwrap();
    stage.listen(listener);
    assert_eq!(stage.wait().0, Some(DONE));
    stage.check_one_of_everything();
}

/// Creation has an id of its own and the card a duplicate check: WeCom itself prevents the second effect.
#[test]
fn silence_is_repeated_where_wecom_notices() {
    let stage = Stage::new("silence");
    for path in ["/department/create", "/user/create", "/appchat/create", "/message/send"] {
        stage.trouble(&format!("/cgi-bin{path}"), true, FaultKind::ResetBeforeReply);
    }
    let (code, printed) = stage.run();
    assert_eq!(code, Some(DONE), "{printed}");
    stage.check_one_of_everything();
    assert_eq!(stage.simulator.state()["messages"][0]["duplicates"], 1);
}

#[test]
fn silence_is_parked_where_nobody_would_notice() {
    for (act, name) in [(true, "silent-after"), (false, "silent-before")] {
        let stage = Stage::new(name);
        stage.trouble(SEND_TO_GROUP, act, FaultKind::ResetBeforeReply);
        assert_eq!(stage.run().0, Some(PARKED));
        assert_eq!(stage.run().0, Some(PARKED), "it stays so");
        assert_eq!(stage.requests().len(), 6, "and nothing is sent meanwhile");
        stage.settle();
        assert_eq!(stage.run().0, Some(DONE));
        stage.check_one_of_everything();
    }
}

#[test]
fn an_odd_answer_is_parked() {
    let stage = Stage::new("odd");
    stage.trouble("/cgi-bin/user/create", true, FaultKind::Body(b"<html>".to_vec()));
    let (code, printed) = stage.run();
    assert_eq!(code, Some(PARKED));
    assert!(printed.contains("member: parked {\"permanent-unexpected-reply\""), "{printed}");
    assert!(stage.command(&["settle", "member", "done"]).status().unwrap().success());
    assert_eq!(stage.run().0, Some(DONE));
    stage.check_one_of_everything();
}

#[test]
fn a_refusal_fails_the_workflow_with_a_hint() {
    let stage = Stage::new("refusal");
    let refusal = FaultKind::Errcode { code: 60011, message: "no privilege".into() };
    stage.trouble("/cgi-bin/user/create", false, refusal);
    let (code, printed) = stage.run();
    assert_eq!(code, Some(FAILED));
    let note = printed.lines().find_map(|it| it.strip_prefix("member: failed ")).unwrap();
    let note: Value = note.parse().unwrap();
    let rejection = &note["permanent-rejected"];
    assert!(rejection["code"] == 60011 && rejection["hint"].is_string(), "{note}");
    assert_eq!(stage.run().0, Some(FAILED));
    assert_eq!(stage.requests(), PATHS[..3], "nothing is repeated");
}

/// That a department is there already only means "done" if we may have made it.
#[test]
fn what_others_made_is_no_success() {
    let stage = Stage::new("others");
    assert_eq!(stage.run().0, Some(DONE));
    fs::remove_file(&stage.journal).unwrap();
    let (code, printed) = stage.run();
    assert_eq!(code, Some(FAILED), "{printed}");
    assert!(printed.contains("60008"), "{printed}");
}

#[test]
fn one_host_a_journal() {
    let stage = Stage::new("one-host");
    stage.trouble("", false, FaultKind::SilentForever);
    stage.start();
    while stage.requests().is_empty() {
        thread::sleep(Duration::from_millis(5));
    }
    let second = stage.command(&["run", "onboarding.json"]).output().unwrap();
    assert_eq!(second.status.code(), Some(HOST_FAILED));
    assert!(String::from_utf8_lossy(&second.stderr).contains("locked"), "{second:?}");
    assert_eq!(stage.requests().len(), 1);
    stage.host.lock().unwrap().as_mut().unwrap().kill().unwrap();
    stage.wait();
}
