//! Profiles in a real keyring: GNOME's, on a message bus of the test. `make test-keyring` installs both.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Output, Stdio},
};

use serde_json::json;

use crate::{
    error,
    options::folder,
    outcome, result,
    server::{Server, wecom},
};

/// A bus that starts no services: the keyring is there when the test starts it.
const CONFIGURATION: &str = r#"<busconfig>
    <type>session</type>
    <listen>unix:tmpdir=/tmp</listen>
    <policy context="default">
        <allow send_destination="*" eavesdrop="true"/>
        <allow eavesdrop="true"/>
        <allow own="*"/>
    </policy>
</busconfig>"#;

/// A message bus; the keyring on it ends with it.
struct Bus {
    address: String,
    home: String,
    daemon: Child,
}

impl Bus {
    fn new(name: &str) -> Self {
        let home = folder(name);
        let file = format!("{home}/bus.conf");
        fs::write(&file, CONFIGURATION).unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file", &file])
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed, see `make test-keyring`");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { address: address.trim().to_owned(), home, daemon }
    }

    /// Starts a keyring whose login collection is open, and waits until it is on the bus.
    fn unlock_keyring(&self) {
        let start =
            "printf password | gnome-keyring-daemon --components=secrets --daemonize --unlock";
        let owner = "dbus-send --session --print-reply --dest=org.freedesktop.DBus / \
                     org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets";
        let wait = format!(
            "for i in $(seq 100); do {owner} | grep -q true && exit 0; sleep 0.1; done; exit 1"
        );
        for script in [start, &wait] {
            let status = self.on_bus(Command::new("sh").args(["-c", script])).status().unwrap();
            assert!(status.success(), "{script}: {status}; see `make test-keyring`");
        }
    }

    fn on_bus<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", &self.home)
            .env("XDG_DATA_HOME", &self.home)
            .env("XDG_RUNTIME_DIR", &self.home)
            .env("XDG_CONFIG_HOME", &self.home)
    }

    fn run(&self, shell: &str) -> Output {
        self.on_bus(&mut wecom(shell)).output().unwrap()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        // The keyring ends when its bus does.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn secrets_are_in_the_keyring_and_nowhere_else() {
    let server = Server::accepting();
    let bus = Bus::new("keyring");
    bus.unlock_keyring();
    let add = |place: &str| {
        let base = &server.base;
        bus.run(&format!(
            "echo key-of-sales | wecom profile add sales chatbot-key@=- base-url={base} {place}"
        ))
    };
    let file = format!("{}/wecom-connector/profiles.json", bus.home);
    let stored = || fs::read_to_string(&file).unwrap();

    assert_eq!(result(&add(""))["stored-in"], "keyring");
    assert!(!stored().contains("key-of-sales"), "{}", stored());
    let listed = json!([{ "profile": "sales", "stored-in": "keyring", "base-url": server.base, "chatbot-key": "***" }]);
    assert_eq!(result(&bus.run("wecom profile list")), listed);
    result(&bus.run("wecom send-chatbot-text content=hi --profile sales"));
    assert!(server.requests().last().unwrap().target.contains("key=key-of-sales"));

    // Moved to the file, it leaves the keyring.
    assert_eq!(result(&add("--in file"))["stored-in"], "file");
    assert!(stored().contains("key-of-sales"));
    let index = json!({ "sales": { "base-url": server.base, "keyring": ["chatbot-key"] } });
    fs::write(&file, index.to_string()).unwrap();
    let gone = bus.run("wecom send-chatbot-text content=hi --profile sales");
    assert!(
        error(&gone)["usage"].to_string().contains("add the profile again"),
        "{}",
        outcome(&gone)
    );

    result(&add("--in keyring"));
    assert_eq!(result(&bus.run("wecom profile remove sales")), json!({ "removed": "sales" }));
    fs::write(&file, index.to_string()).unwrap();
    assert_eq!(
        bus.run("wecom send-chatbot-text content=hi --profile sales").status.code(),
        Some(2)
    );
}

#[test]
fn without_a_keyring_secrets_are_in_the_file() {
    let bus = Bus::new("no-keyring");
    let added = bus.run("echo key-of-sales | wecom profile add sales chatbot-key@=-");
    assert_eq!(result(&added)["stored-in"], "file");
    let asked = bus.run("echo key-of-sales | wecom profile add sales chatbot-key@=- --in keyring");
    let usage = error(&asked)["usage"].to_string();
    assert!(usage.contains("keyring") && usage.contains("--in file"), "{}", outcome(&asked));
}
