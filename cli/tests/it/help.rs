//! Help, and the contract as JSON.

use serde_json::Value;
use wecom_contract::Contract;

use crate::{
    outcome,
    server::{Server, wecom},
};

fn text(shell: &str) -> String {
    let output = wecom(shell).output().unwrap();
    assert!(output.status.success(), "{shell}: {}", outcome(&output));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_of_an_action_in_three_ways() {
    let help = text("wecom help send-chatbot-text");
    assert_eq!(text("wecom send-chatbot-text --help"), help);
    assert_eq!(text("wecom call send-chatbot-text -h"), help);
    assert_eq!(text("wecom describe send-chatbot-text"), help);
    for part in [
        "content=TEXT",
        "mention-everyone=true|false",
        "wecom send-chatbot-text content='Pump 2 restarted'",
        "Errors",
        "Returns",
    ] {
        assert!(help.contains(part), "{part} in\n{help}");
    }
}

#[test]
fn help_of_everything_else() {
    for shell in ["wecom", "wecom help", "wecom --help", "wecom -h"] {
        let help = text(shell);
        for part in ["send-group-mpnews", "WECOM_CHATBOT_KEY", "wecom help errors", "profile"] {
            assert!(help.contains(part), "{part} in\n{help}");
        }
    }
    assert!(text("wecom help call").contains("NAME@=FILE"));
    assert_eq!(text("wecom call --help"), text("wecom help call"));
    for topic in ["credentials", "errors", "options", "values"] {
        assert!(text(&format!("wecom help {topic}")).lines().all(|it| it.chars().count() <= 80));
    }
    let errors = text("wecom help errors");
    for part in ["--all", "\"result\"", "\"next-cursor\"", "--split", "\"sent\""] {
        assert!(errors.contains(part), "{part} in\n{errors}");
    }
    assert!(text("wecom help options").contains("the cursor to go on from"));
    for command in ["batch", "profile", "check", "explain", "mcp", "completions", "man"] {
        assert!(
            text(&format!("wecom help {command}")).contains(&format!("Usage: wecom {command}"))
        );
        let chinese = text(&format!("wecom {command} --help --lang zh"));
        assert!(chinese.contains(&format!("用法：wecom {command}")), "{chinese}");
        for english in ["Usage", "Options:", "Print help", "secrets masked"] {
            assert!(!chinese.contains(english), "{english} in\n{chinese}");
        }
    }
    assert!(text("wecom help 60020").contains("60020"));
    assert!(text("wecom help text-change").contains("clear"));
    assert!(text("wecom --version").starts_with("wecom "));
}

#[test]
fn every_example_can_be_copied() {
    let server = Server::accepting();
    let write = |name: &str, content: &[u8]| {
        std::fs::write(format!("{}/{name}", env!("CARGO_TARGET_TMPDIR")), content).unwrap();
    };
    let (image, voice, video) = (b"\x89PNG\r\n\x1a\n", b"#!AMR\n", b"0000ftyp");
    write("rota.txt", b"Mon 7-5");
    write("pump.png", image);
    for action in Contract::load().unwrap().actions {
        let help = text(&format!("wecom help {}", action.name));
        for title in ["Example", "The same as JSON", "With a file"] {
            let Some((_, example)) = help.split_once(&format!("\n{title}\n")) else {
                assert_eq!(title, "With a file", "{help}");
                continue;
            };
            match action.name.as_str() {
                name if name.ends_with("-image") => write("FILE", image),
                name if name.ends_with("-voice") => write("FILE", voice),
                name if name.ends_with("-video") => write("FILE", video),
                _ => write("FILE", b"Mon 7-5"),
            }
            let mut example = example;
            for next in ["The same as JSON", "With a file", "Returns"] {
                example = example.split(&format!("\n{next}\n")).next().unwrap();
            }
            let output = server.run(example);
            // Past the checks: the server's response lacks what some actions read.
            assert!(matches!(output.status.code(), Some(0 | 6)), "{example}\n{}", outcome(&output));
        }
    }
}

#[test]
fn help_is_complete_where_people_look() {
    let help = text("wecom help send-app-file");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "wecom send-app-file recipients.selected.users=noor.h \\ media-id.file.content@=FILE",
        "Leaving it out takes the name of the file.",
        // Of `send-app-text`, whose errors it shares.
        "81013",
    ] {
        assert!(help.contains(part), "{part} in\n{help}");
    }
    let upload = text("wecom help upload-media");
    assert!(
        upload.contains("wecom upload-media kind=image|voice|video|file content@=FILE ["),
        "{upload}"
    );
    let ensure = text("wecom help ensure-department");
    let ensure = ensure.split("\nErrors\n").nth(1).unwrap();
    assert!(ensure.contains("60004") && ensure.matches("60008").count() == 1, "{ensure}");
    assert!(text("wecom help get-media").contains("`--to FILE` writes `content`"));
    for action in Contract::load().unwrap().actions {
        for lang in ["en", "zh"] {
            let help = text(&format!("wecom help {} --lang {lang}", action.name));
            assert!(!help.contains("As for") && !help.contains("- 同 `"), "{help}");
        }
    }
}

#[test]
fn the_contract_as_json() {
    for action in Contract::load().unwrap().actions {
        let json: Value =
            serde_json::from_str(&text(&format!("wecom describe {} --json", action.name))).unwrap();
        assert_eq!(json["name"], action.name.as_str());
    }
    let listed: Value = serde_json::from_str(&text("wecom actions --json")).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), Contract::load().unwrap().actions.len());
    let ty: Value = serde_json::from_str(&text("wecom describe text-change --json")).unwrap();
    assert_eq!(ty["cases"][1]["type"], "string");
}
