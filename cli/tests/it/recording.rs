//! The recordings in the READMEs are what the commands print: each is replayed against a simulator of its own.
//!
//! `make bless` records them anew.

use std::{env, fs, path::Path};

use crate::{options::folder, server::Simulated, terminal};

const BEGIN: &str = "<!-- recording: replayed by cli/tests/it/recording.rs -->\n```console\n";
const END: &str = "```\n<!-- end of the recording -->\n";

/// What stands in the recording for the address of the simulator, which is another one in each run.
const ADDRESS: &str = "127.0.0.1:8080";

/// The commands of a recording, each with what it prints.
fn replay(recording: &str, lang: &str) -> String {
    let simulator = Simulated::start();
    // No token of another run, whose simulator may have had the same address.
    let cache = folder(&format!("recording-{lang}"));
    let mut replayed = String::new();
    for line in recording.lines().filter_map(|it| it.strip_prefix("$ ")) {
        let mut command = simulator.command(line);
        command.env("XDG_CACHE_HOME", &cache).envs([("WECOM_LANG", lang), ("NO_COLOR", "1")]);
        let (_, printed) = terminal::run(command);
        let printed = printed.replace(&simulator.address.to_string(), ADDRESS);
        replayed.extend(["$ ", line, "\n", printed.trim_end(), "\n"]);
    }
    replayed
}

#[test]
fn readme_shows_what_the_commands_print() {
    for (file, lang) in [("README.md", "en"), ("README.zh-CN.md", "zh")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect(file);
        let (recording, after) = rest.split_once(END).expect(file);
        let replayed = replay(recording, lang);
        assert!(recording.matches("\n$ ").count() >= 5, "{file}: the recording is gone");
        if env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, [before, BEGIN, &replayed, END, after].concat()).unwrap();
        } else {
            assert_eq!(recording, replayed, "{file}: `make bless` records it anew");
        }
    }
}
