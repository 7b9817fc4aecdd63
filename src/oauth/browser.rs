//! How a browser spells an address.
//!
//! What a person copies from its address bar is not what the server sent to the letter.

use std::borrow::Cow;

/// An address in the spelling that browsers give it (WHATWG URL, section 4.5): scheme and host in
/// lower case, no port that is the usual one, a slash in place of an empty path. An app may have its
/// callback URL in another one.
pub(super) fn as_browsers_show(address: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.into();
    };
    let scheme = scheme.to_ascii_lowercase();
    let usual_port = match &*scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return address.into(),
    };
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(usual_port).unwrap_or(&host);
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{scheme}://{host}{slash}{path}").into()
}
