//! Saving the document that came of the reply, so that neither a kill nor a full disk loses it.
//!
//! The pending file gets the document in one call. JSON ignores trailing blanks, so it is complete
//! from that call on, and what follows (cut, sync, look, rename) may fail or be killed.

use super::put::{NotPut, Put, SavedHow};
use super::reserve::Reserved;
use super::side_file::SideFile;
use crate::error::{Class, Error};
use crate::input::shown;

/// Bytes that one write puts into a file wholly or not at all, whenever the process is killed: a
/// kill is noticed between two pages, and this is the smallest page there is. Where there is no pending
/// file, a longer content has to have a copy before FILE is overwritten; a shorter one is safer in FILE,
/// where the next run looks.
const UNTORN: usize = 4096;

impl Reserved<'_> {
    /// Saves the document that came of the reply. If FILE was changed since it was read but has
    /// the token that was sent, or the new one, `rebase` makes the document of what is there now.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(crate) fn save(
        self,
        document: &[u8],
        mut rebase: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<SavedHow, Error> {
        let (locked, pending, _room, in_place) = self.into_parts();
        // The first complete copy of the new tokens, before anything else.
        let copy = match pending {
            Some(pending) => completed(pending, document),
            None if document.len() > UNTORN => SideFile::in_temporary_directory(document).ok(),
            None => None,
        };
        let (key, seen) = (locked.content().key, locked.seen());
        let put = Put::new(document, Some(&seen.bytes), copy).in_place_because(in_place);
        // What has no token says nothing of whose it is, where others can put files in FILE's place.
        let has_token = seen.key.as_ref().is_some_and(|it| !it.expose().is_empty());
        let tells_whose = has_token || locked.place().closed_because().is_none();
        let saved = put.run(locked.target(), &mut |now| {
            let token = key(now);
            let is_known = token == seen.key && tells_whose;
            let is_of_this_session = is_known || token == key(document);
            is_of_this_session.then(|| rebase(now))?
        });
        saved
            .map(|(how, _)| how)
            .map_err(|not_put| not_saved(&locked.name(), not_put, document))
    }
}

/// The pending file once it has the document, or a file of the temporary directory in its stead.
fn completed(pending: SideFile, document: &[u8]) -> Option<SideFile> {
    let written = pending.write(document);
    let finished = written.and_then(|()| pending.finish(document.len()));
    if finished.is_ok() && pending.is_named() {
        return Some(pending);
    }
    SideFile::in_temporary_directory(document).ok()
}

/// The new tokens are not in FILE but, where that could be written, in another file.
pub(super) fn not_saved(name: &str, not_put: NotPut, document: &[u8]) -> Error {
    let NotPut {
        why,
        declined,
        copy,
    } = not_put;
    let copy = copy.filter(SideFile::is_named);
    let copy = copy.or_else(|| SideFile::in_temporary_directory(document).ok());
    let failed = |also: String, hint: String| {
        let message = format!("cannot save {name}: {why}; {also}");
        Error::new(Class::IoErr, message, hint)
    };
    let Some(copy) = copy else {
        return failed(
            "the new tokens are lost".to_owned(),
            "no other file could be written either; log in again".to_owned(),
        );
    };
    let path = shown(&copy.keep());
    let hint = if declined {
        format!("move {path} to {name} unless another login is there that you want to keep")
    } else {
        format!("move {path} to {name} before the next run")
    };
    failed(format!("the new tokens are in {path}"), hint)
}
