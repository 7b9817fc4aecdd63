//! CA files as people have them: bundles, with remarks, with a broken entry among good ones.
//!
//! A file that lacks the right certificate must not look like an interceptor, so what is wrong
//! with the file itself is said before anything is sent.

use std::fs;

use rcgen::{CertifiedKey, generate_simple_self_signed};

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};
use crate::kit::{FILE, Failure, REFRESHED, granted, host, refresh_url, summary};

/// The name of the CA file.
const CA: &str = "roots.pem";

/// A section that is a certificate by its label alone.
const BROKEN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

/// An endpoint that grants a token.
fn granting() -> Endpoint {
    Endpoint::https(granted())
}

/// The CA of the endpoint, as PEM.
fn right(endpoint: &Endpoint) -> String {
    fs::read_to_string(endpoint.ca_path()).unwrap()
}

/// A certificate that has nothing to do with the endpoint, and its key.
fn unrelated() -> CertifiedKey<rcgen::KeyPair> {
    generate_simple_self_signed(["unrelated.example".to_owned()]).unwrap()
}

/// A refresh that trusts the certificates in this file.
fn trusting(endpoint: &Endpoint, pem: impl AsRef<[u8]>) -> Case {
    let case = refresh_url(&endpoint.url()).file(CA, pem);
    case.args(["--cacert", CA])
}

/// The refresh succeeded and said this before its summary.
#[track_caller]
fn assert_refreshed_with(outcome: Outcome, endpoint: &Endpoint, warnings: &str) {
    outcome
        .code(0)
        .stderr(format!("{warnings}{}", summary(endpoint)))
        .stdout("")
        .file_is(FILE, REFRESHED)
        .files_are([FILE, CA]);
}

#[test]
fn a_bundle_may_hold_many_certificates_and_remarks() {
    let endpoint = granting();
    let others: String = (0..100).map(|_| unrelated().cert.pem()).collect();
    let right = right(&endpoint);
    let bundle = format!("# Roots\n\nSubject: unrelated\n{others}\n# ours:\n{right}trailing");
    assert_refreshed_with(trusting(&endpoint, bundle).run(), &endpoint, "");
}

#[test]
fn line_ends_and_the_encoding_of_remarks_do_not_matter() {
    let endpoint = granting();
    let right = right(&endpoint);
    let variants = [
        right.replace('\n', "\r\n").into_bytes(),
        right.trim_end().into(),
        [b"# caf\xe9\n", right.as_bytes()].concat(),
    ];
    for pem in variants {
        assert_refreshed_with(trusting(&endpoint, pem).run(), &endpoint, "");
    }
}

#[test]
fn keys_and_other_sections_are_passed_over() {
    let endpoint = granting();
    let key = unrelated().signing_key.serialize_pem();
    let other = "-----BEGIN DH PARAMETERS-----\nAAAA\n-----END DH PARAMETERS-----\n";
    let pem = format!("{key}{other}{}", right(&endpoint));
    assert_refreshed_with(trusting(&endpoint, pem).run(), &endpoint, "");
}

#[test]
fn a_broken_entry_is_named_and_the_others_are_used() {
    let endpoint = granting();
    let (right, other) = (right(&endpoint), unrelated().cert.pem());
    let bad_base64 = BROKEN.replace("AAAA", "!!!!");
    let warning =
        |number| format!("sftoken: warning: ignored certificate {number} of {CA}: it is broken\n");
    let rows = [
        (format!("{BROKEN}{right}"), warning(1)),
        (format!("{other}{BROKEN}{right}"), warning(2)),
        (format!("{other}{bad_base64}{right}"), warning(2)),
        (format!("{right}{other}{BROKEN}"), warning(3)),
        (format!("{BROKEN}{right}{BROKEN}"), warning(1) + &warning(3)),
    ];
    for (pem, warnings) in rows {
        assert_refreshed_with(trusting(&endpoint, pem).run(), &endpoint, &warnings);
    }
}

#[test]
fn keys_do_not_count_in_the_number_of_a_broken_entry() {
    let endpoint = granting();
    let key = unrelated().signing_key.serialize_pem();
    let pem = format!("{key}{}{BROKEN}", right(&endpoint));
    let warning = format!("sftoken: warning: ignored certificate 2 of {CA}: it is broken\n");
    assert_refreshed_with(trusting(&endpoint, pem).run(), &endpoint, &warning);
}

/// Expects that [`CA`] is refused, as the option and as the variable name it, before anything is
/// sent.
#[track_caller]
fn assert_refused(case: &Case, endpoint: &Endpoint, failure: impl Fn(&str) -> Failure) {
    let by_option = case.clone().args(["--cacert", CA]);
    failure(CA).of(by_option.run());
    let by_variable = case.clone().env("SSL_CERT_FILE", CA);
    failure(&format!("{CA} (from SSL_CERT_FILE)")).of(by_variable.run());
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let endpoint = granting();
    let key = unrelated().signing_key.serialize_pem();
    let hint = "give a PEM file with lines BEGIN CERTIFICATE and END CERTIFICATE";
    let contents = ["", "\n", "no PEM at all", &key, BROKEN, "\0\u{1}binary"];
    for pem in contents {
        let case = refresh_url(&endpoint.url()).file(CA, pem);
        assert_refused(&case, &endpoint, |name| {
            Failure::new(66, &format!("no certificate in {name}"), hint)
        });
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let endpoint = granting();
    let unreadable = |why| move |name: &str| Failure::unreadable(name, why);
    let case = refresh_url(&endpoint.url());
    assert_refused(&case, &endpoint, unreadable("no such file or directory"));
    assert_refused(
        &case.subdirectory(CA),
        &endpoint,
        unreadable("is a directory"),
    );
}

#[test]
fn only_the_certificates_in_the_file_are_trusted() {
    let endpoint = granting();
    let outcome = trusting(&endpoint, unrelated().cert.pem()).run();
    Failure::untrusted(&host(&endpoint), Failure::UNKNOWN_CA).of(outcome);
    assert!(endpoint.requests().is_empty());
}
