//! The commands and their options, as data.
//!
//! What is unknown, repeated or near to something known is decided by these tables alone.

/// The words that can stand first.
pub(super) const COMMANDS: [&str; 4] = ["refresh", "login", "help", "version"];

/// The options of a command that take a value; the flags are the same for all commands.
pub(super) type Table = &'static [&'static str];

/// The options of `refresh` that take a value.
pub(super) const REFRESH: Table = &[
    "--client-id",
    "--client-secret-file",
    "--token-endpoint",
    "--cacert",
    "--max-age",
    "--print",
    "--timeout",
    "--retries",
];

/// The options of `login` that take a value.
pub(super) const LOGIN: Table = &[
    "--client-id",
    "--client-secret-file",
    "--token-endpoint",
    "--cacert",
    "--redirect-uri",
    "--print",
    "--timeout",
];

/// The option that stands in place of a command.
pub(super) const INSTEAD_OF_COMMAND: Table = &["--version"];

/// An option without a value, by its short and its long name.
pub(super) type Flag = (&'static str, &'static str);

/// All but the request.
pub(super) const DRY_RUN: Flag = ("-n", "--dry-run");

/// No summary line.
pub(super) const QUIET: Flag = ("-q", "--quiet");

/// Each step.
pub(super) const VERBOSE: Flag = ("-v", "--verbose");

/// The help instead of the command.
pub(super) const HELP: Flag = ("-h", "--help");

/// The options that take no value.
pub(super) const FLAGS: [Flag; 4] = [DRY_RUN, QUIET, VERBOSE, HELP];

/// The first command that has an option of this name.
pub(super) fn command_with(option: &str) -> Option<&'static str> {
    let commands = [("refresh", REFRESH), ("login", LOGIN)];
    let found = commands.iter().find(|(_, table)| table.contains(&option));
    found.map(|(command, _)| *command)
}

/// Whether any command has an option of this name.
pub(super) fn is_option(name: &str) -> bool {
    command_with(name).is_some() || flags_in(name).is_some()
}

/// The flags in `--quiet` or in `-nq`; `None` if there is anything else in it.
pub(super) fn flags_in(arg: &str) -> Option<Vec<Flag>> {
    if let Some(flag) = FLAGS.into_iter().find(|(_, long)| *long == arg) {
        return Some(vec![flag]);
    }
    let letters = arg.strip_prefix('-').filter(|letters| !letters.is_empty());
    let by_letter = |letter| {
        FLAGS
            .into_iter()
            .find(|(short, _)| short.ends_with(letter) && letter != '-')
    };
    letters?.chars().map(by_letter).collect()
}
