//! Everything that touches the disk: reading inputs here, and the token file as something that is
//! held, in [`lock`], replaced, in [`save`] (with [`spare`]), and mended, in [`recover`].
//!
//! The order of system calls is the point of these files. A refresh token that has been rotated
//! exists once, so each step leaves the disk in a state from which the next run can go on.

mod lock;
mod recover;
mod save;
mod spare;

pub(crate) use lock::{Locked, TokenFile};
pub(crate) use save::{How, Slot};
pub(crate) use spare::rescue;

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::cli::Input;
use crate::error::{Class, Error, reason};

/// 64 KiB, far above any client secret: `/dev/zero` must end somewhere.
pub(crate) const MAX_SECRET_LEN: usize = 64 * 1024;

/// 16 MiB. The bundles of operating systems have about 250 KiB.
pub(crate) const MAX_CA_LEN: usize = 16 * 1024 * 1024;

/// Reads a file or standard input, at most one byte more than `limit`, so that the caller sees
/// that there is more.
///
/// # Errors
/// `NOINPUT`, naming the file.
pub(crate) fn read_input(input: &Input, limit: usize) -> Result<Vec<u8>, Error> {
    read_as(input, &name_of(input), limit)
}

/// The same for an input that messages call `name`.
///
/// # Errors
/// `NOINPUT`, with that name.
pub(crate) fn read_as(input: &Input, name: &str, limit: usize) -> Result<Vec<u8>, Error> {
    match input {
        Input::Stdin => read_bounded(io::stdin().lock(), limit),
        Input::Path(path) => File::open(path).and_then(|file| read_bounded(file, limit)),
    }
    .map_err(|error| unreadable(name, &reason(&error)))
}

/// Whether standard output goes nowhere. A closed one does, too: the standard library puts
/// `/dev/null` in its place before `main`.
pub(crate) fn is_output_discarded() -> bool {
    let device = |path| fs::metadata(path).map(|metadata| metadata.rdev());
    matches!((device("/dev/fd/1"), device("/dev/null")), (Ok(output), Ok(null)) if output == null)
}

/// How messages call an input.
pub(crate) fn name_of(input: &Input) -> String {
    match input {
        Input::Stdin => "standard input".to_owned(),
        Input::Path(path) => shown(path),
    }
}

/// A path for a message: names are bytes, and may hold what would garble a terminal.
pub(crate) fn shown(path: &Path) -> String {
    let name = path.to_string_lossy();
    name.replace(|c: char| c.is_control(), "?")
}

/// An input that is missing or cannot be read.
pub(crate) fn unreadable(name: &str, why: &str) -> Error {
    Error::new(Class::NoInput, format!("cannot read {name}: {why}"))
        .hint("check the path and its permissions")
}

/// Reads at most `limit` bytes and one.
fn read_bounded(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
