//! The arguments of a command, checked in the order in which they were typed.
//!
//! pico-args finds the options, but is content with much: it takes an option for a value, leaves a
//! repeated one to its caller, and takes `-v` out of `-verbose`. So each argument is looked at
//! before, and what is wrong is named as it was typed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::vec::IntoIter;

use super::complaint::{more_than_one_file, no_file, unknown_option, usage};
use super::table::{Flag, HELP, Table, flags_in};
use super::values::utf8;
use crate::error::Error;
use crate::settings::Sourced;

/// The arguments behind the program's name.
pub(super) struct Arguments {
    /// Before `--`.
    before: Vec<OsString>,
    /// Behind it; none of these is an option.
    behind: Vec<OsString>,
}

impl Arguments {
    /// Separates what can be an option from what cannot.
    pub(super) fn split(mut args: Vec<OsString>) -> Self {
        let behind = match args.iter().position(|arg| arg == "--") {
            Some(at) => args.split_off(at).split_off(1),
            None => Vec::new(),
        };
        let before = args;
        Self { before, behind }
    }

    /// Whether the help is asked for, wherever that stands.
    pub(super) fn ask_for_help(&self) -> bool {
        let flags = self.before.iter().filter_map(|arg| flags_in(arg.to_str()?));
        flags.flatten().any(|flag| flag == HELP)
    }

    /// Takes the first argument, which is the command.
    pub(super) fn command(&mut self) -> Option<OsString> {
        (!self.before.is_empty()).then(|| self.before.remove(0))
    }

    /// All arguments, for a command without options.
    pub(super) fn all(self) -> Vec<OsString> {
        self.before.into_iter().chain(self.behind).collect()
    }

    /// FILE and the options that `table` has.
    ///
    /// # Errors
    /// `USAGE`, naming the first argument that is unknown, repeated, without its value, or too many.
    pub(super) fn read(self, table: Table) -> Result<(OsString, Options), Error> {
        let mut checked = Checked::new(table);
        let mut args = self.before.into_iter();
        while let Some(arg) = args.next() {
            checked.take(arg, &mut args)?;
        }
        checked.operands.extend(self.behind);
        let file = checked.file()?;
        let options = pico_args::Arguments::from_vec(checked.options);
        Ok((file, Options(options)))
    }
}

/// The arguments that have been looked at.
struct Checked {
    /// The options that there can be.
    table: Table,
    /// The names of those that there are, flags by their long name.
    names: Vec<&'static str>,
    /// The options with their values, as pico-args reads them.
    options: Vec<OsString>,
    /// What is neither.
    operands: Vec<OsString>,
    /// The last option that took the argument behind it for its value, and that argument.
    taken: Option<(&'static str, OsString)>,
}

impl Checked {
    /// Nothing yet.
    fn new(table: Table) -> Self {
        Self {
            table,
            names: Vec::new(),
            options: Vec::new(),
            operands: Vec::new(),
            taken: None,
        }
    }

    /// Looks at one argument, and at that behind it if that is its value.
    fn take(&mut self, arg: OsString, rest: &mut IntoIter<OsString>) -> Result<(), Error> {
        if !looks_like_option(&arg) {
            self.operands.push(arg);
            return Ok(());
        }
        let (name, glued) = split_at_equals_sign(&arg);
        if let Some(key) = self.table.iter().find(|key| **key == name) {
            let is_glued = glued.is_some();
            let value = glued.map(OsStr::to_owned).or_else(|| rest.next());
            return self.take_value(key, value, is_glued);
        }
        match name.to_str().and_then(flags_in) {
            Some(_) if glued.is_some() => {
                let name = name.to_string_lossy();
                Err(usage(format!("{name} takes no value")))
            }
            Some(flags) => self.take_flags(&arg, &flags),
            None => Err(unknown_option(&arg, self.table)),
        }
    }

    /// Takes an option and its value.
    fn take_value(
        &mut self,
        key: &'static str,
        value: Option<OsString>,
        is_glued: bool,
    ) -> Result<(), Error> {
        self.only_once(key, key)?;
        let value = value.ok_or_else(|| usage(format!("{key} needs a value")))?;
        if value.is_empty() {
            return Err(usage(format!("the value of {key} is empty")));
        }
        if looks_like_option(&value) {
            return Err(usage(format!("{key} needs a value, not another option")));
        }
        if !is_glued {
            self.taken = Some((key, value.clone()));
        }
        self.options.extend([key.into(), value]);
        Ok(())
    }

    /// Takes `--quiet`, `-q` or `-nq`.
    fn take_flags(&mut self, arg: &OsStr, flags: &[Flag]) -> Result<(), Error> {
        for (short, long) in flags {
            let typed = if arg == *long { long } else { short };
            self.only_once(long, typed)?;
            self.options.push(long.into());
        }
        Ok(())
    }

    /// Remembers an option, which may not have been there before.
    fn only_once(&mut self, name: &'static str, typed: &str) -> Result<(), Error> {
        if self.names.contains(&name) {
            return Err(usage(format!("{typed} is given twice")));
        }
        self.names.push(name);
        Ok(())
    }

    /// The one operand.
    fn file(&mut self) -> Result<OsString, Error> {
        match self.operands.as_slice() {
            [] => {
                let taken = self.taken.as_ref();
                Err(no_file(taken.map(|(key, value)| (*key, value.as_os_str()))))
            }
            [file] if file.is_empty() => Err(usage("FILE is empty")),
            [file] => Ok(file.clone()),
            [first, second, ..] => Err(more_than_one_file(first, second)),
        }
    }
}

/// Options that have been checked, found by pico-args.
pub(super) struct Options(pico_args::Arguments);

impl Options {
    /// The value of an option.
    pub(super) fn value(&mut self, key: &'static str) -> Option<OsString> {
        let taken = |value: &OsStr| Ok::<_, pico_args::Error>(value.to_owned());
        // Every option has its value by now, so that there is no error to be told.
        self.0.opt_value_from_os_str(key, taken).ok().flatten()
    }

    /// The value of an option that is text, with the option's name as its source.
    pub(super) fn text(&mut self, key: &'static str) -> Result<Option<Sourced<String>>, Error> {
        self.value(key).map(|value| utf8(value, key)).transpose()
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
    pub(super) fn flag(&mut self, (_, long): Flag) -> bool {
        self.0.contains(long)
    }
}

/// What stands before and behind the first equals sign.
pub(super) fn split_at_equals_sign(arg: &OsStr) -> (&OsStr, Option<&OsStr>) {
    let bytes = arg.as_bytes();
    match bytes.iter().position(|b| *b == b'=') {
        Some(at) => (
            OsStr::from_bytes(&bytes[..at]),
            Some(OsStr::from_bytes(&bytes[at + 1..])),
        ),
        None => (arg, None),
    }
}

/// Whether an argument starts as options do; `-` alone is standard input.
pub(super) fn looks_like_option(arg: &OsStr) -> bool {
    arg.len() > 1 && arg.as_bytes().starts_with(b"-")
}
