//! Documents and replies of every size.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The refresh token of every document.
pub(crate) const REFRESH_TOKEN: &str = "5Aep861.bench";

/// What a document is filled with.
#[derive(Clone, Copy)]
pub(crate) enum Filler {
    /// Members with strings, as most documents have.
    Strings,
    /// An array of numbers of one digit: nothing has more values in as many bytes.
    Digits,
}

/// A folder of documents that goes away with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new folder below `parent`, or below the temporary directory where that is missing.
    pub(crate) fn new(parent: &Path, name: &str) -> Self {
        let parent = if parent.is_dir() {
            parent.to_owned()
        } else {
            env::temp_dir()
        };
        let folder = parent.join(format!("bench-{name}-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    /// Writes a document of about `kib` KiB.
    pub(crate) fn document(&self, kib: usize) -> PathBuf {
        self.filled(kib, Filler::Strings)
    }

    /// Writes a document of about `kib` KiB, filled with this.
    pub(crate) fn filled(&self, kib: usize, filler: Filler) -> PathBuf {
        let json = object("refresh_token", REFRESH_TOKEN, kib, filler);
        let path = self.file(&format!("{kib}.json"), &json);
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Writes a file.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// An object of about `kib` KiB with one token: a little below, since what is larger than 1 MiB is
/// refused. It is indented by a space, so that a line is mostly what it holds.
pub(crate) fn object(name: &str, token: &str, kib: usize, filler: Filler) -> String {
    let room = kib * 1024 - 512;
    let filler = match filler {
        Filler::Strings => {
            let value = "x".repeat(60);
            let member = |number| format!(",\n \"m{number:06}\": \"{value}\"");
            repeated(room, member(0).len(), member)
        }
        Filler::Digits => {
            let elements = repeated(room, ",\n  1".len(), |_| ",\n  1".to_owned());
            format!(",\n \"digits\": [\n  1{elements}\n ]")
        }
    };
    format!("{{\n \"{name}\": \"{token}\"{filler}\n}}\n")
}

/// As many pieces of `len` bytes as there is room for.
fn repeated(room: usize, len: usize, piece: impl Fn(usize) -> String) -> String {
    (0..room / len).map(piece).collect()
}
