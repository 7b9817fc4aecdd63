//! Nothing is sent to an endpoint that does not prove who it is.
//!
//! Each way in which a certificate can be wrong is its own sentence, since "check the CA" and
//! "somebody is listening" call for different people.

use std::fs;

use crate::endpoint::{Certificate, Endpoint};
use crate::harness::{Case, Outcome};
use crate::samples::{
    CLIENT_ID, DOCUMENT, FILE, REFRESHED, granted, refresh_file, summary, with_file,
};

/// What is said of an endpoint that cannot be trusted, and what to do about it.
const UNKNOWN: (&str, &str) = (
    "its certificate is signed by an unknown authority",
    "give your own CA with --cacert, or find out who answers in its place",
);

/// A refresh without trusted roots of its own.
fn refresh(endpoint: &Endpoint) -> Case {
    with_file(Case::new(), DOCUMENT)
        .args(["refresh", FILE, "--client-id", CLIENT_ID])
        .args(["--token-endpoint", &endpoint.url()])
}

/// What is said of an endpoint that is not trusted.
fn not_trusted(endpoint: &Endpoint, (why, hint): (&str, &str)) -> String {
    let host = endpoint.address();
    format!(
        "sftoken: cannot refresh {FILE}: cannot trust {host}: {why}\n\
         hint: nothing was sent; {hint}\n"
    )
}

/// Expects that the endpoint was not trusted, for this reason, and has seen no request.
#[track_caller]
fn assert_not_trusted(outcome: Outcome, endpoint: &Endpoint, why: (&str, &str)) {
    outcome
        .code(68)
        .stdout("")
        .stderr(not_trusted(endpoint, why))
        .file_is(FILE, DOCUMENT)
        .files_are([FILE]);
    assert!(endpoint.requests().is_empty());
}

/// Expects success.
#[track_caller]
fn assert_refreshed(outcome: Outcome, endpoint: &Endpoint) {
    let outcome = outcome.code(0).stdout("").stderr(summary(endpoint));
    outcome.file_is(FILE, REFRESHED);
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
        let outcome = refresh_file(DOCUMENT, &endpoint).run();
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
    let case = refresh(&endpoint).file("ca.pem", ca);
    let by_option = case.clone().args(["--cacert", "ca.pem"]);
    let by_variable = case.env("SSL_CERT_FILE", "ca.pem");
    for (case, roots) in [
        (by_option, "ca.pem"),
        (by_variable, "ca.pem (from SSL_CERT_FILE)"),
    ] {
        let stderr = case.run().code(68).stderr_text();
        let expected = not_trusted(&endpoint, (UNKNOWN.0, &hint(roots)));
        assert_eq!(stderr, expected);
    }
    assert!(endpoint.requests().is_empty());
}

#[test]
fn does_not_trust_a_private_ca_without_being_told_of_it() {
    let endpoint = Endpoint::https(granted());
    assert_not_trusted(refresh(&endpoint).run(), &endpoint, UNKNOWN);
    let empty_variable = refresh(&endpoint).env("SSL_CERT_FILE", "");
    assert_not_trusted(empty_variable.run(), &endpoint, UNKNOWN);
}

#[test]
fn speaks_tls_1_2_and_1_3() {
    for builder in [Endpoint::builder().tls12(), Endpoint::builder().tls13()] {
        let endpoint = builder.start(granted());
        assert_refreshed(refresh_file(DOCUMENT, &endpoint).run(), &endpoint);
    }
}

#[test]
fn checks_names_and_addresses() {
    let endpoint = Endpoint::https(granted());
    let port = endpoint.address().port();
    let outcome = with_file(Case::new(), DOCUMENT)
        .args([
            "refresh",
            FILE,
            "--client-id",
            CLIENT_ID,
            "--token-endpoint",
        ])
        .arg(format!("https://localhost:{port}"))
        .env("SSL_CERT_FILE", endpoint.ca_path())
        .run();
    let said = format!("sftoken: refreshed token.json at localhost:{port}\n");
    outcome.code(0).stdout("").stderr(said);
    let endpoint = Endpoint::builder().ipv6().start(granted());
    assert_refreshed(refresh_file(DOCUMENT, &endpoint).run(), &endpoint);
}

#[test]
fn takes_the_ca_from_option_then_environment() {
    let endpoint = Endpoint::https(granted());
    let ca = endpoint.ca_path();
    let by_variable = refresh(&endpoint).env("SSL_CERT_FILE", &ca);
    assert_refreshed(by_variable.run(), &endpoint);
    let by_option = refresh(&endpoint).args(["--cacert".as_ref(), ca.as_os_str()]);
    assert_refreshed(
        by_option.env("SSL_CERT_FILE", "missing.pem").run(),
        &endpoint,
    );
}

#[test]
fn refuses_a_ca_file_that_is_missing_or_holds_no_certificate() {
    let endpoint = Endpoint::https(granted());
    let pem = fs::read_to_string(endpoint.ca_path()).unwrap();
    let key = pem.replace("CERTIFICATE", "PRIVATE KEY");
    let check = "check the path and its permissions";
    let give = "give a PEM file with lines BEGIN CERTIFICATE and END CERTIFICATE";
    let files = [
        (
            "none.pem",
            "cannot read none.pem{}: no such file or directory",
            check,
        ),
        (".", "cannot read .{}: is a directory", check),
        ("empty.pem", "no certificate in empty.pem{}", give),
        ("text.pem", "no certificate in text.pem{}", give),
        ("key.pem", "no certificate in key.pem{}", give),
    ];
    for (file, message, hint) in files {
        let case = refresh(&endpoint)
            .file("empty.pem", "")
            .file("text.pem", "no PEM\n")
            .file("key.pem", &key);
        let said = |origin| {
            let message = message.replace("{}", origin);
            format!("sftoken: {message}\nhint: {hint}\n")
        };
        let by_option = case.clone().args(["--cacert", file]).run();
        by_option.code(66).stdout("").stderr(said(""));
        let by_variable = case.env("SSL_CERT_FILE", file).run();
        let origin = " (from SSL_CERT_FILE)";
        by_variable.code(66).stdout("").stderr(said(origin));
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn uses_the_good_certificates_of_a_bundle_and_names_the_broken_ones() {
    let endpoint = Endpoint::https(granted());
    let good = fs::read_to_string(endpoint.ca_path()).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nbm90IERFUg==\n-----END CERTIFICATE-----\n";
    let key = good.replace("CERTIFICATE", "PRIVATE KEY");
    refresh(&endpoint)
        .file("bundle.pem", format!("# a comment\n{key}{broken}{good}"))
        .args(["--cacert", "bundle.pem"])
        .run()
        .code(0)
        .stderr(format!(
            "sftoken: warning: ignored certificate 1 of bundle.pem: it is broken\n{}",
            summary(&endpoint)
        ));
}

#[test]
fn does_not_fall_back_to_plain_http() {
    let endpoint = Endpoint::http(granted());
    let url = endpoint.url().replace("http://", "https://");
    let outcome = with_file(Case::new(), DOCUMENT)
        .args([
            "refresh",
            FILE,
            "--client-id",
            CLIENT_ID,
            "--token-endpoint",
            &url,
        ])
        .run();
    outcome
        .code(76)
        .stdout("")
        .file_is(FILE, DOCUMENT)
        .files_are([FILE]);
    assert!(endpoint.requests().is_empty());
}
