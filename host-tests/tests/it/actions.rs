//! Every action, typed: what it returns, the exact requests, and the state of the simulator afterwards.

mod app_messages;
mod cards;
mod chatbots;
mod credentials;
mod departments;
mod diagnosis;
mod directory;
mod ensure;
mod files_in_one_step;
mod group_chats;
mod group_messages;
mod kinds;
mod media;
mod members;
mod requests;
mod texts;
mod tokens;

use std::fmt::Debug;

use expect_test::Expect;
use host_tests::{BASE_URL, TestBed};
use serde_json::Value;
use wecom_host::bindings::exports::wecom::connector::{
    app_messages::{AppText, Recipients, Selection},
    types::{Application, ApplicationCredentials, Error, Media, MpnewsArticle, TextCard},
};
use wecom_simulator::known;

/// The result of a call, the requests that it made, and what they changed.
fn check(bed: &mut TestBed, result: impl Debug, expected: Expect) {
    let text = format!("{result:?}\n{}{}", bed.requests(), bed.changes());
    expected.assert_eq(&bed.number_ids(text));
}

/// Calls a function with JSON as the unnamed profile: the result, the requests that it made, and what they changed.
async fn check_json(bed: &mut TestBed, name: &str, arguments: Value, expected: Expect) {
    let text = match bed.call_as_profile(name, arguments).await {
        Ok(value) => format!("ok {value}"),
        Err(error) => format!("error {error}"),
    };
    let text = format!("{text}\n{}{}", bed.requests(), bed.changes());
    expected.assert_eq(&bed.number_ids(text));
}

/// The code of WeCom's refusal, temporary or permanent.
fn code<T: Debug>(result: Result<T, Error>) -> i32 {
    match result {
        Err(Error::PermanentRejected(it)) => it.code,
        Err(Error::RejectedForNow(it)) => it.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

/// The second application of the corp.
fn second_application() -> Application {
    Application::Credentials(ApplicationCredentials {
        corp_id: known::CORP_ID.into(),
        secret: Some(known::SECOND_APP_SECRET.into()),
        contacts_secret: None,
        agent_id: Some(known::SECOND_AGENT_ID.into()),
        base_url: Some(BASE_URL.into()),
    })
}

fn text(recipients: Recipients) -> AppText {
    AppText { recipients, content: "Pump 2".into(), confidentiality: None, options: None }
}

fn noor() -> Recipients {
    let users = Some(vec!["noor.h".into()]);
    Recipients::Selected(Selection { users, departments: None, tags: None })
}

fn card() -> TextCard {
    TextCard {
        title: "Outage 8841".into(),
        description: "T3 offline".into(),
        url: "https://ops.example/o/8841".into(),
        button_text: Some("Open".into()),
    }
}

fn article(thumbnail: &Media) -> MpnewsArticle {
    MpnewsArticle {
        title: "Weekly digest".into(),
        thumbnail: thumbnail.clone(),
        content: "<p>All lines normal.</p>".into(),
        author: Some("Ops desk".into()),
        source_url: Some("https://ops.example/w/20".into()),
        digest: Some("Nothing to report".into()),
    }
}
