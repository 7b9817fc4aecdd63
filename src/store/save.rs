//! Replacing the token file so that neither a kill nor a full disk loses the new tokens.
//!
//! A *pending* file beside FILE is filled with blanks before anything is sent: room that the new
//! document then overwrites in one call. JSON ignores trailing blanks, so the pending file is
//! complete from that call on, and what follows (cut, sync, rename) may fail or be killed. Where
//! rename cannot work, FILE is overwritten in place, by the same means.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::lock::{Locked, TokenFile, Version, is_denied};
use super::spare::{Spare, rescue_file};
use crate::error::{Class, Error, reason};
use crate::input::shown;

/// 64 KiB: what a reply may add to a document without needing space that was not reserved. The
/// largest replies of Salesforce, those of hybrid apps, have about 16 KiB.
pub(super) const GROWTH: usize = 64 * 1024;

/// How far ahead a pending file is dated while FILE is overwritten in place: a kill in the middle
/// leaves FILE younger than it would be otherwise, and the pending file must still count as newer.
const AHEAD: Duration = Duration::from_secs(10);

/// What opening for writing gives for an immutable file, on every Unix; a missing permission gives
/// EACCES.
const EPERM: i32 = 1;

/// How a document got to where it belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SavedHow {
    /// By rename.
    Replaced,
    /// By rename, but the directory could not be synced.
    ReplacedUnsynced(String),
    /// By overwriting, for this reason.
    InPlace(String),
}

/// A save that has been proved possible.
#[derive(Debug)]
pub(crate) struct Reserved<'a> {
    /// FILE.
    locked: &'a Locked,
    /// The pending file, or why there is none and FILE has to be written in place.
    pending: io::Result<Spare>,
}

impl Locked {
    /// Reserves room for a document of `len` bytes and some growth.
    ///
    /// # Errors
    /// `CANTCREAT` if neither a pending file nor writing in place can work.
    pub(crate) fn reserve(&self, len: usize) -> Result<Reserved<'_>, Error> {
        let pending = self.create_pending(len + GROWTH);
        let obstacle = match (&pending, &self.target.write_denied) {
            (Ok(_), Some(denied)) => self.rename_obstacle(denied),
            (Err(error), None) => (!is_about_the_directory(error)).then(|| reason(error)),
            (Err(error), Some(_)) => Some(reason(error)),
            (Ok(_), None) => None,
        };
        match obstacle {
            Some(why) => Err(self.cannot_save(&why)),
            None => Ok(Reserved {
                locked: self,
                pending,
            }),
        }
    }

    /// Why a file that cannot be written cannot be renamed over either, as far as that can be known
    /// before trying.
    fn rename_obstacle(&self, denied: &io::Error) -> Option<String> {
        if denied.raw_os_error() == Some(EPERM) {
            Some("it is immutable or append-only".to_owned())
        } else {
            is_mount_point(&self.target.path).then(|| "it is mounted read-only".to_owned())
        }
    }

    /// Creates the pending file, of FILE's owner, and fills it with blanks.
    fn create_pending(&self, room: usize) -> io::Result<Spare> {
        let pending = Spare::create(self.pending_path())?;
        pending.give_to_owner_of(&self.target.file.metadata()?)?;
        pending.file.write_all_at(&vec![b' '; room], 0)?;
        Ok(pending)
    }

    /// Beside FILE, hidden, and recognisable to the next run.
    pub(super) fn pending_path(&self) -> PathBuf {
        let name = self.target.path.file_name().unwrap_or_default();
        let mut pending = std::ffi::OsString::from(".");
        pending.push(name);
        pending.push(".sftoken-pending");
        self.target.path.with_file_name(pending)
    }

    /// FILE as a program without the lock has left it, and the document to put there.
    fn latest(
        &self,
        rebase: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Option<(TokenFile, Version, Vec<u8>)> {
        let latest = self.found_again().ok()?;
        let seen = Version::of(&latest.file.metadata().ok()?);
        let document = rebase(&latest.read().ok()?)?;
        Some((latest, seen, document))
    }

    /// A program without the lock has put something else into FILE, which may exist once, too. The
    /// pending file is the last resort, since the next run would put it over that.
    fn changed_meanwhile(&self, document: &[u8], pending: Option<Spare>) -> Error {
        let why = "another program changed it during the refresh";
        if let Some(pending) = &pending {
            let _ = pending.file.set_len(document.len() as u64);
        }
        self.target.not_saved(
            why,
            rescue_file(document)
                .ok()
                .or(pending.filter(Spare::is_named)),
        )
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

impl TokenFile {
    /// Saves a document that the pending file, if there is one, has by now.
    fn save_written(
        &self,
        pending: io::Result<Spare>,
        written: io::Result<()>,
        document: &[u8],
        seen: Option<Version>,
    ) -> Result<SavedHow, Error> {
        let (why, spare) = match (pending, written) {
            (Ok(pending), Ok(())) if pending.is_named() => {
                return self.save_by_rename(pending, document, seen);
            }
            (Ok(_), Ok(())) => (
                io::Error::other("its pending file was removed"),
                rescue_file(document).ok(),
            ),
            (Ok(_), Err(why)) => (why, rescue_file(document).ok()),
            (Err(why), _) => (why, None),
        };
        self.save_in_place(document, &why, spare, seen)
    }

    /// Saves by rename, and if that does not work in place.
    fn save_by_rename(
        &self,
        mut pending: Spare,
        document: &[u8],
        seen: Option<Version>,
    ) -> Result<SavedHow, Error> {
        let finished = pending
            .finish(document.len(), &self.file)
            .and_then(|()| pending.rename_to(&self.path));
        match finished {
            Ok(()) => Ok(match sync_directory(&self.path) {
                Ok(()) => SavedHow::Replaced,
                Err(why) => SavedHow::ReplacedUnsynced(reason(&why)),
            }),
            Err(why) => self.save_in_place(document, &why, Some(pending), seen),
        }
    }

    /// Saves by overwriting; `spare`, if there is one, has the document until that is safe.
    fn save_in_place(
        &self,
        document: &[u8],
        why: &io::Error,
        spare: Option<Spare>,
        seen: Option<Version>,
    ) -> Result<SavedHow, Error> {
        let overwritten = match &spare {
            Some(spare) => self.overwrite_with_backup(document, spare, seen),
            None => self.overwrite(document, seen),
        };
        match overwritten {
            Ok(()) => Ok(SavedHow::InPlace(reason(why))),
            Err(error) => {
                let why = match self.write_denied {
                    None => &error,
                    Some(_) => why,
                };
                let spare = spare.or_else(|| rescue_file(document).ok());
                Err(self.not_saved(&reason(why), spare))
            }
        }
    }

    /// Overwrites FILE while another file has the same document.
    pub(super) fn overwrite_with_backup(
        &self,
        document: &[u8],
        backup: &Spare,
        seen: Option<Version>,
    ) -> io::Result<()> {
        let _ = backup.file.set_modified(SystemTime::now() + AHEAD);
        self.overwrite(document, seen)
    }

    /// Overwrites FILE so that it is one valid document after each call: blanks make room behind
    /// the old one, then the new one with blanks behind it takes its place, then they are cut off.
    fn overwrite(&self, document: &[u8], seen: Option<Version>) -> io::Result<()> {
        if self.write_denied.is_some() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let file = &self.file;
        let old_len = match seen {
            Some(version) => version.len,
            None => file.metadata()?.len(),
        };
        let old_len = usize::try_from(old_len).unwrap_or(usize::MAX);
        let growth = document.len().saturating_sub(old_len);
        let mut padded = document.to_vec();
        padded.resize(old_len.max(document.len()), b' ');
        file.write_all_at(&vec![b' '; growth], old_len as u64)
            .and_then(|()| file.write_all_at(&padded, 0))
            .inspect_err(|_| drop(file.set_len(old_len as u64)))?;
        let synced = file.sync_all();
        file.set_len(document.len() as u64)?;
        synced
    }

    /// The new tokens are not in FILE but, where that could be written, in `spare`.
    fn not_saved(&self, why: &str, spare: Option<Spare>) -> Error {
        let name = self.name();
        let Some(spare) = spare else {
            let message = format!("cannot save {name}: {why}; the new tokens are lost");
            let hint = "no other file could be written either; log in again";
            return Error::new(Class::IoErr, message, hint);
        };
        let path = shown(&spare.keep());
        Error::new(
            Class::IoErr,
            format!("cannot save {name}: {why}; the new tokens are in {path}"),
            format!("move {path} to {name} before the next run"),
        )
    }
}

impl Reserved<'_> {
    /// Why FILE will be written in place, if it will be.
    pub(crate) fn in_place_because(&self) -> Option<String> {
        self.pending.as_ref().err().map(reason)
    }

    /// Saves the document that came of the reply. If FILE was changed since it was read, `rebase`
    /// makes the document of what is there now, or declines.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(crate) fn save(
        self,
        document: &[u8],
        rebase: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<SavedHow, Error> {
        let Self { locked, pending } = self;
        let write = |document: &[u8]| match &pending {
            Ok(spare) => spare.file.write_all_at(document, 0),
            Err(_) => Ok(()),
        };
        // The first complete copy of the new tokens, before anything else.
        let written = write(document);
        if locked.is_unchanged() {
            return locked
                .target
                .save_written(pending, written, document, locked.seen);
        }
        let Some((latest, seen, mut rebased)) = locked.latest(rebase) else {
            let complete = written.and(pending).ok();
            return Err(locked.changed_meanwhile(document, complete));
        };
        let len = rebased.len();
        rebased.resize(len.max(document.len()), b' ');
        let written = write(&rebased);
        latest.save_written(pending, written, &rebased[..len], Some(seen))
    }
}

/// Makes a rename survive a power failure.
pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory)?.sync_all()
}

/// Whether an error says that no file can be created beside FILE, rather than that the disk is
/// full or broken, which FILE itself would meet next.
fn is_about_the_directory(error: &io::Error) -> bool {
    let kind = error.kind();
    is_denied(error)
        || matches!(
            kind,
            io::ErrorKind::AlreadyExists | io::ErrorKind::InvalidFilename
        )
}

/// Whether a file is itself mounted, so that no rename can replace it. Linux tells; elsewhere the
/// answer is no.
fn is_mount_point(path: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else {
        return false;
    };
    // Blanks in paths are written as octal escapes, so the fields are separated by blanks alone.
    let escaped = path.to_string_lossy().replace(' ', "\\040");
    mounts
        .lines()
        .any(|line| line.split(' ').nth(4) == Some(escaped.as_str()))
}
