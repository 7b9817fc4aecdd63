//! One thing that goes wrong in one run: a kill at a call, or a call that fails.

use std::fmt;

use crate::trace::Call;

/// The calls that a full disk stops.
const TAKE_ROOM: [&str; 8] = [
    "openat",
    "mkdir",
    "write",
    "pwrite64",
    "ftruncate",
    "fsync",
    "link",
    "rename",
];

/// What a rename may fail with beside that.
const RENAME_ERRORS: [&str; 3] = ["EBUSY", "EXDEV", "EACCES"];

/// What a file system without second names says.
const LINK_ERRORS: [&str; 2] = ["EPERM", "EOPNOTSUPP"];

/// What goes wrong, and where.
pub(crate) struct Point {
    /// Where.
    pub(crate) call: Call,
    /// The error of the call; none means that the process is killed.
    error: Option<&'static str>,
}

impl Point {
    /// All that can go wrong at one call. The standard library takes a directory that cannot be
    /// closed for a bug, and no file system has such ones.
    pub(crate) fn at(call: &Call) -> Vec<Self> {
        let mut errors = Vec::new();
        if !call.is_silent() {
            errors.push(None);
        }
        if !call.is_on_network() && !call.closes_directory() {
            errors.push(Some("EIO"));
        }
        if TAKE_ROOM.contains(&&*call.name) {
            errors.push(Some("ENOSPC"));
        }
        if call.name.starts_with("rename") {
            errors.extend(RENAME_ERRORS.map(Some));
        }
        if call.name.starts_with("link") {
            errors.extend(LINK_ERRORS.map(Some));
        }
        let point = |error| Self {
            call: call.clone(),
            error,
        };
        errors.into_iter().map(point).collect()
    }

    /// Whether the process is killed.
    pub(crate) fn is_kill(&self) -> bool {
        self.error.is_none()
    }

    /// How strace is told.
    pub(crate) fn injection(&self) -> String {
        let (name, number) = (&self.call.name, self.call.number);
        match self.error {
            None => format!("{name}:signal=KILL:when={number}"),
            Some(error) => format!("{name}:error={error}:when={number}"),
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.error.unwrap_or("kill"), self.call)
    }
}
