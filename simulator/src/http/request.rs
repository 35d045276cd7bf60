//! One request to an endpoint.

use bytes::Bytes;
use http::{Request, header};
use serde::de::DeserializeOwned;

use crate::{
    corp::refusal::Refusal,
    http::{
        body,
        multipart::{self, Part},
        query::Query,
    },
};

/// What an endpoint is given beside the corp and the caller.
pub(crate) struct Call<'a> {
    pub(crate) query: Query,
    pub(crate) request: &'a Request<Bytes>,
}

impl Call<'_> {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        body::read(self.request.body())
    }

    pub(crate) fn upload(&self) -> Result<Part, Refusal> {
        let content_type = self.header(&header::CONTENT_TYPE).unwrap_or_default();
        let boundary = multipart::boundary(content_type)
            .map_err(|reason| Refusal::new(44001, format!("empty media data: {reason}")))?;
        multipart::read(self.request.body(), boundary)
    }

    pub(crate) fn header(&self, name: &header::HeaderName) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }
}
