//! When the token may be sent again, and how long to wait before.
//!
//! A rotating refresh token that is sent twice can end the session, so there is another try only
//! where the server cannot have used the first. Most servers here ask for a pause of no time, so
//! that the tests need none either.

use std::time::{Duration, Instant};

use crate::endpoint::{Ending, Endpoint, Gate, Greeting, Reply};
use crate::harness::Outcome;
use crate::kit::{
    DOCUMENT, FILE, Failure, NOBODY, REFRESHED, assert_refreshed, expired, granted, host, refresh,
    refresh_url,
};
use crate::replies::LOG_IN;
use crate::rights::replace_file;

/// The server's wish to be asked again after this many seconds.
fn busy_for(seconds: &str) -> Reply {
    Reply::status(503).header("Retry-After", seconds)
}

#[test]
fn busy_servers_are_asked_until_they_have_an_answer() {
    let endpoint = Endpoint::https([busy_for("0"), busy_for("0"), busy_for("0"), granted()]);
    assert_refreshed(refresh(&endpoint).run(), &host(&endpoint));
    let requests = endpoint.requests();
    let tokens = requests.iter().map(|it| it.param("refresh_token"));
    assert_eq!(tokens.collect::<Vec<_>>(), [Some("5Aep-0"); 4]);
}

#[test]
fn there_are_three_more_tries_by_default_and_as_many_as_asked_for() {
    let rows: [(&[&str], usize); 3] = [
        (&[], 4),
        (&["--retries", "0"], 1),
        (&["--retries", "9"], 10),
    ];
    for (args, tries) in rows {
        let endpoint = Endpoint::http(busy_for("0"));
        let said = "status 503; it asks to wait 0s";
        Failure::busy(&host(&endpoint), said).check(refresh(&endpoint).args(args).run());
        assert_eq!(endpoint.requests().len(), tries);
    }
}

/// The refusal of a refresh token; `more` is what else is known of it.
fn refused(host: &str, more: &str) -> Failure {
    let said = "invalid_grant: expired access/refresh token";
    let message = format!("{host} refused the refresh token: {said}{more}");
    Failure::refresh(77, &message, LOG_IN)
}

#[test]
fn a_token_that_is_refused_after_a_try_that_was_put_off_may_be_used_up_by_that() {
    let processed = Reply::error(
        400,
        "invalid_grant",
        "token request is already being processed",
    );
    for first in [busy_for("0"), processed.header("Retry-After", "0")] {
        let endpoint = Endpoint::http([first, expired(), granted()]);
        let more = "; an earlier try of this run may have used it up";
        refused(&host(&endpoint), more).check(refresh(&endpoint).run());
        assert_eq!(endpoint.requests().len(), 2);
    }
}

#[test]
fn a_token_that_is_refused_after_a_connection_that_broke_is_not_used_up_by_that() {
    let endpoint = Endpoint::builder()
        .greetings([Greeting::Reset, Greeting::Serve])
        .start(expired());
    refused(&host(&endpoint), "").check(refresh(&endpoint).run());
    endpoint.only_request();
}

#[test]
fn other_refusals_after_a_try_that_was_put_off_do_not_speak_of_it() {
    let endpoint = Endpoint::http([busy_for("0"), Reply::error(400, "inactive_user", "why")]);
    let outcome = refresh(&endpoint).run().code(77).file_is(FILE, DOCUMENT);
    assert!(!outcome.stderr_text().contains("earlier try"), "{outcome}");
}

#[test]
fn connections_that_break_before_the_request_are_made_again() {
    let endpoint = Endpoint::builder()
        .greetings([Greeting::Reset, Greeting::Serve])
        .start(granted());
    assert_refreshed(refresh(&endpoint).run(), &host(&endpoint));
    assert_eq!((endpoint.connections(), endpoint.requests().len()), (2, 1));
}

#[test]
fn connections_that_break_every_time_are_reported() {
    let endpoint = Endpoint::builder()
        .greetings([Greeting::Reset])
        .start(granted());
    let outcome = refresh(&endpoint).args(["--retries", "1"]).run();
    Failure::unreachable(&host(&endpoint), "connection reset by peer").check(outcome);
    assert_eq!((endpoint.connections(), endpoint.requests().len()), (2, 0));
}

#[test]
fn refused_connections_are_made_again_after_a_pause() {
    let start = Instant::now();
    let outcome = refresh_url(&format!("https://{NOBODY}"))
        .args(["--retries", "1", "--verbose"])
        .run()
        .code(69)
        .stdout("")
        .file_is(FILE, DOCUMENT);
    let stderr = outcome.stderr_text();
    let refused = format!("cannot reach {NOBODY}: connection refused");
    assert!(
        stderr.contains(&format!("* try 1: {refused}\n* pause: ")),
        "{outcome}"
    );
    assert!(
        stderr.contains(&format!(
            "* try 2: {refused}\nsftoken: cannot refresh {FILE}: {refused}\n"
        )),
        "{outcome}"
    );
    assert!(start.elapsed() >= Duration::from_millis(375), "{outcome}");
}

#[test]
fn a_request_that_went_out_without_a_reply_is_not_sent_again() {
    let rows = [
        (Reply::nothing(Ending::Close), "the connection was closed"),
        (Reply::nothing(Ending::HangUp), "the connection was closed"),
        (Reply::nothing(Ending::Reset), "connection reset by peer"),
    ];
    for (reply, why) in rows {
        let endpoint = Endpoint::https([reply, granted()]);
        Failure::no_reply(&host(&endpoint), why).check(refresh(&endpoint).run());
        endpoint.only_request();
    }
}

#[test]
fn a_connection_that_is_reset_behind_the_handshake_is_not_made_again() {
    let endpoint = Endpoint::builder()
        .greetings([Greeting::ResetAfterHandshake, Greeting::Serve])
        .start(granted());
    let outcome = refresh(&endpoint).run().code(69).file_is(FILE, DOCUMENT);
    assert!(
        outcome
            .stderr_text()
            .starts_with("sftoken: cannot refresh token.json: no reply from"),
        "{outcome}"
    );
    assert_eq!((endpoint.connections(), endpoint.requests().len()), (1, 0));
}

#[test]
fn a_reply_that_breaks_off_is_not_asked_for_again() {
    let endpoint = Endpoint::https([granted().cut(0, Ending::Close), granted()]);
    let expected = Failure::no_reply(&host(&endpoint), "the connection was closed");
    expected.check(refresh(&endpoint).run());
    endpoint.only_request();
}

#[test]
fn a_retry_after_wins_over_the_own_pause() {
    let endpoint = Endpoint::http([busy_for("1"), granted()]);
    let start = Instant::now();
    let outcome = refresh(&endpoint).arg("--verbose").run().code(0);
    assert!(start.elapsed() >= Duration::from_secs(1), "{outcome}");
    assert!(
        outcome.stderr_text().contains("* pause: 1.0s\n"),
        "{outcome}"
    );
}

#[test]
fn a_retry_after_that_is_no_number_of_seconds_does_not_count() {
    for value in [
        "Sun, 22 Nov 2026 00:00:00 GMT",
        "-1",
        "+0",
        "1.5",
        "soon",
        "",
    ] {
        let endpoint = Endpoint::http(busy_for(value));
        let outcome = refresh(&endpoint).args(["--retries", "0"]).run();
        Failure::busy(&host(&endpoint), "status 503").check(outcome);
    }
}

#[test]
fn a_pause_beyond_the_deadline_is_not_begun() {
    let most = "18446744073709551615";
    let more = "18446744073709551616";
    let rows = [
        ("60", "60s"),
        ("3600", "3600s"),
        (most, "18446744073709551615s"),
        (more, "longer than the deadline allows"),
    ];
    for (asked, shown) in rows {
        let endpoint = Endpoint::http(busy_for(asked));
        let said = format!("status 503; it asks to wait {shown}");
        let start = Instant::now();
        Failure::busy(&host(&endpoint), &said).check(refresh(&endpoint).run());
        assert!(start.elapsed() < Duration::from_secs(1));
        endpoint.only_request();
    }
}

#[test]
fn no_step_shows_a_wait_that_was_not_asked_for() {
    let endpoint = Endpoint::http(busy_for("99999999999999999999"));
    let outcome = refresh(&endpoint).arg("-v").run().code(75);
    let said = outcome.stderr_text();
    let last = "\n* no further try: the pause would pass the deadline\n";
    assert!(said.contains(last), "{outcome}");
    assert!(!said.contains("18446744073709551"), "{outcome}");
}

#[test]
fn own_pauses_stay_within_the_deadline() {
    let endpoint = Endpoint::http(Reply::status(503));
    let start = Instant::now();
    let outcome = refresh(&endpoint)
        .args(["--timeout", "1s", "--retries", "99"])
        .run();
    Failure::busy(&host(&endpoint), "status 503").check(outcome);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(endpoint.requests().len(), 2);
}

/// The document of a program that knows nothing of the lock.
fn document_of_another() -> String {
    REFRESHED.replace("5Aep-0", "5Aep-other")
}

/// A refresh whose file is replaced while it waits for `first`; another request brings a token.
fn refresh_meanwhile(document: &str, first: &Reply) -> (Endpoint, Outcome) {
    let gate = Gate::new();
    let endpoint = Endpoint::http([first.clone().after(&gate), granted()]);
    let case = refresh(&endpoint);
    let running = case.spawn();
    endpoint.wait_for_requests(1);
    replace_file(&case.path(FILE), document);
    gate.open();
    (endpoint, running.wait())
}

#[test]
fn a_file_that_another_program_refreshed_is_adopted_and_not_sent_again() {
    for first in [busy_for("0"), expired()] {
        let (endpoint, outcome) = refresh_meanwhile(&document_of_another(), &first);
        outcome
            .code(0)
            .stderr("sftoken: kept token.json: another program refreshed it meanwhile\n")
            .stdout("")
            .file_is(FILE, document_of_another())
            .files_are([FILE]);
        endpoint.only_request();
    }
}

#[test]
fn a_file_of_the_same_refresh_token_is_not_taken_for_a_refreshed_one() {
    let (endpoint, outcome) = refresh_meanwhile(REFRESHED, &expired());
    outcome.code(77).stdout("").file_is(FILE, REFRESHED);
    endpoint.only_request();
}

#[test]
fn a_file_with_another_refresh_token_alone_is_adopted_as_it_is() {
    let another = r#"{"refresh_token":"5Aep-other"}"#;
    let (endpoint, outcome) = refresh_meanwhile(another, &expired());
    outcome.code(0).stdout("").file_is(FILE, another);
    endpoint.only_request();
}

#[test]
fn a_file_that_was_spoilt_meanwhile_is_not_adopted() {
    for spoilt in ["", "{}"] {
        let (endpoint, outcome) = refresh_meanwhile(spoilt, &expired());
        outcome.code(77).stdout("").file_is(FILE, spoilt);
        endpoint.only_request();
    }
}
