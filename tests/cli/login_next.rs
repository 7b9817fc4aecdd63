//! The command that a login ends with: it can be copied, and is no longer than it must be.

use std::fs;

use crate::endpoint::{Authorizing, Endpoint, Reply};
use crate::harness::Case;
use crate::kit::{CLIENT_ID, FILE, host, proxy_to};
use crate::login_kit::{Dialogue, ORG, USER, app, log_in, login_at, parameter};

/// What an org that is not on loopback replies.
const OF_ACME: &str = concat!(
    r#"{"access_token":"00D!access-1","refresh_token":"5Aep-token-1","#,
    r#""instance_url":"https://acme.my.salesforce.com"}"#,
);

/// The last line of what was said.
fn last_line(said: &str) -> &str {
    said.lines().next_back().unwrap()
}

/// The summary of a login at this host, whose org is [`OF_ACME`], behind a proxy of the environment
/// and with the CA that both the environment and an option name.
fn summary_at(host: &str, prepare: impl Fn(Case, &str) -> Case) -> String {
    let endpoint = Endpoint::https(Reply::json(200, OF_ACME));
    let proxy = proxy_to(&endpoint);
    let case = Case::new()
        .env("HTTPS_PROXY", proxy.origin())
        .env("SSL_CERT_FILE", endpoint.ca_path())
        .args(["login", "--client-id", CLIENT_ID, "--cacert"])
        .arg(endpoint.ca_path())
        .arg(FILE);
    let dialogue = Dialogue::start(prepare(case, &format!("https://{host}")));
    let state = parameter(&dialogue.address, "state");
    let landing = format!("https://{host}/services/oauth2/success?code=c&state={state}");
    let outcome = dialogue.paste(&landing).code(0);
    last_line(&outcome.stderr_text()).to_owned()
}

#[test]
fn no_option_is_repeated_that_file_or_environment_make_needless() {
    let option = |case: Case, url: &str| case.args(["--token-endpoint", url]);
    let variable = |case: Case, url: &str| case.env("SFTOKEN_TOKEN_ENDPOINT", url);
    let summary =
        |host: &str| format!("sftoken: logged in at {host}; from now on: sftoken refresh {FILE}");
    let (acme, sandbox) = ("acme.my.salesforce.com", "test.salesforce.com");
    assert_eq!(summary_at(acme, option), summary(acme));
    assert_eq!(summary_at(sandbox, option), summary(sandbox));
    assert_eq!(summary_at(sandbox, variable), summary(sandbox));
    let usual = "login.salesforce.com";
    assert_eq!(summary_at(usual, |case, _| case), summary(usual));
}

#[test]
fn an_endpoint_where_file_does_not_lead_is_repeated() {
    let option = |case: Case, url: &str| case.args(["--token-endpoint", url]);
    assert_eq!(
        summary_at("acme.my.site.com", option),
        "sftoken: logged in at acme.my.site.com; from now on: sftoken refresh \
         --token-endpoint https://acme.my.site.com/services/oauth2/token token.json"
    );
}

#[test]
fn an_option_that_goes_before_a_variable_is_repeated() {
    let rows = [
        ("SFTOKEN_CLIENT_ID", "another", "--client-id id"),
        (
            "SFTOKEN_TOKEN_ENDPOINT",
            "https://test.salesforce.com",
            "--token-endpoint https://acme.my.salesforce.com/services/oauth2/token",
        ),
    ];
    for (name, value, option) in rows {
        let overruling =
            |case: Case, url: &str| case.env(name, value).args(["--token-endpoint", url]);
        assert_eq!(
            summary_at("acme.my.salesforce.com", overruling),
            format!(
                "sftoken: logged in at acme.my.salesforce.com; from now on: \
                 sftoken refresh {option} token.json"
            )
        );
    }
}

#[test]
fn an_option_that_says_what_its_variable_says_is_not_repeated() {
    let agreeing = |case: Case, url: &str| {
        let case = case.env("SFTOKEN_CLIENT_ID", format!(" {CLIENT_ID}\n"));
        let case = case.env("SFTOKEN_TOKEN_ENDPOINT", format!("{url}/"));
        case.args(["--token-endpoint", url])
    };
    assert_eq!(
        summary_at("acme.my.site.com", agreeing),
        "sftoken: logged in at acme.my.site.com; from now on: sftoken refresh token.json"
    );
}

#[test]
fn the_command_works_as_it_stands() {
    let endpoint = Endpoint::login(&Authorizing::new(CLIENT_ID).client_secret("s3cr3t"));
    let url = endpoint.url();
    let case = Case::new().file("it's secret", "s3cr3t\n");
    fs::copy(endpoint.ca_path(), case.path("ca $1.pem")).unwrap();
    let call = ["login", "--client-id", CLIENT_ID, "--token-endpoint", &url];
    let options = [
        "--client-secret-file",
        "it's secret",
        "--cacert",
        "ca $1.pem",
    ];
    let case = case.args(call).args(options);
    let outcome = log_in(case.args(["--", "-new!token.json"]), &endpoint).code(0);
    let said = outcome.stderr_text();
    let (_, command) = last_line(&said).split_once("; from now on: ").unwrap();
    assert_eq!(
        command,
        format!(
            r"sftoken refresh --client-secret-file 'it'\''s secret' --token-endpoint {url} --cacert 'ca $1.pem' -- '-new!token.json'"
        )
    );
    let script = format!("program=$1; sftoken() {{ \"$program\" \"$@\"; }}; {command}");
    let again = outcome.again().through(["/bin/sh", "-c", &script, "sh"]);
    let refreshed = again.run().code(0);
    let saved = String::from_utf8(refreshed.read("-new!token.json")).unwrap();
    assert!(saved.contains("5Aep-1"), "{refreshed}");
}

#[test]
fn a_printed_document_has_no_command() {
    let endpoint = Endpoint::login(&app());
    let outcome = log_in(login_at(&endpoint).arg("-"), &endpoint).code(0);
    let host = host(&endpoint);
    let summary = format!("sftoken: logged in at {host} as {USER} of {ORG}");
    assert_eq!(last_line(&outcome.stderr_text()), summary);
}
