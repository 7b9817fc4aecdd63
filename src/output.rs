//! The only writer to standard output and standard error.
//!
//! Standard output carries results alone, so that `$(sftoken ...)` is safe; whatever is said to a
//! person goes to standard error, in one voice. A standard error that cannot be written is no
//! reason to lose a token, so failures there are ignored.

use std::fmt::Display;
use std::io::{self, Write};
use std::panic;
use std::process;

use crate::cli::Print;
use crate::document::Document;
use crate::error::{Class, Error};

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Output {
    /// No summary line.
    pub(crate) quiet: bool,
    /// Each step.
    pub(crate) verbose: bool,
}

impl Output {
    /// What happened, in one line, unless `--quiet`.
    pub(crate) fn summary(self, text: impl Display) {
        if !self.quiet {
            say(format_args!("sftoken: {text}"));
        }
    }

    /// One step of the work, with `--verbose` only. The text is made only where it is shown.
    pub(crate) fn step<T: Display>(self, text: impl FnOnce() -> T) {
        if self.verbose {
            say(format_args!("* {}", text()));
        }
    }
}

/// Says what is not a failure but should not be overlooked; `--quiet` does not silence it.
pub(crate) fn warning(text: impl Display) {
    say(format_args!("sftoken: warning: {text}"));
}

/// Reports why the run failed.
pub(crate) fn failure(error: &Error) {
    match &error.hint {
        Some(hint) => say(format_args!("sftoken: {error}\nhint: {hint}")),
        None => say(format_args!("sftoken: {error}")),
    }
}

/// Writes a result to standard output.
///
/// # Errors
/// `IOERR` when standard output is closed or full.
pub(crate) fn result(bytes: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(bytes)
        .and_then(|()| stdout.flush())
        .map_err(|error| {
            let why = crate::error::reason(&error);
            Error::new(
                Class::IoErr,
                format!("cannot write to standard output: {why}"),
            )
        })
}

/// What `--print` asks for.
///
/// # Errors
/// `SOFTWARE` without a usable access token, which no run ends with.
pub(crate) fn rendered(what: Print, document: &Document) -> Result<Vec<u8>, Error> {
    let token = || {
        let token = document.access_token();
        token.ok_or_else(|| Error::new(Class::Software, "no access token to print"))
    };
    let printed = match what {
        Print::Token => format!("{}\n", token()?.expose()),
        Print::Header => format!("Authorization: Bearer {}\n", token()?.expose()),
        Print::Env => assignments(token()?.expose(), document.text("instance_url")),
        Print::Json => return Ok(document.render()),
    };
    Ok(printed.into_bytes())
}

/// The variables that the Salesforce CLI reads.
fn assignments(token: &str, instance_url: Option<&str>) -> String {
    let token = format!("SF_ACCESS_TOKEN={}\n", quoted(token));
    instance_url.map_or(token.clone(), |url| {
        format!("{token}SF_ORG_INSTANCE_URL={}\n", quoted(url))
    })
}

/// A value as a POSIX shell reads it; bare where that is the same, for readers that are no shell.
fn quoted(value: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"!._:/-".contains(&b);
    if !value.is_empty() && value.bytes().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Makes a panic a failure of its own class instead of exit code 101.
///
/// The payload is not shown, since it may quote data; the place is enough to report the bug. The
/// release profile aborts on panic, so the hook has to end the process itself.
pub(crate) fn report_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        failure(
            &Error::new(Class::Software, format!("internal error at {place}"))
                .hint("this is a bug in sftoken; please report it with this line"),
        );
        process::exit(Class::Software.exit_code().into());
    }));
}

/// Writes one message in one call, so that lines of parallel runs do not mix.
fn say(text: impl Display) {
    let line = format!("{text}\n");
    let _ = io::stderr().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_stand_bare_and_others_quoted() {
        let cases = [
            ("00D!AQ.x_y", "00D!AQ.x_y"),
            (
                "https://acme--dev.my.salesforce.com:1/",
                "https://acme--dev.my.salesforce.com:1/",
            ),
            ("a+b", "'a+b'"),
            ("$(id)", "'$(id)'"),
            ("it's", r"'it'\''s'"),
            ("a\nb", "'a\nb'"),
        ];
        for (value, expected) in cases {
            assert_eq!(quoted(value), expected);
        }
    }
}
