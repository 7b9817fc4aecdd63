//! The pending file in the temporary directory, where none can lie beside FILE: a kill loses nothing
//! there either, and nobody else can slip a document in.
//!
//! FILE lies in a directory that everybody can write to, so that not even root saves by rename there.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::harness::{Case, Outcome};
use crate::kit::{document, host, refresh_at, reply, rotating, rotating_from};
use crate::login_kit::{Dialogue, TOKENS, app, login_at};
use crate::rights::{
    NOBODY, files_in, forget_use, is_root, is_used, mode, only_file_in, replace_file, skip,
    with_tmp,
};

/// FILE.
const FILE: &str = "open/token.json";

/// A call that refreshes FILE, which holds document 0.
fn refresh_open(endpoint: &Endpoint) -> Case {
    let case = with_tmp(refresh_at(endpoint)).subdirectory("open");
    let case = case.file(FILE, document(0)).mode(FILE, 0o600);
    case.mode("open", 0o777).arg(FILE)
}

/// The first 16 hexadecimal digits of SHA-256.
fn hash(bytes: &[u8]) -> String {
    let digits = digest(&SHA256, bytes);
    let digits = digits.as_ref()[..8].iter().map(|it| format!("{it:02x}"));
    digits.collect()
}

/// This user's directory in the temporary directory.
fn shelter(case: &Case) -> PathBuf {
    let user = fs::metadata(case.path(".")).unwrap().uid();
    case.path("tmp").join(format!("sftoken-{user}"))
}

/// Where the pending file of the token in document 0 lies.
fn pending(case: &Case) -> PathBuf {
    let file = fs::canonicalize(case.path(FILE)).unwrap();
    let (place, token) = (hash(file.as_os_str().as_encoded_bytes()), hash(b"5Aep-0"));
    shelter(case).join(format!(".{place}.sftoken-{token}"))
}

/// Leaves a document under this name.
fn left(case: Case, path: &Path, document: &str) -> Case {
    let directory = path.parent().unwrap();
    fs::create_dir(directory).unwrap();
    case.mode(directory, 0o700)
        .file(path, document)
        .mode(path, 0o600)
}

/// Leaves what a run leaves that was killed when it had written document 1.
fn interrupted(case: Case) -> Case {
    let path = pending(&case);
    left(case, &path, &(document(1) + &" ".repeat(64 * 1024)))
}

/// The summary of a refresh, after what has to be said before.
fn refreshed(before: &str, endpoint: &Endpoint) -> String {
    let host = host(endpoint);
    format!("{before}sftoken: refreshed {FILE} at {host}, refresh token rotated\n")
}

/// Finishes what a killed run left; the server knows no other token.
fn finishes(prepare: impl FnOnce(Case) -> Case) -> Outcome {
    let endpoint = Endpoint::http(rotating_from(1));
    let outcome = prepare(interrupted(refresh_open(&endpoint))).run();
    let warning = format!("sftoken: warning: finished an interrupted save of {FILE}\n");
    let outcome = outcome
        .code(0)
        .stdout("")
        .stderr(refreshed(&warning, &endpoint))
        .file_is(FILE, document(2));
    endpoint.only_request();
    assert_nothing_left(&outcome);
    outcome
}

/// Nothing is beside FILE, nor in the temporary directory but an empty directory.
#[track_caller]
fn assert_nothing_left(outcome: &Outcome) {
    assert_eq!(only_file_in(&outcome.path("open")), outcome.path(FILE));
    for directory in files_in(&outcome.path("tmp")) {
        assert_eq!(files_in(&directory), [] as [PathBuf; 0]);
    }
}

/// Refreshes FILE although something lies in the temporary directory that must not count.
fn overlooks(prepare: impl FnOnce(Case) -> Case) -> Outcome {
    let endpoint = Endpoint::http(rotating());
    let outcome = prepare(refresh_open(&endpoint)).run();
    outcome
        .code(0)
        .stdout("")
        .stderr(refreshed("", &endpoint))
        .file_is(FILE, document(1))
}

#[test]
fn it_is_there_before_anything_is_sent_and_a_kill_leaves_the_next_run_unharmed() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = refresh_open(&endpoint);
    let mut run = case.spawn();
    endpoint.wait_for_requests(1);
    let path = only_file_in(&shelter(&case));
    assert_eq!(path, pending(&case));
    assert_eq!((mode(&path), mode(&shelter(&case))), (0o600, 0o700));
    assert_eq!(only_file_in(&run.path("open")), run.path(FILE));
    run.kill();
    run.wait();
    gate.open();
    let outcome = case.run().code(0).file_is(FILE, document(1));
    assert_nothing_left(&outcome);
}

#[test]
fn runs_meet_there_although_the_file_was_replaced_and_its_directory_closed_to_others() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = refresh_open(&endpoint);
    let first = case.spawn();
    endpoint.wait_for_requests(1);
    replace_file(&case.path(FILE), &document(0));
    let case = case.mode(FILE, 0o600).mode("open", 0o700);
    let second = case.arg("-v").spawn();
    second.wait_for_stderr("waiting for another process");
    gate.open();
    first.wait().code(0);
    let outcome = second.wait().code(0).file_is(FILE, document(1));
    endpoint.only_request();
    assert_nothing_left(&outcome);
}

#[test]
fn an_interrupted_save_is_finished() {
    finishes(|case| case);
}

#[test]
fn an_interrupted_save_is_finished_even_if_the_file_is_torn() {
    let torn = document(1).replace("client_id", "");
    finishes(|case| case.file(FILE, &torn[..torn.len() - 9]));
}

#[test]
fn an_interrupted_save_is_finished_after_the_directory_was_closed_to_others() {
    finishes(|case| case.mode("open", 0o700));
}

#[test]
fn an_interrupted_save_goes_into_the_file_as_its_owner_has_edited_it() {
    let endpoint = Endpoint::http(rotating_from(1));
    let edited = |number| document(number).replace("\n}", ",\n  \"note\": 1.0\n}");
    let case = interrupted(refresh_open(&endpoint)).file(FILE, edited(0));
    let outcome = case.run().code(0).file_is(FILE, edited(2));
    assert_nothing_left(&outcome);
}

#[test]
fn what_a_kill_left_after_the_file_was_written_is_removed() {
    let outcome = overlooks(|case| {
        let older = pending(&case).with_extension("sftoken-0123456789abcdef");
        left(case, &older, &document(0))
    });
    assert_nothing_left(&outcome);
}

#[test]
fn a_complete_copy_of_another_token_stays() {
    let outcome = overlooks(|case| {
        let other = pending(&case).with_extension("sftoken-0123456789abcdef");
        left(case, &other, &document(7))
    });
    let left = only_file_in(&only_file_in(&outcome.path("tmp")));
    assert_eq!(fs::read_to_string(left).unwrap(), document(7));
}

#[test]
fn a_temporary_directory_that_others_can_write_to_is_none() {
    let outcome = overlooks(|case| interrupted(case).mode("tmp", 0o777));
    let left = only_file_in(&only_file_in(&outcome.path("tmp")));
    assert!(fs::read_to_string(left).unwrap().starts_with(&document(1)));
}

#[test]
fn a_directory_of_another_user_under_that_name_is_let_alone() {
    if !is_root(&Case::new()) {
        skip("only root can make a directory of another user");
        return;
    }
    let outcome = overlooks(|case| {
        let case = interrupted(case);
        chown(shelter(&case), Some(NOBODY), None).unwrap();
        case
    });
    let left = only_file_in(&only_file_in(&outcome.path("tmp")));
    assert!(fs::read_to_string(left).unwrap().starts_with(&document(1)));
}

#[test]
fn rights_that_a_umask_took_from_the_directory_are_given_back() {
    for mode in [0o000, 0o777] {
        finishes(|case| {
            let directory = shelter(&case);
            case.mode(directory, mode)
        });
    }
    let umask = ["sh", "-c", "umask 777; exec \"$@\"", "sh"];
    let endpoint = Endpoint::http(rotating());
    let case = refresh_open(&endpoint).through(umask);
    let outcome = case.run().code(0).file_is(FILE, document(1));
    assert_eq!(mode(&only_file_in(&outcome.path("tmp"))), 0o700);
}

#[test]
fn a_link_under_that_name_is_not_followed() {
    let outcome = overlooks(|case| {
        let case = case.subdirectory("elsewhere").mode("elsewhere", 0o700);
        let name = shelter(&case);
        case.link(name, "../elsewhere")
    });
    assert_eq!(files_in(&outcome.path("elsewhere")), [] as [PathBuf; 0]);
}

#[test]
fn a_sticky_temporary_directory_will_do() {
    finishes(|case| case.mode("tmp", 0o1777));
}

#[test]
fn without_a_temporary_directory_the_file_is_written_all_the_same() {
    overlooks(|case| case.env("TMPDIR", "/nonexistent"));
}

#[test]
fn a_file_that_others_may_have_put_there_is_given_no_document_that_it_does_not_name() {
    let endpoint = Endpoint::http(rotating());
    let case = interrupted(refresh_open(&endpoint)).file(FILE, "{");
    let path = pending(&case);
    let why = format!("{FILE} is no document, and not private");
    let cure = format!("if {FILE} is yours, chmod 600 it and run again, or move that file to it");
    let refused = unfinished(&path, &why, &cure);
    let readable = case.clone().mode(FILE, 0o604).run().code(73).stdout("");
    let warning = "sftoken: warning: every user of this machine can read open/token.json (mode 0604); chmod 600 would end that\n";
    readable
        .stderr(format!("{warning}{refused}"))
        .file_is(FILE, "{");
    fs::hard_link(case.path(FILE), case.path("second.json")).unwrap();
    let linked = case.clone().mode(FILE, 0o600).run().code(73);
    linked.stderr(&refused).file_is(FILE, "{");
    fs::remove_file(case.path("second.json")).unwrap();
    if is_root(&case) {
        chown(case.path(FILE), Some(NOBODY), None).unwrap();
        case.run().code(73).stderr(refused).file_is(FILE, "{");
    }
    assert!(fs::read_to_string(path).unwrap().starts_with(&document(1)));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn an_interrupted_save_is_finished_under_another_name_of_the_file_alone() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = interrupted(refresh_open(&endpoint));
    let path = pending(&case);
    fs::rename(&path, other_path(&path)).unwrap();
    let dry = case.clone().arg("--dry-run").run().code(0);
    dry.file_is(FILE, document(0));
    fs::hard_link(case.path(FILE), case.path("second.json")).unwrap();
    let outcome = case.run().code(0).file_is("second.json", document(2));
    assert_nothing_left(&outcome);
}

/// The pending file of the same token for a FILE with another path.
fn other_path(pending: &Path) -> PathBuf {
    pending.with_file_name(format!(".0123456789abcdef.sftoken-{}", hash(b"5Aep-0")))
}

#[test]
fn without_one_a_long_document_has_a_copy_elsewhere_while_the_file_is_written() {
    for (len, has_copy) in [(200, false), (4096, false), (4097, true)] {
        let endpoint = Endpoint::http(rotating());
        let filler = "x".repeat(len - document(0).len());
        let long = |number| document(number).replace("\"id\"", &format!("\"{filler}id\""));
        let case = refresh_open(&endpoint).mode("tmp", 0o777);
        let case = case.file(FILE, long(0));
        forget_use(&case.path("tmp"));
        let outcome = case.run().code(0).file_is(FILE, long(1));
        assert_eq!(is_used(&outcome.path("tmp")), has_copy, "{len}\n{outcome}");
        assert_nothing_left(&outcome);
    }
}

#[test]
fn a_file_without_a_token_that_others_may_have_put_there_is_given_none() {
    let gate = Gate::new();
    let reply = Reply::json(200, TOKENS).after(&gate);
    let endpoint = Endpoint::login(&app().replying(reply));
    let case = with_tmp(login_at(&endpoint)).subdirectory("open");
    let case = case.file(FILE, "{}").mode(FILE, 0o600).mode("open", 0o777);
    let mut login = Dialogue::start(case.arg(FILE));
    let landing = login.landing(&endpoint);
    login.run.type_text(&format!("{landing}\n"));
    endpoint.wait_for_requests(2);
    replace_file(&login.run.path(FILE), r#"{"note":1}"#);
    gate.open();
    let outcome = login.run.wait().code(74);
    let outcome = outcome.file_is(FILE, r#"{"note":1}"#);
    let kept = only_file_in(&outcome.path("tmp"));
    let named = format!("the new tokens are in {}\n", kept.display());
    assert!(outcome.stderr_text().contains(&named), "{outcome}");
    assert_eq!(mode(&kept), 0o600);
}

/// What a run says that cannot finish an interrupted save.
fn unfinished(path: &Path, why: &str, cure: &str) -> String {
    let path = path.display();
    format!(
        "sftoken: cannot finish the interrupted save in {path}: {why}\n\
         hint: nothing was sent; {cure}\n"
    )
}
