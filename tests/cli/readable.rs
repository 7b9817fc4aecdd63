//! What was saved can be read again: no reply makes a document that the next run refuses, and no
//! document loses what it holds.

use std::fs;

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Outcome;
use crate::kit::{
    DOCUMENT, FILE, Failure, document, granted, refresh_again, refresh_file, refresh_stdin, summary,
};
use crate::rights::{only_file_in, with_tmp};

/// The largest document there may be.
const MAX_LEN: usize = 1024 * 1024;

/// The name that `serde_json` keeps for itself.
const RESERVED: &str = "$serde_json::private::Number";

/// A success that rotates, with one more member.
fn rotated_with(member: &str) -> Reply {
    let tokens = r#""access_token":"00D!access-1","refresh_token":"5Aep-1""#;
    Reply::json(200, format!("{{{member},{tokens}}}"))
}

/// Refreshes once more what a run saved.
#[track_caller]
fn assert_readable(outcome: &Outcome) {
    let endpoint = Endpoint::http(granted());
    let again = refresh_again(outcome, &endpoint).run().code(0);
    again.stderr(summary(&endpoint));
}

#[test]
fn a_reply_that_does_not_fit_leaves_its_tokens_in_the_document_and_all_of_it_elsewhere() {
    let long = "x".repeat(MAX_LEN - 80);
    let wide = vec!["[]"; MAX_LEN / 8].join(",");
    for member in [
        format!(r#""a":"{long}""#),
        format!(r#""a":[[[[[[[{wide}]]]]]]]"#),
        format!(r#""a":{{"b":1,"{RESERVED}":"1"}}"#),
    ] {
        let endpoint = Endpoint::http(rotated_with(&member));
        let outcome = with_tmp(refresh_file(DOCUMENT, &endpoint)).run();
        let kept = only_file_in(&outcome.path("tmp"));
        let shown = kept.display();
        let outcome = outcome.code(0).stderr(format!(
            "sftoken: warning: the reply does not fit into the document; \
             its tokens were taken over, all of it is in {shown}\n\
             sftoken: refreshed {FILE} at {}, refresh token rotated\n",
            endpoint.address()
        ));
        let kept = String::from_utf8(fs::read(&kept).unwrap()).unwrap();
        assert!(kept.contains(&member), "{}", &kept[..80]);
        assert_readable(&outcome.file_is(FILE, document(1)));
    }
}

#[test]
fn the_deepest_reply_that_can_be_read_is_saved_and_can_be_read_again() {
    let (open, close) = ("[".repeat(126), "]".repeat(126));
    let endpoint = Endpoint::http(rotated_with(&format!(r#""a":{open}1{close}"#)));
    let outcome = refresh_file(DOCUMENT, &endpoint).run().code(0);
    assert!(outcome.read(FILE).ends_with(b"\n  ]\n}\n"));
    assert_readable(&outcome);
}

#[test]
fn a_document_that_is_full_takes_over_no_more_than_fits() {
    let padding = MAX_LEN - DOCUMENT.len() - ",\n  \"x\": \"\"".len();
    let padded = |document: &str| {
        let member = format!(",\n  \"x\": \"{}\"\n}}", "x".repeat(padding));
        document.replace("\n}", &member)
    };
    let endpoint = Endpoint::http(rotated_with(r#""more":1"#));
    let outcome = with_tmp(refresh_file(padded(DOCUMENT), &endpoint)).run();
    assert_readable(&outcome.code(0).file_is(FILE, padded(&document(1))));

    let reply = r#"{"access_token":"00D!access-1","refresh_token":"5Aep-longer"}"#;
    let endpoint = Endpoint::http(Reply::json(200, reply));
    let outcome = with_tmp(refresh_file(padded(DOCUMENT), &endpoint)).run();
    let kept = only_file_in(&outcome.path("tmp"));
    let message = format!(
        "the reply does not fit into the document, not even its refresh token; all of it is in {}",
        kept.display()
    );
    let hint = "make room in the document, and put that refresh token into it";
    let outcome = Failure::new(74, &message, hint).of(outcome);
    assert_eq!(fs::read(kept).unwrap(), reply.as_bytes());
    assert_readable(&outcome.file_is(FILE, padded(DOCUMENT)));
}

#[test]
fn a_name_that_cannot_be_kept_is_refused_however_it_is_spelled() {
    let endpoint = Endpoint::http(granted());
    let escaped = RESERVED.replace('r', r"\u0072").replace('N', r"\u004E");
    for name in [RESERVED, r"$\u0073erde_json::private::Number", &escaped] {
        for content in [
            format!(r#"{{"refresh_token":"r","{name}":"1"}}"#),
            format!(r#"{{"refresh_token":"r","a":[{{"{name}" : "1"}}]}}"#),
            format!(r#"{{"refresh_token":"r","a":{{"{name}":"no number"}}}}"#),
        ] {
            let message = format!("cannot use {FILE}: it has a member that cannot be kept");
            let hint = "give the JSON document of a Salesforce login";
            let outcome = refresh_file(&content, &endpoint).run();
            Failure::new(65, &message, hint)
                .of(outcome)
                .file_is(FILE, content);
        }
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn the_same_text_as_a_value_and_its_likes_as_names_are_kept() {
    let endpoint = Endpoint::http(granted());
    let before = format!(
        r#"{{
  "access_token": "00D!access-1",
  "refresh_token": "r",
  "{RESERVED}x": "{RESERVED}",
  "b": {{
    "$serde_json::private::RawValue": "1"
  }}
}}
"#
    );
    let outcome = refresh_file(&before, &endpoint).run();
    outcome.code(0).file_is(FILE, &before);
}

#[test]
fn indentation_cannot_multiply_a_document() {
    let endpoint = Endpoint::http(granted());
    let wide = " ".repeat(100_000);
    let before = format!("{{\n{wide}\"refresh_token\": \"r\", \"a\": [[[[1, 2, 3]]]]}}");
    let after = r#"{
  "refresh_token": "r",
  "a": [
    [
      [
        [
          1,
          2,
          3
        ]
      ]
    ]
  ],
  "access_token": "00D!access-1"
}
"#;
    refresh_file(before, &endpoint)
        .run()
        .code(0)
        .file_is(FILE, after);
}

#[test]
fn a_document_that_indenting_makes_too_large_is_refused_before_anything_is_sent() {
    let endpoint = Endpoint::http(granted());
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let numbers = |count| vec!["1"; count].join(",");
    for array in [
        format!("{open}{}{close}", numbers(MAX_LEN / 4)),
        format!("[{}]", numbers(MAX_LEN / 6)),
    ] {
        let content = format!(r#"{{"refresh_token":"r","a":{array}}}"#);
        let failure = |name| {
            let why = "it would be larger than 1 MiB once it is indented";
            let hint = "give the JSON document of a Salesforce login";
            Failure::new(65, &format!("cannot use {name}: {why}"), hint)
        };
        let outcome = refresh_file(&content, &endpoint).run();
        failure(FILE).of(outcome).file_is(FILE, &content);
        failure("standard input").of(refresh_stdin(content, &endpoint).run());
    }
    assert_eq!(endpoint.connections(), 0);
}
