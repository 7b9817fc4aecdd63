//! Making sure, before anything is sent, that the new document can be saved.
//!
//! A pending file is filled with blanks: room that the document then overwrites in one call. Where it
//! cannot lie beside FILE it lies in a `shelter` if possible. Unless it lies beside FILE on one file
//! system with it, the room is made in FILE itself as well.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use super::claim::{Claim, claim};
use super::content::Content;
use super::lock::{Locked, held_by_another};
use super::pending::{exists, path_for};
use super::place::Place;
use super::room::Room;
use super::shelter;
use super::side_file::SideFile;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::secret::Secret;

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

/// Where runs with the same token meet: the pending file, if there can be one, and why it does not lie
/// beside FILE.
type Meeting = (Option<SideFile>, Option<String>);

impl Locked {
    /// Reserves room for a document of `len` bytes and some growth. None if another run has used up
    /// the token that was read, or FILE changes: then begin again from FILE, opened anew.
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
        let len = len + Content::GROWTH;
        let Some((pending, apart)) = self.meet(len, deadline, waiting)? else {
            return Ok(None);
        };
        let metadata = self.target().file().metadata();
        let metadata = metadata
            .map_err(|error| self.cannot_save(&reason(&error), "put the file elsewhere"))?;
        let has_room = apart.is_none() && pending.as_ref().is_some_and(is_on_disk_of(&metadata));
        let in_place = apart.or_else(|| self.place().rename_obstacle(&metadata));
        self.check_writable(in_place.as_deref(), &metadata)?;
        let room = if has_room {
            None
        } else {
            let Some(room) = self.room(len, in_place.as_deref())? else {
                return Ok(None);
            };
            Some(room)
        };
        Ok(Some(Reserved {
            locked: self,
            pending,
            room,
            in_place,
        }))
    }

    /// Claims the pending file with this much room, where other runs with the same token meet: beside
    /// FILE or, with a token, in the shelter. None if another run has used up the token.
    fn meet(
        &self,
        room: usize,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Option<Meeting>, Error> {
        let token = self.seen().key.clone().unwrap_or_else(|| Secret::new(""));
        let key = token.expose().as_bytes();
        let mut claim_at =
            |place: &Place| claim(place, self.content(), &token, room, deadline, waiting);
        // Whoever is there began when nothing could lie beside FILE.
        let sheltered = shelter::find(self.place()).filter(|it| exists(&path_for(it, key)));
        let met = match sheltered.map(|it| claim_at(&it)) {
            Some(met @ (Claim::Used | Claim::Held)) => met,
            _ => claim_at(self.place()),
        };
        let Claim::Impossible(why) = met else {
            return self.met(met, None);
        };
        let has_token = !key.is_empty();
        let shelter = has_token.then(|| shelter::make(self.place())).flatten();
        let met = shelter.map_or(Claim::Impossible(why.clone()), |it| claim_at(&it));
        self.met(met, Some(why))
    }

    /// What a claim comes to, if it is not beside FILE for this reason.
    fn met(&self, claim: Claim, apart: Option<String>) -> Result<Option<Meeting>, Error> {
        match claim {
            Claim::Used => Ok(None),
            Claim::Held => Err(held_by_another(&self.name())),
            Claim::Ready(pending) => Ok(Some((Some(pending), apart))),
            Claim::Impossible(_) => Ok(Some((None, apart))),
        }
    }

    /// Makes sure that FILE can be replaced, or written if it has to be.
    fn check_writable(&self, in_place: Option<&str>, metadata: &Metadata) -> Result<(), Error> {
        let Some(denied) = self.target().write_denied() else {
            return Ok(());
        };
        if denied.raw_os_error() == Some(EPERM) {
            let cure = "take that attribute away, or put the file elsewhere";
            return Err(self.cannot_save("it is immutable or append-only", cure));
        }
        if denied.kind() == io::ErrorKind::ReadOnlyFilesystem {
            let cure = "mount it writable, or put the file elsewhere";
            return Err(self.cannot_save("it is mounted read-only", cure));
        }
        let Some(why) = in_place else {
            return Ok(());
        };
        let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
        let cure = format!("it has mode {mode:04o} and owner {owner}: let this user write to it");
        Err(self.cannot_save(&both(&reason(denied), Some(why)), &cure))
    }

    /// Makes room in FILE itself; none if it changes meanwhile.
    fn room(&self, room: usize, in_place: Option<&str>) -> Result<Option<Room<'_>>, Error> {
        Room::reserve(self.target(), room).map_err(|error| {
            let why = both(&reason(&error), in_place);
            let room = room.div_ceil(1024);
            let cure = "or make the file or its directory writable";
            self.cannot_save(&why, &format!("make room ({room} KiB), {cure}"))
        })
    }

    /// Saving would be impossible, so nothing must be sent.
    fn cannot_save(&self, why: &str, cure: &str) -> Error {
        Error::new(
            Class::CantCreat,
            format!("cannot save {}: {why}", self.name()),
            format!("nothing was sent; {cure}"),
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
        let is_unchanged = self
            .locked
            .target()
            .look(&self.locked.seen().bytes)
            .is_some();
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

/// Tells whether a pending file has its room on the file system of FILE.
fn is_on_disk_of(file: &Metadata) -> impl Fn(&SideFile) -> bool {
    let device = file.dev();
    move |pending| {
        let metadata = pending.file().metadata();
        metadata.is_ok_and(|pending| pending.dev() == device)
    }
}
