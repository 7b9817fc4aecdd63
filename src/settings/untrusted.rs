//! That a document points at a host that is not trusted, with the host named as far as it can be.

use crate::endpoint::host_of;
use crate::error::{Class, Error};
use crate::secret::looks_secret;

/// The longest name that DNS has (RFC 1035, 2.3.4).
const MAX_HOST_LEN: usize = 255;

/// The document called `name` points at nothing that could be trusted.
pub(super) fn untrusted(name: &str, named_by: &str, url: &str, why: &str) -> Error {
    let (host, hint) = match named_host(url) {
        Some(host) => {
            let hint = format!("if you trust that host, give --token-endpoint https://{host}");
            (host, hint)
        }
        None => (
            "no readable host".to_owned(),
            "give the My Domain of the org as --token-endpoint".to_owned(),
        ),
    };
    Error::new(
        Class::Usage,
        format!("no token endpoint for {name}: {named_by} names {host}: {why}"),
        hint,
    )
}

/// The host that somebody meant, if it can be shown: what lacks a scheme may be a secret in the wrong
/// place.
fn named_host(url: &str) -> Option<String> {
    let host = if url.contains("://") || url.starts_with("//") {
        host_of(url)
    } else {
        let host = host_of(&format!("//{url}"));
        host.filter(|host| host.contains('.') && !looks_secret(url))
    };
    host.filter(|host| host.len() <= MAX_HOST_LEN)
}
