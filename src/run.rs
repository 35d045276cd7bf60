//! Several requests in one call.

use crate::{bindings::wit::types::Error, call::Call, credentials::Account};

/// Runs calls with the credentials of one account, one after the other. A token is fetched for the first only.
///
/// An action of several requests validates its arguments first and returns the rest as a closure:
/// `fn ensure_department<R: Run>(…) -> Result<impl FnOnce(&mut R) -> Result<EnsuredDepartment, Error>, Error>`.
pub(crate) trait Run {
    fn account(&self) -> &Account;
    fn run<T>(&mut self, call: Call<T>) -> Result<T, Error>;
}
