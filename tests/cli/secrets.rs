//! Whether standard error shows a part of a secret.
//!
//! Half a token in a log is a lead to the rest, and a cut, encoded or re-cased token is still one.
//! So a test names the secrets that a run knew, and any few characters of them in a row are found.

use std::fmt::Write;

use crate::harness::Outcome;

/// So many characters of a secret in a row are too many to be shown.
const PIECE_LEN: usize = 8;

/// Standard error has no piece of these secrets, as they are or as a form has them, whatever the
/// case of its letters.
#[track_caller]
pub(crate) fn assert_shows_none(outcome: &Outcome, secrets: &[&str]) {
    let said = outcome.stderr_text();
    for secret in secrets {
        let shown = shown_piece(&said, secret);
        assert_eq!(shown, None, "a piece of {secret}\n{outcome}");
    }
}

/// A piece of the secret that the text has.
fn shown_piece(text: &str, secret: &str) -> Option<String> {
    let (text, secret) = (text.to_ascii_lowercase(), secret.to_ascii_lowercase());
    let mut pieces = pieces(&secret);
    let shown = pieces.find(|it| text.contains(it) || text.contains(&encoded(it)));
    shown.map(str::to_owned)
}

/// Every [`PIECE_LEN`] characters in a row, or the whole of a text that is shorter.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let len = PIECE_LEN.min(text.len());
    (0..=text.len() - len).filter_map(move |start| text.get(start..start + len))
}

/// The text as a form has it, all in lower case.
fn encoded(text: &str) -> String {
    let mut form = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => form.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"*-._".contains(&byte) => form.push(byte.into()),
            _ => write!(form, "%{byte:02x}").unwrap(),
        }
    }
    form
}

#[test]
fn pieces_are_found_wherever_and_however_they_are_shown() {
    let secret = "00D!AQ+access/Token==";
    for text in [
        "00D!AQ+access/Token==",
        "a token 00d!aq+a and so on",
        "a token /TOKEN== ",
        "%2BACCESS%2ftoken%3D%3d",
        "x=D%21AQ%2bacc",
    ] {
        assert!(shown_piece(text, secret).is_some(), "{text}");
    }
    for text in [
        "",
        "00D!AQ+",
        "%2Baccess",
        "access-token",
        "Token= =",
        "[REDACTED]",
    ] {
        assert_eq!(shown_piece(text, secret), None, "{text}");
    }
    assert!(
        shown_piece("a p@ss b", "p@ss").is_some(),
        "a short one as a whole"
    );
}
