//! What no program can prevent, each with its reason and nothing beyond it.
//!
//! - A program that refreshes without the lock, once a run has looked at FILE for the last time
//!   before it asks: both send the same token.
//! - A backup with a token that has been used since is put over the only copy of its successor, once
//!   a run has looked at FILE for the last time.
//! - Unix has no rename or write on a condition: what happens to FILE between a run's last look at
//!   it and the call that changes it is not seen.
//! - A kill between the request and the first complete write of the reply.

use crate::actors::Actor;
use crate::deeds::Deed;
use crate::moments::{is_behind_last_look, is_between_look_and_save, looks_again};
use crate::trace::{Call, Trace};
use crate::tracee::End;
use crate::verdict::Harm;

/// See the first point.
const STRANGER: &str = "both used the same token";

/// See the second point.
const BACKUP: &str = "a used-up token was put back";

/// See the third point.
pub(crate) const LAST_CALLS: &str = "between the last look and the change";

/// See the last point.
const UNHEARD: &str = "killed before the reply was there";

/// See the last point.
const UNWRITTEN: &str = "killed between the reply and its first write";

/// Why a harm is nobody's fault, if it is not.
pub(crate) fn reason(
    actor: Actor,
    deed: &Deed,
    call: &Call,
    reference: &Trace,
    harm: Harm,
) -> Option<&'static str> {
    let is_last = || is_behind_last_look(reference, call) && is_unseen(actor, harm);
    match harm {
        Harm::SessionEnded if is_used_up(actor, deed) => {
            (!looks_again(reference, call)).then_some(BACKUP)
        }
        Harm::SessionEnded if actor == Actor::Stranger => {
            is_between_look_and_save(reference, call).then_some(STRANGER)
        }
        _ => is_last().then_some(LAST_CALLS),
    }
}

/// What an actor loses whose deed is not seen.
fn is_unseen(actor: Actor, harm: Harm) -> bool {
    match actor {
        Actor::EditLonger
        | Actor::EditShorter
        | Actor::EditByRename
        | Actor::EditAndRun
        | Actor::ChmodGroup
        | Actor::ChmodReadOnly => harm == Harm::Overwritten,
        Actor::LoginByRename | Actor::LoginInPlace => harm == Harm::TokenLost,
        Actor::RunByHardLink => harm == Harm::SessionEnded,
        _ => false,
    }
}

/// Whether FILE has been given a token of which the successor was in FILE.
fn is_used_up(actor: Actor, deed: &Deed) -> bool {
    actor == Actor::Backup && deed.given_up.is_some_and(|token| token.number > 0)
}

/// Why nobody is to blame for a harm after kills, if nobody is.
pub(crate) fn of_kill(
    killed: &[End],
    actor: Option<Actor>,
    deed: &Deed,
    harm: Harm,
) -> Option<&'static str> {
    let is_lost = |end: &&End| end.trace.sends() > 0 && !end.trace.has_written();
    let lost = killed.iter().find(is_lost);
    // After a new login nobody sends the token whose successor is lost.
    let counts = harm == Harm::SessionEnded || harm == Harm::TokenLost && deed.logs_in;
    match (harm, lost) {
        (_, Some(end)) if counts && end.trace.has_heard() => Some(UNWRITTEN),
        (_, Some(_)) if counts => Some(UNHEARD),
        (Harm::SessionEnded, None) => actor.filter(|it| is_used_up(*it, deed)).map(|_| BACKUP),
        _ => None,
    }
}
