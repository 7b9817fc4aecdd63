//! What no URL has in it; what people paste by mistake is called by its name.

/// Refuses a URL with such characters.
///
/// # Errors
/// Says which.
pub(super) fn check_characters(url: &str) -> Result<(), &'static str> {
    if url.contains(char::is_whitespace) {
        return Err("it has a blank or a line break in it");
    }
    if url.contains('"') || url.starts_with('\'') {
        return Err("it has quotes in it");
    }
    if !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains(['\\', '<', '>']) {
        return Err("it has characters that a URL cannot have");
    }
    Ok(())
}
