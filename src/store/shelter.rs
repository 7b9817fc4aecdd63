//! Where the pending file lies that cannot lie beside FILE.
//!
//! In the temporary directory, in a directory of this user alone, it lies as if FILE were there under
//! a name made of its path. So a kill loses nothing where the directory of FILE cannot be written or is
//! open to others: the next run of the same user finds the save by the token in FILE. Others cannot put
//! anything there, nor see a name; a directory of theirs under this name is not used. It stays when it
//! is empty: to remove it would pull it away under another run, and give others a moment to make it.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::pending::hash;
use super::place::Place;
use super::side_file::temporary_directory;

/// What the directory is called, before the id of the user.
const NAME: &str = "sftoken-";

/// Only the user sees what is in it.
const PRIVATE: u32 = 0o700;

/// Where FILE would lie in it, if it is there.
pub(super) fn find(file: &Place) -> Option<Place> {
    let directory = temporary_directory().join(name(file)?);
    fs::symlink_metadata(directory).ok()?;
    within(&fs::canonicalize(temporary_directory()).ok()?, file)
}

/// The same, made if there is none.
pub(super) fn make(file: &Place) -> Option<Place> {
    let parent = fs::canonicalize(temporary_directory()).ok()?;
    let directory = parent.join(name(file)?);
    out_of_reach(&directory)?;
    match DirBuilder::new().mode(PRIVATE).create(&directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => None,
        _ => within(&parent, file),
    }
}

/// The one in this directory, whose path has no links; none if it is not of this user, or others could
/// exchange it. A umask may have taken rights away from it.
fn within(parent: &Path, file: &Place) -> Option<Place> {
    let directory = parent.join(name(file)?);
    out_of_reach(&directory)?;
    let named = fs::symlink_metadata(&directory).ok()?;
    if !named.is_dir() || !file.is_owner_of(&named) {
        return None;
    }
    if named.mode() & 0o7777 != PRIVATE {
        fs::set_permissions(&directory, Permissions::from_mode(PRIVATE)).ok()?;
    }
    let stand_in = hash(file.path().as_os_str().as_bytes());
    Some(Place::of(&directory.join(stand_in)))
}

/// What it is called; none if the user is not known.
fn name(file: &Place) -> Option<String> {
    file.user().map(|user| format!("{NAME}{user}"))
}

/// Makes sure that nobody else can exchange what is under this path.
fn out_of_reach(path: &Path) -> Option<()> {
    Place::of(path).closed_because().is_none().then_some(())
}
