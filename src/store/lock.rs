//! The token file, and the exclusive lock on it that spans read, request and save.
//!
//! The lock is on FILE itself, so nothing is left behind and every path to the file, through
//! symbolic links too, meets the same lock. Since a save replaces FILE by rename, a lock is worth
//! something only while the path still names the locked file; that is checked after each wait.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek};
use std::mem;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::content::Content;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::input::{read_bounded, shown, unreadable};

/// Between two looks at a lock that another process holds: short against the round trip that the
/// holder waits for, long enough that two hundred waiters cost next to nothing.
const POLL: Duration = Duration::from_millis(10);

/// Those who may read a file that is neither theirs nor their group's.
const READABLE_BY_OTHERS: u32 = 0o004;

/// The token file, open but not yet ours.
#[derive(Debug)]
pub(crate) struct TokenFile {
    /// As the caller named it.
    given: PathBuf,
    /// Without symbolic links, so that a link stays one and its target is replaced.
    pub(super) path: PathBuf,
    /// Open for writing too where that is allowed.
    pub(super) file: File,
    /// Why it is open for reading alone.
    pub(super) write_denied: Option<io::Error>,
    /// What it should hold.
    pub(super) content: Content,
}

/// The token file while this process has the lock on it.
#[derive(Debug)]
pub(crate) struct Locked {
    /// What is locked.
    pub(super) target: TokenFile,
    /// What FILE was when it was last read under the lock.
    pub(super) seen: Option<Version>,
}

/// Tells two states of a file apart without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Device and inode.
    pub(super) identity: (u64, u64),
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    /// Bytes.
    pub(super) len: u64,
}

impl Version {
    /// The version that some metadata describes.
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            identity: (metadata.dev(), metadata.ino()),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            len: metadata.len(),
        }
    }
}

impl TokenFile {
    /// Opens FILE, without a lock.
    ///
    /// # Errors
    /// `NOINPUT` if it is missing, cannot be read, or is no regular file.
    pub(crate) fn open(given: &Path, content: Content) -> Result<Self, Error> {
        let failed = |error: io::Error| unreadable(&shown(given), &reason(&error));
        let path = fs::canonicalize(given).map_err(failed)?;
        let metadata = fs::metadata(&path).map_err(failed)?;
        if metadata.is_dir() {
            return Err(unreadable(&shown(given), "it is a directory"));
        }
        if !metadata.is_file() {
            return Err(unreadable(&shown(given), "it is not a regular file")
                .hint("to read a pipe, give - as FILE"));
        }
        let (file, write_denied) = open_for_writing_if_allowed(&path).map_err(failed)?;
        Ok(Self {
            given: given.to_owned(),
            path,
            file,
            write_denied,
            content,
        })
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        shown(&self.given)
    }

    /// The content, at most one byte more than there may be.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let mut file = &self.file;
        file.rewind()
            .and_then(|()| read_bounded(file, self.content.max_len))
            .map_err(|error| unreadable(&self.name(), &reason(&error)))
    }

    /// The mode, if it lets every user of the machine read the tokens.
    pub(crate) fn mode_open_to_others(&self) -> Option<u32> {
        let mode = self.file.metadata().ok()?.mode() & 0o7777;
        (mode & READABLE_BY_OTHERS != 0).then_some(mode)
    }

    /// Waits until FILE is ours alone. `on_wait` is called once, if another process has it.
    ///
    /// # Errors
    /// `TEMPFAIL` if the deadline passes first; `NOINPUT` if FILE goes away meanwhile; `CANTCREAT`
    /// if its file system has no locks.
    pub(crate) fn lock(mut self, deadline: Deadline, on_wait: impl Fn()) -> Result<Locked, Error> {
        let mut waited = false;
        let mut on_first_wait = || {
            if !mem::replace(&mut waited, true) {
                on_wait();
            }
        };
        loop {
            self.wait_for_lock(deadline, &mut on_first_wait)?;
            if self.is_named_by_its_path() {
                return Ok(Locked {
                    target: self,
                    seen: None,
                });
            }
            self = Self::open(&self.given, self.content)?;
        }
    }

    /// Locks the open file, which may be FILE no more by then.
    fn wait_for_lock(&self, deadline: Deadline, on_wait: &mut impl FnMut()) -> Result<(), Error> {
        loop {
            match self.file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::Error(error)) => return Err(self.unlockable(&error)),
                Err(TryLockError::WouldBlock) if deadline.left().is_zero() => {
                    return Err(self.held_by_another());
                }
                Err(TryLockError::WouldBlock) => {
                    on_wait();
                    thread::sleep(POLL.min(deadline.left()));
                }
            }
        }
    }

    /// Whether the path still leads to the open file.
    fn is_named_by_its_path(&self) -> bool {
        let named = fs::canonicalize(&self.given).and_then(fs::metadata);
        match (named, self.file.metadata()) {
            (Ok(named), Ok(open)) => Version::of(&named).identity == Version::of(&open).identity,
            _ => false,
        }
    }

    /// Another process held on to FILE until the deadline.
    fn held_by_another(&self) -> Error {
        Error::new(
            Class::TempFail,
            format!(
                "cannot lock {}: another process held it until the deadline",
                self.name()
            ),
            "try again later, or give a longer --timeout",
        )
    }

    /// Without a lock nothing keeps two processes from using up the same refresh token.
    fn unlockable(&self, error: &io::Error) -> Error {
        Error::new(
            Class::CantCreat,
            format!("cannot lock {}: {}", self.name(), reason(error)),
            "nothing was sent; move the file to a file system with locks",
        )
    }
}

impl Locked {
    /// The content of FILE, and from now on what [`Locked::is_unchanged`] compares with.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, Error> {
        let metadata = self.target.file.metadata();
        let metadata = metadata.map_err(|error| unreadable(&self.name(), &reason(&error)))?;
        self.seen = Some(Version::of(&metadata));
        self.target.read()
    }

    /// How messages call FILE.
    pub(crate) fn name(&self) -> String {
        self.target.name()
    }

    /// FILE as the path leads to it now. It may be another file than the locked one, and it need
    /// not be waited for: whoever has the lock on that has not asked with the new tokens.
    pub(super) fn found_again(&self) -> Result<TokenFile, Error> {
        TokenFile::open(&self.target.given, self.target.content)
    }

    /// What the path leads to now; that may be another file than the locked one if some program
    /// that does not know the lock replaced it.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read_again(&self) -> Result<Vec<u8>, Error> {
        self.found_again()?.read()
    }

    /// Whether FILE is what was read under the lock.
    pub(super) fn is_unchanged(&self) -> bool {
        let TokenFile { given, path, .. } = &self.target;
        fs::canonicalize(given).is_ok_and(|now| now == *path)
            && fs::metadata(path).is_ok_and(|now| Some(Version::of(&now)) == self.seen)
    }
}

/// Opens for reading and writing, or for reading alone where writing is not allowed.
pub(super) fn open_for_writing_if_allowed(path: &Path) -> io::Result<(File, Option<io::Error>)> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok((file, None)),
        Err(error) if is_denied(&error) => Ok((File::open(path)?, Some(error))),
        Err(error) => Err(error),
    }
}

/// Whether an error says that the caller, or the mount, may not write here.
pub(super) fn is_denied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}
