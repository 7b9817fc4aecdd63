//! Making sure, before anything is sent, that the new document can be saved.
//!
//! A pending file beside FILE is filled with blanks: room that the document then overwrites in one
//! call. Where no pending file can lie on FILE's own file system, the room is made in FILE itself.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use super::claim::{Claim, claim};
use super::content::Content;
use super::lock::{Locked, held_by_another};
use super::room::Room;
use super::side_file::SideFile;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};

/// What opening for writing gives for an immutable file, on every Unix; a missing permission gives
/// EACCES.
const EPERM: i32 = 1;

/// A save that has been proved possible.
#[derive(Debug)]
pub(crate) struct Reserved<'a> {
    /// FILE.
    locked: &'a Locked,
    /// The pending file.
    pending: Option<SideFile>,
    /// Room in FILE itself.
    room: Option<Room<'a>>,
    /// Why FILE will be written in place.
    in_place: Option<String>,
}

/// What a save needs of a [`Reserved`].
type Parts<'a> = (
    &'a Locked,
    Option<SideFile>,
    Option<Room<'a>>,
    Option<String>,
);

impl Locked {
    /// Reserves room for a document of `len` bytes and some growth. None if another run has used up
    /// the token that was read: then begin again from FILE, opened anew.
    ///
    /// # Errors
    /// `CANTCREAT` if no way to save can work; `TEMPFAIL` if another run works with the same token
    /// until the deadline.
    pub(crate) fn reserve(
        &self,
        len: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<Reserved<'_>>, Error> {
        let (room, token) = (len + Content::GROWTH, self.seen_key());
        let claim = claim(
            self.place(),
            self.content(),
            &token,
            room,
            deadline,
            waiting,
        );
        let pending = match claim {
            Claim::Used => return Ok(None),
            Claim::Held => return Err(held_by_another(&self.name())),
            Claim::Ready(pending) => Ok(pending),
            Claim::Impossible(why) => Err(why),
        };
        let metadata = self.target().file().metadata();
        let metadata = metadata.map_err(|error| self.cannot_save(&reason(&error)))?;
        let in_place = match &pending {
            Err(why) => Some(why.clone()),
            Ok(_) => self.place().rename_obstacle(&metadata),
        };
        self.check_writable(in_place.as_deref(), &metadata)?;
        let pending = pending.ok();
        let room = match &pending {
            Some(pending) if is_on_disk_of(pending, &metadata) => None,
            _ => Some(self.room(room, in_place.as_deref())?),
        };
        Ok(Some(Reserved {
            locked: self,
            pending,
            room,
            in_place,
        }))
    }

    /// Makes sure that FILE can be replaced, or written if it has to be.
    fn check_writable(&self, in_place: Option<&str>, metadata: &Metadata) -> Result<(), Error> {
        let Some(denied) = self.target().write_denied() else {
            return Ok(());
        };
        if denied.raw_os_error() == Some(EPERM) {
            return Err(self.cannot_save("it is immutable or append-only"));
        }
        if denied.kind() == io::ErrorKind::ReadOnlyFilesystem {
            return Err(self.cannot_save("it is mounted read-only"));
        }
        let Some(why) = in_place else {
            return Ok(());
        };
        let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
        Err(self
            .cannot_save(&both(&reason(denied), Some(why)))
            .hint(format!(
                "nothing was sent; it has mode {mode:04o} and owner {owner}: let this user write to it"
            )))
    }

    /// Makes room in FILE itself.
    fn room(&self, room: usize, in_place: Option<&str>) -> Result<Room<'_>, Error> {
        Room::reserve(self.target(), room).map_err(|error| {
            let why = both(&reason(&error), in_place);
            self.cannot_save(&why)
        })
    }

    /// Saving would be impossible, so nothing must be sent.
    fn cannot_save(&self, why: &str) -> Error {
        Error::new(
            Class::CantCreat,
            format!("cannot save {}: {why}", self.name()),
            "nothing was sent; make room, or make the file or its directory writable",
        )
    }
}

impl<'a> Reserved<'a> {
    /// Why FILE will be written in place, if it will be.
    pub(crate) fn in_place_because(&self) -> Option<&str> {
        self.in_place.as_deref()
    }

    /// The look right before the first send: whether FILE, by its path, is still what was read, and
    /// the pending file is where other runs meet it.
    pub(crate) fn is_current(&self) -> bool {
        let is_unchanged = self.locked.target().look(self.locked.seen()).is_some();
        is_unchanged && self.pending.as_ref().is_none_or(SideFile::is_named)
    }

    /// What there is to save with: FILE, the pending file, the room in FILE, and why FILE will be
    /// written in place.
    pub(super) fn into_parts(self) -> Parts<'a> {
        (self.locked, self.pending, self.room, self.in_place)
    }
}

/// Why FILE cannot be written, and why it would have to be, if that says more.
fn both(why: &str, in_place: Option<&str>) -> String {
    match in_place {
        Some(in_place) if in_place != why => format!("{why} ({in_place})"),
        _ => why.to_owned(),
    }
}

/// Whether the pending file has its room on the file system of FILE.
fn is_on_disk_of(pending: &SideFile, file: &Metadata) -> bool {
    let metadata = pending.file().metadata();
    metadata.is_ok_and(|pending| pending.dev() == file.dev())
}
