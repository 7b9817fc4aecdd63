//! From a consumer key to a refreshed file, with nothing but a browser anywhere.

use serde_json::Value;

use crate::endpoint::{Authorizing, Endpoint, browse};
use crate::harness::Case;
use crate::kit::{CLIENT_ID, FILE, at, refreshed, with_file};
use crate::login_kit::{
    Dialogue, LOGGED_IN, ORG, USER, address_in, app, at_a_terminal, exchanges, log_in, logged_in,
    login_at, login_in, parameter, prompt,
};
use crate::rights::{only_file_in, with_tmp};
use crate::secrets::assert_shows_none;

/// A login of somebody else that [`FILE`] may have before.
const OLD_LOGIN: &str = r#"{
    "note": [1.50, {"deep": "kept"}],
    "client_id": "id",
    "refresh_token": "5Aep-old",
    "id": "https://login.salesforce.com/id/00Dold/005old"
}
"#;

/// What becomes of it: the reply's members where they stood, new ones at the end.
const RENEWED: &str = r#"{
    "note": [
        1.50,
        {
            "deep": "kept"
        }
    ],
    "client_id": "id",
    "refresh_token": "5Aep-token-1",
    "id": "https://login.salesforce.com/id/00D41000000F8A0EAK/005410000000000AAE",
    "access_token": "00D!access-1"
}
"#;

/// What a login over [`OLD_LOGIN`] says first.
const WILL_BE_REPLACED: &str =
    "sftoken: token.json has the login of 005old of 00Dold; it will be replaced\n";

#[test]
fn makes_the_file_of_a_login() {
    let endpoint = Endpoint::login(&app());
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    let address = address_in(&outcome.stderr_text());
    let start = format!(
        "{}/services/oauth2/authorize?response_type=code",
        endpoint.origin()
    );
    assert!(address.starts_with(&start), "{address}");
    outcome
        .code(0)
        .stdout("")
        .stderr(prompt(&address) + &logged_in(&endpoint))
        .file_is(FILE, LOGGED_IN)
        .mode_is(FILE, 0o600)
        .files_are([FILE]);
}

#[test]
fn sends_the_code_once_with_all_that_it_is_bound_to() {
    let app = app();
    let endpoint = Endpoint::login(&app);
    log_in(login_at(&endpoint).arg(FILE), &endpoint).code(0);
    let [form] = <[_; 1]>::try_from(exchanges(&endpoint)).unwrap();
    let names: Vec<_> = form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "grant_type",
            "client_id",
            "code",
            "code_verifier",
            "redirect_uri"
        ]
    );
    assert_eq!(form[2].1, app.codes()[0]);
    assert_eq!(form[4].1, endpoint.callback());
}

#[test]
fn a_refresh_continues_the_session_of_a_login() {
    let endpoint = Endpoint::login(&Authorizing::new(CLIENT_ID));
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    let outcome = outcome.code(0);
    let document: Value = serde_json::from_slice(&outcome.read(FILE)).unwrap();
    assert_eq!(document["refresh_token"], "5Aep-login-1");
    let refresh = at(&endpoint, outcome.again().args(["refresh", FILE])).run();
    let refresh = refresh.code(0).stderr(refreshed(&endpoint));
    let document: Value = serde_json::from_slice(&refresh.read(FILE)).unwrap();
    assert_eq!(document["refresh_token"], "5Aep-1");
}

#[test]
fn renews_the_login_of_a_file_and_keeps_the_rest() {
    let endpoint = Endpoint::login(&app());
    let case = Case::new()
        .file("real.json", OLD_LOGIN)
        .mode("real.json", 0o600);
    let case = login_in(&endpoint, case.link(FILE, "real.json")).arg(FILE);
    let outcome = log_in(case, &endpoint);
    let address = address_in(&outcome.stderr_text());
    outcome
        .code(0)
        .stderr(WILL_BE_REPLACED.to_owned() + &prompt(&address) + &logged_in(&endpoint))
        .link_is(FILE, "real.json")
        .file_is("real.json", RENEWED)
        .files_are([FILE, "real.json"]);
}

#[test]
fn the_client_id_of_a_file_serves() {
    let endpoint = Endpoint::login(&app());
    let case = Case::new().file(FILE, OLD_LOGIN).mode(FILE, 0o600);
    let outcome = log_in(at(&endpoint, case.arg("login")).arg(FILE), &endpoint);
    outcome.code(0).file_is(FILE, RENEWED).files_are([FILE]);
}

#[test]
fn a_client_secret_is_sent_and_not_saved() {
    let endpoint = Endpoint::login(&app().client_secret("s3cr3t"));
    let case = login_at(&endpoint).env("SFTOKEN_CLIENT_SECRET", "s3cr3t");
    let outcome = log_in(case.arg(FILE), &endpoint);
    outcome.code(0).file_is(FILE, LOGGED_IN).files_are([FILE]);
    let case = Case::new().file("secret", "s3cr3t\n");
    let case = login_in(&endpoint, case).args(["--client-secret-file", "secret", FILE]);
    let outcome = log_in(case, &endpoint);
    outcome
        .code(0)
        .file_is(FILE, LOGGED_IN)
        .files_are([FILE, "secret"]);
}

#[test]
fn the_mode_is_private_whatever_the_umask() {
    let endpoint = Endpoint::login(&app());
    for umask in ["000", "022", "777"] {
        let script = format!("umask {umask}; exec \"$@\"");
        let case = login_at(&endpoint).arg(FILE);
        let case = case.through(["/bin/sh", "-c", &script, "sh"]);
        log_in(case, &endpoint).code(0).mode_is(FILE, 0o600);
    }
}

#[test]
fn a_hyphen_prints_the_document() {
    let endpoint = Endpoint::login(&app());
    let none: [&str; 0] = [];
    log_in(login_at(&endpoint).arg("-"), &endpoint)
        .code(0)
        .stdout(LOGGED_IN)
        .files_are(none);
}

#[test]
fn a_hyphen_is_standard_output_in_all_that_is_said() {
    let endpoint = Endpoint::login(&app());
    let dry_run = login_at(&endpoint).args(["-n", "-"]).run().code(0);
    let said = dry_run.stderr_text();
    assert!(said.contains("would log in for standard output"), "{said}");
    let case = with_tmp(login_at(&endpoint)).args(["--print", "token", "-"]);
    let outcome = log_in(case, &endpoint).code(0).stdout("00D!access-1\n");
    let kept = only_file_in(&outcome.path("tmp"));
    let warning = format!(
        "sftoken: warning: the new refresh token is not printed; it is in {}\n",
        kept.display()
    );
    assert!(outcome.stderr_text().contains(&warning), "{outcome}");
    outcome.file_is(&kept, LOGGED_IN);
}

#[test]
fn a_file_that_everybody_can_read_gets_one_warning() {
    let endpoint = Endpoint::login(&app());
    let case = Case::new().file(FILE, OLD_LOGIN).mode(FILE, 0o644);
    let outcome = log_in(login_in(&endpoint, case).arg(FILE), &endpoint).code(0);
    let said = outcome.stderr_text();
    let warning = format!("every user of this machine can read {FILE} (mode 0644)");
    assert_eq!(said.matches(&warning).count(), 1, "{outcome}");
    outcome.file_is(FILE, RENEWED).mode_is(FILE, 0o644);
}

#[test]
fn a_callback_without_a_path_is_found_in_the_address_that_a_browser_shows() {
    let app = app();
    let endpoint = Endpoint::login(&app);
    let callback = "http://localhost:1717";
    app.set_callback(callback);
    let dialogue = Dialogue::start(login_at(&endpoint).args(["--redirect-uri", callback, FILE]));
    let landing = dialogue.landing(&endpoint).replacen("1717?", "1717/?", 1);
    assert!(landing.starts_with("http://localhost:1717/?"), "{landing}");
    dialogue.paste(&landing).code(0).file_is(FILE, LOGGED_IN);
    assert_eq!(exchanges(&endpoint)[0][4].1, callback);
}

#[test]
fn a_login_of_nobody_knows_whom_is_replaced_after_saying_so() {
    let endpoint = Endpoint::login(&app());
    let case = with_file(Case::new(), r#"{"refresh_token":"5Aep-old"}"#);
    let outcome = login_in(&endpoint, case).args(["-n", FILE]).run().code(0);
    let expected = format!("sftoken: {FILE} has a login; it will be replaced\n");
    assert!(outcome.stderr_text().starts_with(&expected), "{outcome}");
}

#[test]
fn another_redirect_uri_is_used_to_the_letter_without_the_white_space_around_it() {
    let app = app();
    let endpoint = Endpoint::login(&app);
    let callback = "http://localhost:1717/OauthRedirect?a=1";
    app.set_callback(callback);
    let pasted = format!("\t{callback} \n");
    let dialogue = Dialogue::start(login_at(&endpoint).args(["--redirect-uri", &pasted, FILE]));
    let landing = dialogue.landing(&endpoint).replacen("a=1?", "a=1&", 1);
    dialogue.paste(&landing).code(0).file_is(FILE, LOGGED_IN);
    assert_eq!(exchanges(&endpoint)[0][4].1, callback);
}

#[test]
fn blanks_and_a_missing_line_end_do_not_matter() {
    let endpoint = Endpoint::login(&app());
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let landing = dialogue.landing(&endpoint);
    dialogue.run.type_text(&format!("\t {landing} \r"));
    dialogue.run.end_input();
    dialogue.run.wait().code(0).file_is(FILE, LOGGED_IN);
}

#[test]
fn the_code_is_decoded_once() {
    let endpoint = Endpoint::login(&app());
    let dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let landing = dialogue.landing_with(&endpoint, "code=aPrx%2541%3D%3D");
    dialogue.paste(&landing).code(77);
    assert_eq!(exchanges(&endpoint)[0][2].1, "aPrx%41==");
}

#[test]
fn two_runs_share_neither_state_nor_challenge() {
    let endpoint = Endpoint::login(&app());
    let [a, b] = [(); 2].map(|()| Dialogue::start(login_at(&endpoint).arg(FILE)).address);
    for name in ["state", "code_challenge"] {
        assert_eq!(parameter(&a, name).len(), 43, "{a}");
        assert_ne!(parameter(&a, name), parameter(&b, name));
    }
}

#[test]
fn a_dry_run_shows_the_address_and_asks_nothing() {
    let endpoint = Endpoint::login(&app());
    let outcome = login_at(&endpoint).args(["-n", FILE]).run();
    let said = outcome.stderr_text();
    address_in(&said);
    let form = "grant_type, client_id, code, code_verifier, redirect_uri";
    assert!(said.contains(form), "{said}");
    let none: [&str; 0] = [];
    outcome.code(0).stdout("").files_are(none);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn the_host_is_that_of_the_file_or_the_one_where_everybody_logs_in() {
    let hosts = [
        ("{}", "login.salesforce.com"),
        (
            r#"{"instance_url":"https://acme.my.salesforce.com"}"#,
            "acme.my.salesforce.com",
        ),
    ];
    for (document, host) in hosts {
        let call = ["login", "--dry-run", "--client-id", CLIENT_ID, FILE];
        let outcome = with_file(Case::new(), document).args(call).run().code(0);
        let address = address_in(&outcome.stderr_text());
        let start = format!("https://{host}/services/oauth2/authorize?");
        assert!(address.starts_with(&start), "{address}");
        let callback = format!("https%3A%2F%2F{host}%2Fservices%2Foauth2%2Fsuccess");
        assert_eq!(parameter(&address, "redirect_uri"), callback);
        outcome.file_is(FILE, document).files_are([FILE]);
    }
}

#[test]
fn nothing_secret_is_shown_but_in_the_address() {
    let app = app().client_secret("consumer-secret");
    let endpoint = Endpoint::login(&app);
    let case = login_at(&endpoint).env("SFTOKEN_CLIENT_SECRET", "consumer-secret");
    let outcome = log_in(case.args(["--verbose", FILE]), &endpoint).code(0);
    let form = &exchanges(&endpoint)[0];
    let verifier = form.iter().find(|(name, _)| name == "code_verifier");
    let code = &app.codes()[0];
    let secrets = [
        "consumer-secret",
        code,
        &verifier.unwrap().1,
        "00D!access-1",
        "5Aep-token-1",
    ];
    assert_shows_none(&outcome, &secrets);
    let said = outcome.stderr_text();
    let state = parameter(&address_in(&said), "state").to_owned();
    assert_eq!(said.matches(&state).count(), 1, "{outcome}");
}

#[test]
fn works_at_a_terminal() {
    let endpoint = Endpoint::login(&app());
    let Some((mut run, address)) = at_a_terminal(login_at(&endpoint).arg(FILE)) else {
        return;
    };
    let landing = browse(&address, &endpoint.ca_path()).unwrap();
    run.type_text(&format!("{landing}\n"));
    let outcome = run
        .wait()
        .code(0)
        .file_is(FILE, LOGGED_IN)
        .files_are([FILE]);
    let summary = format!("as {USER} of {ORG}");
    assert!(outcome.stdout_text().contains(&summary), "{outcome}");
}

#[test]
fn what_is_true_of_the_old_login_alone_goes_with_it() {
    let endpoint = Endpoint::login(&app());
    let old = r#"{"client_id":"another","client_secret":"its-secret","refresh_token":"5Aep-old",
                  "sfdc_community_url":"https://old.my.site.com/site","note":1}"#;
    let outcome = log_in(with_file(login_at(&endpoint), old).arg(FILE), &endpoint).code(0);
    let saved: Value = serde_json::from_slice(&outcome.read(FILE)).unwrap();
    assert_eq!(saved["client_id"], CLIENT_ID);
    assert_eq!(saved["note"], 1);
    for gone in ["client_secret", "sfdc_community_url"] {
        assert_eq!(saved.get(gone), None, "{gone}");
    }
    let [form] = <[_; 1]>::try_from(exchanges(&endpoint)).unwrap();
    assert!(
        form.iter().all(|(name, _)| name != "client_secret"),
        "{form:?}"
    );
}
