//! FILE, open: which file its path leads to, and what that holds.
//!
//! Other programs replace FILE by rename, rewrite it in place, remove it. So an open file is FILE
//! only while the path names it, and its content is what was read only until it is read again;
//! lengths and dates are not asked.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::content::{Content, without_blanks};
use crate::error::{Error, reason};
use crate::input::{read_bounded, shown, unreadable};

/// Those who may read a file that is neither theirs nor their group's.
const READABLE_BY_OTHERS: u32 = 0o004;

/// How often FILE is read while it is no document: a program may be writing it.
const READS: usize = 5;

/// The pause between two of these reads; a program that writes needs far less.
const PAUSE: Duration = Duration::from_millis(10);

/// The token file, open but not locked.
#[derive(Debug)]
pub(crate) struct TokenFile {
    /// As the caller named it.
    given: PathBuf,
    /// Without symbolic links, so that a link stays one and its target is replaced.
    path: PathBuf,
    /// Open for writing too where that is allowed.
    file: File,
    /// Why it is open for reading alone.
    write_denied: Option<io::Error>,
    /// What it should hold.
    content: Content,
}

impl TokenFile {
    /// Opens FILE, without a lock.
    ///
    /// # Errors
    /// `NOINPUT` if it is missing, cannot be read, or is no regular file.
    pub(crate) fn open(given: &Path, content: Content) -> Result<Self, Error> {
        let failed = |error: io::Error| unreadable(&shown(given), &reason(&error));
        let path = fs::canonicalize(given).map_err(failed)?;
        // A pipe must not be opened: that would wait for who writes to it.
        check_kind(given, &fs::metadata(&path).map_err(failed)?)?;
        let (file, write_denied) = open_for_writing_if_allowed(&path).map_err(failed)?;
        check_kind(given, &file.metadata().map_err(failed)?)?;
        Ok(Self {
            given: given.to_owned(),
            path,
            file,
            write_denied,
            content,
        })
    }

    /// FILE as its path leads to it now, which may be another file.
    ///
    /// # Errors
    /// As [`TokenFile::open`].
    pub(super) fn found_again(&self) -> Result<Self, Error> {
        Self::open(&self.given, self.content)
    }

    /// The same FILE after another file has taken its place.
    pub(super) fn replaced_by(&self, file: File) -> Self {
        Self {
            given: self.given.clone(),
            path: self.path.clone(),
            file,
            write_denied: None,
            content: self.content,
        }
    }

    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        shown(&self.given)
    }

    /// FILE without symbolic links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Why it cannot be written.
    pub(super) fn write_denied(&self) -> Option<&io::Error> {
        self.write_denied.as_ref()
    }

    /// What it should hold.
    pub(super) fn content(&self) -> Content {
        self.content
    }

    /// The content without the blanks that a run may have put behind it.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(&self) -> Result<Vec<u8>, Error> {
        let bytes = self.read_with_blanks();
        let mut bytes = bytes.map_err(|error| unreadable(&self.name(), &reason(&error)))?;
        bytes.truncate(without_blanks(&bytes).len());
        Ok(bytes)
    }

    /// The content once it is a document; if it does not become one, as it is.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(super) fn read_settled(&self) -> Result<Vec<u8>, Error> {
        for _ in 1..READS {
            let bytes = self.read()?;
            if (self.content.key)(&bytes).is_some() {
                return Ok(bytes);
            }
            thread::sleep(PAUSE);
        }
        self.read()
    }

    /// All that the file holds.
    pub(super) fn read_with_blanks(&self) -> io::Result<Vec<u8>> {
        let mut file = &self.file;
        file.rewind()?;
        read_bounded(file, self.content.read_limit())
    }

    /// The mode, if it lets every user of the machine read the tokens.
    pub(crate) fn mode_open_to_others(&self) -> Option<u32> {
        let mode = self.file.metadata().ok()?.mode() & 0o7777;
        (mode & READABLE_BY_OTHERS != 0).then_some(mode)
    }

    /// Whether the path still leads to the open file.
    pub(super) fn is_named(&self) -> bool {
        self.named().is_some()
    }

    /// What the path tells of the open file, if it still leads there.
    fn named(&self) -> Option<Metadata> {
        let open = self.file.metadata().ok()?;
        let now = fs::canonicalize(&self.given).ok()?;
        // The last call of all: another program may replace FILE behind it.
        let named = fs::metadata(&now).ok()?;
        let is_ours = now == self.path && is_same(&named, &open);
        is_ours.then_some(named)
    }

    /// A last look: what the path tells of FILE, if it still leads to the open file and that holds
    /// this content.
    pub(super) fn look(&self, content: &[u8]) -> Option<Metadata> {
        let holds = self.read().is_ok_and(|now| now == without_blanks(content));
        holds.then(|| self.named())?
    }
}

/// Whether both describe one file.
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
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
fn is_denied(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// Only a regular file can be saved.
fn check_kind(given: &Path, found: &Metadata) -> Result<(), Error> {
    if found.is_dir() {
        return Err(unreadable(&shown(given), "it is a directory"));
    }
    if !found.is_file() {
        return Err(unreadable(&shown(given), "it is not a regular file")
            .hint("to read a pipe, give - as FILE"));
    }
    Ok(())
}
