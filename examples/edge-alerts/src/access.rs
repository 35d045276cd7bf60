//! Who may post: callers with the bearer token.

use subtle::ConstantTimeEq;

use crate::response::Response;

/// Compares the `Authorization` header with the token from the environment, in time that depends only on the token's
/// length.
pub(crate) fn check(token: Option<&str>, authorization: &[Vec<u8>]) -> Result<(), Response> {
    let Some(token) = token.filter(|it| !it.is_empty()) else {
        return Err(Response::later(60, "ALERTS_TOKEN is not set"));
    };
    let presented = match authorization {
        [one] => {
            one.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
        }
        _ => None,
    };
    match presented {
        Some((_, it)) if bool::from(it.ct_eq(token.as_bytes())) => Ok(()),
        _ => Err(Response::new(401, "the bearer token is missing or wrong")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(token: Option<&str>, authorization: &[&str]) -> Option<u16> {
        let authorization: Vec<_> = authorization.iter().map(|it| it.as_bytes().to_vec()).collect();
        check(token, &authorization).err().map(|it| it.status)
    }

    #[test]
    fn only_the_token_is_accepted() {
        assert_eq!(status(Some("s3cret"), &["Bearer s3cret"]), None);
        assert_eq!(status(Some("s3cret"), &["bearer s3cret"]), None);
        for wrong in
            ["", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3crets", "Basic s3cret", "s3cret"]
        {
            assert_eq!(status(Some("s3cret"), &[wrong]), Some(401), "{wrong}");
        }
        assert_eq!(status(Some("s3cret"), &[]), Some(401));
        assert_eq!(status(Some("s3cret"), &["Bearer s3cret", "Bearer s3cret"]), Some(401));
    }

    #[test]
    fn missing_token_rejects_every_caller() {
        assert_eq!(status(None, &["Bearer "]), Some(503));
        assert_eq!(status(Some(""), &["Bearer "]), Some(503));
    }
}
