//! Why a try brought no token, in the words that the caller reads.

use std::time::Duration;

use super::meaning::Meaning;
use super::request::{MAX_SERVER_TEXT, TokenRequest};
use crate::endpoint::host_of;
use crate::error::{Class, Error};
use crate::http::Lost;

/// Why a try brought no token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The failure to report if this was the last try.
    pub(crate) error: Error,
    /// Whether the server cannot have used the refresh token, so that it may be sent again.
    pub(crate) again: bool,
    /// How long the server asked to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The server called the refresh token itself invalid.
    pub(crate) invalid_grant: bool,
    /// A new refresh token in a reply that is otherwise of no use: the old one is gone with it.
    pub(crate) rotated: Option<String>,
}

impl From<Lost> for Refusal {
    fn from(Lost { error, again }: Lost) -> Self {
        Self {
            again,
            ..Self::fatal(error)
        }
    }
}

impl Refusal {
    /// A refusal that ends the run.
    pub(super) fn fatal(error: Error) -> Self {
        Self {
            error,
            again: false,
            retry_after: None,
            invalid_grant: false,
            rotated: None,
        }
    }

    /// A refusal by an error code, or by a status that means the same; `said` is fit to be shown.
    pub(super) fn by(meaning: Meaning, request: &TokenRequest, said: &str) -> Self {
        let host = request.host();
        let (class, message, hint) = match meaning {
            Meaning::Later => (
                Class::TempFail,
                format!("{host} is busy: {said}"),
                "try again later",
            ),
            Meaning::RateLimited => (
                Class::TempFail,
                format!("{host} limits the logins: {said}"),
                "wait an hour; each further try counts as a login",
            ),
            Meaning::GrantRefused => (
                Class::NoPerm,
                format!("{host} refused the refresh token: {said}"),
                "log in again; the token is expired or revoked, or its user or IP address is barred",
            ),
            Meaning::ClientRefused => (
                Class::Config,
                format!("{host} refused the client: {said}"),
                "check the client id, the client secret and the policies of the connected app",
            ),
        };
        Self {
            again: meaning == Meaning::Later,
            ..Self::fatal(Error::new(class, message, hint))
        }
    }

    /// The same refusal with how long the server asked to wait.
    pub(super) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        if let Some(pause) = retry_after.filter(|_| self.again) {
            let seconds = pause.as_secs();
            self.error = self.error.but(format_args!("it asks to wait {seconds}s"));
            self.retry_after = Some(pause);
        }
        self
    }
}

/// The endpoint would have the secrets sent to another host.
pub(super) fn redirected(request: &TokenRequest, status: u16, location: Option<&str>) -> Error {
    let host = request.host();
    let target = match location {
        Some(location) if location.starts_with('/') && !location.starts_with("//") => {
            format!("another path of {host}")
        }
        Some(location) => host_of(&request.redacted(location))
            .filter(|host| host.len() <= MAX_SERVER_TEXT)
            .unwrap_or_else(|| "an unreadable address".to_owned()),
        None => "nowhere".to_owned(),
    };
    Error::new(
        Class::Protocol,
        format!("redirect from {host} not followed: status {status} points at {target}"),
        "if you trust that host, give it as --token-endpoint; usually it is the My Domain of the org",
    )
}

/// The endpoint answered with success but not with a token.
pub(super) fn no_token_reply(request: &TokenRequest, what: &str) -> Error {
    Error::new(
        Class::Protocol,
        format!("unusable reply from {}: {what}", request.host()),
        "check the token endpoint",
    )
}

/// The endpoint answered with something that is no OAuth reply.
pub(super) fn no_oauth_reply(request: &TokenRequest, status: u16, shape: &str) -> Error {
    no_token_reply(request, &format!("status {status} with {shape}"))
        .hint("check the token endpoint, and whether a proxy or a login page answers in its place")
}
