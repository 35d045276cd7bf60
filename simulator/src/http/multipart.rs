//! Uploads: `multipart/form-data` with exactly one part, read as narrowly as the vendor does.

use bytes::Bytes;
use memchr::memmem;

use crate::corp::refusal::Refusal;

pub(crate) const NO_BOUNDARY: &str = "Content-Type declares no boundary";

/// The types that the vendor's page lists, and the registered name of JPEG.
const CONTENT_TYPES: [&str; 7] = [
    "application/octet-stream",
    "image/jpg",
    "image/jpeg",
    "image/png",
    "image/bmp",
    "voice/amr",
    "video/mp4",
];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) filename: String,
    pub(crate) content_type: Option<String>,
    pub(crate) data: Bytes,
}

/// The boundary that a `Content-Type` header declares, or what is wrong with the header.
pub(crate) fn boundary(content_type: &str) -> Result<&str, &'static str> {
    let mut parameters = content_type.split(';').map(str::trim);
    if !parameters.next().is_some_and(|it| it.eq_ignore_ascii_case("multipart/form-data")) {
        return Err("Content-Type must be multipart/form-data");
    }
    let found = parameters.find_map(|it| {
        let (name, value) = it.split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then_some(value)
    });
    match found {
        None | Some("") => Err(NO_BOUNDARY),
        Some(it) if it.contains('"') => Err("the boundary in Content-Type must not be quoted"),
        Some(it) if it.len() > 70 => Err("the boundary in Content-Type is longer than 70 bytes"),
        Some(it) => Ok(it),
    }
}

pub(crate) fn read(body: &Bytes, boundary: &str) -> Result<Part, Refusal> {
    let empty = |reason: &str| Refusal::new(44001, format!("empty media data: {reason}"));

    let opening = format!("--{boundary}\r\n");
    let delimiter = format!("\r\n--{boundary}");
    let Some(rest) = body.strip_prefix(opening.as_bytes()) else {
        return Err(empty("the body does not open with its boundary"));
    };
    let Some(head_end) = memmem::find(rest, b"\r\n\r\n") else {
        return Err(empty("the part has no end of headers"));
    };
    let start = opening.len() + head_end + 4;
    // A part without data may end right where its headers do.
    let Some(length) =
        memmem::find(body.get(start - 2..).unwrap_or_default(), delimiter.as_bytes())
    else {
        return Err(empty("the part is not closed by its boundary"));
    };
    let end = (start - 2 + length).max(start);
    match body.get(start - 2 + length + delimiter.len()..) {
        Some(b"--" | b"--\r\n") => {}
        _ => {
            return Err(Refusal::invalid(
                "media",
                "there must be exactly one part and nothing after it",
            ));
        }
    }

    let head = rest.get(..head_end).unwrap_or_default();
    let Ok(head) = str::from_utf8(head) else {
        return Err(Refusal::invalid("filename", "the headers of the part are not UTF-8"));
    };
    let mut disposition = None;
    let mut content_type = None;
    for line in head.split("\r\n") {
        let Some((name, value)) = line.split_once(':') else {
            return Err(Refusal::invalid("media", "a header of the part has no colon"));
        };
        match name.to_ascii_lowercase().as_str() {
            "content-disposition" => disposition = Some(value.trim()),
            "content-type" => content_type = Some(value.trim().to_owned()),
            "content-length" | "content-transfer-encoding" => {}
            _ => return Err(Refusal::invalid(name, "unknown header of the part")),
        }
    }
    if let Some(it) = content_type.as_deref().filter(|it| !CONTENT_TYPES.contains(it)) {
        return Err(Refusal::invalid(
            "Content-Type",
            format!("`{it}` is not a type of a media part"),
        ));
    }

    let data = body.slice(start..end);
    let filename = disposed(disposition.unwrap_or_default(), data.len())?;
    if data.is_empty() {
        return Err(empty("the part holds no byte"));
    }
    Ok(Part { filename, content_type, data })
}

/// The filename from a `Content-Disposition`, whose other parameters must be right.
fn disposed(header: &str, length: usize) -> Result<String, Refusal> {
    let Some(mut rest) = header.strip_prefix("form-data") else {
        return Err(Refusal::new(44001, "empty media data: the part is not form-data"));
    };
    let mut name = None;
    let mut filename = None;
    while let Some(parameter) = rest.trim_start().strip_prefix(';') {
        let Some((key, value)) = parameter.split_once('=') else {
            return Err(Refusal::invalid("Content-Disposition", "a parameter has no value"));
        };
        let value_text;
        (value_text, rest) = match value.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some(split) => split,
                None => return Err(Refusal::invalid(key.trim(), "the quote is not closed")),
            },
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        let slot = match key.trim() {
            "name" => &mut name,
            "filename" => &mut filename,
            "filelength" if value_text.parse() == Ok(length) => continue,
            "filelength" => {
                return Err(Refusal::invalid(
                    "filelength",
                    format!("says {value_text}, the part has {length}"),
                ));
            }
            it => return Err(Refusal::invalid(it, "not understood in Content-Disposition")),
        };
        if slot.replace(value_text).is_some() {
            return Err(Refusal::invalid(key.trim(), "given twice in Content-Disposition"));
        }
    }
    if !rest.trim().is_empty() {
        return Err(Refusal::invalid(
            "filename",
            "Content-Disposition goes on after a closing quote",
        ));
    }
    if name != Some("media") {
        return Err(Refusal::new(44001, "empty media data: there is no part named `media`"));
    }
    match filename {
        None | Some("") => Err(Refusal::new(44001, "empty media data: the part has no filename")),
        Some(it) if it.starts_with('/') => Err(Refusal::invalid("filename", "starts with /")),
        Some(it) if it.contains(['\\', ':']) || it.contains(char::is_control) => {
            Err(Refusal::invalid("filename", "holds a backslash, a colon or a control character"))
        }
        Some(it) => Ok(it.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "Content-Type: application/octet-stream\r\n";

    fn part(disposition: &str, data: &str) -> Bytes {
        format!("--b\r\nContent-Disposition: {disposition}\r\n{TYPE}\r\n{data}\r\n--b--\r\n").into()
    }

    fn refused(body: Bytes) -> String {
        let refusal = read(&body, "b").unwrap_err();
        format!("{} {}", refusal.code, refusal.text)
    }

    #[test]
    fn one_good_part_is_read() {
        let body =
            part("form-data; name=\"media\"; filename=\"班表.txt\"; filelength=8", "12\r\n--67");
        assert_eq!(
            read(&body, "b").unwrap(),
            Part {
                filename: "班表.txt".to_owned(),
                content_type: Some("application/octet-stream".to_owned()),
                data: "12\r\n--67".into(),
            }
        );
        read(&part("form-data; name=\"media\"; filename=\"a; b.txt\"", "123456"), "b").unwrap();
    }

    #[test]
    fn other_parts_are_refused_by_name() {
        for (disposition, naming) in [
            (
                "form-data; name=\"file\"; filename=\"a\"",
                "44001 empty media data: there is no part named",
            ),
            ("form-data; name=\"media\"", "44001 empty media data: the part has no filename"),
            ("form-data; name=\"media\"; filename=\"\"", "44001"),
            (
                "form-data; name=\"media\"; filename*=UTF-8''a",
                "40058 invalid parameter `filename*`",
            ),
            (
                "form-data; name=\"media\"; filename=\"a\"; filename=\"b\"",
                "`filename`: given twice",
            ),
            ("form-data; name=\"media\"; filename=\"/a\"", "`filename`: starts with /"),
            ("form-data; name=\"media\"; filename=\"a\\b\"", "`filename`: holds"),
            ("form-data; name=\"media\"; filename=\"a:b\"", "`filename`: holds"),
            ("form-data; name=\"media\"; filename=\"a\nb\"", "`filename`: holds"),
            ("form-data; name=\"media\"; filename=\"a\x7fb\"", "`filename`: holds"),
            ("form-data; name=\"media\"; filename=\"a\"b\"", "goes on after a closing quote"),
            ("form-data; name=\"media\"; filename=\"a", "`filename`: the quote is not closed"),
            ("form-data; name=\"media\"; filename=\"a\"; filelength=7", "says 7, the part has 6"),
            ("attachment; name=\"media\"; filename=\"a\"", "44001"),
        ] {
            let text = refused(part(disposition, "123456"));
            assert!(text.contains(naming), "{disposition}: {text}");
        }
    }

    #[test]
    fn the_frame_must_hold() {
        let good = "form-data; name=\"media\"; filename=\"a\"";
        let two = format!(
            "--b\r\nContent-Disposition: {good}\r\n\r\n1\r\n--b\r\nContent-Disposition: {good}\r\n\r\n2\r\n--b--"
        );
        for (body, code) in [
            (Bytes::new(), "44001"),
            (part(good, ""), "44001"),
            (format!("--b\r\nContent-Disposition: {good}\r\n\r\n--b--").into(), "44001"),
            (format!("--b\r\nContent-Disposition: {good}\r\n\r\n123456").into(), "44001"),
            ("--c\r\n\r\n".into(), "44001"),
            (two.into(), "40058"),
            (format!("--b\r\nContent-Disposition: {good}\r\nContent-Type: text/html\r\n\r\n1\r\n--b--").into(), "40058"),
            (format!("--b\r\nContent-Disposition: {good}\r\nX-Other: 1\r\n\r\n1\r\n--b--").into(), "40058"),
        ] {
            let text = refused(body.clone());
            assert!(text.starts_with(code), "{body:?}: {text}");
        }
    }

    #[test]
    fn boundaries_are_plain_tokens() {
        assert_eq!(boundary("multipart/form-data; boundary=b7f0c2"), Ok("b7f0c2"));
        for bad in
            ["application/json", "multipart/form-data", "multipart/form-data; boundary=\"b\""]
        {
            assert!(boundary(bad).is_err(), "{bad}");
        }
    }
}
