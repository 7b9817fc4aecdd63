//! Writing FILE itself, through the file that was opened and locked.
//!
//! JSON ignores blanks behind it, so FILE is one valid document after each call: blanks make room,
//! the new document with blanks behind it takes the old one's place in one call, blanks are cut off.

use std::io;
use std::os::unix::fs::FileExt;

use super::content::without_blanks;
use super::file::TokenFile;

/// Blanks that nobody leaves at the end of a file but a run that was killed.
const LEFT_BY_A_KILL: usize = 256;

/// Room behind the content of FILE. It is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Room<'a> {
    /// FILE.
    file: &'a TokenFile,
    /// What FILE held before.
    before: Vec<u8>,
}

impl<'a> Room<'a> {
    /// Puts this many blanks behind the content.
    pub(super) fn reserve(file: &'a TokenFile, room: usize) -> io::Result<Self> {
        let before = file.read_with_blanks()?;
        let reserved = Self { file, before };
        let end = reserved.before.len() as u64;
        // What was written when the disk turned out to be full is given back, too.
        file.file().write_all_at(&vec![b' '; room], end)?;
        Ok(reserved)
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let Ok(now) = self.file.read_with_blanks() else {
            return;
        };
        let added = now.strip_prefix(&*self.before);
        if added.is_some_and(|added| !added.is_empty() && without_blanks(added).is_empty()) {
            let _ = self.file.file().set_len(self.before.len() as u64);
        }
    }
}

/// Overwrites FILE, which holds `before` and perhaps blanks; tells whether FILE, by its path, has
/// the document. Before the cut a look is taken whether another program has begun to write FILE.
pub(super) fn overwrite(file: &TokenFile, before: &[u8], document: &[u8]) -> io::Result<bool> {
    let len = usize::try_from(file.file().metadata()?.len()).unwrap_or(usize::MAX);
    let mut padded = document.to_vec();
    padded.resize(document.len().max(before.len()), b' ');
    let room = vec![b' '; padded.len().saturating_sub(len)];
    let made = file.file().write_all_at(&room, len as u64);
    let written = made.and_then(|()| file.file().write_all_at(&padded, 0));
    written.inspect_err(|_| {
        if !room.is_empty() {
            let _ = file.file().set_len(len as u64);
        }
    })?;
    let now = file.read_with_blanks()?;
    if now.len() > document.len() && now.starts_with(&padded) {
        file.file().set_len(document.len() as u64)?;
    }
    let is_there = file.look(document).is_some();
    file.file().sync_all()?;
    Ok(is_there)
}

/// Cuts off the blanks that a killed run has left behind the content.
pub(super) fn cut_blanks(file: &TokenFile) {
    let Ok(now) = file.read_with_blanks() else {
        return;
    };
    let len = without_blanks(&now).len();
    let is_unchanged = || {
        let metadata = file.file().metadata();
        metadata.is_ok_and(|metadata| metadata.len() == now.len() as u64)
    };
    if now.len() - len >= LEFT_BY_A_KILL && is_unchanged() {
        let _ = file.file().set_len(len as u64);
    }
}
