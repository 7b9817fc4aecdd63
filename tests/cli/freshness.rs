//! `--max-age`: a token that is young enough is used as it is, any other is refreshed.
//!
//! Scripts call the program before each use of a token, so a token taken for fresh by mistake breaks
//! them, and one taken for stale costs a login of the few that an hour allows. The edges are tried
//! with ten seconds to spare on the side that the passing of time would cross.

use std::fmt::Display;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};
use crate::kit::{FILE, Failure, granted, refresh_file, summary, with_file};

/// An hour, the maximum age of most tests.
const HOUR: i64 = 3600;

/// More than a run takes.
const SPARE: i64 = 10;

/// The time so many seconds ago, in milliseconds since 1970.
fn milliseconds_ago(seconds: i64) -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since_1970.as_millis()).unwrap() - seconds * 1000
}

/// The same in seconds.
fn seconds_ago(seconds: i64) -> i64 {
    milliseconds_ago(seconds) / 1000
}

/// A document whose `issued_at` is this JSON.
fn issued_at(json: impl Display) -> String {
    format!(r#"{{"issued_at":{json},"access_token":"00D!access-0","refresh_token":"r"}}"#)
}

/// Runs with `--max-age`, prints the token and tells whether that is the old one.
#[track_caller]
fn is_kept(document: &str, max_age: &str) -> bool {
    let endpoint = Endpoint::http(granted());
    let case = refresh_file(document, &endpoint);
    let outcome = case.args(["--max-age", max_age, "--print", "token"]).run();
    if endpoint.connections() == 0 {
        outcome
            .code(0)
            .stdout("00D!access-0\n")
            .file_is(FILE, document);
        return true;
    }
    let stderr = summary(&endpoint);
    outcome.code(0).stdout("00D!access-1\n").stderr(stderr);
    false
}

/// `sftoken refresh --max-age 1h FILE` without client or endpoint.
fn keep(document: &str) -> Case {
    let case = with_file(Case::new(), document);
    case.args(["refresh", "--max-age", "1h", FILE])
}

#[test]
fn keeps_a_token_up_to_its_maximum_age_whatever_the_form_of_its_time() {
    let forms = [
        |age| milliseconds_ago(age).to_string(),
        |age| format!("\"{}\"", milliseconds_ago(age)),
        |age| seconds_ago(age).to_string(),
        |age| format!("\"{}\"", seconds_ago(age)),
    ];
    for form in forms {
        assert!(is_kept(&issued_at(form(HOUR - SPARE)), "1h"));
        assert!(!is_kept(&issued_at(form(HOUR)), "1h"));
        assert!(is_kept(&issued_at(form(0)), "1h"));
    }
}

#[test]
fn reads_every_unit_of_a_duration() {
    let units = [("", 1), ("s", 1), ("m", 60), ("h", HOUR), ("d", 24 * HOUR)];
    for (unit, seconds) in units {
        let document = issued_at(milliseconds_ago(20 * seconds + SPARE));
        assert!(is_kept(&document, &format!("40{unit}")), "{unit}");
        assert!(!is_kept(&document, &format!("20{unit}")), "{unit}");
    }
}

#[test]
fn never_keeps_a_token_for_a_maximum_age_of_zero() {
    assert!(!is_kept(&issued_at(milliseconds_ago(0)), "0"));
}

#[test]
fn takes_a_time_a_little_ahead_for_a_clock_that_is_slow() {
    let five_minutes = 5 * 60;
    assert!(is_kept(&issued_at(milliseconds_ago(-five_minutes)), "1s"));
    assert!(!is_kept(
        &issued_at(milliseconds_ago(-five_minutes - SPARE)),
        "1h"
    ));
    assert!(!is_kept(
        &issued_at(milliseconds_ago(-365 * 24 * HOUR)),
        "1h"
    ));
}

#[test]
fn tells_seconds_from_milliseconds_by_their_size() {
    let century = "36525d";
    assert!(
        is_kept(&issued_at("100000000000"), century),
        "1973 in milliseconds"
    );
    assert!(
        !is_kept(&issued_at("99999999999"), century),
        "5138 in seconds"
    );
    assert!(!is_kept(&issued_at("18446744073709551615"), century));
}

#[test]
fn refreshes_a_token_of_unknown_age() {
    let times = [
        "null",
        "true",
        "\"\"",
        "\"soon\"",
        "[1738348388166]",
        "{}",
        "-1",
        "1738348388.5",
        "1e12",
        "\"2026-01-01T00:00:00Z\"",
        "\" 1738348388166\"",
        "\"+1738348388166\"",
        "184467440737095516160",
    ];
    for time in times {
        assert!(!is_kept(&issued_at(time), "36525d"), "{time}");
    }
    let without_time = r#"{"access_token":"00D!access-0","refresh_token":"r"}"#;
    assert!(!is_kept(without_time, "36525d"));
}

#[test]
fn refreshes_a_document_without_a_usable_access_token() {
    for token in [
        "",
        r#""access_token":"","#,
        r#""access_token":null,"#,
        r#""access_token":"a b","#,
    ] {
        let now = milliseconds_ago(0);
        let document = format!(r#"{{{token}"issued_at":{now},"refresh_token":"r"}}"#);
        assert!(!is_kept(&document, "1h"), "{document}");
    }
}

#[test]
fn needs_neither_client_nor_endpoint_for_a_token_that_is_kept() {
    keep(&issued_at(milliseconds_ago(HOUR - SPARE)))
        .run()
        .code(0)
        .stdout("")
        .stderr("sftoken: kept token.json: its token is 59m old\n")
        .files_are([FILE]);
}

#[test]
fn says_the_age_in_a_unit_that_fits() {
    let ages = [
        (-60, "0s"),
        (150, "2m"),
        (2 * HOUR + SPARE, "2h"),
        (3 * 24 * HOUR + SPARE, "3d"),
    ];
    for (age, said) in ages {
        with_file(Case::new(), issued_at(milliseconds_ago(age)))
            .args(["refresh", "--max-age", "9d", FILE])
            .run()
            .code(0)
            .stdout("")
            .stderr(format!(
                "sftoken: kept token.json: its token is {said} old\n"
            ));
    }
}

#[test]
fn prints_a_token_that_is_kept_but_not_in_a_dry_run() {
    let document = issued_at(milliseconds_ago(0));
    let prints = |outcome: Outcome, stdout: &str| {
        outcome
            .code(0)
            .stdout(stdout)
            .stderr("")
            .file_is(FILE, &document);
    };
    let case = keep(&document).args(["-q", "--print", "header"]);
    prints(case.run(), "Authorization: Bearer 00D!access-0\n");
    prints(case.arg("--dry-run").run(), "");
}

#[test]
fn passes_a_document_with_a_fresh_token_from_standard_input_on() {
    let now = milliseconds_ago(0);
    let document = format!(r#"{{"refresh_token":"r","issued_at":"{now}","access_token":"a"}}"#);
    let rendered = format!(
        "{{\n  \"refresh_token\": \"r\",\n  \"issued_at\": \"{now}\",\n  \"access_token\": \"a\"\n}}\n"
    );
    Case::new()
        .args(["refresh", "--max-age", "1h", "-q", "-"])
        .stdin(document)
        .run()
        .code(0)
        .stdout(rendered)
        .stderr("");
}

#[test]
fn refuses_a_file_without_a_refresh_token_however_fresh_it_is() {
    let now = milliseconds_ago(0);
    let case = keep(&format!(r#"{{"issued_at":{now},"access_token":"a"}}"#));
    Failure::no_refresh_token(FILE, "it has no refresh_token").of(case.run());
}
