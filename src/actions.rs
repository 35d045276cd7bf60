//! The subjects, a file each. An action destructures a record, validates it, writes the body and parses the response.

pub(crate) mod app_messages;
pub(crate) mod chatbots;
pub(crate) mod content;
#[cfg(test)]
mod content_tests;
pub(crate) mod departments;
pub(crate) mod diagnosis;
pub(crate) mod group_chats;
pub(crate) mod group_messages;
pub(crate) mod media;
pub(crate) mod members;
#[cfg(test)]
mod samples;
mod template_cards;
pub(crate) mod tokens;

#[cfg(test)]
mod testing {
    use alloc::{format, string::String, vec::Vec};
    use core::fmt::Debug;

    use expect_test::Expect;

    use crate::{
        bindings::wit::types::Error,
        call::{Auth, Body, Call, Expected, Method},
        response::Response,
        wire,
    };

    /// The whole request, with the kind of credentials in place of their values.
    pub(crate) fn check_request<T>(call: &Call<T>, expected: Expect) {
        let method = match call.request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let auth = match call.request.auth {
            Auth::None => "nothing",
            Auth::Application => "application",
            Auth::Contacts => "contacts",
            Auth::Chatbot => "chatbot",
        };
        let mut query = String::new();
        for (name, value) in &call.request.query {
            wire::push_query(&mut query, name, value);
        }
        let body = match &call.request.body {
            Body::Empty => String::new(),
            Body::Json(body) => format!(" {body}"),
            Body::Upload(upload) => {
                let parts = upload.parts.concat();
                format!(
                    " {} {}",
                    upload.content_type,
                    String::from_utf8_lossy(&parts).replace("\r\n", "\\r\\n")
                )
            }
        };
        let range = match call.request.expected {
            Expected::File(Some((first, last))) => format!(" bytes {first}-{last}"),
            Expected::Json | Expected::File(None) => String::new(),
        };
        let retry = if call.request.retry_safe { "retry-safe" } else { "once" };
        expected.assert_eq(&format!(
            "{method} {}{query}{body}{range} [{auth}, {retry}]",
            call.request.path
        ));
    }

    pub(crate) fn check_response<T: Debug>(call: Call<T>, reply: &str, expected: Expect) {
        expected.assert_eq(&match Response::parse(reply.into(), call.request.auth) {
            Ok(Response::Accepted(it)) => format!("{:?}", (call.parse)(it)),
            Ok(Response::Refused(it)) => {
                format!("Refused {{ code: {}, message: {:?} }}", it.code, it.message)
            }
            Err(unexpected) => format!("{unexpected:?}"),
        });
    }

    /// The result when WeCom accepts and returns nothing else.
    pub(crate) fn accepted<T>(call: Call<T>) -> T {
        match Response::parse(br#"{"errcode":0,"chatid":"c","id":7}"#.into(), call.request.auth) {
            Ok(Response::Accepted(it)) => (call.parse)(it).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// The fields that a call was rejected for, with the reasons.
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
