//! Calls into components, well-behaved and not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    bindings::exports::wecom::connector::types::Chatbot,
    connector::INTERFACES,
    error::CallError,
    host::{Host, Options},
    instance::Instance,
    json,
    limits::{Limits, TICK},
    testing::hollow_connector,
};

/// Adds, refuses, spins, and eats memory and tables.
const MISBEHAVED: &str = r#"(component
    (core module $m
        (memory 1)
        (table $t 1 funcref)
        (global $calls (mut i32) (i32.const 0))
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "refuse") (param i32) (result i32) (local.get 0))
        (func (export "count") (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (global.get $calls))
        (func (export "spin") (loop (br 0)))
        (func (export "eat-memory") (loop (drop (memory.grow (i32.const 16))) (br 0)))
        (func (export "eat-table")
            (loop (drop (table.grow $t (ref.null func) (i32.const 1000))) (br 0)))
        (func $deep (export "recurse") (call $deep)))
    (core instance $i (instantiate $m))
    (func (export "add") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "add")))
    (func (export "refuse") (param "whether" bool) (result (result)) (canon lift (core func $i "refuse")))
    (func (export "count") (result u32) (canon lift (core func $i "count")))
    (func (export "spin") (canon lift (core func $i "spin")))
    (func (export "eat-memory") (canon lift (core func $i "eat-memory")))
    (func (export "eat-table") (canon lift (core func $i "eat-table")))
    (func (export "recurse") (canon lift (core func $i "recurse"))))"#;

fn host(component: &[u8], limits: Limits) -> Host {
    Host::new(component, Options { limits, instances: 4, ..Options::default() }).unwrap()
}

fn instance(host: &Host) -> Instance {
    host.instance::<String, String>([])
}

#[tokio::test]
async fn calls_by_name() {
    let host = host(&wat::parse_str(MISBEHAVED).unwrap(), Limits::default());
    let mut instance = instance(&host);

    assert_eq!(instance.call_json("add", &json!({"a": 2, "b": 3})).await.unwrap(), json!(5));
    assert_eq!(
        instance.call_json("refuse", &json!({"whether": false})).await.unwrap(),
        json!(null)
    );
    let refused = instance.call_json("refuse", &json!({"whether": true})).await;
    assert!(matches!(refused, Err(CallError::Returned(Value::Null))), "{refused:?}");
    let unknown = instance.call_json("ad", &json!({})).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no action ad");
    let bad = instance.call_json("add", &json!({"a": -1, "c": 1})).await.unwrap_err();
    assert_eq!(
        bad.to_string(),
        "c: there is no such field; known are a, b; \
         a: is not a whole number from 0 to 4294967295; \
         b: is missing; expected a whole number from 0 to 4294967295"
    );

    assert_eq!(instance.call_json("count", &json!({})).await.unwrap(), json!(1));
    assert_eq!(instance.call_json("count", &json!({})).await.unwrap(), json!(2));
}

#[tokio::test]
async fn misbehavior_ends_the_sandbox_and_not_the_host() {
    let limits =
        Limits { compute: Duration::from_millis(50), memory: 4 << 20, ..Limits::default() };
    let host = host(&wat::parse_str(MISBEHAVED).unwrap(), limits);
    let mut instance = instance(&host);
    for (function, why) in [
        ("spin", "the component was stopped: it went over the computing time limit"),
        ("eat-memory", "the component was stopped: it went over the limit of 4 MiB of memory"),
        ("eat-table", "the component was stopped: it went over the table limit"),
        ("recurse", "the component was stopped: it trapped: wasm trap: call stack exhausted"),
    ] {
        assert_eq!(instance.call_json(function, &json!({})).await.unwrap_err().to_string(), why);
        assert_eq!(
            instance.call_json("count", &json!({})).await.unwrap(),
            json!(1),
            "after {function}"
        );
    }
}

#[tokio::test]
async fn others_get_their_turn_beside_a_spinning_component() {
    let host = host(&wat::parse_str(MISBEHAVED).unwrap(), Limits::default());
    let (mut spinning, mut counting) = (instance(&host), instance(&host));
    let spin = tokio::spawn(async move { spinning.call_json("spin", &json!({})).await });
    for calls in 1..=4 {
        // The timer, too, comes to its turn.
        tokio::time::sleep(TICK).await;
        assert_eq!(counting.call_json("count", &json!({})).await.unwrap(), json!(calls));
    }
    assert!(!spin.is_finished(), "the others waited for its end");
    spin.abort();
}

#[tokio::test]
async fn more_instances_than_there_is_room_for() {
    let host = host(&wat::parse_str(MISBEHAVED).unwrap(), Limits::default());
    let mut instances: Vec<_> = (0..4).map(|_| instance(&host)).collect();
    for instance in &mut instances {
        instance.call_json("count", &json!({})).await.unwrap();
    }
    let mut extra = instance(&host);
    let full = extra.call_json("count", &json!({})).await;
    assert!(matches!(full, Err(CallError::Unavailable(_))), "{full:?}");
    instances.clear();
    assert_eq!(extra.call_json("count", &json!({})).await.unwrap(), json!(1));
}

#[tokio::test]
async fn calls_with_types() {
    let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let host = host(&hollow_connector(wecom_contract::FILES), limits);
    let mut instance = instance(&host);
    // In a task of its own, as servers do.
    let trap = tokio::spawn(async move {
        let chatbot = Chatbot::Profile(String::new());
        let trap = instance
            .call(async |store, connector| {
                let chatbots = connector.chatbots(store)?;
                chatbots.call_send_chatbot_markdown(store, &chatbot, "hi").await
            })
            .await;
        let slow = instance
            .call(async |_, _| -> wasmtime::Result<()> {
                std::future::pending::<()>().await;
                Ok(())
            })
            .await;
        (trap.map(drop), slow)
    });
    let (trap, slow) = trap.await.unwrap();
    assert!(matches!(trap, Err(CallError::Stopped(_))), "{trap:?}");
    assert_eq!(
        slow.unwrap_err().to_string(),
        "the component was stopped: it took longer than 0.5 s"
    );
}

#[test]
fn a_sandbox_may_outlive_the_runtime() {
    let limits = Limits { time: Duration::from_millis(500), ..Limits::default() };
    let host = host(&hollow_connector(wecom_contract::FILES), limits);
    let mut instance = instance(&host);
    for (pause, fits) in [(1, true), (1, true), (60_000, false)] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let called = runtime.unwrap().block_on(instance.call(async |_, _| {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(())
        }));
        assert_eq!(called.is_ok(), fits, "{called:?}");
    }
}

#[tokio::test]
async fn another_contract_is_noticed_before_the_call() {
    // In an interface that is not used.
    let other: Vec<_> = wecom_contract::FILES
        .iter()
        .map(|(name, text)| {
            (
                *name,
                text.replace(
                    "markdown: func(chatbot: chatbot, content: string",
                    "markdown: func(chatbot: chatbot, content: u32",
                ),
            )
        })
        .collect();
    let files: Vec<_> = other.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let host = host(&hollow_connector(&files), Limits::default());
    for _ in 0..2 {
        let called =
            instance(&host).call(async |store, connector| connector.media(store).map(drop)).await;
        assert!(matches!(called, Err(CallError::Unavailable(_))), "{called:?}");
    }
}

#[test]
fn every_interface_of_the_contract_can_be_called_with_types() {
    let contract = wecom_contract::Contract::load().unwrap();
    let mut expected: Vec<_> =
        contract.actions.iter().map(|it| it.interface.replace('-', "_")).collect();
    expected.sort();
    expected.dedup();
    let mut interfaces = INTERFACES.to_vec();
    interfaces.sort_unstable();
    assert_eq!(interfaces, expected);
}

#[test]
fn every_example_of_the_contract_fits() {
    let host = host(&hollow_connector(wecom_contract::FILES), Limits::default());
    let contract = wecom_contract::Contract::load().unwrap();
    assert_eq!(contract.actions.len(), host.functions().count());
    for action in contract.actions {
        let function = host.function(&action.name).unwrap();
        let arguments = action.example.arguments;
        let read = json::arguments(&function.params, &arguments, usize::MAX);
        assert!(read.is_ok(), "{}: {:?}", action.name, read.err());
    }
}

#[test]
fn no_more_than_needed() {
    let greedy = r#"(component (import "wasi:filesystem/preopens@0.2.0" (instance
        (export "get-directories" (func (result (list u32)))))))"#;
    let error = Host::new(&wat::parse_str(greedy).unwrap(), Options::default()).err().unwrap();
    assert!(format!("{error:?}").contains("wasi:filesystem/preopens"), "{error:?}");
    assert!(Host::new(b"no component", Options::default()).is_err());
}
