//! The exclusive lock on FILE that spans read, request and save.
//!
//! The lock is on FILE itself, so nothing is left behind and every path to the file, through
//! symbolic links too, meets the same lock. Since a save replaces FILE by rename, a lock is worth
//! something only while the path still names the locked file; that is checked after each wait.

use std::fs::{File, TryLockError};
use std::io;
use std::mem;
use std::thread;
use std::time::{Duration, Instant};

use super::content::Content;
use super::file::{Seen, TokenFile};
use super::place::Place;
use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::secret::Secret;

/// Between two looks at a lock that another process holds: short against the round trip that the
/// holder waits for, long enough that two hundred waiters cost next to nothing.
const POLL: Duration = Duration::from_millis(10);

/// The token file while this process has the lock on it. Only [`TokenFile::lock`] makes one.
#[derive(Debug)]
pub(crate) struct Locked {
    /// What is locked.
    target: TokenFile,
    /// Where it lies.
    place: Place,
    /// What was read last under the lock.
    seen: Seen,
}

impl TokenFile {
    /// Waits until FILE is ours alone. While another process has it, `waiting` is told again and
    /// again how long that has been so.
    ///
    /// # Errors
    /// `TEMPFAIL` if the deadline passes first; `NOINPUT` if FILE goes away meanwhile; `CANTCREAT`
    /// if its file system has no locks.
    pub(crate) fn lock(
        mut self,
        deadline: Deadline,
        waiting: &mut dyn FnMut(Duration),
    ) -> Result<Locked, Error> {
        loop {
            let locked = wait_for_lock(self.file(), deadline, waiting);
            if !locked.map_err(|error| unlockable(&self.name(), &error))? {
                return Err(held_by_another(&self.name()));
            }
            if self.is_named() {
                return Ok(Locked {
                    place: Place::of(self.path()),
                    target: self,
                    seen: Seen::default(),
                });
            }
            if deadline.left().is_zero() {
                return Err(held_by_another(&self.name()));
            }
            self = self.found_again()?;
        }
    }
}

impl Locked {
    /// The content of FILE, which is from now on what FILE has to hold to be unchanged, and whether
    /// it is another one than [`Locked::has_been_read`] has told of.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(&mut self) -> Result<(&[u8], bool), Error> {
        self.look_again()?;
        Ok((&self.seen.bytes, self.seen.is_new))
    }

    /// Takes over what somebody has read of FILE and understood already: the content and its key.
    pub(crate) fn has_been_read(&mut self, bytes: Vec<u8>, key: Secret) {
        self.seen = Seen {
            bytes,
            key: Some(key),
            is_new: false,
        };
    }

    /// The same without handing it out.
    pub(super) fn look_again(&mut self) -> Result<(), Error> {
        let known = mem::take(&mut self.seen);
        self.seen = self.target.read_settled(known)?;
        Ok(())
    }

    /// What the path leads to now; that may be another file than the locked one if some program
    /// that does not know the lock replaced it.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read_again(&self) -> Result<Vec<u8>, Error> {
        let found = self.target.found_again()?;
        let seen = found.read_settled(Seen::default())?;
        Ok(seen.bytes)
    }

    /// How messages call FILE.
    pub(crate) fn name(&self) -> String {
        self.target.name()
    }

    /// The locked file.
    pub(super) fn target(&self) -> &TokenFile {
        &self.target
    }

    /// Where it lies.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// What FILE should hold.
    pub(super) fn content(&self) -> Content {
        self.target.content()
    }

    /// What was read last under the lock.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Goes on with the file that has become FILE under the lock that this process has on it.
    pub(super) fn go_on_with(&mut self, target: TokenFile) {
        self.target = target;
    }
}

/// Waits for an exclusive lock; false if the deadline passes first.
pub(super) fn wait_for_lock(
    file: &File,
    deadline: Deadline,
    waiting: &mut dyn FnMut(Duration),
) -> io::Result<bool> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if deadline.left().is_zero() => return Ok(false),
            Err(TryLockError::WouldBlock) => {
                waiting(start.elapsed());
                thread::sleep(POLL.min(deadline.left()));
            }
        }
    }
}

/// Another process held on to FILE until the deadline.
pub(super) fn held_by_another(name: &str) -> Error {
    Error::new(
        Class::TempFail,
        format!("cannot lock {name}: another process held it until the deadline"),
        "try again later, or give a longer --timeout",
    )
}

/// Without a lock nothing keeps two processes from using up the same refresh token.
fn unlockable(name: &str, error: &io::Error) -> Error {
    Error::new(
        Class::CantCreat,
        format!("cannot lock {name}: {}", reason(error)),
        "nothing was sent; move the file to a file system with locks",
    )
}
