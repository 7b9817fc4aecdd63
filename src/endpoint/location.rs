//! Where a redirect leads, for a message: it is never followed.

use super::host::{checked_host, split_port};

/// The target of a `Location` that a server of this scheme, host and port sent: scheme, host, port
/// and path, without user info and query; `None` where that is no `http` or `https` URL that can be
/// shown.
pub(super) fn target(location: &str, scheme: &str, authority: &str) -> Option<String> {
    let end = location.find(['?', '#']).unwrap_or(location.len());
    let location = &location[..end];
    if location.starts_with("//") {
        return target(&format!("{scheme}:{location}"), scheme, authority);
    }
    if location.starts_with('/') {
        return Some(format!("{scheme}://{authority}{location}"));
    }
    let (scheme, rest) = location.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next()?;
    let (host, port) = split_port(authority)?;
    let host = checked_host(host)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    is_web.then(|| format!("{scheme}://{host}{port}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_redirects_are_fit_to_be_shown() {
        let cases = [
            ("https://a.example/x?y#z", Some("https://a.example/x")),
            ("http://ep:8474", Some("http://ep:8474")),
            ("//b.example:8443/x", Some("https://b.example:8443/x")),
            ("https://user:secret@c.example/", Some("https://c.example/")),
            ("https://[::1]:1/", Some("https://[::1]:1/")),
            ("/login?code=1", Some("https://ep:8474/login")),
            ("https://a\u{7}b/", None),
            ("ftp://a/", None),
            ("", None),
        ];
        for (location, expected) in cases {
            let target = target(location, "https", "ep:8474");
            assert_eq!(target.as_deref(), expected, "{location}");
        }
    }
}
