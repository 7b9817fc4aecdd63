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
use std::path::Path;

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
        let directory = temporary_directory().join(name(file)?);
        fs::symlink_metadata(directory).ok()?;
        Self::at(&fs::canonicalize(temporary_directory()).ok()?, file)
    }

    /// The same, made if there is none.
    pub(super) fn make(file: &Place) -> Option<Self> {
        let parent = fs::canonicalize(temporary_directory()).ok()?;
        let directory = parent.join(name(file)?);
        open_to_this_user(&directory)?;
        match DirBuilder::new().mode(PRIVATE).create(&directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
            _ => Self::at(&parent, file),
        }
    }

    /// The one in this directory, whose path has no links, unless others could change what is in it.
    fn at(parent: &Path, file: &Place) -> Option<Self> {
        let stand_in = hash(file.path().as_os_str().as_bytes());
        let place = open_to_this_user(&parent.join(name(file)?).join(stand_in))?;
        Some(Self { place })
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

/// What it is called; none if the user is not known.
fn name(file: &Place) -> Option<String> {
    file.user().map(|user| format!("{NAME}{user}"))
}

/// A place where nobody else can change what lies there.
fn open_to_this_user(path: &Path) -> Option<Place> {
    let place = Place::of(path);
    place.closed_because().is_none().then_some(place)
}
