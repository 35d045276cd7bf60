//! The completions in the real shells. `make test-shells` installs those that are missing.
//!
//! PowerShell is in no Debian package: its script is tested by its structure alone, in `options.rs`.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use nix::pty::{Winsize, openpty};

/// `wecom` prints the words that it is called with, and completes for real.
const SETUP: &str = r#"wecom() { if [ "$1" = complete ]; then command wecom "$@"; else printf '<%s>' "$@"; printf '%s\n' .; fi; }"#;

/// Where `wecom` is, before everything else.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_wecom")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// What each shell prints when it is ready for a line.
const PROMPT: &str = "ready> ";

/// An interactive shell, on a terminal of its own.
struct Shell {
    child: Child,
    keys: File,
    output: mpsc::Receiver<Vec<u8>>,
    /// All that it has printed, without control characters.
    text: String,
}

impl Shell {
    fn start(words: &[&str]) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).unwrap();
        let end = || Stdio::from(pty.slave.try_clone().unwrap());
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .env("PATH", path())
            .env("TERM", "dumb")
            .env("PS1", PROMPT)
            .env("HOME", env!("CARGO_TARGET_TMPDIR"));
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
        let child =
            child.unwrap_or_else(|error| panic!("{}: {error}; see `make test-shells`", words[0]));
        let keys = File::from(pty.master);
        let mut terminal = keys.try_clone().unwrap();
        let (sender, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // Linux reports the closed terminal as an error.
            while let Ok(length) = terminal.read(&mut bytes)
                && sender.send(bytes[..length].to_vec()).is_ok()
            {}
        });
        let mut shell = Self { child, keys, output, text: String::new() };
        shell.wait(0, PROMPT);
        shell
    }

    /// Types these keys, and waits for what the shell prints then.
    fn types(&mut self, keys: &str, printed: &str) {
        let start = self.text.len();
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.wait(start, printed);
    }

    fn wait(&mut self, start: usize, printed: &str) {
        const LIMIT: Duration = Duration::from_mins(1);
        let end = Instant::now() + LIMIT;
        while !self.text.split_at(start).1.contains(printed) {
            match self.output.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(bytes) => {
                    // Zsh rings the bell within a word.
                    let text = String::from_utf8_lossy(&bytes);
                    self.text.extend(text.chars().filter(|it| !it.is_control()));
                }
                Err(error) => panic!("no {printed:?}: {error}\n{}", self.text),
            }
        }
    }

    /// Types a line with words to complete, and ends the shell.
    fn completes(mut self, setup: &[&str]) {
        for line in setup {
            self.types(&format!("{line}\n"), PROMPT);
        }
        self.types("wecom upload-m\t", "upload-media ");
        self.types("kind=vid\t", "kind=video ");
        self.types("conte\t", "content@=");
        self.types("clip.mp4 --output ya\t", "yaml ");
        self.types("\n", "<upload-media><kind=video><content@=clip.mp4><--output><yaml>.");
        self.keys.write_all(b"exit\n").unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn bash_completes() {
    let setup = r#"eval "$(command wecom completions bash)""#;
    Shell::start(&["bash", "--norc", "--noprofile", "-i"]).completes(&[SETUP, setup]);
}

#[test]
fn zsh_completes() {
    let setup = r#"autoload -U compinit; compinit -u -D; eval "$(command wecom completions zsh)""#;
    Shell::start(&["zsh", "-f", "-i"]).completes(&[SETUP, setup]);
}

#[test]
fn fish_completes() {
    let offered = |line: &str| {
        let script = format!("wecom completions fish | source; complete -C '{line}'");
        let output = Command::new("fish")
            .args(["--no-config", "-c", &script])
            .env("PATH", path())
            .env("HOME", env!("CARGO_TARGET_TMPDIR"))
            .output()
            .unwrap_or_else(|error| panic!("fish: {error}; see `make test-shells`"));
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|it| it.trim().to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(offered("wecom upload-m"), "upload-media");
    assert_eq!(offered("wecom upload-media kind=vi"), "kind=video");
    assert_eq!(offered("wecom upload-media conte"), "content@=");
    assert_eq!(offered("wecom upload-media --output y"), "yaml");
}
