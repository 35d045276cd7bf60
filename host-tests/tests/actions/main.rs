//! Every action, typed: what it returns, the exact requests, and what the simulator knows afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests fail like tests"
)]

mod app_messages;
mod chatbots;
mod credentials;
mod departments;
mod group_chats;
mod group_messages;
mod media;
mod members;
mod requests;
mod tokens;

use std::fmt::Debug;

use expect_test::Expect;
use host_tests::Stage;
use wecom_host::bindings::exports::wecom::connector::types::{Error, Media, MpnewsArticle, TextCard};

/// The result of a call, the requests that it made, and what they changed.
fn check(stage: &mut Stage, result: impl Debug, expected: Expect) {
    let text = format!("{result:?}\n{}{}", stage.requests(), stage.changes());
    expected.assert_eq(&stage.readable(text));
}

/// The code of WeCom's refusal, for now or for ever.
fn code<T: Debug>(result: Result<T, Error>) -> i32 {
    match result {
        Err(Error::PermanentRejected(it)) => it.code,
        Err(Error::RejectedForNow(it)) => it.code,
        other => panic!("not a refusal: {other:?}"),
    }
}

fn card() -> TextCard {
    TextCard {
        title: "Outage 8841".into(),
        description: "T3 offline".into(),
        url: "https://ops.example/o/8841".into(),
        button_text: Some("Open".into()),
    }
}

fn article(thumbnail: &str) -> MpnewsArticle {
    MpnewsArticle {
        title: "Weekly digest".into(),
        thumbnail: Media::Id(thumbnail.into()),
        content: "<p>All lines normal.</p>".into(),
        author: Some("Ops desk".into()),
        source_url: Some("https://ops.example/w/20".into()),
        digest: Some("Nothing to report".into()),
    }
}
