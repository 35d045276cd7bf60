//! Entry points of the fuzzers in `fuzz/`, and a test that replays their corpus: any bytes as a response, any file, any
//! text.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::indexing_slicing,
    reason = "a fuzzer finds what panics"
)]

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use core::{cell::RefCell, fmt::Debug};

use serde_json::Value;

use crate::{
    actions::{app_messages, departments, diagnosis, group_chats, media, members},
    bindings::wit::{
        app_messages::{AppText, CardChange, Recipients, TemplateCardUpdate},
        departments::NewDepartment,
        group_chats::NewGroupChat,
        media::{MediaKind, NewMedia},
        members::{MemberQuery, NewMember},
        texts::TextFormat,
        types::{Application, ApplicationCredentials, Error, FileContent, Language, NewFile},
    },
    call::{Auth, Call},
    credentials::Account,
    exchange::{Exchange, HttpResponse, Step},
    multipart::Upload,
    redact,
    response::{Accepted, FileHeaders, Response},
    split::split_text,
    token_cache::{Issued, TokenCache, gettoken},
};

/// Long enough not to be in an error by chance.
const SECRET: &str = "canary-secret/%";
const TOKEN: &str = "canary-token/%";

/// Bytes as the response to a call of each kind.
pub fn reply(bytes: &[u8]) {
    let text = "x";
    let Call { request, .. } = gettoken("c", "s");
    parse(Call { request, parse: Box::new(Issued::parse) }, bytes);
    parse(departments::list_department_ids(None).unwrap(), bytes);
    parse(members::list_member_ids(None, None).unwrap(), bytes);
    parse(group_chats::get_group_chat(text.into()).unwrap(), bytes);
    parse(departments::list_departments(None).unwrap(), bytes);
    parse(departments::get_department(7).unwrap(), bytes);
    parse(members::get_member(text.into()).unwrap(), bytes);
    let query = MemberQuery { detail: None, recursive: None };
    parse(members::list_members(7, query).unwrap(), bytes);
    parse(members::find_member_by_mobile("13900").unwrap(), bytes);
    parse(diagnosis::get_agent(7), bytes);
    parse(departments::delete_department(7).unwrap(), bytes);
    let department = NewDepartment {
        name: text.into(),
        english_name: None,
        parent_id: 1,
        order: None,
        id: None,
    };
    parse(departments::create_department(department).unwrap(), bytes);
    let (members, name, owner, id) = (vec!["a".into(), "b".into()], None, None, None);
    let chat = NewGroupChat { name, owner, members, id };
    parse(group_chats::create_group_chat(chat).unwrap(), bytes);
    parse(members::create_member(new_member()).unwrap(), bytes);
    let message = AppText {
        recipients: Recipients::Everyone,
        content: text.into(),
        confidentiality: None,
        options: None,
    };
    parse(app_messages::send_app_text(message).unwrap(), bytes);
    let file = NewMedia {
        kind: MediaKind::File,
        file_name: text.into(),
        content: FileContent::Bytes(vec![0; 6]),
    };
    parse(media::upload_media(file).unwrap(), bytes);
    let content = FileContent::Bytes(b"\x89PNG\r\n\x1a\n".to_vec());
    let image = NewFile { file_name: text.into(), content };
    parse(media::upload_article_image(image).unwrap(), bytes);
    let update = TemplateCardUpdate {
        recipients: Recipients::Everyone,
        agent_id: None,
        response_code: text.into(),
        enable_id_trans: None,
        change: CardChange::ButtonText(text.into()),
    };
    parse(app_messages::update_template_card(update).unwrap(), bytes);
}

fn parse<T>(call: Call<T>, bytes: &[u8]) {
    match Response::parse(bytes.to_vec(), call.request.auth) {
        Ok(Response::Accepted(accepted)) => {
            // `Value` has no lone surrogates and no numbers beyond f64, which are accepted where nothing reads them.
            if let Ok(value) = serde_json::from_slice::<Value>(bytes) {
                match value.get("errcode").filter(|it| !it.is_null()) {
                    Some(code) => assert!(
                        code == 0 || code.as_str().is_some_and(|it| it.trim().parse() == Ok(0)),
                        "accepted with another code than 0"
                    ),
                    None => assert!(
                        call.request.auth == Auth::None && value.get("access_token").is_some(),
                        "accepted without a code"
                    ),
                }
            }
            // It may lack a part of the result.
            let _ = (call.parse)(accepted);
        }
        Ok(Response::Refused(it)) => assert_ne!(it.code, 0, "refused with code 0"),
        Err(_) => {}
    }
}

/// A download: a byte for which of the three headers there are, the status, and whether a range was asked for; the headers, a
/// line each; and the body. What is returned is of the body, and no more than was asked for.
pub fn file(bytes: &[u8]) {
    let Some(([flags], bytes)) = bytes.split_first_chunk() else { return };
    let mut parts = bytes.splitn(4, |it| *it == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let header =
        |flag, bytes| (flags & flag != 0).then(|| String::from_utf8_lossy(bytes).into_owned());
    let headers = FileHeaders {
        media_type: header(1, part()),
        disposition: header(2, part()),
        range: header(4, part()),
    };
    let body = part();
    let status = if flags & 8 == 0 { 200 } else { 206 };
    let range = (flags & 16 != 0).then_some((1, 4));
    let is_whole = range.is_none() || headers.range.is_some();
    match Response::parse_file(status, body.to_vec(), headers, range, Auth::Application) {
        Ok(Response::Accepted(Accepted { file: Some(file), .. })) => {
            let whole = body;
            let asked = whole.get(1..whole.len().min(5)).unwrap_or_default();
            assert_eq!(file.content, if is_whole { whole } else { asked });
            assert!(file.name.is_none_or(|it| !it.trim().is_empty()));
        }
        Ok(Response::Accepted(_)) => panic!("accepted without a file"),
        Ok(Response::Refused(it)) => assert_ne!(it.code, 0, "refused with code 0"),
        Err(_) => {}
    }
}

/// Bytes as the status and the body of every response of one exchange. It ends, and no error holds a secret.
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
    let account = Account::of_application(Application::Credentials(credentials), Vec::new).unwrap();
    let call = departments::delete_department(7).unwrap();
    let tokens = RefCell::new(TokenCache::new());
    let Ok(mut exchange) = Exchange::new(&account, call.request, &tokens, 0, || Language::English)
    else {
        panic!("it did not start")
    };
    let mut step = exchange.first();
    let token = format!(r#"{{"errcode":0,"access_token":"{TOKEN}","expires_in":7200}}"#);
    let mut requests = 0;
    // What the server can repeat.
    let mut sent = vec![SECRET];
    let error = loop {
        let request = match step {
            Step::Send(request) => request,
            Step::Done(Ok(accepted)) => {
                check_redacted(&accepted.warnings.into_text(), &sent);
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
        let headers = FileHeaders::default();
        step = exchange.receive(Ok(HttpResponse { status, headers, body }));
    };
    assert!(!matches!(error, Error::ExecutionFailed));
    check_redacted(&error, &sent);
}

fn check_redacted(passed_on: &impl Debug, sent: &[&str]) {
    let text = format!("{passed_on:?}");
    for &secret in sent {
        for spelling in redact::spellings(secret) {
            assert!(!text.contains(&spelling), "{text}");
        }
    }
}

/// A file, with its name before the first line break: the upload can be parsed without ambiguity.
pub fn upload(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |it| *it == b'\n');
    let name = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let content = parts.next().unwrap_or_default().to_vec();
    let file = NewMedia {
        kind: MediaKind::File,
        file_name: name.clone(),
        content: FileContent::Bytes(content.clone()),
    };
    if media::upload_media(file).is_err() {
        return;
    }

    let upload = Upload::new(&name, "application/octet-stream", content.clone());
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
    // After the content, and not within it.
    assert_eq!(position(rest, delimiter.as_bytes()), Some(content.len()));
    assert_eq!(rest.get(..content.len()), Some(content.as_slice()));
    assert_eq!(rest.get(content.len()..), Some(format!("{delimiter}--\r\n").as_bytes()));
}

/// A text, after a byte each for the format, the limit and the numbers: no part is over the limit, and all of the text that a
/// reader sees is kept in order. A fence whose info string is too long for a part loses it, which is not shown.
pub fn split(bytes: &[u8]) {
    let Some(([format, limit, numbered], text)) = bytes.split_first_chunk() else { return };
    let format = match *format % 3 {
        0 => TextFormat::Plain,
        1 => TextFormat::Markdown,
        _ => TextFormat::MarkdownV2,
    };
    let limit = 64 + u32::from(*limit);
    let text = String::from_utf8_lossy(text).into_owned();
    let parts = split_text(text.clone(), format, limit, numbered & 1 == 1).unwrap();
    assert!(parts.iter().all(|it| it.len() <= limit as usize), "{text:?} {parts:?}");
    let mut kept = parts.iter().flat_map(|it| it.chars());
    let is_shown =
        |line: &&str| format == TextFormat::Plain || !line.contains("```") && !line.contains("~~~");
    let shown = text.split_inclusive('\n').filter(is_shown);
    let mut visible = shown.flat_map(str::chars).filter(|it| !it.is_whitespace());
    assert!(visible.all(|it| kept.any(|other| other == it)), "{text:?} {parts:?}");
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
    fn corpus_has_no_failures() {
        for (target, run) in [
            ("reply", reply as fn(&[u8])),
            ("file", file),
            ("exchange", exchange),
            ("upload", upload as fn(&[u8])),
            ("split", split as fn(&[u8])),
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
