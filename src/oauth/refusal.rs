//! Why a try brought no token, in the words that the caller reads.
//!
//! The commonest cause of a refusal is the wrong host, then a second copy of a rotated token. So the
//! hints name what decided the host where the caller did not, and never advise what the call
//! already does.

use std::fmt;
use std::time::Duration;

use super::meaning::Meaning;
use super::remains::Remains;
use super::request::TokenRequest;
use crate::endpoint::{Endpoint, HostSource};
use crate::error::{Class, Error};
use crate::http::{Lost, no_reply};

/// Why a try brought no token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The failure to report if this was the last try.
    pub(crate) error: Error,
    /// Whether the server cannot have used the grant, so that it may be sent again.
    pub(crate) again: bool,
    /// How long the server asked to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The server called the grant itself invalid.
    pub(crate) invalid_grant: bool,
    /// What must not be lost with the reply.
    pub(crate) remains: Box<Remains>,
}

impl Refusal {
    /// A refusal that ends the run.
    pub(super) fn fatal(error: Error) -> Self {
        Self {
            error,
            again: false,
            retry_after: None,
            invalid_grant: false,
            remains: Box::default(),
        }
    }

    /// No reply came.
    pub(crate) fn lost(request: &TokenRequest, lost: Lost) -> Self {
        let Lost {
            error,
            again,
            is_about_the_host,
            ..
        } = lost;
        let error = match (request.host_source, error.advice()) {
            _ if lost.was_sent => unanswered(request, error),
            (HostSource::Member("instance_url") | HostSource::AuthUrl, Some(hint))
                if is_about_the_host =>
            {
                let login = request.endpoint.login_host();
                let moved = "if the org has moved, give --token-endpoint https://";
                let hint = format!("{hint}; {moved}{login}");
                error.hint(hint)
            }
            _ => error,
        };
        Self {
            again,
            ..Self::fatal(error)
        }
    }

    /// A refusal by an error code, or by a status that means the same; `said` is fit to be shown.
    pub(super) fn by(meaning: Meaning, request: &TokenRequest, code: &str, said: &str) -> Self {
        let host = request.host();
        let grant_refused = |hint: String| {
            let grant = request.grant_name();
            let message = format!("{host} refused the {grant}: {said}");
            (Class::NoPerm, message, hint)
        };
        let (class, message, hint) = match meaning {
            Meaning::Later => (
                Class::TempFail,
                format!("{host} is busy: {said}"),
                match request.refresh_token() {
                    Some(_) => "try again later".to_owned(),
                    None => "start again later with sftoken login".to_owned(),
                },
            ),
            Meaning::RateLimited => (
                Class::TempFail,
                format!("{host} limits the logins: {said}"),
                WAIT.to_owned(),
            ),
            Meaning::GrantRefused => grant_refused(grant_hint(request)),
            Meaning::Barred => grant_refused(at_host(request, ADMIT)),
            Meaning::BarredNow => grant_refused(at_host(request, ADMIT_OR_WAIT)),
            Meaning::GrantRateLimited => grant_refused(at_host(request, WAIT)),
            Meaning::ClientRefused => (
                Class::Config,
                format!("{host} refused the client: {said}"),
                client_hint(request, code),
            ),
        };
        Self {
            // A code is sent once.
            again: meaning == Meaning::Later && request.refresh_token().is_some(),
            ..Self::fatal(Error::new(class, message, hint))
        }
    }

    /// The same refusal as a part of a larger task.
    pub(crate) fn within(self, task: impl fmt::Display) -> Self {
        let error = self.error.within(task);
        Self { error, ..self }
    }

    /// The same refusal after a try of the same run that the server put off: what it calls busy may
    /// have used the grant all the same.
    pub(crate) fn after_another_try(self) -> Self {
        if !self.invalid_grant || self.error.class != Class::NoPerm {
            return self;
        }
        let error = self
            .error
            .but("an earlier try of this run may have used it up");
        Self { error, ..self }
    }

    /// The same refusal with what must be kept of the reply: where there is something, the server
    /// has used the grant.
    pub(super) fn with_remains(self, remains: Remains) -> Self {
        let is_nothing = remains == Remains::default();
        Self {
            again: self.again && is_nothing,
            invalid_grant: self.invalid_grant && is_nothing,
            remains: Box::new(remains),
            ..self
        }
    }

    /// The same refusal with how long the server asked to wait.
    pub(super) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        if let Some(pause) = retry_after.filter(|_| self.again) {
            let how_long = match pause {
                // More seconds than were counted.
                Duration::MAX => "longer than the deadline allows".to_owned(),
                _ => format!("{}s", pause.as_secs()),
            };
            self.error = self.error.but(format_args!("it asks to wait {how_long}"));
            self.retry_after = Some(pause);
        }
        self
    }
}

/// What to do about a limit of logins.
const WAIT: &str = "wait an hour; each further try counts as a login";

/// What to do about a user, an address or an org that is not let in.
const ADMIT: &str = "an administrator has to admit the user, the IP address or the org; \
                     a new login does not help";

/// What to do about one of these that may be let in at another hour: Salesforce has the same words for
/// an address.
const ADMIT_OR_WAIT: &str = "an administrator has to admit the user, the IP address or the org, \
                             or wait for the login hours; a new login does not help";

/// What to do about a grant that may be good, with what decided the host where the caller did not.
/// The host is no suspect, as it knows the user.
fn at_host(request: &TokenRequest, advice: &str) -> String {
    match (request.refresh_token(), request.host_source) {
        // Who logged in has seen the host.
        (None, _) | (_, HostSource::Given(_)) => advice.to_owned(),
        (_, HostSource::Default) => format!("{advice}; the host is the default"),
        (_, source) => format!("{advice}; the host is that of {source}"),
    }
}

/// What to do about a grant that is refused.
fn grant_hint(request: &TokenRequest) -> String {
    let Some(_) = request.refresh_token() else {
        return "start again with sftoken login: a code works once, for 15 minutes".to_owned();
    };
    let cause = "log in again; the token is expired, revoked, or was used up by another copy of it \
                 or by a run that was killed, or its user is barred";
    match request.host_source {
        HostSource::Given(_) => cause.to_owned(),
        HostSource::Default => {
            format!("the host is the default: {OTHER_HOSTS}; if it is the right one, {cause}")
        }
        source @ (HostSource::Member(_) | HostSource::AuthUrl) => {
            format!("{cause}; or {source} names the wrong host")
        }
    }
}

/// What to do about a client that is refused.
fn client_hint(request: &TokenRequest, code: &str) -> String {
    let check = "check the client id, the client secret and the policies of the app";
    let my_domain = "give the My Domain of the org as --token-endpoint";
    let suspects_host = is_about_the_host(code) && !request.endpoint.is_my_domain();
    match (request.host_source, suspects_host) {
        (HostSource::Given(_), false) => check.to_owned(),
        (HostSource::Given(_), true) => {
            format!("check the host: the My Domain of the org is the right one; then {check}")
        }
        (HostSource::Default, false) => format!("{check}; the host is the default: {OTHER_HOSTS}"),
        (HostSource::Default, true) => {
            format!("the host is the default: {my_domain}; then {check}")
        }
        (source, false) => format!("{check}; the host is that of {source}"),
        (source, true) => format!("the host is that of {source}: {my_domain}; then {check}"),
    }
}

/// Whether a code makes the host the first thing to suspect: only the My Domain knows the apps of
/// a sandbox, and all flows.
fn is_about_the_host(code: &str) -> bool {
    let codes = [
        "unsupported_grant_type",
        "invalid_client_id",
        "app_not_found",
    ];
    codes.iter().any(|known| code.eq_ignore_ascii_case(known))
}

/// Where the default is the wrong host.
const OTHER_HOSTS: &str = "a sandbox needs --token-endpoint https://test.salesforce.com \
                           or, as every org may, its My Domain";

/// The endpoint would have the secrets sent somewhere else.
pub(super) fn redirected(request: &TokenRequest, status: u16, location: Option<&str>) -> Error {
    let host = request.host();
    let target = location.and_then(|location| request.endpoint.target_of(location));
    let shown = match (location, &target) {
        (None, _) => "nowhere".to_owned(),
        (_, None) => "an unreadable address".to_owned(),
        (_, Some(url)) => request.harmless(url, []),
    };
    let is_another = |url: String| Endpoint::parse(&url).is_ok_and(|it| it != request.endpoint);
    let advice = if target.is_some_and(is_another) {
        "if you trust that address, give it as --token-endpoint"
    } else {
        "check the token endpoint"
    };
    let error = Error::new(
        Class::Protocol,
        format!("redirect from {host} not followed: status {status} points at {shown}"),
        advice,
    );
    if request.endpoint.is_my_domain() {
        return error;
    }
    error.hint(format!("{advice}; usually it is the My Domain of the org"))
}

/// A gateway had no answer from the server, which may have processed the request.
pub(super) fn gateway_gave_up(request: &TokenRequest, status: u16) -> Error {
    no_answer(
        request,
        &format!("the gateway gave up with status {status}"),
    )
}

/// No usable answer came although the request was sent.
pub(super) fn no_answer(request: &TokenRequest, why: &str) -> Error {
    unanswered(request, no_reply(&request.endpoint, why))
}

/// The error of a request that was sent in vain. There is no next run with the same code.
fn unanswered(request: &TokenRequest, error: Error) -> Error {
    match request.refresh_token() {
        Some(_) => error,
        None => error.hint("the code was sent, and works once; start again with sftoken login"),
    }
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
pub(super) fn no_oauth_reply(request: &TokenRequest, what: &str) -> Error {
    no_token_reply(request, what)
        .hint("check the token endpoint, and whether a proxy or a login page answers in its place")
}
