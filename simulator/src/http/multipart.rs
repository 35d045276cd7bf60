//! Uploads: `multipart/form-data`. No library of it refuses what strict mode refuses.

use bytes::Bytes;
use memchr::memmem;

use crate::{corp::refusal::Refusal, http::mode::Mode};

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
        name.eq_ignore_ascii_case("boundary").then_some(value.trim_matches('"'))
    });
    found.filter(|it| !it.is_empty()).ok_or(NO_BOUNDARY)
}

/// What strict mode finds wrong with the `Content-Type` of an upload. A missing boundary is not an error of the header: it
/// has its own code.
pub(crate) fn check_content_type(content_type: &str) -> Result<(), &'static str> {
    match boundary(content_type) {
        Ok(_) if content_type.contains('"') => {
            Err("the boundary in Content-Type must not be quoted")
        }
        Ok(it) if it.len() > 70 => Err("the boundary in Content-Type is longer than 70 bytes"),
        Ok(_) | Err(NO_BOUNDARY) => Ok(()),
        Err(reason) => Err(reason),
    }
}

/// The uploaded file: the first part with a filename, or in strict mode the only part, as narrow as the vendor's page.
pub(crate) fn read(body: &Bytes, boundary: &str, mode: Mode) -> Result<Part, Refusal> {
    match mode {
        Mode::Faithful => read_tolerantly(body, boundary),
        Mode::Strict => read_strictly(body, boundary),
    }
}

fn empty(reason: &str) -> Refusal {
    Refusal::new(44001, format!("empty media data: {reason}"))
}

fn read_tolerantly(body: &Bytes, boundary: &str) -> Result<Part, Refusal> {
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.as_bytes();
    let starts: Vec<_> = memmem::find_iter(body, delimiter)
        .filter(|at| *at == 0 || body.get(at - 1) == Some(&b'\n'))
        .collect();
    for (at, next) in starts.iter().zip(starts.iter().skip(1)) {
        let start = at + delimiter.len();
        let part = body.slice(start..*next);
        let Some(head_end) = memmem::find(&part, b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(part.get(..head_end).unwrap_or_default());
        let mut filename = None;
        let mut content_type = None;
        for (name, value) in head.lines().filter_map(|it| it.split_once(':')) {
            if name.eq_ignore_ascii_case("content-disposition") {
                let (parameters, _) = parameters(value);
                let found = parameters.into_iter().find(|(name, _)| *name == "filename");
                filename = found.map(|(_, it)| it.to_owned()).filter(|it| !it.is_empty());
            } else if name.eq_ignore_ascii_case("content-type") {
                content_type = Some(value.trim().to_owned()).filter(|it| !it.is_empty());
            }
        }
        let Some(filename) = filename else { continue };
        // The line break before the next delimiter belongs to the delimiter.
        let data_start = head_end + 4;
        let data_end = part.strip_suffix(b"\r\n").map_or(part.len(), <[u8]>::len);
        if data_start >= data_end {
            return Err(empty("the part holds no byte"));
        }
        return Ok(Part { filename, content_type, data: part.slice(data_start..data_end) });
    }
    Err(empty("there is no part with a filename"))
}

fn read_strictly(body: &Bytes, boundary: &str) -> Result<Part, Refusal> {
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

/// The parameters of a `Content-Disposition`, and what follows the last one that can be read.
fn parameters(header: &str) -> (Vec<(&str, &str)>, &str) {
    let mut found = Vec::new();
    let mut rest = header.find(';').and_then(|at| header.get(at..)).unwrap_or_default();
    while let Some((key, value)) =
        rest.trim_start().strip_prefix(';').and_then(|it| it.split_once('='))
    {
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some(split) => split,
                None => break,
            },
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        found.push((key.trim(), value));
        rest = after;
    }
    (found, rest.trim())
}

/// The filename from a `Content-Disposition`, whose other parameters must be correct.
fn disposed(header: &str, length: usize) -> Result<String, Refusal> {
    if !header.starts_with("form-data") {
        return Err(empty("the part is not form-data"));
    }
    let (parameters, rest) = parameters(header);
    if !rest.is_empty() {
        return Err(Refusal::invalid("Content-Disposition", format!("not understood: {rest}")));
    }
    let mut name = None;
    let mut filename = None;
    for (key, value) in parameters {
        let slot = match key {
            "name" => &mut name,
            "filename" => &mut filename,
            "filelength" if value.parse() == Ok(length) => continue,
            "filelength" => {
                let reason = format!("says {value}, the part has {length}");
                return Err(Refusal::invalid("filelength", reason));
            }
            it => return Err(Refusal::invalid(it, "not understood in Content-Disposition")),
        };
        if slot.replace(value).is_some() {
            return Err(Refusal::invalid(key, "given twice in Content-Disposition"));
        }
    }
    if name != Some("media") {
        return Err(empty("there is no part named `media`"));
    }
    match filename {
        None | Some("") => Err(empty("the part has no filename")),
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
        let refusal = read(&body, "b", Mode::Strict).unwrap_err();
        format!("{} {}", refusal.code, refusal.text)
    }

    #[test]
    fn one_good_part_is_read() {
        let body =
            part("form-data; name=\"media\"; filename=\"班表.txt\"; filelength=8", "12\r\n--67");
        assert_eq!(
            read(&body, "b", Mode::Strict).unwrap(),
            Part {
                filename: "班表.txt".to_owned(),
                content_type: Some("application/octet-stream".to_owned()),
                data: "12\r\n--67".into(),
            }
        );
        read(
            &part("form-data; name=\"media\"; filename=\"a; b.txt\"", "123456"),
            "b",
            Mode::Strict,
        )
        .unwrap();
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
            ("form-data; name=\"media\"; filename=\"a\"b\"", "not understood: b"),
            ("form-data; name=\"media\"; filename=\"a", "not understood: ; filename="),
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
    fn tolerated_uploads_are_read() {
        let file = "Content-Disposition: form-data; name=\"file\"; filename=\"班表:1.txt\"\r\n\r\n1\r\n--67";
        let typed = "Content-Disposition: attachment; filename=a.txt; filename*=UTF-8''b\r\nX-Other: 1\r\nContent-Type: text/plain\r\n\r\n1\r\n--67";
        let field = "Content-Disposition: form-data; name=\"type\"\r\n\r\nfile";
        for (body, filename, content_type) in [
            (format!("--b\r\n{file}\r\n--b--"), "班表:1.txt", None),
            (format!("--b\r\n{field}\r\n--b\r\n{file}\r\n--b--\r\n"), "班表:1.txt", None),
            (
                format!("preamble\r\n--b\r\n{typed}\r\n--b\r\n{field}\r\n--b--\r\n"),
                "a.txt",
                Some("text/plain"),
            ),
        ] {
            let part = read(&Bytes::from(body.clone()), "b", Mode::Faithful).unwrap();
            assert_eq!(
                (part.filename.as_str(), part.content_type.as_deref()),
                (filename, content_type)
            );
            assert_eq!(part.data, "1\r\n--67");
        }
        for body in [
            String::new(),
            format!("--b\r\n{field}\r\n--b--"),
            format!("--b\r\n{file}"),
            format!("--c\r\n{file}\r\n--c--"),
            "--b\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; filename=\"\"\r\n\r\n1\r\n--b--".to_owned(),
            "--b\r\nContent-Disposition: form-data; filename*=UTF-8''a\r\n\r\n1\r\n--b--"
                .to_owned(),
        ] {
            let refusal = read(&Bytes::from(body.clone()), "b", Mode::Faithful).unwrap_err();
            assert_eq!(refusal.code, 44001, "{body}");
        }
    }

    #[test]
    fn boundaries_are_plain_tokens_in_strict_mode() {
        assert_eq!(boundary("multipart/form-data; boundary=b7f0c2"), Ok("b7f0c2"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"b\""), Ok("b"));
        assert!(check_content_type("multipart/form-data").is_ok(), "44001 later");
        for bad in ["application/json", "multipart/form-data; boundary=\"b\""] {
            assert!(check_content_type(bad).is_err(), "{bad}");
        }
    }
}
