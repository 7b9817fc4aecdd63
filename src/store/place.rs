//! Whether a file may be created, renamed or removed beside FILE, and FILE be replaced by rename.
//!
//! The standard library has no `openat`: each call walks the path again, and whoever can swap a
//! directory on that path for a link leads the call elsewhere, as root wherever they like. So the
//! directories are looked at as `StrictModes` of OpenSSH does: all of them, after all links are
//! resolved, have to belong to this user or root, and nobody else may write to them.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::input::shown;

/// Those who write as the group or as anybody; an access control list shows as the group's part.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a directory with such rights is none for FILE; its name follows.
pub(super) const OTHERS_CAN_WRITE: &str = "others can write to ";

/// In a directory with this bit nobody can rename or remove what belongs to somebody else.
const STICKY: u32 = 0o1000;

/// What the group may do; an access control list shows here and nowhere else.
const GROUP_BITS: u32 = 0o070;

/// What others than the owner may do.
const RIGHTS_OF_OTHERS: u32 = 0o077;

/// The user id of root, who can do everything anyway.
const ROOT: u32 = 0;

/// Why nothing is known of who may do what.
pub(super) const UNKNOWN_USER: &str = "the user of this process is not known";

/// Where FILE lies.
#[derive(Debug)]
pub(super) struct Place {
    /// FILE without symbolic links.
    path: PathBuf,
    /// Who runs this process, as far as files are concerned.
    user: Option<u32>,
    /// Why nothing may be done beside FILE.
    closed: Option<String>,
}

impl Place {
    /// The place of a file whose path has no symbolic links.
    pub(super) fn of(path: &Path) -> Self {
        let user = effective_user().ok();
        let closed = match user {
            Some(user) => path.ancestors().skip(1).find_map(|it| danger(it, user)),
            None => Some(UNKNOWN_USER.to_owned()),
        };
        Self {
            path: path.to_owned(),
            user,
            closed,
        }
    }

    /// Why nothing may be created, renamed or removed beside FILE.
    pub(super) fn closed_because(&self) -> Option<&str> {
        self.closed.as_deref()
    }

    /// Why a rename would change more of FILE than its content.
    pub(super) fn rename_obstacle(&self, file: &Metadata) -> Option<String> {
        let mode = file.mode() & 0o7777;
        if let Some(closed) = &self.closed {
            Some(closed.clone())
        } else if !self.is_owner_of(file) {
            Some("it belongs to another user".to_owned())
        } else if mode & GROUP_BITS != 0 {
            Some(format!("its group has rights, mode {mode:04o}"))
        } else {
            (file.nlink() != 1).then(|| "it has several names".to_owned())
        }
    }

    /// Whether a file belongs to the user of this process.
    pub(super) fn is_owner_of(&self, file: &Metadata) -> bool {
        self.user == Some(file.uid())
    }

    /// Whether a file is of the user of this process and of nobody else.
    pub(super) fn is_private(&self, file: &Metadata) -> bool {
        self.is_owner_of(file) && file.nlink() == 1 && file.mode() & RIGHTS_OF_OTHERS == 0
    }

    /// Whether a file lies in the directory of FILE.
    pub(super) fn is_beside(&self, path: &Path) -> bool {
        path.parent() == self.path.parent()
    }

    /// Who runs this process, if that is known.
    pub(super) fn user(&self) -> Option<u32> {
        self.user
    }

    /// The directory of FILE.
    pub(super) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    /// How FILE is called in its directory.
    pub(super) fn file_name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }

    /// FILE without symbolic links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The effective user of this process, who owns what it creates. A pipe is created without a disk,
/// a right or `/proc`.
fn effective_user() -> io::Result<u32> {
    let (end, _) = io::pipe()?;
    let pipe = File::from(OwnedFd::from(end));
    pipe.metadata().map(|metadata| metadata.uid())
}

/// Why somebody else can change what a directory holds.
fn danger(directory: &Path, user: u32) -> Option<String> {
    let name = shown(directory);
    let Ok(found) = fs::symlink_metadata(directory) else {
        return Some(format!("{name} cannot be looked at"));
    };
    let is_sticky = found.mode() & STICKY != 0;
    if !found.is_dir() {
        Some(format!("{name} is no directory any more"))
    } else if found.uid() != user && found.uid() != ROOT {
        Some(format!("{name} belongs to another user"))
    } else {
        let is_open = found.mode() & WRITABLE_BY_OTHERS != 0 && !is_sticky;
        is_open.then(|| format!("{OTHERS_CAN_WRITE}{name}"))
    }
}
