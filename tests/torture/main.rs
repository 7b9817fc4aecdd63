//! What can go wrong on one machine: kills, disks that fail, and other programs in between.
//!
//! `faults` kills the real binary at every system call and lets every call on a file fail;
//! `interleave`, `duel`, `kills` and `swap` stop it there while somebody else does something.
//!
//! It takes some minutes and needs strace, so `make torture` runs it and a plain `cargo test` does
//! not. `TORTURE_ONLY` picks trials by a part of their description, as a failure prints it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

// Who comes along while a run is stopped.
mod actors;
// Where an interleaving takes place.
mod arena;
// A backup put back while a run reads.
mod backup;
// Many trials on few cores.
mod crew;
// What actors do to FILE.
mod deeds;
// Somebody at a browser.
mod desk;
// Two runs that preempt each other.
mod duel;
// Kills and failing calls.
mod faults;
// What no program can prevent.
mod inherent;
// A run stopped behind each call while an actor works.
mod interleave;
// Kills, and who comes along afterwards.
mod kills;
// Kills and failing calls in a login.
mod logins;
// When a run looks at FILE, and when it changes it.
mod moments;
// What the trace of one run shows.
mod order;
// A token file, a session at a server, and runs there.
mod place;
// What goes wrong in one run.
mod point;
// What the server of an interleaving remembers.
mod sessions;
// One process alone.
mod single;
// Links put where a run of root's goes.
mod swap;
// The figures.
mod table;
// What strace tells of a run.
mod trace;
// The program under strace, which stops it.
mod tracee;
// What must be true afterwards.
mod verdict;
// What the binary talks to.
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests of the command line need more of the endpoint than this one does"
)]
#[path = "../endpoint/server.rs"]
mod endpoint;

use std::io::{self, Write};
use std::process::Command;

use actors::Actor;
use arena::{Way, is_root};
use crew::Dice;
use inherent::LAST_CALLS;
use interleave::interleave;
use table::Table;

/// Prints a line past the test runner's capture.
pub(crate) fn say(line: &str) {
    // A runner without standard error has nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Whether there is no strace; says so.
pub(crate) fn is_strace_missing() -> bool {
    let version = Command::new("strace").arg("--version").output();
    let is_missing = version.is_err();
    if is_missing {
        say("skipped, needs strace: one test");
    }
    is_missing
}

/// Trials of a series that is tried only in part, as most of its calls are those of another.
const SHARE: usize = 60;

/// Trials of the series with the most ways to go wrong.
const MANY: usize = 200;

/// Calls between a run's last look at FILE and the last of the calls that change it.
const FEW: usize = 6;

/// Makes the same choice among too many trials in every run.
const SEED: u64 = 11;

#[test]
#[ignore = "long; make torture runs it"]
fn interleaved() {
    if is_strace_missing() {
        return;
    }
    let mut table = Table::default();
    let dice = &mut Dice::new(SEED);
    say(&format!(
        "interleavings, where not all of them: seed {SEED}"
    ));
    interleave(&mut table, Way::Rename, &Actor::ALL, None);
    interleave(&mut table, Way::Group, &Actor::ALL, Some((dice, MANY)));
    interleave(
        &mut table,
        Way::Interrupted,
        &Actor::ALL,
        Some((dice, MANY)),
    );
    interleave(
        &mut table,
        Way::Tls,
        &[Actor::EditAndRun],
        Some((dice, SHARE)),
    );
    interleave(&mut table, Way::TwoNames, &Actor::ALL, Some((dice, SHARE)));
    interleave(&mut table, Way::Closed, &Actor::ALL, Some((dice, SHARE)));
    interleave(
        &mut table,
        Way::Closed,
        &[Actor::EditShorter, Actor::LoginInPlace, Actor::Backup],
        None,
    );
    if is_root() {
        interleave(&mut table, Way::Foreign, &Actor::ALL, Some((dice, SHARE)));
    } else {
        say("skipped, needs root: a run of root's on another user's file");
    }
    swap::swap(&mut table);
    for way in [Way::Rename, Way::Group, Way::TwoNames] {
        duel::duel(&mut table, way, dice, SHARE);
        kills::kill_then_act(&mut table, way, dice, SHARE);
        kills::kill_twice(&mut table, way, dice, SHARE);
    }
    say(&table.to_string());
    assert!(
        table.most(LAST_CALLS) <= FEW,
        "too much is counted as inherent"
    );
    table.assert_sound();
}
