//! A login that ends early, and a file that comes to be meanwhile.
//!
//! While a person logs in nothing is held, so nothing can be left behind; from the code on the
//! promises of a refresh count.

use std::fs;

use serde_json::Value;

use crate::endpoint::{Endpoint, Gate, Reply};
use crate::harness::{Case, Running};
use crate::kit::{DOCUMENT, FILE, PENDING, document, with_file};
use crate::login_kit::{
    Dialogue, LOGGED_IN, TOKENS, app, assert_nothing_saved, log_in, login_at, login_in,
    nobody_there,
};
use crate::rights::{only_file_in, with_tmp};

/// What another program writes to [`FILE`] while somebody logs in.
const FOREIGN: &str = r#"{"refresh_token":"5Aep-foreign"}"#;

/// An endpoint that holds the tokens back, and a login that waits for them there.
fn waiting_for_tokens(case: Case, gate: &Gate) -> (Endpoint, Running) {
    let reply = Reply::json(200, TOKENS).after(gate);
    let endpoint = Endpoint::login(&app().replying(reply));
    let mut dialogue = Dialogue::start(with_tmp(login_in(&endpoint, case)).arg(FILE));
    let landing = dialogue.landing(&endpoint);
    dialogue.run.type_text(&format!("{landing}\n"));
    endpoint.wait_for_requests(2);
    (endpoint, dialogue.run)
}

#[test]
fn an_interrupt_at_the_prompt_leaves_nothing_behind() {
    let endpoint = Endpoint::login(&app());
    for (name, number) in [("INT", 2), ("TERM", 15), ("KILL", 9)] {
        // A test runner in the background of a shell has INT ignored.
        let start = ["env", "--default-signal=INT"];
        let case = login_at(&endpoint).arg(FILE).through(start);
        let dialogue = Dialogue::start(case);
        dialogue.run.signal(name);
        let none: [&str; 0] = [];
        dialogue
            .run
            .wait()
            .ended_by(number)
            .stdout("")
            .files_are(none);
    }
}

#[test]
fn the_end_of_input_at_the_prompt_leaves_nothing_behind() {
    let endpoint = Endpoint::login(&app());
    let mut dialogue = Dialogue::start(login_at(&endpoint).arg(FILE));
    dialogue.run.end_input();
    assert_nothing_saved(dialogue.run.wait(), &nobody_there());
}

#[test]
fn an_interrupt_while_the_tokens_are_awaited_does_not_stand_in_the_way_of_the_next_login() {
    let gate = Gate::new();
    let (_endpoint, run) = waiting_for_tokens(Case::new(), &gate);
    run.terminate();
    let outcome = run.wait().ended_by(15);
    assert!(!fs::exists(outcome.path(FILE)).unwrap(), "{outcome}");
    let endpoint = Endpoint::login(&app());
    log_in(login_in(&endpoint, outcome.again()).arg(FILE), &endpoint)
        .code(0)
        .file_is(FILE, LOGGED_IN)
        .files_are([FILE, "tmp"]);
}

#[test]
fn an_interrupt_while_the_tokens_are_awaited_leaves_the_old_login_of_a_file() {
    let gate = Gate::new();
    let case = with_file(Case::new(), DOCUMENT);
    let (_endpoint, run) = waiting_for_tokens(case, &gate);
    run.terminate();
    run.wait().ended_by(15).file_is(FILE, DOCUMENT);
}

#[test]
fn what_an_interrupted_refresh_left_is_finished_before_its_login_is_replaced() {
    let endpoint = Endpoint::login(&app());
    let case = with_file(Case::new(), DOCUMENT).file(PENDING, document(1));
    let case = login_in(&endpoint, case.mode(PENDING, 0o600)).arg(FILE);
    let outcome = log_in(case, &endpoint).code(0).files_are([FILE]);
    let saved: Value = serde_json::from_slice(&outcome.read(FILE)).unwrap();
    assert_eq!(saved["refresh_token"], "5Aep-token-1", "{outcome}");
    assert!(
        outcome
            .stderr_text()
            .contains("finished an interrupted save"),
        "{outcome}"
    );
}

#[test]
fn a_reply_that_cannot_be_used_is_kept_since_it_has_the_only_tokens() {
    let broken = TOKENS.trim_end_matches('}');
    let endpoint = Endpoint::login(&app().replying(Reply::json(200, broken)));
    let outcome = log_in(with_tmp(login_at(&endpoint)).arg(FILE), &endpoint);
    let kept = only_file_in(&outcome.path("tmp"));
    assert_eq!(fs::read_to_string(&kept).unwrap(), broken);
    let name = kept.to_str().unwrap();
    assert!(outcome.stderr_text().contains(name), "{outcome}");
    // What a refresh needs is in the file.
    let saved = "{\n  \"client_id\": \"id\",\n  \"refresh_token\": \"5Aep-token-1\"\n}\n";
    outcome.code(76).stdout("").file_is(FILE, saved);
}

#[test]
fn a_reply_that_names_a_refresh_token_and_then_none_is_kept() {
    let body = r#"{"refresh_token":"5Aep-only","access_token":"00D!a","refresh_token":""}"#;
    let endpoint = Endpoint::login(&app().replying(Reply::json(200, body)));
    let outcome = log_in(with_tmp(login_at(&endpoint)).arg(FILE), &endpoint);
    let kept = only_file_in(&outcome.path("tmp"));
    assert_eq!(fs::read_to_string(&kept).unwrap(), body);
    let name = kept.to_str().unwrap();
    assert!(outcome.stderr_text().contains(name), "{outcome}");
    outcome.code(78).stdout("").files_are(["tmp"]);
}

#[test]
fn a_file_that_comes_to_be_while_the_tokens_are_awaited_is_kept_and_so_are_they() {
    let gate = Gate::new();
    let (_endpoint, run) = waiting_for_tokens(Case::new(), &gate);
    let file = run.path(FILE);
    fs::write(&file, FOREIGN).unwrap();
    gate.open();
    let outcome = run.wait().code(74).stdout("").file_is(FILE, FOREIGN);
    let outcome = outcome.files_are([FILE, "tmp"]);
    // Beside it, they would be taken for it once it is removed.
    let kept = only_file_in(&outcome.path("tmp"));
    let name = kept.display();
    let words = format!(
        "sftoken: cannot save {FILE}: another program made it meanwhile; \
         the new tokens are in {name}\n\
         hint: move {name} to {FILE} unless another login is there that you want to keep\n"
    );
    assert!(outcome.stderr_text().ends_with(&words), "{outcome}");
    outcome.file_is(&kept, LOGGED_IN).mode_is(&kept, 0o600);
}
