//! A FILE that a login makes: where it may be made, what an interrupted login left, and who else
//! makes it at the same time.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::harness::{Case, Outcome};
use crate::kit::{DOCUMENT, FILE, refresh_at, rotating, with_file};
use crate::login_kit::{Dialogue, LOGGED_IN, TOKENS, app, exchanges, log_in, login_at, login_in};
use crate::rights::{only_file_in, unprivileged, with_tmp};

/// The pending file of a FILE without a refresh token: the name has the first 16 digits of the
/// SHA-256 of nothing.
const PENDING: &str = ".token.json.sftoken-e3b0c44298fc1c14";

/// The same for a FILE whose name is too long for it to be a part.
const SHARED: &str = ".sftoken-e3b0c44298fc1c14";

/// Nothing beside the directory itself.
const NOTHING: [&str; 0] = [];

/// A case with the pending file of a login that was killed.
fn interrupted(pending: &str, content: &str) -> Case {
    Case::new().file(pending, content).mode(pending, 0o600)
}

/// The end of a dry run that finds a place; it asks nothing.
fn look(case: Case, file: &str) -> Outcome {
    let endpoint = Endpoint::login(&app());
    login_in(&endpoint, case).args(["-n", file]).run()
}

/// The login was stopped before the code was sent, with these words.
#[track_caller]
fn assert_stopped(outcome: Outcome, words: &str) -> Outcome {
    let said = outcome.stderr_text();
    assert!(said.contains(words), "no {words}\n{outcome}");
    assert!(said.contains("\nhint: nothing was sent; "), "{outcome}");
    outcome.code(73).stdout("")
}

#[test]
fn what_an_interrupted_login_left_becomes_the_file() {
    let blanks = format!("{LOGGED_IN}{}", " ".repeat(3000));
    for pending in [LOGGED_IN, &blanks] {
        let outcome = look(interrupted(PENDING, pending), FILE).code(0);
        let said = outcome.stderr_text();
        let told = "warning: finished an interrupted save of token.json\n";
        assert!(said.contains(told), "{outcome}");
        let outcome = outcome.file_is(FILE, LOGGED_IN).mode_is(FILE, 0o600);
        assert_eq!(fs::metadata(outcome.path(FILE)).unwrap().nlink(), 1);
        outcome.files_are([FILE]);
    }
}

#[test]
fn what_an_interrupted_login_left_is_private_as_the_file() {
    for mode in [0o400, 0o640, 0o644] {
        let case = interrupted(PENDING, LOGGED_IN).mode(PENDING, mode);
        look(case, FILE).code(0).mode_is(FILE, 0o600);
    }
}

#[test]
fn what_cannot_become_the_file_stops_the_login() {
    let Some(case) = unprivileged(interrupted(PENDING, LOGGED_IN)) else {
        return;
    };
    let words = format!("/{PENDING}: permission denied\n");
    assert_stopped(look(case.mode(".", 0o555), FILE), &words)
        .files_are([PENDING])
        .file_is(PENDING, LOGGED_IN);
}

#[test]
fn an_incomplete_pending_file_goes_away() {
    for content in ["", "   ", &LOGGED_IN[..40], "{}"] {
        look(interrupted(PENDING, content), FILE)
            .code(0)
            .files_are(NOTHING);
    }
    // A umask took the rights of the owner, and a kill came before they were given back.
    let case = interrupted(PENDING, "").mode(PENDING, 0);
    look(case, FILE).code(0).files_are(NOTHING);
}

#[test]
fn a_file_made_right_before_a_kill_loses_its_second_name() {
    let endpoint = Endpoint::http(rotating());
    let case = with_file(refresh_at(&endpoint), DOCUMENT).mode(FILE, 0o600);
    let (file, pending) = (case.path(FILE), case.path(PENDING));
    fs::hard_link(&file, &pending).unwrap();
    let before = fs::metadata(&file).unwrap().ino();
    let outcome = case.arg(FILE).run().code(0).files_are([FILE]);
    let after = fs::metadata(outcome.path(FILE)).unwrap();
    assert_eq!(after.nlink(), 1);
    assert_ne!(after.ino(), before, "written in place\n{outcome}");
}

#[test]
fn a_second_name_of_the_owner_stays() {
    let endpoint = Endpoint::http(rotating());
    let case = with_file(refresh_at(&endpoint), DOCUMENT).mode(FILE, 0o600);
    fs::hard_link(case.path(FILE), case.path("copy.json")).unwrap();
    fs::write(case.path(PENDING), LOGGED_IN).unwrap();
    let outcome = case.arg(FILE).run().code(0);
    // The tokens of another login are nobody's to remove.
    outcome
        .files_are([FILE, "copy.json", PENDING])
        .file_is(PENDING, LOGGED_IN);
}

#[test]
fn a_pending_file_with_another_name_is_not_touched() {
    let case = interrupted(PENDING, LOGGED_IN);
    fs::hard_link(case.path(PENDING), case.path("moved.json")).unwrap();
    assert_stopped(
        look(case, FILE),
        &format!("/{PENDING} has several names or"),
    )
    .files_are([PENDING, "moved.json"])
    .file_is(PENDING, LOGGED_IN);
}

#[test]
fn what_is_left_for_another_file_is_not_taken_where_names_are_too_long() {
    let long = "n".repeat(240);
    let outcome = look(interrupted(SHARED, LOGGED_IN), &long).code(0);
    outcome.files_are([SHARED]).file_is(SHARED, LOGGED_IN);
}

#[test]
fn a_directory_in_the_way_is_told() {
    let case = Case::new().subdirectory(PENDING);
    let words = "something has the name of the pending file";
    assert_stopped(look(case, FILE), words).files_are([PENDING]);
}

#[test]
fn no_file_is_made_where_none_can_be() {
    for (file, words) in [
        ("new/", "cannot make new/: that is no name of a file"),
        ("new/.", "cannot make new/.: that is no name of a file"),
        ("link", "cannot make link: it is a link that leads nowhere"),
    ] {
        let case = Case::new().link("link", "nowhere");
        assert_stopped(look(case, file), words).files_are(["link"]);
    }
    let planted = format!("open/{PENDING}");
    let case = Case::new().subdirectory("open").mode("open", 0o777);
    let case = case.file(&planted, LOGGED_IN).mode(&planted, 0o600);
    let outcome = assert_stopped(look(case, "open/token.json"), "others can write to ");
    assert_eq!(only_file_in(&outcome.path("open")), outcome.path(planted));
}

#[test]
fn a_file_that_cannot_be_looked_at_is_not_made() {
    let case = Case::new().link("loop", "loop").file("file", "{}");
    let case = case.mode("file", 0o600);
    for (file, why) in [
        ("loop", "too many levels of symbolic links"),
        ("file/token.json", "not a directory"),
    ] {
        let outcome = look(case.clone(), file).code(66);
        let words = format!("sftoken: cannot read {file}: {why}\n");
        assert!(outcome.stderr_text().contains(&words), "{outcome}");
        outcome.files_are(["loop", "file"]);
    }
}

#[test]
fn room_for_the_file_is_made_before_the_code_is_sent() {
    let gate = Gate::new();
    let reply = Reply::json(200, TOKENS).after(&gate);
    let endpoint = Endpoint::login(&app().replying(reply));
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let landing = dialogue.landing(&endpoint);
    dialogue.run.type_text(&format!("{landing}\n"));
    endpoint.wait_for_requests(2);
    let room = fs::metadata(dialogue.run.path(PENDING)).unwrap().len();
    assert!((64 * 1024..128 * 1024).contains(&room), "{room}");
    gate.open();
    dialogue.run.wait().code(0).files_are([FILE]);
}

#[test]
fn of_two_logins_that_make_a_file_the_second_sends_nothing() {
    let gate = Gate::new();
    let reply = Reply::json(200, TOKENS).after(&gate);
    let endpoint = Endpoint::login(&app().replying(reply));
    let case = login_at(&endpoint).arg(FILE);
    let mut first = Dialogue::start(case.clone());
    let mut second = Dialogue::start(case.arg("--verbose"));
    let landings = [first.landing(&endpoint), second.landing(&endpoint)];
    first.run.type_text(&format!("{}\n", landings[0]));
    endpoint.wait_for_requests(3);
    second.run.type_text(&format!("{}\n", landings[1]));
    second.run.wait_for_stderr("waiting for another process");
    gate.open();
    first.run.wait().code(0);
    let words = "cannot make token.json: another program made it meanwhile\n";
    assert_stopped(second.run.wait(), words)
        .file_is(FILE, LOGGED_IN)
        .files_are([FILE]);
    assert_eq!(exchanges(&endpoint).len(), 1);
}

#[test]
fn a_file_that_comes_to_be_while_somebody_logs_in_stops_the_login() {
    let endpoint = Endpoint::login(&app());
    let dialogue = Dialogue::start(with_tmp(login_at(&endpoint)).arg(FILE));
    let landing = dialogue.landing(&endpoint);
    fs::write(dialogue.run.path(FILE), DOCUMENT).unwrap();
    let outcome = dialogue.paste(&landing);
    assert_stopped(outcome, "another program made it meanwhile\n")
        .file_is(FILE, DOCUMENT)
        .files_are([FILE, "tmp"]);
    assert_eq!(exchanges(&endpoint).len(), 0);
}

#[test]
fn a_login_goes_on_with_what_an_interrupted_one_left_of_a_file_without_token() {
    let endpoint = Endpoint::login(&app());
    let case = interrupted(PENDING, LOGGED_IN).file(FILE, r#"{"note":1}"#);
    let outcome = log_in(login_in(&endpoint, case).arg(FILE), &endpoint).code(0);
    let saved: serde_json::Value = serde_json::from_slice(&outcome.read(FILE)).unwrap();
    assert_eq!(saved["note"], 1, "{outcome}");
    assert_eq!(saved["refresh_token"], "5Aep-token-1", "{outcome}");
    outcome.files_are([FILE]);
}
