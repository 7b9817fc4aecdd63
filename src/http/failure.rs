//! What the failures of ureq and rustls are called.
//!
//! Much of what has to be told apart they have in a text alone; tests against real failures notice
//! if an update words it in another way.

use std::io;

use crate::endpoint::Endpoint;
use crate::error::{Class, Error, reason};

/// 16 KiB for the head of a reply; those of Salesforce have about two. ureq's own 64 KiB would make
/// it clear buffers of 128 KiB, a sixth of all instructions of a run.
pub(super) const MAX_HEAD_LEN: usize = 16 * 1024;

/// What to do about a certificate that is not valid at this time.
const CHECK_CLOCK: &str = "check the clock of this machine, else tell whoever runs that host";

/// The request went out and its reply did not come, or not whole.
pub(crate) fn no_reply(endpoint: &Endpoint, why: &str) -> Error {
    Error::new(
        Class::Unavailable,
        format!("no reply from {}: {why}", endpoint.authority()),
        "the request was sent and not repeated: the server may have processed it; \
         if the next run is refused, log in again",
    )
}

/// The text of a failure inside rustls, which ureq wraps in an [`io::Error`] during the handshake.
pub(super) fn tls_error(error: &ureq::Error) -> Option<String> {
    match error {
        ureq::Error::Rustls(error) => Some(error.to_string()),
        ureq::Error::Tls(text) => Some((*text).to_owned()),
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            error.get_ref().map(ToString::to_string)
        }
        _ => None,
    }
}

/// A handshake that failed: for the certificate, or because the peer does not speak TLS.
pub(super) fn tls_failure(peer: &str, text: &str) -> Error {
    let Some(why) = text.strip_prefix("invalid peer certificate: ") else {
        let is_no_tls = text.starts_with("received corrupt message");
        let why = if is_no_tls {
            "its answer is something else"
        } else {
            text
        };
        return protocol_failure(peer, "TLS", why);
    };
    let (why, hint) = match why {
        _ if why.contains("UnknownIssuer") => (
            "its certificate is signed by an unknown authority",
            "give your own CA with --cacert, or find out who answers in its place",
        ),
        _ if why.contains("not valid yet") => ("its certificate is not valid yet", CHECK_CLOCK),
        _ if why.contains("expired") => ("its certificate has expired", CHECK_CLOCK),
        _ if why.contains("not valid for") => (
            "its certificate is for another name",
            "check the token endpoint, or find out who answers in its place",
        ),
        _ => (
            "its certificate is not valid",
            "find out who answers in its place",
        ),
    };
    Error::new(
        Class::NoHost,
        format!("cannot trust {peer}: {why}"),
        format!("nothing was sent; {hint}"),
    )
}

/// The peer talks, but not the protocol.
pub(super) fn protocol_failure(peer: &str, protocol: &str, why: &str) -> Error {
    Error::new(
        Class::Protocol,
        format!("{peer} does not speak {protocol}: {why}"),
        "check the host and the port of the token endpoint",
    )
}

/// The status a CONNECT proxy answered with. ureq has it in a text alone: `... 407/407`.
pub(super) fn proxy_status(error: &ureq::Error) -> Option<u16> {
    match error {
        ureq::Error::ConnectProxyFailed(text) => text.rsplit('/').next()?.parse().ok(),
        _ => None,
    }
}

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
        ureq::Error::LargeResponseHeader(..) => {
            format!(
                "the head of its reply is larger than {} KiB",
                MAX_HEAD_LEN / 1024
            )
        }
        ureq::Error::ConnectProxyFailed(_) => "the connection was closed".to_owned(),
        other => {
            let text = other.to_string();
            let text = text.strip_prefix("protocol: ").unwrap_or(&text);
            text.strip_prefix("http parse fail: ")
                .unwrap_or(text)
                .to_owned()
        }
    }
}
