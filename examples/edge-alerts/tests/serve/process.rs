//! Third-party servers, as separate processes.

use std::{
    env, fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    compose,
    server::{Reply, Server, WeCom},
};

/// How long a server may take to compile the component and respond.
const START: Duration = Duration::from_mins(1);

pub(crate) struct Process(Child, SocketAddr);

impl Process {
    pub(crate) fn wasmtime(environment: &[(&str, String)], options: &[&str]) -> Self {
        let address = free_address();
        let mut command = tool("WASMTIME", "wasmtime");
        command.args(["serve", "-Scli", "-Shttp", "--addr", &address.to_string()]).args(options);
        for (name, value) in environment {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        Self::start(command.arg(compose::composed_file()), address)
    }

    pub(crate) fn jco(environment: &[(&str, String)]) -> Self {
        let address = free_address();
        let mut command = tool("JCO", "jco");
        let (host, port) = (address.ip().to_string(), address.port().to_string());
        command.arg("serve").arg(compose::composed_file()).args(["--host", &host, "--port", &port]);
        Self::start(command.envs(environment.iter().map(|(name, it)| (name, it))), address)
    }

    /// `wash dev` with the example's configuration: `edit` adds to it.
    pub(crate) fn wash(wecom: &WeCom, edit: impl Fn(String) -> String) -> Self {
        static PROJECTS: AtomicU32 = AtomicU32::new(0);
        let address = free_address();
        let project = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("wash-{}", PROJECTS.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(project.join(".wash")).unwrap();

        let example = include_str!("../../.wash/config.yaml").to_owned();
        let file = |path: PathBuf| path.into_os_string().into_string().unwrap();
        let config = [
            ("make -C ../.. edge-alerts", "echo built".to_owned()),
            ("../../target/edge-alerts-handler.wasm", file(compose::handler().into())),
            ("../../target/wecom-connector.wasm", file(compose::connector().into())),
            ("127.0.0.1:8081", address.to_string()),
            ("http://127.0.0.1:8080", format!("http://{}", wecom.address)),
        ]
        .iter()
        .fold(example, |config, (from, to)| {
            assert_eq!(config.matches(from).count(), 1, "{from}");
            config.replace(from, to)
        });
        fs::write(project.join(".wash/config.yaml"), edit(config)).unwrap();

        let mut command = tool("WASH", "wash");
        command.arg("-C").arg(project).args(["--log-level", "warn", "dev"]);
        command.envs(wecom.environment()).envs(wecom.environment_for_members());
        Self::start(&mut command, address)
    }

    /// Waits until the handler itself responds: a GET is not allowed.
    fn start(command: &mut Command, address: SocketAddr) -> Self {
        let child = command.stdin(Stdio::null()).process_group(0).spawn().unwrap();
        let mut it = Self(child, address);
        let started = Instant::now();
        while it.request("GET", "", "").map(|reply| reply.status) != Some(405) {
            assert!(it.0.try_wait().unwrap().is_none(), "the server has ended");
            assert!(started.elapsed() < START, "the server does not respond");
            thread::sleep(Duration::from_millis(50));
        }
        it
    }

    /// None if there is no complete response.
    fn request(&self, method: &str, authorization: &str, body: &str) -> Option<Reply> {
        let mut stream = TcpStream::connect(self.1).ok()?;
        let length = body.len();
        let head = format!(
            "{method} / HTTP/1.1\r\nhost: {}\r\nauthorization: {authorization}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            self.1
        );
        stream.write_all(head.as_bytes()).ok()?;
        // A server that rejects the request may close the connection before it has read all of it.
        let _ = stream.write_all(body.as_bytes());
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).ok()?;
        let (head, text) = reply.split_once("\r\n\r\n")?;
        let head = head.to_ascii_lowercase();
        let retry_after = head.lines().find_map(|it| it.strip_prefix("retry-after: "));
        Some(Reply {
            status: head.split(' ').nth(1)?.parse().ok()?,
            retry_after: retry_after.map(str::to_owned),
            text: text.to_owned(),
        })
    }
}

impl Server for Process {
    fn post(&self, authorization: &str, body: &str) -> Reply {
        self.request("POST", authorization, body).unwrap()
    }
}

impl Drop for Process {
    /// Ends the group: `jco serve` is a process that starts another.
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.0.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn tool(variable: &str, name: &str) -> Command {
    Command::new(env::var_os(variable).unwrap_or_else(|| name.into()))
}
