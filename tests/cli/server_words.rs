//! What servers and gateways say is shown, but steers no terminal and shows no secret.
//!
//! A server may repeat what it was sent, as it is or encoded, whole or cut. Its own members may be
//! tokens, too, and must not break up what is looked for.

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Case;
use crate::kit::{
    CLIENT_ID, DOCUMENT, FILE, Failure, TOKEN, host, refresh, refresh_file, refresh_here,
    refresh_url, with_file,
};
use crate::replies::{LOG_IN, body, said};
use crate::secrets::assert_shows_none;

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
    let cut = format!("invalid_grant: {}", "x".repeat(185));
    let steering = r"a\u001b[31m\r\nb\u009b\u202ec\u200bd";
    check_words(
        DOCUMENT,
        &said(400, "invalid_grant", steering),
        "invalid_grant: a[31mbcd",
    );
    check_words(
        DOCUMENT,
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
            error(
                "5Aep861Tok\\u00ade\\u061cn\\u180eOf\\ufe0fThe\\udb40\\udc41Session",
                "",
            ),
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
    let rows: [(Reply, &str); 11] = [
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
        (
            body(
                403,
                r#"{"error":{"code":7,"message":"API \u001b[1moff of Key.17","key":"Key.17"}}"#,
            ),
            "403: API [1moff of [REDACTED]",
        ),
        (
            body(404, r#"{"error":{"message":"","status":"NONE"}}"#),
            "404 with JSON that is no token reply",
        ),
        (
            body(200, r#"{"error":{"message":"no 5Aep-0 here"}}"#),
            "200: no [REDACTED] here",
        ),
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
        .file(name, DOCUMENT)
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

#[test]
fn no_step_shows_what_has_the_look_of_a_secret() {
    let json = TOKEN.replace('{', r#"{"00D!access-1":1,"5Aep-0":2,"#);
    let endpoint = Endpoint::http(body(200, json));
    let pasted = "5Aep861PastedIntoTheWrongPlace";
    let host = host(&endpoint);
    let url = format!("http://{host}/token?refresh_token={pasted}");
    for flag in ["--verbose", "--dry-run"] {
        let outcome = with_file(Case::new(), DOCUMENT)
            .args(["refresh", "--client-id", pasted, "--token-endpoint", &url])
            .args([flag, FILE])
            .run()
            .code(0);
        assert_shows_none(&outcome, &[pasted, "00D!access-1", "5Aep-0"]);
        assert!(
            outcome
                .stderr_text()
                .contains(&format!("http://{host}/[REDACTED]")),
            "{outcome}"
        );
    }
    assert!(endpoint.only_request().line.contains(pasted));
    let outcome = refresh_url("https://acme.my.salesforce.com")
        .env("HTTPS_PROXY", pasted)
        .args(["--verbose", "--dry-run"])
        .run()
        .code(0);
    assert_shows_none(&outcome, &[pasted]);
    let said = outcome.stderr_text();
    let proxy = "\n* proxy: [REDACTED]:80 (from HTTPS_PROXY)\n";
    assert!(said.contains(proxy), "{outcome}");
}
