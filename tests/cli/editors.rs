//! Other programs that change FILE while a run works with it and know nothing of its lock.
//!
//! They replace FILE by rename, so that two runs lock two files: those meet at the pending file,
//! which is named after the token. The server ends the session when it sees an old refresh token.

use std::fs::{self, File};
use std::path::Path;

use crate::endpoint::{Ending, Endpoint, Gate, Reply, Request};
use crate::harness::{Case, Outcome, SIGKILL};
use crate::kit::{
    FILE, PENDING, document, refresh_here, refreshed, reply, rotating, rotating_from,
};
use crate::rights::inode;

/// What a run says once it has to wait.
const WAITS: &str = "* lock: waiting";

/// A document with a member of its owner.
fn with_note(number: usize) -> String {
    document(number).replace("{\n", "{\n  \"note\": \"mine\",\n")
}

/// Puts another file in the place of FILE.
fn replace(case: &Case, content: &str, mode: u32) {
    let case = case
        .clone()
        .file("new.json", content)
        .mode("new.json", mode);
    fs::rename(case.path("new.json"), case.path(FILE)).unwrap();
}

/// A server of the session whose first reply waits for the gate.
fn first_reply_behind(gate: &Gate) -> Endpoint {
    let (server, gate) = (rotating(), gate.clone());
    Endpoint::http(move |request: &Request| match request.number {
        1 => server(request).after(&gate),
        _ => server(request),
    })
}

#[test]
fn a_run_that_locked_the_replaced_file_meets_the_first_at_the_pending_file() {
    for mode in [0o600, 0o660] {
        let gate = Gate::new();
        let endpoint = first_reply_behind(&gate);
        let case = refresh_here(&endpoint).mode(FILE, mode).arg(FILE);
        let first = case.spawn();
        endpoint.wait_for_requests(1);
        replace(&case, &with_note(0), mode);
        let second = case.clone().args(["-v", "--print", "token"]).spawn();
        second.wait_for_stderr(WAITS);
        gate.open();
        first.wait().code(0).stderr(refreshed(&endpoint));
        second
            .wait()
            .code(0)
            .stdout("00D!access-1\n")
            .file_is(FILE, with_note(1))
            .mode_is(FILE, mode)
            .files_are([FILE]);
        endpoint.only_request();
    }
}

#[test]
fn a_run_that_waits_at_the_pending_file_goes_on_when_the_first_is_killed() {
    let endpoint = Endpoint::http([Reply::nothing(Ending::Stall), reply(1)]);
    let case = refresh_here(&endpoint).arg(FILE);
    let mut first = case.spawn();
    endpoint.wait_for_requests(1);
    replace(&case, &with_note(0), 0o600);
    let second = case.clone().arg("-v").spawn();
    second.wait_for_stderr(WAITS);
    first.kill();
    first.wait().ended_by(SIGKILL);
    second
        .wait()
        .code(0)
        .file_is(FILE, with_note(1))
        .files_are([FILE]);
}

#[test]
fn a_pending_file_that_is_in_use_to_the_deadline_is_75() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint)
        .file(PENDING, "")
        .mode(PENDING, 0o600);
    let lock = File::open(case.path(PENDING)).unwrap();
    lock.lock().unwrap();
    case.args(["--timeout", "1s", FILE])
        .run()
        .code(75)
        .stderr(concat!(
            "sftoken: cannot lock token.json: another process held it until the deadline\n",
            "hint: try again later, or give a longer --timeout\n",
        ))
        .file_is(FILE, document(0))
        .files_are([FILE, PENDING]);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_refused_run_leaves_the_pending_file_of_another_alone() {
    let gate = Gate::new();
    let refusal = Reply::error(400, "invalid_client", "no such client");
    let endpoint = Endpoint::http(refusal.after(&gate));
    let case = refresh_here(&endpoint).arg(FILE);
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    fs::remove_file(case.path(PENDING)).unwrap();
    fs::write(case.path(PENDING), "theirs").unwrap();
    gate.open();
    run.wait()
        .code(78)
        .file_is(PENDING, "theirs")
        .files_are([FILE, PENDING]);
}

#[test]
fn a_waiter_finishes_what_the_killed_holder_wrote() {
    let endpoint = Endpoint::http(rotating_from(1));
    let case = refresh_here(&endpoint).arg("-v").arg(FILE);
    let lock = File::open(case.path(FILE)).unwrap();
    lock.lock().unwrap();
    let waiter = case.spawn();
    waiter.wait_for_stderr(WAITS);
    fs::write(case.path(PENDING), document(1)).unwrap();
    drop(lock);
    waiter
        .wait()
        .code(0)
        .file_is(FILE, document(2))
        .files_are([FILE]);
}

/// Rewrites FILE while a run that writes it in place asks; the mode makes it do so.
fn edited_in_place(content: &str) -> (Case, Outcome) {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = refresh_here(&endpoint).mode(FILE, 0o660).arg(FILE);
    let before = inode(case.path(FILE));
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    fs::write(case.path(FILE), content).unwrap();
    gate.open();
    let outcome = run.wait();
    assert_eq!(inode(case.path(FILE)), before);
    (case, outcome)
}

#[test]
fn an_edit_in_place_stays_beside_the_new_tokens_written_in_place() {
    let long = with_note(0).replace("mine", &"m".repeat(9000));
    for (theirs, ours) in [
        (with_note(0), with_note(1)),
        (long.clone(), long.replace("-0\"", "-1\"")),
        (document(0).replace(' ', ""), document(1)),
    ] {
        let (_, outcome) = edited_in_place(&theirs);
        outcome
            .code(0)
            .file_is(FILE, ours)
            .mode_is(FILE, 0o660)
            .files_are([FILE]);
    }
}

#[test]
fn a_login_in_place_is_not_overwritten_in_place() {
    let (case, outcome) = edited_in_place(&document(7));
    outcome
        .code(74)
        .file_is(FILE, document(7))
        .file_is(PENDING, document(1))
        .mode_is(PENDING, 0o600);
    assert!(Path::new(&case.path(PENDING)).exists());
}

#[test]
fn a_file_that_is_moved_and_linked_again_is_saved_where_the_link_leads() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = refresh_here(&endpoint)
        .link("link.json", FILE)
        .arg("link.json");
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    fs::rename(case.path(FILE), case.path("moved.json")).unwrap();
    fs::remove_file(case.path("link.json")).unwrap();
    let case = case.link("link.json", "moved.json");
    gate.open();
    let outcome = run.wait().code(0).file_is("moved.json", document(1));
    assert!(!case.path(FILE).exists(), "{outcome}");
    outcome.files_are(["link.json", "moved.json"]);
}

#[test]
fn a_file_that_gets_a_group_meanwhile_is_written_in_place() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let case = refresh_here(&endpoint).arg(FILE);
    let before = inode(case.path(FILE));
    let run = case.spawn();
    endpoint.wait_for_requests(1);
    let case = case.mode(FILE, 0o640);
    gate.open();
    run.wait()
        .code(0)
        .file_is(FILE, document(1))
        .mode_is(FILE, 0o640)
        .files_are([FILE]);
    assert_eq!(inode(case.path(FILE)), before);
}
