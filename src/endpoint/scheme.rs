//! With and without TLS.

/// The schemes that a token endpoint can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// TLS.
    Https,
    /// Plain text, for loopback addresses only.
    Http,
}

impl Scheme {
    /// As it stands in a URL.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}
