//! The age of a token by the member `issued_at`.

use std::time::Duration;

use serde_json::Value;

use crate::text::whole_number;

/// How far ahead `issued_at` may be before it counts as wrong rather than as a clock skew.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);

/// Values below this are seconds: as milliseconds they would lie before March 1973.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// How long ago `issued_at` was, `now` being the time since 1970.
///
/// `None` where it is unreadable, or more than [`MAX_SKEW`] ahead.
pub(super) fn age(issued_at: &Value, now: Duration) -> Option<Duration> {
    let stated = match issued_at {
        Value::String(text) => whole_number(text)?,
        Value::Number(number) => whole_number(number.as_str())?,
        _ => return None,
    };
    let issued = if stated < FIRST_MILLISECONDS {
        Duration::from_secs(stated)
    } else {
        Duration::from_millis(stated)
    };
    (issued <= now + MAX_SKEW).then(|| now.saturating_sub(issued))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_milliseconds_and_seconds_as_string_or_number() {
        let now = Duration::from_millis(1_738_348_400_500);
        let age = |issued_at: &str| {
            let issued_at = serde_json::from_str(issued_at).expect("JSON");
            age(&issued_at, now)
        };
        let half = Some(Duration::from_millis(500));
        assert_eq!(age(r#""1738348400000""#), half);
        assert_eq!(age("1738348400000"), half);
        assert_eq!(age(r#""1738348400""#), half);
        assert_eq!(age("1738348400"), half);
        assert_eq!(
            age("100000000000"),
            Some(now.saturating_sub(Duration::from_secs(100_000_000)))
        );
        assert_eq!(age("99999999999"), None, "seconds, in the year 5138");
        assert_eq!(
            age("1738348700500"),
            Some(Duration::ZERO),
            "5 minutes ahead"
        );
        assert_eq!(age("1738348700501"), None, "more than 5 minutes ahead");
        for unreadable in [
            "null",
            "1.7e12",
            "-1",
            r#""""#,
            r#"" 1""#,
            r#""+1""#,
            "[1]",
            "99999999999999999999",
        ] {
            assert_eq!(age(unreadable), None, "{unreadable}");
        }
    }
}
