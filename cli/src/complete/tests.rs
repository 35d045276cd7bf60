use super::*;
use crate::{cli, help::Reader, lang::Lang};

fn complete(words: &[&str]) -> Vec<String> {
    let contract = Contract::load().unwrap();
    let command = cli::command(&contract, &[], Reader::new(Lang::English));
    let words: Vec<String> = words.iter().map(|it| (*it).to_owned()).collect();
    candidates(&contract, &command, &words)
}

#[test]
fn actions_parameters_and_choices() {
    assert_eq!(complete(&["send-app-tex"]), ["send-app-text", "send-app-text-card"]);
    assert_eq!(complete(&["call", "recall"]), ["recall-app-message"]);
    assert_eq!(complete(&["upload-media", "kind=v"]), ["kind=video", "kind=voice"]);
    assert_eq!(complete(&["upload-media", "kind=file", "c"]), ["content@="]);
    assert_eq!(complete(&["send-app-text", "recipients"]).len(), 4);
    assert_eq!(complete(&["call", "send-chatbot-text", "mention-e"]).len(), 2);
    assert_eq!(complete(&["send-chatbot-text", "--ti"]), ["--timeout"]);
    assert_eq!(complete(&["send-chatbot-text", "--output", "y"]), ["yaml"]);
    assert_eq!(complete(&["send-chatbot-text", "--lang=z"]), ["--lang=zh"]);
    assert_eq!(complete(&["help", "cred"]), ["credentials"]);
    assert_eq!(complete(&["completions", "f"]), ["fish"]);
    assert!(complete(&[""]).contains(&"describe".to_owned()));
}
