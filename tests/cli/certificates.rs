//! Nothing is sent to an endpoint that does not prove who it is.
//!
//! Each way in which a certificate can be wrong is its own sentence, since "check the CA" and
//! "somebody is listening" call for different people.

use crate::endpoint::{Certificate, Endpoint, Greeting};
use crate::harness::{Case, Outcome};
use crate::kit::{DOCUMENT, FILE, Failure, assert_refreshed, granted, host, refresh, refresh_url};

/// A refresh without trusted roots of its own.
fn without_ca(endpoint: &Endpoint) -> Case {
    refresh_url(&endpoint.url())
}

/// Expects that the endpoint was not trusted, for this reason, and has seen no request.
#[track_caller]
fn assert_not_trusted(outcome: Outcome, endpoint: &Endpoint, why: (&str, &str)) {
    Failure::untrusted(&host(endpoint), why).check(outcome);
    assert!(endpoint.requests().is_empty());
}

#[test]
fn does_not_trust_a_certificate_that_is_wrong_in_any_one_way() {
    let wrong_name = (
        "its certificate is for another name",
        "check the token endpoint, or find out who answers in its place",
    );
    let expired = (
        "its certificate has expired",
        "check the clock of this machine, else tell whoever runs that host",
    );
    let certificates = [
        (Certificate::UnknownIssuer, Failure::UNKNOWN_CA),
        (Certificate::WrongName, wrong_name),
        (Certificate::Expired, expired),
    ];
    for (certificate, why) in certificates {
        let builder = Endpoint::builder().certificate(certificate);
        let endpoint = builder.start(granted());
        let outcome = refresh(&endpoint).run();
        assert_not_trusted(outcome, &endpoint, why);
        assert_eq!(endpoint.connections(), 1, "it is not tried again");
    }
}

#[test]
fn does_not_trust_a_private_ca_without_being_told_of_it() {
    let endpoint = Endpoint::https(granted());
    assert_not_trusted(without_ca(&endpoint).run(), &endpoint, Failure::UNKNOWN_CA);
    let empty_variable = without_ca(&endpoint).env("SSL_CERT_FILE", "");
    assert_not_trusted(empty_variable.run(), &endpoint, Failure::UNKNOWN_CA);
}

#[test]
fn speaks_tls_1_2_and_1_3() {
    for builder in [Endpoint::builder().tls12(), Endpoint::builder().tls13()] {
        let endpoint = builder.start(granted());
        assert_refreshed(refresh(&endpoint).run(), &host(&endpoint));
    }
}

#[test]
fn takes_the_ca_from_option_then_environment() {
    let endpoint = Endpoint::https(granted());
    let ca = endpoint.ca_path();
    let by_variable = without_ca(&endpoint).env("SSL_CERT_FILE", &ca);
    assert_refreshed(by_variable.run(), &host(&endpoint));
    let by_option = without_ca(&endpoint).args(["--cacert".as_ref(), ca.as_os_str()]);
    assert_refreshed(
        by_option.env("SSL_CERT_FILE", "missing.pem").run(),
        &host(&endpoint),
    );
}

#[test]
fn calls_a_server_that_does_not_speak_tls_by_that_name() {
    let greeting = Greeting::Say(b"SSH-2.0-none\r\n");
    let endpoint = Endpoint::builder().greetings([greeting]).start(granted());
    let host = endpoint.address();
    let outcome = refresh(&endpoint).run();
    let said = outcome.stderr_text();
    assert!(
        said.starts_with(&format!(
            "sftoken: cannot refresh token.json: {host} does not speak TLS: "
        )),
        "{said}"
    );
    outcome
        .code(76)
        .stdout("")
        .file_is(FILE, DOCUMENT)
        .files_are([FILE]);
    assert_eq!(endpoint.connections(), 1, "it is not tried again");
}

#[test]
fn does_not_fall_back_to_plain_http() {
    let endpoint = Endpoint::http(granted());
    let url = endpoint.url().replace("http://", "https://");
    let outcome = refresh_url(&url).run();
    outcome
        .code(76)
        .stdout("")
        .file_is(FILE, DOCUMENT)
        .files_are([FILE]);
    assert!(endpoint.requests().is_empty());
}
