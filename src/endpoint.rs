//! Which URL the secrets are sent to, decided before anything can send them.
//!
//! The refresh token and the client secret go wherever this type points, so it accepts little:
//! `https`, or `http` on this machine alone; no user info, no fragment, no unusual characters.
//! What parses here is handed to the HTTP client as it is.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::text::whole_number;

/// Where Salesforce answers when neither the caller nor the document says otherwise.
const USUAL_HOST: &str = "login.salesforce.com";

/// The path of the token endpoint on every Salesforce host.
const TOKEN_PATH: &str = "/services/oauth2/token";

/// The hosts that an `id` of Salesforce names.
const LOGIN_HOSTS: [&str; 2] = [USUAL_HOST, "test.salesforce.com"];

/// A checked token endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `https` or `http`.
    scheme: Scheme,
    /// Lower case; IPv6 addresses in brackets.
    host: String,
    /// Where the URL names one.
    port: Option<u16>,
    /// Path and query.
    path: String,
}

/// What decided the host of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostSource {
    /// The caller, by this option or variable.
    Given(&'static str),
    /// The document, by this member.
    Member(&'static str),
    /// Nobody.
    Default,
}

impl fmt::Display for HostSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(source) => f.write_str(source),
            Self::Member(name) => write!(f, "{name} in the document"),
            Self::Default => f.write_str("the default"),
        }
    }
}

/// The schemes that a token endpoint can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// TLS.
    Https,
    /// Plain text, for loopback addresses only.
    Http,
}

impl Endpoint {
    /// Reads a URL that the caller gave.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        if !url.bytes().all(|b| b.is_ascii_graphic()) || url.contains(['\\', '"', '<', '>']) {
            return Err("it has characters that a URL cannot have");
        }
        let (scheme, rest) = url.split_once("://").ok_or("it is not an https URL")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return Err("its scheme is not https"),
        };
        if rest.contains('#') {
            return Err("it has a fragment");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err("it has user info");
        }
        let (host, port) = split_port(authority).ok_or("its port is not a number")?;
        let endpoint = Self {
            scheme,
            host: checked_host(host).ok_or("its host is missing or unusual")?,
            port,
            path: token_path(path),
        };
        if scheme == Scheme::Http && !endpoint.is_loopback() {
            return Err("http is accepted for this machine only; use https");
        }
        Ok(endpoint)
    }

    /// `https://login.salesforce.com/services/oauth2/token`
    pub(crate) fn usual() -> Self {
        Self {
            scheme: Scheme::Https,
            host: USUAL_HOST.to_owned(),
            port: None,
            path: TOKEN_PATH.to_owned(),
        }
    }

    /// The endpoint at the origin of a document's `id`, if that is a login host of Salesforce. A
    /// document must not be able to send the secrets anywhere else.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        Self::origin(id).filter(|origin| LOGIN_HOSTS.contains(&origin.host.as_str()))
    }

    /// The endpoint at the origin of a document's `instance_url`, if its host is below
    /// `.salesforce.com`.
    pub(crate) fn of_instance(instance_url: &str) -> Option<Self> {
        Self::origin(instance_url).filter(|origin| origin.host.ends_with(".salesforce.com"))
    }

    /// The token endpoint at the origin of an `https` URL.
    fn origin(url: &str) -> Option<Self> {
        let parsed = Self::parse(url).ok()?;
        (parsed.scheme == Scheme::Https).then(|| Self {
            path: TOKEN_PATH.to_owned(),
            ..parsed
        })
    }

    /// The host that messages name, with its port where the URL has one.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The host alone, IPv6 addresses without brackets.
    pub(crate) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Where a person logs in: `authorize` in place of the last `token`; `None` for a path that does
    /// not end with that.
    pub(crate) fn authorization(&self) -> Option<String> {
        let path = self.path.strip_suffix("/token")?;
        Some(self.at(&format!("{path}/authorize")))
    }

    /// The page of Salesforce where a login can end.
    pub(crate) fn landing_page(&self) -> String {
        self.at("/services/oauth2/success")
    }

    /// Another path at this origin.
    fn at(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme.name(), self.authority())
    }

    /// Whether the host is the My Domain of an org.
    pub(crate) fn is_my_domain(&self) -> bool {
        self.host.ends_with(".my.salesforce.com")
    }

    /// Where a `Location` of this endpoint leads: scheme, host, port and path, without user info and
    /// query; `None` where that is no `http` or `https` URL that can be shown.
    pub(crate) fn target_of(&self, location: &str) -> Option<String> {
        let end = location.find(['?', '#']).unwrap_or(location.len());
        let location = &location[..end];
        let scheme = self.scheme.name();
        if location.starts_with("//") {
            return self.target_of(&format!("{scheme}:{location}"));
        }
        if location.starts_with('/') {
            return Some(self.at(location));
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

    /// Whether the exchange is encrypted.
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether the host is this machine by its very name.
    fn is_loopback(&self) -> bool {
        match self.bare_host().parse() {
            Ok(IpAddr::V4(address)) => address.is_loopback(),
            Ok(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST,
            Err(_) => self.host == "localhost",
        }
    }
}

impl Scheme {
    /// As it stands in a URL.
    fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at(&self.path))
    }
}

/// The host of any URL that a server sent, for a message; `None` where it has none that is fit
/// to be shown.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    checked_host(split_port(authority)?.0)
}

/// Splits `host:port`; `None` if the port is not a number of a port.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = whole_number(port).and_then(|port| u16::try_from(port).ok());
            Some((host, Some(port.filter(|port| *port != 0)?)))
        }
        _ => Some((authority, None)),
    }
}

/// The host in lower case, if it is a name or an address as DNS and TLS take it.
fn checked_host(host: &str) -> Option<String> {
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

/// The path to use: a URL without one means the usual path of Salesforce.
fn token_path(path: &str) -> String {
    match path.strip_prefix('/').unwrap_or(path) {
        "" => TOKEN_PATH.to_owned(),
        query if query.starts_with('?') => format!("{TOKEN_PATH}{query}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> String {
        Endpoint::parse(url).map_or_else(str::to_owned, |endpoint| endpoint.to_string())
    }

    #[test]
    fn urls_without_a_path_get_the_usual_one() {
        let expected = "https://acme.my.salesforce.com/services/oauth2/token";
        assert_eq!(parsed("https://acme.my.salesforce.com"), expected);
        assert_eq!(parsed("HTTPS://ACME.my.salesforce.com/"), expected);
        assert_eq!(parsed("https://a:8443/t?x=1"), "https://a:8443/t?x=1");
        assert_eq!(
            parsed("https://a?x=1"),
            "https://a/services/oauth2/token?x=1"
        );
    }

    #[test]
    fn http_is_for_this_machine_only() {
        for url in [
            "http://localhost/t",
            "http://127.9.9.9:1/t",
            "http://[::1]/t",
        ] {
            assert_eq!(parsed(url), url);
        }
        for url in [
            "http://example.com/",
            "http://128.0.0.1/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://[::2]/",
        ] {
            assert_eq!(
                parsed(url),
                "http is accepted for this machine only; use https"
            );
        }
    }

    #[test]
    fn refuses_what_could_hide_another_host() {
        let cases = [
            ("ftp://a/", "its scheme is not https"),
            ("a.example/token", "it is not an https URL"),
            ("https://u:p@a/", "it has user info"),
            ("https://a/#f", "it has a fragment"),
            ("https://", "its host is missing or unusual"),
            ("https://:443/", "its host is missing or unusual"),
            ("https://a:/", "its port is not a number"),
            ("https://a:+1/", "its port is not a number"),
            ("https://a:0/", "its port is not a number"),
            ("https://a:65536/", "its port is not a number"),
            ("https://[::1/", "its host is missing or unusual"),
            ("https://a\\@b/", "it has characters that a URL cannot have"),
            ("https://a b/", "it has characters that a URL cannot have"),
            ("https://ä/", "it has characters that a URL cannot have"),
            ("https://a%2eb/", "its host is missing or unusual"),
        ];
        for (url, why) in cases {
            assert_eq!(parsed(url), why, "{url}");
        }
    }

    #[test]
    fn documents_point_only_at_salesforce() {
        let shown = |endpoint: Option<Endpoint>| endpoint.map(|endpoint| endpoint.to_string());
        let token = |host: &str| Some(format!("https://{host}/services/oauth2/token"));

        for host in LOGIN_HOSTS {
            let id = format!("https://{host}/id/00D/005");
            assert_eq!(shown(Endpoint::of_id(&id)), token(host));
        }
        for id in [
            "https://login.salesforce.com.evil.example/id",
            "https://evil.example/login.salesforce.com",
            "https://login.salesforce.com@evil.example/",
            "https://evil.example\\@login.salesforce.com/",
            "http://login.salesforce.com/id",
            "https://xlogin.salesforce.com/id",
            "login.salesforce.com",
        ] {
            assert_eq!(Endpoint::of_id(id), None, "{id}");
        }
        let mine = Endpoint::of_instance("https://acme.my.salesforce.com/home");
        assert_eq!(shown(mine), token("acme.my.salesforce.com"));
        for instance in [
            "https://evilsalesforce.com",
            "https://salesforce.com",
            "https://a.salesforce.com.evil.example",
            "http://acme.my.salesforce.com",
            "https://acme.my.site.com",
        ] {
            assert_eq!(Endpoint::of_instance(instance), None, "{instance}");
        }
    }

    #[test]
    fn targets_of_redirects_are_fit_to_be_shown() {
        let endpoint = Endpoint::parse("https://ep:8474").expect("a URL");
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
        for (location, target) in cases {
            assert_eq!(
                endpoint.target_of(location).as_deref(),
                target,
                "{location}"
            );
        }
    }
}
