//! What the failures of a POST mean, and what they are called.
//!
//! Whether anything was sent decides most: before that it may be tried again, afterwards the server
//! may have used the token. Then it is the kind of an error that counts; its text is only shown.

use std::io;

use super::proxy::ProxySetting;
use super::reply::Lost;
use super::terms::MAX_HEAD_LEN;
use super::tls;
use super::tunnel::Refused;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error, reason};

/// What to do about a proxy that is of no use.
const CHECK_PROXY: &str = "nothing was sent; check the proxy, or name the host in NO_PROXY";

/// How many ways to authenticate a message names; no proxy has more than Kerberos, Negotiate, NTLM
/// and Digest.
const MAX_SCHEMES: usize = 4;

/// Who was asked: the endpoint, through which proxy, with which CA file.
pub(super) struct Asked<'a> {
    /// The endpoint.
    pub(super) endpoint: &'a Endpoint,
    /// The proxy.
    pub(super) proxy: Option<&'a ProxySetting>,
    /// The CA file, unless the roots are those built in.
    pub(super) ca_file: Option<&'a str>,
}

/// The request went out and its reply did not come, or not whole.
pub(crate) fn no_reply(endpoint: &Endpoint, why: &str) -> Error {
    Error::new(
        Class::Unavailable,
        format!("no reply from {}: {why}", endpoint.authority()),
        "the request was sent and not repeated: the server may have processed it; \
         if the next run is refused, log in again",
    )
}

impl Asked<'_> {
    /// What a failure of ureq means after the form was sent.
    pub(super) fn lost_reply(&self, error: &ureq::Error) -> Lost {
        match tls::kind(error) {
            // It says so when the handshake has ended for us; it takes no request before.
            Some(kind) if tls::is_certificate_demanded(&kind) => {
                Lost::for_good(tls::certificate_demanded(&self.host()))
            }
            Some(kind) => {
                let why = format!("TLS: {}", tls::words(&kind));
                Lost::after_sending(no_reply(self.endpoint, &why))
            }
            None => Lost::after_sending(no_reply(self.endpoint, &describe(error))),
        }
    }

    /// What a failure of ureq means while nothing was sent.
    pub(super) fn not_connected(&self, error: &ureq::Error) -> Lost {
        match (tls::kind(error), self.proxy) {
            (Some(kind), Some(proxy)) if tls::is_no_tls(&kind) => self.page(proxy),
            (Some(kind), _) => Lost::for_good(tls::failure(&self.host(), &kind, self.ca_file)),
            (None, Some(proxy)) => match refused(error) {
                Some(refused) => self.refused(proxy, refused),
                None => Lost::before_sending(self.through(proxy, &describe(error), CHECK_PROXY)),
            },
            (None, None) => Lost::no_way_to_host(Error::new(
                Class::Unavailable,
                format!("cannot reach {}: {}", self.host(), describe(error)),
                "nothing was sent; check the name and the network, and try again",
            )),
        }
    }

    /// The endpoint as messages name it.
    fn host(&self) -> String {
        self.endpoint.authority()
    }

    /// The endpoint cannot be reached because of the proxy.
    fn through(&self, proxy: &ProxySetting, why: &str, hint: &str) -> Error {
        let (host, proxy) = (self.host(), proxy.authority());
        let message = format!("cannot reach {host} through the proxy {proxy}: {why}");
        Error::new(Class::Unavailable, message, hint)
    }

    /// The proxy has opened the tunnel, and what comes out of it is not TLS.
    fn page(&self, proxy: &ProxySetting) -> Lost {
        let why = "what came through it is not TLS, perhaps a page of its own";
        Lost::for_good(self.through(proxy, why, CHECK_PROXY))
    }

    /// The proxy has opened no tunnel.
    fn refused(&self, proxy: &ProxySetting, refused: &Refused) -> Lost {
        let authority = proxy.authority();
        match refused {
            Refused::Tls(error) => self.no_tls_with(proxy, error),
            Refused::Status(status, schemes) => self.answered(proxy, *status, schemes),
            Refused::Page => self.page(proxy),
            Refused::SpeaksTls => {
                let hint = format!("nothing was sent; write it as https://{authority}");
                Lost::for_good(self.through(proxy, "the proxy speaks TLS", &hint))
            }
            Refused::NoHttp => {
                let why = "the proxy does not speak HTTP";
                Lost::before_sending(self.through(proxy, why, CHECK_PROXY))
            }
            Refused::LargeHead => {
                let why = format!("the head of its answer {TOO_LARGE}");
                Lost::before_sending(self.through(proxy, &why, CHECK_PROXY))
            }
        }
    }

    /// The TLS connection with the proxy itself failed.
    fn no_tls_with(&self, proxy: &ProxySetting, error: &ureq::Error) -> Lost {
        let authority = proxy.authority();
        let write_as_http = format!(
            "nothing was sent; if the proxy itself has no TLS, write it as http://{authority}"
        );
        match tls::kind(error) {
            Some(kind) if tls::is_no_tls(&kind) => {
                let why = "the proxy does not speak TLS";
                Lost::for_good(self.through(proxy, why, &write_as_http))
            }
            Some(kind) => {
                let peer = format!("the proxy {authority}");
                Lost::for_good(tls::failure(&peer, &kind, self.ca_file))
            }
            None => Lost::before_sending(self.through(proxy, &describe(error), &write_as_http)),
        }
    }

    /// The proxy answered, and not with success.
    fn answered(&self, proxy: &ProxySetting, status: u16, schemes: &[String]) -> Lost {
        let answer = format!("the proxy answered with status {status}");
        let (why, hint) = match status {
            401 | 407 => unauthorized(proxy, answer, schemes),
            300..=399 | 511 => (
                answer,
                "nothing was sent; the proxy may want a login in a browser first".to_owned(),
            ),
            _ => (answer, CHECK_PROXY.to_owned()),
        };
        let error = self.through(proxy, &why, &hint);
        match status {
            300..=499 | 511 => Lost::for_good(error),
            _ => Lost::no_way_to_host(error),
        }
    }
}

/// The proxy wants to know who asks.
fn unauthorized(proxy: &ProxySetting, answer: String, schemes: &[String]) -> (String, String) {
    let has_basic = schemes.iter().any(|it| it.eq_ignore_ascii_case("basic"));
    if !has_basic && !schemes.is_empty() {
        let wanted = &schemes[..schemes.len().min(MAX_SCHEMES)].join(" or ");
        return (
            format!("the proxy wants {wanted}, and sftoken has only Basic"),
            "nothing was sent; go through a proxy on this machine that can do it, or name the host in NO_PROXY".to_owned(),
        );
    }
    if proxy.authorization().is_some() {
        let variable = proxy.variable();
        return (
            "the proxy refused the user and the password of its URL".to_owned(),
            format!(
                "nothing was sent; check both in {variable}, special characters written as %XX"
            ),
        );
    }
    let hint = "nothing was sent; put the user and the password into the proxy's URL";
    (answer, hint.to_owned())
}

/// What the proxy did, if that is what failed.
fn refused(error: &ureq::Error) -> Option<&Refused> {
    match error {
        ureq::Error::Other(error) => error.downcast_ref(),
        _ => None,
    }
}

/// What is wrong with a head over the limit.
const TOO_LARGE: &str = "is larger than 64 KiB";
const _: () = assert!(MAX_HEAD_LEN == 64 * 1024);

/// A failure of ureq in our voice.
pub(super) fn describe(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "timed out".to_owned(),
        ureq::Error::HostNotFound => "it has no address".to_owned(),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed".to_owned()
        }
        ureq::Error::Io(error) => {
            let text = reason(error);
            let without_prefix = text.strip_prefix("failed to lookup address information: ");
            without_prefix.map_or(text.clone(), str::to_lowercase)
        }
        ureq::Error::LargeResponseHeader(..) => format!("the head of its reply {TOO_LARGE}"),
        other => {
            let text = other.to_string();
            let text = text.strip_prefix("protocol: ").unwrap_or(&text);
            if text == "http parse resulted in too many headers" {
                // ureq-proto's limit, which nothing changes.
                return "its head has more than 128 lines".to_owned();
            }
            match text.strip_prefix("http parse fail: ") {
                Some(text) => format!("its head cannot be read: {text}"),
                None => text.to_owned(),
            }
        }
    }
}
