//! The members that are sent somewhere: which of their values can be.

use serde_json::{Map, Value};

use super::cli_output::{LOG_IN, is_redacted, members_instead, redacted};
use super::unusable::{no_value, unusable};
use crate::error::Error;
use crate::secret::Secret;
use crate::text::{self, is_token};

/// Checks the one member that every document must have.
pub(super) fn check_refresh_token(members: &Map<String, Value>) -> Result<(), Error> {
    let why = match members.get("refresh_token") {
        Some(Value::String(token)) if is_redacted(token) => return Err(redacted()),
        Some(Value::String(token)) => match text::pasted(token) {
            Ok("") => "its refresh_token is empty",
            Ok(_) => return Ok(()),
            Err(why) => return Err(no_value("refresh_token", why)),
        },
        Some(_) => "its refresh_token is not a string",
        None => return Err(members_instead(members)),
    };
    Err(unusable(why).hint(LOG_IN))
}

/// The refresh token, empty where there is none.
pub(super) fn refresh_token(members: &Map<String, Value>) -> Secret {
    let token = text(members, "refresh_token").map(text::pasted);
    Secret::new(token.and_then(Result::ok).unwrap_or_default())
}

/// The access token, if there is one that can be used in a header.
pub(super) fn access_token(members: &Map<String, Value>) -> Option<Secret> {
    text(members, "access_token")
        .filter(|token| is_token(token))
        .map(Secret::new)
}

/// A member that is a non-empty string.
pub(super) fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = members.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// The same of a member that people paste, without the white space around it.
///
/// # Errors
/// `DATAERR` when it has characters that no id and no secret has.
pub(super) fn pasted<'a>(
    members: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, Error> {
    let value = text(members, name).map_or(Ok(""), text::pasted);
    let value = value.map_err(|why| no_value(name, why))?;
    Ok((!value.is_empty()).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_tokens_must_fit_into_a_header() {
        let token = |json: &str| access_token(&serde_json::from_str(json).expect("an object"));
        for unusable in ["", "a b", "a\\r\\nb", "ä"] {
            let json = format!(r#"{{"refresh_token":"r","access_token":"{unusable}"}}"#);
            assert_eq!(token(&json), None);
        }
        let usable = r#"{"refresh_token":"r","access_token":"00D!a.b_c"}"#;
        assert_eq!(token(usable), Some(Secret::new("00D!a.b_c")));
    }
}
