//! What no program can prevent, each with its reason and nothing beyond it.

use crate::actors::{Actor, Deed};
use crate::trace::{Call, Trace};
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
        Actor::Backup if harm == Harm::SessionEnded && gives_up => Some("a used-up token was put back"),
        _ => None,
    }
}
