//! Which URL the secrets are sent to, decided before anything can send them.
//!
//! The refresh token and the client secret go wherever this type points, so it accepts little:
//! `https`, or `http` on this machine alone; no user info, no fragment, no unusual characters.
//! What parses here is handed to the HTTP client as it is.

mod characters;
mod host;
mod location;
mod salesforce;
mod scheme;
mod source;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

pub(crate) use host::host_of;
pub(crate) use source::HostSource;

use characters::check_characters;
use host::{checked_host, split_port};
use location::target;
use salesforce::{USUAL_HOST, is_login_host, is_salesforce, login_host};
use scheme::Scheme;

use crate::secret::{REDACTED, unless_secret};

/// The path of the token endpoint on every Salesforce host.
const TOKEN_PATH: &str = "/services/oauth2/token";

/// The member that names the site of an Experience Cloud user: the site's path is part of where that
/// user's token is refreshed.
const SITE: &str = "sfdc_community_url";

/// The members of a document that name a host, in the order in which they decide. The first two are
/// where Salesforce's own mobile SDKs refresh; `id` names the login pool whoever issued the token.
pub(crate) const HOST_MEMBERS: [&str; 3] = [SITE, "instance_url", "id"];

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

impl Endpoint {
    /// Reads a URL that the caller gave; white space that was pasted with it is no part of it.
    ///
    /// # Errors
    /// Says in a few words what is wrong with it.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let named = Self::with_own_path(url.trim())?;
        let path = token_path(&named.path);
        Ok(Self { path, ..named })
    }

    /// Reads a URL with no more path than it has.
    fn with_own_path(url: &str) -> Result<Self, &'static str> {
        check_characters(url)?;
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
            path: path.to_owned(),
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

    /// The endpoint that one of the [`HOST_MEMBERS`] names. A document must not be able to send the
    /// secrets to anybody but Salesforce.
    ///
    /// # Errors
    /// Says in a few words why it names none.
    pub(crate) fn of_member(member: &str, url: &str) -> Result<Self, &'static str> {
        let named = Self::with_own_path(url)?;
        if !named.is_https() {
            return Err("its scheme is not https");
        }
        if !is_salesforce(&named.host) {
            return Err("that is no host of Salesforce");
        }
        let site = match named.path.split('?').next() {
            Some(path) if member == SITE => path.trim_end_matches('/'),
            _ => "",
        };
        let path = format!("{site}{TOKEN_PATH}");
        Ok(Self { path, ..named })
    }

    /// The host that messages name, with its port where the URL has one.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The URL, for messages: a secret may have been pasted into its path or query.
    pub(crate) fn shown(&self) -> String {
        match unless_secret(&self.path) {
            REDACTED => self.at(&format!("/{REDACTED}")),
            path => self.at(path),
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

    /// The host where all orgs of this one's kind log in.
    pub(crate) fn login_host(&self) -> &'static str {
        login_host(&self.host)
    }

    /// Whether all orgs log in there: that of a login is reached by another host then.
    pub(crate) fn is_of_all_orgs(&self) -> bool {
        is_login_host(&self.host)
    }

    /// Whether the host is the My Domain of an org.
    pub(crate) fn is_my_domain(&self) -> bool {
        self.host.contains(".my.")
    }

    /// Where a `Location` of this endpoint leads: scheme, host, port and path, without user info and
    /// query; `None` where that is no `http` or `https` URL that can be shown.
    pub(crate) fn target_of(&self, location: &str) -> Option<String> {
        target(location, self.scheme.name(), &self.authority(), &self.path)
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

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.at(&self.path))
    }
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
            ("https://u:p@a/", "it has user info"),
            ("https://a/#f", "it has a fragment"),
            ("https://", "its host is missing or unusual"),
            ("https://a:/", "its port is not a number"),
            ("https://a:0/", "its port is not a number"),
            ("https://a\\@b/", "it has characters that a URL cannot have"),
            ("https://a%2eb/", "its host is missing or unusual"),
        ];
        for (url, why) in cases {
            assert_eq!(parsed(url), why, "{url}");
        }
    }

    #[test]
    fn members_name_the_usual_path_of_their_origin_and_a_site_its_own() {
        let named = |member, url| {
            let endpoint = Endpoint::of_member(member, url);
            endpoint.map_or_else(str::to_owned, |endpoint| endpoint.to_string())
        };
        let [site, instance, id] = HOST_MEMBERS;
        assert_eq!(
            named(id, "https://test.salesforce.com/id/00D/005"),
            "https://test.salesforce.com/services/oauth2/token"
        );
        assert_eq!(
            named(instance, "https://ACME.my.salesforce.com:8443?x"),
            "https://acme.my.salesforce.com:8443/services/oauth2/token"
        );
        for url in [
            "https://acme.my.site.com/a/b",
            "https://acme.my.site.com/a/b/?x",
        ] {
            let token = "https://acme.my.site.com/a/b/services/oauth2/token";
            assert_eq!(named(site, url), token);
        }
        assert_eq!(
            named(id, "https://evil.example/"),
            "that is no host of Salesforce"
        );
        assert_eq!(named(id, "http://localhost/"), "its scheme is not https");
    }
}
