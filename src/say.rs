//! The only pen: whatever reaches standard output or standard error is written here.
//!
//! Standard output carries results alone, so that `$(sftoken ...)` is safe; whatever is said to a
//! person goes to standard error, in one voice. How much is said is decided once, before anything
//! is, so it is state of the process and not an argument of every function. A standard error that
//! cannot be written is no reason to lose a token, so failures there are ignored.

use std::fmt::Display;
use std::io::{self, Write};
use std::panic;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Class, Error, reason};
use crate::text::harmless;

/// No summary line.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Each step.
static VERBOSE: AtomicBool = AtomicBool::new(false);

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Verbosity {
    /// `--quiet`
    pub(crate) quiet: bool,
    /// `--verbose`
    pub(crate) verbose: bool,
}

/// Decides how much is said from now on.
pub(crate) fn set_verbosity(verbosity: Verbosity) {
    QUIET.store(verbosity.quiet, Ordering::Relaxed);
    VERBOSE.store(verbosity.verbose, Ordering::Relaxed);
}

/// What happened, in one line, unless `--quiet`.
pub(crate) fn summary(text: impl Display) {
    if !QUIET.load(Ordering::Relaxed) {
        say(format_args!("sftoken: {text}"));
    }
}

/// One step of the work, with `--verbose` only. The text is made only where it is shown.
pub(crate) fn step<T: Display>(text: impl FnOnce() -> T) {
    if VERBOSE.load(Ordering::Relaxed) {
        say(format_args!("* {}", text()));
    }
}

/// Says what is not a failure but should not be overlooked; `--quiet` does not silence it.
pub(crate) fn warning(text: impl Display) {
    say(format_args!("sftoken: warning: {text}"));
}

/// Reports why the run failed.
pub(crate) fn failure(error: &Error) {
    let hint = error.advice().map(|hint| format!("hint: {hint}"));
    say_lines([format!("sftoken: {error}")].into_iter().chain(hint));
}

/// Writes a result to standard output.
///
/// # Errors
/// `IOERR` when standard output is closed or full.
pub(crate) fn result(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| {
        let why = reason(&error);
        Error::of_output(format!("cannot write to standard output: {why}"))
    })
}

/// Makes a panic a failure of its own class instead of exit code 101.
///
/// The payload is not shown, since it may quote data; the place is enough to report the bug. The
/// release profile aborts on panic, so the hook has to end the process itself.
pub(crate) fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        failure(&Error::new(
            Class::Software,
            format!("internal error at {place}"),
            "this is a bug in sftoken; please report it with this line",
        ));
        process::exit(Class::Software.exit_code().into());
    }));
}

/// Writes one line.
fn say(line: impl Display) {
    say_lines([line.to_string()]);
}

/// Writes the lines of one message in one call, so that lines of parallel runs do not mix. Whatever
/// they quote cannot steer a terminal, add a line or turn the text around.
fn say_lines(lines: impl IntoIterator<Item = String>) {
    let text: String = lines
        .into_iter()
        .map(|line| harmless(&line) + "\n")
        .collect();
    let _ = io::stderr().write_all(text.as_bytes());
}
