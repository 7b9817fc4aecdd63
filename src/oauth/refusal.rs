//! Why a try brought no token, in the words that the caller reads.

use std::time::Duration;

use super::{Grant, MAX_SERVER_TEXT};
use crate::endpoint::host_of;
use crate::error::{Class, Error};
use crate::http::{Lost, Reply};

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

impl Refusal {
    /// A refusal that ends the run.
    pub(crate) fn fatal(error: Error) -> Self {
        Self {
            error,
            again: false,
            retry_after: None,
            invalid_grant: false,
            rotated: None,
        }
    }

    /// A refusal after which the same request may be sent again.
    pub(crate) fn transient(error: Error) -> Self {
        Self {
            again: true,
            ..Self::fatal(error)
        }
    }

    /// The same refusal with how long the server asked to wait.
    pub(super) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        if let Some(pause) = retry_after.filter(|_| self.again) {
            let asks = format!("; it asks to wait {}s", pause.as_secs());
            self.error.message.push_str(&asks);
            self.retry_after = Some(pause);
        }
        self
    }
}

impl From<Lost> for Refusal {
    fn from(lost: Lost) -> Self {
        Self {
            again: lost.again,
            ..Self::fatal(lost.error)
        }
    }
}

/// The server answered that it did not use the token, and may another time.
pub(super) fn come_back_later(grant: &Grant, said: &str) -> Refusal {
    let host = grant.endpoint.authority();
    Refusal::transient(
        Error::new(Class::TempFail, format!("{host} is busy: {said}")).hint("try again later"),
    )
}

/// More tries would only prolong it.
pub(super) fn rate_limited(grant: &Grant, said: &str) -> Refusal {
    let host = grant.endpoint.authority();
    Refusal::fatal(
        Error::new(Class::TempFail, format!("{host} limits the logins: {said}"))
            .hint("wait an hour; each further try counts as a login"),
    )
}

/// The refresh token is of no use any more.
pub(super) fn grant_refused(grant: &Grant, said: &str) -> Refusal {
    let host = grant.endpoint.authority();
    Refusal::fatal(
        Error::new(
            Class::NoPerm,
            format!("{host} refused the refresh token: {said}"),
        )
        .hint("log in again; the token is expired or revoked, or its user or IP address is barred"),
    )
}

/// The app or its credentials are at fault.
pub(super) fn client_refused(grant: &Grant, said: &str) -> Refusal {
    let host = grant.endpoint.authority();
    Refusal::fatal(
        Error::new(Class::Config, format!("{host} refused the client: {said}"))
            .hint("check the client id, the client secret and the policies of the connected app"),
    )
}

/// The endpoint would have the secrets sent to another host.
pub(super) fn redirected(grant: &Grant, reply: &Reply) -> Refusal {
    let host = grant.endpoint.authority();
    let target = match &reply.location {
        Some(location) if location.starts_with('/') && !location.starts_with("//") => {
            format!("another path of {host}")
        }
        Some(location) => host_of(&grant.redacted(location))
            .filter(|host| host.len() <= MAX_SERVER_TEXT)
            .unwrap_or_else(|| "an unreadable address".to_owned()),
        None => "nowhere".to_owned(),
    };
    Refusal::fatal(
        Error::new(
            Class::Protocol,
            format!(
                "redirect from {host} not followed: status {} points at {target}",
                reply.status
            ),
        )
        .hint("if you trust that host, give it as --token-endpoint; usually it is the My Domain of the org"),
    )
}

/// The endpoint answered with success but not with a token.
pub(super) fn no_token_reply(grant: &Grant, what: &str) -> Error {
    let host = grant.endpoint.authority();
    Error::new(
        Class::Protocol,
        format!("unusable reply from {host}: {what}"),
    )
    .hint("check the token endpoint")
}
