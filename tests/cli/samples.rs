//! The documents, replies and calls that most tests start from.
//!
//! A test then says only what is special about it. Salesforce's own reply carries the time, so that
//! the replies here are shorter: a document can be compared to its last byte.

use std::ffi::OsStr;

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Case;

/// The name of the token file in the directory of a run.
pub(crate) const FILE: &str = "token.json";

/// The client id that [`refresh_at`] gives.
pub(crate) const CLIENT_ID: &str = "3MVG9_client.id";

/// A document with no more than it needs, as it would be saved.
pub(crate) const DOCUMENT: &str = r#"{
  "access_token": "old-access",
  "refresh_token": "old-refresh"
}
"#;

/// What becomes of [`DOCUMENT`] by the reply of [`granted`].
pub(crate) const REFRESHED: &str = r#"{
  "access_token": "new-access",
  "refresh_token": "old-refresh"
}
"#;

/// What becomes of [`DOCUMENT`] by the reply of [`rotated`].
pub(crate) const ROTATED: &str = r#"{
  "access_token": "new-access",
  "refresh_token": "new-refresh"
}
"#;

/// A success that brings a new access token and nothing else.
pub(crate) fn granted() -> Reply {
    Reply::json(200, r#"{"access_token":"new-access"}"#)
}

/// A success that replaces the refresh token too.
pub(crate) fn rotated() -> Reply {
    let body = r#"{"access_token":"new-access","refresh_token":"new-refresh"}"#;
    Reply::json(200, body)
}

/// `sftoken refresh` at the endpoint, by options, with FILE still to be named.
pub(crate) fn refresh_at(endpoint: &Endpoint) -> Case {
    Case::new()
        .args(["refresh", "--client-id", CLIENT_ID])
        .args(["--token-endpoint", &endpoint.url()])
        .args([OsStr::new("--cacert"), endpoint.ca_path().as_os_str()])
}

/// `sftoken refresh` of a private [`FILE`] with this content.
pub(crate) fn refresh_file(document: impl AsRef<[u8]>, endpoint: &Endpoint) -> Case {
    with_file(refresh_at(endpoint), document).arg(FILE)
}

/// `sftoken refresh` of what stands on standard input.
pub(crate) fn refresh_stdin(input: impl Into<Vec<u8>>, endpoint: &Endpoint) -> Case {
    refresh_at(endpoint).arg("-").stdin(input)
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

/// The summary of a refresh of [`FILE`].
pub(crate) fn summary(endpoint: &Endpoint) -> String {
    format!("sftoken: refreshed {FILE} at {}\n", endpoint.address())
}
