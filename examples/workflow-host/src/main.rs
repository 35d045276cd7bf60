//! A workflow engine in small: runs calls of the connector one after the other, journaled in `SQLite`, so that it can be
//! killed at any point and goes on where it was without doing a step twice.
//!
//! `JOURNAL run PLAN.json` starts the plan or goes on with it; `JOURNAL settle STEP done|again` says what a human found
//! out about a parked step.
//! What to do is written down before each call and what came of it after, so that the journal knows after a crash which
//! call may have been under way. Credentials come from the environment and are in no journal. Exit codes: 0 all is done, 1
//! the host itself failed (run it again), 2 the workflow failed, 3 a step is parked until a human has looked.

#![allow(clippy::print_stdout, reason = "a line for every change of the journal")]

use std::{env, error::Error, fs, process::ExitCode, time::Duration};

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};
use wecom_host::{COMPONENT, CallError, Host, Instance, Options};

/// A second host on the same journal finds it locked; the lock dies with its holder.
const SCHEMA: &str = "
    PRAGMA locking_mode = EXCLUSIVE;
    BEGIN IMMEDIATE;
    CREATE TABLE IF NOT EXISTS steps (
        position INTEGER PRIMARY KEY, name TEXT UNIQUE, function TEXT, arguments TEXT,
        state TEXT DEFAULT 'planned', -- then calling, waiting, done, parked, failed
        since INTEGER DEFAULT 0,      -- when it came into this state
        unsure INTEGER,               -- when the first try was made that may have taken effect
        tries INTEGER DEFAULT 0, wake_at INTEGER DEFAULT 0, note TEXT);
    COMMIT";

struct Step {
    name: String,
    function: String,
    arguments: Value,
    state: String,
    since: i64,
    tries: u32,
    unsure: Option<i64>,
    wake_at: i64,
}

/// What a durable host does after a call.
enum Verdict {
    Done,
    /// It took no effect: repeat it, after so many seconds if somebody knows.
    Again(Option<i64>),
    /// It may have taken effect, and repeating it does no harm.
    AgainUnsure,
    /// It may have taken effect, and may do so twice: repeat it only if WeCom would notice, else ask a human.
    Look,
    /// It may have taken effect, and something is odd: ask a human.
    Ask,
    /// Repeating cannot help: the text says what to change.
    Fail,
}

/// The heart of it: the error case alone decides.
fn judge(outcome: Result<Value, CallError>) -> (Verdict, Value) {
    let error = match outcome {
        Ok(result) => return (Verdict::Done, result),
        Err(CallError::Returned(error)) => error,
        Err(CallError::Unavailable(why)) => return (Verdict::Again(None), why.into()), // not begun
        Err(CallError::Stopped(why)) => return (Verdict::Ask, why.into()),             // cut off
        Err(it) => return (Verdict::Fail, it.to_string().into()),
    };
    let case = error.as_object().and_then(|it| it.iter().next());
    let verdict = match case.map_or(("", &Value::Null), |(case, why)| (case.as_str(), why)) {
        ("rejected-for-now", why) => Verdict::Again(why.get("retry-after").and_then(Value::as_i64)),
        ("unreachable", _) => Verdict::Again(None),
        ("no-reply", _) => Verdict::AgainUnsure,
        ("permanent-no-reply", _) => Verdict::Look,
        ("permanent-unexpected-reply", _) => Verdict::Ask,
        // permanent-invalid-input, permanent-missing-credential, permanent-rejected
        _ => Verdict::Fail,
    };
    (verdict, error)
}

impl Step {
    /// The refusal of what exists already: this step creates something under an id of its own.
    fn exists_already(&self) -> Option<i64> {
        match self.function.as_str() {
            "create-department" => Some(60008),
            "create-member" => Some(60102),
            "create-group-chat" if self.arguments.pointer("/group-chat/id").is_some() => {
                Some(86215)
            }
            _ => None,
        }
    }

    /// Whether a try can follow one that may have taken effect. After a crash there is no error case to go by.
    fn may_follow(&self, unsure: i64, now: i64) -> bool {
        let interval = self.arguments.pointer("/message/options/duplicate-check-interval");
        match self.function.split('-').next() {
            Some("create") => self.exists_already().is_some(),
            Some("send" | "upload") => interval.and_then(Value::as_i64) > Some(now - unsure),
            _ => true, // reads, updates, deletions
        }
    }
}

struct Journal(Connection);

impl Journal {
    fn open(path: &str) -> rusqlite::Result<Self> {
        let it = Connection::open(path)?;
        it.execute_batch(SCHEMA).map(|()| Self(it))
    }

    fn start(&self, plan: &str) -> rusqlite::Result<()> {
        let sql = "INSERT OR IGNORE INTO steps (name, function, arguments)
            SELECT value ->> 'name', value ->> 'function', value -> 'arguments' FROM json_each(?1)";
        self.0.execute(sql, [plan]).map(drop)
    }

    fn next(&self) -> rusqlite::Result<Option<Step>> {
        let sql = "SELECT name, function, arguments, state, since, tries, unsure, wake_at
            FROM steps WHERE state != 'done' ORDER BY position LIMIT 1";
        let step = self.0.query_row(sql, [], |row| {
            let arguments = row.get::<_, String>(2)?.parse().unwrap_or_default();
            let (name, function, state) = (row.get(0)?, row.get(1)?, row.get(3)?);
            let (since, tries) = (row.get(4)?, row.get(5)?);
            let (unsure, wake_at) = (row.get(6)?, row.get(7)?);
            Ok(Step { name, function, arguments, state, since, tries, unsure, wake_at })
        });
        step.optional()
    }

    fn write(&self, step: &Step, state: &str, note: &Value) -> rusqlite::Result<()> {
        let sql = "UPDATE steps SET state = ?2, tries = ?3, unsure = ?4, wake_at = ?5, note = ?6,
            since = unixepoch() WHERE name = ?1";
        let Step { name, tries, unsure, wake_at, .. } = step;
        self.0.execute(sql, params![name, state, tries, unsure, wake_at, note.to_string()])?;
        println!("{name}: {state} {note}");
        Ok(())
    }

    fn now(&self) -> rusqlite::Result<i64> {
        self.0.query_row("SELECT unixepoch()", [], |row| row.get(0))
    }
}

async fn run(journal: &Journal, connector: &mut Instance) -> Result<ExitCode, Box<dyn Error>> {
    while let Some(mut step) = journal.next()? {
        match step.state.as_str() {
            "failed" => return Ok(ExitCode::from(2)),
            "parked" => return Ok(ExitCode::from(3)),
            "calling" => step.unsure = step.unsure.or(Some(step.since)), // killed in the middle
            _ => {}
        }
        let wait = u64::try_from(step.wake_at - journal.now()?).unwrap_or(0);
        tokio::time::sleep(Duration::from_secs(wait)).await;
        let now = journal.now()?;
        if step.unsure.is_some_and(|it| !step.may_follow(it, now)) {
            journal.write(&step, "parked", &json!("perhaps done: look, then settle it"))?;
            continue;
        }
        step.tries += 1;
        journal.write(&step, "calling", &Value::Null)?;
        let (verdict, note) = judge(connector.call_json(&step.function, &step.arguments).await);
        let refusal = note.pointer("/permanent-rejected/code").and_then(Value::as_i64);
        let was_there = refusal.is_some() && refusal == step.exists_already();
        let (state, wait) = match verdict {
            Verdict::Done => ("done", None),
            Verdict::Fail if was_there && step.unsure.is_some() => ("done", None),
            Verdict::Fail => ("failed", None),
            Verdict::Ask => ("parked", None),
            Verdict::Look if !step.may_follow(now, now) => ("parked", None),
            Verdict::Look | Verdict::AgainUnsure => {
                step.unsure = step.unsure.or(Some(now));
                ("waiting", None)
            }
            Verdict::Again(after) => ("waiting", after),
        };
        step.wake_at = journal.now()? + wait.unwrap_or(1 << step.tries.min(8));
        journal.write(&step, state, &note)?;
    }
    Ok(ExitCode::SUCCESS)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [journal, "run", plan] => {
            let journal = Journal::open(journal)?;
            journal.start(&fs::read_to_string(plan)?)?;
            let host = Host::new(COMPONENT, Options { cache: true, ..Options::default() })?;
            let environment = env::vars().filter(|(name, _)| name.starts_with("WECOM_"));
            run(&journal, &mut host.instance(environment)).await
        }
        [journal, "settle", step, verdict @ ("done" | "again")] => {
            let state = if *verdict == "done" { "done" } else { "planned" };
            let sql = "UPDATE steps SET state = ?1, unsure = NULL WHERE (name, state) = (?2, ?3)";
            let settled = Journal::open(journal)?.0.execute(sql, [state, step, "parked"])?;
            Ok(ExitCode::from(u8::from(settled == 0)))
        }
        _ => Err("usage: JOURNAL run PLAN.json | JOURNAL settle STEP done|again".into()),
    }
}
