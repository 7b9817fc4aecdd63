//! The figures of the interleavings: trials and survivors by actor and way of saving, and apart
//! from these what no program can prevent, with its reason and the calls where it happens.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write};

use crate::verdict::Fault;

/// How a trial ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The run did not come to the call: the network delivered in fewer pieces.
    Untried,
    /// Every promise was kept.
    Survived,
    /// Something was lost that no program can keep; why.
    Inherent(&'static str),
    /// A promise was broken.
    Failed(Fault),
}

/// The figures of one row.
#[derive(Default)]
struct Row {
    /// Trials that took place.
    tried: usize,
    /// Trials in which every promise was kept.
    survived: usize,
    /// Trials in which a promise was broken.
    failed: usize,
    /// Where something was lost that no program can keep, by reason.
    inherent: BTreeMap<&'static str, Vec<String>>,
}

/// The table.
#[derive(Default)]
pub(crate) struct Table {
    /// By series and actor.
    rows: BTreeMap<(String, String), Row>,
    /// All broken promises, each with its place, by actor, series and harm.
    faults: BTreeMap<String, Vec<(String, String)>>,
}

impl Table {
    /// Counts one trial. `place` says how to repeat it.
    pub(crate) fn count(&mut self, series: &str, actor: &str, place: &str, outcome: Outcome) {
        let row = self.rows.entry((actor.to_owned(), series.to_owned()));
        let row = row.or_default();
        row.tried += usize::from(outcome != Outcome::Untried);
        match outcome {
            Outcome::Untried => {}
            Outcome::Survived => row.survived += 1,
            Outcome::Inherent(why) => row.inherent.entry(why).or_default().push(place.to_owned()),
            Outcome::Failed(Fault { harm, why }) => {
                row.failed += 1;
                let faults = self.faults.entry(format!("{actor}, {series}: {harm:?}"));
                faults.or_default().push((place.to_owned(), why));
            }
        }
    }

    /// Fails with all broken promises, and the circumstances of the first of each kind.
    #[track_caller]
    pub(crate) fn assert_sound(&self) {
        let kinds = self.faults.iter().map(|(kind, faults)| {
            let places: Vec<_> = faults.iter().map(|(place, _)| name_of(place)).collect();
            let (place, why) = &faults[0];
            format!(
                "{kind}: {} at {}\nat {place}\n{why}",
                faults.len(),
                places.join(", ")
            )
        });
        let report: Vec<_> = kinds.collect();
        assert!(
            report.is_empty(),
            "promises were broken\n\n{}",
            report.join("\n\n")
        );
    }

    /// The most calls of any row at which something is lost for this reason.
    pub(crate) fn most(&self, reason: &str) -> usize {
        let places = self
            .rows
            .values()
            .filter_map(|row| row.inherent.get(reason));
        places.map(Vec::len).max().unwrap_or_default()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes = BTreeSet::new();
        let head = [
            "who comes along",
            "saving",
            "tried",
            "survived",
            "inherent",
            "failed",
        ];
        let mut text = String::new();
        let [actor, series, numbers @ ..] = head;
        write!(text, "{actor:34} {series:28}")?;
        numbers.iter().try_for_each(|it| write!(text, " {it:>9}"))?;
        for ((actor, series), row) in &self.rows {
            let inherent: usize = row.inherent.values().map(Vec::len).sum();
            write!(text, "\n{actor:34} {series:28}")?;
            let numbers = [row.tried, row.survived, inherent, row.failed];
            numbers.iter().try_for_each(|it| write!(text, " {it:>9}"))?;
            for (why, places) in &row.inherent {
                let names: BTreeSet<_> = places.iter().map(|it| call_of(it)).collect();
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                notes.insert(format!(
                    "\n  {actor}, {series}: {why}: {} at {names}",
                    places.len()
                ));
            }
        }
        writeln!(f, "{text}")?;
        if notes.is_empty() {
            return Ok(());
        }
        write!(f, "inherent:")?;
        notes.iter().try_for_each(|note| write!(f, "{note}"))
    }
}

/// The description of a place without the lines of strace.
fn name_of(place: &str) -> &str {
    place.split_once(':').map_or(place, |(call, _)| call)
}

/// The call in the description of a place, the first if there are several.
fn call_of(place: &str) -> &str {
    place.split([':', ',', ';']).next().unwrap_or_default()
}
