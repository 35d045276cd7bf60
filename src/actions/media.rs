//! The files of messages.

use alloc::{format, string::String};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use crate::{
    bindings::wit::{
        media::{
            ByteRange, ChatbotMediaKind, ContentEncoding, DownloadedMedia, GetMediaOptions,
            MediaKind, NewChatbotMedia, NewMedia, UploadedArticleImage, UploadedMedia,
        },
        types::{Error, FileContent, MediaId, NewFile},
    },
    call::{Auth, Call},
    multipart::Upload,
    response::{DownloadedFile, Unexpected},
    validate::Check,
    wire::Lenient,
};

const MB: usize = 1 << 20;
/// WeCom refuses to return more at once (830002).
const MAX_RANGE_BYTES: u64 = 20 << 20;

/// `POST /cgi-bin/media/upload`
pub(crate) fn upload_media(media: NewMedia) -> Result<Call<UploadedMedia>, Error> {
    let NewMedia { kind, file_name, content } = media;
    let mut check = Check::default();
    let call = upload(&mut check, "media", For::Application(kind), NewFile { file_name, content });
    check.finish()?;

    Ok(call)
}

/// `POST /cgi-bin/webhook/upload_media`
pub(crate) fn upload_chatbot_media(media: NewChatbotMedia) -> Result<Call<UploadedMedia>, Error> {
    let NewChatbotMedia { kind, file_name, content } = media;
    let mut check = Check::default();
    let call = upload(&mut check, "media", For::Chatbot(kind), NewFile { file_name, content });
    check.finish()?;

    Ok(call)
}

/// `POST /cgi-bin/media/uploadimg`
pub(crate) fn upload_article_image(image: NewFile) -> Result<Call<UploadedArticleImage>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        url: Lenient<Option<String>>,
    }

    let mut check = Check::default();
    let upload = file(&mut check, "image", MediaKind::Image, 2 * MB, image);
    check.finish()?;

    Ok(Call::upload("/cgi-bin/media/uploadimg", Auth::Application, upload).map(
        |Response { url }, mut warnings| {
            let url = warnings.value("url", url);
            Ok(UploadedArticleImage {
                url: url.ok_or_else(|| Unexpected::lacks("url"))?,
                warning: warnings.into_text(),
            })
        },
    ))
}

/// `GET /cgi-bin/media/get`
pub(crate) fn get_media(
    id: MediaId,
    options: GetMediaOptions,
) -> Result<Call<DownloadedMedia>, Error> {
    let GetMediaOptions { range, encoding } = options;
    let mut check = Check::default();
    check.opaque_id("media-id", &id);
    if let Some(ByteRange { first, last }) = range {
        if last < first {
            check.reject("options.range.last", "must not be below `first`");
        } else if last - first >= MAX_RANGE_BYTES {
            check.reject("options.range", "must have at most 20971520 bytes");
        }
    }
    check.finish()?;

    let range = range.map(|ByteRange { first, last }| (first, last));
    Ok(Call::get("/cgi-bin/media/get", Auth::Application).query("media_id", id).download(
        range,
        move |DownloadedFile { name, media_type, content, total }| {
            let content = match encoding.unwrap_or(ContentEncoding::Base64) {
                ContentEncoding::Bytes => FileContent::Bytes(content),
                ContentEncoding::Base64 => FileContent::Base64(STANDARD.encode(content)),
            };
            Ok(DownloadedMedia {
                file_name: name,
                content_type: media_type,
                content,
                total_bytes: total,
            })
        },
    ))
}

/// Whose messages a file is for, and as what.
#[derive(Clone, Copy)]
pub(super) enum For {
    Application(MediaKind),
    Chatbot(ChatbotMediaKind),
}

impl For {
    fn kind(self) -> MediaKind {
        match self {
            Self::Application(kind) => kind,
            Self::Chatbot(ChatbotMediaKind::File) => MediaKind::File,
            Self::Chatbot(ChatbotMediaKind::Voice) => MediaKind::Voice,
        }
    }

    /// Its name on the wire, of an upload and of a message.
    pub(super) fn name(self) -> &'static str {
        match self.kind() {
            MediaKind::Image => "image",
            MediaKind::Voice => "voice",
            MediaKind::Video => "video",
            MediaKind::File => "file",
        }
    }
}

/// The upload of a file. Its violations are those of the message that it is for.
pub(super) fn upload(
    check: &mut Check,
    field: &str,
    purpose: For,
    new: NewFile,
) -> Call<UploadedMedia> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        media_id: Lenient<Option<MediaId>>,
        created_at: Lenient<Option<u64>>,
    }

    let (path, auth) = match purpose {
        For::Application(_) => ("/cgi-bin/media/upload", Auth::Application),
        For::Chatbot(_) => ("/cgi-bin/webhook/upload_media", Auth::Chatbot),
    };
    let kind = purpose.kind();
    let max = match kind {
        MediaKind::Image | MediaKind::Video => 10 * MB,
        MediaKind::Voice => 2 * MB,
        MediaKind::File => 20 * MB,
    };
    let upload = file(check, field, kind, max, new);
    Call::upload(path, auth, upload).query("type", purpose.name()).map(
        |Response { media_id, created_at }, mut warnings| {
            let id = warnings.value("media_id", media_id);
            Ok(UploadedMedia {
                id: id.ok_or_else(|| Unexpected::lacks("media_id"))?,
                created_at: warnings.value("created_at", created_at),
                warning: warnings.into_text(),
            })
        },
    )
}

fn file(check: &mut Check, field: &str, kind: MediaKind, max: usize, file: NewFile) -> Upload {
    let NewFile { file_name, content } = file;
    let (name_field, field) = (format!("{field}.file-name"), format!("{field}.content"));
    check.not_empty(&name_field, &file_name);
    check.forbid_chars(&name_field, &file_name, "\\:\"");
    if file_name.starts_with('/') {
        check.reject(&name_field, "must not start with `/`");
    }
    if file_name.contains(char::is_control) {
        check.reject(&name_field, "must not contain control characters");
    }
    let content = check.file_content(&field, content);
    check.size(&field, &content, 6..=max);
    let part_type = match kind {
        MediaKind::Image => {
            check_image(check, &field, &content);
            if is_png(&content) { "image/png" } else { "image/jpg" }
        }
        MediaKind::Voice => {
            if !content.starts_with(b"#!AMR") {
                check.reject(&field, "must be AMR");
            }
            "voice/amr"
        }
        MediaKind::Video => {
            if content.get(4..8) != Some(b"ftyp") {
                check.reject(&field, "must be MP4");
            }
            "video/mp4"
        }
        MediaKind::File => "application/octet-stream",
    };
    Upload::new(&file_name, part_type, content)
}

pub(super) fn check_image(check: &mut Check, field: &str, content: &[u8]) {
    if !is_png(content) && !content.starts_with(b"\xff\xd8\xff") {
        check.reject(field, "must be JPG or PNG");
    }
}

fn is_png(content: &[u8]) -> bool {
    content.starts_with(b"\x89PNG\r\n\x1a\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::{
        actions::testing::{check_refused, check_request, check_response},
        response::{FileHeaders, Response},
    };

    fn media(kind: MediaKind, content: &[u8]) -> NewMedia {
        NewMedia {
            kind,
            file_name: "名单.txt".into(),
            content: FileContent::Bytes(content.to_vec()),
        }
    }

    fn chatbot_media(kind: ChatbotMediaKind, content: &[u8]) -> NewChatbotMedia {
        NewChatbotMedia {
            kind,
            file_name: "rota.txt".into(),
            content: FileContent::Bytes(content.to_vec()),
        }
    }

    fn sized(head: &[u8], size: usize) -> Vec<u8> {
        let mut content = head.to_vec();
        content.resize(size, 0);
        content
    }

    #[test]
    fn upload_media_wire() {
        let call = || upload_media(media(MediaKind::File, b"Mon 7-5")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/media/upload?type=file multipart/form-data; boundary=wecom-connector-0 --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="名单.txt"; filelength=7\r\nContent-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--\r\n [application, retry-safe]"#
            ]],
        );
        check_request(
            &upload_media(media(MediaKind::Voice, b"#!AMR\n")).unwrap(),
            expect![[r#"
                POST /cgi-bin/media/upload?type=voice multipart/form-data; boundary=wecom-connector-0 --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="名单.txt"; filelength=6\r\nContent-Type: voice/amr\r\n\r\n#!AMR
                \r\n--wecom-connector-0--\r\n [application, retry-safe]"#]],
        );
        for (created_at, expected) in [
            (
                r#""1789000000""#,
                expect![[
                    r#"Ok(UploadedMedia { id: "MID-77", created-at: Some(1789000000), warning: None })"#
                ]],
            ),
            (
                "1789000000",
                expect![[
                    r#"Ok(UploadedMedia { id: "MID-77", created-at: Some(1789000000), warning: None })"#
                ]],
            ),
        ] {
            let reply = [
                r#"{"errcode":0,"errmsg":"","type":"file","media_id":"MID-77","created_at":"#,
                created_at,
                "}",
            ]
            .concat();
            check_response(call(), &reply, expected);
        }
    }

    #[test]
    fn upload_media_limits() {
        for (kind, head, max) in [
            (MediaKind::Image, &b"\x89PNG\r\n\x1a\n"[..], 10 << 20),
            (MediaKind::Image, b"\xff\xd8\xff", 10 << 20),
            (MediaKind::Voice, b"#!AMR", 2 << 20),
            (MediaKind::Video, b"\0\0\0\x20ftyp", 10 << 20),
            (MediaKind::File, b"", 20 << 20),
        ] {
            for (size, accepted) in [(5, false), (8, true), (max, true), (max + 1, false)] {
                assert_eq!(
                    upload_media(media(kind, &sized(head, size))).is_ok(),
                    accepted,
                    "{kind:?} of {size}"
                );
            }
        }
        assert!(upload_media(media(MediaKind::File, b"123456")).is_ok());
        for (name, accepted) in [
            ("", false),
            ("/b", false),
            ("a/b", true),
            ("a\\b", false),
            ("a:b", false),
            ("a\"b", false),
            ("a\r\nb", false),
            ("部.txt", true),
        ] {
            let media = NewMedia { file_name: name.into(), ..media(MediaKind::File, b"Mon 7-5") };
            assert_eq!(upload_media(media).is_ok(), accepted, "{name:?}");
        }
        let long = NewMedia { file_name: "a".repeat(5000), ..media(MediaKind::File, b"Mon 7-5") };
        assert!(upload_media(long).is_ok());
        let base64 = NewMedia {
            content: FileContent::Base64("TW9uIDctNQ".into()),
            ..media(MediaKind::File, b"Mon 7-5")
        };
        assert_eq!(
            upload_media(base64).unwrap().request.body,
            upload_media(media(MediaKind::File, b"Mon 7-5")).unwrap().request.body,
        );
        let all = NewMedia { file_name: "\n:".into(), ..media(MediaKind::Image, b"GIF") };
        check_refused(
            upload_media(all),
            expect![[r#"
            media.file-name: must not contain `:`
            media.file-name: must not contain control characters
            media.content: must have 6 to 10485760 bytes, has 3
            media.content: must be JPG or PNG"#]],
        );
    }

    #[test]
    fn upload_chatbot_media_wire() {
        let call =
            || upload_chatbot_media(chatbot_media(ChatbotMediaKind::File, b"Mon 7-5")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/webhook/upload_media?type=file multipart/form-data; boundary=wecom-connector-0 --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="rota.txt"; filelength=7\r\nContent-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--\r\n [chatbot, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"ok","type":"file","media_id":"MID-BOT-1","created_at":"1789000100"}"#,
            expect![[
                r#"Ok(UploadedMedia { id: "MID-BOT-1", created-at: Some(1789000100), warning: None })"#
            ]],
        );
    }

    #[test]
    fn upload_chatbot_media_limits() {
        for (kind, head, max) in [
            (ChatbotMediaKind::File, &b""[..], 20 << 20),
            (ChatbotMediaKind::Voice, b"#!AMR", 2 << 20),
        ] {
            for (size, accepted) in [(5, false), (6, true), (max, true), (max + 1, false)] {
                let media = chatbot_media(kind, &sized(head, size));
                assert_eq!(upload_chatbot_media(media).is_ok(), accepted, "{kind:?} of {size}");
            }
        }
    }

    fn image(content: &[u8]) -> NewFile {
        NewFile { file_name: "pump.png".into(), content: FileContent::Bytes(content.to_vec()) }
    }

    #[test]
    fn upload_article_image_wire() {
        let call = || upload_article_image(image(b"\xff\xd8\xff\xe0..")).unwrap();
        check_request(
            &call(),
            expect![[
                r#"POST /cgi-bin/media/uploadimg multipart/form-data; boundary=wecom-connector-0 --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="pump.png"; filelength=6\r\nContent-Type: image/jpg\r\n\r\n����..\r\n--wecom-connector-0--\r\n [application, retry-safe]"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":"","url":"https://wework.qpic.cn/wwpic/EXAMPLE/0"}"#,
            expect![[
                r#"Ok(UploadedArticleImage { url: "https://wework.qpic.cn/wwpic/EXAMPLE/0", warning: None })"#
            ]],
        );
        check_response(
            call(),
            r#"{"errcode":0,"errmsg":""}"#,
            expect![[
                r#"Err(Unexpected("WeCom accepted the call, and its response has no readable url"))"#
            ]],
        );
    }

    #[test]
    fn upload_article_image_limits() {
        for (size, accepted) in [(5, false), (8, true), (2 << 20, true), ((2 << 20) + 1, false)] {
            let content = sized(b"\x89PNG\r\n\x1a\n", size);
            assert_eq!(upload_article_image(image(&content)).is_ok(), accepted, "{size}");
        }
        let all = NewFile { file_name: String::new(), content: FileContent::Base64("*".into()) };
        check_refused(
            upload_article_image(all),
            expect![[r#"
                image.file-name: must not be empty
                image.content.base64: must be base64
                image.content: must have 6 to 2097152 bytes, has 0
                image.content: must be JPG or PNG"#]],
        );
    }

    fn get(range: Option<ByteRange>) -> Result<Call<DownloadedMedia>, Error> {
        get_media("MID-1".into(), GetMediaOptions { range, encoding: None })
    }

    #[test]
    fn get_media_wire() {
        check_request(
            &get(None).unwrap(),
            expect!["GET /cgi-bin/media/get?media_id=MID-1 [application, retry-safe]"],
        );
        check_request(
            &get(Some(ByteRange { first: 16, last: 1023 })).unwrap(),
            expect![
                "GET /cgi-bin/media/get?media_id=MID-1 bytes 16-1023 [application, retry-safe]"
            ],
        );
        check_response(
            get(None).unwrap(),
            r#"{"errcode":40007,"errmsg":"invalid media_id"}"#,
            expect![[r#"Refused { code: 40007, message: "invalid media_id" }"#]],
        );
    }

    #[test]
    fn downloaded_file_is_returned_in_the_encoding_asked_for() {
        for (encoding, expected) in [
            (
                None,
                expect![[
                    r#"DownloadedMedia { file-name: Some("a.txt"), content-type: Some("text/plain"), content: FileContent::Base64("TW9uIDctNQ=="), total-bytes: Some(7) }"#
                ]],
            ),
            (
                Some(ContentEncoding::Base64),
                expect![[
                    r#"DownloadedMedia { file-name: Some("a.txt"), content-type: Some("text/plain"), content: FileContent::Base64("TW9uIDctNQ=="), total-bytes: Some(7) }"#
                ]],
            ),
            (
                Some(ContentEncoding::Bytes),
                expect![
                    "DownloadedMedia { file-name: Some(\"a.txt\"), content-type: Some(\"text/plain\"), content: FileContent::Bytes([77, 111, 110, 32, 55, 45, 53]), total-bytes: Some(7) }"
                ],
            ),
        ] {
            let call = get_media("MID-1".into(), GetMediaOptions { range: None, encoding });
            let headers = FileHeaders {
                media_type: Some("text/plain".into()),
                disposition: Some("attachment; filename=\"a.txt\"".into()),
                range: None,
            };
            let response =
                Response::parse_file(200, b"Mon 7-5".into(), headers, None, Auth::Application);
            let Ok(Response::Accepted(accepted)) = response else { panic!("{response:?}") };
            expected.assert_eq(&format!("{:?}", (call.unwrap().parse)(accepted).unwrap()));
        }
    }

    #[test]
    fn get_media_limits() {
        assert!(get_media("a b".into(), GetMediaOptions { range: None, encoding: None }).is_err());
        for (first, last, accepted) in [
            (0, 0, true),
            (0, (20 << 20) - 1, true),
            (0, 20 << 20, false),
            (16, 15, false),
            (u64::MAX, u64::MAX, true),
            (0, u64::MAX, false),
        ] {
            let found = get(Some(ByteRange { first, last })).is_ok();
            assert_eq!(found, accepted, "{first} to {last}");
        }
    }
}
