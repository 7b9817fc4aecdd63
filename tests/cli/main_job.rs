//! The main job from end to end: a real token document, the request it leads to, and the document
//! that is there afterwards.
//!
//! Everything is compared to the last byte, over TLS and without it, since this is what the program
//! is for; the other files look at one rule each.

use crate::endpoint::{Endpoint, Reply, Request, Rotating};
use crate::harness::Outcome;
use crate::kit::{CLIENT_ID, refresh_at};

/// Where the document is.
const FILE: &str = "_salesforce.json";

/// A document as Salesforce's reply to a login leaves it behind.
const BEFORE: &str = r#"{
  "access_token": "00D41000....uLZBpT6",
  "refresh_token": "5Aep....25xdGgkrV",
  "signature": "cjTbSc5DvcKpaMoRTzuQTJLb1tcMw8LEO01flq4aMD4=",
  "scope": "refresh_token id",
  "instance_url": "https://d41000000f8a0eak-dev-ed.my.salesforce.com",
  "id": "https://login.salesforce.com/id/00D41000000F8A0EAK/005410000....xAAE",
  "token_type": "Bearer",
  "issued_at": "1738348388166"
}
"#;

/// What Salesforce answers to it: other values in another order, and a member more.
const REPLY: &str = concat!(
    r#"{"access_token":"00D41000....n3wT0k","#,
    r#""signature":"bmV3IHNpZ25hdHVyZSBvZiB0aGUgZW5kcG9pbnQ=","#,
    r#""issued_at":"1738355588166","#,
    r#""instance_url":"https://d41000000f8a0eak-dev-ed.my.salesforce.com","#,
    r#""id":"https://login.salesforce.com/id/00D41000000F8A0EAK/005410000....xAAE","#,
    r#""token_type":"Bearer","#,
    r#""scope":"refresh_token id","#,
    r#""api_instance_url":"https://api.salesforce.com"}"#,
);

/// The document with that reply in it.
const AFTER: &str = r#"{
  "access_token": "00D41000....n3wT0k",
  "refresh_token": "5Aep....25xdGgkrV",
  "signature": "bmV3IHNpZ25hdHVyZSBvZiB0aGUgZW5kcG9pbnQ=",
  "scope": "refresh_token id",
  "instance_url": "https://d41000000f8a0eak-dev-ed.my.salesforce.com",
  "id": "https://login.salesforce.com/id/00D41000000F8A0EAK/005410000....xAAE",
  "token_type": "Bearer",
  "issued_at": "1738355588166",
  "api_instance_url": "https://api.salesforce.com"
}
"#;

/// Refreshes the document at the endpoint.
fn refresh_real(endpoint: &Endpoint) -> Outcome {
    let case = refresh_at(endpoint).arg(FILE);
    case.file(FILE, BEFORE).mode(FILE, 0o600).run()
}

/// What a successful run leaves behind.
fn assert_refreshed(outcome: Outcome, endpoint: &Endpoint) {
    let host = endpoint.address();
    outcome
        .code(0)
        .stdout("")
        .stderr(format!("sftoken: refreshed {FILE} at {host}\n"))
        .file_is(FILE, AFTER)
        .mode_is(FILE, 0o600)
        .files_are([FILE]);
}

/// The request, with its headers sorted: their order means nothing.
fn sorted(mut request: Request) -> (String, Vec<(String, String)>, String) {
    request.headers.sort();
    let body = String::from_utf8(request.body).unwrap();
    (request.line, request.headers, body)
}

#[test]
fn refreshes_a_token_file_over_tls() {
    let endpoint = Endpoint::https(Reply::json(200, REPLY));
    assert_refreshed(refresh_real(&endpoint), &endpoint);
    assert_eq!((endpoint.requests().len(), endpoint.connections()), (1, 1));
}

#[test]
fn refreshes_a_token_file_over_plain_http_on_this_machine() {
    let endpoint = Endpoint::http(Reply::json(200, REPLY));
    assert_refreshed(refresh_real(&endpoint), &endpoint);
    assert_eq!((endpoint.requests().len(), endpoint.connections()), (1, 1));
}

#[test]
fn sends_the_documented_request_and_nothing_else() {
    let endpoint = Endpoint::https(Reply::json(200, REPLY));
    refresh_real(&endpoint).code(0);
    let body =
        format!("grant_type=refresh_token&client_id={CLIENT_ID}&refresh_token=5Aep....25xdGgkrV");
    let headers = [
        ("accept", "application/json"),
        ("content-length", &body.len().to_string()),
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", &endpoint.address().to_string()),
        ("user-agent", concat!("sftoken/", env!("CARGO_PKG_VERSION"))),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let line = "POST /services/oauth2/token HTTP/1.1".to_owned();
    let expected = (line, headers.to_vec(), body);
    assert_eq!(sorted(endpoint.only_request()), expected);
}

#[test]
fn sends_the_client_secret_of_a_confidential_client_before_the_refresh_token() {
    let endpoint = Endpoint::https(Reply::json(200, REPLY));
    refresh_at(&endpoint)
        .file(FILE, BEFORE)
        .env("SFTOKEN_CLIENT_SECRET", "s3cret")
        .arg(FILE)
        .run()
        .code(0);
    let form = endpoint.only_request().form;
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["grant_type", "client_id", "client_secret", "refresh_token"];
    assert_eq!(names, expected);
}

#[test]
fn saves_a_rotated_refresh_token() {
    let endpoint = Endpoint::https(Reply::rotated_token("00D!new", "5Aep-new"));
    let outcome = refresh_real(&endpoint);
    let saved = String::from_utf8(outcome.read(FILE)).unwrap();
    let start = "{\n  \"access_token\": \"00D!new\",\n  \"refresh_token\": \"5Aep-new\",\n";
    assert!(saved.starts_with(start), "{saved}");
    let host = endpoint.address();
    outcome.code(0).stdout("").stderr(format!(
        "sftoken: refreshed {FILE} at {host}, refresh token rotated\n"
    ));
}

#[test]
fn a_second_run_goes_on_where_the_first_ended() {
    let endpoint = Endpoint::https(Rotating::new("5Aep....25xdGgkrV"));
    let first = refresh_real(&endpoint).code(0);
    first
        .again()
        .args(["refresh", "--client-id", CLIENT_ID, FILE])
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
        .env("SSL_CERT_FILE", endpoint.ca_path())
        .run()
        .code(0)
        .files_are([FILE]);
    let requests = endpoint.requests();
    let sent = requests.iter().map(|it| it.param("refresh_token"));
    let expected = [Some("5Aep....25xdGgkrV"), Some("5Aep-1")];
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}
