//! FILE as a login finds it: a document, with a login in it or not, or nothing yet.
//!
//! A login looks at it twice, before the address is shown and before the code is sent, and both times
//! holds it no longer than it works on it.

use std::path::Path;

use crate::deadline::Deadline;
use crate::document::{Document, GIVE_DOCUMENT, MAX_LEN};
use crate::error::Error;
use crate::hold::Hold;
use crate::report;
use crate::store::{Content, NewFile, Prepared, TokenFile};

/// What FILE should hold: any document, with or without a refresh token.
const DOCUMENT: Content = Content {
    max_len: MAX_LEN,
    key: Document::key_if_any,
    rebase: Document::rebase,
};

/// Tells the owner of a FILE that there is if every user of the machine can read it.
///
/// # Errors
/// `NOINPUT`.
pub(super) fn warn_if_open_to_others(path: &Path) -> Result<(), Error> {
    if let Some(file) = TokenFile::find(path, DOCUMENT)? {
        report::warn_if_open_to_others(&file);
    }
    Ok(())
}

/// Does something with the document in FILE, or with an empty one for a FILE that there is not
/// yet, and must not be if `is_new`, while there is room for what will come of it; again if that has
/// nothing to show for it, since another program was there. Messages call it `name`.
///
/// # Errors
/// `NOINPUT`, `DATAERR`, `CANTCREAT`, `TEMPFAIL`, and what comes of the work.
pub(super) fn with_room<T>(
    name: &str,
    path: &Path,
    deadline: Deadline,
    is_new: bool,
    work: impl Fn(Document, Prepared) -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let hold = Hold::new(name.to_owned(), deadline);
    loop {
        let done = match TokenFile::find(path, DOCUMENT)? {
            Some(_) if is_new => return Err(NewFile::came_to_be(path)),
            Some(file) => with_file(&hold, file, &work)?,
            None => with_new_file(&hold, &NewFile::at(path, DOCUMENT)?, &work)?,
        };
        if let Some(done) = done {
            return Ok(done);
        }
        hold.begin_again()?;
    }
}

/// Does something with the document in a FILE, under its lock.
fn with_file<T>(
    hold: &Hold,
    file: TokenFile,
    work: impl Fn(Document, Prepared) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let mut locked = hold.lock(file)?;
    hold.recover(&mut locked)?;
    let (bytes, _) = locked.read()?;
    let document = Document::parse_any(bytes);
    let document = document.map_err(|why| hold.unusable(instead_of_document(why)))?;
    match hold.prepare(&locked, &document)? {
        Some(prepared) => work(document, prepared),
        None => Ok(None),
    }
}

/// What is wrong with FILE, for who is about to make one.
fn instead_of_document(why: Error) -> Error {
    if why.advice() == Some(GIVE_DOCUMENT) {
        return why.hint("remove it, or move it away: login makes a new one");
    }
    why
}

/// Does something with an empty document, for a FILE that there is not yet.
fn with_new_file<T>(
    hold: &Hold,
    file: &NewFile,
    work: impl Fn(Document, Prepared) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let document = Document::empty();
    match hold.prepare_new(file, &document)? {
        Some(prepared) => work(document, prepared),
        None => Ok(None),
    }
}
