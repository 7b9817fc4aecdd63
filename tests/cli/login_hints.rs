//! What somebody is told to do whose first login does not work.

use std::fs;

use crate::endpoint::{Authorizing, Endpoint, Reply};
use crate::harness::Case;
use crate::kit::{CLIENT_ID, FILE, Failure, host, with_file};
use crate::login_kit::{
    Dialogue, app, asked_again, assert_nothing_saved, at_a_terminal, log_in, logged_in, login_at,
    login_failure, parameter, prompt,
};
use crate::rights::{only_file_in, with_tmp};

/// A login at the default host that is not reached.
fn usual_login() -> Case {
    Case::new().args(["login", "--client-id", CLIENT_ID, FILE])
}

#[test]
fn a_refusal_names_the_cure() {
    let consumer_key = "check --client-id (the consumer key of the app) and --token-endpoint (the My \
                        Domain of its org); a new app takes up to 10 minutes to work";
    let blocked = "an administrator must unblock the app in this org";
    let cases = [
        ("invalid_client_id", consumer_key),
        ("invalid_client", consumer_key),
        ("app_blocked", blocked),
        ("OAUTH_APP_BLOCKED", blocked),
        (
            "invalid_scope",
            "check the app: its callback URL, its scopes and its policies",
        ),
    ];
    for (error, hint) in cases {
        let app = Authorizing::new(CLIENT_ID).refusing(error, "no");
        let endpoint = Endpoint::login(&app);
        let why = format!("{} refused the login: {error}: no", host(&endpoint));
        let failure = login_failure(78, &why, hint);
        assert_nothing_saved(log_in(login_at(&endpoint).arg(FILE), &endpoint), &failure);
    }
}

#[test]
fn another_callback_at_the_default_host_means_that_the_my_domain_is_missing() {
    let dialogue = Dialogue::start(usual_login());
    let state = parameter(&dialogue.address, "state");
    let page = "https://login.salesforce.com/setup/secur/RemoteAccessErrorPage.apexp";
    let landing = format!("{page}?error=redirect_uri_mismatch&state={state}");
    let outcome = dialogue.paste(&landing);
    let hint = "give the My Domain of the org as --token-endpoint; \
                or the app must have this callback URL, to the letter: \
                https://login.salesforce.com/services/oauth2/success; \
                or give one that it has as --redirect-uri";
    let why = "login.salesforce.com refused the login: redirect_uri_mismatch";
    assert_nothing_saved(outcome, &login_failure(78, why, hint));
}

#[test]
fn a_part_of_the_address_is_told_from_that_of_another_login() {
    let endpoint = Endpoint::login(&app());
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let landing = dialogue.landing(&endpoint);
    let (without_state, state) = landing.split_once("&state=").unwrap();
    let refused = format!("{}?error=access_denied&state=", endpoint.callback());
    let not_whole = "this address is not whole, or there twice";
    let lines = [
        (without_state.to_owned(), not_whole),
        (landing[..landing.len() - 1].to_owned(), not_whole),
        (format!("{without_state}&state="), not_whole),
        (format!("{landing}{landing}"), not_whole),
        (format!("{landing} {landing}"), not_whole),
        (format!("{refused}{}", &state[..5]), not_whole),
        (
            format!("{landing}x"),
            "this address is of another login, by its state",
        ),
    ];
    let mut said = prompt(&dialogue.address);
    for (line, why) in lines {
        dialogue.paste_in_vain(&line, why);
        said += &asked_again(why);
    }
    let outcome = dialogue.paste(&landing).code(0);
    outcome.stderr(said + &logged_in(&endpoint));
}

#[test]
fn a_person_who_ends_the_input_is_told_to_start_again() {
    let endpoint = Endpoint::login(&app());
    let Some((mut run, _)) = at_a_terminal(login_at(&endpoint).arg(FILE)) else {
        return;
    };
    run.type_text("\u{4}");
    let outcome = run.wait().code(64);
    let hint = "no address on standard input\r\nhint: start again with sftoken login\r\n";
    assert!(outcome.stdout_text().ends_with(hint), "{outcome}");
}

#[test]
fn without_a_client_id_it_is_that_of_the_app() {
    let hint = "give --client-id or SFTOKEN_CLIENT_ID: the consumer key of the app";
    let login = Case::new().args(["login", FILE]).run();
    Failure::new(64, &format!("no client id for {FILE}"), hint).of(login);
    let login = with_file(Case::new(), r#"{"refresh_token":"5Aep"}"#).args(["login", FILE]);
    let hint = format!("{hint} that logged in");
    Failure::new(64, &format!("no client id for {FILE}"), &hint).of(login.run());
}

#[test]
fn what_is_no_document_is_to_be_moved_away() {
    let hint = "remove it, or move it away: login makes a new one";
    for (content, why) in [
        ("", "it is empty"),
        (
            "{",
            "it is not JSON: EOF while parsing an object at line 1 column 1",
        ),
        ("[]", "it is JSON but not an object"),
    ] {
        let outcome = with_file(usual_login(), content).run();
        let why = format!("cannot use {FILE}: {why}");
        Failure::new(65, &why, hint)
            .of(outcome)
            .file_is(FILE, content);
    }
}

#[test]
fn a_directory_that_is_missing_or_open_names_its_cure() {
    let call = |case: Case, file: &str| case.args(["login", "--client-id", CLIENT_ID, file]).run();
    let why = "cannot make missing/token.json: no such file or directory";
    let hint = "nothing was sent; make the directory first";
    Failure::new(73, why, hint).of(call(Case::new(), "missing/token.json"));
    let case = Case::new().subdirectory("open").mode("open", 0o775);
    let open = fs::canonicalize(case.path("open")).unwrap();
    let open = open.display();
    let why = format!("cannot make open/token.json: others can write to {open}");
    let hint =
        format!("nothing was sent; chmod go-w {open}, or give a FILE in a directory of mode 0700");
    Failure::new(73, &why, &hint).of(call(case, "open/token.json"));
}

#[test]
fn an_option_of_the_other_command_is_called_that() {
    let calls = [
        (
            ["login", "--max-age", "1m"],
            "--max-age is an option of refresh",
        ),
        (
            ["login", "--retries", "1"],
            "--retries is an option of refresh",
        ),
        (
            ["refresh", "--redirect-uri", "a://b"],
            "--redirect-uri is an option of login",
        ),
    ];
    for (call, message) in calls {
        let outcome = Case::new().args(call).arg(FILE).run();
        Failure::new(64, message, "see sftoken --help").of(outcome);
    }
}

#[test]
fn an_unknown_authority_is_answered_with_cacert() {
    let endpoint = Endpoint::login(&app());
    let case = Case::new().args(["login", "--client-id", CLIENT_ID, "--token-endpoint"]);
    let case = case.args([&endpoint.url(), FILE]);
    let dialogue = Dialogue::start(case);
    let landing = dialogue.landing(&endpoint);
    let why = format!(
        "cannot trust {}: its certificate is signed by an unknown authority",
        host(&endpoint)
    );
    let hint = "nothing was sent; give your own CA with --cacert, \
                or find out who answers in its place";
    let failure = login_failure(68, &why, hint);
    assert_nothing_saved(dialogue.paste(&landing), &failure);
}

#[test]
fn a_refresh_token_in_the_wrong_place_is_kept() {
    let bodies = [
        (
            r#"{"access_token":"00D!a","data":{"refresh_token":"5Aep-only"}}"#,
            78,
            "gave no refresh token; nothing was saved",
        ),
        (
            r#"{"token":{"access_token":"00D!a","refresh_token":"5Aep-only"}}"#,
            76,
            "no access token",
        ),
    ];
    for (body, code, why) in bodies {
        let endpoint = Endpoint::login(&app().replying(Reply::json(200, body)));
        let outcome = log_in(with_tmp(login_at(&endpoint)).arg(FILE), &endpoint);
        let kept = only_file_in(&outcome.path("tmp"));
        let told = format!("{why}; the reply is kept in {}\n", kept.display());
        assert!(outcome.stderr_text().contains(&told), "{outcome}");
        let outcome = outcome.code(code).stdout("").files_are(["tmp"]);
        outcome.file_is(&kept, body).mode_is(&kept, 0o600);
    }
}
