//! A login that the server refused in the browser (RFC 6749, section 4.1.2.1): its words, and what to
//! do.
//!
//! Whoever logs in for the first time has set the app up a moment ago, so the hints name the part of
//! that which is wrong.

use super::shown::fit_to_be_shown;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::secret::Secret;

/// What the address of a refused login says.
pub(super) struct NotAllowed<'a> {
    /// The token endpoint of the login.
    pub(super) endpoint: &'a Endpoint,
    /// The callback URL that was asked for.
    pub(super) redirect_uri: &'a str,
    /// The parameter `error`.
    pub(super) code: &'a str,
    /// The parameter `error_description`, or nothing.
    pub(super) description: &'a str,
}

impl NotAllowed<'_> {
    /// The failure: `NOPERM` if a person denied the access, else `CONFIG`.
    pub(super) fn error(&self, secrets: [&Secret; 2]) -> Error {
        let class = match self.code {
            "access_denied" => Class::NoPerm,
            _ => Class::Config,
        };
        let said = match self.description {
            "" => self.code.to_owned(),
            description => format!("{}: {description}", self.code),
        };
        let said = fit_to_be_shown(&said, secrets.map(Secret::expose));
        let host = self.endpoint.authority();
        let message = format!("{host} refused the login: {said}");
        Error::new(class, message, self.cure())
    }

    /// What to do about it.
    fn cure(&self) -> String {
        match self.code {
            "access_denied" => "log in again, and allow the access",
            "redirect_uri_mismatch" => return self.cure_of_mismatch(),
            "invalid_client_id" | "invalid_client" => {
                "check --client-id (the consumer key of the app) and --token-endpoint (the My Domain \
                 of its org); a new app takes up to 10 minutes to work"
            }
            "OAUTH_EC_APP_NOT_FOUND" => {
                "an administrator must install the app in this org, or allow it there"
            }
            "app_blocked" | "OAUTH_APP_BLOCKED" => {
                "an administrator must unblock the app in this org"
            }
            "OAUTH_APPROVAL_ERROR_GENERIC" => {
                "an administrator must let this user use the app: pre-authorize it by profile or permission set"
            }
            _ => "check the app: its callback URL, its scopes and its policies",
        }
        .to_owned()
    }

    /// What to do about another callback URL. That of the default host is hardly ever the app's.
    fn cure_of_mismatch(&self) -> String {
        let first = if *self.endpoint == Endpoint::usual() {
            "give the My Domain of the org as --token-endpoint; or "
        } else {
            ""
        };
        format!(
            "{first}the app must have this callback URL, to the letter: {}; or give one that it has as --redirect-uri",
            self.redirect_uri
        )
    }
}
