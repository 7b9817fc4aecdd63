//! Replies in Salesforce's words, and a script with its memory.
//!
//! Salesforce with refresh token rotation is the server that punishes mistakes: each refresh token
//! works once, and a second use ends the whole session. [`Rotating`] is as strict.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::reply::Reply;
use super::request::Request;
use super::script::{IntoScript, Script};

impl Reply {
    /// A success that was issued just now.
    pub(crate) fn token(access_token: &str) -> Self {
        Self::json(200, success(access_token, ""))
    }

    /// A success that also replaces the refresh token.
    pub(crate) fn rotated_token(access_token: &str, refresh_token: &str) -> Self {
        let member = format!(r#""refresh_token":"{refresh_token}","#);
        Self::json(200, success(access_token, &member))
    }

    /// An OAuth error.
    pub(crate) fn error(status: u16, code: &str, description: &str) -> Self {
        let body = format!(r#"{{"error":"{code}","error_description":"{description}"}}"#);
        Self::json(status, body)
    }
}

/// The members of a success in Salesforce's order, around one more member or none.
fn success(access_token: &str, more: &str) -> String {
    format!(
        concat!(
            r#"{{"access_token":"{}",{}"#,
            r#""signature":"c2lnbmF0dXJlIG9mIHRoZSBlbmRwb2ludA==","#,
            r#""scope":"refresh_token id","#,
            r#""instance_url":"https://d41000000f8a0eak-dev-ed.my.salesforce.com","#,
            r#""id":"https://login.salesforce.com/id/00D41000000F8A0EAK/005410000000000AAE","#,
            r#""token_type":"Bearer","issued_at":"{}"}}"#,
        ),
        access_token,
        more,
        now_in_milliseconds()
    )
}

/// The time as Salesforce writes it.
fn now_in_milliseconds() -> u128 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.expect("a clock after 1970").as_millis()
}

/// A script that behaves like Salesforce with refresh token rotation; clones share its memory.
///
/// The Nth success brings the access token `00D!access-N` and the refresh token `5Aep-N`.
#[derive(Clone)]
pub(crate) struct Rotating {
    /// The only client id that is accepted; any if there is none.
    client_id: Option<String>,
    /// What was issued and whether it still counts.
    session: Arc<Mutex<Session>>,
}

/// The life of one family of refresh tokens.
struct Session {
    /// Every refresh token of the family; the last is the current one.
    issued: Vec<String>,
    /// Set once an old token was used again.
    ended: bool,
}

impl Rotating {
    /// Starts with this refresh token and accepts any client id.
    pub(crate) fn new(refresh_token: &str) -> Self {
        let session = Session {
            issued: vec![refresh_token.to_owned()],
            ended: false,
        };
        Self {
            client_id: None,
            session: Arc::new(Mutex::new(session)),
        }
    }

    /// Accepts this client id only.
    pub(crate) fn client_id(mut self, client_id: &str) -> Self {
        self.client_id = Some(client_id.to_owned());
        self
    }

    /// Answers one request as Salesforce would.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        if request.param("grant_type") != Some("refresh_token") {
            return Reply::error(400, "unsupported_grant_type", "grant type not supported");
        }
        if self.client_id.is_some() && self.client_id.as_deref() != request.param("client_id") {
            return Reply::error(400, "invalid_client_id", "client identifier invalid");
        }
        let session = self.session.lock();
        session
            .unwrap_or_else(PoisonError::into_inner)
            .redeem(request.param("refresh_token").unwrap_or_default())
    }
}

impl Session {
    /// Exchanges the current refresh token; any other is refused, and an old one ends the session.
    fn redeem(&mut self, refresh_token: &str) -> Reply {
        let is_current = self.issued.last().is_some_and(|it| it == refresh_token);
        if self.ended || !is_current {
            self.ended |= self.issued.iter().any(|it| it == refresh_token);
            return Reply::error(400, "invalid_grant", "expired access/refresh token");
        }
        let number = self.issued.len();
        let next = format!("5Aep-{number}");
        let reply = Reply::rotated_token(&format!("00D!access-{number}"), &next);
        self.issued.push(next);
        reply
    }
}

impl IntoScript for Rotating {
    fn into_script(self) -> Script {
        Box::new(move |request| self.answer(request))
    }
}
