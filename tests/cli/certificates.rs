//! Nothing is sent to an endpoint that does not prove who it is.
//!
//! Each way in which a certificate can be wrong is its own sentence, since "check the CA" and
//! "somebody is listening" call for different people.

use std::fs;

use crate::endpoint::{Certificate, Endpoint};
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
    let name = "its certificate is for another name";
    let own_name = "check the token endpoint, or find out who answers in its place";
    let clock = "check the clock of this machine, else tell whoever runs that host";
    let tell = "tell whoever runs that host, or find out who answers in its place";
    let rows = [
        (Certificate::WrongName, name, own_name),
        (Certificate::MisleadingName, name, own_name),
        (Certificate::Expired, "its certificate has expired", clock),
        (
            Certificate::NotYetValid,
            "its certificate is not valid yet",
            clock,
        ),
        (
            Certificate::WrongUsage,
            "its certificate is not for servers",
            tell,
        ),
        (
            Certificate::OfCa,
            "its certificate is that of a CA, not of a server",
            "make a certificate for that host that is not a CA (basicConstraints CA:FALSE)",
        ),
        (
            Certificate::Forged,
            "a signature is wrong, or made with a key that is too short (RSA under 2048 bits)",
            tell,
        ),
        (
            Certificate::Constrained,
            "its CA may not sign for that name",
            tell,
        ),
        (
            Certificate::SignedByLeaf,
            "its certificate is signed by one that is no CA",
            tell,
        ),
    ];
    for (certificate, why, hint) in rows {
        let builder = Endpoint::builder().certificate(certificate);
        let endpoint = builder.start(granted());
        let outcome = refresh(&endpoint).run();
        assert_not_trusted(outcome, &endpoint, (why, hint));
        assert_eq!(endpoint.connections(), 1, "it is not tried again");
    }
}

#[test]
fn names_the_roots_in_force_when_they_lack_the_authority() {
    let builder = Endpoint::builder().certificate(Certificate::UnknownIssuer);
    let endpoint = builder.start(granted());
    let hint = |roots: &str| {
        format!(
            "only the certificates in {roots} are trusted: check that the CA of that host is \
             among them, or find out who answers in its place"
        )
    };
    let ca = fs::read(endpoint.ca_path()).unwrap();
    let case = without_ca(&endpoint).file("ca.pem", ca);
    let by_option = case.clone().args(["--cacert", "ca.pem"]);
    let by_variable = case.env("SSL_CERT_FILE", "ca.pem");
    for (case, roots) in [
        (by_option, "ca.pem"),
        (by_variable, "ca.pem (from SSL_CERT_FILE)"),
    ] {
        let why = (Failure::UNKNOWN_CA.0, &*hint(roots));
        Failure::untrusted(&host(&endpoint), why).of(case.run());
    }
    assert!(endpoint.requests().is_empty());
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
