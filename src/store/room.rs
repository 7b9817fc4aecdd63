//! Writing FILE itself, through the file that was opened and locked.
//!
//! JSON ignores blanks behind it, so FILE is one valid document after each call: blanks make room,
//! the new document with blanks behind it takes the old one's place in one call, blanks are cut off.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use super::content::without_blanks;
use super::file::{TokenFile, is_same};

/// Blanks that nobody leaves at the end of a file but a run that was killed.
const LEFT_BY_A_KILL: usize = 256;

/// Room behind the content of FILE. It is given back when this is dropped.
#[derive(Debug)]
pub(super) struct Room<'a> {
    /// FILE.
    file: &'a TokenFile,
    /// What FILE held before.
    before: Vec<u8>,
    /// Blanks that were put behind it.
    blanks: usize,
}

impl<'a> Room<'a> {
    /// Puts this many blanks behind the content; none if another program changed FILE meanwhile.
    /// They are appended, so that they never fall into what that program writes.
    pub(super) fn reserve(file: &'a TokenFile, blanks: usize) -> io::Result<Option<Self>> {
        let before = file.read_with_blanks()?;
        let mut end = OpenOptions::new().append(true).open(file.path())?;
        if !is_same(&end.metadata()?, &file.file().metadata()?) {
            return Ok(None);
        }
        let reserved = Self {
            file,
            before,
            blanks,
        };
        // What was written when the disk turned out to be full is given back, too.
        end.write_all(&vec![b' '; blanks])?;
        let is_unchanged = file.read_with_blanks()?.starts_with(&reserved.before);
        Ok(is_unchanged.then_some(reserved))
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let Ok(now) = read_surely(self.file) else {
            return;
        };
        let content = without_room(&now, &self.before, self.blanks);
        if let Some(content) = content.filter(|it| it.len() < now.len()) {
            let _ = self.file.file().set_len(content.len() as u64);
        }
    }
}

/// What FILE holds without the room, which is so many blanks behind what it held before; none if there
/// is no such room.
fn without_room<'a>(now: &'a [u8], before: &[u8], blanks: usize) -> Option<&'a [u8]> {
    let content = without_blanks(now);
    match now.strip_prefix(before) {
        Some(added) if without_blanks(added).is_empty() => Some(&now[..before.len()]),
        _ => (now.len() - content.len() >= blanks).then_some(content),
    }
}

/// Overwrites FILE if it holds `before` and perhaps blanks; tells whether FILE, by its path, has the
/// document. Before the cut a look is taken whether another program has begun to write FILE.
pub(super) fn overwrite(file: &TokenFile, before: &[u8], document: &[u8]) -> io::Result<bool> {
    let mut padded = document.to_vec();
    padded.resize(document.len().max(before.len()), b' ');
    let len = usize::try_from(file.file().metadata()?.len()).unwrap_or(usize::MAX);
    let room = match padded.len().saturating_sub(len) {
        0 => None,
        growth => Some(Room::reserve(file, growth)?),
    };
    let is_changed = room.as_ref().is_some_and(Option::is_none);
    if is_changed || file.look(before).is_none() {
        return Ok(false);
    }
    file.file().write_all_at(&padded, 0)?;
    let now = read_surely(file)?;
    if now.len() > document.len() && now.starts_with(&padded) {
        file.file().set_len(document.len() as u64)?;
        let now = file.read_with_blanks()?;
        if now.len() == document.len() && now.ends_with(&[0]) {
            file.file().set_len(without_hole(&now).len() as u64)?;
        }
    }
    let is_there = file.look(document).is_some();
    file.file().sync_all()?;
    Ok(is_there)
}

/// Reads FILE, once more if that fails: nothing is cut off that was not seen, and no blanks are to
/// stay.
fn read_surely(file: &TokenFile) -> io::Result<Vec<u8>> {
    let read = || file.read_with_blanks();
    read().or_else(|_| read())
}

/// A content without the hole, which reads as zeros, between what another program wrote at a wrong
/// moment and the place where FILE was thought to end. JSON has no zeros.
fn without_hole(content: &[u8]) -> &[u8] {
    let last = content.iter().rposition(|byte| *byte != 0);
    &content[..last.map_or(0, |last| last + 1)]
}

/// Cuts off the blanks that a killed run has left.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_was_put_behind_the_content_before_or_that_many_blanks_behind_another() {
        let left = |now| without_room(now, b"{1} ", 4);
        assert_eq!(left(b"{1}     "), Some(&b"{1} "[..]));
        assert_eq!(left(b"{1}  "), Some(&b"{1} "[..]), "the disk was full");
        assert_eq!(left(b"{1} "), Some(&b"{1} "[..]));
        assert_eq!(left(b"{1}     \n"), None, "somebody has added to it");
        assert_eq!(left(b"{22}     "), Some(&b"{22}"[..]));
        assert_eq!(left(b"{22}    "), Some(&b"{22}"[..]));
        assert_eq!(left(b"{22}   "), None, "blanks of its owner");
    }

    #[test]
    fn a_hole_is_the_zeros_at_the_end() {
        assert_eq!(without_hole(b"{}\0\0"), b"{}");
        assert_eq!(without_hole(b"{\0}\0"), b"{\0}");
        assert_eq!(without_hole(b"{}"), b"{}");
        assert_eq!(without_hole(b"\0"), b"");
    }
}
