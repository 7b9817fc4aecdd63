//! What `--print` writes, and what becomes of an only copy that nobody took.
//!
//! With a file the result is safe by then. With standard input what is printed is the only copy,
//! and a refresh token that was rotated must not end in a closed pipe.

use crate::document::Document;
use crate::error::{Class, Error};
use crate::input::shown;
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

/// Writes what was asked for.
///
/// # Errors
/// `IOERR` if standard output does not take it.
pub(crate) fn print(what: Printed, document: &Document, kept: &Kept) -> Result<(), Error> {
    let printed = say::result(&rendered(what, document)?);
    match (printed, kept) {
        (Ok(()), Kept::Nowhere) if what != Printed::Json || store::is_output_discarded() => {
            keep_only_copy(document);
            Ok(())
        }
        (Err(error), Kept::Nowhere) => Err(rescued(error, document)),
        (Err(error), Kept::In(name)) => {
            Err(error.hint(format!("{name} has the token; do not log in again")))
        }
        (printed, _) => printed,
    }
}

/// Keeps a document that can be given to nobody, and says where in the error.
pub(crate) fn rescued(error: Error, document: &Document) -> Error {
    match store::keep(&document.render()) {
        Ok(path) => error
            .but(format_args!("the new tokens are in {}", shown(&path)))
            .hint("use that file in place of the old tokens"),
        Err(_) => error.but("the new tokens are lost").hint("log in again"),
    }
}

/// Keeps a rotated refresh token that standard output did not take, for who may need it.
fn keep_only_copy(document: &Document) {
    match store::keep(&document.render()) {
        Ok(path) => say::warning(format_args!(
            "the refresh token on standard input was rotated; the new one is in {}",
            shown(&path)
        )),
        Err(_) => say::warning(
            "the refresh token on standard input was rotated, and the new one is lost; log in again",
        ),
    }
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
    let token = format!("SF_ACCESS_TOKEN={}\n", quoted(token));
    instance_url.map_or(token.clone(), |url| {
        format!("{token}SF_ORG_INSTANCE_URL={}\n", quoted(url))
    })
}

/// A value as a POSIX shell reads it; bare where that is the same, for readers that are no shell.
fn quoted(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"!._:/-".contains(&b);
    if !value.is_empty() && value.bytes().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_stand_bare_and_others_quoted() {
        let cases = [
            (
                "https://acme--dev.my.salesforce.com:1/",
                "https://acme--dev.my.salesforce.com:1/",
            ),
            ("$(id)", "'$(id)'"),
            ("it's", r"'it'\''s'"),
        ];
        for (value, expected) in cases {
            assert_eq!(quoted(value), expected);
        }
    }
}
