use std::time::Duration;

use serde_json::json;
use wecom_simulator::{Delivery, Fault, FaultKind};

use crate::client::Client;

fn busy(on: &str, skip: u32, times: u32) -> Fault {
    let kind = FaultKind::Errcode { code: -1, message: "system busy".to_owned() };
    Fault { on: on.to_owned(), skip, times, act: false, kind }
}

fn create(client: &Client, name: &str) -> i64 {
    let body = json!({"name": name, "parentid": 1});
    client.contacts("/cgi-bin/department/create", body)["errcode"].as_i64().unwrap()
}

#[test]
fn faults_hit_the_matching_requests_in_order() {
    let client = Client::new();
    client.simulator.inject(busy("/cgi-bin/department/create", 1, 2));
    client.simulator.inject(busy("/cgi-bin/department/list", 0, 1));
    let codes = ["a", "b", "c", "d"].map(|it| create(&client, it));
    assert_eq!(codes, [0, -1, -1, 0]);
    assert_eq!(client.simulator.state()["departments"].as_array().unwrap().len(), 3);

    let mut creations = client.simulator.transcript();
    creations.retain(|it| it.path.ends_with("/create"));
    let faults: Vec<_> = creations.iter().map(|it| it.fault.as_deref()).collect();
    assert_eq!(faults, [None, Some("errcode"), Some("errcode"), None]);
}

#[test]
fn unlimited_fault_ends_when_cleared() {
    let client = Client::new();
    client.simulator.inject(busy("", 0, u32::MAX));
    client.simulator.inject(busy("", 0, 0));
    let call = || client.get_bare("/cgi-bin/gettoken")["errcode"].clone();
    assert!((0..9).all(|_| call() == -1));
    client.simulator.clear_faults();
    assert_eq!(create(&client, "a"), 0);
}

#[test]
fn fault_after_the_effect_changes_only_the_response() {
    let client = Client::new();
    let [cut, act] = [false, true].map(|act| Fault {
        act,
        kind: FaultKind::CutBody { after: 5 },
        ..busy("/cgi-bin/department/create", 0, 1)
    });
    client.simulator.inject(cut);
    assert_eq!(create(&client, "a"), 0, "the right response, cut");
    client.simulator.inject(act);
    assert_eq!(create(&client, "a"), 0, "it had not happened");
    assert_eq!(create(&client, "a"), 60008, "it had happened");
}

#[test]
fn each_kind_has_its_delivery() {
    for (kind, name, status, delivery) in [
        (
            FaultKind::Status { status: 502, body: "<html>".to_owned() },
            "status",
            502,
            Delivery::Whole,
        ),
        (FaultKind::Body(vec![0xff]), "body", 200, Delivery::Whole),
        (FaultKind::Redirect { location: "/x".to_owned() }, "redirect", 302, Delivery::Whole),
        (FaultKind::ResetBeforeReply, "reset_before_reply", 200, Delivery::Reset),
        (FaultKind::CutBody { after: 3 }, "cut_body", 200, Delivery::Cut { after: 3 }),
        (
            FaultKind::SlowBody { chunk: 0, pause_ms: 2 },
            "slow_body",
            200,
            Delivery::Slow { chunk: 1, pause: Duration::from_millis(2) },
        ),
        (FaultKind::EndlessBody, "endless_body", 200, Delivery::Endless),
        (FaultKind::SilentForever, "silent_forever", 200, Delivery::Silent),
    ] {
        let client = Client::new();
        client.simulator.inject(Fault { kind: kind.clone(), ..busy("", 0, 1) });
        let response = client.simulator.handle(&Client::request("GET", "/cgi-bin/gettoken", ""));
        assert_eq!((response.status, response.delivery), (status, delivery), "{kind:?}");
        assert_eq!(client.simulator.transcript()[0].fault.as_deref(), Some(name), "{kind:?}");
    }
}

#[test]
fn faults_are_read_and_written_as_json() {
    let fault: Fault = serde_json::from_str(r#"{"kind":"endless_body"}"#).unwrap();
    assert_eq!(fault, Fault { kind: FaultKind::EndlessBody, ..busy("", 0, 1) });
    let kind = FaultKind::SlowBody { chunk: 1, pause_ms: 2 };
    let text = serde_json::to_string(&kind).unwrap();
    assert_eq!(text, r#"{"slow_body":{"chunk":1,"pause_ms":2}}"#);
    assert!(serde_json::from_str::<Fault>(r#"{"kind":"endless_body","time":2}"#).is_err());
}
