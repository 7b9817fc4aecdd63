//! Where the pending file lies that cannot lie beside FILE.
//!
//! It lies in the temporary directory, as if FILE were there under a name that is made of its path.
//! So a kill loses nothing where the directory of FILE cannot be written or is open to others: the
//! next run of the same user finds the save by the path of FILE and the token in it. Who lacks the
//! token cannot guess the name of the pending file, but its beginning: what belongs to others is not
//! opened, and a FILE that others can have put there is given nothing that it does not name.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::pending::{hash, name_for};
use super::place::Place;
use super::side_file::temporary_directory;

/// The place of a FILE's pending files in the temporary directory; none if nothing may be done there
/// either.
pub(super) fn shelter(place: &Place) -> Option<Place> {
    let directory = fs::canonicalize(temporary_directory()).ok()?;
    let shelter = Place::of(&directory.join(stand_in(place)));
    shelter.closed_because().is_none().then_some(shelter)
}

/// Whether there is something under the name of the pending file that is named after this token.
pub(super) fn has_pending_file(place: &Place, key: &[u8]) -> bool {
    let name = name_for(&stand_in(place), key);
    fs::symlink_metadata(temporary_directory().join(name)).is_ok()
}

/// What FILE is called there.
fn stand_in(place: &Place) -> OsString {
    hash(place.path().as_os_str().as_bytes()).into()
}
