//! Handing the result to standard output, and what becomes of it if nobody takes it.
//!
//! With a file the result is safe by then. With standard input what is printed is the only copy,
//! and a refresh token that was rotated must not end in a closed pipe.

use crate::cli::{Input, Print, Refresh};
use crate::document::Document;
use crate::error::Error;
use crate::output;
use crate::report::Outcome;
use crate::store;

/// Writes what `--print` asks for.
pub(crate) fn print(call: &Refresh, document: &Document, outcome: &Outcome) -> Result<(), Error> {
    let from_stdin = call.file == Input::Stdin;
    let Some(what) = call.print.or(from_stdin.then_some(Print::Json)) else {
        return Ok(());
    };
    let is_only_copy = from_stdin && matches!(outcome, Outcome::Refreshed { rotated: true, .. });
    let printed = output::result(&output::rendered(what, document)?);
    match printed {
        Ok(()) if is_only_copy && (what != Print::Json || store::is_output_discarded()) => {
            keep_only_copy(document);
            Ok(())
        }
        Err(error) if is_only_copy => Err(rescued(&error, document)),
        Err(error) if !from_stdin => {
            let name = store::name_of(&call.file);
            Err(error.hint(format!("{name} has the token; do not log in again")))
        }
        printed => printed,
    }
}

/// Keeps a rotated refresh token that standard output did not take, for who may need it.
fn keep_only_copy(document: &Document) {
    match store::rescue(&document.render()) {
        Ok(path) => output::warning(format_args!(
            "the refresh token on standard input was rotated; the new one is in {}",
            store::shown(&path)
        )),
        Err(_) => output::warning(
            "the refresh token on standard input was rotated, and the new one is lost; log in again",
        ),
    }
}

/// Keeps a document that can be given to nobody.
pub(crate) fn rescued(error: &Error, document: &Document) -> Error {
    match store::rescue(&document.render()) {
        Ok(path) => {
            let path = store::shown(&path);
            let message = format!("{error}; the new tokens are in {path}");
            Error::new(error.class, message).hint("use that file in place of the old tokens")
        }
        Err(_) => Error::new(error.class, format!("{error}; the new tokens are lost"))
            .hint("log in again"),
    }
}
