//! The pending file beside FILE: its name, and what is found under that name.
//!
//! It is named after the token that it will replace, so that two runs with one token meet there, and
//! so that an interrupted save is known by its name and content, whatever clocks and dates say.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};

use super::content::{Content, without_blanks};
use super::file::{open_for_writing_if_allowed, read_at_once};
use super::place::Place;
use super::side_file::SideFile;
use crate::secret::Secret;

/// Between the name of FILE and the hash.
const MARK: &str = ".sftoken-";

/// Eight bytes of SHA-256 tell tokens apart, and tell nobody a token.
const HASH_BYTES: usize = 8;

/// Bytes of the longest name on nearly every file system.
const LONGEST_NAME: usize = 255;

/// The rights of the owner, which a umask can take until a run gives them.
const OWNERS: u32 = 0o600;

/// How often a look is taken at a file that another run exchanges at that moment.
const LOOKS: usize = 100;

/// What is found under the name of a pending file.
pub(super) enum Found {
    /// Nothing.
    Nothing,
    /// What another run works with at this moment.
    InUse(SideFile),
    /// What a run of this user left, locked by now, with all that it holds.
    Left(SideFile, Vec<u8>),
    /// A file of another user or with several names, with all that it holds.
    Foreign(Vec<u8>),
    /// A link, a directory, or something else that is no file.
    NoFile,
}

/// The pending file that is named after this: for a save, the token that it uses up. Where there is
/// none, and no room for the name of FILE, the hash is that of the name: other files have no token
/// either.
pub(super) fn path_for(place: &Place, key: &[u8]) -> PathBuf {
    let file = place.file_name();
    let mut name = prefix(file);
    let is_shared = key.is_empty() && name == MARK;
    name.push(hash(if is_shared { file.as_bytes() } else { key }));
    place.directory().join(name)
}

/// Whether there is anything under a name.
pub(super) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// What the names of all pending files of a FILE of this name begin with. Where that would be too
/// long the name of FILE is left out, so that other files may share the prefix.
fn prefix(file: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(file);
    prefix.push(MARK);
    if prefix.len() + 2 * HASH_BYTES > LONGEST_NAME {
        return MARK.into();
    }
    prefix
}

/// Whose pending files are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Those of FILE under the name that it was opened by.
    Files,
    /// Those of every file in the directory: FILE has several names.
    Anybodys,
}

/// All files beside FILE that have the name of a pending file.
pub(super) fn all(place: &Place, whose: Whose) -> Vec<PathBuf> {
    let directory = place.directory();
    let prefix = prefix(place.file_name());
    let is_pending = |name: &OsStr| {
        let name = name.as_bytes();
        let (start, hash) = name.split_at(name.len().saturating_sub(2 * HASH_BYTES));
        let is_wanted = match whose {
            Whose::Files => start == prefix.as_bytes(),
            Whose::Anybodys => start.starts_with(b".") && start.ends_with(MARK.as_bytes()),
        };
        is_wanted && hash.iter().all(u8::is_ascii_hexdigit)
    };
    let Ok(mut entries) = fs::read_dir(directory) else {
        return Vec::new();
    };
    let names = entries.by_ref().flatten().map(|entry| entry.file_name());
    let names = names.filter(|name| is_pending(name));
    let paths = names.map(|name| directory.join(name)).collect();
    // The standard library panics if a directory cannot be closed; the end of the process closes it.
    mem::forget(entries);
    paths
}

/// The pending files that are named after this, whatever file they are for.
pub(super) fn all_named_after(place: &Place, key: &[u8]) -> Vec<PathBuf> {
    let mut paths = all(place, Whose::Anybodys);
    let hash = hash(key);
    paths.retain(|path| path.as_os_str().as_bytes().ends_with(hash.as_bytes()));
    paths
}

/// Whether no other file's pending files have such names.
pub(super) fn names_file(place: &Place) -> bool {
    prefix(place.file_name()) != MARK
}

/// Looks for a pending file.
///
/// # Errors
/// When there is a file that cannot be opened, read or locked.
pub(super) fn find(place: &Place, path: &Path, content: Content) -> io::Result<Found> {
    for _ in 0..LOOKS {
        match look(place, path, content) {
            Err(error) if is_absent(&error) => return Ok(Found::Nothing),
            Ok(None) => {}
            Ok(Some(found)) => return Ok(found),
            Err(error) => return Err(error),
        }
    }
    Ok(Found::NoFile)
}

/// One look; none if the file was exchanged meanwhile.
fn look(place: &Place, path: &Path, content: Content) -> io::Result<Option<Found>> {
    let named = fs::symlink_metadata(path)?;
    // What a kill left that came before the mode: nothing is in it, and it may not be opened.
    let is_stillborn = named.len() == 0 && named.mode() & OWNERS != OWNERS;
    if !named.is_file() || is_stillborn {
        return Ok(Some(Found::NoFile));
    }
    let (file, _) = open_for_writing_if_allowed(path)?;
    let metadata = file.metadata()?;
    let side_file = SideFile::found(path, file, metadata.mode() & 0o7777);
    if !side_file.is_named() {
        return Ok(None);
    }
    if !place.is_owner_of(&metadata) || metadata.nlink() != 1 {
        let bytes = read_at_once(side_file.file(), content.read_limit())?;
        return Ok(Some(Found::Foreign(bytes)));
    }
    if !side_file.lock()? {
        return Ok(side_file.is_named().then_some(Found::InUse(side_file)));
    }
    let bytes = read_at_once(side_file.file(), content.read_limit())?;
    Ok(Some(Found::Left(side_file, bytes)))
}

/// The document that a pending file holds, if it is whole and has another token than this.
pub(super) fn successor<'a>(
    content: Content,
    bytes: &'a [u8],
    token: Option<&Secret>,
) -> Option<&'a [u8]> {
    let document = without_blanks(bytes);
    let key = (content.key)(document)?;
    (Some(&key) != token).then_some(document)
}

/// The hash of a token or a path in hexadecimal digits.
pub(super) fn hash(key: &[u8]) -> String {
    let digest = digest(&SHA256, key);
    let first = digest.as_ref().first_chunk::<HASH_BYTES>();
    let first = first.expect("SHA-256 has 32 bytes");
    format!("{:016x}", u64::from_be_bytes(*first))
}

/// Whether an error says that there is no pending file, and cannot be one.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_files_are_named_after_the_token_that_they_replace() {
        let name = |file: &str, token: &str| {
            let path = path_for(&Place::of(Path::new(file)), token.as_bytes());
            path.to_string_lossy().into_owned()
        };
        assert_eq!(name("/a/t.json", ""), "/a/.t.json.sftoken-e3b0c44298fc1c14");
        assert_eq!(name("/t", "abc"), "/.t.sftoken-ba7816bf8f01cfea");
        let longest = "n".repeat(229);
        let expected = format!("/.{longest}.sftoken-ba7816bf8f01cfea");
        assert_eq!(name(&format!("/{longest}"), "abc"), expected);
        assert_eq!(
            name(&format!("/{longest}n"), "abc"),
            "/.sftoken-ba7816bf8f01cfea"
        );
        let long = name(&format!("/{longest}n"), "");
        assert_ne!(long, name(&format!("/{longest}m"), ""));
        assert!(long.starts_with("/.sftoken-"), "{long}");
    }
}
