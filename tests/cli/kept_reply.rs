//! What has to be left of a reply of the success class that is of no use.
//!
//! A row is such a reply and what it comes to, with a file and with standard input: what can be read
//! is saved, all of it is kept in a private file that the message names, and no piece of a token is
//! shown.

use std::fs;
use std::path::{Path, PathBuf};

use crate::endpoint::{Endpoint, Reply};
use crate::harness::Outcome;
use crate::kit::{DOCUMENT, FILE, Failure, host, refresh, refresh_stdin};
use crate::replies::HOST;
use crate::rights::{files_in, mode, only_file_in, with_tmp};
use crate::secrets::assert_shows_none;

/// Tokens as long as real ones, so that a piece of one in a message is seen.
pub(crate) const ACCESS: &str = "00D5g00000ABCDE!AQEAQNewAccessTokenOfTheSession";

/// The new refresh token.
pub(crate) const ROTATED: &str = "5Aep861KIwKdekr90KlxVVUI47zdR6dX_VB7uv6ioCwGrtEL";

/// A good reply with both.
pub(crate) fn good() -> String {
    format!(
        r#"{{"access_token":"{ACCESS}","refresh_token":"{ROTATED}","signature":"Zm9v","scope":"refresh_token id"}}"#
    )
}

/// A row: the reply, the failure without what was kept, whether the refresh token can be read, and
/// what is kept.
pub(crate) struct Row {
    /// What the endpoint answers.
    pub(crate) reply: Reply,
    /// The message without what became of the tokens.
    pub(crate) failure: Failure,
    /// Whether FILE gets [`ROTATED`].
    pub(crate) is_saved: bool,
    /// The bytes of the kept file.
    pub(crate) kept: Vec<u8>,
}

/// A row whose refresh token is read.
pub(crate) fn saved(bytes: impl Into<Vec<u8>>, failure: Failure) -> Row {
    let kept = bytes.into();
    let reply = Reply::json(200, kept.clone());
    Row {
        reply,
        failure,
        is_saved: true,
        kept,
    }
}

/// A row whose refresh token cannot be read.
pub(crate) fn unread(bytes: impl Into<Vec<u8>>, failure: Failure) -> Row {
    Row {
        is_saved: false,
        ..saved(bytes, failure)
    }
}

/// A row with another way of delivery.
pub(crate) fn sent(reply: Reply, row: Row) -> Row {
    Row { reply, ..row }
}

/// Checks the rows.
#[track_caller]
pub(crate) fn check(rows: impl IntoIterator<Item = Row>) {
    for row in rows {
        check_file(&row);
        check_stdin(&row);
    }
}

/// The usual document with the new refresh token, if there is one.
pub(crate) fn document(is_saved: bool) -> String {
    if is_saved {
        DOCUMENT.replace("5Aep-0", ROTATED)
    } else {
        DOCUMENT.to_owned()
    }
}

/// The message with what became of the tokens, and a hint of its own or the one that it had.
pub(crate) fn stderr(
    endpoint: &Endpoint,
    failure: &Failure,
    became: &str,
    hint: Option<&str>,
) -> String {
    let (message, own_hint) = failure.stderr.split_once("\nhint: ").unwrap();
    let hint = hint.map_or(own_hint.to_owned(), |hint| format!("{hint}\n"));
    format!("{message}{became}\nhint: {hint}").replace(HOST, &host(endpoint))
}

/// With a file, all is there, private, and named; no piece of a token is shown.
#[track_caller]
pub(crate) fn check_file(row: &Row) {
    let endpoint = Endpoint::http([row.reply.clone()]);
    let outcome = with_tmp(refresh(&endpoint)).run();
    let path = kept_in(&outcome, &row.kept);
    let (path, hint) = (path.display(), look_into(&path));
    let expected = if row.is_saved {
        let became = format!("; its new refresh token was saved; the reply is kept in {path}");
        stderr(&endpoint, &row.failure, &became, None)
    } else {
        let became = format!("; the reply is kept in {path}");
        stderr(&endpoint, &row.failure, &became, Some(&hint))
    };
    assert_shows_none(&outcome, &[ACCESS, ROTATED]);
    let outcome = outcome
        .code(row.failure.code)
        .stderr(expected)
        .stdout("")
        .file_is(FILE, document(row.is_saved))
        .files_are([FILE, "tmp"]);
    only_file_in(&outcome.path("tmp"));
    endpoint.only_request();
}

/// With standard input there is a document besides if there is a new one.
#[track_caller]
pub(crate) fn check_stdin(row: &Row) {
    let endpoint = Endpoint::http([row.reply.clone()]);
    let outcome = with_tmp(refresh_stdin(DOCUMENT, &endpoint)).run();
    let path = kept_in(&outcome, &row.kept);
    let hint = look_into(&path);
    let path = path.display();
    let expected = if row.is_saved {
        let rescued = kept_in(&outcome, document(true).as_bytes());
        let rescued = rescued.display();
        let became = format!("; the new tokens are in {rescued}; the reply is kept in {path}");
        let hint = "use that file in place of the old tokens";
        stderr(&endpoint, &row.failure, &became, Some(hint))
    } else {
        let became = format!("; the reply is kept in {path}");
        stderr(&endpoint, &row.failure, &became, Some(&hint))
    };
    let expected = expected.replace(FILE, "standard input");
    assert_shows_none(&outcome, &[ACCESS, ROTATED]);
    outcome
        .code(row.failure.code)
        .stderr(expected)
        .stdout("")
        .files_are(["tmp"]);
}

/// The hint that a reply may hold a token.
pub(crate) fn look_into(path: &Path) -> String {
    let path = path.display();
    format!(
        "look into {path} before you log in again: if it has a refresh_token, put that into FILE"
    )
}

/// The private file in the temporary directory that holds exactly these bytes.
#[track_caller]
pub(crate) fn kept_in(outcome: &Outcome, bytes: &[u8]) -> PathBuf {
    let files = files_in(&outcome.path("tmp"));
    let found = files.iter().find(|it| fs::read(it).unwrap() == bytes);
    let found =
        found.unwrap_or_else(|| panic!("no file holds {}\n{outcome}", bytes.escape_ascii()));
    assert_eq!(mode(found), 0o600, "{outcome}");
    found.clone()
}
