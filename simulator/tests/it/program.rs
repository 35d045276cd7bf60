//! The `wecom-simulator` program.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Output, Stdio},
};

use wecom_simulator::known;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wecom-simulator");

struct Running {
    child: Child,
    variables: Vec<(String, String)>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.as_mut().unwrap());
        let lines = stdout.lines().take(17).map(Result::unwrap);
        let variables = lines
            .map(|line| {
                let (name, value) = line.split_once('=').unwrap();
                (name.to_owned(), value.to_owned())
            })
            .collect();
        Self { child, variables }
    }

    fn get(&self, path: &str) -> String {
        let address = self.variables[0].1.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

#[test]
fn variables_are_printed_for_three_profiles() {
    let running = Running::start(&[]);
    let names: Vec<_> = running.variables.iter().map(|(name, _)| name.as_str()).collect();
    let profile = |prefix: &str, count| {
        ["BASE_URL", "CORP_ID", "SECRET", "CONTACTS_SECRET", "AGENT_ID", "CHATBOT_KEY"]
            .map(|it| format!("WECOM_{prefix}{it}"))
            .into_iter()
            .take(count)
            .collect::<Vec<_>>()
    };
    let expected = [profile("", 6), profile("SECOND_", 6), profile("NARROW_", 5)].concat();
    assert_eq!(names, expected);
    assert!(running.variables.contains(&("WECOM_CHATBOT_KEY".into(), known::CHATBOT_KEY.into())));
    assert!(running.get("/cgi-bin/gettoken").contains("\"errcode\":41002"));
}

#[test]
fn listens_on_the_given_address() {
    for listen in ["localhost:0", "127.0.0.1:0", "[::1]:0"] {
        let running = Running::start(&["--listen", listen, "--strict"]);
        assert!(running.variables[0].1.starts_with("http://"), "{listen}");
        let response = running.get("/cgi-bin/gettoken?debug=1");
        assert!(response.contains("unknown query parameter"), "{response}");
    }
}

#[test]
fn refusal_names_the_peer() {
    let running = Running::start(&["--listen", "[::1]:0"]);
    assert!(running.get("/cgi-bin/gettoken").contains("from ip: ::1,"));
}

#[test]
fn wrong_options_end_with_2_and_unusable_addresses_with_1() {
    for arguments in [["--loud"].as_slice(), &["--listen"], &["env"]] {
        assert_eq!(run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    for listen in ["8080", "name.invalid:80", "127.0.0.1:http"] {
        let output = run(&["--listen", listen]);
        assert_eq!(output.status.code(), Some(1), "{listen}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(&format!("cannot listen on {listen}")), "{stderr}");
    }
}

#[test]
fn version_is_printed() {
    let output = run(&["--version"]);
    let expected = concat!("wecom-simulator ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}

#[cfg(unix)]
#[test]
fn command_runs_with_the_variables_and_its_status_is_returned() {
    let script = "printf '%s %s' \"$WECOM_CORP_ID\" \"$WECOM_SECOND_CHATBOT_KEY\"; \
                  case $WECOM_BASE_URL in http://127.0.0.1:*) exit 7;; esac";
    let output = run(&["--", "sh", "-c", script]);
    let expected = format!("{} {}", known::CORP_ID, known::SECOND_CHATBOT_KEY);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(7));

    assert_eq!(run(&["--quiet", "--", "sh", "-c", "kill -TERM $$"]).status.code(), Some(143));
    assert_eq!(run(&["--", "true"]).status.code(), Some(0));
}

#[test]
fn missing_command_ends_with_127() {
    let output = run(&["--", "no-such-command"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot run no-such-command"));
}
