//! Requests in, responses out.

pub(crate) mod body;
mod json;
pub(crate) mod mode;
pub(crate) mod multipart;
pub(crate) mod query;
mod reader;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod warnings;
