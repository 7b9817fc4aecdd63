//! What the trace of one run shows: each step of a save is on the disk before the next, and a run
//! of root's on another user's file changes nothing by a path that this user can change.

use crate::arena::{Way, is_root};
use crate::interleave::Reference;
use crate::trace::Call;
use crate::{is_strace_missing, say};

/// Calls that change something by its path.
const CHANGING: [&str; 17] = [
    "chmod",
    "chown",
    "creat",
    "fchmodat",
    "fchownat",
    "lchown",
    "link",
    "linkat",
    "mkdir",
    "mknod",
    "rename",
    "renameat",
    "renameat2",
    "symlink",
    "truncate",
    "unlink",
    "unlinkat",
];

/// The steps of a save by rename, from the first complete copy of the new tokens on.
const STEPS: [&str; 6] = ["write", "cut", "sync", "look", "rename", "sync directory"];

/// The same of a save in place: first the copy, then FILE.
const STEPS_IN_PLACE: [&str; 8] = [
    "write", "cut", "sync", "look", "write", "look", "sync", "look",
];

#[test]
#[ignore = "needs strace; make torture runs it"]
fn each_step_of_a_save_by_rename_is_on_the_disk_before_the_next() {
    if is_strace_missing() {
        return;
    }
    assert_saves_by(Way::Rename, &STEPS);
}

#[test]
#[ignore = "needs strace; make torture runs it"]
fn a_save_in_place_is_looked_at_before_and_after_it_is_on_the_disk() {
    if is_strace_missing() {
        return;
    }
    assert_saves_by(Way::Group, &STEPS_IN_PLACE);
}

/// A save takes these steps.
#[track_caller]
fn assert_saves_by(way: Way, expected: &[&str]) {
    let reference = Reference::of(way);
    let calls = reference.trace.calls();
    let saving = calls.skip_while(|call| !call.writes_document());
    let mut steps: Vec<_> = saving.filter_map(step).collect();
    steps.dedup();
    // A sync and the opening of a directory are told apart by what is before them.
    assert_eq!(steps, expected);
}

#[test]
#[ignore = "needs strace; make torture runs it"]
fn a_last_look_is_taken_when_all_is_ready_and_nothing_is_sent_yet() {
    if is_strace_missing() {
        return;
    }
    let reference = Reference::of(Way::Rename);
    let calls = reference.trace.calls();
    let before: Vec<_> = calls.take_while(|call| call.name != "sendto").collect();
    let ready = before.iter().rposition(|call| call.name == "pwrite64");
    let behind = &before[ready.expect("room is made")..];
    let is_done = |name: &str, file: &str| {
        let mut calls = behind.iter();
        calls.any(|call| call.name == name && call.line().contains(file))
    };
    assert!(is_done("pread64", "/token.json>"), "FILE is not read");
    assert!(
        is_done("statx", "/token.json\""),
        "its path is not looked at"
    );
    assert!(
        is_done("statx", "/.token.json.sftoken-"),
        "the pending file is not looked at"
    );
}

/// The step that a call is.
fn step(call: &Call) -> Option<&'static str> {
    let line = call.line();
    match call.name.as_str() {
        "pwrite64" => Some("write"),
        "ftruncate" => Some("cut"),
        "fsync" | "fdatasync" if line.contains("/home>") => Some("sync directory"),
        "fsync" | "fdatasync" => Some("sync"),
        "rename" => Some("rename"),
        "statx" | "newfstatat" | "openat" if line.contains("/token.json\"") => Some("look"),
        _ => None,
    }
}

#[test]
#[ignore = "needs strace; make torture runs it"]
fn root_changes_nothing_by_a_path_that_another_user_can_change() {
    if is_strace_missing() {
        return;
    }
    if !is_root() {
        say("skipped, needs root: the calls of a run of root's on another user's file");
        return;
    }
    let reference = Reference::of(Way::Foreign);
    let calls = reference.calls().into_iter();
    let theirs = calls.filter(|call| call.line().contains("/home/"));
    let changing = theirs.filter(|call| changes_by_path(call));
    let changing: Vec<_> = changing.map(ToString::to_string).collect();
    assert!(changing.is_empty(), "{changing:#?}");
}

/// Whether a call changes something by its path.
fn changes_by_path(call: &Call) -> bool {
    let creates = call.name.starts_with("open") && call.line().contains("O_CREAT");
    creates || CHANGING.contains(&call.name.as_str())
}
