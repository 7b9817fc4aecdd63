//! What the figures are held to.

use std::fmt::Write as _;

/// The bounds, and whether they hold.
#[derive(Default)]
pub(crate) struct Bounds {
    /// One line each.
    lines: String,
    /// How many hold, and how many do not.
    counts: [usize; 2],
}

impl Bounds {
    /// A figure that must not be above its bound.
    pub(crate) fn at_most(&mut self, name: &str, figure: f64, bound: f64) {
        let holds = figure <= bound;
        let verdict = if holds { "ok" } else { "NOT OK" };
        writeln!(
            self.lines,
            "{verdict:<8}{name:<44}{figure:>8.3}  at most {bound:.3}"
        )
        .unwrap();
        self.counts[usize::from(!holds)] += 1;
    }

    /// A bound that cannot be looked at on this machine.
    pub(crate) fn skip(&mut self, name: &str, why: &str) {
        writeln!(self.lines, "skipped {name}: {why}").unwrap();
    }

    /// Prints the verdicts, and fails if one is bad.
    pub(crate) fn report(&self) {
        let [held, broken] = self.counts;
        println!("\n{}\n{held} passed, {broken} failed", self.lines);
        assert_eq!(broken, 0, "a bound does not hold");
    }
}

/// A count of something, or a number of bytes, as a figure.
pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).unwrap().into()
}
