//! A cancelled job: what a TERM in the middle of the exchange does, and how to have it do nothing;
//! and a job that is stopped and goes on.
//!
//! Cancelling sends INT or TERM to whatever runs. A signal that the caller ignores stays ignored
//! across exec, so a shell can protect a run; the deadline bounds how long that holds up the job.

use crate::endpoint::{Endpoint, Gate};
use crate::harness::{Case, Outcome};
use crate::kit::{FILE, PENDING, document, refresh, refreshed, reply};

/// The number of the signal that cancels.
const SIGTERM: i32 = 15;

/// How often a run is stopped: sending a signal takes longer than the way from a request to the wait
/// for its reply, so that two would do.
const STOPS: usize = 10;

/// Starts a run in a shell, sends TERM while the endpoint holds its reply back, then lets it go.
fn cancelled(case: Case, endpoint: &Endpoint, gate: &Gate, start: &str) -> Outcome {
    let script = format!("{start} exec \"$@\"");
    let run = case.through(["/bin/sh", "-c", &script, "sh"]).spawn();
    endpoint.wait_for_requests(1);
    run.terminate();
    gate.open();
    run.wait().stdout("")
}

#[test]
fn a_run_that_ignores_term_finishes_what_it_began() {
    let gate = Gate::new();
    let endpoint = Endpoint::https(reply(1).after(&gate));
    cancelled(refresh(&endpoint), &endpoint, &gate, "trap '' INT TERM;")
        .code(0)
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1))
        .files_are([FILE]);
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    let gate = Gate::new();
    // Behind TLS a read that was interrupted begins anew by itself.
    let endpoint = Endpoint::http(reply(1).after(&gate));
    let run = refresh(&endpoint).spawn();
    endpoint.wait_for_requests(1);
    for _ in 0..STOPS {
        run.signal("STOP");
        run.signal("CONT");
    }
    gate.open();
    run.wait()
        .code(0)
        .stdout("")
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1))
        .files_are([FILE]);
}

#[test]
fn a_run_that_term_ends_leaves_the_old_file_and_the_next_one_cleans_up() {
    let gate = Gate::new();
    let endpoint = Endpoint::https([reply(1).after(&gate), reply(1)]);
    let case = refresh(&endpoint);
    cancelled(case.clone(), &endpoint, &gate, "")
        .ended_by(SIGTERM)
        .stderr("")
        .file_is(FILE, document(0))
        .files_are([PENDING, FILE]);
    case.run()
        .code(0)
        .stdout("")
        .stderr(refreshed(&endpoint))
        .file_is(FILE, document(1))
        .files_are([FILE]);
}
