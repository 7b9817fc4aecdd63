//! What people take for the document of a login, above all what the Salesforce CLI prints: each kind
//! is named, and nothing is sent.

use crate::endpoint::Endpoint;
use crate::kit::{FILE, Failure, granted, refresh_file, refresh_stdin};

/// What to do with the CLI.
const SHOW: &str = "pass what sf org auth show-sfdx-auth-url --json prints";

/// What to do where the CLI's login has no refresh token.
const LOG_IN_WEB: &str =
    "log in with sf org login web, then pass what sf org auth show-sfdx-auth-url --json prints";

/// What to do where there is no login.
const LOG_IN: &str = "log in again with the scope refresh_token and save that reply";

/// What to do with a token in the wrong place.
const OWN_MEMBER: &str = "give an object that has it as its own member refresh_token";

/// Expects that content is refused in a file and on standard input.
#[track_caller]
fn assert_refused(content: &str, why: &str, hint: &str) {
    let endpoint = Endpoint::http(granted());
    let failure = |name| Failure::new(65, &format!("cannot use {name}: {why}"), hint);
    failure(FILE)
        .of(refresh_file(content, &endpoint).run())
        .file_is(FILE, content);
    failure("standard input").of(refresh_stdin(content, &endpoint).run());
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn a_token_that_was_left_out() {
    let words = "[REDACTED] Use 'sf org auth show-sfdx-auth-url' to view";
    for content in [
        format!(r#"{{"status":0,"result":{{"sfdxAuthUrl":"{words}"}}}}"#),
        format!(r#"{{"sfdxAuthUrl":"{words}"}}"#),
        format!(r#"{{"refresh_token":"{words}"}}"#),
        words.to_owned(),
        format!("\"{words}\"\n"),
    ] {
        let why = "the Salesforce CLI has put [REDACTED] in place of the token";
        assert_refused(&content, why, SHOW);
    }
}

#[test]
fn an_error_of_the_cli() {
    assert_refused(
        r#"{"status":1,"name":"NoRefreshTokenError","message":"The org has no\nrefresh token.","exitCode":1}"#,
        "it is an error of the Salesforce CLI: NoRefreshTokenError: The org has no refresh token.",
        LOG_IN_WEB,
    );
    assert_refused(
        r#"{"status":2,"message":"no 5Aep861.x for \u001b\u202eforce://a::b@c"}"#,
        "it is an error of the Salesforce CLI: no [REDACTED] for [REDACTED]",
        LOG_IN_WEB,
    );
    let long = format!(
        r#"{{"status":1,"name":"E","message":"{}"}}"#,
        "x".repeat(300)
    );
    let why = format!(
        "it is an error of the Salesforce CLI: E: {}",
        "x".repeat(197)
    );
    assert_refused(&long, &why, LOG_IN_WEB);
}

#[test]
fn an_org_without_a_refresh_token() {
    assert_refused(
        r#"{"status":0,"result":{"id":"00D","accessToken":"00D!a","instanceUrl":"https://acme.my.salesforce.com"},"warnings":[]}"#,
        "it is output of the Salesforce CLI without a refresh token",
        &format!("a JWT login has none: {LOG_IN_WEB}"),
    );
}

#[test]
fn colour_codes_around_json() {
    let hint = "set NO_COLOR=1 and FORCE_COLOR=0 for the program that printed it";
    for content in [
        "\u{1b}[97m{\u{1b}[39m\n  \u{1b}[34m\"status\"\u{1b}[39m: 0}",
        "\u{1b}[32mforce://a::b@c\u{1b}[0m",
    ] {
        assert_refused(content, "it has colour codes in it", hint);
    }
}

#[test]
fn warning_lines_around_json_and_auth_urls() {
    let hint = "pass the program's standard output alone, without 2>&1";
    let warning = " \u{203a}   Warning: @salesforce/cli update available from 2.1 to 2.2.";
    let json = "{\n  \"refresh_token\": \"r\"\n}\n";
    let url = "force://a::b@acme.my.salesforce.com";
    for content in [
        format!("{warning}\n{json}"),
        format!("{warning}\n\n  {json}"),
        format!("{json}{warning}\n"),
        format!("(node:1) Warning: {{x}}\n{json}(Use `node` ...)\n"),
    ] {
        assert_refused(&content, "it has other lines around the JSON", hint);
    }
    let content = format!("{warning}\n{url}\n");
    assert_refused(&content, "it has other lines around the auth URL", hint);
}

#[test]
fn the_table_for_people() {
    for content in [
        "=== Org Description\n\n KEY           VALUE\n \u{2500}\u{2500} \u{2500}\u{2500}\n Sfdx Auth Url force://a::b@c\n",
        "\u{250c}\u{2500}\u{252c}\u{2500}\u{2510}\n\u{2502} KEY \u{2502} VALUE \u{2502}\n",
        "Warning: sensitive\n| Key | Value |\n",
    ] {
        let why = "it is the table that the Salesforce CLI prints for people";
        assert_refused(content, why, SHOW);
    }
}

#[test]
fn a_saved_refusal() {
    assert_refused(
        r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
        "it is the reply to a refused login: invalid_grant: expired access/refresh token",
        LOG_IN,
    );
    let why = "it is the reply to a refused login: invalid_client: no [REDACTED]";
    let content = r#"{"error":"invalid_client","error_description":"no 5Aep861"}"#;
    assert_refused(content, why, LOG_IN);
}

#[test]
fn a_refresh_token_in_another_place() {
    let cases = [
        (
            r#"{"oauthTokenData":{"refresh_token":"5Aep"}}"#,
            "oauthTokenData.refresh_token",
        ),
        (
            r#"{"a":[{},{"b":{"refreshToken":"5Aep"}}]}"#,
            "a[1].b.refreshToken",
        ),
        (r#"{"Refresh_Token":"5Aep"}"#, "Refresh_Token"),
        (
            r#"{"a\u0007\u202e":{"refresh_token":"5Aep"}}"#,
            "a.refresh_token",
        ),
    ];
    for (content, place) in cases {
        let why = format!("it has no refresh_token, but {place} is one");
        assert_refused(content, &why, OWN_MEMBER);
    }
    assert_refused(
        r#"{"orgId":"00D","refreshToken":"0a1b:2c3d"}"#,
        "it has no refresh_token, but refreshToken is one",
        "the Salesforce CLI encrypts its files: pass what sf org auth show-sfdx-auth-url --json \
         prints; any other token belongs into the member refresh_token",
    );
}
