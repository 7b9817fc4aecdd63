//! Stops a run behind each of its calls while an actor does its whole work, then lets it go on.
//!
//! What a run does between two of its calls nobody else can tell, so this tries every order of a
//! run and a quick actor.

use std::env;

use crate::actors::{Actor, Deed};
use crate::arena::{ALL, Arena, Way};
use crate::crew::{Dice, try_all};
use crate::inherent;
use crate::table::{Outcome, Table};
use crate::trace::{Call, Trace};
use crate::tracee::Event;
use crate::verdict::{Harm, judge};

/// One run that is stopped once.
struct Trial<'a> {
    /// How it saves.
    way: Way,
    /// Who comes along.
    actor: Actor,
    /// Where it is stopped.
    call: &'a Call,
    /// The calls of a run that nobody stops.
    reference: &'a Trace,
}

/// The calls of a run in which nothing happens.
pub(crate) fn reference(way: Way) -> Trace {
    let arena = Arena::new(way);
    let end = arena.start(&arena.file(), ALL, &[]).finish();
    assert_eq!(end.status.code(), Some(0), "{}", end.stderr);
    end.trace
}

/// The calls at which a run is stopped: from its first look at FILE to its end.
pub(crate) fn calls(reference: &Trace) -> Vec<&Call> {
    reference.own_calls(&env::temp_dir()).collect()
}

/// Tries these actors at every call, or at so many of them.
pub(crate) fn interleave(table: &mut Table, way: Way, actors: &[Actor], share: Option<(u64, usize)>) {
    let reference = reference(way);
    let trial = |call, actor: &Actor| Trial {
        way,
        actor: *actor,
        call,
        reference: &reference,
    };
    let calls = calls(&reference).into_iter();
    let mut trials: Vec<_> = calls
        .flat_map(|call| actors.iter().map(move |actor| trial(call, actor)))
        .filter(Trial::is_wanted)
        .collect();
    if let Some((seed, count)) = share {
        trials = Dice::new(seed).some_of(trials, count);
    }
    let outcomes = try_all(&trials, Trial::outcome);
    for (trial, outcome) in trials.iter().zip(outcomes) {
        let place = format!("{}: {}", trial.place(), trial.call);
        table.count(way.name(), trial.actor.name(), &place, outcome);
    }
}

impl Trial<'_> {
    /// Where the run is stopped.
    fn place(&self) -> String {
        format!("{} #{}", self.call.name, self.call.number)
    }

    /// Whether the environment asks for it; it asks for all if it does not name any.
    fn is_wanted(&self) -> bool {
        let name = format!("{}, {}: {}", self.actor.name(), self.way.name(), self.place());
        env::var("TORTURE_ONLY").map_or(true, |only| name.contains(&only))
    }

    /// Makes it.
    fn outcome(&self) -> Outcome {
        let arena = Arena::new(self.way);
        let name = &self.call.name;
        let stop = format!("{name}:signal=STOP:when={}", self.call.number);
        let mut run = arena.start(&arena.file(), name, &[stop]);
        if run.wait_for_stop() == Event::Ended {
            return Outcome::Untried;
        }
        let deed = self.actor.act(&arena);
        let mut ends = vec![run.finish()];
        let mut deed = match deed {
            Ok(deed) => deed,
            Err(why) => return Outcome::Failed(Harm::Torn.because(why)),
        };
        ends.extend(deed.runs.drain(..).map(|run| run.finish()));
        self.judged(&arena, &deed, &ends)
    }

    /// What came of it.
    fn judged(&self, arena: &Arena, deed: &Deed, ends: &[crate::tracee::End]) -> Outcome {
        let Err(fault) = judge(arena, deed, ends) else {
            return Outcome::Survived;
        };
        let reason = inherent::reason(self.actor, deed, self.call, self.reference, fault.harm);
        reason.map_or(Outcome::Failed(fault), Outcome::Inherent)
    }
}
