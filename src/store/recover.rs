//! Finishing what a kill or a failed rename interrupted.
//!
//! Whoever can write into the directory can plant a file of the pending file's name, so what is
//! adopted has to look exactly like what an interrupted run leaves.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::SystemTime;

use super::lock::{Locked, Version, open_for_writing_if_allowed};
use super::save::{GROWTH, sync_directory};
use super::spare::Spare;
use crate::error::{Class, Error, reason};
use crate::input::{read_bounded, shown};

impl Locked {
    /// Finishes a save that a kill or a failed rename interrupted; tells whether there was one.
    /// Any other file of the pending file's name is removed.
    ///
    /// # Errors
    /// `CANTCREAT` if the save is there but cannot be finished: going on would send a refresh
    /// token that has been used up.
    pub(crate) fn recover(&mut self) -> Result<bool, Error> {
        let path = self.pending_path();
        self.finish_interrupted(&path).map_err(|error| {
            let path = shown(&path);
            Error::new(
                Class::CantCreat,
                format!(
                    "cannot finish the interrupted save in {path}: {}",
                    reason(&error)
                ),
                format!("nothing was sent; move that file to {}", self.name()),
            )
        })
    }

    /// Does what [`Locked::recover`] says. Where that fails, the pending file stays.
    fn finish_interrupted(&mut self, path: &Path) -> io::Result<bool> {
        let named = match fs::symlink_metadata(path) {
            Err(error) if is_absent(&error) => return Ok(false),
            named => named?,
        };
        let Some((pending, document)) = self.adoptable(path, &named)? else {
            // A directory stays where it is; then there is no pending file and FILE is written
            // in place.
            let _ = fs::remove_file(path);
            return Ok(false);
        };
        self.adopt(pending, &document)?;
        Ok(true)
    }

    /// Puts an interrupted save where it belongs. The lock moves with it, before other processes
    /// can see it as FILE.
    fn adopt(&mut self, mut pending: Spare, document: &[u8]) -> io::Result<()> {
        pending.file.try_lock()?;
        pending.finish(document.len(), &self.target.file)?;
        if pending.rename_to(&self.target.path).is_err() {
            self.target
                .overwrite_with_backup(document, &pending, self.seen)?;
            pending.temporary = true;
            return Ok(());
        }
        let _ = sync_directory(&self.target.path);
        self.target.file = pending.file.try_clone()?;
        Ok(())
    }

    /// The pending file of an earlier run and its document, if it is what such a run leaves: a
    /// regular file of FILE's owner, under one name, whole, and not older than FILE, unless that is
    /// dated in the future.
    fn adoptable(&self, path: &Path, named: &fs::Metadata) -> io::Result<Option<(Spare, Vec<u8>)>> {
        let target = self.target.file.metadata()?;
        let dated = target.modified()?;
        let is_older = dated <= SystemTime::now() && named.modified()? < dated;
        let is_ours = named.is_file() && named.uid() == target.uid() && named.nlink() == 1;
        if is_older || !is_ours {
            return Ok(None);
        }
        // It may have FILE's mode by now, which need not allow writing; then it is finished.
        let (file, _) = open_for_writing_if_allowed(path)?;
        // Between the two looks a link may have taken its place.
        if Version::of(&file.metadata()?) != Version::of(named) {
            return Ok(None);
        }
        let content = read_bounded(&file, 2 * self.target.content.max_len + GROWTH)?;
        let mut document = content.trim_ascii_end().to_owned();
        if !(self.target.content.is_whole)(&document) {
            return Ok(None);
        }
        document.push(b'\n');
        if !content.starts_with(&document) {
            file.write_all_at(&document, 0)?;
        }
        let pending = Spare {
            path: path.to_owned(),
            file,
            temporary: false,
        };
        Ok(Some((pending, document)))
    }
}

/// Whether an error says that there is no pending file, and cannot be one.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::InvalidFilename
    )
}
