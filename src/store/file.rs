//! FILE, open: which file its path leads to, and what that holds.
//!
//! Other programs replace FILE by rename, rewrite it in place, remove it. So an open file is FILE
//! only while the path names it, and its content is what was read only until it is read again;
//! lengths and dates are not asked.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::content::{Content, without_blanks};
use crate::error::{Error, reason};
use crate::input::{shown, unreadable};
use crate::secret::Secret;

/// Those who may read a file that is neither theirs nor their group's.
const READABLE_BY_OTHERS: u32 = 0o004;

/// How often FILE is read while it is no document: a program may be writing it.
const READS: usize = 5;

/// 64 KiB, in which nearly every document fits: a comparison needs no second copy of a large one.
const PIECE: usize = 64 * 1024;

/// The pause between two of these reads; a program that writes needs far less.
const PAUSE: Duration = Duration::from_millis(10);

/// What FILE held when it was read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// All of it, but for blanks at the end.
    pub(super) bytes: Vec<u8>,
    /// What that is known by, if it is a document.
    pub(super) key: Option<Secret>,
    /// Whether it is something else than was known before.
    pub(super) is_new: bool,
}

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

    /// The same, or none where nothing is.
    ///
    /// # Errors
    /// As [`TokenFile::open`].
    pub(crate) fn find(given: &Path, content: Content) -> Result<Option<Self>, Error> {
        match fs::metadata(given) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Self::open(given, content).map(Some),
        }
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

    /// The content once it is a document; if it does not become one, as it is. What is `known` need
    /// not be understood again.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(super) fn read_settled(&self, known: Seen) -> Result<Seen, Error> {
        let mut seen = known;
        for _ in 1..READS {
            if seen.key.is_some() && self.holds(&seen.bytes).is_ok_and(|it| it) {
                break;
            }
            seen.bytes = self.read()?;
            seen.key = (self.content.key)(&seen.bytes);
            seen.is_new = true;
            if seen.key.is_some() {
                break;
            }
            thread::sleep(PAUSE);
        }
        Ok(seen)
    }

    /// Whether the file holds this content, with blanks behind it or without.
    fn holds(&self, content: &[u8]) -> io::Result<bool> {
        let mut expected = without_blanks(content);
        let mut piece = vec![0; PIECE.min(expected.len() + 1)];
        let mut at = 0;
        loop {
            let count = self.file.read_at(&mut piece, at)?;
            let (same, behind) = piece[..count].split_at(count.min(expected.len()));
            if !expected.starts_with(same) || behind.iter().any(|byte| *byte != b' ') {
                return Ok(false);
            }
            expected = &expected[same.len()..];
            at += count as u64;
            // A regular file gives all that was asked for, or all that there is.
            if count < piece.len() {
                return Ok(expected.is_empty());
            }
            // Behind a short content there may be room for a long one.
            piece.resize(PIECE, 0);
        }
    }

    /// All that the file holds.
    pub(super) fn read_with_blanks(&self) -> io::Result<Vec<u8>> {
        read_at_once(&self.file, self.content.read_limit())
    }

    /// The mode, if it lets every user of the machine read the tokens.
    pub(crate) fn mode_open_to_others(&self) -> Option<u32> {
        let mode = self.file.metadata().ok()?.mode() & 0o7777;
        (mode & READABLE_BY_OTHERS != 0).then_some(mode)
    }

    /// Whether the path still leads to the open file.
    pub(super) fn is_named(&self) -> bool {
        let open = self.file.metadata();
        let named = self.named();
        open.is_ok_and(|open| named.is_some_and(|named| is_same(&named, &open)))
    }

    /// What the path leads to, if it goes the same way.
    fn named(&self) -> Option<Metadata> {
        let now = fs::canonicalize(&self.given).ok()?;
        (now == self.path).then(|| fs::metadata(now).ok())?
    }

    /// A last look: what the path tells of FILE, if it still leads to the open file and that holds
    /// this content. The last call tells of what was done behind the calls before: another file, or
    /// a write.
    pub(super) fn look(&self, content: &[u8]) -> Option<Metadata> {
        let open = self.file.metadata().ok()?;
        if !self.holds(content).ok()? {
            return None;
        }
        let named = self.named()?;
        (is_same(&named, &open) && changed(&named) == changed(&open)).then_some(named)
    }
}

/// Reads a file up to a limit, with one call, or again with one if it has grown: between two, somebody
/// may write.
pub(super) fn read_at_once(file: &File, limit: usize) -> io::Result<Vec<u8>> {
    let expected = usize::try_from(file.metadata()?.len()).unwrap_or(limit);
    read_expecting(file, expected.min(limit), limit)
}

/// The same of a file that had so many bytes a moment ago. A regular file gives all that was asked
/// for, or all that there is.
fn read_expecting(file: &File, expected: usize, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; expected + 1];
    let mut count = file.read_at(&mut bytes, 0)?;
    if count > expected {
        bytes.resize(limit + 1, 0);
        count = file.read_at(&mut bytes, 0)?;
    }
    bytes.truncate(count);
    Ok(bytes)
}

/// Whether both describe one file.
pub(super) fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// What a write changes: seconds and nanoseconds of the last change, and the length.
fn changed(metadata: &Metadata) -> (i64, i64, u64) {
    (metadata.ctime(), metadata.ctime_nsec(), metadata.len())
}

/// Opens for reading and writing, or for reading alone where writing is not possible.
pub(super) fn open_for_writing_if_allowed(path: &Path) -> io::Result<(File, Option<io::Error>)> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok((file, None)),
        Err(denied) => Ok((File::open(path)?, Some(denied))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_grows_while_it_is_read_is_read_as_a_whole_up_to_the_limit() -> io::Result<()> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let (file, whole) = (File::open(path)?, fs::read(path)?);
        let len = whole.len();
        for expected in [0, 1, len - 1, len, len + 1] {
            assert_eq!(read_expecting(&file, expected, 2 * len)?, whole);
        }
        for expected in [0, 1, 9] {
            let start = read_expecting(&file, expected, 9)?;
            assert_eq!(start, whole[..10], "one byte more tells that there is more");
        }
        Ok(())
    }
}
