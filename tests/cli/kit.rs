//! What most tests start from: one session's documents, the calls, and the words of each outcome.
//!
//! Document N has the access token `00D!access-N` and the refresh token `5Aep-N`; a server that
//! rotates turns it into document N + 1 once. Replies here have no more members than a test needs,
//! unlike Salesforce's own, which carries the time: so a document can be compared to its last byte.

use std::ffi::OsStr;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::endpoint::{Ending, Endpoint, Reply, Request};
use crate::harness::{Case, Outcome};

/// The name of the token file in the directory of a run.
pub(crate) const FILE: &str = "token.json";

/// What an interrupted run leaves beside [`DOCUMENT`]: the name has the first 16 digits of the
/// SHA-256 of its refresh token.
pub(crate) const PENDING: &str = ".token.json.sftoken-90b6aad50e206ce2";

/// The client id that every call gives, since not every document has one.
pub(crate) const CLIENT_ID: &str = "id";

/// The usual document before a refresh, as it would be saved: `document(0)`.
pub(crate) const DOCUMENT: &str = r#"{
  "access_token": "00D!access-0",
  "refresh_token": "5Aep-0",
  "client_id": "id"
}
"#;

/// What becomes of [`DOCUMENT`] by the reply of [`granted`]; [`reply`] makes it `document(1)`.
pub(crate) const REFRESHED: &str = r#"{
  "access_token": "00D!access-1",
  "refresh_token": "5Aep-0",
  "client_id": "id"
}
"#;

/// A reply with an access token and nothing else.
pub(crate) const TOKEN: &str = r#"{"access_token":"00D!access-1"}"#;

/// An address at which nobody listens: the system gives such a port to nobody by chance, unlike one
/// that was free a moment ago.
pub(crate) const NOBODY: &str = "127.0.0.1:1";

/// The number of no document: a session that has ended.
const ENDED: usize = usize::MAX;

/// The document after `number` refreshes by a server that rotates.
pub(crate) fn document(number: usize) -> String {
    let access = DOCUMENT.replace("access-0", &format!("access-{number}"));
    access.replace("5Aep-0", &format!("5Aep-{number}"))
}

/// A success that brings a new access token and nothing else.
pub(crate) fn granted() -> Reply {
    Reply::json(200, TOKEN)
}

/// A success that rotates: it makes any document the document of this number.
pub(crate) fn reply(number: usize) -> Reply {
    let members =
        format!(r#""access_token":"00D!access-{number}","refresh_token":"5Aep-{number}""#);
    Reply::json(200, format!("{{{members}}}"))
}

/// The refusal of a refresh token that does not count any more.
pub(crate) fn expired() -> Reply {
    Reply::error(400, "invalid_grant", "expired access/refresh token")
}

/// A server that rotates, ends the session on reuse, and starts with document `number`.
pub(crate) fn rotating_from(number: usize) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let current = AtomicUsize::new(number);
    move |request| {
        let sent = request.param("refresh_token").unwrap();
        let sent = sent.strip_prefix("5Aep-").unwrap().parse().unwrap();
        let next = current.compare_exchange(sent, sent + 1, Ordering::SeqCst, Ordering::SeqCst);
        if next.is_ok() {
            return reply(sent + 1);
        }
        current.store(ENDED, Ordering::SeqCst);
        expired()
    }
}

/// The same for a session that begins.
pub(crate) fn rotating() -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    rotating_from(0)
}

/// A proxy that leads to this endpoint, whatever it is asked for.
pub(crate) fn proxy_to(endpoint: &Endpoint) -> Endpoint {
    Endpoint::http(Reply::status(200).then(Ending::Tunnel(endpoint.address())))
}

/// Any call, sent to the endpoint by options.
pub(crate) fn at(endpoint: &Endpoint, call: Case) -> Case {
    with_ca(endpoint, call.args(["--token-endpoint", &endpoint.url()]))
}

/// Any call that trusts the endpoint's CA, if it has one.
pub(crate) fn with_ca(endpoint: &Endpoint, call: Case) -> Case {
    if endpoint.origin().starts_with("http:") {
        return call;
    }
    call.args([OsStr::new("--cacert"), endpoint.ca_path().as_os_str()])
}

/// `sftoken refresh` with a client id and nothing else.
fn refresh_of_client(case: Case) -> Case {
    case.args(["refresh", "--client-id", CLIENT_ID])
}

/// `sftoken refresh` at the endpoint, with FILE still to be made and named.
pub(crate) fn refresh_at(endpoint: &Endpoint) -> Case {
    at(endpoint, refresh_of_client(Case::new()))
}

/// `sftoken refresh` at the endpoint where the usual [`FILE`] is, with FILE still to be named.
pub(crate) fn refresh_here(endpoint: &Endpoint) -> Case {
    with_file(refresh_at(endpoint), DOCUMENT)
}

/// `sftoken refresh` of the usual [`FILE`].
pub(crate) fn refresh(endpoint: &Endpoint) -> Case {
    refresh_file(DOCUMENT, endpoint)
}

/// `sftoken refresh` of a private [`FILE`] with this content.
pub(crate) fn refresh_file(document: impl AsRef<[u8]>, endpoint: &Endpoint) -> Case {
    with_file(refresh_at(endpoint), document).arg(FILE)
}

/// `sftoken refresh` of what stands on standard input.
pub(crate) fn refresh_stdin(input: impl Into<Vec<u8>>, endpoint: &Endpoint) -> Case {
    refresh_at(endpoint).arg("-").stdin(input)
}

/// `sftoken refresh` of the usual [`FILE`] at any URL, with the built-in roots.
pub(crate) fn refresh_url(url: &str) -> Case {
    let case = with_file(refresh_of_client(Case::new()), DOCUMENT);
    case.args(["--token-endpoint", url, FILE])
}

/// `sftoken refresh` of [`FILE`] at the host that this document names: the proxy leads any host to
/// an endpoint whose certificate is good for Salesforce's names too.
pub(crate) fn refresh_by_proxy(document: &str, proxy: &Endpoint) -> Case {
    let case = with_file(refresh_of_client(Case::new()), document).arg(FILE);
    let case = case.env("SSL_CERT_FILE", proxy.ca_path());
    case.env("HTTPS_PROXY", proxy.origin())
}

/// Another refresh of [`FILE`] where one has been.
pub(crate) fn refresh_again(outcome: &Outcome, endpoint: &Endpoint) -> Case {
    at(endpoint, refresh_of_client(outcome.again())).arg(FILE)
}

/// `sftoken refresh --dry-run` without an endpoint. Should it send something after all, that does
/// not leave this machine.
pub(crate) fn dry_run() -> Case {
    let case = Case::new().args(["refresh", "--dry-run"]);
    case.env("https_proxy", "http://127.0.0.1:9")
}

/// Puts a private [`FILE`] into the directory of a run.
pub(crate) fn with_file(case: Case, document: impl AsRef<[u8]>) -> Case {
    case.file(FILE, document).mode(FILE, 0o600)
}

/// The endpoint as messages name it.
pub(crate) fn host(endpoint: &Endpoint) -> String {
    endpoint.address().to_string()
}

/// The summary of a refresh of [`FILE`].
pub(crate) fn summary(endpoint: &Endpoint) -> String {
    format!("sftoken: refreshed {FILE} at {}\n", endpoint.address())
}

/// The summary of a refresh of [`FILE`] by a server that rotates.
pub(crate) fn refreshed(endpoint: &Endpoint) -> String {
    let host = endpoint.address();
    format!("sftoken: refreshed {FILE} at {host}, refresh token rotated\n")
}

/// The summary of a dry run of `name` by a public client.
pub(crate) fn would_post(name: &str, url: &str) -> String {
    let form = "grant_type, client_id, refresh_token";
    format!("sftoken: dry run: would refresh {name}: POST {form} to {url}\n")
}

/// The run made [`REFRESHED`] of the usual [`FILE`] and said so.
#[track_caller]
pub(crate) fn assert_refreshed(outcome: Outcome, host: &str) {
    outcome
        .code(0)
        .stderr(format!("sftoken: refreshed {FILE} at {host}\n"))
        .stdout("")
        .file_is(FILE, REFRESHED)
        .files_are([FILE]);
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

    /// Why an endpoint of a private CA is not trusted, and what to do about it.
    pub(crate) const UNKNOWN_CA: (&str, &str) = (
        "its certificate is signed by an unknown authority",
        "give your own CA with --cacert, or find out who answers in its place",
    );

    /// An input that cannot be read, by the path that the caller gave.
    pub(crate) fn unreadable(name: &str, why: &str) -> Self {
        let hint = "check the path and its permissions";
        Self::new(66, &format!("cannot read {name}: {why}"), hint)
    }

    /// An input that is no document.
    pub(crate) fn unusable(name: &str, why: &str, hint: &str) -> Self {
        Self::new(65, &format!("cannot use {name}: {why}"), hint)
    }

    /// A document without a usable refresh token.
    pub(crate) fn no_refresh_token(name: &str, why: &str) -> Self {
        let hint = "log in again with the scope refresh_token and save that reply";
        Self::unusable(name, why, hint)
    }

    /// Nothing was sent, since saving could not have worked.
    pub(crate) fn unsavable(name: &str, why: &str, cure: &str) -> Self {
        let hint = format!("nothing was sent; {cure}");
        Self::new(73, &format!("cannot save {name}: {why}"), &hint)
    }

    /// What the network said about the refresh of [`FILE`], and its hint.
    pub(crate) fn refresh(code: i32, message: &str, hint: &str) -> Self {
        Self::new(code, &format!("cannot refresh {FILE}: {message}"), hint)
    }

    /// Nothing was sent, since the endpoint is not who it should be.
    pub(crate) fn untrusted(host: &str, (why, hint): (&str, &str)) -> Self {
        let message = format!("cannot trust {host}: {why}");
        Self::refresh(68, &message, &format!("nothing was sent; {hint}"))
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

    /// The run failed in this way and printed nothing.
    #[track_caller]
    pub(crate) fn of(&self, outcome: Outcome) -> Outcome {
        outcome.code(self.code).stderr(&self.stderr).stdout("")
    }

    /// The same, and it left the usual file as it was, alone in its directory.
    #[track_caller]
    pub(crate) fn check(&self, outcome: Outcome) -> Outcome {
        self.of(outcome).file_is(FILE, DOCUMENT).files_are([FILE])
    }
}
