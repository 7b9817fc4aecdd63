//! Where the pending file lies that cannot lie beside FILE.
//!
//! In the temporary directory, in a directory of this user alone, it lies as if FILE were there under
//! a name made of its path. So a kill loses nothing where the directory of FILE cannot be written or is
//! open to others: the next run of the same user finds the save by the token in FILE. Others cannot put
//! anything there, nor see a name; a directory of theirs under this name is not used.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::pending::{hash, path_for};
use super::place::Place;
use super::side_file::temporary_directory;

/// What the directory is called, before the id of the user.
const NAME: &str = "sftoken-";

/// Only the user sees what is in it.
const PRIVATE: u32 = 0o700;

/// The directory, which goes away with this unless something is in it.
#[derive(Debug)]
pub(super) struct Shelter {
    /// Where FILE would lie in it.
    place: Place,
}

impl Shelter {
    /// The one that is there.
    pub(super) fn find(file: &Place) -> Option<Self> {
        let directory = directory(file)?;
        fs::symlink_metadata(&directory).ok()?;
        Self::at(&directory, file)
    }

    /// The same, made if there is none.
    pub(super) fn make(file: &Place) -> Option<Self> {
        let directory = directory(file)?;
        match DirBuilder::new().mode(PRIVATE).create(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
            _ => Self::at(&directory, file),
        }
    }

    /// This directory, unless others could change what is in it.
    fn at(directory: &Path, file: &Place) -> Option<Self> {
        // Only a link on the way to the directory is followed.
        let parent = fs::canonicalize(directory.parent()?).ok()?;
        let name = hash(file.path().as_os_str().as_bytes());
        let shelter = Self {
            place: Place::of(&parent.join(directory.file_name()?).join(name)),
        };
        let is_safe = shelter.place.closed_because().is_none();
        is_safe.then_some(shelter)
    }

    /// Where FILE would lie in it.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether there is something under the name of the pending file that is named after this token.
    pub(super) fn has_pending_file(&self, key: &[u8]) -> bool {
        fs::symlink_metadata(path_for(&self.place, key)).is_ok()
    }

    /// Whether it is still there: another run, which was done, may have removed it.
    pub(super) fn is_there(&self) -> bool {
        self.place.directory().is_dir()
    }
}

impl Drop for Shelter {
    fn drop(&mut self) {
        let _ = fs::remove_dir(self.place.directory());
    }
}

/// Where it is to be; none if the user is not known.
fn directory(file: &Place) -> Option<PathBuf> {
    let user = file.user()?;
    Some(temporary_directory().join(format!("{NAME}{user}")))
}
