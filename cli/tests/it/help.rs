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
        assert!(help.contains("send-group-mpnews") && help.contains("WECOM_ALLOW_HTTP"), "{help}");
    }
    assert!(text("wecom help call").contains("NAME@=FILE"));
    assert_eq!(text("wecom call --help"), text("wecom help call"));
    for topic in ["credentials", "errors", "options", "values"] {
        assert!(text(&format!("wecom help {topic}")).lines().all(|it| it.chars().count() <= 80));
    }
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
    for file in ["rota.txt", "FILE"] {
        std::fs::write(format!("{}/{file}", env!("CARGO_TARGET_TMPDIR")), "Mon 7-5").unwrap();
    }
    let image = format!("{}/pump.png", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(image, b"\x89PNG\r\n\x1a\n").unwrap();
    for action in Contract::load().unwrap().actions {
        let help = text(&format!("wecom help {}", action.name));
        for (title, next) in
            [("\nExample\n", "\nThe same as JSON\n"), ("\nThe same as JSON\n", "\nReturns\n")]
        {
            let example = help.split(title).nth(1).unwrap().split(next).next().unwrap();
            let output = server.run(example);
            // Past the checks: the server's response lacks what some actions read.
            assert!(matches!(output.status.code(), Some(0 | 6)), "{example}\n{}", outcome(&output));
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
