//! Getting the pending file of a token for oneself: the place where two runs with one token meet.

use std::io;
use std::time::Duration;

use super::content::Content;
use super::lock::wait_for_lock;
use super::pending::{Found, find, path_for, successor};
use super::place::Place;
use super::side_file::SideFile;
use crate::deadline::Deadline;
use crate::error::reason;
use crate::secret::Secret;

/// What came of the attempt to have a pending file.
pub(super) enum Claim {
    /// It is ours, and has room.
    Ready(SideFile),
    /// There can be none, for this reason.
    Impossible(String),
    /// Another run has or had it: FILE is not what it was.
    Used,
    /// Another run had it until the deadline.
    Held,
}

/// Creates the pending file for the save that uses up a token, with this much room, or waits until
/// the run that has it is done.
pub(super) fn claim(
    place: &Place,
    content: Content,
    token: &Secret,
    room: usize,
    deadline: Deadline,
    waiting: &mut dyn FnMut(Duration),
) -> Claim {
    let path = path_for(place, token.expose().as_bytes());
    let closed = place.closed_because();
    if closed.is_none() {
        match SideFile::create(&path) {
            Ok(created) => return taken(created, room),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Claim::Impossible(reason(&error)),
        }
    }
    match (find(place, &path, content), closed) {
        (Ok(Found::InUse(theirs)), _) => wait_for(&theirs, deadline, waiting),
        (Ok(Found::Left(_, bytes)), _) if successor(content, &bytes, Some(token)).is_some() => {
            Claim::Used
        }
        // It could not be removed: it is good enough as a meeting point and for a copy.
        (Ok(Found::Left(left, _)), None) => taken(left, room),
        (Ok(Found::Nothing), None) => Claim::Used,
        (Ok(_), None) => Claim::Impossible("something has the name of the pending file".to_owned()),
        (Ok(_), Some(closed)) => Claim::Impossible(closed.to_owned()),
        (Err(error), _) => Claim::Impossible(reason(&error)),
    }
}

/// Waits until another run is done with its pending file.
fn wait_for(theirs: &SideFile, deadline: Deadline, waiting: &mut dyn FnMut(Duration)) -> Claim {
    match wait_for_lock(theirs.file(), deadline, waiting) {
        Ok(true) => Claim::Used,
        Ok(false) => Claim::Held,
        Err(error) => Claim::Impossible(reason(&error)),
    }
}

/// A pending file with room, unless another run was faster.
fn taken(pending: SideFile, room: usize) -> Claim {
    let pending = match pending.lock() {
        Ok(true) => pending,
        Ok(false) => return Claim::Used,
        Err(error) => return Claim::Impossible(reason(&error)),
    };
    match pending.reserve(room) {
        Ok(()) => Claim::Ready(pending.temporary()),
        Err(error) => Claim::Impossible(reason(&error)),
    }
}
