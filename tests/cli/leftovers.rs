//! What a killed run may have left, and what only looks like it: blanks behind FILE, pending files of
//! other files, of other names of FILE, and where others could have planted them.

use std::fs::{self, File};

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};
use crate::kit::{FILE, PENDING, document, refresh_again, refresh_at, refresh_here, rotating};
use crate::login_kit::{app, log_in, login_in};
use crate::rights::{unprivileged, with_tmp};

/// A name of FILE for which pending files have no room in theirs.
const LONG_NAME_LEN: usize = 240;

/// The most that FILE may have.
const MAX_LEN: usize = 1024 * 1024;

/// What a run puts behind FILE beyond its length, as room for a longer document.
const GROWTH: usize = 64 * 1024;

/// The most blanks that are nobody's but the owner's.
const OWN_BLANKS: usize = 255;

/// Document 0 in so many bytes.
fn document_of(len: usize) -> String {
    let filler = "x".repeat(len + "access-0".len() - document(0).len());
    document(0).replace("access-0", &filler)
}

/// Looks at FILE with these blanks behind its content, and cuts off so many of them.
#[track_caller]
fn cuts(content: &str, blanks: usize, cut: usize) {
    let blanks = " ".repeat(blanks);
    let endpoint = Endpoint::http(rotating());
    refresh_here(&endpoint)
        .file(FILE, format!("{content}{blanks}"))
        .args(["--dry-run", FILE])
        .run()
        .code(0)
        .file_is(FILE, format!("{content}{}", &blanks[cut..]))
        .files_are([FILE]);
}

#[test]
fn blanks_that_a_kill_left_behind_the_file_are_cut_off_and_those_of_its_owner_are_not() {
    for content in [document(0), document_of(5000)] {
        cuts(&content, content.len() + GROWTH, content.len() + GROWTH);
        cuts(&content, OWN_BLANKS + 1, OWN_BLANKS + 1);
        cuts(&content, OWN_BLANKS, 0);
    }
}

#[test]
fn blanks_behind_the_longest_file_are_cut_off() {
    let room = OWN_BLANKS + MAX_LEN + GROWTH;
    cuts(&document_of(MAX_LEN), room, room);
}

#[test]
fn of_a_huge_file_no_more_is_read_than_a_document_can_have() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).arg(FILE);
    let file = File::options().write(true).open(case.path(FILE)).unwrap();
    file.set_len(1 << 40).unwrap();
    case.through(["sh", "-c", "ulimit -v 1000000; exec \"$@\"", "sh"])
        .run()
        .code(65)
        .files_are([FILE]);
    assert_eq!(endpoint.connections(), 0);
}

/// Refreshes FILE, of this name and with document 0, beside these files, which are let alone.
#[track_caller]
fn spares(file: &str, others: &[(&str, &str)], prepare: impl FnOnce(Case) -> Case) {
    let endpoint = Endpoint::http(rotating());
    let mut case = refresh_at(&endpoint).file(file, document(0));
    for (name, content) in others {
        case = case.file(name, content).mode(name, 0o600);
    }
    let mut outcome = prepare(case.mode(file, 0o600)).arg(file).run().code(0);
    outcome = outcome.file_is(file, document(1));
    for (name, content) in others {
        outcome = outcome.file_is(name, content);
    }
}

#[test]
fn a_useless_pending_file_that_may_be_another_files_stays() {
    let name = "n".repeat(LONG_NAME_LEN);
    spares(&name, &[(".sftoken-0123456789abcdef", "{")], |case| case);
    let theirs = ".other.json.sftoken-0123456789abcdef";
    spares(FILE, &[(theirs, "{")], |case| {
        fs::hard_link(case.path(FILE), case.path("second.json")).unwrap();
        case
    });
}

#[test]
fn what_merely_resembles_a_pending_file_is_none_where_the_file_has_several_names() {
    let (used, next) = (document(0), document(1));
    let others = [
        (".mine-90b6aad50e206ce2", &*next),
        (".mine-0123456789abcdef", &*used),
        ("mine.sftoken-90b6aad50e206ce2", &*next),
        ("mine.sftoken-0123456789abcdef", &*used),
    ];
    spares(FILE, &others, |case| {
        fs::hard_link(case.path(FILE), case.path("second.json")).unwrap();
        case
    });
}

/// Does not take a complete pending file for a FILE that is no document.
#[track_caller]
fn does_not_restore(file: &str, pending: &str, prepare: impl FnOnce(Case) -> Case) {
    let endpoint = Endpoint::http(rotating());
    let case = with_tmp(refresh_at(&endpoint)).subdirectory("home");
    let (file, pending) = (format!("home/{file}"), format!("home/{pending}"));
    let case = case.file(&file, "{").file(&pending, document(3));
    prepare(case.mode(&file, 0o600).mode(&pending, 0o600))
        .arg(&file)
        .run()
        .code(65)
        .file_is(&file, "{")
        .file_is(&pending, document(3));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_broken_file_does_not_become_what_may_be_another_files() {
    let name = "n".repeat(LONG_NAME_LEN);
    does_not_restore(&name, ".sftoken-0123456789abcdef", |case| case);
}

#[test]
fn a_broken_file_does_not_become_what_others_could_have_planted() {
    let pending = ".token.json.sftoken-0123456789abcdef";
    does_not_restore(FILE, pending, |case| case.mode("home", 0o777));
}

#[test]
fn what_cannot_be_removed_is_the_pending_file_of_the_next_run() {
    let endpoint = Endpoint::http(rotating());
    let case = with_tmp(refresh_here(&endpoint)).file(PENDING, "{");
    let Some(case) = unprivileged(case.mode(PENDING, 0o600)) else {
        return;
    };
    let case = case.mode(".", 0o555).args(["-v", FILE]);
    let outcome = case.run().code(0).file_is(FILE, document(1));
    // To begin again would be in vain.
    let steps = outcome.stderr_text();
    assert!(!steps.contains("replaced meanwhile"), "{steps}");
    let outcome = outcome.file_is(PENDING, "");
    let next = unprivileged(refresh_again(&outcome, &endpoint)).unwrap();
    next.mode(".", 0o700)
        .run()
        .code(0)
        .file_is(FILE, document(2));
}

#[test]
fn a_login_into_a_file_with_several_names_takes_no_other_login_for_its_own() {
    let (theirs, login) = (".other.json.sftoken-e3b0c44298fc1c14", document(7));
    let endpoint = Endpoint::login(&app());
    let case = Case::new()
        .file(FILE, "{}")
        .mode(FILE, 0o600)
        .file(theirs, &login)
        .mode(theirs, 0o600);
    fs::hard_link(case.path(FILE), case.path("second.json")).unwrap();
    let outcome: Outcome = log_in(login_in(&endpoint, case).arg(FILE), &endpoint);
    assert!(!outcome.stderr_text().contains("interrupted"), "{outcome}");
    outcome.code(0).file_is(theirs, login);
}
