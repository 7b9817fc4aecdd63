//! A file or standard input: its name for messages, and reading it up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::error::{Class, Error, reason};

/// A file or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// `-`
    Stdin,
    /// Anything else.
    Path(PathBuf),
}

impl Input {
    /// How messages call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::Path(path) => shown(path),
        }
    }

    /// The content, of which there may be no more than `limit` bytes (`size` says how many these
    /// are); messages call the input `name`.
    ///
    /// # Errors
    /// `NOINPUT`.
    pub(crate) fn read(&self, name: &str, limit: usize, size: &str) -> Result<Vec<u8>, Error> {
        let bytes = self
            .read_bounded(limit)
            .map_err(|error| unreadable(name, &reason(&error)))?;
        if bytes.len() > limit {
            return Err(unreadable(name, &format!("it is larger than {size}")));
        }
        Ok(bytes)
    }

    /// At most one byte more than `limit`, so that the caller sees that there is more.
    pub(crate) fn read_bounded(&self, limit: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Stdin => read_bounded(io::stdin().lock(), limit),
            Self::Path(path) => read_bounded(File::open(path)?, limit),
        }
    }
}

/// Reads at most `limit` bytes and one.
pub(crate) fn read_bounded(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path for a message.
pub(crate) fn shown(path: &Path) -> String {
    let name = path.to_string_lossy();
    name.replace(|c: char| c.is_control(), "?")
}

/// An input that is missing or cannot be read.
pub(crate) fn unreadable(name: &str, why: &str) -> Error {
    Error::new(
        Class::NoInput,
        format!("cannot read {name}: {why}"),
        "check the path and its permissions",
    )
}
