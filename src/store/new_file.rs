//! A FILE that there is not yet.
//!
//! It appears whole or not at all, private, and never in place of a file that came to be meanwhile:
//! a second name for the complete pending file fails where there is one already. A kill may leave
//! both names, and the next run takes the other one away. The pending file is named after the empty
//! string, since no token is used up; two runs that make the same FILE meet there.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::claim::{Claim, claim};
use super::content::Content;
use super::lock::held_by_another;
use super::pending::{Found, find, path_for, successor};
use super::place::{OTHERS_CAN_WRITE, Place, UNKNOWN_USER};
use super::put::{NotPut, SavedHow, sync_directory};
use super::recover::{all_complete, unfinished};
use super::save::not_saved;
use super::shelter;
use super::side_file::SideFile;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::input::shown;
use crate::secret::Secret;

/// Why FILE is not made where something has its name by now.
const MADE_MEANWHILE: &str = "another program made it meanwhile";

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
        let directory = directory.map_err(|error| no_directory(given, &error))?;
        // The last component, unless that is `..` or has `/` or `/.` behind it.
        let is_last = |name: &&OsStr| given.as_os_str().as_bytes().ends_with(name.as_bytes());
        let name = given.file_name().filter(is_last);
        let name = name.ok_or_else(|| cannot_make(given, "that is no name of a file"))?;
        let path = directory.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|it| it.is_symlink()) {
            let hint = "nothing was sent; remove the link, or make the directory that it leads to";
            return Err(cannot_make(given, "it is a link that leads nowhere").hint(hint));
        }
        Ok(Self {
            given: given.to_owned(),
            place: Place::of(&path),
            content,
        })
    }

    /// What an interrupted run has left of a FILE that is gone: the only complete pending file.
    pub(crate) fn left_behind(&self) -> Option<PathBuf> {
        if !self.is_absent() {
            return None;
        }
        let shelter = shelter::find(&self.place);
        match &*all_complete(&self.place, shelter.as_ref(), self.content) {
            [(left, _)] => Some(left.path().to_owned()),
            _ => None,
        }
    }

    /// Something has the name of a FILE that was not there before.
    pub(crate) fn came_to_be(given: &Path) -> Error {
        cannot_make(given, MADE_MEANWHILE)
            .hint("nothing was sent; begin again to renew the login in it, or give another FILE")
    }

    /// Makes FILE of what an interrupted run left; tells whether there was something. What is not
    /// complete is removed, so that its name is free.
    ///
    /// # Errors
    /// `CANTCREAT` if it cannot become FILE, or its name is taken.
    pub(crate) fn recover(&self) -> Result<bool, Error> {
        if self.place.closed_because().is_some() || !self.is_absent() {
            return Ok(false);
        }
        let failed = |error: io::Error| cannot_make(&self.given, &reason(&error));
        let path = path_for(&self.place, &[]);
        match find(&self.place, &path, self.content).map_err(failed)? {
            Found::Nothing | Found::InUse(_) => Ok(false),
            Found::NoFile => {
                // A directory stays, and is found to be in the way.
                let _ = fs::remove_file(&path);
                Ok(false)
            }
            Found::Foreign(_) => Err(self.blocked_by(&path)),
            Found::Left(left, bytes) => {
                let finished = self.finish(left, &bytes);
                finished.map_err(|why| unfinished(&shown(&self.given), &path, &reason(&why)))
            }
        }
    }

    /// Makes FILE of a pending file, if that is complete.
    fn finish(&self, mut left: SideFile, bytes: &[u8]) -> io::Result<bool> {
        let Some(document) = successor(self.content, bytes, Some(&Secret::new(""))) else {
            drop(left.temporary());
            return Ok(false);
        };
        left.finish(document.len())?;
        self.appear(&mut left).map(|_| true)
    }

    /// Reserves room for a document of `len` bytes and some growth; none if FILE came to be.
    ///
    /// # Errors
    /// `CANTCREAT` if it cannot be made; `TEMPFAIL` if another run makes it until the deadline.
    pub(crate) fn reserve(
        &self,
        len: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<ReservedNew<'_>>, Error> {
        if let Some(closed) = self.place.closed_because() {
            let elsewhere = "give a FILE in a directory of mode 0700";
            let hint = match closed.strip_prefix(OTHERS_CAN_WRITE) {
                Some(name) => format!("nothing was sent; chmod go-w {name}, or {elsewhere}"),
                None if closed == UNKNOWN_USER => "nothing was sent; try again".to_owned(),
                None => format!("nothing was sent; {elsewhere}"),
            };
            return Err(cannot_make(&self.given, closed).hint(hint));
        }
        if !self.is_absent() {
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

    /// Gives the name of FILE, and no other, to a complete file, unless something has it; syncs the
    /// directory.
    fn appear(&self, complete: &mut SideFile) -> io::Result<SavedHow> {
        complete.make_private()?;
        if let Err(error) = complete.move_to_free(self.place.path()) {
            if !self.is_absent() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            // Some file systems have no second names.
            let renamed = fs::rename(complete.path(), self.place.path());
            renamed.map_err(|_| error)?;
        }
        Ok(SavedHow::after(sync_directory(self.place.path())))
    }

    /// Whether nothing has the name of FILE.
    fn is_absent(&self) -> bool {
        let found = fs::symlink_metadata(self.place.path());
        found.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// The name of the pending file is taken by what no run has made.
    fn blocked_by(&self, path: &Path) -> Error {
        let path = shown(path);
        let why = format!("{path} has several names or another owner");
        let hint = format!("nothing was sent; move {path} away");
        cannot_make(&self.given, &why).hint(hint)
    }
}

impl ReservedNew<'_> {
    /// The look right before the first send: whether the pending file is where other runs meet it. A
    /// FILE that came to be does not matter: it will not be touched.
    pub(super) fn is_current(&self) -> bool {
        self.pending.is_named()
    }

    /// Makes FILE with this document.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(super) fn save(self, document: &[u8]) -> Result<SavedHow, Error> {
        let Self { file, mut pending } = self;
        let written = pending.write(document);
        let written = written.and_then(|()| pending.finish(document.len()));
        let is_complete = written.is_ok();
        let error = match written.and_then(|()| file.appear(&mut pending)) {
            Ok(how) => return Ok(how),
            Err(error) => error,
        };
        let declined = error.kind() == ErrorKind::AlreadyExists;
        let why = if declined {
            MADE_MEANWHILE.to_owned()
        } else {
            reason(&error)
        };
        let pending = is_complete.then_some(pending);
        let copy = if declined {
            // Beside FILE it would be taken for FILE once that is removed.
            SideFile::in_temporary_directory(document).ok().or(pending)
        } else {
            pending
        };
        let not_put = NotPut {
            why,
            declined,
            copy,
        };
        Err(not_saved(&shown(&file.given), not_put, document))
    }
}

/// The directory of FILE cannot be found.
fn no_directory(given: &Path, error: &io::Error) -> Error {
    let failed = cannot_make(given, &reason(error));
    match error.kind() {
        ErrorKind::NotFound => failed.hint("nothing was sent; make the directory first"),
        _ => failed,
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
