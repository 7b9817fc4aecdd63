//! What can go wrong, as the caller sees it: a class with its exit code, and a message.
//!
//! An [`Error`] is `WHAT: WHY` and, where there is something to do, one hint. It is made where the
//! cause is known and grows on its way up, by [`Error::within`] and [`Error::but`], where the file
//! is known and what became of the tokens. This file knows the classes, their names from sysexits.h
//! and the codes that scripts rely on.

use std::fmt;
use std::io;

/// The failure classes of the exit code table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The command line or the environment is wrong.
    Usage,
    /// FILE is not a usable document.
    DataErr,
    /// An input file is missing or cannot be read.
    NoInput,
    /// The endpoint is not who it should be.
    NoHost,
    /// No reply came.
    Unavailable,
    /// A bug in sftoken.
    Software,
    /// Saving would be impossible, so nothing was sent.
    CantCreat,
    /// The result could not be written where it belongs.
    IoErr,
    /// Another try, later, may succeed.
    TempFail,
    /// The endpoint does not speak TLS or OAuth.
    Protocol,
    /// The grant was refused.
    NoPerm,
    /// The client was refused.
    Config,
}

impl Class {
    /// The process's exit code; the values are those of sysexits.h.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 64,
            Self::DataErr => 65,
            Self::NoInput => 66,
            Self::NoHost => 68,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::CantCreat => 73,
            Self::IoErr => 74,
            Self::TempFail => 75,
            Self::Protocol => 76,
            Self::NoPerm => 77,
            Self::Config => 78,
        }
    }
}

/// One failure: its class, `WHAT: WHY`, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Error {
    /// Decides the exit code.
    pub(crate) class: Class,
    /// `WHAT: WHY`, lower case, no full stop, the file or host named.
    message: String,
    /// What the caller can do about it; empty where there is nothing to do.
    hint: String,
}

impl Error {
    /// A failure, and what the caller can do about it.
    pub(crate) fn new(class: Class, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            hint: hint.into(),
        }
    }

    /// A failure without a hint: only whoever reads standard output knows why it was closed, and
    /// what to do about that.
    pub(crate) fn of_output(message: impl Into<String>) -> Self {
        Self::new(Class::IoErr, message, "")
    }

    /// The same failure as a part of a larger task: `TASK: WHAT: WHY`.
    pub(crate) fn within(mut self, task: impl fmt::Display) -> Self {
        self.message = format!("{task}: {}", self.message);
        self
    }

    /// The same failure with something that holds in spite of it: `WHAT: WHY; ALSO`.
    pub(crate) fn but(mut self, also: impl fmt::Display) -> Self {
        self.message = format!("{}; {also}", self.message);
        self
    }

    /// The same failure where something worse counts in its place.
    pub(crate) fn of_class(self, class: Class) -> Self {
        Self { class, ..self }
    }

    /// The same failure where something else is to be done about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What the caller can do about it, if anything.
    pub(crate) fn advice(&self) -> Option<&str> {
        (!self.hint.is_empty()).then_some(&self.hint)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The reason inside an [`io::Error`] in the voice of our messages: `no space left on device`
/// rather than `No space left on device (os error 28)`.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_those_of_sysexits() {
        let table = [
            (Class::Usage, 64),
            (Class::DataErr, 65),
            (Class::NoInput, 66),
            (Class::NoHost, 68),
            (Class::Unavailable, 69),
            (Class::Software, 70),
            (Class::CantCreat, 73),
            (Class::IoErr, 74),
            (Class::TempFail, 75),
            (Class::Protocol, 76),
            (Class::NoPerm, 77),
            (Class::Config, 78),
        ];
        for (class, code) in table {
            assert_eq!(class.exit_code(), code, "{class:?}");
        }
    }

    #[test]
    fn reasons_lose_their_number_and_capital() {
        assert_eq!(
            reason(&io::Error::from_raw_os_error(2)),
            "no such file or directory"
        );
        assert_eq!(reason(&io::Error::other("odd")), "odd");
    }
}
