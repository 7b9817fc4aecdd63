//! The proxy of the environment, and when it is used.

use ureq::http::Uri;
use ureq::{Proxy, ProxyProtocol};

use super::no_proxy;
use crate::base64::base64;
use crate::endpoint::{Endpoint, host_of};
use crate::error::{Class, Error};
use crate::secret::{Secret, unless_secret};

/// A proxy from the environment, and which variable named it.
#[derive(Clone, Debug)]
pub(crate) struct ProxySetting {
    /// ureq's view of it; that of an HTTP proxy has no credentials.
    proxy: Proxy,
    /// The value of `Proxy-Authorization`, if the URL of an HTTP proxy has credentials.
    authorization: Option<Secret>,
    /// `HTTPS_PROXY`, `all_proxy`, ...
    variable: &'static str,
}

impl ProxySetting {
    /// Reads a proxy URL; the scheme `http` may be left out.
    ///
    /// # Errors
    /// `USAGE` if it is none. Its text is not shown, since it may hold a password.
    pub(crate) fn parse(url: &str, variable: &'static str) -> Result<Self, Error> {
        parsed(url, variable).ok_or_else(|| {
            Error::new(
                Class::Usage,
                format!("invalid {variable}: it is not a proxy URL"),
                "write it as http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or socks5h://HOST:PORT",
            )
        })
    }

    /// ureq's view of it.
    pub(super) fn of_ureq(&self) -> Proxy {
        self.proxy.clone()
    }

    /// Its URL, without credentials where it is an HTTP proxy.
    pub(super) fn uri(&self) -> &Uri {
        self.proxy.uri()
    }

    /// Host and port, for messages, without the credentials.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", unless_secret(self.proxy.host()), self.proxy.port())
    }

    /// Whether it speaks SOCKS, else HTTP.
    pub(super) fn is_socks(&self) -> bool {
        !matches!(
            self.proxy.protocol(),
            ProxyProtocol::Http | ProxyProtocol::Https
        )
    }

    /// The value of `Proxy-Authorization`.
    pub(super) fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }

    /// The variable that named it.
    pub(super) fn variable(&self) -> &'static str {
        self.variable
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

/// The proxy of a URL.
fn parsed(url: &str, variable: &'static str) -> Option<ProxySetting> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    // ureq would take a port that is none for the usual one, and what stands before an unescaped
    // # or / in a password for the host, and send the password there.
    let is_whole = !authority.contains(['/', '?', '#']);
    host_of(&format!("//{authority}")).filter(|_| is_whole)?;
    if scheme.to_ascii_lowercase().starts_with("socks") {
        return Some(ProxySetting {
            proxy: Proxy::new(url).ok()?,
            authorization: None,
            variable,
        });
    }
    let (credentials, host) = match authority.rsplit_once('@') {
        Some((credentials, host)) => (Some(credentials), host),
        None => (None, authority),
    };
    let basic = |credentials| {
        Some(Secret::new(format!(
            "Basic {}",
            base64(&decoded(credentials)?)
        )))
    };
    Some(ProxySetting {
        proxy: Proxy::new(&format!("{scheme}://{host}")).ok()?,
        authorization: match credentials {
            Some(credentials) => Some(basic(credentials)?),
            None => None,
        },
        variable,
    })
}

/// `USER:PASSWORD` with each `%XX` decoded as curl does: to any byte but a control character, and
/// what is not a byte in hexadecimal stays as it is.
fn decoded(credentials: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = credentials.as_bytes();
    while let [first, behind @ ..] = rest {
        let byte = behind.get(..2).filter(|_| *first == b'%').and_then(hex);
        bytes.push(byte.unwrap_or(*first));
        rest = &behind[if byte.is_some() { 2 } else { 0 }..];
    }
    if !credentials.contains(':') {
        bytes.push(b':');
    }
    let is_harmless = credentials.bytes().all(|b| (0x21..0x7f).contains(&b));
    (is_harmless && bytes.iter().all(|b| *b >= b' ')).then_some(bytes)
}

/// Two hexadecimal digits as a byte.
fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let value = digit(&digits[0])? * 16 + digit(&digits[1])?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_decoded_as_curl_does() {
        let rows: [(&str, Option<&[u8]>); 7] = [
            ("user:p%40ss", Some(b"user:p@ss")),
            ("user", Some(b"user:")),
            ("us%3Aer:%e4+%", Some(b"us:er:\xe4+%")),
            ("u:100%zz", Some(b"u:100%zz")),
            ("u:%252f", Some(b"u:%2f")),
            ("u:a%0d%0aX: y", None),
            ("u:a%00", None),
        ];
        for (credentials, expected) in rows {
            assert_eq!(decoded(credentials).as_deref(), expected, "{credentials}");
        }
    }
}
