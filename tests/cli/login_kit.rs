//! A login as a person makes it: read the address, open it, paste where one lands.
//!
//! The words of the dialogue stand here once, so that the tests say only what happens in them.

use crate::endpoint::{Authorizing, Endpoint, Reply, browse};
use crate::harness::{Case, Outcome, Running};
use crate::kit::{CLIENT_ID, FILE, Failure, at, host};
use crate::rights::skip;

/// The org of [`TOKENS`] and of the scripted endpoint's own replies.
pub(crate) const ORG: &str = "00D41000000F8A0EAK";

/// The user of both.
pub(crate) const USER: &str = "005410000000000AAE";

/// What the exchange of a code brings, without the time: so a document can be compared as a whole.
pub(crate) const TOKENS: &str = concat!(
    r#"{"access_token":"00D!access-1","refresh_token":"5Aep-token-1","#,
    r#""id":"https://login.salesforce.com/id/00D41000000F8A0EAK/005410000000000AAE"}"#,
);

/// The [`FILE`] that comes of [`TOKENS`].
pub(crate) const LOGGED_IN: &str = r#"{
  "access_token": "00D!access-1",
  "refresh_token": "5Aep-token-1",
  "id": "https://login.salesforce.com/id/00D41000000F8A0EAK/005410000000000AAE",
  "client_id": "id"
}
"#;

/// The end of the prompt: from here on an address can be pasted.
const PROMPT_END: &str = "it need not load:\n";

/// A login of the usual app, whose exchange brings [`TOKENS`].
pub(crate) fn app() -> Authorizing {
    Authorizing::new(CLIENT_ID).replying(Reply::json(200, TOKENS))
}

/// `sftoken login` at the endpoint, with FILE still to be named.
pub(crate) fn login_at(endpoint: &Endpoint) -> Case {
    login_in(endpoint, Case::new())
}

/// The same with a directory that has been prepared.
pub(crate) fn login_in(endpoint: &Endpoint, case: Case) -> Case {
    at(endpoint, case.args(["login", "--client-id", CLIENT_ID]))
}

/// The dialogue up to the pasted line.
pub(crate) fn prompt(address: &str) -> String {
    format!(
        "Open this address in any browser, log in and allow:\n\n{address}\n\n\
         Then paste the address of the page where you land, within 15 minutes; {PROMPT_END}"
    )
}

/// The answer to a line that is of no use.
pub(crate) fn asked_again(why: &str) -> String {
    format!("sftoken: {why}; paste the address of the page where you land:\n")
}

/// The summary of a login that made or renewed [`FILE`].
pub(crate) fn logged_in(endpoint: &Endpoint) -> String {
    let (host, url, ca) = (host(endpoint), endpoint.url(), endpoint.ca_path());
    let ca = ca.display();
    format!(
        "sftoken: logged in at {host} as {USER} of {ORG}; \
         from now on: sftoken refresh --token-endpoint {url} --cacert {ca} {FILE}\n"
    )
}

/// A login that failed for a reason of its own.
pub(crate) fn login_failure(code: i32, why: &str, hint: &str) -> Failure {
    Failure::new(code, &format!("cannot log in for {FILE}: {why}"), hint)
}

/// Nobody pasted an address.
pub(crate) fn nobody_there() -> Failure {
    login_failure(
        64,
        "no address on standard input",
        "log in where a person can, and store the file: sftoken login needs somebody at a browser",
    )
}

/// The address in what was said.
#[track_caller]
pub(crate) fn address_in(said: &str) -> String {
    let mut lines = said.lines().map(str::trim_end);
    let address = lines.find(|line| line.contains("?response_type=code&"));
    address
        .unwrap_or_else(|| panic!("no address in {said}"))
        .to_owned()
}

/// A parameter of an address; those that tests look at need no decoding.
#[track_caller]
pub(crate) fn parameter<'a>(address: &'a str, name: &str) -> &'a str {
    let (_, query) = address.split_once('?').unwrap();
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.unwrap_or_else(|| panic!("no {name} in {address}")).1
}

/// A run that has shown its address and waits.
pub(crate) struct Dialogue {
    /// The run.
    pub(crate) run: Running,
    /// The address that it showed.
    pub(crate) address: String,
}

impl Dialogue {
    /// Starts the run and waits for its address.
    #[track_caller]
    pub(crate) fn start(case: Case) -> Self {
        let run = case.typing().spawn();
        let address = address_in(&run.wait_for_stderr(PROMPT_END));
        Self { run, address }
    }

    /// Logs in and allows: the address of the page where the browser lands.
    #[track_caller]
    pub(crate) fn landing(&self, endpoint: &Endpoint) -> String {
        browse(&self.address, &endpoint.ca_path()).unwrap()
    }

    /// The address of a landing with these parameters and the right state.
    pub(crate) fn landing_with(&self, endpoint: &Endpoint, parameters: &str) -> String {
        let state = parameter(&self.address, "state");
        format!("{}?{parameters}&state={state}", endpoint.callback())
    }

    /// Pastes a line and waits for the end of the run.
    #[track_caller]
    pub(crate) fn paste(mut self, line: &str) -> Outcome {
        self.run.type_text(&format!("{line}\n"));
        self.run.wait()
    }

    /// Pastes a line that is of no use and waits for being told why.
    #[track_caller]
    pub(crate) fn paste_in_vain(&mut self, line: &str, why: &str) {
        self.run.type_text(&format!("{line}\n"));
        self.run.wait_for_stderr(&asked_again(why));
    }
}

/// A login that waits at a terminal, and the address that it showed there; none where no terminal can
/// be had.
#[track_caller]
pub(crate) fn at_a_terminal(case: Case) -> Option<(Running, String)> {
    // `script` takes one string; no argument here has a blank.
    let terminal = "command -v script >/dev/null || exec echo no script; \
                    exec script --quiet --return --command \"$*\" /dev/null";
    let case = case.through(["/bin/sh", "-c", terminal, "sh"]);
    let run = case.typing().spawn();
    if run.wait_for_stdout("\n").starts_with("no script") {
        skip("no script of util-linux");
        return None;
    }
    let address = address_in(&run.wait_for_stdout("it need not load:"));
    Some((run, address))
}

/// A whole login: open the address, paste where one lands.
#[track_caller]
pub(crate) fn log_in(case: Case, endpoint: &Endpoint) -> Outcome {
    let dialogue = Dialogue::start(case);
    let landing = dialogue.landing(endpoint);
    dialogue.paste(&landing)
}

/// The run failed in this way after its prompt, saved nothing and left nothing behind.
#[track_caller]
pub(crate) fn assert_nothing_saved(outcome: Outcome, failure: &Failure) {
    let said = prompt(&address_in(&outcome.stderr_text())) + &failure.stderr;
    let none: [&str; 0] = [];
    outcome
        .code(failure.code)
        .stderr(said)
        .stdout("")
        .files_are(none);
}

/// The forms that were posted to the token endpoint.
pub(crate) fn exchanges(endpoint: &Endpoint) -> Vec<Vec<(String, String)>> {
    let mut requests = endpoint.requests();
    requests.retain(|request| request.line.starts_with("POST "));
    requests.into_iter().map(|request| request.form).collect()
}
