//! Which hosts `NO_PROXY` exempts, by the rules of curl.
//!
//! ureq has rules of its own (`example.com` would not cover `www.example.com`); the people who set
//! the variable have curl in mind. Entries are separated by commas or white space: `*` is
//! everything, a name covers itself and what is below it (a leading dot or `*.` changes nothing),
//! an address covers itself, and `ADDRESS/BITS` a network.

use std::net::IpAddr;

use crate::text::whole_number;

/// Whether a value of `NO_PROXY` covers `host` (lower case, IPv6 without brackets).
pub(crate) fn covers(list: &str, host: &str) -> bool {
    list.split([',', ' ', '\t'])
        .map(|entry| entry.trim().to_ascii_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| entry_covers(&entry, host))
}

/// Whether one entry covers the host.
fn entry_covers(entry: &str, host: &str) -> bool {
    if entry == "*" {
        return true;
    }
    match host.parse() {
        Ok(address) => network_covers(entry, address),
        Err(_) => domain_covers(entry, host),
    }
}

/// Whether the host is the domain or below it; a dot at the end of either says nothing.
fn domain_covers(entry: &str, host: &str) -> bool {
    let domain = entry.strip_prefix('*').unwrap_or(entry);
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let (domain, host) = (without_root(domain), without_root(host));
    host.strip_suffix(domain)
        .is_some_and(|rest| !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')))
}

/// A name without the dot of the root at its end.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Whether the address is the entry's or in its network.
fn network_covers(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, Some(bits)),
        None => (entry, None),
    };
    let network = network.trim_start_matches('[').trim_end_matches(']');
    match (network.parse(), address) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address)) => {
            let differing = u128::from(network.to_bits() ^ address.to_bits());
            ignored_bits(bits, 32).is_some_and(|ignored| differing >> ignored == 0)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address)) => {
            let differing = network.to_bits() ^ address.to_bits();
            let ignored = ignored_bits(bits, 128);
            ignored.is_some_and(|ignored| differing.checked_shr(ignored).unwrap_or(0) == 0)
        }
        _ => false,
    }
}

/// How many bits of an address of `len` bits a network leaves open; `None` if that is no number
/// from 0 to `len`.
fn ignored_bits(bits: Option<&str>, len: u32) -> Option<u32> {
    let Some(bits) = bits else {
        return Some(0);
    };
    let bits = u32::try_from(whole_number(bits)?).ok()?;
    len.checked_sub(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_themselves_and_what_is_below() {
        for list in [
            "example.com",
            ".example.com",
            "*.example.com",
            "x, EXAMPLE.com.",
            "a example.com",
        ] {
            assert!(covers(list, "example.com"), "{list}");
            assert!(covers(list, "www.example.com"), "{list}");
            assert!(!covers(list, "notexample.com"), "{list}");
            assert!(!covers(list, "example.com.evil.example"), "{list}");
        }
        for host in ["example.com.", "www.example.com."] {
            assert!(covers("*.example.com", host), "{host}");
        }
        assert!(!covers("*.", "example.com"));
        assert!(covers("a, *", "anything"));
        assert!(!covers("", "example.com"));
        assert!(!covers(" , . ,", "example.com"));
    }

    #[test]
    fn addresses_cover_themselves_and_networks_what_is_in_them() {
        assert!(covers("127.0.0.1", "127.0.0.1"));
        assert!(!covers("127.0.0.1", "127.0.0.2"));
        assert!(covers("10.0.0.0/8", "10.9.8.7"));
        assert!(!covers("10.0.0.0/8", "11.0.0.1"));
        assert!(covers("0.0.0.0/0", "11.0.0.1"));
        assert!(covers("[::1]", "::1"));
        assert!(covers("fd00::/8", "fd12::1"));
        assert!(covers("::/0", "fd12::1"));
        assert!(!covers("fd00::/8", "fe80::1"));
        assert!(covers("10.0.0.1/32", "10.0.0.1"));
        assert!(!covers("10.0.0.1/31", "10.0.0.2"));
        assert!(covers("fd00::1/128", "fd00::1"));
        assert!(!covers("fd00::1/128", "fd00::2"));
        for malformed in ["/33", "/x", "/", "/+8", "/-1", "/8/8", "/99999999999"] {
            assert!(
                !covers(&format!("10.0.0.1{malformed}"), "10.0.0.1"),
                "{malformed}"
            );
        }
        assert!(!covers("fd00::1/129", "fd00::1"));
        assert!(!covers("example.com", "10.0.0.1"));
    }
}
