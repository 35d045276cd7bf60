//! The limits of host and component: handles, start-up, time, the size of a response, memory. `host/src/tests.rs` has those on
//! computing time, memory and tables.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::stream;
use host_tests::{in_memory, known_environment};
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::{Value, json};
use wecom_host::{
    Body, COMPONENT, CallError, Host, Instance, Limits, Options, Sending, Timeouts, Transport,
    TransportError,
    bindings::exports::wecom::connector::{
        media::{MediaKind, NewMedia},
        types::{AccessToken, Application, Error, FileContent},
    },
    body,
};
use wecom_simulator::Simulator;

/// Creates handles without end, and drops none.
const LEAKS_HANDLES: &str = r#"(component
    (import "wasi:http/types@0.2.0" (instance $types
        (export "fields" (type $fields (sub resource)))
        (export "[constructor]fields" (func (result (own $fields))))))
    (core func $new (canon lower (func $types "[constructor]fields")))
    (core module $m
        (import "host" "new" (func $new (result i32)))
        (func (export "work") (result i32) (i32.const 7))
        (func (export "leak") (loop (drop (call $new)) (br 0))))
    (core instance $i (instantiate $m (with "host" (instance (export "new" (func $new))))))
    (func (export "work") (result u32) (canon lift (core func $i "work")))
    (func (export "leak") (canon lift (core func $i "leak"))))"#;

/// Never ends its start function.
const NEVER_STARTS: &str = r#"(component
    (core module $m (func $start (loop (br 0))) (start $start))
    (core instance (instantiate $m))
    (core module $n (func (export "work") (result i32) (i32.const 7)))
    (core instance $i (instantiate $n))
    (func (export "work") (result u32) (canon lift (core func $i "work"))))"#;

fn limits() -> Limits {
    Limits {
        time: Duration::from_secs(20),
        compute: Duration::from_millis(100),
        memory: 16 << 20,
        handles: 100,
        ..Limits::default()
    }
}

fn host(component: &[u8], limits: Limits, transport: impl Transport) -> Host {
    let transport = Arc::new(transport);
    Host::new(component, Options { limits, instances: 4, transport, ..Options::default() }).unwrap()
}

fn refuse_connection(_: http::Request<Body>, _: Timeouts) -> Sending {
    Box::pin(async { Err(TransportError::ConnectionRefused) })
}

fn instance(host: &Host) -> Instance {
    host.instance::<String, String>([])
}

async fn call(instance: &mut Instance, function: &str) -> Result<Value, String> {
    instance.call_json(function, &json!({})).await.map_err(|it| it.to_string())
}

#[tokio::test]
async fn component_that_leaks_handles_is_stopped() {
    let host = host(&wat::parse_str(LEAKS_HANDLES).unwrap(), limits(), refuse_connection);
    let mut instance = instance(&host);
    let stopped = call(&mut instance, "leak").await.unwrap_err();
    assert!(stopped.starts_with("the component was stopped: it trapped: "), "{stopped}");
    assert_eq!(call(&mut instance, "work").await, Ok(json!(7)), "in a new sandbox");
}

#[tokio::test]
async fn component_that_never_starts_is_stopped() {
    let host = host(&wat::parse_str(NEVER_STARTS).unwrap(), limits(), refuse_connection);
    let began = Instant::now();
    let error = call(&mut instance(&host), "work").await.unwrap_err();
    assert!(error.starts_with("the component cannot be used: "), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn call_beyond_the_time_limit_is_stopped() {
    let never =
        |_: http::Request<Body>, _: Timeouts| -> Sending { Box::pin(std::future::pending()) };
    let host = host(COMPONENT, Limits { time: Duration::from_mins(1), ..Limits::default() }, never);
    let mut instance = host.instance(known_environment());
    let message = json!({"chatbot": {"profile": ""}, "content": "x"});
    let error = instance.call_json("send-chatbot-markdown", &message).await.unwrap_err();
    assert_eq!(error.to_string(), "the component was stopped: it took longer than 60 s");
}

const GB: usize = 1 << 30;
const CHUNK: usize = 1 << 20;

/// Sends 1 GB and counts the bytes that are read; each second request goes to the simulator.
fn one_gigabyte(declared: bool, read_bytes: Arc<AtomicUsize>) -> impl Transport {
    let simulator = in_memory(Simulator::new().strict());
    let requests = AtomicUsize::new(0);
    move |request: http::Request<Body>, timeouts: Timeouts| -> Sending {
        if requests.fetch_add(1, Ordering::SeqCst) % 2 == 1 {
            return simulator.send(request, timeouts);
        }
        let read_bytes = Arc::clone(&read_bytes);
        let blanks = Bytes::from(vec![b' '; CHUNK]);
        let chunks = stream::unfold(0, move |sent| {
            let (read_bytes, chunk) = (Arc::clone(&read_bytes), blanks.clone());
            async move {
                read_bytes.fetch_add(CHUNK, Ordering::SeqCst);
                (sent < GB).then(|| (Ok::<_, TransportError>(Frame::data(chunk)), sent + CHUNK))
            }
        });
        let mut response = http::Response::builder();
        if declared {
            response = response.header("content-length", GB);
        }
        Box::pin(async move { Ok(response.body(Body::new(StreamBody::new(chunks))).unwrap()) })
    }
}

/// A chatbot's message to a server that sends 1 GB, and another one to the simulator, in a sandbox of `memory` bytes.
async fn call_with_one_gigabyte(
    declared: bool,
    memory: usize,
) -> ([Result<Value, CallError>; 2], usize) {
    let read_bytes = Arc::new(AtomicUsize::new(0));
    let transport = one_gigabyte(declared, Arc::clone(&read_bytes));
    let host = host(COMPONENT, Limits { memory, ..Limits::default() }, transport);
    let mut instance = host.instance(known_environment());
    let message = json!({"chatbot": {"profile": ""}, "content": "x"});
    let first = instance.call_json("send-chatbot-markdown", &message).await;
    let second = instance.call_json("send-chatbot-markdown", &message).await;
    ([first, second], read_bytes.load(Ordering::SeqCst))
}

#[tokio::test]
async fn response_of_1_gb_is_not_read_to_the_end() {
    for declared in [false, true] {
        // The largest response is 8 MiB; while it grows, the old and the new block exist at the same time.
        let ([first, second], read_bytes) = call_with_one_gigabyte(declared, 20 << 20).await;
        let Err(CallError::Returned(error)) = first else { panic!("{first:?}") };
        let text = error["permanent-unexpected-reply"]["reason"].as_str().unwrap();
        assert!(text.contains("the response is larger than 8 MiB"), "{text}");
        assert!(read_bytes <= 10 << 20, "{} MiB were read", read_bytes >> 20);
        assert!(second.is_ok(), "{second:?}");
    }
    // The host's limit holds: the same in a sandbox that is too small.
    let ([first, second], _) = call_with_one_gigabyte(false, 8 << 20).await;
    assert!(
        matches!(&first, Err(CallError::Stopped(why)) if why.contains("8 MiB of memory")),
        "{first:?}"
    );
    assert!(second.is_ok(), "{second:?}");
}

/// A server with one response to all requests.
fn static_response(text: String) -> impl Transport {
    let text = Bytes::from(text);
    move |_: http::Request<Body>, _: Timeouts| -> Sending {
        let response = http::Response::new(body(text.clone()));
        Box::pin(async { Ok(response) })
    }
}

fn departments(max_count: usize, max_bytes: usize) -> String {
    let mut text = String::from("{\"errcode\":0,\"department_id\":[{\"id\":1}");
    for _ in 1..max_count {
        if max_bytes < text.len() + 20 {
            break;
        }
        text.push_str(",{\"id\":7}");
    }
    text + "]}"
}

const CAP: usize = 8 << 20;

/// The costliest responses that are read: many small objects, a long text, nested lists.
#[tokio::test]
async fn largest_responses_fit_into_memory() {
    let application =
        Application::Token(AccessToken { token: "t".into(), agent_id: None, base_url: None });
    let long = format!("{{\"errcode\":60003,\"errmsg\":\"{}\"}}", "x".repeat(CAP - 40));
    // The token in every place.
    let secret = format!("{{\"errcode\":60003,\"errmsg\":\"{}\"}}", "t".repeat(CAP - 40));
    let nested = format!("{{\"errcode\":60003,\"x\":{}", "[".repeat(CAP - 40));
    for (response, expected) in [
        (departments(usize::MAX, CAP), "900000 and more"),
        (long, "refused"),
        (secret, "refused"),
        (nested, "unexpected"),
    ] {
        assert!(CAP - 100 < response.len() && response.len() <= CAP, "{}", response.len());
        let host = host(COMPONENT, Limits::default(), static_response(response));
        let result = instance(&host)
            .call(async |store, connector| {
                let departments = connector.departments(store)?;
                departments.call_list_department_ids(store, &application, None).await
            })
            .await;
        let found = match result {
            Ok(Ok(departments)) if departments.len() > 900_000 => "900000 and more",
            Ok(Err(Error::PermanentRejected(it))) if it.message.len() == 512 => "refused",
            Ok(Err(Error::PermanentUnexpectedReply(_))) => "unexpected",
            _ => "something else",
        };
        assert_eq!(found, expected);
    }
}

/// As JSON, values take many times their size: the largest list of WeCom fits, and one far beyond it is stopped.
#[tokio::test]
async fn largest_list_fits_into_memory_as_json() {
    let token = json!({"application": {"token": {"token": "t"}}});
    for (departments, fits) in
        [(departments(30_000, CAP), true), (departments(usize::MAX, CAP), false)]
    {
        let host = host(COMPONENT, Limits::default(), static_response(departments));
        let mut instance = instance(&host);
        // The second call finds the memory that the first left.
        for _ in 0..2 {
            let result = instance.call_json("list-department-ids", &token).await;
            match result {
                Ok(list) if fits => assert_eq!(list.as_array().unwrap().len(), 30_000),
                Err(CallError::Stopped(_)) if !fits => {}
                _ => panic!("fits: {fits}, is ok: {}", result.is_ok()),
            }
        }
    }
}

/// What 100 calls allocate together is twelve times the sandbox.
#[tokio::test]
async fn memory_of_a_call_is_freed() {
    let simulator = Simulator::new().strict();
    let transport = in_memory(simulator.clone());
    let host = host(COMPONENT, Limits { memory: 4 << 20, ..Limits::default() }, transport);
    let mut instance = host.instance(known_environment());
    let file = vec![b'x'; 1 << 20];
    for round in 1..=100 {
        let media = NewMedia {
            kind: MediaKind::File,
            file_name: format!("{round}.txt"),
            content: FileContent::Bytes(file[..round * 10_000].to_vec()),
        };
        let uploaded = instance
            .call(async |store, connector| {
                let application = Application::Profile(String::new());
                connector.media(&mut *store)?.call_upload_media(store, &application, &media).await
            })
            .await
            .unwrap();
        assert!(uploaded.is_ok(), "round {round}: {uploaded:?}");
    }
    // One sandbox for all calls: it fetched one token.
    let tokens = simulator.transcript().iter().filter(|it| it.path == "/cgi-bin/gettoken").count();
    assert_eq!(tokens, 1);
}
