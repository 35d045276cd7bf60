//! `Call<T>`: the request of an action, and the parser of its response.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    bindings::wit::types::{Receipt, Truncation},
    multipart::Upload,
    response::{Accepted, Unexpected},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    Get,
    Post,
}

/// The credential that a call needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Auth {
    /// None: `gettoken`.
    None,
    /// A token of the application's secret.
    Application,
    /// A token of the contacts secret.
    Contacts,
    /// A chatbot's key.
    Chatbot,
}

pub(crate) enum Body {
    Empty,
    Json(Value),
    Upload(Upload),
}

/// A validated request that any credentials can send.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    pub(crate) auth: Auth,
    /// Sending it twice does no harm, so it may be retried when its outcome is unknown.
    pub(crate) retry_safe: bool,
    /// `agentid` comes from the credentials.
    pub(crate) inject_agent_id: bool,
}

/// Makes the result of an action from the response that accepted its request.
type Parser<T> = Box<dyn FnOnce(Accepted) -> Result<T, Unexpected>>;

/// One call of WeCom's API: the request of an action, and how its response becomes a result.
pub(crate) struct Call<T> {
    pub(crate) request: Request,
    pub(crate) parse: Parser<T>,
}

impl Call<Receipt> {
    /// Reads and deletions, which are retry-safe.
    pub(crate) fn get(path: &'static str, auth: Auth) -> Self {
        Self::new(Method::Get, path, Body::Empty, auth).retry_safe(true)
    }

    /// A JSON body. Null members are omitted, at every depth.
    pub(crate) fn post(path: &'static str, auth: Auth, mut body: Value) -> Self {
        omit_nulls(&mut body);
        Self::new(Method::Post, path, Body::Json(body), auth)
    }

    /// A file. Uploading it twice only stores it twice.
    pub(crate) fn upload(path: &'static str, auth: Auth, upload: Upload) -> Self {
        Self::new(Method::Post, path, Body::Upload(upload), auth).retry_safe(true)
    }

    fn new(method: Method, path: &'static str, body: Body, auth: Auth) -> Self {
        Self {
            request: Request {
                method,
                path,
                query: Vec::new(),
                body,
                auth,
                retry_safe: false,
                inject_agent_id: false,
            },
            parse: Box::new(|it| Ok(Receipt { truncated: Vec::new(), warning: it.warning })),
        }
    }

    /// Reports in the receipt what was truncated.
    pub(crate) fn with_truncations(self, truncated: Vec<Truncation>) -> Self {
        let parse = Box::new(|it: Accepted| Ok(Receipt { truncated, warning: it.warning }));
        Self { request: self.request, parse }
    }
}

impl<T> Call<T> {
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.request.query.push((name, value.into()));
        self
    }

    pub(crate) fn retry_safe(mut self, retry_safe: bool) -> Self {
        self.request.retry_safe = retry_safe;
        self
    }

    pub(crate) fn inject_agent_id(mut self, inject: bool) -> Self {
        self.request.inject_agent_id = inject;
        self
    }

    /// Parses the response as `R`. `make` also gets the warning that came with it, if any.
    pub(crate) fn map<R: DeserializeOwned, U>(
        self,
        make: impl FnOnce(R, Option<String>) -> U + 'static,
    ) -> Call<U> {
        let parse = Box::new(|it: Accepted| Ok(make(it.read()?, it.warning)));
        Call { request: self.request, parse }
    }
}

fn omit_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, it| !it.is_null());
            members.values_mut().for_each(omit_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(omit_nulls),
        _ => {}
    }
}
