//! What the server of an interleaving remembers: two logins of one user, each with a chain of
//! refresh tokens of which every one works once.
//!
//! A used-up token ends its session, as at Salesforce with rotation. The endpoint's own rotating
//! script knows one session and does not tell that it ended; here both matter, because an actor
//! may log in anew, and because a verdict has to know which token was the newest.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::endpoint::{Reply, Request};

/// The session that FILE has at first, and the one that a new login begins.
const SESSIONS: usize = 2;

/// One refresh token: the session, and its place in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// 0 for the first login.
    pub(crate) session: usize,
    /// Counted from 0.
    pub(crate) number: usize,
}

impl Token {
    /// Reads what [`Token`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (session, number) = text.strip_prefix("5Aep-")?.split_once('.')?;
        let session = session.parse().ok().filter(|it| *it < SESSIONS)?;
        let number = number.parse().ok()?;
        Some(Self { session, number })
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "5Aep-{}.{}", self.session, self.number)
    }
}

/// One chain.
#[derive(Clone, Copy, Debug, Default)]
struct Session {
    /// The number of the token that counts.
    newest: usize,
    /// A used-up token came.
    has_ended: bool,
}

/// The memory; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Sessions(Arc<Mutex<[Session; SESSIONS]>>);

impl Sessions {
    /// The token of a session that counts.
    pub(crate) fn newest(&self, session: usize) -> Token {
        let number = self.lock()[session].newest;
        Token { session, number }
    }

    /// Whether a used-up token came in any session.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().iter().any(|session| session.has_ended)
    }

    /// Exchanges a token for the next one of its chain, if it is the newest of a session that lives.
    pub(crate) fn redeem(&self, token: Token) -> Option<Token> {
        let session = &mut self.lock()[token.session];
        session.has_ended |= token.number < session.newest;
        if session.has_ended || token.number != session.newest {
            return None;
        }
        session.newest += 1;
        let number = session.newest;
        Some(Token { number, ..token })
    }

    /// Answers one request as Salesforce would.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        let sent = request.param("refresh_token").and_then(Token::parse);
        match sent.and_then(|token| self.redeem(token)) {
            Some(next) => Reply::rotated_token(&access_token(next), &next.to_string()),
            None => Reply::error(400, "invalid_grant", "expired access/refresh token"),
        }
    }

    /// The memory itself.
    fn lock(&self) -> MutexGuard<'_, [Session; SESSIONS]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The access token that comes with a refresh token.
pub(crate) fn access_token(token: Token) -> String {
    format!("00D!access-{}.{}", token.session, token.number)
}
