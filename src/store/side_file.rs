//! A private file that holds the document outside FILE: a pending file beside it, or one in the
//! temporary directory.
//!
//! Whoever has a pending file has a lock on it. Two runs that were led to different files by the
//! same name (another program had replaced FILE in between) meet there.

use std::env;
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::file::is_same;

/// 128 KiB, which is room for nearly every document: that of a large one takes no memory of its size.
const PIECE: usize = 128 * 1024;

/// Only the owner may read tokens.
const PRIVATE: u32 = 0o600;

/// Where temporary files go on every Unix, unless `TMPDIR` says otherwise.
const TEMPORARY: &str = "/tmp";

/// A private file beside FILE or in the temporary directory. It is removed when dropped, unless it
/// has become FILE or has to be kept.
#[derive(Debug)]
pub(super) struct SideFile {
    /// Where it is.
    path: PathBuf,
    /// Open for reading, and for writing where that is allowed.
    file: File,
    /// The mode when it was opened: between the last look at FILE and the rename is no time to ask.
    mode: u32,
    /// Whether it outlives this value.
    stays: bool,
}

impl SideFile {
    /// Creates an empty file where none is. Links are not followed.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        let file = options.mode(PRIVATE).open(path)?;
        let created = Self::found(path, file, PRIVATE).temporary();
        if created.file.metadata()?.mode() & 0o7777 != PRIVATE {
            // The umask took even the owner's rights.
            let private = Permissions::from_mode(PRIVATE);
            created.file.set_permissions(private)?;
        }
        Ok(created)
    }

    /// A file with this mode that was there before; it stays.
    pub(super) fn found(path: &Path, file: File, mode: u32) -> Self {
        Self {
            path: path.to_owned(),
            file,
            mode,
            stays: true,
        }
    }

    /// A synced file of the temporary directory with this content. Its name cannot be guessed, and
    /// what has it already is not opened.
    pub(super) fn in_temporary_directory(document: &[u8]) -> io::Result<Self> {
        let random = RandomState::new().hash_one(());
        let path = temporary_directory().join(format!("sftoken-{random:016x}.json"));
        let side_file = Self::create(&path)?;
        side_file.write(document)?;
        side_file.finish(document.len())?;
        Ok(side_file)
    }

    /// The same file, which now goes away with this value.
    pub(super) fn temporary(mut self) -> Self {
        self.stays = false;
        self
    }

    /// Takes the lock if nobody has it; tells whether the file under this name is ours now.
    pub(super) fn lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(self.is_named()),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Fills the file with this many blanks.
    pub(super) fn reserve(&self, room: usize) -> io::Result<()> {
        let blanks = vec![b' '; room.min(PIECE)];
        for at in (0..room).step_by(PIECE) {
            let piece = &blanks[..PIECE.min(room - at)];
            self.file.write_all_at(piece, at as u64)?;
        }
        self.file.set_len(room as u64)
    }

    /// Writes a document in one call; what is behind it stays.
    pub(super) fn write(&self, document: &[u8]) -> io::Result<()> {
        self.file.write_all_at(document, 0)
    }

    /// Cuts off what is behind the document, and syncs.
    pub(super) fn finish(&self, len: usize) -> io::Result<()> {
        if self.file.metadata()?.len() != len as u64 {
            self.file.set_len(len as u64)?;
        }
        self.file.sync_all()
    }

    /// Becomes FILE, with its mode. The lock goes with it.
    pub(super) fn rename_to(&self, target: &Path, mode: u32) -> io::Result<()> {
        self.set_mode(mode)?;
        fs::rename(&self.path, target)
    }

    /// Moves to where nothing is. A first name that cannot be removed is left to the next run: from
    /// the second one on this file is FILE.
    pub(super) fn move_to_free(&mut self, target: &Path) -> io::Result<()> {
        match fs::hard_link(&self.path, target) {
            // A file server tells this of a call that it heard twice.
            Err(error) if !self.is_at(target) => return Err(error),
            _ => self.stays = true,
        }
        let _ = fs::remove_file(&self.path);
        Ok(())
    }

    /// Makes sure that only the owner can read it, and that the owner can, whatever the umask.
    pub(super) fn make_private(&self) -> io::Result<()> {
        self.set_mode(PRIVATE)
    }

    /// Sets the mode, which the umask may have made another one.
    fn set_mode(&self, mode: u32) -> io::Result<()> {
        if mode == self.mode {
            return Ok(());
        }
        self.file.set_permissions(Permissions::from_mode(mode))
    }

    /// Whether its path leads to this file.
    pub(super) fn is_named(&self) -> bool {
        self.is_at(&self.path)
    }

    /// Whether a path leads to this file.
    fn is_at(&self, path: &Path) -> bool {
        match (fs::symlink_metadata(path), self.file.metadata()) {
            (Ok(named), Ok(open)) => is_same(&named, &open),
            _ => false,
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Another handle to the file, with the same lock.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Stays where it is for somebody to find.
    pub(super) fn keep(mut self) -> PathBuf {
        self.stays = true;
        self.path.clone()
    }
}

impl Drop for SideFile {
    fn drop(&mut self) {
        // Under this name there may be another run's file, or none: this one may be FILE by now.
        if self.stays || !self.is_named() {
            return;
        }
        // What cannot be removed must not look like an interrupted save to the next run.
        if fs::remove_file(&self.path).is_err() {
            let _ = self.file.set_len(0);
        }
    }
}

/// Keeps what cannot go where it belongs in a private file of the temporary directory.
///
/// # Errors
/// When that cannot be written either.
pub(crate) fn keep(bytes: &[u8]) -> io::Result<PathBuf> {
    SideFile::in_temporary_directory(bytes).map(SideFile::keep)
}

/// Whether standard output goes nowhere. A closed one does, too: the standard library puts
/// `/dev/null` in its place before `main`.
pub(crate) fn is_output_discarded() -> bool {
    let device = |path| fs::metadata(path).map(|metadata| metadata.rdev());
    matches!((device("/dev/fd/1"), device("/dev/null")), (Ok(output), Ok(null)) if output == null)
}

/// The temporary directory. An empty `TMPDIR` is none, and not the current directory.
pub(super) fn temporary_directory() -> PathBuf {
    let given = env::var_os("TMPDIR").filter(|path| !path.is_empty());
    given.map_or_else(|| PathBuf::from(TEMPORARY), PathBuf::from)
}
