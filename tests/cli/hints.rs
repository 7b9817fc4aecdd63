//! Hints that find the cause of a refusal.
//!
//! The commonest cause of a refusal is the wrong host, then a second copy of a rotated token. So
//! the hints name what decided the host, where the caller did not. A proxy leads any host to an
//! endpoint here.

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Case;
use crate::kit::{
    CLIENT_ID, FILE, Failure, NOBODY, expired, host, proxy_to, refresh_by_proxy, with_file,
};
use crate::replies::{CHECK, LOG_IN, code, said};

/// Where the default is the wrong host.
const DEFAULT: &str = "the host is the default: a sandbox needs \
                       --token-endpoint https://test.salesforce.com or, as every org may, its My Domain";

/// A document that names no host.
const NO_HOST: &str = r#"{"refresh_token":"5Aep-0"}"#;

/// A document that names the My Domain of its org.
const MY_DOMAIN: &str =
    r#"{"refresh_token":"5Aep-0","instance_url":"https://acme.my.salesforce.com"}"#;

/// A document that names a login host alone.
const LOGIN_HOST: &str =
    r#"{"refresh_token":"5Aep-0","id":"https://login.salesforce.com/id/00D/005"}"#;

/// Runs a refresh of a document at the host that it names, or at the one given.
#[track_caller]
fn check(document: &str, given: Option<&str>, reply: &Reply, message: &str, hint: &str) {
    let endpoint = Endpoint::https(reply.clone());
    let proxy = proxy_to(&endpoint);
    let case = refresh_by_proxy(document, &proxy);
    let given = given.map(|url| ["--token-endpoint", url]);
    let outcome = case.args(given.iter().flatten()).run();
    let class = if message.contains("client") { 78 } else { 77 };
    Failure::refresh(class, message, hint)
        .of(outcome)
        .file_is(FILE, document);
    endpoint.only_request();
}

#[test]
fn a_refused_token_makes_the_host_a_suspect_where_the_caller_did_not_name_it() {
    let said = "refused the refresh token: invalid_grant: expired access/refresh token";
    let instance = "or instance_url in the document names the wrong host";
    let id = "or id in the document names the wrong host";
    let rows = [
        (
            NO_HOST,
            None,
            "login.salesforce.com",
            format!("{DEFAULT}; if it is the right one, {LOG_IN}"),
        ),
        (
            MY_DOMAIN,
            None,
            "acme.my.salesforce.com",
            format!("{LOG_IN}; {instance}"),
        ),
        (
            LOGIN_HOST,
            None,
            "login.salesforce.com",
            format!("{LOG_IN}; {id}"),
        ),
        (
            MY_DOMAIN,
            Some("https://login.salesforce.com"),
            "login.salesforce.com",
            LOG_IN.to_owned(),
        ),
    ];
    for (document, given, host, hint) in rows {
        check(
            document,
            given,
            &expired(),
            &format!("{host} {said}"),
            &hint,
        );
    }
}

#[test]
fn a_refused_client_makes_the_host_a_suspect_too() {
    let rows = [
        (
            NO_HOST,
            None,
            "login.salesforce.com",
            format!("{CHECK}; {DEFAULT}"),
        ),
        (
            MY_DOMAIN,
            None,
            "acme.my.salesforce.com",
            format!("{CHECK}; the host is that of instance_url in the document"),
        ),
        (
            LOGIN_HOST,
            None,
            "login.salesforce.com",
            format!("{CHECK}; the host is that of id in the document"),
        ),
        (
            NO_HOST,
            Some("https://login.salesforce.com"),
            "login.salesforce.com",
            CHECK.to_owned(),
        ),
    ];
    for (document, given, host, hint) in rows {
        let message = format!("{host} refused the client: invalid_client");
        check(
            document,
            given,
            &code(400, "invalid_client"),
            &message,
            &hint,
        );
    }
}

#[test]
fn a_grant_that_may_be_good_makes_the_host_no_suspect_but_names_its_source() {
    let admit = "an administrator has to admit the user, the IP address or the org";
    let useless = "a new login does not help";
    let causes = [
        ("inactive user", format!("{admit}; {useless}")),
        (
            "invalid login hours",
            format!("{admit}, or wait for the login hours; {useless}"),
        ),
        (
            "login rate exceeded",
            "wait an hour; each further try counts as a login".to_owned(),
        ),
    ];
    let given = Some("https://login.salesforce.com");
    let rows = [
        (NO_HOST, None, "login", "; the host is the default"),
        (
            MY_DOMAIN,
            None,
            "acme.my",
            "; the host is that of instance_url in the document",
        ),
        (MY_DOMAIN, given, "login", ""),
    ];
    for (words, cure) in causes {
        let reply = said(400, "invalid_grant", words);
        for (document, given, host, source) in rows {
            let message =
                format!("{host}.salesforce.com refused the refresh token: invalid_grant: {words}");
            check(
                document,
                given,
                &reply,
                &message,
                &format!("{cure}{source}"),
            );
        }
    }
}

#[test]
fn an_app_or_a_flow_that_is_unknown_points_at_the_my_domain_first() {
    let give = "give the My Domain of the org as --token-endpoint";
    let rows = [
        (
            NO_HOST,
            None,
            "login.salesforce.com",
            format!("the host is the default: {give}; then {CHECK}"),
        ),
        (
            LOGIN_HOST,
            None,
            "login.salesforce.com",
            format!("the host is that of id in the document: {give}; then {CHECK}"),
        ),
        (
            MY_DOMAIN,
            None,
            "acme.my.salesforce.com",
            format!("{CHECK}; the host is that of instance_url in the document"),
        ),
        (
            MY_DOMAIN,
            Some("https://login.salesforce.com"),
            "login.salesforce.com",
            format!("check the host: the My Domain of the org is the right one; then {CHECK}"),
        ),
        (
            NO_HOST,
            Some("https://acme.my.salesforce.com"),
            "acme.my.salesforce.com",
            CHECK.to_owned(),
        ),
    ];
    for (document, given, host, hint) in rows {
        for error in [
            "unsupported_grant_type",
            "invalid_client_id",
            "App_Not_Found",
        ] {
            let message = format!("{host} refused the client: {error}");
            check(document, given, &code(400, error), &message, &hint);
        }
    }
}

/// Hosts without an address, since a label has 63 characters at most, and where such orgs log in.
fn unknown_hosts() -> [(String, &'static str); 2] {
    let label = "x".repeat(64);
    [
        (format!("{label}.my.salesforce.com"), "login"),
        (format!("{label}--dev.sandbox.my.salesforce.com"), "test"),
    ]
}

/// A failure of the only try for a document that names this host; its org may have moved.
#[track_caller]
fn check_moved(case: &Case, expected: &Failure, login: &str) {
    let moved =
        format!("if the org has moved, give --token-endpoint https://{login}.salesforce.com");
    let stderr = format!("{}; {moved}\n", expected.stderr.trim_end());
    let code = expected.code;
    Failure { code, stderr }.of(case.run());
}

/// `sftoken refresh` of a document that names this host, with one try.
fn refresh_at_instance(host: &str, proxy: &str) -> Case {
    let document = MY_DOMAIN.replace("acme.my.salesforce.com", host);
    let case = with_file(Case::new(), document).env("https_proxy", proxy);
    case.args(["refresh", "--client-id", CLIENT_ID, "--retries", "0", FILE])
}

#[test]
fn an_instance_that_cannot_be_reached_may_have_moved() {
    for (name, login) in unknown_hosts() {
        let case = refresh_at_instance(&name, NOBODY).env("NO_PROXY", "*");
        let expected = Failure::unreachable(&name, "name or service not known");
        check_moved(&case, &expected, login);

        let proxy = Endpoint::http(Reply::status(503));
        let why = "the proxy answered with status 503";
        let expected = Failure::proxy(&name, &host(&proxy), why);
        check_moved(
            &refresh_at_instance(&name, proxy.origin()),
            &expected,
            login,
        );
    }
}

#[test]
fn an_instance_has_not_moved_because_a_proxy_cannot_be_reached() {
    let acme = "acme.my.salesforce.com";
    let unknown = format!("{}.invalid:3128", "x".repeat(64));
    for (proxy, why) in [
        (NOBODY, "connection refused"),
        (&unknown, "name or service not known"),
    ] {
        for scheme in ["http", "https", "socks5h"] {
            let case = refresh_at_instance(acme, &format!("{scheme}://{proxy}"));
            Failure::proxy(acme, proxy, why).of(case.run());
        }
    }
}

#[test]
fn the_host_of_an_auth_url_is_called_so() {
    let app = "invalid_client_id";
    let rows = [
        (
            "acme.my.salesforce.com",
            expired(),
            77,
            "refused the refresh token: invalid_grant: expired access/refresh token",
            format!("{LOG_IN}; or the auth URL names the wrong host"),
        ),
        (
            "acme.my.salesforce.com",
            code(400, app),
            78,
            "refused the client: invalid_client_id",
            format!("{CHECK}; the host is that of the auth URL"),
        ),
        (
            "test.salesforce.com",
            code(400, app),
            78,
            "refused the client: invalid_client_id",
            format!(
                "the host is that of the auth URL: \
                 give the My Domain of the org as --token-endpoint; then {CHECK}"
            ),
        ),
    ];
    for (host, reply, class, said, hint) in rows {
        let endpoint = Endpoint::https(reply);
        let proxy = proxy_to(&endpoint);
        let outcome = Case::new()
            .args(["refresh", "-"])
            .env("SSL_CERT_FILE", proxy.ca_path())
            .env("HTTPS_PROXY", proxy.origin())
            .stdin(format!("force://id::5Aep@{host}"))
            .run();
        let message = format!("cannot refresh standard input: {host} {said}");
        Failure::new(class, &message, &hint).of(outcome);
    }
}
