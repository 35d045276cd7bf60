//! Uploads by applications and chatbots, downloads by applications.

use http::header;
use serde_json::json;

use crate::{
    corp::{
        Corp,
        identities::{App, Chatbot},
        media::{Kind, MIN_BYTES, Media, Owner, is_image},
        refusal::Refusal,
    },
    http::{
        multipart::Part,
        request::Call,
        response::{Outcome, Success},
    },
};

const ID_LENGTH: usize = 64;
/// The largest permanent image.
const MAX_IMAGE: usize = 2 * 1024 * 1024;

pub(crate) fn upload(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let kind = kind(call)?;
    store(corp, call.upload()?, kind, Owner::Corp, "")
}

pub(crate) fn upload_for_chatbot(
    corp: &mut Corp,
    bot: Option<&'static Chatbot>,
    call: &Call,
) -> Outcome {
    // An empty part is found before a wrong key.
    let part = call.upload()?;
    let bot = bot.ok_or_else(|| Refusal::new(40058, "invalid param 'key'"))?;
    let kind = kind(call)?;
    if !matches!(kind, Kind::File | Kind::Voice) {
        return Err(Refusal::new(40005, "invalid file type"));
    }
    store(corp, part, kind, Owner::Chatbot(bot), "ok")
}

/// A permanent image, for the bodies of articles.
pub(crate) fn upload_image(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Part { filename, data, .. } = call.upload()?;
    if !(MIN_BYTES..=MAX_IMAGE).contains(&data.len()) {
        return Err(Refusal::new(
            40009,
            "invalid image size: must be more than 5 bytes and at most 2 MB",
        ));
    }
    if !is_image(&data) {
        return Err(Refusal::new(40123, "invalid image: not JPG or PNG"));
    }
    let now = corp.now();
    let id = corp.fresh_id("image", ID_LENGTH);
    let url = format!("https://wework.qpic.invalid/wwpic/{id}/0");
    if !corp.media.add_image(url.clone(), filename, data.len(), now) {
        return Err(Refusal::new(45009, "api freq out of limit"));
    }
    Ok(Success::with("", json!({ "url": url })))
}

fn kind(call: &Call) -> Result<Kind, Refusal> {
    let name = call.query.text("type").unwrap_or_default();
    Kind::named(name).ok_or_else(|| Refusal::new(40005, "invalid file type"))
}

fn store(corp: &mut Corp, part: Part, kind: Kind, owner: Owner, errmsg: &str) -> Outcome {
    let Part { filename, content_type, data } = part;
    kind.check(&data)?;
    let content_type = content_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let created = corp.now();
    let number = corp.next_serial();
    let id = corp.fresh_id("media", ID_LENGTH);
    corp.media
        .insert(id.clone(), Media { number, kind, filename, content_type, data, owner, created });
    let created_at = created.as_secs().to_string();
    let members = json!({ "type": kind.name(), "media_id": id, "created_at": created_at });
    Ok(Success::with(errmsg, members))
}

pub(crate) fn get(corp: &mut Corp, _: &'static App, call: &Call) -> Outcome {
    let Some(id) = call.query.text("media_id") else {
        return Err(Refusal::new(41006, "media_id missing"));
    };
    let media = corp.media.find_any(id, Owner::Corp, corp.now())?;
    let length = media.data.len();
    let mut headers = vec![
        ("content-type".to_owned(), media.content_type.clone()),
        ("content-disposition".to_owned(), format!("attachment; filename=\"{}\"", media.filename)),
        ("accept-ranges".to_owned(), "bytes".to_owned()),
    ];
    let Some(range) = call.header(&header::RANGE) else {
        return Ok(Success::Raw { status: 200, headers, body: media.data.clone() });
    };
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
