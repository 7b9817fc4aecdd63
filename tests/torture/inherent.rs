//! What no program can prevent, each with its reason and nothing beyond it.

use crate::actors::{Actor, Deed};
use crate::trace::{Call, Trace};
use crate::tracee::End;
use crate::verdict::Harm;

/// Why a harm is nobody's fault, if it is not.
pub(crate) fn reason(
    actor: Actor,
    deed: &Deed,
    call: &Call,
    reference: &Trace,
    harm: Harm,
) -> Option<&'static str> {
    let _ = (call, reference);
    let gives_up = deed.given_up.is_some_and(|token| token.number > 0);
    match actor {
        Actor::Backup if harm == Harm::SessionEnded && gives_up => {
            Some("a used-up token was put back")
        }
        _ => None,
    }
}

/// Why nobody is to blame for a harm after kills, if nobody is.
pub(crate) fn of_kill(killed: &[End], deed: &Deed, harm: Harm) -> Option<&'static str> {
    let lost = |end: &&End| end.trace.sends() > 0 && !end.trace.has_written();
    match killed.iter().find(lost) {
        _ if harm != Harm::SessionEnded => None,
        Some(end) if end.trace.has_heard() => Some("killed between the reply and its first write"),
        Some(_) => Some("killed before the reply was there"),
        None if deed.given_up.is_some_and(|token| token.number > 0) => {
            Some("a used-up token was put back")
        }
        None => None,
    }
}
