//! Files that messages carry.

use serde::Deserialize;

use crate::{
    bindings::wit::{
        media::{ChatbotMediaKind, MediaKind, NewChatbotMedia, NewMedia, UploadedMedia},
        types::{Error, FileContent, MediaId},
    },
    call::{Auth, Call},
    multipart::Upload,
    response::Unexpected,
    validate::Check,
    wire::Lenient,
};

const MB: usize = 1 << 20;

/// `POST /cgi-bin/media/upload`
pub(crate) fn upload_media(media: NewMedia) -> Result<Call<UploadedMedia>, Error> {
    let NewMedia { kind, file_name, content } = media;
    upload("/cgi-bin/media/upload", Auth::Application, kind, &file_name, content)
}

/// `POST /cgi-bin/webhook/upload_media`
pub(crate) fn upload_chatbot_media(media: NewChatbotMedia) -> Result<Call<UploadedMedia>, Error> {
    let NewChatbotMedia { kind, file_name, content } = media;
    let kind = match kind {
        ChatbotMediaKind::File => MediaKind::File,
        ChatbotMediaKind::Voice => MediaKind::Voice,
    };
    upload("/cgi-bin/webhook/upload_media", Auth::Chatbot, kind, &file_name, content)
}

fn upload(
    path: &'static str,
    auth: Auth,
    kind: MediaKind,
    file_name: &str,
    content: FileContent,
) -> Result<Call<UploadedMedia>, Error> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Response {
        media_id: Lenient<Option<MediaId>>,
        created_at: Lenient<Option<u64>>,
    }

    let mut check = Check::default();
    check.not_empty("media.file-name", file_name);
    check.forbid_chars("media.file-name", file_name, "\\:\"");
    if file_name.starts_with('/') {
        check.reject("media.file-name", "must not start with `/`");
    }
    if file_name.contains(char::is_control) {
        check.reject("media.file-name", "must not contain control characters");
    }
    let (name, max) = match kind {
        MediaKind::Image => ("image", 10 * MB),
        MediaKind::Voice => ("voice", 2 * MB),
        MediaKind::Video => ("video", 10 * MB),
        MediaKind::File => ("file", 20 * MB),
    };
    let content = check.file_content("media.content", content);
    check.size("media.content", &content, 6..=max);
    let part_type = match kind {
        MediaKind::Image => {
            check_image(&mut check, "media.content", &content);
            if is_png(&content) { "image/png" } else { "image/jpg" }
        }
        MediaKind::Voice => {
            if !content.starts_with(b"#!AMR") {
                check.reject("media.content", "must be AMR");
            }
            "voice/amr"
        }
        MediaKind::Video => {
            if content.get(4..8) != Some(b"ftyp") {
                check.reject("media.content", "must be MP4");
            }
            "video/mp4"
        }
        MediaKind::File => "application/octet-stream",
    };
    check.finish()?;

    Ok(Call::upload(path, auth, Upload::new(file_name, part_type, content))
        .query("type", name)
        .map(|Response { media_id, created_at }, mut warnings| {
            let id = warnings.value("media_id", media_id);
            Ok(UploadedMedia {
                id: id.ok_or_else(|| Unexpected::lacks("media_id"))?,
                created_at: warnings.value("created_at", created_at),
                warning: warnings.into_text(),
            })
        }))
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
    use crate::actions::testing::{check_refused, check_request, check_response};

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
}
