//! Requests in, responses out.

pub(crate) mod body;
pub(crate) mod multipart;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod response;
