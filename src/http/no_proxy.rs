//! Which hosts `NO_PROXY` exempts, by the rules of curl.
//!
//! ureq has rules of its own (`example.com` would not cover `www.example.com`); the people who set
//! the variable have curl in mind. Entries are separated by commas or white space: `*` is
//! everything, a name covers itself and what is below it (a leading dot or `*.` changes nothing),
//! an address covers itself, and `ADDRESS/BITS` a network.

use std::net::IpAddr;

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

/// Whether the host is the domain or below it.
fn domain_covers(entry: &str, host: &str) -> bool {
    let domain = entry.strip_prefix('*').unwrap_or(entry);
    let domain = domain.trim_matches('.');
    host.strip_suffix(domain)
        .is_some_and(|rest| !domain.is_empty() && (rest.is_empty() || rest.ends_with('.')))
}

/// Whether the address is the entry's or in its network.
fn network_covers(entry: &str, address: IpAddr) -> bool {
    let (network, bits) = match entry.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (entry, Some(u32::MAX)),
    };
    let network = network.trim_start_matches('[').trim_end_matches(']');
    match (network.parse(), address, bits) {
        (Ok(IpAddr::V4(network)), IpAddr::V4(address), Some(bits)) => {
            let ignored = 32 - bits.min(32);
            (u64::from(network.to_bits()) >> ignored) == (u64::from(address.to_bits()) >> ignored)
        }
        (Ok(IpAddr::V6(network)), IpAddr::V6(address), Some(bits)) => {
            let ignored = 128 - bits.min(128);
            ignored == 128 || network.to_bits() >> ignored == address.to_bits() >> ignored
        }
        _ => false,
    }
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
        assert!(!covers("10.0.0.0/x", "10.0.0.1"));
        assert!(!covers("example.com", "10.0.0.1"));
    }
}
