//! Why a TLS connection failed, in our words.
//!
//! The type of rustls's errors cannot be named here. Their `Debug` begins with the names of the
//! variants, `InvalidCertificate(UnknownIssuer)`, and these decide; what stands behind them may come
//! from the peer, a name in its certificate for example, and decides nothing. Tests against real
//! failures notice if an update calls them something else.

use std::io::ErrorKind;

use crate::error::{Class, Error};

/// What to do about a certificate that is not valid at this time.
const CHECK_CLOCK: &str = "check the clock of this machine, else tell whoever runs that host";

/// What to do about a certificate that nobody can take.
const TELL: &str = "tell whoever runs that host, or find out who answers in its place";

/// The names of the variants of a failure inside rustls, from the outside in; none if it is
/// something else.
pub(super) fn kind(error: &ureq::Error) -> Option<String> {
    let shown = match error {
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            format!("{:?}", error.get_ref()?)
        }
        // The only one: a host that no certificate can be for.
        ureq::Error::Tls(_) => "InvalidName".to_owned(),
        _ => return None,
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '(';
    let len = shown.find(|c| !is_name(c)).unwrap_or(shown.len());
    (len > 0).then(|| shown[..len].trim_end_matches('(').to_owned())
}

/// Whether the peer's bytes are no TLS at all.
pub(super) fn is_no_tls(kind: &str) -> bool {
    kind.starts_with("InvalidMessage")
}

/// Whether the peer wants to know who we are.
pub(super) fn is_certificate_demanded(kind: &str) -> bool {
    let alert = kind.strip_prefix("AlertReceived(");
    // All but the first are what servers of TLS 1.2 call a certificate that is not there.
    alert.is_some_and(|alert| {
        matches!(
            alert,
            "CertificateRequired"
                | "BadCertificate"
                | "NoCertificate"
                | "UnsupportedCertificate"
                | "CertificateUnknown"
        )
    })
}

/// A handshake that failed before anything was sent. `file` is the CA file in force.
pub(super) fn failure(peer: &str, kind: &str, file: Option<&str>) -> Error {
    match kind.strip_prefix("InvalidCertificate(") {
        Some(reason) => not_trusted(peer, reason, file),
        None if is_certificate_demanded(kind) => certificate_demanded(peer),
        None => no_handshake(peer, kind),
    }
}

/// The peer demands what there is no option for.
pub(super) fn certificate_demanded(peer: &str) -> Error {
    let message = format!(
        "no TLS connection to {peer}: it demands a client certificate, which sftoken cannot give"
    );
    Error::new(
        Class::Protocol,
        message,
        "use a host or a port that demands none",
    )
}

/// The peer's certificate is not what it should be.
fn not_trusted(peer: &str, reason: &str, file: Option<&str>) -> Error {
    let (why, hint) = why_not_trusted(reason);
    let hint = match file {
        Some(file) if reason == UNKNOWN_ISSUER => format!(
            "only the certificates in {file} are trusted: check that the CA of that host is among \
             them, or find out who answers in its place"
        ),
        _ => hint.to_owned(),
    };
    Error::new(
        Class::NoHost,
        format!("cannot trust {peer}: {why}"),
        format!("nothing was sent; {hint}"),
    )
}

/// What the verifier calls a fault, less `Context` at its end, what we call it, and what to do about
/// it.
const FAULTS: [(&str, &str, &str); 13] = [
    (
        UNKNOWN_ISSUER,
        "its certificate is signed by an unknown authority",
        "give your own CA with --cacert, or find out who answers in its place",
    ),
    ("Expired", "its certificate has expired", CHECK_CLOCK),
    (
        "NotValidYet",
        "its certificate is not valid yet",
        CHECK_CLOCK,
    ),
    (
        "NotValidForName",
        "its certificate is for another name",
        "check the token endpoint, or find out who answers in its place",
    ),
    ("Revoked", "its certificate is revoked", TELL),
    ("InvalidPurpose", "its certificate is not for servers", TELL),
    (
        "BadSignature",
        "a signature is wrong, or made with a key that is too short (RSA under 2048 bits)",
        TELL,
    ),
    ("UnsupportedSignatureAlgorithm", OLD_SIGNATURE, TELL),
    (
        "UnsupportedSignatureAlgorithmForPublicKey",
        OLD_SIGNATURE,
        TELL,
    ),
    (
        "NameConstraintViolation",
        "its CA may not sign for that name",
        TELL,
    ),
    (
        "CaUsedAsEndEntity",
        "its certificate is that of a CA, not of a server",
        "make a certificate for that host that is not a CA (basicConstraints CA:FALSE)",
    ),
    (
        "EndEntityUsedAsCa",
        "its certificate is signed by one that is no CA",
        TELL,
    ),
    ("BadEncoding", "its certificate cannot be read", TELL),
];

/// What the verifier calls a certificate whose signer is not among the roots.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";

/// Two of the verifier's faults are one to us.
const OLD_SIGNATURE: &str =
    "its certificate is signed in a way that is not trusted any more, such as SHA-1";

/// The verifier's reason in our words, and what to do about it.
fn why_not_trusted(reason: &str) -> (String, &'static str) {
    // Some faults are wrapped: `Other(OtherError(CaUsedAsEndEntity`.
    let innermost = reason.rsplit('(').next().unwrap_or_default();
    let name = innermost.trim_end_matches("Context");
    match FAULTS.iter().find(|(fault, ..)| *fault == name) {
        Some((_, why, hint)) => ((*why).to_owned(), hint),
        None => (
            format!("its certificate is not valid: {}", words(name)),
            TELL,
        ),
    }
}

/// The peer and we have not found a common language, or it has another one.
fn no_handshake(peer: &str, kind: &str) -> Error {
    if is_no_tls(kind) {
        return no_tls(peer);
    }
    let (why, hint) = match kind {
        "AlertReceived(ProtocolVersion"
        | "PeerIncompatible(ServerDoesNotSupportTls12Or13"
        | "PeerIncompatible(ServerTlsVersionIsDisabledByOurConfig" => (
            "no TLS version in common".to_owned(),
            "it has to allow TLS 1.2 or 1.3",
        ),
        "AlertReceived(HandshakeFailure"
        | "AlertReceived(InsufficientSecurity"
        | "PeerIncompatible(NoCipherSuitesInCommon"
        | "PeerIncompatible(NoKxGroupsInCommon" => (
            "no cipher in common".to_owned(),
            "it has to allow AES-GCM or ChaCha20 with X25519, P-256 or P-384; it may also want a \
             client certificate, which sftoken cannot give",
        ),
        _ => (
            words(kind),
            "check the host and the port of the token endpoint",
        ),
    };
    Error::new(
        Class::Protocol,
        format!("no TLS connection to {peer}: {why}"),
        format!("nothing was sent; {hint}"),
    )
}

/// The peer talks, but not TLS.
fn no_tls(peer: &str) -> Error {
    let message = format!("{peer} does not speak TLS: its answer is something else");
    Error::new(
        Class::Protocol,
        message,
        "check the host and the port of the token endpoint",
    )
}

/// The names of variants as words: `AlertReceived(InternalError` is `alert received: internal error`.
pub(super) fn words(kind: &str) -> String {
    let mut words = String::new();
    let mut was_lower = false;
    for c in kind.chars() {
        if c == '(' {
            words.push_str(": ");
        } else {
            if c.is_ascii_uppercase() && was_lower {
                words.push(' ');
            }
            words.push(c.to_ascii_lowercase());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_before_the_peers_words_decides() {
        let of = |io_kind, text: &str| {
            let error = std::io::Error::new(io_kind, Shown(text.to_owned()));
            kind(&ureq::Error::Io(error))
        };
        let shown = |text: &str| of(ErrorKind::InvalidData, text);
        let context = "InvalidCertificate(NotValidForNameContext { expected: \"Expired\" })";
        let expected = "InvalidCertificate(NotValidForNameContext";
        assert_eq!(shown(context).as_deref(), Some(expected));
        let general = "General(\"AlertReceived(ProtocolVersion)\")";
        assert_eq!(shown(general).as_deref(), Some("General"));
        assert_eq!(shown("\"invalid response version\""), None);
        assert_eq!(of(ErrorKind::Other, context), None);
    }

    #[test]
    fn names_become_words() {
        assert_eq!(
            words("AlertReceived(UnknownCA"),
            "alert received: unknown ca"
        );
        assert_eq!(
            words("MaximumPathDepthExceeded"),
            "maximum path depth exceeded"
        );
    }

    /// An error whose `Debug` is this text.
    struct Shown(String);

    impl std::fmt::Debug for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("shown")
        }
    }

    impl std::error::Error for Shown {}
}
