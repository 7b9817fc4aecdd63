//! Inputs that are no regular files: pipes with and without a writer, and directories.
//!
//! Whoever gives a pipe may forget its writer. The deadline holds for that wait, too.

use std::fs;
use std::time::{Duration, Instant};

use crate::endpoint::Endpoint;
use crate::harness::Case;
use crate::kit::{
    CLIENT_ID, DOCUMENT, FILE, Failure, REFRESHED, granted, refresh, refresh_at, refresh_stdin,
    summary, with_file,
};

/// The deadline of the runs that wait for nothing.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How much later than that a run may end.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the case by a line of shell, which makes the pipe `fifo` before.
fn with_fifo(case: Case, line: &str) -> Case {
    let script = format!("mkfifo fifo && {line}");
    case.env("PATH", "/usr/bin:/bin")
        .through(["/bin/sh", "-c", &script, "sh"])
}

/// Expects that the run waits for this input, until the deadline and no longer.
#[track_caller]
fn assert_times_out(case: Case, name: &str) {
    let start = Instant::now();
    let outcome = case.args(["--timeout", "1s"]).run();
    let elapsed = start.elapsed();
    let hint = "whoever writes it has to end before --timeout";
    Failure::new(66, &format!("cannot read {name}: timed out"), hint).of(outcome);
    assert!(
        elapsed >= TIMEOUT && elapsed < TIMEOUT + GRACE,
        "{elapsed:?}"
    );
}

#[test]
fn gives_up_on_a_pipe_that_nobody_writes() {
    let endpoint = Endpoint::http(granted());
    for option in ["--client-secret-file", "--cacert"] {
        let case = Case::new().args(["refresh", "--client-id", CLIENT_ID, "-"]);
        let case = case.args(["--token-endpoint", &endpoint.url(), option, "fifo"]);
        assert_times_out(with_fifo(case, "exec \"$@\""), "fifo");
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn gives_up_on_standard_input_that_never_ends() {
    let endpoint = Endpoint::http(granted());
    // Who opens a pipe for both is a writer that never closes it.
    let endless = "exec \"$@\" <>fifo";
    let document = with_fifo(refresh_at(&endpoint).arg("-"), endless);
    assert_times_out(document, "standard input");
    let secret = refresh(&endpoint).args(["--client-secret-file", "-"]);
    assert_times_out(with_fifo(secret, endless), "standard input");
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn reads_a_pipe_that_somebody_writes() {
    let endpoint = Endpoint::https(granted());
    let secret = refresh(&endpoint).args(["--client-secret-file", "fifo"]);
    let written = "{ printf s3 >fifo & exec \"$@\"; }";
    let outcome = with_fifo(secret, written).run();
    outcome.code(0).stdout("").stderr(summary(&endpoint));
    assert_eq!(endpoint.only_request().param("client_secret"), Some("s3"));
}

#[test]
fn reads_a_ca_file_from_standard_input_by_its_device() {
    let endpoint = Endpoint::https(granted());
    let pem = fs::read(endpoint.ca_path()).unwrap();
    with_file(Case::new(), DOCUMENT)
        .args(["refresh", "--client-id", CLIENT_ID, FILE])
        .args([
            "--token-endpoint",
            &endpoint.url(),
            "--cacert",
            "/dev/stdin",
        ])
        .stdin(pem)
        .run()
        .code(0)
        .stderr(summary(&endpoint))
        .file_is(FILE, REFRESHED);
}

#[test]
fn refuses_a_device_that_never_ends() {
    let endpoint = Endpoint::http(granted());
    for (option, size) in [("--client-secret-file", "64 KiB"), ("--cacert", "16 MiB")] {
        let case = Case::new().args(["refresh", "--client-id", CLIENT_ID, "-"]);
        let case = case.args(["--token-endpoint", &endpoint.url(), option, "/dev/zero"]);
        let why = format!("it is larger than {size}");
        Failure::unreadable("/dev/zero", &why).of(case.run());
    }
}

#[test]
fn refuses_directories() {
    let endpoint = Endpoint::http(granted());
    let calls = [
        (refresh_at(&endpoint).arg("."), "it is a directory"),
        (
            refresh_stdin(DOCUMENT, &endpoint).args(["--client-secret-file", "."]),
            "is a directory",
        ),
        (
            Case::new().args(["refresh", "--client-id", "a", "-", "--cacert", "."]),
            "is a directory",
        ),
    ];
    for (case, why) in calls {
        Failure::unreadable(".", why).of(case.run());
    }
    assert_eq!(endpoint.connections(), 0);
}
