//! Where a redirect leads, for a message: it is never followed.

use super::host::{checked_host, split_port};

/// The target of a `Location` that a server of this scheme, host, port and path sent (RFC 9110,
/// section 10.2.2): scheme, host, port and path, without user info and query; `None` where that is
/// no `http` or `https` URL that can be shown.
pub(super) fn target(location: &str, scheme: &str, authority: &str, own: &str) -> Option<String> {
    let location = without_query(location);
    if location.starts_with("//") {
        return absolute(&format!("{scheme}:{location}"));
    }
    let first = location.split('/').next().unwrap_or_default();
    if first.contains(':') {
        return absolute(location);
    }
    let path = resolved(location, without_query(own));
    Some(format!("{scheme}://{authority}{path}"))
}

/// What stands before the query and the fragment.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// An absolute URL as far as it can be shown.
fn absolute(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit('@').next()?;
    let (host, port) = split_port(authority)?;
    let host = checked_host(host)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let is_web = ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str());
    is_web.then(|| format!("{scheme}://{host}{port}{path}"))
}

/// A path as seen from another (RFC 3986, sections 5.2.3 and 5.2.4).
fn resolved(path: &str, own: &str) -> String {
    let directory = match path {
        "" => return own.to_owned(),
        path if path.starts_with('/') => "",
        _ => own.rsplit_once('/').map_or("", |(directory, _)| directory),
    };
    let path = format!("{directory}/{}", path.strip_prefix('/').unwrap_or(path));
    let mut segments = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            ".." => drop(segments.pop()),
            "." => {}
            _ => segments.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        segments.push("");
    }
    format!("/{}", segments.join("/"))
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
            ("javascript:alert(1)", None),
        ];
        for (location, expected) in cases {
            let target = target(location, "https", "ep:8474", "/a/token");
            assert_eq!(target.as_deref(), expected, "{location}");
        }
    }

    #[test]
    fn relative_ones_are_resolved_as_a_browser_does() {
        let cases = [
            ("", "/a/b/token"),
            ("?x", "/a/b/token"),
            ("login", "/a/b/login"),
            ("./login/", "/a/b/login/"),
            ("../login", "/a/login"),
            ("../../../x/./y", "/x/y"),
            ("..", "/a/"),
            (".", "/a/b/"),
            ("x/..", "/a/b/"),
            ("/x/../y:z", "/y:z"),
            ("/", "/"),
        ];
        for (location, path) in cases {
            let target = target(location, "https", "ep", "/a/b/token?c=/d/e");
            assert_eq!(target, Some(format!("https://ep{path}")), "{location}");
        }
    }
}
