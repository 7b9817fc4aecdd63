//! A save that has been proved possible: into a FILE that is there, or as a new one.

use super::new_file::ReservedNew;
use super::put::SavedHow;
use super::reserve::Reserved;
use crate::error::Error;

/// Whichever of the two it is; what is not saved goes away with it.
#[derive(Debug)]
pub(crate) enum Prepared<'a> {
    /// FILE is there and locked.
    Locked(Reserved<'a>),
    /// FILE will be made.
    New(ReservedNew<'a>),
}

impl<'a> From<Reserved<'a>> for Prepared<'a> {
    fn from(reserved: Reserved<'a>) -> Self {
        Self::Locked(reserved)
    }
}

impl<'a> From<ReservedNew<'a>> for Prepared<'a> {
    fn from(reserved: ReservedNew<'a>) -> Self {
        Self::New(reserved)
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

    /// Whether FILE will be made.
    pub(crate) fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
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
