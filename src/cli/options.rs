//! The options, found by pico-args, with what it leaves to its caller: splitting `--key=value`,
//! refusing values that look like options, and calling what is left over by its name.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::values::{usage, utf8};
use crate::error::Error;
use crate::settings::Sourced;

/// The options that take a value.
const VALUE_OPTIONS: [&str; 8] = [
    "--client-id",
    "--client-secret-file",
    "--token-endpoint",
    "--cacert",
    "--max-age",
    "--print",
    "--timeout",
    "--retries",
];

/// The options that take none, by both their names.
pub(super) const FLAGS: [(&str, &str); 3] =
    [("-n", "--dry-run"), ("-q", "--quiet"), ("-v", "--verbose")];

/// The arguments before and behind `--`.
pub(super) struct Arguments {
    /// May hold options.
    pub(super) options: Vec<OsString>,
    /// Holds none.
    pub(super) operands: Vec<OsString>,
}

/// Separates what can be an option from what cannot, and `--key=value` into two arguments.
pub(super) fn split_at_separator(mut args: Vec<OsString>) -> Arguments {
    let operands = match args.iter().position(|arg| arg == "--") {
        Some(at) => args.split_off(at).split_off(1),
        None => Vec::new(),
    };
    let options = args.into_iter().flat_map(split_equals_sign).collect();
    Arguments { options, operands }
}

/// Splits `--key=value` if `--key` takes a value.
fn split_equals_sign(arg: OsString) -> Vec<OsString> {
    let bytes = arg.as_bytes();
    let split = bytes.iter().position(|b| *b == b'=').and_then(|at| {
        let (key, value) = (&bytes[..at], &bytes[at + 1..]);
        let takes_value = VALUE_OPTIONS.iter().any(|option| option.as_bytes() == key);
        takes_value.then(|| [key, value].map(|part| OsStr::from_bytes(part).to_owned()))
    });
    split.map_or_else(|| vec![arg], Vec::from)
}

/// The flag in `--quiet=yes`, which pico-args would take for an unknown option.
pub(super) fn flag_with_value(arg: &OsStr) -> Option<&'static str> {
    let mut flags = FLAGS.iter().flat_map(|(short, long)| [*short, *long]);
    flags.find(|flag| {
        let rest = arg.as_bytes().strip_prefix(flag.as_bytes());
        rest.is_some_and(|rest| rest.starts_with(b"="))
    })
}

/// pico-args, with stricter rules on top.
pub(super) struct Options(pub(super) pico_args::Arguments);

impl Options {
    /// The value of an option.
    pub(super) fn value(&mut self, key: &'static str) -> Result<Option<OsString>, Error> {
        let value = self
            .0
            .opt_value_from_os_str(key, |value| Ok::<_, pico_args::Error>(value.to_owned()))
            .map_err(|_| usage(format!("{key} needs a value")))?;
        match value.as_ref().map(|value| value.as_bytes()) {
            Some([]) => Err(usage(format!("the value of {key} is empty"))),
            Some([b'-', _, ..]) => Err(usage(format!("{key} needs a value, not another option"))),
            _ => Ok(value),
        }
    }

    /// The value of an option that is text, with the option's name as its source.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<Sourced<String>>, Error> {
        self.value(key)?.map(|value| utf8(value, key)).transpose()
    }

    /// The value of an option, read by `parse`.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: fn(&str, &str) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let text = self.text(key)?;
        text.map(|text| parse(&text.value, key)).transpose()
    }

    /// Whether a flag was given.
    pub(super) fn flag(&mut self, (short, long): (&'static str, &'static str)) -> bool {
        self.0.contains([short, long])
    }

    /// What is left: operands, and what is wrong.
    pub(super) fn rest(self) -> Vec<OsString> {
        self.0.finish()
    }
}

/// As much of an unknown option as can be shown: what is glued to it may be a secret.
fn shown_name(option: &str) -> &str {
    let end = if option.starts_with("--") {
        option.find(|c: char| !c.is_ascii_lowercase() && c != '-')
    } else {
        option.char_indices().nth(2).map(|(end, _)| end)
    };
    &option[..end.unwrap_or(option.len())]
}

/// What is wrong with an option that pico-args left over.
pub(super) fn complaint(option: &OsStr) -> Error {
    let name = option.to_string_lossy();
    let known = FLAGS.iter().flat_map(|(short, long)| [*short, *long]);
    if known.chain(VALUE_OPTIONS).any(|known| known == name) {
        return usage(format!("{name} is given twice"));
    }
    if name == "--help" || name == "-h" {
        return usage(format!("{name} stands alone"));
    }
    let name = shown_name(&name);
    let error = usage(format!("unknown option {name}"));
    if name == "--client-secret" {
        return error
            .hint("no option takes a secret: give --client-secret-file or SFTOKEN_CLIENT_SECRET");
    }
    error
}

/// Whether an argument starts as options do; `-` alone is standard input.
pub(super) fn looks_like_option(arg: &OsStr) -> bool {
    arg.len() > 1 && arg.as_bytes().starts_with(b"-")
}
