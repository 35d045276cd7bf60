use bytes::Bytes;
use expect_test::expect;
use host_tests::{TestBed, application, chatbot};
use wecom_host::bindings::exports::wecom::connector::{
    media::{ChatbotMediaKind, MediaKind, NewChatbotMedia, NewMedia},
    tokens::TokenScope,
    types::{FileContent, Media},
};

use super::check;

/// How a PNG begins; the simulator checks no more of it.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

#[tokio::test(start_paused = true)]
async fn upload_media() {
    let mut bed = TestBed::new();
    for (media, expected) in [
        (
            new_media(MediaKind::File),
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-1", created-at: Some(1789000000), warning: None })
                GET /cgi-bin/gettoken?corpid=ww51a7ed0000c0de01&corpsecret=<app secret> -> 0
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=file <multipart media filename="rota 班.txt" type=application/octet-stream length=7> -> 0
                + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"rota 班.txt","media_id":"MEDIA-1","owner":"corp","size":7,"type":"file"}
            "#]],
        ),
        (
            new_media(MediaKind::Image),
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-2", created-at: Some(1789000000), warning: None })
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=image <multipart media filename="pump.png" type=image/png length=8> -> 0
                + media {"content_type":"image/png","created_at":1789000000,"filename":"pump.png","media_id":"MEDIA-2","owner":"corp","size":8,"type":"image"}
            "#]],
        ),
        (
            new_media(MediaKind::Voice),
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-3", created-at: Some(1789000000), warning: None })
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=voice <multipart media filename="a.amr" type=voice/amr length=7> -> 0
                + media {"content_type":"voice/amr","created_at":1789000000,"filename":"a.amr","media_id":"MEDIA-3","owner":"corp","size":7,"type":"voice"}
            "#]],
        ),
        (
            new_media(MediaKind::Video),
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-4", created-at: Some(1789000000), warning: None })
                POST /cgi-bin/media/upload?access_token=<app token 1>&type=video <multipart media filename="a.mp4" type=video/mp4 length=12> -> 0
                + media {"content_type":"video/mp4","created_at":1789000000,"filename":"a.mp4","media_id":"MEDIA-4","owner":"corp","size":12,"type":"video"}
            "#]],
        ),
    ] {
        let uploaded = bed.upload_media(&application(), &media).await;
        check(&mut bed, uploaded, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn upload_chatbot_media() {
    let mut bed = TestBed::new();
    for (kind, file_name, content, expected) in [
        (
            ChatbotMediaKind::File,
            "rota 班.txt",
            &b"Mon 7-5"[..],
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-1", created-at: Some(1789000000), warning: None })
                POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=file <multipart media filename="rota 班.txt" type=application/octet-stream length=7> -> 0
                + media {"content_type":"application/octet-stream","created_at":1789000000,"filename":"rota 班.txt","media_id":"MEDIA-1","owner":"chatbot","size":7,"type":"file"}
            "#]],
        ),
        (
            ChatbotMediaKind::Voice,
            "a.amr",
            b"#!AMR\n\0",
            expect![[r#"
                Ok(UploadedMedia { id: "MEDIA-2", created-at: Some(1789000000), warning: None })
                POST /cgi-bin/webhook/upload_media?key=<chatbot key>&type=voice <multipart media filename="a.amr" type=voice/amr length=7> -> 0
                + media {"content_type":"voice/amr","created_at":1789000000,"filename":"a.amr","media_id":"MEDIA-2","owner":"chatbot","size":7,"type":"voice"}
            "#]],
        ),
    ] {
        let media = NewChatbotMedia {
            kind,
            file_name: file_name.into(),
            content: FileContent::Bytes(content.into()),
        };
        let uploaded = bed.upload_chatbot_media(&chatbot(), &media).await;
        check(&mut bed, uploaded, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn largest_file_arrives_unchanged() {
    let mut bed = TestBed::new();
    // Full of the boundary that the connector would choose first.
    let pattern = b"\0\xff\r\n--wecom-connector-0\r\n";
    let content: Vec<u8> = pattern.iter().copied().cycle().take(20 << 20).collect();
    let media =
        NewMedia { content: FileContent::Bytes(content.clone()), ..new_media(MediaKind::File) };
    let id = bed.upload_media(&application(), &media).await.unwrap().id;
    assert!(download(&mut bed, &id).await == content, "other bytes arrived");

    let media = NewMedia { content: FileContent::Bytes([content, vec![0]].concat()), ..media };
    bed.requests();
    bed.changes();
    let refused = bed.upload_media(&application(), &media).await;
    check(
        &mut bed,
        refused,
        expect![[r#"
            Err(Error::PermanentInvalidInput([InvalidField { field: "media.content", reason: "must have 6 to 20971520 bytes, has 20971521" }]))
        "#]],
    );
}

/// Uploads a small file, and clears the log of requests.
pub(crate) async fn upload(bed: &mut TestBed, kind: MediaKind) -> Media {
    // By another instance, so that the next call shows its request for a token.
    let mut other = bed.second_instance(&host_tests::known_environment());
    let id = other.upload_media(&application(), &new_media(kind)).await.unwrap().id;
    bed.requests();
    bed.changes();
    Media::Id(id)
}

fn new_media(kind: MediaKind) -> NewMedia {
    let (file_name, content): (_, &[u8]) = match kind {
        MediaKind::File => ("rota 班.txt", b"Mon 7-5"),
        MediaKind::Image => ("pump.png", PNG),
        MediaKind::Voice => ("a.amr", b"#!AMR\n\0"),
        MediaKind::Video => ("a.mp4", b"\0\0\0\x18ftypmp42"),
    };
    NewMedia { kind, file_name: file_name.into(), content: FileContent::Bytes(content.into()) }
}

/// A file as the simulator gives it back.
async fn download(bed: &mut TestBed, media_id: &str) -> Bytes {
    let issued = bed.get_access_token(&application(), TokenScope::Application).await.unwrap();
    let token = issued.access_token.token;
    let uri = format!("/cgi-bin/media/get?access_token={token}&media_id={media_id}");
    let request = http::Request::get(uri).header("host", "simulator").body(Bytes::new()).unwrap();
    bed.simulator.handle(&request).body
}
