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
// Many trials on few cores.
mod crew;
// Kills and failing calls.
mod faults;
// What no program can prevent.
mod inherent;
// A run stopped behind each call while an actor works.
mod interleave;
// A token file, a session at a server, and runs there.
mod place;
// What the server of an interleaving remembers.
mod sessions;
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

/// Prints a line past the test runner's capture.
pub(crate) fn say(line: &str) {
    // A runner without standard error has nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

#[test]
#[ignore = "long; make torture runs it"]
fn interleaved() {
    use actors::Actor;
    use arena::Way;
    let mut table = table::Table::default();
    interleave::interleave(&mut table, Way::Rename, &Actor::ALL, None);
    say(&table.to_string());
    table.assert_sound();
}
