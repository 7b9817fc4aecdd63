//! A usual refresh at a scripted endpoint, and what a failed one has to leave behind.
//!
//! The tests of the network differ in what the server does. The file, the command line and the
//! promise that a failure changes nothing are the same for all of them and stand here.

use std::fs;
use std::path::Path;

use crate::endpoint::Endpoint;
use crate::harness::{Case, Outcome};

/// The name of the token file.
pub(crate) const FILE: &str = "token.json";

/// The token file before a refresh.
pub(crate) const BEFORE: &str = r#"{
  "access_token": "00D!old",
  "refresh_token": "5Aep-old",
  "client_id": "the-client"
}
"#;

/// An address at which nobody listens: the system gives such a port to nobody by chance, unlike one
/// that was free a moment ago.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

/// A reply with a token and nothing else.
pub(crate) const TOKEN: &str = r#"{"access_token":"00D!new"}"#;

/// The token file after the reply [`TOKEN`].
pub(crate) fn after() -> String {
    BEFORE.replace("00D!old", "00D!new")
}

/// A refresh of the usual file, in a new directory, at the URL of the endpoint.
pub(crate) fn refresh(endpoint: &Endpoint) -> Case {
    refresh_at(&endpoint.url(), &endpoint.ca_path())
}

/// A refresh of the usual file, in a new directory, at any URL.
pub(crate) fn refresh_at(url: &str, ca: &Path) -> Case {
    refresh_without_ca(url).arg("--cacert").arg(ca)
}

/// The same with the built-in roots.
pub(crate) fn refresh_without_ca(url: &str) -> Case {
    Case::new().file(FILE, BEFORE).mode(FILE, 0o600).args([
        "refresh",
        "--token-endpoint",
        url,
        FILE,
    ])
}

/// The endpoint as messages name it.
pub(crate) fn host(endpoint: &Endpoint) -> String {
    endpoint.address().to_string()
}

/// An exit code and the standard error that goes with it.
#[derive(Clone)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: i32,
    /// All of standard error.
    pub(crate) stderr: String,
}

impl Failure {
    /// A message and its hint.
    pub(crate) fn new(code: i32, message: &str, hint: &str) -> Self {
        let stderr = format!("sftoken: {message}\nhint: {hint}\n");
        Self { code, stderr }
    }

    /// What the network said about the refresh of [`FILE`], and its hint.
    pub(crate) fn refresh(code: i32, message: &str, hint: &str) -> Self {
        Self::new(code, &format!("cannot refresh {FILE}: {message}"), hint)
    }

    /// Nothing was sent, since there was no connection.
    pub(crate) fn unreachable(host: &str, why: &str) -> Self {
        let hint = "nothing was sent; check the name and the network, and try again";
        Self::refresh(69, &format!("cannot reach {host}: {why}"), hint)
    }

    /// Nothing was sent, since the proxy did not do its part.
    pub(crate) fn proxy(host: &str, proxy: &str, why: &str) -> Self {
        let hint = "nothing was sent; check the proxy, or name the host in NO_PROXY";
        let message = format!("cannot reach {host} through the proxy {proxy}: {why}");
        Self::refresh(69, &message, hint)
    }

    /// The request was sent and no reply came.
    pub(crate) fn no_reply(host: &str, why: &str) -> Self {
        let hint = "the request was sent and not repeated: the server may have processed it; \
                    if the next run is refused, log in again";
        Self::refresh(69, &format!("no reply from {host}: {why}"), hint)
    }

    /// The server wants to be asked later.
    pub(crate) fn busy(host: &str, said: &str) -> Self {
        let hint = "try again later";
        Self::refresh(75, &format!("{host} is busy: {said}"), hint)
    }

    /// The run failed in this way, printed nothing and left the usual file as it was, alone in its
    /// directory.
    #[track_caller]
    pub(crate) fn check(&self, outcome: Outcome) -> Outcome {
        outcome
            .code(self.code)
            .stderr(&self.stderr)
            .stdout("")
            .file_is(FILE, BEFORE)
            .files_are([FILE])
    }
}

/// The run saved the token of the reply [`TOKEN`] and said so.
#[track_caller]
pub(crate) fn assert_refreshed(outcome: Outcome, host: &str) {
    outcome
        .code(0)
        .stderr(format!("sftoken: refreshed {FILE} at {host}\n"))
        .stdout("")
        .file_is(FILE, after())
        .files_are([FILE]);
}

/// Replaces the usual file as a program does that knows nothing of the lock.
pub(crate) fn replace_file(path: &Path, content: &str) {
    let aside = path.with_extension("aside");
    fs::write(&aside, content).unwrap();
    fs::rename(aside, path).unwrap();
}
