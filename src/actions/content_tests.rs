//! Messages with files, of every sender.

use alloc::{format, string::String, vec::Vec};

use expect_test::{Expect, expect};
use serde_json::json;

use super::{app_messages, chatbots, content::Message, group_messages, testing::check_refused};
use crate::{
    bindings::wit::{
        app_messages::{
            AppFile, AppImage, AppMessageOptions, AppMpnews, AppVideo, AppVoice, Recipients,
        },
        group_messages::{GroupFile, GroupImage, GroupMpnews, GroupVideo, GroupVoice},
        media::UploadedMedia,
        types::{
            Chatbot, ChatbotCredentials, Error, FailedExchange, FileContent, Media, MpnewsArticle,
            NewFile,
        },
    },
    call::{Body, Call},
    credentials::Account,
    exchange::Failure,
    run::testing::{Script, account},
};

const UPLOADED: Result<&str, Failure> =
    Ok(r#"{"errcode":0,"errmsg":"","type":"file","media_id":"MID-77","created_at":"1"}"#);
const SENT: Result<&str, Failure> = Ok(r#"{"errcode":0,"errmsg":"ok","msgid":"Qf3"}"#);

fn file(content: &str) -> Media {
    let content = FileContent::Bytes(content.into());
    Media::File(NewFile { file_name: "rota".into(), content })
}

fn app_file(media_id: Media) -> Result<Message<impl core::fmt::Debug>, Error> {
    app_messages::send_app_file(AppFile {
        recipients: Recipients::Everyone,
        media_id,
        confidentiality: None,
        options: None,
    })
}

fn article(thumbnail: Media) -> MpnewsArticle {
    MpnewsArticle {
        title: "T".into(),
        thumbnail,
        content: "C".into(),
        author: None,
        source_url: None,
        digest: None,
    }
}

fn chatbot() -> Account {
    let credentials = ChatbotCredentials { key: "KEY".into(), base_url: None };
    Account::of_chatbot(Chatbot::Credentials(credentials), alloc::vec::Vec::new).unwrap()
}

/// The requests that send a message, with an ellipsis for the form of an upload.
fn check_requests<T: core::fmt::Debug + 'static>(
    mut script: Script,
    message: Result<Message<T>, Error>,
    expected: Expect,
) {
    message.unwrap().send(&mut script).unwrap();
    let requests = script.finish();
    let mut lines = Vec::new();
    for line in requests.lines().filter(|it| it.starts_with("POST ")) {
        lines.push(line.split("--wecom-connector").next().unwrap_or_default().trim_end());
    }
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn file_is_uploaded_and_then_sent() {
    let mut script = Script::new([UPLOADED, SENT]);
    let delivery = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap();
    expect![[
        r#"Delivery { message-id: Some("Qf3"), invalid-users: [], invalid-departments: [], invalid-tags: [], unlicensed-users: [], truncated: [], warning: None }"#
    ]]
    .assert_eq(&format!("{delivery:?}"));
    let requests = script.finish().replace("\r\n", "\\r\\n");
    expect![[r#"
        POST media/upload?access_token=app&type=file --wecom-connector-0\r\nContent-Disposition: form-data; name="media"; filename="rota"; filelength=7\r\nContent-Type: application/octet-stream\r\n\r\nMon 7-5\r\n--wecom-connector-0--
        POST message/send?access_token=app {"touser":"@all","msgtype":"file","file":{"media_id":"MID-77"},"agentid":7}"#]]
    .assert_eq(&requests);
}

#[test]
fn id_is_sent_without_an_upload() {
    check_requests(
        Script::new([SENT]),
        app_file(Media::Id("MID-1".into())),
        expect![[
            r#"POST message/send?access_token=app {"touser":"@all","msgtype":"file","file":{"media_id":"MID-1"},"agentid":7}"#
        ]],
    );
}

#[test]
fn images_are_uploaded_as_images() {
    // No image is UTF-8, which a script shows.
    let png = || {
        let content = FileContent::Base64("iVBORw0KGgo=".into());
        Media::File(NewFile { file_name: "pump.png".into(), content })
    };
    let message = app_messages::send_app_image(AppImage {
        recipients: Recipients::Everyone,
        media_id: png(),
        confidentiality: None,
        options: None,
    });
    assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
    let message = group_messages::send_group_image(GroupImage {
        group_chat_id: "c".into(),
        media_id: png(),
        confidentiality: None,
    });
    assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
    let message = app_messages::send_app_mpnews(AppMpnews {
        recipients: Recipients::Everyone,
        articles: [article(png()), article(Media::Id("MID-1".into())), article(png())].into(),
        confidentiality: None,
        options: None,
    });
    assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"; 2]);
    let message = group_messages::send_group_mpnews(GroupMpnews {
        group_chat_id: "c".into(),
        articles: [article(png())].into(),
        confidentiality: None,
    });
    assert_eq!(uploads(&message.unwrap()), ["/cgi-bin/media/upload image"]);
}

#[test]
fn recordings_and_documents_are_uploaded_as_what_they_are() {
    let (voice, video) = ("#!AMR\n", "0000ftyp");
    let message =
        AppVoice { recipients: Recipients::Everyone, media_id: file(voice), options: None };
    check_requests(
        Script::new([UPLOADED, SENT]),
        app_messages::send_app_voice(message),
        expect![[r#"
            POST media/upload?access_token=app&type=voice
            POST message/send?access_token=app {"touser":"@all","msgtype":"voice","voice":{"media_id":"MID-77"},"agentid":7}"#]],
    );
    let message = AppVideo {
        recipients: Recipients::Everyone,
        media_id: file(video),
        title: Some("Site walk".into()),
        description: None,
        confidentiality: None,
        options: None,
    };
    check_requests(
        Script::new([UPLOADED, SENT]),
        app_messages::send_app_video(message),
        expect![[r#"
            POST media/upload?access_token=app&type=video
            POST message/send?access_token=app {"touser":"@all","msgtype":"video","video":{"media_id":"MID-77","title":"Site walk"},"agentid":7}"#]],
    );
    let message =
        GroupFile { group_chat_id: "c".into(), media_id: file("Mon 7-5"), confidentiality: None };
    check_requests(
        Script::new([UPLOADED, SENT]),
        group_messages::send_group_file(message),
        expect![[r#"
            POST media/upload?access_token=app&type=file
            POST appchat/send?access_token=app {"chatid":"c","msgtype":"file","file":{"media_id":"MID-77"}}"#]],
    );
    let message = GroupVoice { group_chat_id: "c".into(), media_id: file(voice) };
    check_requests(
        Script::new([UPLOADED, SENT]),
        group_messages::send_group_voice(message),
        expect![[r#"
            POST media/upload?access_token=app&type=voice
            POST appchat/send?access_token=app {"chatid":"c","msgtype":"voice","voice":{"media_id":"MID-77"}}"#]],
    );
    let message = GroupVideo {
        group_chat_id: "c".into(),
        media_id: file(video),
        title: None,
        description: None,
        confidentiality: None,
    };
    check_requests(
        Script::new([UPLOADED, SENT]),
        group_messages::send_group_video(message),
        expect![[r#"
            POST media/upload?access_token=app&type=video
            POST appchat/send?access_token=app {"chatid":"c","msgtype":"video","video":{"media_id":"MID-77"}}"#]],
    );
    check_requests(
        Script::of(chatbot(), [UPLOADED, SENT]),
        chatbots::send_chatbot_file(file("Mon 7-5")),
        expect![[r#"
            POST webhook/upload_media?key=KEY&type=file
            POST webhook/send?key=KEY {"msgtype":"file","file":{"media_id":"MID-77"}}"#]],
    );
    check_requests(
        Script::of(chatbot(), [UPLOADED, SENT]),
        chatbots::send_chatbot_voice(file(voice)),
        expect![[r#"
            POST webhook/upload_media?key=KEY&type=voice
            POST webhook/send?key=KEY {"msgtype":"voice","voice":{"media_id":"MID-77"}}"#]],
    );
}

/// Path and kind of the uploads of a message, whose places are in its body.
fn uploads<T>(message: &Message<T>) -> Vec<String> {
    let Body::Json(body) = &message.call.request.body else { panic!("no JSON") };
    let upload = |(pointer, call): &(String, Call<UploadedMedia>)| {
        assert_eq!(body.pointer(pointer), Some(&json!("")), "{pointer} of {body}");
        let query: Vec<_> = call.request.query.iter().map(|(_, it)| it.as_str()).collect();
        format!("{} {}", call.request.path, query.join("&"))
    };
    message.files.0.iter().map(upload).collect()
}

#[test]
fn message_and_file_are_checked_before_the_upload() {
    let message = AppFile {
        recipients: Recipients::Everyone,
        media_id: Media::File(NewFile {
            file_name: "a:b".into(),
            content: FileContent::Base64("*".into()),
        }),
        confidentiality: None,
        options: Some(AppMessageOptions {
            agent_id: None,
            enable_id_trans: None,
            duplicate_check_interval: Some(0),
        }),
    };
    check_refused(
        app_messages::send_app_file(message).map(|it| it.call),
        expect![[r#"
            message.media-id.file.file-name: must not contain `:`
            message.media-id.file.content.base64: must be base64
            message.media-id.file.content: must have 6 to 20971520 bytes, has 0
            message.options.duplicate-check-interval: must be 1 to 14400, is 0"#]],
    );
    let message = GroupMpnews {
        group_chat_id: "c".into(),
        articles: [article(file("no image"))].into(),
        confidentiality: None,
    };
    check_refused(
        group_messages::send_group_mpnews(message).map(|it| it.call),
        expect!["message.articles[0].thumbnail.file.content: must be JPG or PNG"],
    );
    check_refused(
        chatbots::send_chatbot_voice(file("no voice")).map(|it| it.call),
        expect!["media-id.file.content: must be AMR"],
    );

    let mut account = account();
    account.agent_id = None;
    let mut script = Script::of(account, []);
    let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
    assert!(matches!(error, Error::PermanentMissingCredential(_)), "{error:?}");
    assert_eq!(script.finish(), "");
}

#[test]
fn failed_upload_is_reported_as_such_and_nothing_is_sent() {
    for (response, expected) in [
        (
            Ok(r#"{"errcode":40123,"errmsg":"invalid image"}"#),
            expect![[r#"PermanentRejected 40123"#]],
        ),
        (Ok(r#"{"errcode":45009,"errmsg":"limit"}"#), expect!["RejectedForNow 45009"]),
        (
            Err(Failure::NoResponse("the response was cut off", None)),
            expect!["NoReply /cgi-bin/media/upload: the response was cut off, sent: false"],
        ),
        (
            Err(Failure::Unreachable("the connection was refused")),
            expect!["Unreachable /cgi-bin/media/upload: the connection was refused, sent: false"],
        ),
        (
            Ok("<html>"),
            expect![
                "PermanentUnexpectedReply /cgi-bin/media/upload: the response is not a JSON object of WeCom's: the base URL may be wrong, or a proxy may have answered, sent: false"
            ],
        ),
        (
            Ok(r#"{"errcode":0,"errmsg":"ok"}"#),
            expect![
                "PermanentUnexpectedReply /cgi-bin/media/upload: WeCom accepted the call, and its response has no readable media_id, sent: false"
            ],
        ),
    ] {
        let mut script = Script::new([response]);
        let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
        assert_eq!(script.requests.len(), 1);
        let failed = |case: &str, it: FailedExchange| {
            format!("{case} {}, sent: {}", it.reason, it.request_sent)
        };
        expected.assert_eq(&match error {
            Error::PermanentRejected(it) => format!("PermanentRejected {}", it.code),
            Error::RejectedForNow(it) => format!("RejectedForNow {}", it.code),
            Error::NoReply(it) => failed("NoReply", it),
            Error::Unreachable(it) => failed("Unreachable", it),
            Error::PermanentUnexpectedReply(it) => failed("PermanentUnexpectedReply", it),
            other => panic!("{other:?}"),
        });
    }
}

#[test]
fn failed_sending_is_reported_as_that_of_the_message() {
    let interrupted = Err(Failure::NoResponse("the response was cut off", None));
    let mut script = Script::new([UPLOADED, interrupted]);
    let error = app_file(file("Mon 7-5")).unwrap().send(&mut script).unwrap_err();
    let Error::PermanentNoReply(it) = error else { panic!("{error:?}") };
    assert_eq!(it.reason, "/cgi-bin/message/send: the response was cut off");
    assert!(it.request_sent);
}

/// The file would be uploaded again, and have another id.
#[test]
fn duplicate_check_makes_retrying_safe_for_ids_only() {
    let interrupted = || Err(Failure::NoResponse("the response was cut off", None));
    let send = |script: &mut Script, media_id| {
        let options = AppMessageOptions {
            agent_id: None,
            enable_id_trans: None,
            duplicate_check_interval: Some(600),
        };
        let message = AppFile {
            recipients: Recipients::Everyone,
            media_id,
            confidentiality: None,
            options: Some(options),
        };
        app_messages::send_app_file(message).unwrap().send(script).unwrap_err()
    };
    let error = send(&mut Script::new([interrupted()]), Media::Id("MID-1".into()));
    assert!(matches!(error, Error::NoReply(_)), "{error:?}");
    let error = send(&mut Script::new([UPLOADED, interrupted()]), file("Mon 7-5"));
    assert!(matches!(error, Error::PermanentNoReply(_)), "{error:?}");
}

#[test]
fn warning_of_an_upload_is_that_of_the_message() {
    let uploaded = r#"{"errcode":0,"errmsg":"ok. Warning: one","media_id":"MID-77"}"#;
    let sent = r#"{"errcode":0,"errmsg":"ok. Warning: two"}"#;
    let message =
        GroupFile { group_chat_id: "c".into(), media_id: file("Mon 7-5"), confidentiality: None };
    let mut script = Script::new([Ok(uploaded), Ok(sent)]);
    let receipt = group_messages::send_group_file(message).unwrap().send(&mut script).unwrap();
    assert_eq!(receipt.warning.as_deref(), Some("ok. Warning: two; ok. Warning: one"));
}
