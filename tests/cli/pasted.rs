//! White space around ids, secrets and tokens: a pasted newline is the commonest fault of CI secrets,
//! and none of it is sent.

use crate::endpoint::Endpoint;
use crate::harness::Case;
use crate::kit::{FILE, Failure, granted, refresh_file, reply, summary, with_file};

/// A document with white space around everything that people paste.
const PASTED: &str = r#"{
  "refresh_token": "5Aep\n",
  "client_id": "\t the-client\r\n",
  "client_secret": " s 3\t\n"
}
"#;

/// `sftoken refresh FILE` with an endpoint and nothing else.
fn refresh(document: &str, endpoint: &Endpoint) -> Case {
    with_file(Case::new(), document)
        .args(["refresh", FILE])
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
}

#[test]
fn members_are_sent_without_it_and_stay_as_their_owner_has_them() {
    let endpoint = Endpoint::http(granted());
    let after = PASTED.replace("\n}", ",\n  \"access_token\": \"00D!access-1\"\n}");
    let outcome = refresh(PASTED, &endpoint).run().code(0);
    outcome.file_is(FILE, after);
    let sent = "grant_type=refresh_token&client_id=the-client&client_secret=s+3&refresh_token=5Aep";
    assert_eq!(endpoint.only_request().body, sent.as_bytes());
}

#[test]
fn an_endpoint_is_taken_without_it() {
    let endpoint = Endpoint::http(granted());
    let pasted = format!(" \t{}\r\n", endpoint.url());
    let document = r#"{"refresh_token":"r","client_id":"c"}"#;
    let case = || with_file(Case::new(), document).args(["refresh", FILE]);
    let outcome = case().env("SFTOKEN_TOKEN_ENDPOINT", &pasted).run();
    outcome.code(0).stderr(summary(&endpoint));
    let outcome = case().args(["--token-endpoint", &pasted]).run();
    outcome.code(0).stderr(summary(&endpoint));
    assert_eq!(endpoint.connections(), 2);
}

#[test]
fn a_rotated_token_takes_the_place_of_a_pasted_one() {
    let endpoint = Endpoint::http(reply(1));
    let outcome = refresh(PASTED, &endpoint).run().code(0);
    let after = PASTED.replace(r"5Aep\n", "5Aep-1");
    let after = after.replace("\n}", ",\n  \"access_token\": \"00D!access-1\"\n}");
    outcome.file_is(FILE, after);
}

#[test]
fn a_value_of_white_space_alone_is_none() {
    let endpoint = Endpoint::http(granted());
    let document = r#"{"refresh_token":"r","client_secret":" \n"}"#;
    refresh_file(document, &endpoint).run().code(0);
    assert_eq!(endpoint.only_request().param("client_secret"), None);
    let document = r#"{"refresh_token":"r","client_id":" \n"}"#;
    let hint = "give --client-id or SFTOKEN_CLIENT_ID: \
                the consumer key of the app that logged in";
    let message = format!("no client id for {FILE}");
    Failure::new(64, &message, hint).of(refresh(document, &endpoint).run());
}

#[test]
fn what_has_control_characters_inside_is_refused_before_anything_is_sent() {
    let endpoint = Endpoint::http(granted());
    let documents = [
        (
            r#"{"refresh_token":"5Aep\n861","client_id":"c"}"#,
            "refresh_token",
        ),
        (
            r#"{"refresh_token":"r","client_id":"a\u0000b"}"#,
            "client_id",
        ),
        (
            r#"{"refresh_token":"r","client_id":"c","client_secret":"a\r\nb"}"#,
            "client_secret",
        ),
        (
            r#"{"refresh_token":"r","client_id":"a\u200bb"}"#,
            "client_id",
        ),
    ];
    for (document, member) in documents {
        let message = format!(
            "cannot use {FILE}: its {member} is unusable: \
             it has control characters or invisible ones"
        );
        let hint = "give the value alone, without a line break in it";
        let outcome = refresh(document, &endpoint).run();
        Failure::new(65, &message, hint)
            .of(outcome)
            .file_is(FILE, document);
    }
    assert_eq!(endpoint.connections(), 0);
}
