//! Two runs that preempt each other: each is stopped twice, and whenever one stops, waits or ends,
//! the other goes on.

use std::path::{Path, PathBuf};

use crate::arena::{Arena, LINK, SECOND_NAME, Way};
use crate::crew::{Dice, try_all};
use crate::deeds::Deed;
use crate::interleave::{Reference, is_wanted};
use crate::table::{Outcome, Table};
use crate::trace::Call;
use crate::tracee::{End, Event, Tracee};
use crate::verdict::judge;

/// How the table calls it.
const NAME: &str = "two runs that preempt each other";

/// Where each of the two runs is stopped.
struct Trial<'a> {
    /// How they save.
    way: Way,
    /// The stops of the first.
    first: [&'a Call; 2],
    /// The stops of the second.
    second: [&'a Call; 2],
    /// Whether the second comes by another name.
    by_other_name: bool,
}

/// Tries so many pairs of runs.
pub(crate) fn duel(table: &mut Table, way: Way, dice: &mut Dice, count: usize) {
    let reference = Reference::of(way);
    let calls = reference.calls();
    let mut trials: Vec<_> = (0..count)
        .map(|_| Trial {
            way,
            first: two_stops(&calls, dice),
            second: two_stops(&calls, dice),
            by_other_name: dice.below(2) == 1,
        })
        .collect();
    trials.retain(|trial| is_wanted(NAME, way, &trial.place()));
    let outcomes = try_all(&trials, Trial::outcome);
    for (trial, outcome) in trials.iter().zip(outcomes) {
        table.count(way.name(), NAME, &trial.place(), outcome);
    }
}

/// Two calls of different names, as strace counts one number for each name.
fn two_stops<'a>(calls: &[&'a Call], dice: &mut Dice) -> [&'a Call; 2] {
    loop {
        let stops: [&Call; 2] = [dice.one_of(calls), dice.one_of(calls)];
        if stops[0].name != stops[1].name {
            return stops;
        }
    }
}

impl Trial<'_> {
    /// What distinguishes it.
    fn place(&self) -> String {
        let [first, second] = [self.first, self.second].map(|it| it.map(Call::place).join(", "));
        let other = if self.by_other_name {
            ", by another name"
        } else {
            ""
        };
        format!("{first}; {second}{other}")
    }

    /// Makes it.
    fn outcome(&self) -> Outcome {
        let arena = Arena::new(self.way);
        let first = start(&arena, &arena.file(), self.first);
        let second = start(&arena, &self.second_path(&arena), self.second);
        let ends = take_turns([first, second]);
        match judge(&arena, &Deed::default(), &ends) {
            Ok(()) => Outcome::Survived,
            Err(fault) => Outcome::Failed(fault),
        }
    }

    /// The path of the second run.
    fn second_path(&self, arena: &Arena) -> PathBuf {
        match (self.by_other_name, self.way) {
            (false, _) => arena.file(),
            (true, Way::TwoNames) => arena.path(SECOND_NAME),
            (true, _) => arena.path(LINK),
        }
    }
}

/// A run with its stops.
fn start(arena: &Arena, path: &Path, stops: [&Call; 2]) -> Tracee {
    let traced = stops.map(|call| call.name.as_str()).join(",");
    let faults = stops.map(|it| format!("{}:signal=STOP:when={}", it.name, it.number));
    arena.start(path, &traced, &faults)
}

/// Lets one go on until it stops, waits or ends, then the other.
fn take_turns(mut runs: [Tracee; 2]) -> [End; 2] {
    loop {
        let events = runs.each_mut().map(|run| {
            run.go_on();
            run.wait()
        });
        if events == [Event::Ended; 2] {
            return runs.map(Tracee::finish);
        }
    }
}
