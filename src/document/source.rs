//! From the bytes of a file to the members of one JSON object.

use serde_json::{Map, Value};

use super::auth_url::auth_url;
use super::cli_output::{is_redacted, redacted, text_instead};
use super::reserved;
use super::unusable::{not_keepable, unusable};
use crate::error::Error;

/// 1 MiB. A token document has about one KiB; what is larger is most likely the wrong file.
pub(crate) const MAX_LEN: usize = 1024 * 1024;

/// The text of a file without its byte order mark.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, Error> {
    if bytes.len() > MAX_LEN {
        return Err(unusable("it is larger than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        unusable("it is not UTF-8").hint("save it as UTF-8 (PowerShell's > writes UTF-16)")
    })?;
    Ok(without_mark(text))
}

/// The text of a file of any size, if it is one.
pub(super) fn text_of_any_size(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().map(without_mark)
}

/// A text without a byte order mark at its start.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// The text of FILE, which cannot be an auth URL: what comes of that is a document.
pub(super) fn text_of_file(bytes: &[u8]) -> Result<&str, Error> {
    let text = text_of(bytes)?;
    if auth_url(text).is_some() {
        return Err(unusable("it is an auth URL")
            .hint("pass it to sftoken refresh on standard input, with - as FILE"));
    }
    Ok(text)
}

/// The members of a text that is one JSON object, whatever they are.
pub(super) fn object_in(text: &str) -> Result<Map<String, Value>, Error> {
    if text.trim().is_empty() {
        return Err(unusable("it is empty"));
    }
    if reserved::is_in_text(text) {
        return Err(not_keepable());
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) if is_redacted(text) => Err(redacted()),
        Ok(_) => Err(unusable("it is JSON but not an object")),
        Err(error) => {
            let no_json = || unusable(format!("it is not JSON: {error}"));
            Err(text_instead(text).unwrap_or_else(no_json))
        }
    }
}
