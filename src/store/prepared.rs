//! A save that has been proved possible: into a FILE that is there, or as a new one.

use std::time::Duration;

use super::lock::Locked;
use super::new_file::{NewFile, ReservedNew};
use super::put::SavedHow;
use super::reserve::Reserved;
use crate::deadline::Deadline;
use crate::error::Error;

/// Whichever of the two it is; what is not saved goes away with it.
#[derive(Debug)]
pub(crate) enum Prepared<'a> {
    /// FILE is there and locked.
    Locked(Reserved<'a>),
    /// FILE will be made.
    New(ReservedNew<'a>),
}

impl Locked {
    /// Makes sure that a document of `len` bytes and some growth can be saved. None if another run
    /// has used up the token that was read: then begin again from FILE, opened anew.
    ///
    /// # Errors
    /// `CANTCREAT` if no way to save can work; `TEMPFAIL` if another run works with the same token
    /// until the deadline.
    pub(crate) fn prepare(
        &self,
        len: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<Prepared<'_>>, Error> {
        let reserved = self.reserve(len, deadline, waiting)?;
        Ok(reserved.map(Prepared::Locked))
    }
}

impl NewFile {
    /// The same for a FILE that there is not yet; none if it came to be.
    ///
    /// # Errors
    /// As [`Locked::prepare`].
    pub(crate) fn prepare(
        &self,
        len: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<Prepared<'_>>, Error> {
        let reserved = self.reserve(len, deadline, waiting)?;
        Ok(reserved.map(Prepared::New))
    }
}

impl Prepared<'_> {
    /// Why FILE will be written in place, if it will be.
    pub(crate) fn in_place_because(&self) -> Option<&str> {
        match self {
            Self::Locked(reserved) => reserved.in_place_because(),
            Self::New(_) => None,
        }
    }

    /// The look right before the first send: whether FILE is still what was found, and the pending
    /// file is where other runs meet it.
    pub(crate) fn is_current(&self) -> bool {
        match self {
            Self::Locked(reserved) => reserved.is_current(),
            Self::New(reserved) => reserved.is_current(),
        }
    }

    /// Saves the document that came of the reply. If FILE was changed since it was read but has the
    /// token that was sent, or the new one, `rebase` makes the document of what is there now.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(crate) fn save(
        self,
        document: &[u8],
        rebase: impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<SavedHow, Error> {
        match self {
            Self::Locked(reserved) => reserved.save(document, rebase),
            Self::New(reserved) => reserved.save(document),
        }
    }
}
