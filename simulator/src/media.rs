//! Temporary media: uploads by applications and chatbots, downloads by applications.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::header;
use serde_json::{Value, json};

use crate::{
    answer::{Outcome, Refusal, Success},
    corp::{App, Chatbot, Corp},
    gate::Call,
    multipart::Part,
};

const LIFE: Duration = Duration::from_hours(3 * 24);
const MB: usize = 1024 * 1024;
const SMALLEST: usize = 6;
const ID_LENGTH: usize = 64;

/// Media by their ids.
#[derive(Clone, Default)]
pub(crate) struct Store {
    all: BTreeMap<String, Media>,
}

#[derive(Clone)]
pub(crate) struct Media {
    /// The order of uploads.
    number: u64,
    kind: Kind,
    filename: String,
    content_type: String,
    data: Bytes,
    owner: Owner,
    created: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Voice,
    Video,
    File,
}

/// Who may use a medium: every application of the corp, or one chatbot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Corp,
    Chatbot(&'static Chatbot),
}

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
    if data.len() < SMALLEST {
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
    let number = corp.next();
    let id = corp.fresh("media", ID_LENGTH);
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

pub(crate) fn is_image(data: &[u8]) -> bool {
    data.starts_with(b"\x89PNG\r\n\x1a\n") || data.starts_with(b"\xff\xd8\xff")
}

impl Store {
    /// A living medium of this kind that its owner may use.
    pub(crate) fn find(
        &self,
        id: &str,
        owner: Owner,
        kind: Kind,
        now: Duration,
    ) -> Result<&Media, Refusal> {
        let found = self.all.get(id);
        let usable = found.filter(|it| it.owner == owner && it.kind == kind && it.lives_at(now));
        usable.ok_or_else(|| Refusal::new(40007, "invalid media_id"))
    }

    pub(crate) fn state(&self) -> Value {
        let mut all: Vec<_> = self.all.iter().collect();
        all.sort_by_key(|(_, it)| it.number);
        let rows = all.into_iter().map(|(id, it)| {
            let owner = match it.owner {
                Owner::Corp => "corp",
                Owner::Chatbot(bot) => bot.role,
            };
            json!({
                "media_id": id, "type": it.kind.name(), "filename": it.filename,
                "content_type": it.content_type, "size": it.data.len(), "owner": owner,
                "created_at": it.created.as_secs(),
            })
        });
        rows.collect()
    }
}

impl Media {
    fn lives_at(&self, now: Duration) -> bool {
        now < self.created.saturating_add(LIFE)
    }

    pub(crate) fn filename(&self) -> &str {
        &self.filename
    }
}

impl Kind {
    fn named(name: &str) -> Result<Self, Refusal> {
        match name {
            "image" => Ok(Self::Image),
            "voice" => Ok(Self::Voice),
            "video" => Ok(Self::Video),
            "file" => Ok(Self::File),
            _ => Err(Refusal::new(40005, "invalid file type")),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::File => "file",
        }
    }

    fn largest(self) -> usize {
        match self {
            Self::Image | Self::Video => 10 * MB,
            Self::Voice => 2 * MB,
            Self::File => 20 * MB,
        }
    }
}

#[cfg(test)]
impl Corp {
    /// Puts a medium there for tests of those who refer to it.
    pub(crate) fn keep_for_test(&mut self, kind: Kind) -> String {
        let data = Bytes::from_static(match kind {
            Kind::Image => b"\x89PNG\r\n\x1a\n",
            Kind::Voice => b"#!AMR\n",
            _ => b"123456",
        });
        let part = Part { filename: "a".to_owned(), content_type: None, data };
        match store(self, part, kind, Owner::Corp, "") {
            Ok(Success::Json { members, .. }) => members["media_id"].as_str().unwrap().to_owned(),
            _ => panic!("not stored"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{known, testing::Client};

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

    fn bot_url(key: &str, kind: &str) -> String {
        format!("/cgi-bin/webhook/upload_media?key={key}&type={kind}")
    }

    #[test]
    fn an_upload_answers_as_documented() {
        let client = Client::new();
        let answer = client.upload("file", "班表.txt", b"123456");
        assert_eq!(answer["errcode"], 0);
        assert_eq!(answer["errmsg"], "");
        assert_eq!(answer["type"], "file");
        assert_eq!(answer["created_at"], "1789000000");
        assert_eq!(answer["media_id"].as_str().unwrap().len(), ID_LENGTH);

        let answer = client.upload_to(&bot_url(known::CHATBOT_KEY, "file"), "a.txt", b"123456");
        assert_eq!((&answer["errmsg"], &answer["errcode"]), (&json!("ok"), &json!(0)));

        let media = client.simulator.state()["media"].clone();
        assert_eq!(
            (&media[0]["owner"], &media[0]["filename"]),
            (&json!("corp"), &json!("班表.txt"))
        );
        assert_eq!((&media[1]["owner"], &media[1]["size"]), (&json!("chatbot"), &json!(6)));
    }

    #[test]
    fn uploads_are_refused_by_kind_and_size() {
        let client = Client::new();
        let png = |length: usize| [PNG, &vec![0; length - PNG.len()]].concat();
        let amr = |length: usize| [b"#!AMR\n".as_slice(), &vec![0; length - 6]].concat();
        for (kind, data, expected) in [
            ("picture", vec![0; 6], 40005),
            ("file", vec![0; 5], 40006),
            ("file", vec![0; 6], 0),
            ("file", vec![0; 20 * MB], 0),
            ("file", vec![0; 20 * MB + 1], 45001),
            ("video", vec![0; 10 * MB], 0),
            ("video", vec![0; 10 * MB + 1], 45001),
            ("image", png(10 * MB), 0),
            ("image", png(10 * MB + 1), 45001),
            ("image", b"\xff\xd8\xff\xe0\0\x10".to_vec(), 0),
            ("image", b"GIF89a".to_vec(), 40123),
            ("voice", amr(2 * MB), 0),
            ("voice", amr(2 * MB + 1), 45001),
            ("voice", b"ID3ID3".to_vec(), 301_017),
        ] {
            let length = data.len();
            assert_eq!(client.upload(kind, "a.bin", &data)["errcode"], expected, "{kind} {length}");
        }
        for (key, kind, expected) in [
            ("other", "file", 40058),
            (known::CHATBOT_KEY, "image", 40005),
            (known::CHATBOT_KEY, "video", 40005),
        ] {
            let answer = client.upload_to(&bot_url(key, kind), "a", b"123456");
            assert_eq!(answer["errcode"], expected, "{kind}");
        }
    }

    fn download(client: &Client, id: &str, range: Option<&str>) -> crate::Answer {
        let token = client.token(known::SECOND_APP_SECRET);
        let url = format!("/cgi-bin/media/get?access_token={token}&media_id={id}");
        let mut request = Client::request("GET", &url, "");
        if let Some(range) = range {
            request.headers_mut().insert(header::RANGE, range.parse().unwrap());
        }
        client.simulator.handle(&request)
    }

    #[test]
    fn downloads_give_the_bytes_for_three_days() {
        let client = Client::new();
        let id = client.media("file", "a.txt", b"123456");
        let answer = download(&client, &id, None);
        assert_eq!((answer.status, answer.body), (200, Bytes::from("123456")));
        let attachment = "attachment; filename=\"a.txt\"".to_owned();
        assert!(answer.headers.contains(&("content-disposition".to_owned(), attachment)));

        let answer = download(&client, &id, Some("bytes=1-2"));
        assert_eq!((answer.status, answer.body), (206, Bytes::from("23")));
        assert!(answer.headers.contains(&("content-range".to_owned(), "bytes 1-2/6".to_owned())));
        assert_eq!(download(&client, &id, Some("bytes=4-99")).body, "56");
        assert!(download(&client, &id, Some("bytes=6-")).body.starts_with(b"{\"errcode\":40058"));

        assert!(download(&client, "other", None).body.starts_with(b"{\"errcode\":40007"));
        client.simulator.advance(Duration::from_secs(3 * 86_400 - 1));
        assert_eq!(download(&client, &id, None).body, "123456");
        client.simulator.advance(Duration::from_secs(1));
        assert!(download(&client, &id, None).body.starts_with(b"{\"errcode\":40007"));
    }

    #[test]
    fn a_chatbots_media_are_its_own() {
        let client = Client::new();
        let url = bot_url(known::CHATBOT_KEY, "file");
        let id = client.upload_to(&url, "a", b"123456")["media_id"].as_str().unwrap().to_owned();
        assert!(download(&client, &id, None).body.starts_with(b"{\"errcode\":40007"));
    }
}
