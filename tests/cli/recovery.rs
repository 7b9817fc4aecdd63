//! A pending file beside FILE: what a kill left is finished, by its name and content, whatever the
//! dates say, and what could be the only copy of a token is never removed.
//!
//! The server ends the session when it sees an old refresh token, so a run that overlooks new
//! tokens fails, and so does one that takes tokens from where it should not.

use std::cell::Cell;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::time::{Duration, SystemTime};

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};
use crate::kit::{
    FILE, Failure, PENDING, document, refresh_again, refresh_here, refreshed, rotating,
    rotating_from,
};
use crate::rights::{NOBODY, inode, is_root, skip, unprivileged, with_mounts};

/// What a run says that finds the work of another.
const FINISHED: &str = "sftoken: warning: finished an interrupted save of token.json\n";

/// What a run that was killed after its reply leaves: the document, and room behind it.
fn interrupted(number: usize) -> String {
    document(number) + &" ".repeat(64 * 1024)
}

/// Refreshes FILE although there is a pending file that must not count, and leaves no trace of it.
fn overlooks(plant: impl FnOnce(Case) -> Case) -> Outcome {
    let endpoint = Endpoint::http(rotating());
    let case = plant(refresh_here(&endpoint)).arg(FILE);
    let outcome = case
        .run()
        .code(0)
        .stdout("")
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1));
    assert!(!outcome.path(PENDING).is_symlink(), "{outcome}");
    endpoint.only_request();
    outcome
}

/// Refreshes FILE with what the pending file has; the server knows no other token.
fn finishes(prepare: impl FnOnce(Case) -> Case) -> Outcome {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, interrupted(1));
    let outcome = prepare(case.mode(PENDING, 0o600))
        .arg(FILE)
        .run()
        .code(0)
        .stdout("")
        .stderr(format!("{FINISHED}{}", refreshed(&endpoint)))
        .file_is(FILE, document(2))
        .files_are([FILE]);
    endpoint.only_request();
    outcome
}

#[test]
fn an_interrupted_save_is_finished_and_its_refresh_token_is_sent() {
    finishes(|case| case).mode_is(FILE, 0o600);
}

#[test]
fn an_interrupted_save_of_a_file_with_a_group_keeps_its_mode_and_inode() {
    let before = Cell::new(0);
    let outcome = finishes(|case| {
        before.set(inode(case.path(FILE)));
        case.mode(FILE, 0o640)
    });
    assert_eq!(inode(outcome.path(FILE)), before.get());
    outcome.mode_is(FILE, 0o640);
}

/// Dates a file of a case.
fn date(case: &Case, name: &str, date: SystemTime) {
    let file = File::options().write(true).open(case.path(name)).unwrap();
    file.set_modified(date).unwrap();
}

#[test]
fn an_interrupted_save_is_finished_whatever_the_dates_say() {
    let (hour, now) = (Duration::from_secs(3600), SystemTime::now());
    for (of_file, of_pending) in [
        (now + hour, now),
        (now, now - hour),
        (now - hour, now + hour),
        (now, now),
    ] {
        finishes(|case| {
            date(&case, FILE, of_file);
            date(&case, PENDING, of_pending);
            case
        });
    }
}

#[test]
fn an_interrupted_save_goes_into_the_file_as_its_owner_has_edited_it() {
    let edited = |number| document(number).replace("{\n", "{\n    \"note\": \"mine\",\n");
    for mode in [0o600, 0o660] {
        let endpoint = Endpoint::http(rotating_from(1));
        refresh_here(&endpoint)
            .file(PENDING, interrupted(1).replace("\"id\"", "\"other id\""))
            .mode(PENDING, 0o600)
            .file(FILE, edited(0))
            .mode(FILE, mode)
            .args(["--dry-run", FILE])
            .run()
            .code(0)
            .file_is(FILE, edited(1).replace("\n  \"", "\n    \""))
            .mode_is(FILE, mode)
            .files_are([FILE]);
    }
}

#[test]
fn an_interrupted_save_of_a_file_with_several_names_is_finished_by_each_of_them() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint)
        .file(PENDING, interrupted(1))
        .mode(PENDING, 0o600)
        .arg("other.json");
    fs::hard_link(case.path(FILE), case.path("other.json")).unwrap();
    case.run()
        .code(0)
        .file_is(FILE, document(2))
        .file_is("other.json", document(2))
        .files_are([FILE, "other.json"]);
}

#[test]
fn copies_that_a_kill_left_after_the_save_are_removed() {
    let endpoint = Endpoint::http(rotating());
    let outcome = refresh_here(&endpoint)
        .file(".token.json.sftoken-0123456789abcdef", document(0))
        .file(".token.json.sftoken-fedcba9876543210", "{\n  \"access")
        .file(".token.json.sftoken-0123456789abcdeX", document(0))
        .file(".token.json.sftoken-0123456789abcde", document(0));
    outcome
        .arg(FILE)
        .mode(".token.json.sftoken-0123456789abcdef", 0o600)
        .run()
        .code(0)
        .file_is(FILE, document(1))
        .files_are([
            FILE,
            ".token.json.sftoken-0123456789abcdeX",
            ".token.json.sftoken-0123456789abcde",
        ]);
}

#[test]
fn a_complete_pending_file_of_another_token_is_never_removed() {
    let unknown = ".token.json.sftoken-0123456789abcdef";
    let endpoint = Endpoint::http(rotating());
    refresh_here(&endpoint)
        .file(unknown, interrupted(7))
        .arg(FILE)
        .run()
        .code(0)
        .file_is(FILE, document(1))
        .file_is(unknown, interrupted(7))
        .files_are([FILE, unknown]);
}

#[test]
fn a_pending_file_that_another_run_works_with_is_let_alone() {
    let theirs = ".token.json.sftoken-0123456789abcdef";
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).file(theirs, "").arg(FILE);
    let lock = File::open(case.path(theirs)).unwrap();
    lock.lock().unwrap();
    case.run().code(0).files_are([FILE, theirs]);
}

#[test]
fn the_only_complete_pending_file_is_the_file_if_that_is_none() {
    let one = ".token.json.sftoken-0123456789abcdef";
    let other = ".token.json.sftoken-fedcba9876543210";
    for broken in ["", "{", "[]", r#"{"access_token":"00D!access-0"}"#] {
        let endpoint = Endpoint::http(rotating_from(3));
        let case = refresh_here(&endpoint)
            .file(FILE, broken)
            .file(one, interrupted(3))
            .file(other, "   ");
        case.arg(FILE)
            .run()
            .code(0)
            .stderr(format!("{FINISHED}{}", refreshed(&endpoint)))
            .file_is(FILE, document(4))
            .files_are([FILE]);
    }
    let endpoint = Endpoint::http(rotating_from(3));
    refresh_here(&endpoint)
        .file(FILE, "{")
        .file(one, document(3))
        .file(other, document(5))
        .arg(FILE)
        .run()
        .code(65)
        .file_is(FILE, "{")
        .file_is(one, document(3))
        .file_is(other, document(5));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn an_interrupted_save_that_its_owner_may_not_write_is_finished() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint)
        .file(PENDING, document(1))
        .mode(FILE, 0o400)
        .mode(PENDING, 0o400);
    let Some(case) = unprivileged(case) else {
        return;
    };
    case.arg(FILE)
        .run()
        .code(0)
        .stderr(format!("{FINISHED}{}", refreshed(&endpoint)))
        .file_is(FILE, document(2))
        .mode_is(FILE, 0o400)
        .files_are([FILE]);
}

#[test]
fn an_interrupted_save_longer_than_what_is_read_is_finished() {
    let endpoint = Endpoint::http(rotating_from(1));
    let filler = format!(",\n  \"filler\": \"{}\"\n}}", "x".repeat(1024 * 1024));
    let long = document(1).replace("\n}", &filler);
    refresh_here(&endpoint)
        .file(PENDING, long.clone())
        .mode(PENDING, 0o600)
        .arg(FILE)
        .run()
        .code(65)
        .file_is(FILE, long)
        .files_are([FILE]);
}

#[test]
fn an_interrupted_save_without_blanks_or_newline_behind_it_is_finished() {
    finishes(|case| case.file(PENDING, document(1)));
    finishes(|case| case.file(PENDING, document(1).trim_end()));
}

#[test]
fn an_interrupted_save_becomes_the_file_as_it_was_to_be() {
    for pending in [
        interrupted(1),
        document(1),
        document(1).trim_end().to_owned(),
    ] {
        let endpoint = Endpoint::http(rotating_from(1));
        refresh_here(&endpoint)
            .file(PENDING, pending)
            .args(["--dry-run", FILE])
            .run()
            .code(0)
            .file_is(FILE, document(1))
            .files_are([FILE]);
        assert_eq!(endpoint.connections(), 0);
    }
}

#[test]
fn an_interrupted_save_is_finished_even_if_the_file_is_broken() {
    finishes(|case| case.file(FILE, "{"));
}

#[test]
fn an_interrupted_save_is_finished_once_where_its_file_cannot_be_removed() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, interrupted(1));
    let Some(case) = unprivileged(case) else {
        return;
    };
    let mut case = case.mode(".", 0o555).arg(FILE);
    for (number, warning) in [(2, FINISHED), (3, ""), (4, "")] {
        let outcome = case
            .run()
            .code(0)
            .stderr(format!("{warning}{}", refreshed(&endpoint)))
            .file_is(FILE, document(number));
        case = unprivileged(refresh_again(&outcome, &endpoint)).unwrap();
    }
}

#[test]
fn an_interrupted_save_that_cannot_be_finished_stops_the_run() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, interrupted(1));
    let Some(case) = unprivileged(case.mode(FILE, 0o400)) else {
        return;
    };
    let outcome = case.mode(".", 0o555).arg(FILE).run().code(73).stdout("");
    let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
    let pending = pending.display();
    let message = format!(
        "sftoken: cannot finish the interrupted save in {pending}: permission denied\n\
         hint: nothing was sent; run again where {FILE} can be written, or move that file to it\n"
    );
    outcome
        .stderr(message)
        .file_is(FILE, document(0))
        .files_are([FILE, PENDING]);
    assert_eq!(endpoint.connections(), 0);
}

/// A run that cannot read FILE, beside which this is left.
fn finds_no_file(left: &str, prepare: impl FnOnce(&Case)) -> Outcome {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, left).arg(FILE);
    fs::remove_file(case.path(FILE)).unwrap();
    prepare(&case);
    let outcome = case.run().code(66).stdout("");
    assert_eq!(endpoint.connections(), 0);
    outcome
}

#[test]
fn an_interrupted_save_of_a_file_that_is_gone_is_named() {
    let outcome = finds_no_file(&interrupted(1), |_| ());
    let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
    let pending = pending.display();
    let named = format!(
        "sftoken: cannot read {FILE}: no such file or directory\n\
         hint: an interrupted run left {pending}: move it to {FILE}\n"
    );
    outcome.stderr(named).files_are([PENDING]);
}

#[test]
fn what_could_not_become_the_file_is_not_named() {
    let missing = Failure::unreadable(FILE, "no such file or directory");
    missing.of(finds_no_file(&" ".repeat(99), |_| ()));
    let other = PENDING.replace("90b6", "0000");
    missing.of(finds_no_file(&interrupted(1), |case| {
        fs::write(case.path(other), interrupted(2)).unwrap();
    }));
    let directory = |case: &Case| fs::create_dir(case.path(FILE)).unwrap();
    let found = Failure::unreadable(FILE, "it is a directory");
    found.of(finds_no_file(&interrupted(1), directory));
}

#[test]
fn an_interrupted_save_that_cannot_be_read_stops_the_run() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, interrupted(1));
    let Some(case) = unprivileged(case.mode(PENDING, 0o000)) else {
        return;
    };
    let outcome = case.arg(FILE).run().code(73).stdout("");
    let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
    let pending = pending.display();
    let message = format!(
        "sftoken: cannot finish the interrupted save in {pending}: permission denied\n\
         hint: nothing was sent; run again where {FILE} can be written, or move that file to it\n"
    );
    outcome
        .stderr(message)
        .file_is(FILE, document(0))
        .files_are([FILE, PENDING]);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn content_that_is_no_document_is_removed() {
    let half = &interrupted(7)[..30];
    let contents = ["", "not JSON", "[]", "{}", half, &" ".repeat(70_000)];
    for content in contents {
        overlooks(|case| case.file(PENDING, content)).files_are([FILE]);
    }
}

#[test]
fn a_pending_file_with_the_token_of_the_file_is_removed() {
    overlooks(|case| case.file(PENDING, interrupted(0).replace("access-0", "access-7")))
        .files_are([FILE]);
}

#[test]
fn a_link_is_removed_and_not_followed() {
    let victims = [document(7), interrupted(7), "not JSON".to_owned()];
    for victim in victims {
        overlooks(|case| case.file("victim", &victim).link(PENDING, "victim"))
            .file_is("victim", victim)
            .files_are([FILE, "victim"]);
    }
}

#[test]
fn a_link_to_nothing_is_removed_and_nothing_is_created() {
    overlooks(|case| case.link(PENDING, "victim")).files_are([FILE]);
}

/// Refreshes nothing where the pending file may be what a kill left, but must not become FILE.
fn stops(prepare: impl FnOnce(Case) -> Case) {
    let endpoint = Endpoint::http(rotating_from(1));
    let outcome = prepare(refresh_here(&endpoint)).arg(FILE).run().code(73);
    let pending = fs::canonicalize(outcome.path(PENDING)).unwrap();
    let pending = pending.display();
    let message = format!(
        "sftoken: cannot finish the interrupted save in {pending}: it has several names or another owner\n\
         hint: nothing was sent; move that file to {FILE}\n"
    );
    outcome
        .stderr(message)
        .file_is(FILE, document(0))
        .file_is(PENDING, interrupted(1));
    assert_eq!(endpoint.connections(), 0);
}

/// A case in which the pending file has a second name.
fn with_second_name(case: Case, content: &str) -> Case {
    let case = case.file("victim", content);
    fs::hard_link(case.path("victim"), case.path(PENDING)).unwrap();
    case
}

#[test]
fn a_complete_pending_file_with_a_second_name_stops_the_run() {
    stops(|case| with_second_name(case, &interrupted(1)));
}

#[test]
fn a_file_with_a_second_name_that_is_no_document_is_removed_under_the_first() {
    overlooks(|case| with_second_name(case, "not JSON"))
        .file_is("victim", "not JSON")
        .files_are([FILE, "victim"]);
}

#[test]
fn a_complete_pending_file_of_another_owner_stops_the_run() {
    if !is_root(&Case::new()) {
        skip("only root can make a file of another owner");
        return;
    }
    stops(|case| {
        let case = case.file(PENDING, interrupted(1));
        chown(case.path(PENDING), Some(NOBODY), None).unwrap();
        case
    });
}

#[test]
fn a_directory_stays_and_the_file_is_written_in_place() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).subdirectory(PENDING).arg(FILE);
    let before = inode(case.path(FILE));
    let outcome = case
        .run()
        .code(0)
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1))
        .files_are([FILE, PENDING]);
    assert_eq!(inode(outcome.path(FILE)), before);
}

#[test]
fn a_file_mounted_alone_is_written_in_place() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint)
        .file("outside.json", document(0))
        .mode("outside.json", 0o600);
    let script = r#"mount --bind outside.json token.json; "$@"; cat token.json"#;
    let Some(case) = with_mounts(case.args(["-v", FILE]), script) else {
        return;
    };
    let before = inode(case.path("outside.json"));
    let outcome = case
        .run()
        .code(0)
        .stdout(document(1))
        .file_is("outside.json", document(1))
        .file_is(FILE, document(0))
        .files_are([FILE, "outside.json"]);
    assert_eq!(inode(outcome.path("outside.json")), before);
    let done = "* save: written in place (device or resource busy)\n";
    assert!(outcome.stderr_text().contains(done), "{outcome}");
}

#[test]
fn an_interrupted_save_of_a_file_mounted_alone_is_finished() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file("outside.json", document(0));
    let case = case
        .file(PENDING, interrupted(1))
        .mode("outside.json", 0o600)
        .arg(FILE);
    let script = r#"mount --bind outside.json token.json; "$@""#;
    let Some(case) = with_mounts(case, script) else {
        return;
    };
    case.run()
        .code(0)
        .stderr(format!("{FINISHED}{}", refreshed(&endpoint)))
        .file_is("outside.json", document(2))
        .file_is(FILE, document(0))
        .files_are([FILE, "outside.json"]);
}

#[test]
fn a_file_mounted_read_only_is_73_without_proc_too() {
    let endpoint = Endpoint::http(rotating());
    let script = concat!(
        "mount --bind token.json token.json; mount -o remount,ro,bind token.json; ",
        r#"mount -t tmpfs tmpfs /proc; "$@""#,
    );
    let Some(case) = with_mounts(refresh_here(&endpoint).arg(FILE), script) else {
        return;
    };
    let (why, cure) = (
        "it is mounted read-only",
        "mount it writable, or put the file elsewhere",
    );
    Failure::unsavable(FILE, why, cure).check(case.run());
    assert_eq!(endpoint.connections(), 0);
}

/// Refreshes a FILE of 3,990 bytes on a disk of four pages that has no room for a pending file, in
/// a directory that allows one or not.
fn refreshes_on_a_full_disk(mode: &str) -> Option<(Outcome, Endpoint)> {
    let endpoint = Endpoint::http(rotating());
    let long = document(0).replace("access-0", &"x".repeat(3990 - document(0).len() + 8));
    let case = refresh_here(&endpoint)
        .file(FILE, &long)
        .subdirectory("disk")
        .env("TMPDIR", "/nonexistent")
        .arg("disk/token.json");
    let script = format!(
        "mount -t tmpfs -o size=16k,mode={mode} tmpfs disk; install -m 600 token.json disk; \
         code=0; \"$@\" || code=$?; ls -A disk; cmp disk/token.json token.json; exit $code"
    );
    let outcome = with_mounts(case, &script)?.run();
    Some((outcome, endpoint))
}

#[test]
fn a_full_disk_is_73_where_the_file_is_written_in_place_too() {
    for (mode, because) in [("0700", ""), ("0777", "others can write to ")] {
        let Some((outcome, endpoint)) = refreshes_on_a_full_disk(mode) else {
            return;
        };
        let disk = fs::canonicalize(outcome.path("disk")).unwrap();
        let because = match because {
            "" => String::new(),
            because => format!(" ({because}{})", disk.display()),
        };
        outcome.code(73).stdout(format!("{FILE}\n")).stderr(format!(
            "sftoken: cannot save disk/token.json: no space left on device{because}\n\
                 hint: nothing was sent; make room (68 KiB), or make the file or its directory writable\n"
        ));
        assert_eq!(endpoint.connections(), 0);
    }
}

#[test]
fn a_full_disk_is_73_before_anything_is_sent() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint)
        .subdirectory("disk")
        .arg("disk/token.json");
    let script = concat!(
        "mount -t tmpfs -o size=16k tmpfs disk; install -m 600 token.json disk; ",
        r#"code=0; "$@" || code=$?; ls -A disk; cat disk/token.json; exit $code"#,
    );
    let Some(case) = with_mounts(case, script) else {
        return;
    };
    let cure = "make room (65 KiB), or make the file or its directory writable";
    let expected = Failure::unsavable("disk/token.json", "no space left on device", cure);
    case.run()
        .code(expected.code)
        .stdout(format!("{FILE}\n{}", document(0)))
        .stderr(expected.stderr)
        .files_are([FILE, "disk"]);
    assert_eq!(endpoint.connections(), 0);
}
