//! One refresher at a time: processes that meet on one file make one request between them.
//!
//! A server that rotates would end the session if two asked. Replies are held back until every
//! process has said that it waits, so that no test depends on who is faster.

use std::fs::{self, File};
use std::path::PathBuf;

use crate::endpoint::{Ending, Endpoint, Gate, Reply, Request};
use crate::harness::{Case, Outcome, Running, SIGKILL};
use crate::kit::{
    FILE, document, refresh, refresh_again, refresh_here, refreshed, reply, rotating,
};
use crate::rights::inode;

/// What a process says once it meets a lock that is held.
const WAITS: &str = "* lock: waiting";

/// A server that rotates, but sends no reply before the gate opens.
fn rotating_behind(gate: &Gate) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let (rotating, gate) = (rotating(), gate.clone());
    move |request| rotating(request).after(&gate)
}

/// All that a process says that waited and then found the work done.
fn waited_for(name: &str, len: usize) -> String {
    format!(
        concat!(
            "* roots: Mozilla's, built in\n",
            "* lock: waiting for another process to finish with {name}\n",
            "* lock: {name} is ours\n",
            "* document: {name}, 3 members, {len} bytes\n",
            "sftoken: kept {name}: another process has just refreshed it\n",
        ),
        name = name,
        len = len
    )
}

/// Starts a verbose refresh of FILE and holds its lock, as another process would, until it waits.
fn started_against_a_lock(case: Case) -> (Running, File) {
    let lock = File::open(case.path(FILE)).unwrap();
    lock.lock().unwrap();
    let waiter = case.args(["-v", FILE]).spawn();
    waiter.wait_for_stderr(WAITS);
    (waiter, lock)
}

/// Starts 50 processes that name FILE by these names in turn; one asks, all others wait for it.
fn fifty_processes(names: &[&str]) -> Outcome {
    let gate = Gate::new();
    let endpoint = Endpoint::http(rotating_behind(&gate));
    let case = refresh_here(&endpoint)
        .subdirectory("sub")
        .link("link.json", FILE)
        .link("sub/chain.json", "../link.json")
        .args(["-v", "--print", "token"]);
    let names: Vec<_> = names.iter().cycle().take(50).collect();
    let runs: Vec<_> = names
        .iter()
        .map(|name| case.clone().arg(name).spawn())
        .collect();
    for run in &runs {
        run.wait_for_stderr("* lock: ");
    }
    gate.open();
    let outcomes = runs.into_iter().map(Running::wait);
    let outcomes = outcomes.map(|it| it.code(0).stdout("00D!access-1\n"));
    let (waiters, mut holders): (Vec<_>, Vec<_>) = outcomes
        .zip(names)
        .partition(|(outcome, _)| outcome.stderr_text().contains(WAITS));
    for (outcome, name) in waiters {
        outcome.stderr(waited_for(name, document(1).len()));
    }
    assert_eq!((holders.len(), endpoint.requests().len()), (1, 1));
    let (holder, _) = holders.remove(0);
    holder.file_is(FILE, document(1))
}

#[test]
fn fifty_processes_make_one_request_and_all_print_its_token() {
    fifty_processes(&[FILE]).files_are([FILE, "link.json", "sub"]);
}

#[test]
fn links_and_the_plain_path_lead_to_the_same_lock() {
    fifty_processes(&[FILE, "link.json", "./sub/chain.json", "sub/../token.json"])
        .link_is("link.json", FILE)
        .link_is("sub/chain.json", "../link.json")
        .files_are([FILE, "link.json", "sub"]);
}

#[test]
fn a_second_run_after_the_first_asks_again() {
    let endpoint = Endpoint::http(rotating());
    let first = refresh(&endpoint).run().code(0);
    refresh_again(&first, &endpoint)
        .run()
        .code(0)
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(2));
    assert_eq!(endpoint.requests().len(), 2);
}

#[test]
fn a_killed_holder_leaves_the_lock_to_the_next() {
    let endpoint = Endpoint::http([Reply::nothing(Ending::Stall), reply(1)]);
    let case = refresh_here(&endpoint);
    let mut holder = case.clone().arg(FILE).spawn();
    endpoint.wait_for_requests(1);
    let waiter = case.args(["-v", FILE]).spawn();
    waiter.wait_for_stderr(WAITS);
    holder.kill();
    holder.wait().ended_by(SIGKILL).stderr("");
    let waiter = waiter.wait().code(0).stdout("");
    assert!(waiter.stderr_text().ends_with(&refreshed(&endpoint)));
    waiter.file_is(FILE, document(1)).files_are([FILE]);
    assert_eq!(endpoint.requests().len(), 2);
}

#[test]
fn a_file_removed_while_waiting_is_66() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint);
    let path = case.path(FILE);
    let (waiter, lock) = started_against_a_lock(case);
    fs::remove_file(path).unwrap();
    drop(lock);
    waiter
        .wait()
        .code(66)
        .stdout("")
        .stderr(concat!(
            "* roots: Mozilla's, built in\n",
            "* lock: waiting for another process to finish with token.json\n",
            "sftoken: cannot read token.json: no such file or directory\n",
            "hint: check the path and its permissions\n",
        ))
        .files_are::<PathBuf>([]);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_waiter_locks_the_file_that_took_the_place_of_the_locked_one() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).file("new.json", document(0));
    let (path, new) = (case.path(FILE), case.path("new.json"));
    let (waiter, old_lock) = started_against_a_lock(case.args(["--timeout", "1s"]));
    let new_lock = File::open(&new).unwrap();
    new_lock.lock().unwrap();
    fs::rename(new, path).unwrap();
    drop(old_lock);
    waiter.wait().code(75).file_is(FILE, document(0));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_waiter_uses_the_token_that_another_program_put_there() {
    let endpoint = Endpoint::http(rotating());
    let case = refresh_here(&endpoint).args(["--print", "token"]);
    let path = case.path(FILE);
    let (waiter, lock) = started_against_a_lock(case);
    fs::write(path, document(7)).unwrap();
    drop(lock);
    waiter
        .wait()
        .code(0)
        .stdout("00D!access-7\n")
        .stderr(waited_for(FILE, document(7).len()))
        .file_is(FILE, document(7));
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_waiter_asks_if_the_holder_changed_nothing() {
    let endpoint = Endpoint::http(rotating());
    let (waiter, lock) = started_against_a_lock(refresh_here(&endpoint));
    drop(lock);
    waiter.wait().code(0).file_is(FILE, document(1));
    endpoint.only_request();
}

#[test]
fn a_dry_run_waits_for_the_lock_too() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(rotating_behind(&gate));
    let case = refresh_here(&endpoint);
    let holder = case.clone().arg(FILE).spawn();
    endpoint.wait_for_requests(1);
    let waiter = case.args(["-v", "--dry-run", FILE]).spawn();
    waiter.wait_for_stderr(WAITS);
    gate.open();
    holder.wait().code(0).stderr(refreshed(&endpoint));
    waiter
        .wait()
        .code(0)
        .stdout("")
        .stderr(waited_for(FILE, document(1).len()))
        .file_is(FILE, document(1))
        .files_are([FILE]);
    endpoint.only_request();
}

#[test]
fn the_lock_leaves_a_failed_run_no_trace() {
    let endpoint = Endpoint::http(Reply::error(400, "invalid_client", "no such client"));
    let case = refresh(&endpoint);
    let before = inode(case.path(FILE));
    let outcome = case.run().code(78).file_is(FILE, document(0));
    assert_eq!(inode(outcome.path(FILE)), before);
    outcome.files_are([FILE]);
}
