//! A cancelled job: what a TERM in the middle of the exchange does, and how to have it do nothing.
//!
//! Cancelling sends INT or TERM to whatever runs. A signal that the caller ignores stays ignored
//! across exec, so a shell can protect a run; the deadline bounds how long that holds up the job.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::harness::Case;

/// The number of the signal that cancels.
const SIGTERM: i32 = 15;

/// The document before.
const OLD: &str = "{\n  \"access_token\": \"00D!old\",\n  \"refresh_token\": \"5Aep-0\"\n}\n";

/// The document afterwards.
const NEW: &str = "{\n  \"access_token\": \"00D!new\",\n  \"refresh_token\": \"5Aep-1\"\n}\n";

/// The reply that makes the one of the other.
fn reply() -> Reply {
    let body = r#"{"access_token":"00D!new","refresh_token":"5Aep-1"}"#;
    Reply::json(200, body)
}

/// What a successful run says.
fn refreshed(endpoint: &Endpoint) -> String {
    let host = endpoint.address();
    format!("sftoken: refreshed token.json at {host}, refresh token rotated\n")
}

/// A directory with the old document, and a run in it.
fn case(endpoint: &Endpoint) -> Case {
    Case::new()
        .file("token.json", OLD)
        .mode("token.json", 0o600)
        .args(["refresh", "--client-id", "id", "token.json"])
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
        .env("SSL_CERT_FILE", endpoint.ca_path())
}

/// Starts a run in a shell, sends TERM while the endpoint holds its reply back, then lets it go.
fn cancelled(case: &Case, endpoint: &Endpoint, gate: &Gate, start: &str) -> Output {
    let script = format!("{start} exec \"$0\" refresh --client-id id --timeout 15s token.json");
    let child = Command::new("/bin/sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_sftoken")])
        .env_clear()
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
        .env("SSL_CERT_FILE", endpoint.ca_path())
        .current_dir(case.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    endpoint.wait_for_requests(1);
    send_term(child.id());
    gate.open();
    child.wait_with_output().unwrap()
}

/// Sends TERM to a process.
fn send_term(id: u32) {
    let kill = format!("kill -s TERM {id}");
    let status = Command::new("/bin/sh").args(["-c", &kill]).status();
    assert!(status.unwrap().success());
}

/// What the directory of a case holds, sorted.
fn files(case: &Case) -> Vec<String> {
    let entries = fs::read_dir(case.path(".")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// The document that a case has now.
fn document(case: &Case) -> String {
    fs::read_to_string(case.path("token.json")).unwrap()
}

#[test]
fn a_run_that_ignores_term_finishes_what_it_began() {
    let gate = Gate::new();
    let endpoint = Endpoint::https(reply().after(&gate));
    let case = case(&endpoint);
    let output = cancelled(&case, &endpoint, &gate, "trap '' INT TERM;");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        refreshed(&endpoint)
    );
    assert_eq!(output.stdout, b"");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(document(&case), NEW);
    assert_eq!(files(&case), ["token.json"]);
}

#[test]
fn a_run_that_term_ends_leaves_the_old_file_and_the_next_one_cleans_up() {
    let gate = Gate::new();
    let endpoint = Endpoint::https([reply().after(&gate), reply()]);
    let case = case(&endpoint);
    let output = cancelled(&case, &endpoint, &gate, "");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.stdout, b"");
    assert_eq!(output.status.signal(), Some(SIGTERM));
    assert_eq!(document(&case), OLD);
    assert_eq!(
        files(&case),
        [".token.json.sftoken-90b6aad50e206ce2", "token.json"]
    );
    case.run()
        .code(0)
        .stdout("")
        .stderr(refreshed(&endpoint))
        .file_is("token.json", NEW)
        .files_are(["token.json"]);
}
