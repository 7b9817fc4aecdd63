//! What servers say, and what is said about it: cleaned words, and hints that find the cause.
//!
//! The commonest cause of a refusal is the wrong host, then a second copy of a rotated token. So
//! the hints name what decided the host, where the caller did not. A proxy leads any host to an
//! endpoint here.

use crate::endpoint::{Endpoint, Reply};
use crate::kit::{
    CLIENT_ID, FILE, Failure, NOBODY, TOKEN, expired, granted, host, proxy_to, refresh,
    refresh_by_proxy, refresh_file, refresh_here,
};
use crate::replies::{body, code, said};
use crate::secrets::assert_shows_none;

/// What to do about a refresh token that is refused.
const LOG_IN: &str = "log in again; the token is expired, revoked, or was used up by another copy \
                      of it, or its user or IP address is barred";

/// What to do about a client that is refused.
const CHECK: &str = "check the client id, the client secret and the policies of the app";

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
    let instance = "or instance_url in the document is the wrong host";
    let id = "or id in the document is the wrong host";
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

#[test]
fn an_instance_that_cannot_be_reached_may_have_moved() {
    let moved = "; if the org has moved, give --token-endpoint https://login.salesforce.com\n";
    let unreachable = |document: &str| {
        let nobody = Endpoint::http(granted());
        refresh_by_proxy(document, &nobody)
            .env("https_proxy", format!("http://{NOBODY}"))
            .args(["--retries", "0"])
            .run()
    };
    for (document, host, more) in [
        (MY_DOMAIN, "acme.my.salesforce.com", moved),
        (NO_HOST, "login.salesforce.com", "\n"),
    ] {
        let expected = Failure::proxy(host, NOBODY, "connection refused");
        let stderr = format!("{}{more}", expected.stderr.trim_end());
        Failure { stderr, ..expected }.of(unreachable(document));
    }
}

/// The run ends in a refusal of the refresh token whose message says this.
#[track_caller]
fn check_words(document: &str, reply: &Reply, words: &str) {
    let endpoint = Endpoint::http(reply.clone());
    let outcome = refresh_file(document, &endpoint).run();
    let message = format!("{} refused the refresh token: {words}", host(&endpoint));
    Failure::refresh(77, &message, LOG_IN).of(outcome);
}

#[test]
fn words_of_a_server_are_cleaned_and_cut() {
    let document = r#"{"refresh_token":"5Aep-0"}"#;
    let cut = format!("invalid_grant: {}", "x".repeat(185));
    let steering = r"a\u001b[31m\r\nb\u009b\u202ec\u200bd";
    check_words(
        document,
        &said(400, "invalid_grant", steering),
        "invalid_grant: a[31mbcd",
    );
    check_words(
        document,
        &said(400, "invalid_grant", &"x".repeat(300)),
        &cut,
    );
}

#[test]
fn no_secret_in_the_words_of_a_server_is_shown() {
    let token = "5Aep861TokenOfTheSession";
    let document = format!(r#"{{"refresh_token":"{token}","access_token":"00D!AccessToken"}}"#);
    let members: Vec<String> = (0..24).map(|n| format!(r#","m{n}":"E""#)).collect();
    let members = members.concat();
    let error = |description: &str, more: &str| {
        let json =
            format!(r#"{{"error":"invalid_grant","error_description":"{description}"{more}}}"#);
        Reply::json(400, json)
    };
    let rows = [
        (
            error("expired token 5Aep861TokenOfTheSession", r#","code":"1""#),
            "expired token [REDACTED]",
        ),
        (
            error("expired token 5Aep861T...", r#","code":"1""#),
            "expired token [REDACTED]...",
        ),
        (
            error("1 token 5aep861tokenofTHEsession", r#","code":"1""#),
            "[REDACTED] token [REDACTED]",
        ),
        (
            error("Expired: E, EEE", &members),
            "Expired: [REDACTED], EEE",
        ),
        (error("of 00D!AccessToken", ""), "of [REDACTED]"),
        (error("of 00D%21AccessToken", ""), "of [REDACTED]"),
        (
            error("5Aep861Tok\\u200ben\\u0000OfTheSession", ""),
            "[REDACTED]",
        ),
        (
            error("has Nested.Secret", r#","a":[{"b":"Nested.Secret"}]"#),
            "has [REDACTED]",
        ),
        (
            error("it is a plain sentence", r#","hint":"a plain sentence""#),
            "it is a plain sentence",
        ),
    ];
    for (reply, words) in rows {
        check_words(&document, &reply, &format!("invalid_grant: {words}"));
    }
}

#[test]
fn the_words_of_gateways_are_shown_without_harm() {
    let long = format!("{}5Aep-0", "no ".repeat(400));
    let rows: [(Reply, &str); 8] = [
        (
            body(403, "Access denied by\r\n policy \u{9b}\u{202e}17."),
            "403: Access denied by policy 17.",
        ),
        (body(403, "no 5Aep-0 here"), "403: no [REDACTED] here"),
        (
            body(403, &b"Zugriff verweigert f\xfcr alle"[..]),
            "403: Zugriff verweigert f\u{fffd}r alle",
        ),
        (
            body(400, "the refresh_token is missing"),
            "400: the refresh_token is missing",
        ),
        (body(401, "refresh_token=5Aep-unknown"), "401 with text"),
        (
            body(
                400,
                r#"[{"errorCode":"URL_NOT_RESET","message":"The URL No Longer Exists"}]"#,
            ),
            "400: URL_NOT_RESET: The URL No Longer Exists",
        ),
        (
            body(
                404,
                r#"[{"message":"of Secret.Token","token":"Secret.Token"}]"#,
            ),
            "404: of [REDACTED]",
        ),
        (body(403, r#"{"message":"Forbidden"}"#), "403: Forbidden"),
    ];
    let hint = "check the token endpoint, and whether a proxy or a login page answers in its place";
    for (reply, words) in rows {
        let endpoint = Endpoint::http(reply);
        let message = format!("unusable reply from {}: status {words}", host(&endpoint));
        Failure::refresh(76, &message, hint).check(refresh(&endpoint).run());
    }
    let endpoint = Endpoint::http(body(403, long));
    let outcome = refresh(&endpoint).run();
    let shown = format!("status 403: {}", "no ".repeat(63).trim_end());
    let message = format!("unusable reply from {}: {shown}", host(&endpoint));
    assert!(
        outcome
            .stderr_text()
            .starts_with(&format!("sftoken: cannot refresh {FILE}: {message}")),
        "{outcome}"
    );
    assert_shows_none(&outcome, &["5Aep-0"]);
}

#[test]
fn names_cannot_steer_a_terminal_or_fake_a_line() {
    let json = TOKEN.replace(
        '{',
        r#"{"c\u001b[2J\nsftoken: refreshed everything\u202e":1,"#,
    );
    let endpoint = Endpoint::http(body(200, json));
    let name = "t\u{202e}\u{200b}.json";
    let case = refresh_here(&endpoint)
        .file(name, NO_HOST)
        .mode(name, 0o600);
    let outcome = case.args([name, "--verbose"]).run().code(0).stdout("");
    let said = outcome.stderr_text();
    let changed = "\n* reply: changed c[2Jsftoken: refreshed everything, access_token\n";
    assert!(said.contains(changed), "{outcome}");
    let summary = format!("\nsftoken: refreshed t.json at {}\n", host(&endpoint));
    assert!(said.ends_with(&summary), "{outcome}");
    assert!(
        said.contains(&format!("* client id: {CLIENT_ID} (from --client-id)\n")),
        "{outcome}"
    );
}
