//! Onboards new members, durably, with Obelisk: department, member, group chat, welcome text, card.
//!
//! Each call of the connector is an activity, whose result Obelisk records. What happens after an error is decided here,
//! only by its case.

mod bindings {
    #![allow(clippy::all, clippy::pedantic, reason = "generated code")]

    wit_bindgen::generate!({ path: ["../../wit", "wit"], world: "examples:onboarding/workflow", generate_all });
    export!(Onboarding);
    use super::Onboarding;
}

use bindings::{
    examples::onboarding::person::did_it_arrive,
    exports::examples::onboarding::onboarding::{Guest, Person},
    obelisk::{
        types::time::{Duration, ScheduleAt},
        workflow::workflow_support::sleep,
    },
    wecom::connector::{
        app_messages::{AppMessageOptions, AppTextCard, Recipients, Selection, send_app_text_card},
        departments::{NewDepartment, create_department, list_department_ids},
        group_chats::{NewGroupChat, create_group_chat},
        group_messages::{GroupText, send_group_text},
        members::{Membership, NewMember, create_member},
        types::{Application, Error, TextCard},
    },
};

const DEPARTMENT: u32 = 310;
/// In seconds, the longest that WeCom offers.
const DUPLICATE_CHECK: u32 = 4 * 60 * 60;
/// In seconds, for a call that starts just before the duplicate check ends.
const MARGIN: u64 = 300;
/// In seconds.
const MAX_PAUSE: u64 = 300;

struct Onboarding;

impl Guest for Onboarding {
    fn onboard(person: Person) -> Result<(), String> {
        complete("department", Repeat::FindsTheFirst, department)?;
        complete("member", Repeat::FindsTheFirst, || member(&person))?;
        complete("chat", Repeat::FindsTheFirst, || chat(&person))?;
        complete("welcome", Repeat::IsSeen, || welcome(&person))?;
        let until = now()? + u64::from(DUPLICATE_CHECK) - MARGIN;
        complete("card", Repeat::IsDroppedUntil(until), || card(&person))
    }
}

/// Credentials come from the environment of the activity, so Obelisk never stores them.
fn profile() -> Application {
    Application::Profile(String::new())
}

fn department() -> Result<(), Error> {
    let department = NewDepartment {
        name: "Field Service North".to_owned(),
        english_name: None,
        parent_id: 1,
        order: None,
        id: Some(DEPARTMENT),
    };
    match create_department(&profile(), &department) {
        // Another department may have this name, so check.
        Err(Error::PermanentRejected(it)) if it.code == 60008 => {
            let departments = list_department_ids(&profile(), None)?;
            let found = departments.iter().any(|it| it.id == DEPARTMENT);
            if found { Ok(()) } else { Err(Error::PermanentRejected(it)) }
        }
        result => result.map(drop),
    }
}

fn member(person: &Person) -> Result<(), Error> {
    let membership = Membership { department_id: DEPARTMENT, order: None, leader: None };
    let member = NewMember {
        user_id: person.user_id.clone(),
        name: person.name.clone(),
        mobile: Some(person.mobile.clone()),
        departments: Some(vec![membership]),
        alias: None,
        gender: None,
        enabled: None,
        main_department: None,
        position: None,
        direct_superiors: None,
        telephone: None,
        email: None,
        corp_email: None,
        address: None,
        to_invite: None,
    };
    unless_there(60102, create_member(&profile(), &member))
}

fn chat(person: &Person) -> Result<(), Error> {
    let chat = NewGroupChat {
        name: Some(format!("Welcome {}", person.name)),
        owner: Some("founder".to_owned()),
        members: vec!["founder".to_owned(), person.user_id.clone()],
        id: Some(chat_id(person)),
    };
    unless_there(86215, create_group_chat(&profile(), &chat))
}

fn chat_id(person: &Person) -> String {
    let alphanumeric = person.user_id.chars().filter(char::is_ascii_alphanumeric);
    "welcome".chars().chain(alphanumeric).collect()
}

/// What is created under an id that we chose may exist from an earlier try.
fn unless_there<T>(code: i32, result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(Error::PermanentRejected(it)) if it.code == code => Ok(()),
        result => result.map(drop),
    }
}

fn welcome(person: &Person) -> Result<(), Error> {
    let text = GroupText {
        group_chat_id: chat_id(person),
        content: format!("Welcome, {}!", person.name),
        confidentiality: None,
        mentioned_users: None,
        mention_everyone: None,
    };
    send_group_text(&profile(), &text).map(drop)
}

fn card(person: &Person) -> Result<(), Error> {
    let card = AppTextCard {
        recipients: Recipients::Selected(Selection {
            users: Some(vec![person.user_id.clone()]),
            departments: None,
            tags: None,
        }),
        card: TextCard {
            title: "Your first day".to_owned(),
            description: "Badge, laptop, lunch at noon".to_owned(),
            url: "https://intranet.example/".to_owned(),
            button_text: None,
        },
        options: Some(AppMessageOptions {
            agent_id: None,
            enable_id_trans: None,
            duplicate_check_interval: Some(DUPLICATE_CHECK),
        }),
    };
    send_app_text_card(&profile(), &card).map(drop)
}

/// What a second run of a step does, where the first took effect.
#[derive(Clone, Copy)]
enum Repeat {
    /// It is refused, because the id that we chose exists.
    FindsTheFirst,
    /// WeCom drops it, until this time in Unix seconds.
    IsDroppedUntil(u64),
    /// People see a second message.
    IsSeen,
}

enum Verdict {
    /// Retrying can help and has no further effect; after this many seconds, where WeCom states it.
    Retry(Option<u32>),
    /// It may have taken effect.
    Unknown,
    /// It took no effect, and never will.
    Refused,
}

fn verdict(error: &Error) -> Verdict {
    match error {
        Error::RejectedForNow(it) => Verdict::Retry(it.retry_after),
        Error::Unreachable(_) | Error::NoReply(_) => Verdict::Retry(None),
        // `execution-failed` is Obelisk's: the server died, or the lock expired, during the call.
        Error::PermanentNoReply(_) | Error::ExecutionFailed => Verdict::Unknown,
        Error::PermanentUnexpectedReply(it) if it.request_sent => Verdict::Unknown,
        Error::PermanentInvalidInput(_)
        | Error::PermanentMissingCredential(_)
        | Error::PermanentRejected(_)
        | Error::PermanentUnexpectedReply(_) => Verdict::Refused,
    }
}

/// Runs a step until it is done: retries what may be retried, and asks a person where the outcome is unknown.
fn complete(
    step: &str,
    repeat: Repeat,
    call: impl Fn() -> Result<(), Error>,
) -> Result<(), String> {
    let mut pause = 1;
    loop {
        let Err(error) = call() else { return Ok(()) };
        let verdict = verdict(&error);
        let after = match verdict {
            Verdict::Refused => return Err(format!("{step}: {error:?}")),
            Verdict::Retry(Some(seconds)) => u64::from(seconds),
            Verdict::Retry(None) | Verdict::Unknown => pause,
        };
        pause = (2 * pause).min(MAX_PAUSE);

        let harmless = match repeat {
            Repeat::FindsTheFirst => true,
            Repeat::IsDroppedUntil(end) => now()? + after < end,
            Repeat::IsSeen => matches!(verdict, Verdict::Retry(_)),
        };
        if harmless {
            wait(ScheduleAt::In(Duration::Seconds(after)))?;
        } else if did_it_arrive(step, &format!("{error:?}"))
            .map_err(|()| format!("{step}: given up"))?
        {
            return Ok(());
        }
    }
}

/// The time in Unix seconds. Obelisk records it, so that it is the same when the workflow is replayed.
fn now() -> Result<u64, String> {
    wait(ScheduleAt::Now)
}

fn wait(until: ScheduleAt) -> Result<u64, String> {
    sleep(until).map(|it| it.seconds).map_err(|()| "cancelled".to_owned())
}
