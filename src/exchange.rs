//! The tries of one exchange: send, sort the reply, and send again only where that is harmless.
//!
//! Whether it is, [`Refusal::again`] says; here is the loop around it. Before a token is sent once
//! more the file is looked at once more: a program that does not know the lock may have used the
//! token, and sending it again could end the session of its successor.

use std::time::{Duration, Instant};

use crate::deadline::Deadline;
use crate::error::Class;
use crate::http::Client;
use crate::oauth::{Refusal, TokenRequest, Tokens, Whole, verdict};
use crate::retry::Pauses;
use crate::say;

/// A pause from this on is said: one that ends sooner is nobody's concern.
const FELT: Duration = Duration::from_secs(1);

/// How an exchange can succeed.
pub(crate) enum Exchanged<T> {
    /// By a token reply.
    Tokens(TokenReply),
    /// By what somebody else has refreshed.
    Adopted(T),
}

/// A token reply.
pub(crate) struct TokenReply {
    /// What it holds.
    pub(crate) tokens: Tokens,
    /// For verbose output once the members are safe: writing it earlier would delay saving them.
    pub(crate) summary: String,
}

/// Sends a request until there is an answer that counts, within the deadline and `retries` tries
/// after the first. `replaced` looks whether FILE has another refresh token by now.
///
/// # Errors
/// The last refusal.
pub(crate) fn exchange<T>(
    client: &Client,
    request: &TokenRequest,
    deadline: Deadline,
    retries: u32,
    replaced: impl Fn() -> Option<T>,
) -> Result<Exchanged<T>, Refusal> {
    let mut pauses = Pauses::new(retries);
    let mut was_put_off = false;
    for number in 1.. {
        say::step(|| format!("try {number}: POST {}", request.endpoint.shown()));
        let refusal = match try_once(client, request, number) {
            Ok(reply) => return Ok(Exchanged::Tokens(reply)),
            Err(refusal) if was_put_off => refusal.after_another_try(),
            Err(refusal) => refusal,
        };
        was_put_off |= refusal.error.class == Class::TempFail;
        say::step(|| format!("try {number}: {}", refusal.error));
        if refusal.invalid_grant
            && let Some(adopted) = replaced()
        {
            return Ok(Exchanged::Adopted(adopted));
        }
        if !pause(deadline, &mut pauses, &refusal) {
            return Err(refusal);
        }
        if let Some(adopted) = replaced() {
            return Ok(Exchanged::Adopted(adopted));
        }
    }
    unreachable!("the tries are counted down")
}

/// One try.
fn try_once(client: &Client, request: &TokenRequest, number: u32) -> Result<TokenReply, Refusal> {
    let start = Instant::now();
    let mut whole = Whole::default();
    let mut ends = |bytes: &[u8]| whole.feed(bytes);
    let reply = client
        .post(&request.endpoint, &request.form(), &mut ends)
        .map_err(|lost| Refusal::lost(request, lost))?;
    let status = reply.status;
    let tokens = verdict(request, reply)?;
    let elapsed = start.elapsed().as_millis();
    Ok(TokenReply {
        tokens,
        summary: format!("try {number}: status {status} after {elapsed} ms"),
    })
}

/// Waits before the next try, if there is to be one.
fn pause(deadline: Deadline, pauses: &mut Pauses, refusal: &Refusal) -> bool {
    if !refusal.again {
        return false;
    }
    let Some(pause) = pauses.next(refusal.retry_after) else {
        return false;
    };
    say::step(|| planned(pause, deadline.left()));
    if pause >= FELT && pause < deadline.left() {
        let seconds = pause.as_secs_f32();
        say::wait(format_args!(
            "trying again in {seconds:.1}s: {}",
            refusal.error
        ));
    }
    deadline.pause(pause)
}

/// A pause, for verbose output.
fn planned(pause: Duration, left: Duration) -> String {
    if pause < left {
        format!("pause: {:.1}s", pause.as_secs_f32())
    } else {
        "no further try: the pause would pass the deadline".to_owned()
    }
}
