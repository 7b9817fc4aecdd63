//! Stops a run behind each of its calls while an actor does its whole work, then lets it go on.
//!
//! What a run does between two of its calls nobody else can tell, so this tries every order of a
//! run and a quick actor.

use std::env;

use crate::actors::Actor;
use crate::arena::{ALL, Arena, Way};
use crate::crew::{Dice, try_all};
use crate::deeds::Deed;
use crate::inherent;
use crate::say;
use crate::table::{Outcome, Table};
use crate::trace::{Call, Trace};
use crate::tracee::{End, Event, Tracee};
use crate::verdict::{Harm, judge};

/// A run with which nobody interferes, to choose calls from.
pub(crate) struct Reference {
    /// Its calls.
    pub(crate) trace: Trace,
    /// Where it took place.
    arena: Arena,
}

impl Reference {
    /// Makes one.
    pub(crate) fn of(way: Way) -> Self {
        let arena = Arena::new(way);
        let end = arena.start(&arena.file(), ALL, &[]).finish();
        assert_eq!(end.status.code(), Some(0), "{}", end.stderr);
        let trace = end.trace;
        Self { trace, arena }
    }

    /// The calls at which a run is stopped or killed: from its first look at FILE to its end. By
    /// the others it learns nothing and tells nobody anything, so that a stop behind one of these
    /// is a stop behind the call before.
    pub(crate) fn calls(&self) -> Vec<&Call> {
        let own = self.trace.own_calls(&self.arena.path(""));
        own.filter(|call| !call.is_silent()).collect()
    }
}

/// Whether the environment asks for a trial; it asks for all if it does not name any.
pub(crate) fn is_wanted(actor: &str, way: Way, place: &str) -> bool {
    let name = format!("{actor}, {}: {place}", way.name());
    env::var("TORTURE_ONLY").map_or(true, |only| name.contains(&only))
}

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

/// Tries these actors at every call, or at so many of these pairs.
pub(crate) fn interleave(
    table: &mut Table,
    way: Way,
    actors: &[Actor],
    share: Option<(&mut Dice, usize)>,
) {
    let reference = Reference::of(way);
    let trial = |call, actor| Trial {
        way,
        actor,
        call,
        reference: &reference.trace,
    };
    let actors: Vec<_> = actors.iter().filter(|it| it.suits(way)).collect();
    let calls = reference.calls().into_iter();
    let mut trials: Vec<_> = calls
        .flat_map(|call| actors.iter().map(move |actor| trial(call, **actor)))
        .collect();
    if let Some((dice, count)) = share {
        let all = trials.len();
        trials = dice.some_of(trials, count);
        say(&format!("{}: {} of {all} trials", way.name(), trials.len()));
    }
    trials.retain(|trial| is_wanted(trial.actor.name(), way, &trial.call.place()));
    let outcomes = try_all(&trials, Trial::outcome);
    for (trial, outcome) in trials.iter().zip(outcomes) {
        let place = trial.call.to_string();
        table.count(way.name(), trial.actor.name(), &place, outcome);
    }
}

impl Trial<'_> {
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
        ends.extend(deed.runs.drain(..).map(Tracee::finish));
        deed.follows_kill = self.way == Way::Interrupted;
        self.judged(&arena, &deed, &ends)
    }

    /// What came of it.
    fn judged(&self, arena: &Arena, deed: &Deed, ends: &[End]) -> Outcome {
        let Err(fault) = judge(arena, deed, ends) else {
            return Outcome::Survived;
        };
        let reason = inherent::reason(self.actor, deed, self.call, self.reference, fault.harm);
        reason.map_or(Outcome::Failed(fault), Outcome::Inherent)
    }
}
