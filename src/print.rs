//! What `--print` writes, and what becomes of an only copy that nobody took.
//!
//! With a file the result is safe by then. With standard input what is printed is the only copy,
//! and a refresh token that was rotated must not end in a closed pipe.

use std::path::{Path, PathBuf};

use crate::document::Document;
use crate::error::{Class, Error, reason};
use crate::input::shown;
use crate::text::{for_assignment, is_token};
use crate::{say, store};

/// What `--print` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Printed {
    /// The access token and a newline.
    Token,
    /// An HTTP header.
    Header,
    /// Assignments for a shell.
    Env,
    /// The document.
    Json,
}

/// Where the document that is printed stands besides.
pub(crate) enum Kept {
    /// In the file of this name.
    In(String),
    /// By the caller, as far as it cannot be had again.
    ByCaller,
    /// Nowhere, and its refresh token is the only one of the session.
    Nowhere,
}

/// Writes what was asked for. A refresh token that this would lose is put aside before.
///
/// # Errors
/// `IOERR` if standard output does not take it, or if the only refresh token can be kept nowhere.
pub(crate) fn print(what: Printed, document: &Document, kept: &Kept) -> Result<(), Error> {
    let printed = rendered(what, document)?;
    match kept {
        Kept::Nowhere if what != Printed::Json || store::is_output_discarded() => {
            let path = keep_only_copy(document)?;
            say::result(&printed).map_err(|error| with_rescued(error, &path))
        }
        Kept::Nowhere => say::result(&printed).map_err(|error| rescued(error, document)),
        Kept::In(name) => say::result(&printed)
            .map_err(|error| error.hint(format!("{name} has the token; do not log in again"))),
        Kept::ByCaller => say::result(&printed),
    }
}

/// Keeps a document that can be given to nobody, and says where in the error. Where that fails, the
/// loss is the failure.
pub(crate) fn rescued(error: Error, document: &Document) -> Error {
    if let Ok(path) = store::keep(&document.render()) {
        return with_rescued(error, &path);
    }
    error
        .but("the new tokens are lost")
        .hint("log in again")
        .of_class(Class::IoErr)
}

/// The error of a run whose document is in the file of this path.
fn with_rescued(error: Error, path: &Path) -> Error {
    error
        .but(format_args!("the new tokens are in {}", shown(path)))
        .hint("use that file in place of the old tokens")
}

/// Keeps a new refresh token that will not be on standard output, for who may need it, and says
/// where.
fn keep_only_copy(document: &Document) -> Result<PathBuf, Error> {
    let rescued = store::keep(&document.render());
    let path = rescued.map_err(|error| {
        let why = reason(&error);
        Error::new(
            Class::IoErr,
            format!("the new refresh token is not printed, and cannot be kept: {why}"),
            "log in again, and set TMPDIR to a directory that can be written",
        )
    })?;
    say::warning(format_args!(
        "the new refresh token is not printed; it is in {}",
        shown(&path)
    ));
    Ok(path)
}

/// What is written for a document.
fn rendered(what: Printed, document: &Document) -> Result<Vec<u8>, Error> {
    let token = || {
        document.access_token().ok_or_else(|| {
            Error::new(
                Class::Software,
                "no access token to print",
                "this is a bug in sftoken; please report it",
            )
        })
    };
    let printed = match what {
        Printed::Token => format!("{}\n", token()?.expose()),
        Printed::Header => format!("Authorization: Bearer {}\n", token()?.expose()),
        Printed::Env => assignments(token()?.expose(), document.text("instance_url")),
        Printed::Json => return Ok(document.render()),
    };
    Ok(printed.into_bytes())
}

/// The variables that the Salesforce CLI reads.
fn assignments(token: &str, instance_url: Option<&str>) -> String {
    let token = format!("SF_ACCESS_TOKEN={}\n", for_assignment(token));
    match instance_url {
        Some(url) if is_token(url) => {
            format!("{token}SF_ORG_INSTANCE_URL={}\n", for_assignment(url))
        }
        Some(_) => {
            say::warning(
                "instance_url is left out: it has characters that no dotenv file can carry",
            );
            token
        }
        None => token,
    }
}
