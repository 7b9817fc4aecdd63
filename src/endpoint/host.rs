//! Hosts in URLs: what a name, an address and a port have to look like.

use std::net::Ipv6Addr;

use crate::text::whole_number;

/// The host of any URL that somebody else wrote, for a message; `None` where it has none that is fit
/// to be shown.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("//")?;
    // Browsers take a backslash for a slash.
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let authority = authority.rsplit('@').next()?;
    checked_host(split_port(authority)?.0)
}

/// Splits `host:port`; `None` if the port is not a number of a port.
pub(super) fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = whole_number(port).and_then(|port| u16::try_from(port).ok());
            Some((host, Some(port.filter(|port| *port != 0)?)))
        }
        _ => Some((authority, None)),
    }
}

/// The host in lower case, if it is a name or an address as DNS and TLS take it.
pub(super) fn checked_host(host: &str) -> Option<String> {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let valid = match inner {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        }
    };
    valid.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_others_are_fit_to_be_shown() {
        let cases = [
            ("https://a.example/x?y#z", Some("a.example")),
            ("//b.example:8443/x", Some("b.example")),
            ("https://user:secret@c.example/", Some("c.example")),
            ("https://d.example\\@e.example/", Some("d.example")),
            ("https://[::1]:1/", Some("[::1]")),
            ("/login", None),
            ("https://a\u{7}b/", None),
            ("", None),
        ];
        for (location, host) in cases {
            assert_eq!(host_of(location).as_deref(), host, "{location}");
        }
    }
}
