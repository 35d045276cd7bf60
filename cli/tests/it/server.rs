//! Servers on loopback: one that responds to every request in the same way, and the simulator. And the command beside them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use wecom_simulator::{Simulator, known, server};

/// What the server does with a request that is not for a token.
#[derive(Clone)]
pub enum Response {
    /// Sends this body.
    Json(Value),
    /// Sends these bodies one after the other, the last of them for ever.
    Sequence(Vec<Value>),
    /// Accepts after so many milliseconds.
    Slow(u64),
    /// Sends nothing.
    Silence,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Request {
    /// Such as `POST /cgi-bin/message/send?access_token=token-1`.
    pub target: String,
    /// The body, JSON or text.
    pub body: Value,
}

pub struct Server {
    pub base: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub fn new(response: Response) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&requests);
        thread::spawn(move || {
            // Connections that get no response stay open as long as the listener.
            let (held, _open) = mpsc::channel();
            for stream in listener.incoming() {
                let (recorded, response, held) =
                    (Arc::clone(&recorded), response.clone(), held.clone());
                thread::spawn(move || serve(stream.unwrap(), &recorded, &response, &held));
            }
        });
        Self { base, requests }
    }

    /// A server that accepts everything.
    pub fn accepting() -> Self {
        Self::new(Response::Json(json!({ "errcode": 0, "errmsg": "ok" })))
    }

    /// All requests until now.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The body of the last request.
    pub fn sent(&self) -> Value {
        self.requests().last().unwrap().body.clone()
    }

    /// Runs a line of shell in which `wecom` is the command, with credentials for this server.
    pub fn run(&self, shell: &str) -> Output {
        self.command(shell).output().unwrap()
    }

    pub fn command(&self, shell: &str) -> Command {
        let mut command = wecom(shell);
        command
            .env("WECOM_BASE_URL", &self.base)
            .env("WECOM_CORP_ID", "corp-of-the-test")
            .env("WECOM_SECRET", "secret-of-the-application")
            .env("WECOM_CONTACTS_SECRET", "secret-of-the-contacts")
            .env("WECOM_AGENT_ID", "1000002")
            .env("WECOM_CHATBOT_KEY", "key-of-the-chatbot");
        command
    }
}

/// A simulator that runs as long as the tests.
pub struct Simulated {
    pub simulator: Simulator,
    pub address: SocketAddr,
}

impl Simulated {
    pub fn start() -> Self {
        let (sender, address) = mpsc::channel();
        let simulator = Simulator::new();
        let served = simulator.clone();
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                server::serve(listener, served, |_| ()).await;
            });
        });
        Self { simulator, address: address.recv().unwrap() }
    }

    /// A line of shell in which `wecom` is the command, with the credentials that the simulator knows.
    pub fn command(&self, shell: &str) -> Command {
        let mut command = wecom(shell);
        command
            .env("WECOM_BASE_URL", format!("http://{}", self.address))
            .env("WECOM_CORP_ID", known::CORP_ID)
            .env("WECOM_SECRET", known::APP_SECRET)
            .env("WECOM_CONTACTS_SECRET", known::CONTACTS_SECRET)
            .env("WECOM_AGENT_ID", known::AGENT_ID.to_string())
            .env("WECOM_CHATBOT_KEY", known::CHATBOT_KEY);
        command
    }
}

/// A line of shell in which `wecom` is the command, with no credentials and a folder of its own.
pub fn wecom(shell: &str) -> Command {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("wecom() {{ \"{}\" \"$@\"; }}; {shell}", env!("CARGO_BIN_EXE_wecom")));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WECOM_")) {
        command.env_remove(name);
    }
    command.current_dir(folder).env("XDG_CACHE_HOME", folder).env("LC_ALL", "C");
    // No keyring of the one who runs the tests.
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null");
    command
}

fn serve(
    stream: TcpStream,
    requests: &Mutex<Vec<Request>>,
    response: &Response,
    held: &mpsc::Sender<TcpStream>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|it| *it > 0)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            let header = header.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;

        let text = String::from_utf8_lossy(&body).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        let target = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        let number = {
            let mut requests = requests.lock().unwrap();
            requests.push(Request { target: target.clone(), body });
            requests.iter().filter(|it| !it.target.contains("gettoken")).count()
        };
        let response = if target.contains("/cgi-bin/gettoken") {
            json!({ "errcode": 0, "errmsg": "ok", "access_token": "token-of-the-test", "expires_in": 7200 })
        } else {
            match response {
                Response::Json(it) => it.clone(),
                Response::Sequence(all) => all.get(number - 1).or(all.last())?.clone(),
                Response::Slow(milliseconds) => {
                    thread::sleep(Duration::from_millis(*milliseconds));
                    json!({ "errcode": 0, "errmsg": "ok" })
                }
                Response::Silence => {
                    held.send(stream.try_clone().ok()?).ok()?;
                    continue;
                }
            }
        }
        .to_string();
        write!(
            &stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{response}",
            response.len()
        )
        .ok()?;
    }
}
