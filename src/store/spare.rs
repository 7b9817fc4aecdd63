//! A file that holds the document outside FILE: the pending file beside it, or a rescue file in the
//! temporary directory.

use std::fs::{self, File, OpenOptions, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use super::lock::Version;

/// Only the owner may read tokens.
const PRIVATE: u32 = 0o600;

/// A private file with the new document outside FILE: the pending file, or one in the temporary
/// directory. It is removed when dropped, unless it has become FILE or has to be kept.
#[derive(Debug)]
pub(super) struct Spare {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Open for reading and writing.
    pub(super) file: File,
    /// Whether it goes away with this value.
    pub(super) temporary: bool,
}

impl Spare {
    /// Creates an empty file where none is. Links are not followed.
    pub(super) fn create(path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = options.mode(PRIVATE).open(&path)?;
        Ok(Self {
            path,
            file,
            temporary: true,
        })
    }

    /// Cuts the blanks off, takes over the mode of FILE and syncs. A FILE from the future must not
    /// make this one look older.
    pub(super) fn finish(&self, len: usize, target: &File) -> io::Result<()> {
        let target = target.metadata()?;
        let current = self.file.metadata()?;
        if current.len() != len as u64 {
            self.file.set_len(len as u64)?;
        }
        if target.modified()? > current.modified()? {
            self.file.set_modified(target.modified()?)?;
        }
        self.give_to_owner_of(&target)?;
        let mode = target.mode() & 0o7777;
        if current.mode() & 0o7777 != mode {
            self.file.set_permissions(Permissions::from_mode(mode))?;
        }
        self.file.sync_all()
    }

    /// Takes over the owner of FILE.
    pub(super) fn give_to_owner_of(&self, target: &fs::Metadata) -> io::Result<()> {
        let current = self.file.metadata()?;
        if (target.uid(), target.gid()) == (current.uid(), current.gid()) {
            return Ok(());
        }
        fchown(&self.file, Some(target.uid()), Some(target.gid()))
    }

    /// Becomes FILE.
    pub(super) fn rename_to(&mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.temporary = false;
        Ok(())
    }

    /// Whether the path leads to this file for certain.
    pub(super) fn is_named(&self) -> bool {
        self.looked_up() == Some(true)
    }

    /// Whether the path still leads to this file, if that can be told. Where FILE was replaced, the
    /// run that locked the new one removes this file, and has a pending file of the same name.
    fn looked_up(&self) -> Option<bool> {
        let named = match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Some(false),
            named => named.ok()?,
        };
        let open = self.file.metadata().ok()?;
        Some(Version::of(&named).identity == Version::of(&open).identity)
    }

    /// Stays where it is for somebody to find.
    pub(super) fn keep(mut self) -> PathBuf {
        self.temporary = false;
        self.path.clone()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        if !self.temporary || self.looked_up() == Some(false) {
            return;
        }
        // What cannot be removed must not look like an interrupted save to the next run; but without
        // its name it may be FILE by now.
        if fs::remove_file(&self.path).is_err() && self.is_named() {
            let _ = self.file.set_len(0);
        }
    }
}

/// Whether standard output goes nowhere. A closed one does, too: the standard library puts
/// `/dev/null` in its place before `main`.
pub(crate) fn is_output_discarded() -> bool {
    let device = |path| fs::metadata(path).map(|metadata| metadata.rdev());
    matches!((device("/dev/fd/1"), device("/dev/null")), (Ok(output), Ok(null)) if output == null)
}

/// Keeps a document that cannot go where it belongs in a private file of the temporary directory.
///
/// # Errors
/// When that cannot be written either.
pub(crate) fn rescue(document: &[u8]) -> io::Result<PathBuf> {
    rescue_file(document).map(Spare::keep)
}

/// The file behind [`rescue`]. Its name cannot be guessed, and what has it already is not opened.
pub(super) fn rescue_file(document: &[u8]) -> io::Result<Spare> {
    let random = RandomState::new().hash_one(());
    let path = std::env::temp_dir().join(format!("sftoken-{random:016x}.json"));
    let spare = Spare::create(path)?;
    spare.file.write_all_at(document, 0)?;
    spare.file.sync_all()?;
    Ok(spare)
}
