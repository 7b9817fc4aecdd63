//! Tokens and client secrets must never reach standard error or a log.
//!
//! A [`Secret`] has no `Display` and redacts itself in `Debug`, so that printing one by accident
//! shows nothing; whoever needs the text has to say [`Secret::expose`]. [`redact`] is for the one
//! text that is not ours: what a server says about a request that carried the secrets.

use std::fmt;

/// Stands where a secret stood.
const REDACTED: &str = "[REDACTED]";

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

#[cfg(test)]
mod tests {
    use super::*;

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
