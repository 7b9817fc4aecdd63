//! The end of the run: one deadline bounds waiting for the lock, every try and every pause.

use std::thread;
use std::time::{Duration, Instant};

/// The end of the run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// The deadline `timeout` from now; `None` if that lies beyond what the clock can tell.
    pub(crate) fn after(timeout: Duration) -> Option<Self> {
        Instant::now().checked_add(timeout).map(Self)
    }

    /// The time left, zero once it has passed.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Sleeps, unless that would pass the deadline; tells whether it slept.
    pub(crate) fn pause(self, pause: Duration) -> bool {
        let fits = pause < self.left();
        if fits {
            thread::sleep(pause);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_that_would_pass_the_deadline_is_not_begun() {
        let deadline = Deadline::after(Duration::from_secs(60)).expect("a deadline");
        let before = Instant::now();
        assert!(!deadline.pause(Duration::from_secs(60)));
        assert!(before.elapsed() < Duration::from_secs(30));
        assert!(deadline.pause(Duration::from_millis(1)));
    }
}
