//! The subjects. An action takes a record apart, checks it, writes the body, and says how the answer is read.

pub(crate) mod app_messages;
pub(crate) mod chatbots;
mod content;
pub(crate) mod departments;
pub(crate) mod group_chats;
pub(crate) mod group_messages;
pub(crate) mod media;
pub(crate) mod members;
pub(crate) mod tokens;

#[cfg(test)]
mod testing {
    use alloc::{format, string::String, vec::Vec};
    use core::fmt::Debug;

    use expect_test::Expect;

    use crate::{
        bindings::exports::wecom::connector::types::Error,
        call::{Access, Body, Call, Method, Reply},
        wire,
    };

    /// The whole request as it goes out, but for the credentials, of which the kind is shown.
    pub(crate) fn check_request<T>(call: &Call<T>, expected: Expect) {
        let method = match call.outgoing.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let access = match call.outgoing.access {
            Access::Open => "nothing",
            Access::Application => "application",
            Access::Contacts => "contacts",
            Access::Chatbot => "chatbot",
        };
        let mut query = String::new();
        for (name, value) in &call.outgoing.query {
            wire::push_query(&mut query, name, value);
        }
        let body = match &call.outgoing.body {
            Body::Empty => String::new(),
            Body::Json(body) => format!(" {}", String::from_utf8(body.clone().finish()).unwrap()),
            Body::Upload(upload) => {
                let parts = upload.parts.concat();
                format!(
                    " {} {}",
                    upload.content_type,
                    String::from_utf8_lossy(&parts).replace("\r\n", "\\r\\n")
                )
            }
        };
        let again = if call.outgoing.repeatable { "repeatable" } else { "once" };
        expected.assert_eq(&format!(
            "{method} {}{query}{body} [{access}, {again}]",
            call.outgoing.path
        ));
    }

    pub(crate) fn check_reply<T: Debug>(call: &Call<T>, reply: &str, expected: Expect) {
        expected.assert_eq(&match call.outgoing.read(reply.as_bytes()) {
            Ok(Reply::Accepted(it)) => format!("{:?}", (call.read)(it)),
            other => format!("{other:?}"),
        });
    }

    /// What the caller gets when WeCom just accepts.
    pub(crate) fn accepted<T>(call: &Call<T>) -> T {
        match call.outgoing.read(br#"{"errcode":0}"#) {
            Ok(Reply::Accepted(it)) => (call.read)(it).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The fields that a call was refused for, and why.
    pub(crate) fn check_refused<T>(call: Result<Call<T>, Error>, expected: Expect) {
        match call {
            Err(Error::PermanentInvalidInput(fields)) => {
                let fields: Vec<_> =
                    fields.iter().map(|it| format!("{}: {}", it.field, it.reason)).collect();
                expected.assert_eq(&fields.join("\n"));
            }
            Err(other) => panic!("refused for another reason: {other}"),
            Ok(_) => panic!("accepted"),
        }
    }
}
