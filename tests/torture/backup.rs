//! A backup with a used-up token is put back while a run reads FILE, before it asks.
//!
//! The run then finds another access token than it saw at first. To take that for the work of
//! another run would be to end well with a token that nobody can use; dates in the documents must
//! help, and their lack must not harm.

use serde_json::{Value, json};

use crate::arena::{Arena, Way, document};
use crate::crew::try_all;
use crate::deeds::by_rename;
use crate::interleave::Reference;
use crate::sessions::Token;
use crate::trace::Call;
use crate::tracee::Event;
use crate::{is_strace_missing, say};

/// Not saved at FILE, which has another login.
const NOT_SAVED: i32 = 74;

/// The token has been used.
const REFUSED: i32 = 77;

/// The second token of the first session, and when it was issued: a day after the first.
const DATES: [Option<[u64; 2]>; 2] = [None, Some([1_700_000_000_000, 1_700_086_400_000])];

/// One run that is stopped once.
struct Trial<'a> {
    /// Where.
    call: &'a Call,
    /// What both documents say about their age.
    dates: Option<[u64; 2]>,
}

/// The document of a token of the first session.
fn dated(number: usize, dates: Option<[u64; 2]>) -> String {
    let text = document(Token { session: 0, number });
    let Some(dates) = dates else {
        return text;
    };
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["issued_at"] = json!(dates[number].to_string());
    format!("{document:#}\n")
}

impl Trial<'_> {
    /// Makes it; an error is what went wrong.
    fn attempt(&self) -> Result<(), String> {
        let arena = Arena::new(Way::Rename);
        arena.sessions.redeem(Token {
            session: 0,
            number: 0,
        });
        by_rename(&arena, &dated(1, self.dates));
        let name = &self.call.name;
        let stop = format!("{name}:signal=STOP:when={}", self.call.number);
        let mut run = arena.start(&arena.file(), name, &[stop]);
        if run.wait_for_stop() == Event::Stopped {
            by_rename(&arena, &dated(0, self.dates));
        }
        let end = run.finish();
        let has_refreshed = arena.sessions.newest(0).number == 2;
        let is_right = match end.status.code() {
            Some(0 | NOT_SAVED) => has_refreshed,
            Some(REFUSED) => arena.sessions.has_ended(),
            _ => false,
        };
        let wrong = || format!("{}, {:?}: {}", self.call, self.dates, end.stderr);
        is_right.then_some(()).ok_or_else(wrong)
    }
}

#[test]
#[ignore = "long; make torture runs it"]
fn a_used_up_backup_is_not_taken_for_the_work_of_another_run() {
    if is_strace_missing() {
        return;
    }
    let reference = Reference::of(Way::Rename);
    let calls = reference.calls().into_iter();
    let before = calls.take_while(|call| call.name != "connect");
    let trials: Vec<_> = before
        .flat_map(|call| DATES.map(|dates| Trial { call, dates }))
        .collect();
    let results = try_all(&trials, Trial::attempt);
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    let (tried, failed) = (trials.len(), failures.len());
    say(&format!("a used-up backup: {tried} tried, {failed} failed"));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
