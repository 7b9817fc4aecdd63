//! Tokens and client secrets must never reach standard error or a log.
//!
//! A [`Secret`] has no `Display` and redacts itself in `Debug`, so that printing one by accident
//! shows nothing; whoever needs the text has to say [`Secret::expose`]. [`redact`] is for the one
//! text that is not ours: what a server says about a request that carried the secrets.
//! [`looks_secret`] is for what nobody declared to be one: an argument in the wrong place.

use std::fmt;

/// Stands where a secret stood.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// The digits of a consumer secret as Salesforce makes them: 32 bytes, in upper case.
const CONSUMER_SECRET_LEN: usize = 64;

/// A string that is shown to nobody by accident.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// Takes over the text that is to be kept secret.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for the request body, the document and standard output.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Removes every occurrence of the given secrets from `text`, in upper or lower case: `%2f` is as
/// much of a secret as `%2F`.
pub(crate) fn redact<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    secrets
        .into_iter()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| without(&text, secret))
}

/// The text with [`REDACTED`] in place of one secret.
fn without(text: &str, secret: &str) -> String {
    // Only ASCII changes, so the positions are those of the text.
    let lower = text.to_ascii_lowercase();
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for (start, found) in lower.match_indices(&secret.to_ascii_lowercase()) {
        shown.push_str(&text[end..start]);
        shown.push_str(REDACTED);
        end = start + found.len();
    }
    shown + &text[end..]
}

/// Whether a text has the look of a secret, or has one in it: an access token (`00D...!...` or a
/// JWT), a refresh token (`5Aep...`), an auth URL, JSON, a consumer secret.
///
/// These are Salesforce's. A secret of another make looks like any name, so that where a secret is
/// to be feared, as a value of `--client-secret-file`, this is not enough.
pub(crate) fn looks_secret(text: &str) -> bool {
    let is_access_token = |from: &str| from.contains('!') || from.contains("%21");
    let is_session = text
        .find("00D")
        .is_some_and(|at| is_access_token(&text[at..]));
    let is_jwt = text.find("eyJ").is_some_and(|at| text[at..].contains('.'));
    let json = text.trim_start();
    let is_json = json.starts_with('{') || json.starts_with('[') && json.contains('"');
    let is_known = ["5Aep", "force://"].iter().any(|sign| text.contains(sign));
    is_session || is_jwt || is_json || is_known || is_consumer_secret(text.trim())
}

/// Whether a text is what Salesforce makes for a consumer secret.
fn is_consumer_secret(text: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'A'..=b'F').contains(&b);
    text.len() == CONSUMER_SECRET_LEN && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_look_secret_wherever_they_stand_and_names_do_not() {
        let consumer_secret = "0123456789ABCDEF".repeat(4);
        for secret in [
            "00D41000!AQ",
            "Bearer 00D41000%21AQ",
            "5Aep861",
            "'5Aep861'",
            "eyJhbGciOi.eyJz",
            " force://a",
            " {",
            "[\"a",
            &consumer_secret,
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        let digest = consumer_secret.to_lowercase();
        for name in [
            "t.json",
            "00D41000",
            "a!b",
            "eyJ",
            "a{",
            "3MVG9_a.b",
            &digest,
        ] {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", Secret::new("5Aep861")), "[REDACTED]");
    }

    #[test]
    fn redacts_every_occurrence_and_ignores_empty_secrets() {
        assert_eq!(
            redact("a tok b TOK \u{130}", ["Tok", ""]),
            "a [REDACTED] b [REDACTED] \u{130}"
        );
    }
}
