//! The auth URL of the Salesforce CLI on standard input, as text and as the CLI prints it.
//!
//! CI systems keep that URL as a secret, so a mistake in it must be named without being shown, and
//! its host is trusted no more than any document's.

use crate::endpoint::{Endpoint, Reply};
use crate::harness::{Case, Outcome};
use crate::kit::{self, FILE, Failure, granted, refresh_file, with_file, would_post};
use crate::login_kit::login_at;

/// An auth URL without a client secret, as of the CLI's own app.
const AUTH_URL: &str = "force://PlatformCLI::5Aep861_r.t==@acme.my.salesforce.com";

/// What comes out of it by the reply of [`granted`].
const REFRESHED: &str = r#"{
  "client_id": "PlatformCLI",
  "refresh_token": "5Aep861_r.t==",
  "instance_url": "https://acme.my.salesforce.com",
  "access_token": "00D!access-1"
}
"#;

/// What to do about an auth URL that is none.
const GIVE_AUTH_URL: &str = "an auth URL is force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST";

/// `sftoken refresh -` with an endpoint and nothing else.
fn refresh_of(input: impl Into<Vec<u8>>, endpoint: &Endpoint) -> Outcome {
    Case::new()
        .args(["refresh", "--token-endpoint", &endpoint.url(), "-"])
        .stdin(input)
        .run()
}

/// A dry run without an endpoint.
fn dry_run(input: impl Into<Vec<u8>>) -> Outcome {
    kit::dry_run().arg("-").stdin(input).run()
}

#[test]
fn stands_for_a_document_as_text_and_in_the_json_of_the_cli() {
    let inputs = [
        AUTH_URL.to_owned(),
        format!("{AUTH_URL}\n"),
        format!("\u{feff} {AUTH_URL}\r\n"),
        format!("\"{AUTH_URL}\"\n"),
        format!(" '{AUTH_URL}' "),
        format!("{AUTH_URL}/"),
        AUTH_URL.replace('@', "@https://"),
        AUTH_URL.replace('@', "@HTTPS://") + "/",
        format!(r#"{{"sfdxAuthUrl":"'{AUTH_URL}/'"}}"#),
        format!(r#"{{"status":0,"result":{{"id":"1","sfdxAuthUrl":"{AUTH_URL}"}}}}"#),
        format!(r#"{{"sfdxAuthUrl":"{AUTH_URL}"}}"#),
        format!(r#"{{"sfdxAuthUrl":"force://a::b@c","result":{{"sfdxAuthUrl":"{AUTH_URL}"}}}}"#),
        format!(r#"{{"result":{{}},"sfdxAuthUrl":"{AUTH_URL}"}}"#),
    ];
    for input in inputs {
        let endpoint = Endpoint::http(granted());
        let host = endpoint.address();
        refresh_of(input, &endpoint)
            .code(0)
            .stdout(REFRESHED)
            .stderr(format!(
                "sftoken: refreshed the token from standard input at {host}\n"
            ));
        let sent = "grant_type=refresh_token&client_id=PlatformCLI&refresh_token=5Aep861_r.t%3D%3D";
        assert_eq!(endpoint.only_request().body, sent.as_bytes());
    }
}

#[test]
fn gives_the_client_secret_where_it_has_one() {
    let endpoint = Endpoint::http(Reply::json(
        200,
        r#"{"access_token":"00D!access-1","instance_url":"https://acme.my.salesforce.com"}"#,
    ));
    let outcome = refresh_of("force://id:s3:5Aep@localhost:8443", &endpoint);
    outcome.code(0).stdout(
        r#"{
  "client_id": "id",
  "client_secret": "s3",
  "refresh_token": "5Aep",
  "instance_url": "https://acme.my.salesforce.com",
  "access_token": "00D!access-1"
}
"#,
    );
    let sent = "grant_type=refresh_token&client_id=id&client_secret=s3&refresh_token=5Aep";
    assert_eq!(endpoint.only_request().body, sent.as_bytes());
}

#[test]
fn prints_a_token_in_one_step() {
    let endpoint = Endpoint::https(granted());
    Case::new()
        .args(["refresh", "--print", "token", "-"])
        .env("SFTOKEN_TOKEN_ENDPOINT", endpoint.url())
        .env("SSL_CERT_FILE", endpoint.ca_path())
        .stdin(AUTH_URL)
        .run()
        .code(0)
        .stdout("00D!access-1\n")
        .stderr(format!(
            "sftoken: refreshed the token from standard input at {}\n",
            endpoint.address()
        ));
}

/// What is sent for an auth URL with these options, while the environment has a client of its own.
fn client_sent(url: &str, options: &[&str]) -> [Option<String>; 2] {
    let endpoint = Endpoint::http(granted());
    Case::new()
        .args(["refresh", "--token-endpoint", &endpoint.url(), "-"])
        .args(options)
        .env("SFTOKEN_CLIENT_ID", "variable")
        .env("SFTOKEN_CLIENT_SECRET", "s4")
        .file("secret", "s5")
        .stdin(url)
        .run()
        .code(0);
    let request = endpoint.only_request();
    ["client_id", "client_secret"].map(|name| request.param(name).map(str::to_owned))
}

#[test]
fn its_client_goes_before_the_environment_but_not_before_options() {
    let sent = |url, options: &[&str]| {
        let [id, secret] = client_sent(url, options);
        (id.unwrap(), secret)
    };
    let some = |id: &str, secret: &str| (id.to_owned(), Some(secret.to_owned()));
    let own = "force://id:s3:5Aep@acme.my.salesforce.com";
    let printed = format!(r#"{{"result":{{"sfdxAuthUrl":"{own}"}}}}"#);
    assert_eq!(sent(own, &[]), some("id", "s3"));
    assert_eq!(sent(&printed, &[]), some("id", "s3"));
    assert_eq!(sent(AUTH_URL, &[]), ("PlatformCLI".to_owned(), None));
    let options = ["--client-id", "mine", "--client-secret-file", "secret"];
    assert_eq!(sent(own, &options), some("mine", "s5"));
    assert_eq!(sent(own, &options[..2]), some("mine", "s3"));
    assert_eq!(sent(own, &options[2..]), some("id", "s5"));
}

#[test]
fn names_its_host_as_the_endpoint_if_that_is_of_salesforce() {
    let hosts = [
        ("acme.my.salesforce.com", "acme.my.salesforce.com"),
        ("login.salesforce.com", "login.salesforce.com"),
        ("ACME.my.salesforce.com", "acme.my.salesforce.com"),
        (
            "acme--dev.sandbox.my.salesforce.com",
            "acme--dev.sandbox.my.salesforce.com",
        ),
    ];
    for (host, endpoint) in hosts {
        dry_run(format!("force://id::5Aep@{host}"))
            .code(0)
            .stdout("")
            .stderr(would_post(
                "standard input",
                &format!("https://{endpoint}/services/oauth2/token"),
            ));
    }
}

#[test]
fn needs_an_endpoint_from_the_caller_if_its_host_is_foreign() {
    let hosts = [
        "evil.example",
        "evilsalesforce.com",
        "salesforce.com",
        "acme.my.salesforce.com.evil.example",
        "localhost:8443",
        "127.0.0.1",
    ];
    for host in hosts {
        let named = host.split(':').next().unwrap();
        let message = format!(
            "no token endpoint for standard input: the auth URL names {named}: \
             that is no host of Salesforce"
        );
        let hint = format!("if you trust that host, give --token-endpoint https://{named}");
        Failure::new(64, &message, &hint).of(dry_run(format!("force://id::5Aep@{host}")));
    }
}

#[test]
fn is_refused_where_it_is_malformed() {
    let parts = "the auth URL is not CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN before the @";
    let host = "the auth URL has an unusable host";
    let characters = "the auth URL has characters that do not belong there";
    let scheme = "the auth URL does not start with force://";
    let urls = [
        ("force://", "the auth URL has no @HOST"),
        ("force://id::5Aep", "the auth URL has no @HOST"),
        ("force://@acme.my.salesforce.com", parts),
        ("force://id:5Aep@acme.my.salesforce.com", parts),
        ("force://id:s:5Aep:x@acme.my.salesforce.com", parts),
        (
            "force://::5Aep@acme.my.salesforce.com",
            "the auth URL has no client id",
        ),
        (
            "force://id::@acme.my.salesforce.com",
            "the auth URL has no refresh token",
        ),
        ("force://id::5Aep@", host),
        ("force://id::5Aep@acme.my.salesforce.com/x", host),
        ("force://id::5Aep@http://acme.my.salesforce.com", host),
        ("force://id::5Aep@acme.my.salesforce.com?x", host),
        ("force://id::5Aep@acme.my.salesforce.com#x", host),
        ("force://id::5Aep@acme:port", host),
        ("force://id::5Aep@ácme", host),
        ("force://id::5A ep@acme.my.salesforce.com", characters),
        ("force://id::5Äep@acme.my.salesforce.com", characters),
        ("force://id::5A/ep@acme.my.salesforce.com", characters),
    ];
    for (url, why) in urls {
        assert_malformed(url, why);
        assert_malformed(&format!(r#"{{"result":{{"sfdxAuthUrl":"{url}"}}}}"#), why);
    }
    assert_malformed(r#"{"sfdxAuthUrl":""}"#, scheme);
    assert_malformed("force://id::5Aep@a\nforce://id::5Aep@b", parts);
}

/// Expects that the input is refused, without being shown.
#[track_caller]
fn assert_malformed(input: &str, why: &str) {
    Failure::unusable("standard input", why, GIVE_AUTH_URL).of(dry_run(input));
}

#[test]
fn does_not_replace_the_refresh_token_that_a_document_has() {
    let endpoint = Endpoint::http(granted());
    let document =
        format!(r#"{{"refresh_token":"r","client_id":"id","sfdxAuthUrl":"{AUTH_URL}"}}"#);
    refresh_of(document, &endpoint).code(0);
    assert_eq!(endpoint.only_request().param("refresh_token"), Some("r"));
}

#[test]
fn is_taken_from_standard_input_only() {
    let endpoint = Endpoint::http(granted());
    let no_json = (
        "it is an auth URL",
        "pass it to sftoken refresh on standard input, with - as FILE",
    );
    let no_document = (
        "it has no refresh_token",
        "pass the output of the Salesforce CLI on standard input, with - as FILE",
    );
    let printed = format!(r#"{{"result":{{"sfdxAuthUrl":"{AUTH_URL}"}}}}"#);
    for (content, (why, hint)) in [(AUTH_URL, no_json), (&printed, no_document)] {
        let outcome = refresh_file(content, &endpoint).run();
        Failure::unusable(FILE, why, hint)
            .of(outcome)
            .file_is(FILE, content);
    }
    let (why, hint) = no_json;
    let login = with_file(login_at(&endpoint), AUTH_URL).arg(FILE).run();
    Failure::unusable(FILE, why, hint)
        .of(login)
        .file_is(FILE, AUTH_URL);
    assert_eq!(endpoint.connections(), 0);
}
