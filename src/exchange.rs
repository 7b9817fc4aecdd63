//! The tries of one exchange: send, sort the reply, and send again only where that is harmless.
//!
//! Whether it is, [`Refusal::again`] says; here is the loop around it. Before a token is sent once
//! more the file is looked at once more: a program that does not know the lock may have used the
//! token, and sending it again could end the session of its successor.

use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::cli::Refresh;
use crate::document::Document;
use crate::http::Client;
use crate::oauth::{Grant, Refusal, Whole, classify};
use crate::retry::Pauses;

/// How an exchange can succeed.
pub(crate) enum Exchanged {
    /// By a token reply.
    Granted(Granted),
    /// By a document that somebody else has refreshed.
    Adopted(Document),
}

/// A token reply.
pub(crate) struct Granted {
    /// Its members.
    pub(crate) members: Map<String, Value>,
    /// For verbose output once the members are safe: writing it earlier would delay saving them.
    pub(crate) summary: String,
}

/// Sends the grant until there is an answer that counts, within the deadline and `--retries`.
/// `replaced` looks whether FILE has another refresh token by now.
///
/// # Errors
/// The last refusal.
pub(crate) fn exchange(
    call: &Refresh,
    client: &Client,
    grant: &Grant,
    replaced: impl Fn() -> Option<Document>,
) -> Result<Exchanged, Refusal> {
    let mut pauses = Pauses::new(call.retries);
    for number in 1.. {
        call.output
            .step(|| format!("try {number}: POST {}", grant.endpoint));
        let refusal = match try_once(client, grant, number) {
            Ok(granted) => return Ok(Exchanged::Granted(granted)),
            Err(refusal) => refusal,
        };
        call.output
            .step(|| format!("try {number}: {}", refusal.error));
        if refusal.invalid_grant
            && let Some(document) = replaced()
        {
            return Ok(Exchanged::Adopted(document));
        }
        if !pause(call, &mut pauses, &refusal) {
            return Err(refusal);
        }
        if let Some(document) = replaced() {
            return Ok(Exchanged::Adopted(document));
        }
    }
    unreachable!("the tries are counted down")
}

/// One try.
fn try_once(client: &Client, grant: &Grant, number: u32) -> Result<Granted, Refusal> {
    let start = Instant::now();
    let mut whole = Whole::default();
    let reply = client.post(&grant.endpoint, &grant.form(), &mut |bytes| {
        whole.feed(bytes)
    })?;
    let members = classify(grant, &reply)?;
    let (status, elapsed) = (reply.status, start.elapsed().as_millis());
    Ok(Granted {
        members,
        summary: format!("try {number}: status {status} after {elapsed} ms"),
    })
}

/// Waits before the next try, if there is to be one.
fn pause(call: &Refresh, pauses: &mut Pauses, refusal: &Refusal) -> bool {
    if !refusal.again {
        return false;
    }
    let Some(pause) = pauses.next(refusal.retry_after) else {
        return false;
    };
    let left = call.deadline.left();
    call.output.step(|| planned(pause, left));
    call.deadline.pause(pause)
}

/// A pause, for verbose output.
fn planned(pause: Duration, left: Duration) -> String {
    let seconds = pause.as_secs_f32();
    if pause < left {
        format!("pause: {seconds:.1}s")
    } else {
        format!("no further try: a pause of {seconds:.1}s would pass the deadline")
    }
}
