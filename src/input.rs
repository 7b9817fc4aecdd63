//! A file or standard input: its name for messages, and reading it up to a limit and a deadline.
//!
//! Opening a pipe waits for its writer, and reading one for what it writes, both without an end. A
//! thread waits in place of the run, so that the deadline holds; a regular file needs none.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufRead as _, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::thread;

use crate::deadline::Deadline;
use crate::error::{Class, Error, reason};
use crate::mailbox::Mailbox;
use crate::secret::{REDACTED, looks_secret};

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

    /// Whether it can be found. What stands in place of a path that cannot may be anything.
    pub(crate) fn is_there(&self) -> bool {
        match self {
            Self::Stdin => true,
            Self::Path(path) => fs::symlink_metadata(path).is_ok(),
        }
    }

    /// The content, of which there may be no more than `limit` bytes (`size` says how many these
    /// are); messages call the input `name`.
    ///
    /// # Errors
    /// `NOINPUT`, also if the content is not there by the deadline.
    pub(crate) fn read(
        &self,
        name: &str,
        limit: usize,
        size: &str,
        deadline: Deadline,
    ) -> Result<Vec<u8>, Error> {
        let bytes = self
            .read_bounded(limit, deadline)
            .map_err(|error| read_failed(name, &error))?;
        if bytes.len() > limit {
            return Err(unreadable(name, &format!("it is larger than {size}")));
        }
        Ok(bytes)
    }

    /// At most one byte more than `limit`, so that the caller sees that there is more.
    ///
    /// # Errors
    /// Those of opening and reading, and [`ErrorKind::TimedOut`].
    pub(crate) fn read_bounded(&self, limit: usize, deadline: Deadline) -> io::Result<Vec<u8>> {
        if !self.may_block() {
            return self.read_now(limit);
        }
        let mailbox = Mailbox::new();
        let (input, shared) = (self.clone(), mailbox.share());
        let read = move || shared.leave(input.read_now(limit));
        if thread::Builder::new().spawn(read).is_err() {
            return self.read_now(limit);
        }
        let timed_out = || Err(io::Error::new(ErrorKind::TimedOut, "timed out"));
        mailbox.take(deadline.left()).unwrap_or_else(timed_out)
    }

    /// Whether somebody else decides when there is something to read.
    fn may_block(&self) -> bool {
        match self {
            Self::Stdin => true,
            Self::Path(path) => fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir()),
        }
    }

    /// Reads, however long that takes.
    fn read_now(&self, limit: usize) -> io::Result<Vec<u8>> {
        match self {
            Self::Stdin => read_bounded(io::stdin().lock(), limit),
            Self::Path(path) => read_bounded(File::open(path)?, limit),
        }
    }
}

/// The next line of standard input, of at most `limit` bytes (`size` says how many these are); none
/// at its end. Nobody knows how long a person needs, so nothing bounds the wait.
///
/// # Errors
/// `NOINPUT`, also for a longer line: a part of one must not be taken for the whole.
pub(crate) fn read_line(limit: usize, size: &str) -> Result<Option<String>, Error> {
    let mut line = Vec::new();
    let read = io::stdin()
        .lock()
        .take(limit as u64 + 1)
        .read_until(b'\n', &mut line);
    let len = read.map_err(|error| unreadable("standard input", &reason(&error)))?;
    if len > limit {
        let why = format!("a line is longer than {size}");
        return Err(unreadable("standard input", &why).hint("paste the address alone"));
    }
    Ok((len > 0).then(|| String::from_utf8_lossy(&line).into_owned()))
}

/// Reads at most `limit` bytes and one.
pub(crate) fn read_bounded(source: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A path for a message. A name that has the look of a secret was meant for another place, and is
/// not shown.
pub(crate) fn shown(path: &Path) -> String {
    let name = path.to_string_lossy();
    let name = if looks_secret(&name) {
        without_name(path)
    } else {
        name
    };
    name.replace(|c: char| c.is_control(), "?")
}

/// The path with [`REDACTED`] in place of the name, or of all if what stands before it looks secret.
fn without_name(path: &Path) -> Cow<'_, str> {
    let directory = path.parent().map(Path::to_string_lossy);
    match directory.filter(|it| !it.is_empty() && !looks_secret(it)) {
        Some(directory) => format!("{directory}/{REDACTED}").into(),
        None => REDACTED.into(),
    }
}

/// An input that is missing or cannot be read.
pub(crate) fn unreadable(name: &str, why: &str) -> Error {
    let hint = if name.contains(REDACTED) {
        "a path belongs there, and no secret"
    } else {
        "check the path and its permissions"
    };
    Error::new(Class::NoInput, format!("cannot read {name}: {why}"), hint)
}

/// An input that could not be read because of this.
pub(crate) fn read_failed(name: &str, error: &io::Error) -> Error {
    let failed = unreadable(name, &reason(error));
    if error.kind() == ErrorKind::TimedOut {
        return failed.hint("whoever writes it has to end before --timeout");
    }
    failed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_what_looks_secret() {
        for (path, expected) in [
            ("/home/a/t.json", "/home/a/t.json"),
            ("/home/a/00D1!x", "/home/a/[REDACTED]"),
            ("/home/00D1!x/t.json", "[REDACTED]"),
            (".5Aep861.sftoken-01", "[REDACTED]"),
            ("force://a:b:c@d", "force:/[REDACTED]"),
            ("force://a:b/c:d@e", "[REDACTED]"),
            (r#"{"a":"b/c"}"#, "[REDACTED]"),
            ("a\x1b", "a?"),
        ] {
            assert_eq!(shown(Path::new(path)), expected, "{path:?}");
        }
    }
}
