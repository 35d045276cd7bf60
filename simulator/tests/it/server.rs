use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use wecom_simulator::{Fault, FaultKind, Simulator, server::serve};

const GETTOKEN: &str = "GET /cgi-bin/gettoken HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n";

async fn start() -> (Simulator, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let simulator = Simulator::new();
    tokio::spawn(serve(listener, simulator.clone(), |_| {}));
    (simulator, TcpStream::connect(address).await.unwrap())
}

async fn with_fault(kind: FaultKind) -> TcpStream {
    let (simulator, mut stream) = start().await;
    simulator.inject(Fault { on: String::new(), skip: 0, times: 1, act: false, kind });
    stream.write_all(GETTOKEN.as_bytes()).await.unwrap();
    stream
}

async fn read_all(mut stream: TcpStream) -> std::io::Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    Ok(text)
}

fn split(response: &str) -> (usize, &str) {
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: ")).unwrap();
    (length.parse().unwrap(), body)
}

/// One request on a connection that stays open.
async fn call(stream: &mut TcpStream, request: &str, body: &str) -> (String, String) {
    let text =
        format!("{request} HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut response = Vec::new();
    loop {
        let mut buffer = vec![0; 65536];
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "closed early");
        response.extend(&buffer[..count]);
        let text = String::from_utf8_lossy(&response);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && head.contains(&format!("content-length: {}", body.len()))
        {
            return (head.to_owned(), body.to_owned());
        }
    }
}

#[tokio::test]
async fn connection_is_kept_alive() {
    let (simulator, mut stream) = start().await;
    for _ in 0..3 {
        let (head, body) = call(&mut stream, "GET /cgi-bin/gettoken", "").await;
        assert!(head.contains("error-code: 41002"), "{head}");
        assert!(head.contains("content-type: application/json; charset=UTF-8"), "{head}");
        assert!(body.starts_with("{\"errcode\":41002"), "{body}");
    }
    assert_eq!(simulator.transcript().len(), 3);
}

#[tokio::test]
async fn cut_body_ends_early() {
    let response = read_all(with_fault(FaultKind::CutBody { after: 12 }).await).await.unwrap();
    let (length, body) = split(&response);
    assert_eq!(body, "{\"errcode\":4");
    assert!(length > 12, "{length}");

    let response = read_all(with_fault(FaultKind::CutBody { after: 9999 }).await).await.unwrap();
    let (length, body) = split(&response);
    assert!(length > body.len() && body.ends_with('}'), "{response}");
}

#[tokio::test]
async fn slow_body_arrives_complete_and_late() {
    let start = Instant::now();
    let response =
        read_all(with_fault(FaultKind::SlowBody { chunk: 40, pause_ms: 10 }).await).await.unwrap();
    let (length, body) = split(&response);
    assert_eq!(length, body.len());
    assert!(start.elapsed() >= Duration::from_millis(10 * (length as u64).div_ceil(40)));
}

#[tokio::test]
async fn reset_fault_resets_the_connection() {
    let error = read_all(with_fault(FaultKind::ResetBeforeReply).await).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn silent_fault_sends_nothing() {
    let mut stream = with_fault(FaultKind::SilentForever).await;
    let mut buffer = [0; 1];
    timeout(Duration::from_millis(100), stream.read(&mut buffer)).await.unwrap_err();
}

#[tokio::test]
async fn endless_body_does_not_end() {
    let mut stream = with_fault(FaultKind::EndlessBody).await;
    let mut buffer = vec![0; 1024 * 1024];
    timeout(Duration::from_secs(9), stream.read_exact(&mut buffer)).await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&buffer[..300]).contains("transfer-encoding: chunked"));
}

#[tokio::test]
async fn status_with_html_is_sent_as_it_is() {
    let kind = FaultKind::Status { status: 502, body: "<html>".to_owned() };
    let response = read_all(with_fault(kind).await).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 502 "), "{response}");
    assert_eq!(split(&response), (6, "<html>"));
}

#[tokio::test]
async fn control_requests_take_effect() {
    let (simulator, mut stream) = start().await;
    let (_, state) = call(&mut stream, "GET /_simulator/state", "").await;
    assert_eq!(serde_json::from_str::<Value>(&state).unwrap(), simulator.state());

    let fault = r#"{"kind":{"errcode":{"code":-1,"message":"system busy"}}}"#;
    for body in [fault.to_owned(), format!("[{fault},{fault}]")] {
        let (head, _) = call(&mut stream, "POST /_simulator/faults", &body).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    }
    for _ in 0..3 {
        assert!(call(&mut stream, "GET /cgi-bin/gettoken", "").await.1.contains("system busy"));
    }
    call(&mut stream, "POST /_simulator/faults", fault).await;
    call(&mut stream, "DELETE /_simulator/faults", "").await;
    assert!(call(&mut stream, "GET /cgi-bin/gettoken", "").await.1.contains("41002"));

    let (_, transcript) = call(&mut stream, "GET /_simulator/transcript", "").await;
    let transcript: Value = serde_json::from_str(&transcript).unwrap();
    assert_eq!(transcript.as_array().unwrap().len(), 4);
    assert_eq!(
        (&transcript[0]["fault"], &transcript[3]["errcode"]),
        (&json!("errcode"), &json!(41002))
    );

    let clock = simulator.state()["clock"].as_u64().unwrap();
    call(&mut stream, "POST /_simulator/advance", r#"{"seconds":9}"#).await;
    assert_eq!(simulator.state()["clock"], clock + 9);
    call(&mut stream, "POST /_simulator/unlicense", r#"{"userid":"founder"}"#).await;
    assert_eq!(simulator.state()["members"][0]["licensed"], false);
    call(&mut stream, "POST /_simulator/revoke-tokens", "").await;
    call(&mut stream, "POST /_simulator/reset", "").await;
    assert_eq!(simulator.state(), Simulator::new().state());
    assert!(simulator.transcript().is_empty());

    for (request, body, status) in [
        ("POST /_simulator/unlicense", r#"{"userid":"nobody"}"#, "400"),
        (
            "POST /_simulator/faults",
            r#"{"on":"/cgi-bin/mesage/send","kind":"endless_body"}"#,
            "400",
        ),
        ("POST /_simulator/advance", r#"{"hours":9}"#, "400"),
        ("POST /_simulator/faults", r#"{"kind":"other"}"#, "400"),
        ("GET /_simulator/other", "", "404"),
    ] {
        let (head, _) = call(&mut stream, request, body).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
    }
}

#[tokio::test]
async fn queued_faults_can_be_listed() {
    let (_, mut stream) = start().await;
    let fault = r#"{"on":"/cgi-bin/message/","times":2,"kind":"endless_body"}"#;
    call(&mut stream, "POST /_simulator/faults", fault).await;
    let (_, faults) = call(&mut stream, "GET /_simulator/faults", "").await;
    let expected = json!([
        {"on": "/cgi-bin/message/", "skip": 0, "times": 2, "act": false, "kind": "endless_body"}
    ]);
    assert_eq!(serde_json::from_str::<Value>(&faults).unwrap(), expected);
    call(&mut stream, "DELETE /_simulator/faults", "").await;
    assert_eq!(call(&mut stream, "GET /_simulator/faults", "").await.1, "[]\n");
}

#[tokio::test]
async fn overview_lists_the_requests() {
    let (simulator, mut stream) = start().await;
    for path in ["/", "/_simulator", "/_simulator/"] {
        let (head, body) = call(&mut stream, &format!("GET {path}"), "").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(body.contains("GET    /_simulator/state"), "{body}");
    }
    for path in ["state", "transcript"] {
        let (_, body) = call(&mut stream, &format!("GET /_simulator/{path}"), "").await;
        assert!(body.ends_with('\n'), "{body}");
    }
    assert!(simulator.transcript().is_empty());
}

#[tokio::test]
async fn body_that_is_too_large_has_a_code() {
    let (_, mut stream) = start().await;
    let body = " ".repeat(64 * 1024 * 1024 + 1);
    let (_, response) = call(&mut stream, "POST /cgi-bin/webhook/send?key=k", &body).await;
    assert!(response.contains("\"errcode\":40206"), "{response}");
}
