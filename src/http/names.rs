//! Names to addresses.
//!
//! The system's resolver knows no time limit, so it is asked in a thread of its own; addresses need
//! neither. `http` is for this machine alone, and what `localhost` means is not left to a resolver.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::thread;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use crate::mailbox::Mailbox;

/// As many addresses as ureq's list holds.
const MAX_ADDRESSES: usize = 16;

/// The resolver of this program.
#[derive(Debug)]
pub(super) struct Names;

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = port(uri);
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![(address, port).into()],
            Err(_) if is_plain_localhost(uri) => loopback(port),
            Err(_) => looked_up(host, port, timeout)?,
        };
        if found.is_empty() {
            return Err(ureq::Error::HostNotFound);
        }
        Ok(list(self, found))
    }
}

/// A resolver that has been told the one address that it is asked for.
#[derive(Debug)]
pub(super) struct Known(pub(super) SocketAddr);

impl Resolver for Known {
    fn resolve(
        &self,
        _: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(list(self, [self.0]))
    }
}

/// ureq's list of these addresses.
fn list(
    resolver: &dyn Resolver,
    addresses: impl IntoIterator<Item = SocketAddr>,
) -> ResolvedSocketAddrs {
    let mut list = resolver.empty();
    for address in addresses.into_iter().take(MAX_ADDRESSES) {
        list.push(address);
    }
    list
}

/// The port of a URL, or the one that its scheme means.
fn port(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        Some("http") => 80,
        // Those of SOCKS.
        _ => 1080,
    })
}

/// Whether the URL is one of this machine and of no other.
fn is_plain_localhost(uri: &Uri) -> bool {
    uri.scheme_str() == Some("http") && uri.host() == Some("localhost")
}

/// The two addresses of this machine.
fn loopback(port: u16) -> Vec<SocketAddr> {
    let addresses: [IpAddr; 2] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    addresses.map(|address| (address, port).into()).into()
}

/// What the system's resolver says within the time limit; where there is no thread to be had, the
/// limit gives way.
fn looked_up(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    let answer = Mailbox::new();
    let (name, to) = (host.to_owned(), answer.share());
    let ask = move || to.leave(asked(&name, port));
    let answer = match thread::Builder::new().spawn(ask) {
        Ok(_) => answer.take(*timeout.after),
        Err(_) => Some(asked(host, port)),
    };
    Ok(answer.ok_or(ureq::Error::Timeout(timeout.reason))??)
}

/// The answer of the system's resolver, each address once.
fn asked(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for address in (host, port).to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_not_given_is_that_of_the_scheme() {
        let rows = [
            ("https://a.example/token", 443),
            ("http://localhost", 80),
            ("socks5h://localhost", 1080),
            ("https://a.example:8443", 8443),
        ];
        for (url, expected) in rows {
            assert_eq!(port(&url.parse().expect("a URL")), expected, "{url}");
        }
    }
}
