//! A pending file beside FILE: what a kill left is finished, what somebody planted is not.
//!
//! The server ends the session when it sees an old refresh token, so a run that overlooks new
//! tokens fails, and so does one that takes tokens from where it should not.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::time::{Duration, SystemTime};

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};
use crate::kit::{
    FILE, Failure, PENDING, document, refresh, refresh_again, refresh_here, refreshed, rotating,
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
fn an_interrupted_save_gets_the_mode_of_the_file() {
    finishes(|case| case.mode(FILE, 0o640)).mode_is(FILE, 0o640);
}

#[test]
fn an_interrupted_save_is_finished_beside_a_file_from_the_future() {
    finishes(|case| {
        let file = File::options().write(true).open(case.path(FILE)).unwrap();
        let future = SystemTime::now() + Duration::from_secs(3600);
        file.set_modified(future).unwrap();
        case
    });
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
    let filler = format!("{{\n  \"filler\": \"{}\",\n", "x".repeat(1024 * 1024));
    let long = document(1).replace("{\n", &filler);
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
         hint: nothing was sent; move that file to {FILE}\n"
    );
    outcome
        .stderr(message)
        .file_is(FILE, document(0))
        .files_are([FILE, PENDING]);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn an_interrupted_save_that_cannot_be_read_stops_the_run() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).file(PENDING, interrupted(1));
    let Some(case) = unprivileged(case.mode(PENDING, 0o000)) else {
        return;
    };
    let outcome = case.arg(FILE).run().code(73).stdout("");
    outcome
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
fn a_save_older_than_the_file_is_removed() {
    overlooks(|case| {
        let case = case.file(PENDING, interrupted(7));
        let pending = File::options().write(true).open(case.path(PENDING));
        let past = SystemTime::now() - Duration::from_secs(3600);
        pending.unwrap().set_modified(past).unwrap();
        case
    })
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

#[test]
fn a_file_with_a_second_name_is_removed_under_the_first() {
    let victim = interrupted(7);
    overlooks(|case| {
        let case = case.file("victim", &victim);
        fs::hard_link(case.path("victim"), case.path(PENDING)).unwrap();
        case
    })
    .file_is("victim", victim)
    .files_are([FILE, "victim"]);
}

#[test]
fn a_file_of_another_owner_is_removed() {
    if !is_root(&Case::new()) {
        skip("only root can make a file of another owner");
        return;
    }
    overlooks(|case| {
        let case = case.file(PENDING, interrupted(7));
        chown(case.path(PENDING), Some(NOBODY), None).unwrap();
        case
    })
    .files_are([FILE]);
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
    let case = refresh_here(&endpoint).file("outside.json", document(0));
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
fn a_file_mounted_read_only_is_73() {
    let endpoint = Endpoint::http(rotating());
    let script = r#"mount --bind token.json token.json; mount -o remount,ro,bind token.json; "$@""#;
    let Some(case) = with_mounts(refresh(&endpoint), script) else {
        return;
    };
    Failure::unsavable(FILE, "it is mounted read-only").check(case.run());
    assert_eq!(endpoint.connections(), 0);
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
    let expected = Failure::unsavable("disk/token.json", "no space left on device");
    case.run()
        .code(expected.code)
        .stdout(format!("{FILE}\n{}", document(0)))
        .stderr(expected.stderr)
        .files_are([FILE, "disk"]);
    assert_eq!(endpoint.connections(), 0);
}
