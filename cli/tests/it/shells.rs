//! The completions in the real shells. `make test-shells` installs those that are missing.
//!
//! PowerShell is in no Debian package: its script is tested by its structure alone, in `options.rs`.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use nix::pty::{Winsize, openpty};

/// `wecom` prints the words that it is called with, and completes for real.
const SETUP: &str = r#"wecom() { if [ "$1" = complete ]; then command wecom "$@"; else printf '<%s>' "$@"; printf '%s\n' .; fi; }"#;

/// Where `wecom` is, before everything else.
fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_wecom")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// What an interactive shell prints when these keys are typed. The keys end the shell.
fn typed(shell: &[&str], lines: &[&str]) -> String {
    let size = Winsize { ws_row: 24, ws_col: 200, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(Some(&size), None).unwrap();
    let end = || Stdio::from(pty.slave.try_clone().unwrap());
    let mut command = Command::new(shell[0]);
    command
        .args(&shell[1..])
        .env("PATH", path())
        .env("TERM", "dumb")
        .env("HOME", env!("CARGO_TARGET_TMPDIR"));
    let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
    let mut child =
        child.unwrap_or_else(|error| panic!("{}: {error}; see `make test-shells`", shell[0]));
    drop(command);
    drop(pty.slave);
    let mut terminal = File::from(pty.master);
    let mut keys = terminal.try_clone().unwrap();
    let lines: Vec<String> = lines.iter().map(|it| (*it).to_owned()).collect();
    let typist = std::thread::spawn(move || {
        for line in lines {
            // A shell that is not at its prompt loses what is typed.
            std::thread::sleep(Duration::from_secs(1));
            for part in line.split_inclusive('\t') {
                keys.write_all(part.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(500));
            }
            keys.write_all(b"\n").unwrap();
        }
    });
    let mut bytes = Vec::new();
    // Linux reports the closed terminal as an error, after all that was written.
    let _ = terminal.read_to_end(&mut bytes);
    typist.join().unwrap();
    child.wait().unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What is typed, each word completed by the key for it, and what the command is called with.
const TYPED: &str = "wecom upload-m\tkind=vid\tconte\tclip.mp4 --output ya\t";
const CALLED: &str = "<upload-media><kind=video><content@=clip.mp4><--output><yaml>.";

#[test]
fn bash_completes() {
    let setup = r#"eval "$(command wecom completions bash)""#;
    let text = typed(&["bash", "--norc", "--noprofile", "-i"], &[SETUP, setup, TYPED, "exit"]);
    assert!(text.contains(CALLED), "{text}");
}

#[test]
fn zsh_completes() {
    let setup = r#"autoload -U compinit; compinit -u -D; eval "$(command wecom completions zsh)""#;
    let text = typed(&["zsh", "-f", "-i"], &[SETUP, setup, TYPED, "exit"]);
    assert!(text.contains(CALLED), "{text}");
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
