//! What is wrong with an argument, said with what was typed and with what may have been meant.
//!
//! A secret in the wrong place must not end up in a log. So an argument is quoted only if it does
//! not look like a secret, and of an unknown option no more than its name: behind it a secret may
//! be glued on.

use std::ffi::OsStr;

use super::nearest::{abbreviated, nearest};
use super::table::{COMMANDS, FLAGS, Table, command_with};
use crate::error::{Class, Error};
use crate::secret::looks_secret;

/// Above this a word in place of a command is anything.
const MAX_COMMAND_LEN: usize = 40;

/// The hint about commands.
const COMMAND_FIRST: &str = "the command comes first, as in: sftoken refresh FILE";

/// A usage error with the hint that nearly all of them have. What it quotes of the command line
/// may hold what would garble a terminal.
pub(super) fn usage(message: impl Into<String>) -> Error {
    let message = message.into().replace(char::is_control, "?");
    Error::new(Class::Usage, message, "see sftoken --help")
}

/// A value that an option or a variable cannot have.
pub(super) fn invalid(key: &str, value: &str) -> Error {
    usage(match quotable(OsStr::new(value)) {
        Some(value) => format!("invalid {key}: {value}"),
        None => format!("invalid {key}"),
    })
}

/// An argument too many.
pub(super) fn leftover(arg: &OsStr) -> Error {
    usage(match quotable(arg) {
        Some(arg) => format!("unexpected argument {arg}"),
        None => "unexpected argument".to_owned(),
    })
}

/// More operands than FILE.
pub(super) fn more_than_one_file(first: &OsStr, second: &OsStr) -> Error {
    usage(match (quotable(first), quotable(second)) {
        (Some(first), Some(second)) => format!("more than one FILE: {first} and {second}"),
        _ => "more than one FILE".to_owned(),
    })
}

/// No FILE, since the option `taken` has taken the argument that may have been meant.
pub(super) fn no_file(taken: Option<(&str, &OsStr)>) -> Error {
    let Some((key, value)) = taken else {
        return usage("no FILE");
    };
    let is_harmless = key != "--client-secret-file";
    usage(match quotable(value).filter(|_| is_harmless) {
        Some(value) => format!("no FILE: {key} took {value}"),
        None => format!("no FILE: {key} took the last argument"),
    })
}

/// An option that `table` does not have.
pub(super) fn unknown_option(arg: &OsStr, table: Table) -> Error {
    let arg = arg.to_string_lossy();
    let typed = arg.split('=').next().unwrap_or_default();
    let longs = FLAGS.iter().map(|(_, long)| *long);
    let names: Vec<_> = table.iter().copied().chain(longs).collect();
    if let Some(command) = command_with(typed) {
        return usage(format!("{typed} is an option of {command}"));
    }
    if let Some(name) = secret_option(typed) {
        return usage(format!("unknown option {name}"))
            .hint("no option takes a secret: give --client-secret-file or SFTOKEN_CLIENT_SECRET");
    }
    if let Some(near) = nearest(typed, &names) {
        // So near to a name there is no room for a secret.
        return usage(format!("unknown option {typed}")).hint(did_you_mean(near));
    }
    let shown = shown_name(typed);
    let error = usage(format!("unknown option {shown}"));
    match abbreviated(shown, &names) {
        Some(name) => error.hint(did_you_mean(name)),
        None => error,
    }
}

/// A word that is no command.
pub(super) fn unknown_command(word: &OsStr) -> Error {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let quoted = quotable(word).filter(|it| it.len() <= MAX_COMMAND_LEN);
    let Some(word) = quoted.filter(|word| word.bytes().all(is_plain)) else {
        return usage("the first argument is no command").hint(COMMAND_FIRST);
    };
    let error = usage(format!("unknown command {word}"));
    match nearest(&word, &COMMANDS) {
        Some(command) => error.hint(did_you_mean(command)),
        None => error.hint(COMMAND_FIRST),
    }
}

/// An option where the command belongs.
pub(super) fn option_before_command(option: &str) -> Error {
    usage(format!("{option} stands before the command")).hint(COMMAND_FIRST)
}

/// The hint of a slip.
fn did_you_mean(name: &str) -> String {
    format!("did you mean {name}")
}

/// An argument that may be quoted.
fn quotable(arg: &OsStr) -> Option<String> {
    let arg = arg.to_string_lossy();
    (!looks_secret(&arg)).then(|| arg.into_owned())
}

/// The name of an option that was to give the client secret itself, which may be glued to it.
fn secret_option(typed: &str) -> Option<&str> {
    let name = typed.trim_start_matches('-');
    let lower = name.replace('_', "-").to_ascii_lowercase();
    let glued = lower.strip_prefix("client-secret")?;
    // Some letters of `-file` are a slip in the name of the other option.
    (!glued.starts_with("-f")).then(|| &typed[..typed.len() - glued.len()])
}

/// As much of an unknown option as can be shown: one letter, and what else can be of a name.
fn shown_name(option: &str) -> &str {
    let is_name = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | '_');
    let mut ends = option.char_indices().skip(2);
    let end = ends.find(|(_, c)| !is_name(*c));
    &option[..end.map_or(option.len(), |(end, _)| end)]
}
