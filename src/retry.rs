//! The pauses between tries: doubling, with jitter, unless the server asks for another.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The pause before the second try: long enough for a connection storm to pass.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Pauses double up to this, so that a try every few seconds remains within the default deadline.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// The tries that are left, and the pauses before them.
#[derive(Debug)]
pub(crate) struct Pauses {
    /// Tries after the first.
    left: u32,
    /// The next pause before jitter.
    next: Duration,
}

impl Pauses {
    /// `retries` tries after the first.
    pub(crate) fn new(retries: u32) -> Self {
        Self {
            left: retries,
            next: FIRST_PAUSE,
        }
    }

    /// The pause before the next try, or `None` if there is none left. What the server asked for
    /// (`Retry-After`) wins over our own.
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        let own = self.next;
        self.next = (own * 2).min(LONGEST_PAUSE);
        Some(asked.unwrap_or_else(|| jittered(own)))
    }
}

/// A pause between three and five quarters of `pause`, so that many clients do not come back at
/// the same instant. Every `RandomState` has random keys, which is randomness enough for that.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) % 512;
    pause * 3 / 4 + pause * u32::try_from(random).unwrap_or(0) / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_eight_seconds_with_jitter() {
        let mut pauses = Pauses::new(7);
        for expected in [500, 1000, 2000, 4000, 8000, 8000, 8000].map(Duration::from_millis) {
            let pause = pauses.next(None).expect("a try is left");
            assert!(
                pause >= expected * 3 / 4 && pause <= expected * 5 / 4,
                "{pause:?}"
            );
        }
        assert_eq!(pauses.next(None), None);
    }

    #[test]
    fn what_the_server_asked_for_wins() {
        let mut pauses = Pauses::new(2);
        let asked = Duration::from_secs(30);
        assert_eq!(pauses.next(Some(asked)), Some(asked));
        assert_eq!(pauses.next(Some(Duration::ZERO)), Some(Duration::ZERO));
        assert_eq!(pauses.next(Some(asked)), None);
    }
}
