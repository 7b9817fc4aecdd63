//! A FILE that there is not yet.
//!
//! It appears whole or not at all, private, and never in place of a file that came to be meanwhile:
//! a second name for the complete pending file fails where there is one already. The pending file is
//! named after the empty string, since no token is used up; two runs that make the same FILE meet
//! there.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::claim::{Claim, claim};
use super::content::Content;
use super::lock::held_by_another;
use super::pending::{Found, find, path_for, successor};
use super::place::Place;
use super::put::{NotPut, SavedHow, sync_directory};
use super::save::not_saved;
use super::side_file::SideFile;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::input::shown;
use crate::secret::Secret;

/// Where FILE will be.
#[derive(Debug)]
pub(crate) struct NewFile {
    /// As the caller named it.
    given: PathBuf,
    /// The same without symbolic links.
    place: Place,
    /// What it will hold.
    content: Content,
}

/// A FILE whose making has been proved possible.
#[derive(Debug)]
pub(crate) struct ReservedNew<'a> {
    /// Where it will be.
    file: &'a NewFile,
    /// What it will be.
    pending: SideFile,
}

impl NewFile {
    /// A FILE where none is.
    ///
    /// # Errors
    /// `CANTCREAT` if its directory cannot be found, or a link leads nowhere.
    pub(crate) fn at(given: &Path, content: Content) -> Result<Self, Error> {
        let parent = given.parent().filter(|it| !it.as_os_str().is_empty());
        let directory = fs::canonicalize(parent.unwrap_or(Path::new(".")));
        let directory = directory.map_err(|error| cannot_make(given, &reason(&error)))?;
        let name = given.file_name();
        let name = name.ok_or_else(|| cannot_make(given, "that is no name of a file"))?;
        let path = directory.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|it| it.is_symlink()) {
            return Err(cannot_make(given, "it is a link that leads nowhere"));
        }
        Ok(Self {
            given: given.to_owned(),
            place: Place::of(&path),
            content,
        })
    }

    /// Reserves room for a document of `len` bytes and some growth; none if FILE came to be.
    ///
    /// # Errors
    /// `CANTCREAT` if it cannot be made; `TEMPFAIL` if another run makes it until the deadline.
    pub(super) fn reserve(
        &self,
        len: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<ReservedNew<'_>>, Error> {
        if let Some(closed) = self.place.closed_because() {
            let hint =
                "nothing was sent; make it in a directory of your own, or put {} into it first";
            return Err(cannot_make(&self.given, closed).hint(hint));
        }
        if self.finish_interrupted()? {
            return Ok(None);
        }
        let (room, no_token) = (len + Content::GROWTH, Secret::new(""));
        match claim(
            &self.place,
            self.content,
            &no_token,
            room,
            deadline,
            waiting,
        ) {
            Claim::Ready(pending) => Ok(Some(ReservedNew {
                file: self,
                pending,
            })),
            Claim::Used => Ok(None),
            Claim::Held => Err(held_by_another(&shown(&self.given))),
            Claim::Impossible(why) => Err(cannot_make(&self.given, &why)),
        }
    }

    /// Makes FILE of what an interrupted run left, if there is something.
    fn finish_interrupted(&self) -> Result<bool, Error> {
        let failed = |error: io::Error| cannot_make(&self.given, &reason(&error));
        let path = path_for(&self.place, &[]);
        let Found::Left(left, bytes) = find(&self.place, &path, self.content).map_err(failed)?
        else {
            return Ok(false);
        };
        let Some(document) = successor(self.content, &bytes, Some(&Secret::new(""))) else {
            // What is not complete goes away, so that its name is free.
            drop(left.temporary());
            return Ok(false);
        };
        left.finish(document.len()).map_err(failed)?;
        self.appear(&left.temporary()).map_err(failed)?;
        Ok(true)
    }

    /// Gives the name of FILE to a complete file, unless something has it.
    fn appear(&self, complete: &SideFile) -> io::Result<()> {
        complete.make_private()?;
        match fs::hard_link(complete.path(), self.place.path()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists && self.is_absent() => {
                // Some file systems have no second names.
                fs::rename(complete.path(), self.place.path())
            }
            linked => linked,
        }
    }

    /// Whether nothing has the name of FILE.
    fn is_absent(&self) -> bool {
        let found = fs::symlink_metadata(self.place.path());
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }
}

impl ReservedNew<'_> {
    /// The look right before the first send: whether there is still no FILE, and the pending file is
    /// where other runs meet it.
    pub(super) fn is_current(&self) -> bool {
        self.file.is_absent() && self.pending.is_named()
    }

    /// Makes FILE with this document.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(super) fn save(self, document: &[u8]) -> Result<SavedHow, Error> {
        let Self { file, pending } = self;
        let written = pending.write(document);
        let made = written
            .and_then(|()| pending.finish(document.len()))
            .and_then(|()| file.appear(&pending));
        match made {
            Ok(()) => {
                drop(pending);
                let synced = sync_directory(file.place.path());
                Ok(SavedHow::after(synced))
            }
            Err(error) => {
                let declined = error.kind() == ErrorKind::AlreadyExists;
                let why = if declined {
                    "another program made it meanwhile".to_owned()
                } else {
                    reason(&error)
                };
                // The pending file would be taken for FILE by the next run.
                let copy = SideFile::in_temporary_directory(document).ok();
                let copy = copy.or(Some(pending));
                let not_put = NotPut {
                    why,
                    declined,
                    copy,
                };
                Err(not_saved(&shown(&file.given), not_put, document))
            }
        }
    }
}

/// FILE cannot be made, so nothing must be sent.
fn cannot_make(given: &Path, why: &str) -> Error {
    Error::new(
        Class::CantCreat,
        format!("cannot make {}: {why}", shown(given)),
        "nothing was sent; make room, or give a FILE in a directory that this user can write to",
    )
}
