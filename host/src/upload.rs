//! Calls that carry a file, made with Rust types: as dynamic values, bytes take forty times their size.

use std::vec;

use serde_json::{Value, json};
use wasmtime::{Store, component::Val};

use crate::{
    bindings::exports::wecom::connector::{
        chatbots::{Base64Image, ChatbotImage},
        media::{ChatbotMediaKind, MediaKind, NewChatbotMedia, NewMedia, UploadedMedia},
        types::{
            AccessToken, Application, ApplicationCredentials, Chatbot, ChatbotCredentials, Error,
            InvalidField, Receipt, Rejection, TemporaryRejection, Truncation,
        },
    },
    connector::Connector,
    json::Arguments,
    sandbox::State,
};

/// A call of one of the functions that carry a file.
pub(crate) enum Upload {
    Media(Application, NewMedia),
    ChatbotMedia(Chatbot, NewChatbotMedia),
    ChatbotImage(Chatbot, ChatbotImage),
}

/// Whether a function is one of them.
pub(crate) fn carries_file(function: &str) -> bool {
    matches!(function, "upload-media" | "upload-chatbot-media" | "send-chatbot-image")
}

impl Upload {
    /// From arguments that fit the types, but for the bytes, which stand beside them. None if this is another contract.
    pub(crate) fn new(function: &str, arguments: Arguments) -> Option<Self> {
        let mut values = arguments.values.into_iter();
        let (identity, file) = (values.next()?, values.next()?);
        let bytes = arguments.bytes.into_iter().next();
        match function {
            "upload-media" => {
                let mut fields = Fields::of(file)?;
                let kind = match fields.case()?.as_str() {
                    "image" => MediaKind::Image,
                    "voice" => MediaKind::Voice,
                    "video" => MediaKind::Video,
                    "file" => MediaKind::File,
                    _ => return None,
                };
                let media = NewMedia { kind, file_name: fields.text()?, content: bytes? };
                Some(Self::Media(application(identity)?, media))
            }
            "upload-chatbot-media" => {
                let mut fields = Fields::of(file)?;
                let kind = match fields.case()?.as_str() {
                    "voice" => ChatbotMediaKind::Voice,
                    "file" => ChatbotMediaKind::File,
                    _ => return None,
                };
                let media = NewChatbotMedia { kind, file_name: fields.text()?, content: bytes? };
                Some(Self::ChatbotMedia(chatbot(identity)?, media))
            }
            "send-chatbot-image" => {
                let (case, payload) = variant(file)?;
                let image = match case.as_str() {
                    "bytes" => ChatbotImage::Bytes(bytes?),
                    "base64" => {
                        let mut fields = Fields::of(payload)?;
                        ChatbotImage::Base64(Base64Image {
                            data: fields.text()?,
                            md5: fields.optional_text(),
                        })
                    }
                    _ => return None,
                };
                Some(Self::ChatbotImage(chatbot(identity)?, image))
            }
            _ => None,
        }
    }

    /// The result as JSON, like that of a dynamic call.
    pub(crate) async fn call(
        &self,
        store: &mut Store<State>,
        connector: &Connector,
    ) -> wasmtime::Result<Result<Value, Value>> {
        let media = connector.media(store)?;
        let result = match self {
            Self::Media(application, file) => {
                media.call_upload_media(store, application, file).await?.map(uploaded)
            }
            Self::ChatbotMedia(chatbot, file) => {
                media.call_upload_chatbot_media(store, chatbot, file).await?.map(uploaded)
            }
            Self::ChatbotImage(chatbot, image) => {
                let chatbots = connector.chatbots(store)?;
                chatbots.call_send_chatbot_image(store, chatbot, image).await?.map(receipt)
            }
        };
        Ok(result.map_err(error))
    }
}

fn application(value: Val) -> Option<Application> {
    let (case, payload) = variant(value)?;
    Some(match (case.as_str(), payload) {
        ("profile", Val::String(name)) => Application::Profile(name),
        ("credentials", payload) => {
            let mut fields = Fields::of(payload)?;
            Application::Credentials(ApplicationCredentials {
                corp_id: fields.text()?,
                secret: fields.optional_text(),
                contacts_secret: fields.optional_text(),
                agent_id: fields.optional_number(),
                base_url: fields.optional_text(),
            })
        }
        ("token", payload) => {
            let mut fields = Fields::of(payload)?;
            Application::Token(AccessToken {
                token: fields.text()?,
                agent_id: fields.optional_number(),
                base_url: fields.optional_text(),
            })
        }
        _ => return None,
    })
}

fn chatbot(value: Val) -> Option<Chatbot> {
    let (case, payload) = variant(value)?;
    Some(match (case.as_str(), payload) {
        ("profile", Val::String(name)) => Chatbot::Profile(name),
        ("credentials", payload) => {
            let mut fields = Fields::of(payload)?;
            Chatbot::Credentials(ChatbotCredentials {
                key: fields.text()?,
                base_url: fields.optional_text(),
            })
        }
        _ => return None,
    })
}

fn variant(value: Val) -> Option<(String, Val)> {
    match value {
        Val::Variant(case, Some(payload)) => Some((case, *payload)),
        _ => None,
    }
}

/// The fields of a record, in the order of the contract. They were read by its types, and are what they should be.
struct Fields(vec::IntoIter<(String, Val)>);

impl Fields {
    fn of(value: Val) -> Option<Self> {
        match value {
            Val::Record(fields) => Some(Self(fields.into_iter())),
            _ => None,
        }
    }

    fn case(&mut self) -> Option<String> {
        match self.0.next()?.1 {
            Val::Enum(case) => Some(case),
            _ => None,
        }
    }

    fn text(&mut self) -> Option<String> {
        match self.0.next()?.1 {
            Val::String(text) => Some(text),
            _ => None,
        }
    }

    fn optional_text(&mut self) -> Option<String> {
        match self.optional()? {
            Val::String(text) => Some(text),
            _ => None,
        }
    }

    fn optional_number(&mut self) -> Option<u32> {
        match self.optional()? {
            Val::U32(number) => Some(number),
            _ => None,
        }
    }

    fn optional(&mut self) -> Option<Val> {
        match self.0.next()?.1 {
            Val::Option(value) => value.map(|it| *it),
            _ => None,
        }
    }
}

fn uploaded(media: UploadedMedia) -> Value {
    let UploadedMedia { id, created_at } = media;
    object(json!({ "id": id, "created-at": created_at }))
}

fn receipt(receipt: Receipt) -> Value {
    let Receipt { truncated, warning } = receipt;
    let truncation = |it: Truncation| {
        let Truncation { field, original_bytes, kept_bytes } = it;
        json!({ "field": field, "original-bytes": original_bytes, "kept-bytes": kept_bytes })
    };
    let truncated: Vec<_> = truncated.into_iter().map(truncation).collect();
    object(json!({ "truncated": truncated, "warning": warning }))
}

fn error(error: Error) -> Value {
    match error {
        Error::PermanentInvalidInput(fields) => {
            let field = |it: InvalidField| {
                let InvalidField { field, reason } = it;
                json!({ "field": field, "reason": reason })
            };
            json!({ "permanent-invalid-input": fields.into_iter().map(field).collect::<Vec<_>>() })
        }
        Error::PermanentMissingCredential(text) => json!({ "permanent-missing-credential": text }),
        Error::PermanentRejected(Rejection { code, message, hint }) => {
            json!({ "permanent-rejected": { "code": code, "message": message, "hint": hint } })
        }
        Error::RejectedForNow(TemporaryRejection { code, message, hint, retry_after }) => {
            let rejection = json!({ "code": code, "message": message, "hint": hint, "retry-after": retry_after });
            json!({ "rejected-for-now": object(rejection) })
        }
        Error::Unreachable(text) => json!({ "unreachable": text }),
        Error::NoReply(text) => json!({ "no-reply": text }),
        Error::PermanentNoReply(text) => json!({ "permanent-no-reply": text }),
        Error::PermanentUnexpectedReply(text) => json!({ "permanent-unexpected-reply": text }),
        Error::ExecutionFailed => "execution-failed".into(),
    }
}

/// Absent options are left out.
fn object(mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, it| !it.is_null());
    }
    value
}

#[cfg(test)]
mod tests {
    use wasmtime::component::Type;

    use super::*;
    use crate::{Host, Options, json, testing::hollow_connector};

    fn read(function: &str, arguments: &Value) -> Upload {
        let options = Options { instances: 1, ..Options::default() };
        let host = Host::new(&hollow_connector(wecom_contract::FILES), options).unwrap();
        let params: &[(String, Type)] = &host.function(function).unwrap().params;
        let apart = json::arguments_and_bytes(params, arguments, 1 << 20).unwrap();
        Upload::new(function, apart).unwrap()
    }

    #[test]
    fn every_form_of_a_file() {
        let credentials = json!({"corp-id": "c", "contacts-secret": "s", "agent-id": 7});
        let upload = read(
            "upload-media",
            &json!({
                "application": {"credentials": credentials},
                "media": {"kind": "voice", "file-name": "a.amr", "content": [1, 2, 3]},
            }),
        );
        let Upload::Media(Application::Credentials(it), media) = upload else { panic!() };
        assert_eq!(
            (it.corp_id.as_str(), it.secret, it.contacts_secret.as_deref()),
            ("c", None, Some("s"))
        );
        assert_eq!((it.agent_id, it.base_url), (Some(7), None));
        assert_eq!(
            (media.kind, media.file_name.as_str(), media.content),
            (MediaKind::Voice, "a.amr", vec![1, 2, 3])
        );

        for kind in ["image", "voice", "video", "file"] {
            let token = json!({"token": "t", "base-url": "b"});
            let media = json!({"kind": kind, "file-name": "", "content": "AQ=="});
            let upload =
                read("upload-media", &json!({"application": {"token": token}, "media": media}));
            let Upload::Media(Application::Token(it), media) = upload else { panic!() };
            assert_eq!(
                (it.token.as_str(), it.agent_id, it.base_url.as_deref()),
                ("t", None, Some("b"))
            );
            assert_eq!(
                (format!("{:?}", media.kind).to_lowercase().contains(kind), media.content),
                (true, vec![1])
            );
        }

        for kind in ["voice", "file"] {
            let media = json!({"kind": kind, "file-name": "x", "content": ""});
            let upload =
                read("upload-chatbot-media", &json!({"chatbot": {"profile": "p"}, "media": media}));
            let Upload::ChatbotMedia(Chatbot::Profile(profile), media) = upload else { panic!() };
            assert_eq!((profile.as_str(), media.content), ("p", vec![]));
        }

        let chatbot = json!({"credentials": {"key": "k"}});
        let upload =
            read("send-chatbot-image", &json!({"chatbot": chatbot, "image": {"bytes": "AQI="}}));
        let Upload::ChatbotImage(Chatbot::Credentials(it), image) = upload else { panic!() };
        assert_eq!((it.key.as_str(), it.base_url), ("k", None));
        assert_eq!(image, ChatbotImage::Bytes(vec![1, 2]));
        let image = json!({"base64": {"data": "AQI="}});
        let upload =
            read("send-chatbot-image", &json!({"chatbot": {"profile": ""}, "image": image}));
        let Upload::ChatbotImage(_, ChatbotImage::Base64(image)) = upload else { panic!() };
        assert_eq!((image.data.as_str(), image.md5), ("AQI=", None));
    }

    #[test]
    fn results_read_like_those_of_other_calls() {
        let media = UploadedMedia { id: "m".into(), created_at: None };
        assert_eq!(uploaded(media), json!({"id": "m"}));
        let truncated = vec![Truncation { field: "f".into(), original_bytes: 2, kept_bytes: 1 }];
        assert_eq!(
            receipt(Receipt { truncated, warning: Some("w".into()) }),
            json!({"truncated": [{"field": "f", "original-bytes": 2, "kept-bytes": 1}], "warning": "w"})
        );
        let busy = TemporaryRejection {
            code: -1,
            message: "m".into(),
            hint: "h".into(),
            retry_after: None,
        };
        assert_eq!(
            error(Error::RejectedForNow(busy)),
            json!({"rejected-for-now": {"code": -1, "message": "m", "hint": "h"}})
        );
    }
}
