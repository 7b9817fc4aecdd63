//! One process alone: a kill or a failing call at every call of a run, in every kind of place.

use crate::faults::torture;
use crate::is_strace_missing;
use crate::place::{Directory, Place, Setup, Size};

/// A panic.
const BUG: i32 = 70;

#[test]
#[ignore = "needs strace; make torture runs it"]
fn a_panic_is_reported_as_a_bug_and_does_no_harm() {
    if is_strace_missing() {
        return;
    }
    let place = Place::new(Setup::default());
    let run = place.panicking_run();
    assert_eq!(run.status.code(), Some(BUG), "{}", run.stderr);
    let (what, hint) = run.stderr.split_once('\n').unwrap();
    assert!(what.starts_with("sftoken: internal error at "), "{what}");
    let expected = "hint: this is a bug in sftoken; please report it with this line\n";
    assert_eq!(hint, expected);
    assert_eq!(place.issued(), 0);
    assert_eq!(place.number(false), Ok(0));
    assert_eq!(place.clean_run().status.code(), Some(0));
    assert!(place.litter().is_empty());
}

#[test]
#[ignore = "needs strace; make torture runs it"]
fn no_thread_is_needed() {
    if is_strace_missing() {
        return;
    }
    let run = Place::new(Setup::default()).threadless_run();
    assert_eq!(run.status.code(), Some(0), "{}", run.stderr);
}

/// The calls that a save consists of.
#[track_caller]
fn assert_saves_by(setup: Setup, expected: &[&str]) {
    let trace = Place::new(setup).clean_run().trace;
    assert_eq!(trace.saving(), expected);
}

#[test]
#[ignore = "needs strace; make torture runs it"]
fn each_step_of_a_save_is_on_the_disk_before_the_next() {
    if is_strace_missing() {
        return;
    }
    let replaced = ["ftruncate", "fsync", "rename", "fsync"];
    assert_saves_by(Setup::default(), &replaced);
    let mounted = Setup {
        directory: Directory::Mounted,
        ..Setup::default()
    };
    let in_place = ["ftruncate", "fsync", "rename", "fsync", "unlink"];
    assert_saves_by(mounted, &in_place);
}

#[test]
#[ignore = "long; make torture runs it"]
fn replaced_by_rename() {
    if is_strace_missing() {
        return;
    }
    torture("replaced by rename", Setup::default());
}

#[test]
#[ignore = "long; make torture runs it"]
fn replaced_by_rename_over_tls() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        tls: true,
        ..Setup::default()
    };
    torture("replaced by rename, over TLS", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn written_in_place_beside_a_pending_file() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Mounted,
        ..Setup::default()
    };
    torture("in place, with a pending file", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn written_in_place_in_a_closed_directory() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Closed,
        ..Setup::default()
    };
    torture("in place, in a closed directory", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn written_in_place_over_a_longer_document_without_a_pending_file() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Sealed,
        size: Size::Shrinking,
        ..Setup::default()
    };
    torture("in place, over a longer document, no pending file", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn written_in_place_over_several_pages() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Closed,
        size: Size::Large,
        ..Setup::default()
    };
    torture("in place, several pages in a closed directory", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn recovered_in_a_closed_directory() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Closed,
        interrupted: true,
        ..Setup::default()
    };
    torture("recovered in a closed directory", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn recovered_by_rename() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        interrupted: true,
        ..Setup::default()
    };
    torture("recovered by rename", setup);
}

#[test]
#[ignore = "long; make torture runs it"]
fn recovered_in_place() {
    if is_strace_missing() {
        return;
    }
    let setup = Setup {
        directory: Directory::Mounted,
        interrupted: true,
        ..Setup::default()
    };
    torture("recovered in place", setup);
}
