//! What was tolerated in a request, for the `errmsg` of the response.

use std::cell::Cell;

/// The warning that goes behind the usual `errmsg`, as the server does for values that it coerced.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    wrong_json: Cell<bool>,
    wrong_query: Cell<Option<&'static str>>,
}

impl Warnings {
    /// Notes a wrong JSON type, or JSON that was repaired or ignored.
    pub(crate) fn wrong_json(&self) {
        self.wrong_json.set(true);
    }

    /// Notes a query parameter that is not a number.
    pub(crate) fn wrong_query(&self, field: &'static str) {
        self.wrong_query.set(Some(field));
    }

    /// The `errmsg` of a success.
    pub(crate) fn of_success(&self, errmsg: &str) -> String {
        if self.wrong_json.get() {
            return format!("{errmsg}. Warning: wrong json format. ");
        }
        match self.wrong_query.get() {
            Some(field) => format!("{errmsg}. WARNING: field `{field}` expect type `uint32`. "),
            None => errmsg.to_owned(),
        }
    }

    /// The text of a refusal.
    pub(crate) fn of_refusal(&self, text: &str) -> String {
        if self.wrong_json.get() {
            format!("Warning: wrong json format. {text}")
        } else {
            text.to_owned()
        }
    }
}
