//! `Call<T>`: the request of an action, and the parser of its response.

use alloc::{boxed::Box, string::String, vec::Vec};

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use crate::credentials::Auth;
use crate::{
    bindings::wit::types::{Receipt, Truncation},
    multipart::Upload,
    response::{Accepted, DownloadedFile, Unexpected, Warnings},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    Get,
    Post,
}

#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Upload(Upload),
}

/// What is expected as the response, besides a refusal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Expected {
    Json,
    /// A file, or a range of its bytes: the first and the last.
    File(Option<(u64, u64)>),
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
    pub(crate) expected: Expected,
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
                expected: Expected::Json,
            },
            parse: receipt(Vec::new()),
        }
    }

    /// Reports in the receipt what was truncated.
    pub(crate) fn with_truncations(self, truncated: Vec<Truncation>) -> Self {
        Self { request: self.request, parse: receipt(truncated) }
    }

    /// Expects a file, or a range of its bytes, of which `make` makes the result.
    pub(crate) fn download<T>(
        mut self,
        range: Option<(u64, u64)>,
        make: impl FnOnce(DownloadedFile) -> Result<T, Unexpected> + 'static,
    ) -> Call<T> {
        self.request.expected = Expected::File(range);
        let parse =
            Box::new(|it: Accepted| make(it.file.ok_or_else(|| Unexpected::lacks("file"))?));
        Call { request: self.request, parse }
    }
}

impl<T: 'static> Call<T> {
    /// Adds a warning to those of the response.
    pub(crate) fn with_warning(self, warning: Option<String>) -> Self {
        let Self { request, parse } = self;
        let parse = Box::new(|mut it: Accepted| {
            it.warnings.push(warning);
            parse(it)
        });
        Self { request, parse }
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

    /// Parses the response as `R`, of which `make` makes the result. What it cannot read becomes a warning; it fails only
    /// where the result of the call is missing.
    pub(crate) fn map<R: DeserializeOwned, U>(
        self,
        make: impl FnOnce(R, Warnings) -> Result<U, Unexpected> + 'static,
    ) -> Call<U> {
        let parse = Box::new(|it: Accepted| make(it.read()?, it.warnings));
        Call { request: self.request, parse }
    }
}

fn receipt(truncated: Vec<Truncation>) -> Parser<Receipt> {
    Box::new(|it| Ok(Receipt { truncated, warning: it.warnings.into_text() }))
}

pub(crate) fn omit_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, it| !it.is_null());
            members.values_mut().for_each(omit_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(omit_nulls),
        _ => {}
    }
}
