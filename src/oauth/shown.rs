//! A server's own words, fit to be shown.

use crate::secret::redact;
use crate::text::is_harmful;

/// How much of them a message shows, in characters.
const MAX_SERVER_TEXT: usize = 200;

/// The words without control characters and secrets, cut to [`MAX_SERVER_TEXT`].
pub(super) fn fit_to_be_shown<S: AsRef<str>>(
    words: &str,
    secrets: impl IntoIterator<Item = S>,
) -> String {
    // A secret at the end is recognised by a piece of it, so what lies far behind does not matter.
    let words: String = words
        .chars()
        .filter(|c| !is_harmful(*c))
        .take(2 * MAX_SERVER_TEXT)
        .collect();
    let words = redact(&words, secrets);
    words.chars().take(MAX_SERVER_TEXT).collect()
}
