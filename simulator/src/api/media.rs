//! Temporary media: uploads by applications and chatbots, downloads by applications.

use http::header;
use serde_json::json;

use crate::{
    corp::{
        Corp,
        identities::{App, Chatbot},
        media::{Kind, Media, Owner, is_image},
        refusal::Refusal,
    },
    http::{
        multipart::Part,
        request::Call,
        response::{Outcome, Success},
    },
};

const MIN_BYTES: usize = 6;
const ID_LENGTH: usize = 64;

pub(crate) fn upload(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let kind = Kind::named(call.query.text("type").unwrap_or_default())?;
    store(corp, call.upload()?, kind, Owner::Corp, "")
}

pub(crate) fn upload_for_chatbot(corp: &mut Corp, bot: &'static Chatbot, call: &Call) -> Outcome {
    let kind = Kind::named(call.query.text("type").unwrap_or_default())?;
    if !matches!(kind, Kind::File | Kind::Voice) {
        return Err(Refusal::new(40005, "invalid file type"));
    }
    store(corp, call.upload()?, kind, Owner::Chatbot(bot), "ok")
}

fn store(corp: &mut Corp, part: Part, kind: Kind, owner: Owner, errmsg: &str) -> Outcome {
    let Part { filename, content_type, data } = part;
    if data.len() < MIN_BYTES {
        return Err(Refusal::new(40006, "invalid media size: must be more than 5 bytes"));
    }
    if data.len() > kind.largest() {
        return Err(Refusal::new(45001, "media file is too big"));
    }
    match kind {
        Kind::Image if !is_image(&data) => {
            return Err(Refusal::new(40123, "invalid image: not JPG or PNG"));
        }
        Kind::Voice if !data.starts_with(b"#!AMR") => {
            return Err(Refusal::new(301_017, "voice file is not AMR"));
        }
        _ => {}
    }
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let created = corp.now();
    let number = corp.next_serial();
    let id = corp.fresh_id("media", ID_LENGTH);
    corp.media
        .all
        .insert(id.clone(), Media { number, kind, filename, content_type, data, owner, created });
    let members =
        json!({ "type": kind.name(), "media_id": id, "created_at": created.as_secs().to_string() });
    Ok(Success::with(errmsg, members))
}

pub(crate) fn get(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Some(id) = call.query.text("media_id") else {
        return Err(Refusal::new(41006, "media_id missing"));
    };
    let found = corp.media.all.get(id);
    let Some(media) = found.filter(|it| it.owner == Owner::Corp && it.lives_at(corp.now())) else {
        return Err(Refusal::new(40007, "invalid media_id"));
    };
    let mut headers = vec![
        ("content-type".to_owned(), media.content_type.clone()),
        ("content-disposition".to_owned(), format!("attachment; filename=\"{}\"", media.filename)),
    ];
    let Some(range) = call.header(&header::RANGE) else {
        return Ok(Success::Raw { status: 200, headers, body: media.data.clone() });
    };
    let length = media.data.len();
    let Some((first, last)) = read_range(range, length) else {
        return Err(Refusal::invalid("Range", "must be bytes=first-last, inside the file"));
    };
    headers.push(("content-range".to_owned(), format!("bytes {first}-{last}/{length}")));
    Ok(Success::Raw { status: 206, headers, body: media.data.slice(first..=last) })
}

/// The first and the last byte that a `Range` header asks for.
fn read_range(range: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first = first.parse().ok()?;
    let end = length.checked_sub(1)?;
    let last = if last.is_empty() { end } else { last.parse::<usize>().ok()?.min(end) };
    (first <= last).then_some((first, last))
}
