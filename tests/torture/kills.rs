//! Kills, and who comes along afterwards: an actor and then two runs at once, or another run that
//! is killed as well.

use crate::actors::Actor;
use crate::arena::{ALL, Arena, Way};
use crate::crew::{Dice, try_all};
use crate::deeds::Deed;
use crate::inherent;
use crate::interleave::{Reference, is_wanted};
use crate::table::{Outcome, Table};
use crate::trace::Call;
use crate::tracee::{End, Tracee};
use crate::verdict::{Harm, judge};

/// Who comes along after a kill. To delete FILE or the only copy of a token is not among it.
const AFTERWARDS: [Actor; 7] = [
    Actor::EditLonger,
    Actor::EditShorter,
    Actor::EditByRename,
    Actor::LoginByRename,
    Actor::Touch,
    Actor::ChmodReadOnly,
    Actor::Backup,
];

/// One run that is killed, and what comes after it.
struct Trial<'a> {
    /// How it saves.
    way: Way,
    /// Where it is killed.
    call: &'a Call,
    /// What comes then.
    then: Then<'a>,
}

/// What comes after a kill.
enum Then<'a> {
    /// Somebody else, and then two runs at once.
    Actor(Actor),
    /// A run that is killed, too.
    Kill(&'a Call),
}

/// Kills a run at so many calls, lets one of the actors come along, and starts two runs at once.
pub(crate) fn kill_then_act(table: &mut Table, way: Way, dice: &mut Dice, count: usize) {
    let reference = Reference::of(way);
    let calls = dice.some_of(reference.calls(), count);
    let mut actors = AFTERWARDS.to_vec();
    actors.retain(|actor| actor.suits(way));
    let trial = |call| Trial {
        way,
        call,
        then: Then::Actor(dice.one_of(&actors)),
    };
    let trials = calls.into_iter().map(trial).collect();
    try_and_count(table, trials);
}

/// Kills two runs one after the other, at so many pairs of calls.
pub(crate) fn kill_twice(table: &mut Table, way: Way, dice: &mut Dice, pairs: usize) {
    let reference = Reference::of(way);
    let calls = reference.calls();
    let trial = |_| Trial {
        way,
        call: dice.one_of(&calls),
        then: Then::Kill(dice.one_of(&calls)),
    };
    let trials = (0..pairs).map(trial).collect();
    try_and_count(table, trials);
}

/// Makes the trials and counts how they end.
fn try_and_count(table: &mut Table, mut trials: Vec<Trial<'_>>) {
    trials.retain(|trial| is_wanted(trial.name(), trial.way, &trial.place()));
    let outcomes = try_all(&trials, Trial::outcome);
    for (trial, outcome) in trials.iter().zip(outcomes) {
        table.count(trial.way.name(), trial.name(), &trial.place(), outcome);
    }
}

impl Trial<'_> {
    /// How the table calls it.
    fn name(&self) -> &'static str {
        match self.then {
            Then::Actor(_) => "a kill, somebody else, two runs",
            Then::Kill(_) => "two kills, a run",
        }
    }

    /// Who comes along.
    fn actor(&self) -> Option<Actor> {
        match self.then {
            Then::Actor(actor) => Some(actor),
            Then::Kill(_) => None,
        }
    }

    /// What distinguishes it.
    fn place(&self) -> String {
        match &self.then {
            Then::Actor(actor) => format!("{}, {}", self.call.place(), actor.name()),
            Then::Kill(call) => format!("{}, {}", self.call.place(), call.place()),
        }
    }

    /// Makes it.
    fn outcome(&self) -> Outcome {
        let arena = Arena::new(self.way);
        let mut killed = vec![kill(&arena, self.call)];
        let (mut deed, ends) = match self.then {
            Then::Kill(call) => {
                killed.push(kill(&arena, call));
                (Deed::default(), Vec::new())
            }
            Then::Actor(actor) => match actor.act(&arena) {
                Err(why) => return Outcome::Failed(Harm::Torn.because(why)),
                Ok(deed) => (deed, run_twice(&arena).into()),
            },
        };
        deed.follows_kill = true;
        let Err(fault) = judge(&arena, &deed, &ends) else {
            return Outcome::Survived;
        };
        let reason = inherent::of_kill(&killed, self.actor(), &deed, fault.harm);
        reason.map_or(Outcome::Failed(fault), Outcome::Inherent)
    }
}

/// A run that is killed at a call, if it comes there.
fn kill(arena: &Arena, call: &Call) -> End {
    let fault = format!("{}:signal=KILL:when={}", call.name, call.number);
    arena.start(&arena.file(), ALL, &[fault]).finish()
}

/// Two runs at once.
fn run_twice(arena: &Arena) -> [End; 2] {
    let runs = [(), ()].map(|()| arena.start_undisturbed(&arena.file()));
    runs.map(Tracee::finish)
}
