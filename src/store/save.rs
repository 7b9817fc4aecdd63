//! Replacing the token file so that neither a kill nor a full disk loses the new tokens.
//!
//! A *pending* file beside FILE is filled with blanks before anything is sent: room that the new
//! document then overwrites in one call. JSON ignores trailing blanks, so the pending file is
//! complete from that call on, and what follows (cut, sync, rename) may fail or be killed. Where
//! rename cannot work, FILE is overwritten in place, by the same means.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::lock::{Locked, Version, is_denied};
use super::{read_bounded, shown};
use crate::document::{Document, MAX_LEN};
use crate::error::{Class, Error, reason};

/// 64 KiB: what a reply may add to a document without needing space that was not reserved. The
/// largest replies of Salesforce, those of hybrid apps, have about 16 KiB.
const GROWTH: usize = 64 * 1024;

/// How far ahead a pending file is dated while FILE is overwritten in place: a kill in the middle
/// leaves FILE younger than it would be otherwise, and the pending file must still count as newer.
const AHEAD: Duration = Duration::from_secs(10);

/// Only the owner may read tokens.
const PRIVATE: u32 = 0o600;

/// How a document got to where it belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// By rename.
    Replaced,
    /// By rename, but the directory could not be synced.
    ReplacedUnsynced(String),
    /// By overwriting, for this reason.
    InPlace(String),
}

/// A save that has been proved possible.
#[derive(Debug)]
pub(crate) struct Slot<'a> {
    /// FILE.
    locked: &'a Locked,
    /// The pending file, or why there is none and FILE has to be written in place.
    pending: io::Result<Spare>,
}

/// A private file with the new document outside FILE: the pending file, or one in the temporary
/// directory. It is removed when dropped, unless it has become FILE or has to be kept.
#[derive(Debug)]
struct Spare {
    /// Where it is.
    path: PathBuf,
    /// Open for reading and writing.
    file: File,
    /// Whether it goes away with this value.
    temporary: bool,
}

impl Spare {
    /// Creates an empty file where none is. Links are not followed.
    fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = options.mode(PRIVATE).open(&path)?;
        Ok(Self {
            path,
            file,
            temporary: true,
        })
    }

    /// Cuts the blanks off, takes over the mode of FILE and syncs.
    fn finish(&self, len: usize, target: &File) -> io::Result<()> {
        self.file.set_len(len as u64)?;
        let mode = target.metadata()?.mode() & 0o7777;
        if self.file.metadata()?.mode() & 0o7777 != mode {
            self.file.set_permissions(Permissions::from_mode(mode))?;
        }
        self.file.sync_all()
    }

    /// Becomes FILE.
    fn rename_to(&mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.temporary = false;
        Ok(())
    }

    /// Stays where it is for somebody to find.
    fn keep(mut self) -> PathBuf {
        self.temporary = false;
        self.path.clone()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Locked {
    /// Reserves room for a document of `len` bytes and some growth.
    ///
    /// # Errors
    /// `CANTCREAT` if neither a pending file nor writing in place can work.
    pub(crate) fn prepare(&self, len: usize) -> Result<Slot<'_>, Error> {
        let pending = self.create_pending(len + GROWTH);
        if let Err(error) = &pending {
            if !self.target.writable || !is_about_the_directory(error) {
                return Err(self.cannot_save(&reason(error)));
            }
        } else if !self.target.writable && is_mount_point(&self.target.path) {
            return Err(self.cannot_save("it is mounted read-only"));
        }
        Ok(Slot {
            locked: self,
            pending,
        })
    }

    /// Finishes a save that a kill or a failed rename interrupted; tells whether there was one.
    /// Any other file of the pending file's name is removed.
    ///
    /// # Errors
    /// `CANTCREAT` if the save is there but cannot be finished: going on would send a refresh
    /// token that has been used up.
    pub(crate) fn recover(&mut self) -> Result<bool, Error> {
        let path = self.pending_path();
        if fs::symlink_metadata(&path).is_err() {
            return Ok(false);
        }
        let Some((pending, document)) = self.adoptable(path.clone()) else {
            // A directory stays where it is; then there is no pending file and FILE is written
            // in place.
            let _ = fs::remove_file(&path);
            return Ok(false);
        };
        let finished = self.adopt(pending, &document);
        finished.map(|()| true).map_err(|error| {
            let path = shown(&path);
            Error::new(
                Class::CantCreat,
                format!(
                    "cannot finish the interrupted save in {path}: {}",
                    reason(&error)
                ),
            )
            .hint(format!(
                "nothing was sent; move that file to {}",
                self.name()
            ))
        })
    }

    /// Puts an interrupted save where it belongs. The lock moves with it, before other processes
    /// can see it as FILE.
    fn adopt(&mut self, mut pending: Spare, document: &[u8]) -> io::Result<()> {
        pending.file.try_lock()?;
        pending.finish(document.len(), &self.target.file)?;
        if pending.rename_to(&self.target.path).is_err() {
            self.overwrite_with_backup(document, &pending)?;
            pending.temporary = true;
            return Ok(());
        }
        let _ = sync_directory(&self.target.path);
        self.target.file = pending.file.try_clone()?;
        self.target.writable = true;
        Ok(())
    }

    /// The pending file of an earlier run and its document, if it is what such a run leaves: a
    /// regular file of FILE's owner, under one name, whole, and not older than FILE.
    fn adoptable(&self, path: PathBuf) -> Option<(Spare, Vec<u8>)> {
        let named = fs::symlink_metadata(&path).ok()?;
        let target = self.target.file.metadata().ok()?;
        let age = |m: &fs::Metadata| (m.mtime(), m.mtime_nsec());
        let is_ours = named.is_file()
            && named.uid() == target.uid()
            && named.nlink() == 1
            && age(&named) >= age(&target);
        if !is_ours {
            return None;
        }
        let file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
        // Between the two looks a link may have taken its place.
        let open = file.metadata().ok()?;
        if Version::of(&open) != Version::of(&named) {
            return None;
        }
        let mut document = read_bounded(&file, 2 * MAX_LEN + GROWTH).ok()?;
        document.truncate(document.trim_ascii_end().len());
        Document::parse(&document).ok()?;
        document.push(b'\n');
        let pending = Spare {
            path,
            file,
            temporary: false,
        };
        Some((pending, document))
    }

    /// Creates the pending file, of FILE's owner, and fills it with blanks.
    fn create_pending(&self, room: usize) -> io::Result<Spare> {
        let pending = Spare::create(self.pending_path())?;
        let owner = self.target.file.metadata()?;
        let current = pending.file.metadata()?;
        if (owner.uid(), owner.gid()) != (current.uid(), current.gid()) {
            fchown(&pending.file, Some(owner.uid()), Some(owner.gid()))?;
        }
        pending.file.write_all_at(&vec![b' '; room], 0)?;
        Ok(pending)
    }

    /// Beside FILE, hidden, and recognisable to the next run.
    fn pending_path(&self) -> PathBuf {
        let name = self.target.path.file_name().unwrap_or_default();
        let mut pending = std::ffi::OsString::from(".");
        pending.push(name);
        pending.push(".sftoken-pending");
        self.target.path.with_file_name(pending)
    }

    /// Saves by rename, and if that does not work in place.
    fn save_by_rename(&self, mut pending: Spare, document: &[u8]) -> Result<How, Error> {
        let written = pending.file.write_all_at(document, 0);
        self.check_unchanged(document)?;
        if let Err(why) = written {
            return self.save_in_place(document, &why, rescue_file(document).ok());
        }
        let finished = pending
            .finish(document.len(), &self.target.file)
            .and_then(|()| pending.rename_to(&self.target.path));
        match finished {
            Ok(()) => Ok(match sync_directory(&self.target.path) {
                Ok(()) => How::Replaced,
                Err(why) => How::ReplacedUnsynced(reason(&why)),
            }),
            Err(why) => self.save_in_place(document, &why, Some(pending)),
        }
    }

    /// Saves by overwriting; `spare`, if there is one, has the document until that is safe.
    fn save_in_place(
        &self,
        document: &[u8],
        why: &io::Error,
        spare: Option<Spare>,
    ) -> Result<How, Error> {
        let overwritten = match &spare {
            Some(spare) => self.overwrite_with_backup(document, spare),
            None => self.overwrite(document),
        };
        match overwritten {
            Ok(()) => Ok(How::InPlace(reason(why))),
            Err(error) => {
                let why = if self.target.writable { &error } else { why };
                let spare = spare.or_else(|| rescue_file(document).ok());
                Err(self.not_saved(&reason(why), spare))
            }
        }
    }

    /// Makes sure that no program without the lock has changed FILE since it was read: what it
    /// put there may exist once, too.
    fn check_unchanged(&self, document: &[u8]) -> Result<(), Error> {
        if self.is_unchanged() {
            return Ok(());
        }
        let why = "another program changed it during the refresh";
        Err(self.not_saved(why, rescue_file(document).ok()))
    }

    /// Overwrites FILE while another file has the same document.
    fn overwrite_with_backup(&self, document: &[u8], backup: &Spare) -> io::Result<()> {
        let _ = backup.file.set_modified(SystemTime::now() + AHEAD);
        self.overwrite(document)
    }

    /// Overwrites FILE so that it is one valid document after each call: blanks make room behind
    /// the old one, then the new one with blanks behind it takes its place, then they are cut off.
    fn overwrite(&self, document: &[u8]) -> io::Result<()> {
        if !self.target.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let file = &self.target.file;
        let old_len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        if let Some(growth) = document.len().checked_sub(old_len) {
            file.write_all_at(&vec![b' '; growth], old_len as u64)
                .inspect_err(|_| drop(file.set_len(old_len as u64)))?;
        }
        let mut padded = document.to_vec();
        padded.resize(old_len.max(document.len()), b' ');
        file.write_all_at(&padded, 0)?;
        file.sync_all()?;
        file.set_len(document.len() as u64)
    }

    /// Saving would be impossible, so nothing must be sent.
    fn cannot_save(&self, why: &str) -> Error {
        Error::new(
            Class::CantCreat,
            format!("cannot save {}: {why}", self.name()),
        )
        .hint("nothing was sent; make room, or make the file or its directory writable")
    }

    /// The new tokens are not in FILE but, where that could be written, in `spare`.
    fn not_saved(&self, why: &str, spare: Option<Spare>) -> Error {
        let name = self.name();
        let Some(spare) = spare else {
            let message = format!("cannot save {name}: {why}; the new tokens are lost");
            return Error::new(Class::IoErr, message)
                .hint("no other file could be written either; log in again");
        };
        let path = shown(&spare.keep());
        Error::new(
            Class::IoErr,
            format!("cannot save {name}: {why}; the new tokens are in {path}"),
        )
        .hint(format!("move {path} to {name} before the next run"))
    }
}

impl Slot<'_> {
    /// Why FILE will be written in place, if it will be.
    pub(crate) fn in_place_because(&self) -> Option<String> {
        self.pending.as_ref().err().map(reason)
    }

    /// Saves the document that came of the reply.
    ///
    /// # Errors
    /// `IOERR`, naming the file that has the new tokens instead.
    pub(crate) fn save(self, document: &[u8]) -> Result<How, Error> {
        match self.pending {
            Ok(pending) => self.locked.save_by_rename(pending, document),
            Err(why) => {
                self.locked.check_unchanged(document)?;
                self.locked.save_in_place(document, &why, None)
            }
        }
    }
}

/// Keeps a document that cannot go where it belongs in a private file of the temporary directory.
///
/// # Errors
/// When that cannot be written either.
pub(crate) fn rescue(document: &[u8]) -> io::Result<PathBuf> {
    rescue_file(document).map(Spare::keep)
}

/// The file behind [`rescue`]. Its name cannot be guessed, and what has it already is not opened.
fn rescue_file(document: &[u8]) -> io::Result<Spare> {
    let random = RandomState::new().hash_one(());
    let path = std::env::temp_dir().join(format!("sftoken-{random:016x}.json"));
    let spare = Spare::create(path)?;
    spare.file.write_all_at(document, 0)?;
    spare.file.sync_all()?;
    Ok(spare)
}

/// Makes a rename survive a power failure.
fn sync_directory(path: &Path) -> io::Result<()> {
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
