//! Kills the real binary at every system call, and lets every call on a file fail, one run each.
//!
//! The server rotates and ends the session when it sees an old refresh token. After every run FILE
//! is wholly old or wholly new. After a call that failed, the current refresh token is in FILE or
//! where the message says. The next run succeeds and leaves nothing beside FILE. Only a kill may
//! lose a token, and only between the request and the first complete write of the reply; the
//! program can do something about the second half of that span, and its length is reported.

use std::env;
use std::os::unix::process::ExitStatusExt;

use crate::place::{Directory, Place, Run, Setup};
use crate::point::Point;
use crate::say;

/// How a run may end in which a call on a file failed.
const EXIT_CODES: [i32; 4] = [0, 66, 73, 74];

/// New tokens came, but are not at FILE.
const NOT_SAVED: i32 = 74;

/// The refresh token has been used before.
const REFUSED: i32 = 77;

/// SIGKILL.
const KILL: i32 = 9;

/// What became of the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It goes on.
    Survived,
    /// Nothing went wrong: the network delivered in fewer pieces than in the run that was observed.
    Untried,
    /// The reply was not yet there when the process was killed.
    LostOnItsWay,
    /// The reply was there, but not yet written.
    LostInMemory,
}

/// Tries one point at a place of its own. `sends` is how many messages a whole request takes.
fn try_point(setup: Setup, point: &Point, sends: usize) -> Result<Fate, String> {
    let place = Place::new(setup);
    let issued_before = place.issued();
    let run = place.faulty_run(&point.injection(), sends);
    if point.call.is_on_network() && !run.trace.has(&point.call) {
        return Ok(Fate::Untried);
    }
    let is_killed = point.is_kill();
    check_end(point, &run)?;
    let may_be_uncut = is_killed || point.call.name == "ftruncate" || setup.leaves_room();
    let number = place.number(may_be_uncut)?;
    if !is_killed && place.issued() > issued_before {
        check_saved(&place, number, &run)?;
    }
    let next = place.clean_run();
    let fate = fate(&place, &run, &next)?;
    let is_allowed = is_killed && !run.trace.has_written();
    if fate != Fate::Survived && !is_allowed {
        return Err(format!("the token is lost\n{}", next.stderr));
    }
    match place.litter().as_slice() {
        [] => Ok(fate),
        litter => Err(format!("the next run leaves {litter:?}")),
    }
}

/// The run ended as it should at this point, and without telling secrets.
fn check_end(point: &Point, run: &Run) -> Result<(), String> {
    if !run.trace.has(&point.call) {
        return Err("the run did not come to this call".to_owned());
    }
    if run.stderr.contains("5Aep-") || run.stderr.contains("00D!") {
        return Err(format!("a secret is on standard error\n{}", run.stderr));
    }
    let is_expected = if point.is_kill() {
        run.status.signal() == Some(KILL)
    } else {
        let code = run.status.code();
        code.is_some_and(|it| EXIT_CODES.contains(&it))
    };
    let unexpected = || format!("{}\n{}", run.status, run.stderr);
    is_expected.then_some(()).ok_or_else(unexpected)
}

/// A run in which a token was issued has it in FILE, or says where it is.
fn check_saved(place: &Place, number: usize, run: &Run) -> Result<(), String> {
    let is_saved = number == place.issued();
    match run.status.code() {
        Some(0) if is_saved => Ok(()),
        Some(NOT_SAVED) => {
            place.follow_hint(run)?;
            let moved = place.number(true)?;
            let is_moved = moved == place.issued();
            is_moved
                .then_some(())
                .ok_or_else(|| format!("the file named has document {moved}"))
        }
        _ => Err(format!(
            "a token was issued, but {}\n{}",
            run.status, run.stderr
        )),
    }
}

/// What the run after the one with the fault found.
fn fate(place: &Place, run: &Run, next: &Run) -> Result<Fate, String> {
    match next.status.code() {
        Some(0) if place.number(false)? == place.issued() => Ok(Fate::Survived),
        Some(REFUSED) if run.trace.has_heard() => Ok(Fate::LostInMemory),
        Some(REFUSED) => Ok(Fate::LostOnItsWay),
        _ => Err(format!("the next run: {}\n{}", next.status, next.stderr)),
    }
}

/// Tries all points of a set-up, prints the figures and fails with all that went wrong.
#[track_caller]
pub(crate) fn torture(name: &str, setup: Setup) {
    let reference = Place::new(setup).observed_run().trace;
    let points: Vec<_> = reference
        .own_calls(&env::temp_dir())
        .flat_map(Point::at)
        .filter(|point| point.is_kill() || setup.has_own_failures())
        .collect();
    let fates: Vec<_> = points
        .iter()
        .map(|point| try_point(setup, point, reference.sends()))
        .collect();
    let count = |wanted| fates.iter().filter(|fate| **fate == Ok(wanted)).count();
    let span = Place::new(setup).clean_run().trace.span();
    say(&format!(
        "{name}: {} points tried, {} survived, {} lost before the reply was there, {} lost between \
         its arrival and the first write ({span} system calls lie between them)",
        points.len() - count(Fate::Untried),
        count(Fate::Survived),
        count(Fate::LostOnItsWay),
        count(Fate::LostInMemory),
    ));
    let failures = points.iter().zip(&fates);
    let failures = failures.filter_map(|(point, fate)| Some((point, fate.as_ref().err()?)));
    let failures: Vec<_> = failures
        .map(|(point, why)| format!("{point}\n{why}"))
        .collect();
    let report = failures.join("\n\n");
    assert!(
        failures.is_empty(),
        "{} points failed\n\n{report}",
        failures.len()
    );
    let has_pending_file = setup.directory != Directory::Sealed;
    assert!(
        span == 0 || !has_pending_file,
        "the reply is not written at once"
    );
}
