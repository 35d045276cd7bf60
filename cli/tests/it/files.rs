//! Files that are downloaded.

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::json;

use crate::{error, options::folder, outcome, result, server::Simulated};

/// A file in the simulator, and the folder that commands run in.
struct Uploaded {
    simulator: Simulated,
    folder: String,
    media_id: String,
}

const ROTA: &[u8] = b"%PDF-1.7\r\n\x00\xff Mon 7-5";

impl Uploaded {
    fn new(name: &str) -> Self {
        let (simulator, folder) = (Simulated::start(), folder(name));
        fs::write(format!("{folder}/rota.pdf"), ROTA).unwrap();
        let mut uploaded = Self { simulator, folder, media_id: String::new() };
        let media = result(&uploaded.run("wecom upload-media kind=file content@=rota.pdf"));
        media["id"].as_str().unwrap().clone_into(&mut uploaded.media_id);
        uploaded
    }

    fn command(&self, shell: &str) -> Command {
        let mut command = self.simulator.command(shell);
        // No token of another simulator that had the same address.
        command.current_dir(&self.folder).env("XDG_CACHE_HOME", &self.folder);
        command
    }

    fn run(&self, shell: &str) -> Output {
        self.command(shell).output().unwrap()
    }

    fn get(&self, to: &str) -> Output {
        self.run(&format!("wecom get-media media-id={} --to {to}", self.media_id))
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(format!("{}/{name}", self.folder)).unwrap()
    }
}

#[test]
fn downloaded_file_is_written() {
    let uploaded = Uploaded::new("downloads");
    let got = result(&uploaded.get("got.pdf"));
    assert_eq!(uploaded.read("got.pdf"), ROTA);
    assert_eq!((&got["written"], &got["file-name"]), (&json!(ROTA.len()), &json!("rota.pdf")));
    assert!(got.get("content").is_none(), "{got}");

    let output = uploaded.get("-");
    assert_eq!((output.stdout.as_slice(), output.status.code()), (ROTA, Some(0)));
    let list = "encoding=bytes range.first=0 range.last=7";
    result(&uploaded.get(&format!("part.pdf {list}")));
    assert_eq!(uploaded.read("part.pdf"), &ROTA[..8]);
}

#[test]
fn file_that_exists_is_not_overwritten() {
    let uploaded = Uploaded::new("downloaded-already");
    fs::write(format!("{}/got.pdf", uploaded.folder), "mine").unwrap();
    let output = uploaded.get("got.pdf");
    assert_eq!(output.status.code(), Some(2), "{}", outcome(&output));
    let usage =
        "got.pdf exists, and is not overwritten: name another file, or write `--to - >got.pdf`";
    assert_eq!(error(&output)["usage"], usage);
    // Refused before anything is sent: WeCom would refuse this id.
    let output = uploaded.run("wecom get-media media-id=unknown --to got.pdf");
    assert_eq!(error(&output)["usage"], usage, "{}", outcome(&output));
    assert_eq!(uploaded.read("got.pdf"), b"mine");

    let output = uploaded.get("- >got.pdf");
    assert!(output.status.success(), "{}", outcome(&output));
    assert_eq!(uploaded.read("got.pdf"), ROTA);
}

#[test]
fn file_that_cannot_be_written_is_named() {
    let uploaded = Uploaded::new("downloads-nowhere");
    for (to, says) in [
        ("missing/got.pdf", "missing/got.pdf: No such file or directory"),
        (".", ".: Is a directory"),
        ("/dev/full", "/dev/full: No space left on device"),
        ("- >/dev/full", "-: No space left on device"),
    ] {
        let output = uploaded.get(to);
        assert_eq!(output.status.code(), Some(1), "{to}: {}", outcome(&output));
        let message = error(&output)["output"].clone();
        assert!(message.as_str().unwrap().starts_with(says), "{to}: {message}");
    }
    let output = uploaded.get("missing/got.pdf -o text");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.starts_with("error: the output cannot be written: missing/got.pdf: "), "{words}");
    // What was refused leaves no file.
    let output = uploaded.run("wecom get-media media-id=unknown --to none.pdf");
    assert_eq!(output.status.code(), Some(3), "{}", outcome(&output));
    assert!(!fs::exists(format!("{}/none.pdf", uploaded.folder)).unwrap());
}
