//! The proxy of the environment, and when it is used.

use ureq::{Proxy, ProxyProtocol};

use super::no_proxy;
use crate::endpoint::{Endpoint, host_of};
use crate::error::{Class, Error};

/// A proxy from the environment, and which variable named it.
#[derive(Clone, Debug)]
pub(crate) struct ProxySetting {
    /// ureq's view of it.
    pub(super) proxy: Proxy,
    /// `HTTPS_PROXY`, `all_proxy`, ...
    variable: &'static str,
}

impl ProxySetting {
    /// Reads a proxy URL; the scheme `http` may be left out.
    ///
    /// # Errors
    /// `USAGE` if it is none. Its text is not shown, since it may hold a password.
    pub(crate) fn parse(url: &str, variable: &'static str) -> Result<Self, Error> {
        let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        // ureq would take a port that is none for the usual one, and what stands before an unescaped
        // # or / in a password for the host, and send the password there.
        let is_whole = !authority.contains(['/', '?', '#']);
        match Proxy::new(url) {
            Ok(proxy) if is_whole && host_of(&format!("//{authority}")).is_some() => {
                Ok(Self { proxy, variable })
            }
            _ => Err(Error::new(
                Class::Usage,
                format!("invalid {variable}: it is not a proxy URL"),
                "write it as http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or socks5h://HOST:PORT",
            )),
        }
    }

    /// Host and port, without the credentials.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.proxy.host(), self.proxy.port())
    }

    /// Whether the connection to the proxy itself is encrypted.
    pub(super) fn is_https(&self) -> bool {
        self.proxy.protocol() == ProxyProtocol::Https
    }

    /// How verbose output calls it.
    pub(crate) fn describe(&self) -> String {
        format!("{} (from {})", self.authority(), self.variable)
    }
}

/// The proxy to use for an endpoint, if any.
///
/// Plain `http` is for this machine alone, so it never goes through a proxy.
pub(crate) fn proxy_for(
    endpoint: &Endpoint,
    proxy: Option<ProxySetting>,
    no_proxy: Option<&str>,
) -> Option<ProxySetting> {
    let exempt = no_proxy.is_some_and(|list| no_proxy::covers(list, endpoint.bare_host()));
    proxy.filter(|_| endpoint.is_https() && !exempt)
}
