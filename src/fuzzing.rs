//! What the fuzzers in `fuzz/` call, and the test that plays their corpus: any bytes as an answer, any file to upload.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a fuzzer finds what panics"
)]

use alloc::{format, string::String, vec, vec::Vec};
use core::fmt::Debug;

use serde::de::IgnoredAny;
use serde_json::Value;

use crate::{
    actions::{app_messages, departments, group_chats, media, members, tokens},
    bindings::exports::wecom::connector::{
        app_messages::{AppText, Recipients},
        departments::NewDepartment,
        group_chats::NewGroupChat,
        media::{MediaKind, NewMedia},
        members::NewMember,
        types::{Application, ApplicationCredentials, Error},
    },
    call::{Access, Call, Reply},
    credentials::Account,
    exchange::{Exchange, Response, Step, Tokens},
    json::Reader,
    wire,
};

/// Longer than what hides by chance in an error text.
const SECRET: &str = "canary-secret/%";
const TOKEN: &str = "canary-token/%";

/// Bytes as the answer to one call of each kind. What is accepted must say so, and what is refused too.
pub fn reply(bytes: &[u8]) {
    if let Ok(text) = core::str::from_utf8(bytes) {
        json(text);
    }
    let text = "x";
    read(tokens::fetch("c", "s"), bytes);
    read(departments::list_department_ids(None).unwrap(), bytes);
    read(members::list_member_ids(None, None).unwrap(), bytes);
    read(group_chats::get_group_chat(text.into()).unwrap(), bytes);
    read(departments::delete_department(7).unwrap(), bytes);
    let department = NewDepartment {
        name: text.into(),
        english_name: None,
        parent_id: 1,
        order: None,
        id: None,
    };
    read(departments::create_department(department).unwrap(), bytes);
    let (members, name, owner, id) = (vec!["a".into(), "b".into()], None, None, None);
    let chat = NewGroupChat { name, owner, members, id };
    read(group_chats::create_group_chat(chat).unwrap(), bytes);
    read(members::create_member(new_member()).unwrap(), bytes);
    let message = AppText {
        recipients: Recipients::Everyone,
        content: text.into(),
        confidentiality: None,
        options: None,
    };
    read(app_messages::send_app_text(message).unwrap(), bytes);
    let file = NewMedia { kind: MediaKind::File, file_name: text.into(), content: vec![0; 6] };
    read(media::upload_media(file).unwrap(), bytes);
}

/// Any text: it is JSON to the connector if it is to `serde_json`, and the other way round, up to the depth that it goes to.
pub(crate) fn json(text: &str) {
    let mut reader = Reader::new(text);
    let taken = reader.skip().is_some() && reader.ended();
    if depth(text) <= 127 {
        assert_eq!(taken, serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
    } else {
        assert!(!taken, "{text}");
    }
}

/// How deep objects and lists are within each other, of what is JSON.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => depth += 1,
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn read<T>(call: Call<T>, bytes: &[u8]) {
    match call.outgoing.read(bytes) {
        Ok(Reply::Accepted(answer)) => {
            serde_json::from_slice::<IgnoredAny>(bytes).expect("accepted, and not JSON");
            // Halves of characters, and numbers that no computer holds, in what nobody reads.
            let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
            let granted =
                call.outgoing.access == Access::Open && value.get("access_token").is_some();
            let code = value.get("errcode").filter(|it| !it.is_null());
            match code {
                Some(code) => assert_eq!(code, 0, "accepted, and refused"),
                None => assert!(granted, "accepted, and without a code"),
            }
            // What the result is made of may be missing; then there is none.
            let _ = (call.read)(answer);
        }
        Ok(Reply::Refused { code, .. }) => assert_ne!(code, 0, "refused, and accepted"),
        Err(_) => {}
    }
}

/// Bytes as the status and the body of every answer within one exchange. It ends, and no error tells a secret.
pub fn exchange(bytes: &[u8]) {
    let Some(([status, rounds], bytes)) = bytes.split_first_chunk() else { return };
    let status = [200, 200, 200, 302, 404, 500, 204][usize::from(*status) % 7];
    let credentials = ApplicationCredentials {
        corp_id: "c".into(),
        secret: Some(SECRET.into()),
        contacts_secret: None,
        agent_id: None,
        base_url: None,
    };
    let account = Account::of_application(Application::Credentials(credentials), &[]).unwrap();
    let call = departments::delete_department(7).unwrap();
    let tokens = Tokens::new();
    let started = Exchange::start(&account, call.outgoing, &tokens, 0);
    let Ok((mut exchange, mut step)) = started else { panic!("it did not start") };
    let token = format!(r#"{{"errcode":0,"access_token":"{TOKEN}","expires_in":7200}}"#);
    let mut requests = 0;
    // What a server can repeat.
    let mut sent = vec![SECRET];
    let error = loop {
        let request = match step {
            Step::Send(request) => request,
            Step::Done(Ok(answer)) => {
                check_silent(&answer, &sent);
                return;
            }
            Step::Done(Err(error)) => break error,
        };
        requests += 1;
        assert!(requests <= 4, "it does not end");
        let grant = request.path_with_query.contains("gettoken") && rounds & 1 == 0;
        if grant {
            sent.push(TOKEN);
        }
        let (status, body) =
            if grant { (200, token.clone().into_bytes()) } else { (status, bytes.to_vec()) };
        step = exchange.answer(Ok(Response { status, body }), 0);
    };
    assert!(!matches!(error, Error::ExecutionFailed));
    check_silent(&error, &sent);
}

fn check_silent(told: &impl Debug, sent: &[&str]) {
    let told = format!("{told:?}");
    for &secret in sent {
        let mut encoded = String::new();
        wire::percent_encode(&mut encoded, secret);
        for spelling in [secret, &encoded, &wire::with_small_digits(&encoded)] {
            assert!(!told.contains(spelling), "{told}");
        }
    }
}

/// A file, the name of which comes before its first line break: the frame of the upload can be read back without doubt.
pub fn upload(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |it| *it == b'\n');
    let name = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let content = parts.next().unwrap_or_default().to_vec();
    let file =
        NewMedia { kind: MediaKind::File, file_name: name.clone(), content: content.clone() };
    if media::upload_media(file).is_err() {
        return;
    }

    let upload = wire::upload(&name, "application/octet-stream", content.clone());
    let body = upload.parts.concat();
    let (_, boundary) = upload.content_type.split_once("boundary=").unwrap();
    assert!(boundary.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-'));
    let delimiter = format!("\r\n--{boundary}");
    let rest = body.strip_prefix(format!("--{boundary}\r\n").as_bytes()).expect("no beginning");
    let head_end = position(rest, b"\r\n\r\n").expect("no end of the head");
    let (head, rest) = rest.split_at(head_end);
    let head = core::str::from_utf8(head).expect("a head that is not UTF-8");
    let lines: Vec<_> = head.split("\r\n").collect();
    let disposition = format!(
        "Content-Disposition: form-data; name=\"media\"; filename=\"{name}\"; filelength={}",
        content.len()
    );
    assert_eq!(lines, [disposition.as_str(), "Content-Type: application/octet-stream"]);
    assert_eq!(disposition.matches('"').count(), 4);
    let rest = rest.get(4..).expect("no content");
    // Behind the content, and nowhere before.
    assert_eq!(position(rest, delimiter.as_bytes()), Some(content.len()));
    assert_eq!(rest.get(..content.len()), Some(content.as_slice()));
    assert_eq!(rest.get(content.len()..), Some(format!("{delimiter}--\r\n").as_bytes()));
}

fn position(within: &[u8], of: &[u8]) -> Option<usize> {
    within.windows(of.len()).position(|it| it == of)
}

fn new_member() -> NewMember {
    NewMember {
        user_id: "a".into(),
        name: "a".into(),
        alias: None,
        gender: None,
        enabled: None,
        main_department: None,
        position: None,
        departments: None,
        direct_superiors: None,
        telephone: None,
        mobile: Some("+1".into()),
        email: None,
        corp_email: None,
        address: None,
        to_invite: None,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_corpus_is_harmless() {
        for (target, run) in [
            ("reply", reply as fn(&[u8])),
            ("exchange", exchange as fn(&[u8])),
            ("upload", upload as fn(&[u8])),
        ] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
            let mut files = 0;
            for file in fs::read_dir(folder).unwrap() {
                run(&fs::read(file.unwrap().path()).unwrap());
                files += 1;
            }
            assert!(files > 9, "{target}: {files} files");
        }
    }
}
