//! That something is no document, and what is shown of it.

use crate::error::{Class, Error};
use crate::secret;
use crate::text::harmless;

/// How much of somebody else's words a message shows, in characters; as much as of a server's.
const MAX_WORDS: usize = 200;

/// What to do about what is nothing that is known.
pub(crate) const GIVE_DOCUMENT: &str = "give the JSON document of a Salesforce login";

/// Why something is not a document.
pub(super) fn unusable(why: impl Into<String>) -> Error {
    Error::new(Class::DataErr, why, GIVE_DOCUMENT)
}

/// A member is no id, secret or token.
pub(super) fn no_value(name: &str, why: &str) -> Error {
    unusable(format!("its {name} is unusable: {why}"))
        .hint("give the value alone, without a line break in it")
}

/// Indenting makes a document too long.
pub(super) fn too_large_indented() -> Error {
    unusable("it would be larger than 1 MiB once it is indented")
}

/// A document has a name that does not survive.
pub(super) fn not_keepable() -> Error {
    unusable("it has a member that cannot be kept")
}

/// Words of a file that is no document, fit to be shown: in one line, without what looks secret, cut
/// to [`MAX_WORDS`].
pub(super) fn shown(text: &str) -> String {
    let text = text.replace(char::is_whitespace, " ");
    let text = harmless(&text);
    let words = text.split(' ').filter(|word| !word.is_empty());
    let words: Vec<&str> = words.map(secret::unless_secret).collect();
    words.join(" ").chars().take(MAX_WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_shown_in_one_line_without_secrets() {
        let said = "no\r\norg \u{1b}for\u{200b} (5Aep861.x) force://a::b@c\t00D41!AQ";
        assert_eq!(shown(said), "no org for [REDACTED] [REDACTED] [REDACTED]");
        assert_eq!(shown(&"x".repeat(300)), "x".repeat(200));
    }
}
