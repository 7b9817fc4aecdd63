//! Each way in which a login goes wrong has its message, and none leaves anything behind.

use crate::endpoint::{Authorizing, Ending, Endpoint, Reply};
use crate::harness::{Case, Outcome};
use crate::kit::{CLIENT_ID, FILE, Failure, host};
use crate::login_kit::{
    Dialogue, LOGGED_IN, address_in, app, asked_again, assert_nothing_saved, exchanges, log_in,
    logged_in, login_at, login_in, nobody_there, parameter, prompt,
};
use crate::rights::with_tmp;

/// The run failed with this code and saved nothing; standard error has all of these.
#[track_caller]
fn assert_failed(outcome: Outcome, code: i32, words: &[&str]) {
    let said = outcome.stderr_text();
    for word in words {
        assert!(said.contains(word), "no {word}\n{outcome}");
    }
    let none: [&str; 0] = [];
    outcome.code(code).stdout("").files_are(none);
}

#[test]
fn a_useless_line_is_explained_and_asked_for_again() {
    let endpoint = Endpoint::login(&app());
    let callback = endpoint.callback();
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let wrong_start = format!("this address does not start with {callback}");
    let cases = [
        ("aPrxCODE==".to_owned(), "this is no address"),
        (
            format!("{}/other?code=c&state=s", endpoint.origin()),
            &wrong_start,
        ),
        (callback.clone(), "there is no code in this address"),
        (
            format!("{callback}?code=&state=s"),
            "the code in this address is empty",
        ),
        (
            format!("{callback}?code=c&state=another"),
            "this address is of another login, by its state",
        ),
    ];
    let mut said = prompt(&dialogue.address);
    for (line, why) in &cases {
        dialogue.paste_in_vain(line, why);
        said += &asked_again(why);
    }
    let landing = dialogue.landing(&endpoint);
    dialogue
        .paste(&landing)
        .code(0)
        .stderr(said + &logged_in(&endpoint))
        .file_is(FILE, LOGGED_IN);
}

#[test]
fn without_a_person_the_hint_says_where_to_log_in() {
    let endpoint = Endpoint::login(&app());
    let case = login_at(&endpoint).arg(FILE);
    assert_nothing_saved(case.run(), &nobody_there());
    let closed = case.through(["/bin/sh", "-c", "exec \"$@\" <&-", "sh"]);
    assert_nothing_saved(closed.run(), &nobody_there());
    let for_output = Failure {
        stderr: nobody_there().stderr.replace(FILE, "standard output"),
        ..nobody_there()
    };
    assert_nothing_saved(login_at(&endpoint).arg("-").run(), &for_output);
    assert!(endpoint.requests().is_empty());
}

#[test]
fn a_refused_login_is_told_in_the_words_of_the_server() {
    let cases = [
        (
            "access_denied",
            "end-user denied authorization",
            77,
            "hint: log in again, and allow the access\n",
        ),
        (
            "OAUTH_EC_APP_NOT_FOUND",
            "app not installed",
            78,
            "administrator",
        ),
        (
            "OAUTH_APPROVAL_ERROR_GENERIC",
            "not approved",
            78,
            "administrator",
        ),
        ("invalid_scope", "the requested scope is invalid", 78, ""),
    ];
    for (error, description, code, hint) in cases {
        let app = Authorizing::new(CLIENT_ID).refusing(error, description);
        let endpoint = Endpoint::login(&app);
        let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
        let host = host(&endpoint);
        let message = format!(
            "sftoken: cannot log in for {FILE}: {host} refused the login: {error}: {description}\n"
        );
        assert_failed(outcome, code, &[&message, hint]);
        assert!(exchanges(&endpoint).is_empty());
    }
}

#[test]
fn a_refusal_without_a_description_is_told_by_its_code() {
    let app = Authorizing::new(CLIENT_ID).refusing("invalid_scope", "");
    let endpoint = Endpoint::login(&app);
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    let message = format!("{} refused the login: invalid_scope\n", host(&endpoint));
    assert_failed(outcome, 78, &[&message]);
}

#[test]
fn another_callback_is_shown_to_the_letter() {
    let app = app();
    let endpoint = Endpoint::login(&app);
    let callback = endpoint.callback();
    app.set_callback("https://elsewhere.example/callback");
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    let said = outcome.stderr_text();
    let (_, behind) = said.split_once("redirect_uri_mismatch").unwrap();
    assert!(behind.contains(&callback), "{outcome}");
    assert_failed(outcome, 78, &[]);
}

#[test]
fn a_code_that_is_used_or_too_old_is_sent_once() {
    let refusal = Reply::error(400, "invalid_grant", "expired authorization code");
    let endpoint = Endpoint::login(&app().replying(refusal));
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    assert_failed(outcome, 77, &["expired authorization code", "start again"]);
    assert_eq!(exchanges(&endpoint).len(), 1);
}

#[test]
fn a_busy_server_gets_the_code_once() {
    let endpoint = Endpoint::login(&app().replying(Reply::status(503)));
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    assert_failed(outcome, 75, &[&host(&endpoint)]);
    assert_eq!(exchanges(&endpoint).len(), 1);
}

#[test]
fn a_code_without_an_answer_is_not_sent_again_and_the_hint_is_to_start_again() {
    let replies = [Reply::nothing(Ending::Close), Reply::status(504)];
    for reply in replies {
        let endpoint = Endpoint::login(&app().replying(reply));
        let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
        let hint = "hint: the code was sent, and works once; start again with sftoken login\n";
        assert_failed(outcome, 69, &[&host(&endpoint), hint]);
        assert_eq!(exchanges(&endpoint).len(), 1);
    }
}

#[test]
fn a_line_that_is_too_long_ends_the_run_before_a_part_of_it_is_sent() {
    let endpoint = Endpoint::login(&app());
    let dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let state = parameter(&dialogue.address, "state").to_owned();
    let code = "c".repeat(70_000);
    let line = format!("{}?state={state}&code={code}", endpoint.callback());
    let outcome = dialogue.paste(&line);
    let words = [
        "sftoken: cannot read standard input: a line is longer than 64 KiB\n",
        "hint: paste the address alone\n",
    ];
    assert_failed(outcome, 66, &words);
    assert!(exchanges(&endpoint).is_empty());
}

#[test]
fn a_refusal_of_another_login_is_no_answer_to_this_one() {
    let endpoint = Endpoint::login(&app());
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    let other = format!("{}?error=access_denied&state=other", endpoint.callback());
    dialogue.paste_in_vain(&other, "this address is of another login, by its state");
    let landing = dialogue.landing(&endpoint);
    dialogue.paste(&landing).code(0).file_is(FILE, LOGGED_IN);
}

#[test]
fn a_reply_without_a_refresh_token_is_not_saved() {
    let replies = [
        Reply::token("00D!access-1"),
        Reply::json(200, r#"{"access_token":"00D!access-1","refresh_token":""}"#),
        Reply::json(
            200,
            r#"{"access_token":"00D!access-1","refresh_token":null}"#,
        ),
    ];
    for reply in replies {
        let endpoint = Endpoint::login(&app().replying(reply));
        let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
        assert_failed(outcome, 78, &["scope refresh_token"]);
    }
}

#[test]
fn a_refresh_token_without_an_access_token_is_saved_with_its_client() {
    let reply = Reply::json(200, r#"{"refresh_token":"5Aep-token-1"}"#);
    let endpoint = Endpoint::login(&app().replying(reply));
    let case = login_in(&endpoint, with_tmp(Case::new()));
    let outcome = log_in(case.arg(FILE), &endpoint);
    let saved = "no access token; its new refresh token was saved; the reply is kept in ";
    assert!(outcome.stderr_text().contains(saved), "{outcome}");
    let document = "{\n  \"client_id\": \"id\",\n  \"refresh_token\": \"5Aep-token-1\"\n}\n";
    outcome.code(76).file_is(FILE, document);
}

#[test]
fn the_client_is_refused() {
    let endpoint = Endpoint::login(&app().client_secret("another"));
    let outcome = log_in(login_at(&endpoint).arg(FILE), &endpoint);
    assert_failed(outcome, 78, &["invalid_client"]);
}

#[test]
fn the_timeout_counts_from_the_pasted_address_on() {
    let silence = Reply::nothing(Ending::Stall);
    let endpoint = Endpoint::login(&app().replying(silence));
    let outcome = log_in(
        login_at(&endpoint).args(["--timeout", "1s", FILE]),
        &endpoint,
    );
    address_in(&outcome.stderr_text());
    assert_failed(outcome, 69, &["no reply"]);
}

#[test]
fn a_token_endpoint_that_does_not_end_in_token_has_no_authorization_endpoint() {
    let endpoint = Endpoint::login(&app());
    let url = format!("{}/oauth/refresh", endpoint.origin());
    let call = [
        "login",
        "--client-id",
        CLIENT_ID,
        "--token-endpoint",
        &url,
        FILE,
    ];
    let outcome = Case::new().args(call).run();
    assert_failed(outcome, 64, &["/oauth/refresh"]);
}

#[test]
fn a_redirect_uri_that_no_app_can_have_is_a_usage_error_that_does_not_quote_it() {
    let urls = [
        "localhost:1717",
        "https://",
        "https://a.example/#fragment",
        "https://a.example/a b",
        "force://id:secret:5Aep861token@a.example",
    ];
    for url in urls {
        let call = ["login", "--client-id", CLIENT_ID, "-n", "--redirect-uri"];
        let outcome = Case::new().args(call).args([url, FILE]).run();
        let message = "invalid --redirect-uri: it is not the URL of a callback";
        Failure::new(64, message, "give a callback URL of the app, to the letter").of(outcome);
    }
}

#[test]
fn options_of_a_refresh_alone_are_none_of_a_login() {
    for option in ["--max-age", "--retries"] {
        let outcome = Case::new().args(["login", option, "1", FILE]).run();
        assert_failed(outcome, 64, &[option]);
    }
}

#[test]
fn a_place_where_nothing_can_be_saved_is_found_before_the_address_is_shown() {
    let endpoint = Endpoint::login(&app());
    let outcome = login_at(&endpoint).arg("missing/token.json").run();
    assert!(
        !outcome.stderr_text().contains("code_challenge"),
        "{outcome}"
    );
    assert_failed(outcome, 73, &["missing/token.json"]);
}
