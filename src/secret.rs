//! Tokens and client secrets must never reach standard error or a log.
//!
//! A [`Secret`] has no `Display` and redacts itself in `Debug`, so that printing one by accident
//! shows nothing; whoever needs the text has to say [`Secret::expose`]. [`redact`] is for the one
//! text that is not ours: what a server says about a request that carried the secrets.
//! [`looks_secret`] is for what nobody declared to be one: an argument in the wrong place.

use std::collections::HashMap;
use std::fmt;

/// Stands where a secret stood.
pub(crate) const REDACTED: &str = "[REDACTED]";

/// The digits of a consumer secret as Salesforce makes them: 32 bytes, in upper case.
const CONSUMER_SECRET_LEN: usize = 64;

/// How many bytes of a secret betray it, wherever they stand. A shorter secret is only looked for
/// where it stands alone: `E` is a part of every other word.
const TELLING: usize = 8;

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

/// The text with [`REDACTED`] in place of every secret and of every [`TELLING`] piece of one, in
/// upper or lower case: `%2f` is as much of a secret as `%2F`.
///
/// All pieces are found in the text as it came and are replaced at once, so that no replacement can
/// hide another secret. The work is linear in the text and the secrets together.
pub(crate) fn redact<S: AsRef<str>>(text: &str, secrets: impl IntoIterator<Item = S>) -> String {
    // Only ASCII changes, so the positions are those of the text.
    let lower = text.to_ascii_lowercase();
    let mut places = Places::of(lower.as_bytes());
    for secret in secrets {
        places.hide(secret.as_ref().to_ascii_lowercase().as_bytes());
    }
    places.replaced_in(text)
}

/// Where each piece of a text stands that a secret could be, and which bytes are to be hidden.
struct Places<'a> {
    /// The pieces that have not been hidden yet, and where they start.
    starts: HashMap<&'a [u8], Vec<usize>>,
    /// For each byte of the text.
    hidden: Vec<bool>,
}

impl<'a> Places<'a> {
    /// All pieces of [`TELLING`] bytes, and all shorter ones that stand alone.
    fn of(text: &'a [u8]) -> Self {
        let mut starts: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for start in 0..text.len() {
            for len in 1..=TELLING.min(text.len() - start) {
                let end = start + len;
                if len == TELLING || stands_alone(text, start, end) {
                    starts.entry(&text[start..end]).or_default().push(start);
                }
            }
        }
        let hidden = vec![false; text.len()];
        Self { starts, hidden }
    }

    /// Hides a secret in lower case. A piece that is hidden need not be found again.
    fn hide(&mut self, secret: &[u8]) {
        for piece in secret.windows(TELLING.min(secret.len()).max(1)) {
            for start in self.starts.remove(piece).unwrap_or_default() {
                self.hidden[start..start + piece.len()].fill(true);
            }
        }
    }

    /// The text with one [`REDACTED`] for each run of hidden bytes.
    fn replaced_in(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut was_hidden = false;
        for (start, c) in text.char_indices() {
            let is_hidden = self.hidden[start..start + c.len_utf8()].contains(&true);
            match (is_hidden, was_hidden) {
                (true, false) => shown.push_str(REDACTED),
                (true, true) => {}
                (false, _) => shown.push(c),
            }
            was_hidden = is_hidden;
        }
        shown
    }
}

/// Whether no letter or digit stands beside a part of a text.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let is_word = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    !(is_word(end) || start > 0 && is_word(start - 1))
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

/// A text that nobody declared to be a secret, or [`REDACTED`] where it has the look of one.
pub(crate) fn unless_secret(text: &str) -> &str {
    if looks_secret(text) { REDACTED } else { text }
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
            "[a]",
            "a\"b",
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
    fn hides_every_telling_piece_in_any_case() {
        let secrets = ["5Aep861token", ""];
        assert_eq!(redact("a 5AEP861TOKEN b", secrets), "a [REDACTED] b");
        assert_eq!(redact("cut 5Aep861to...", secrets), "cut [REDACTED]...");
        assert_eq!(redact("part 5Aep861", secrets), "part 5Aep861");
        assert_eq!(
            redact("\u{130} 61token\u{130}", secrets),
            "\u{130} 61token\u{130}"
        );
        assert_eq!(redact("p861token\u{130}", secrets), "[REDACTED]\u{130}");
    }

    #[test]
    fn short_secrets_are_hidden_where_they_stand_alone() {
        assert_eq!(
            redact("no E in E, but EE", ["e"]),
            "no [REDACTED] in [REDACTED], but EE"
        );
        assert_eq!(redact("pass s3cret.", ["s3cret"]), "pass [REDACTED].");
    }

    #[test]
    fn one_secret_cannot_hide_another() {
        let secrets = ["8", "5Aep861token", "861toke"];
        assert_eq!(
            redact("is 5Aep861token 8", secrets),
            "is [REDACTED] [REDACTED]"
        );
    }

    #[test]
    fn many_secrets_and_repetitions_take_linear_time() {
        let secret = "a".repeat(100_000);
        let secrets = std::iter::repeat_n("E", 100_000).chain([secret.as_str()]);
        assert_eq!(redact(&"a".repeat(400), secrets), REDACTED);
    }
}
