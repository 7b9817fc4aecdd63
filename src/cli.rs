//! The command line and the environment, checked and turned into a [`Command`].
//!
//! Pure: arguments and environment come in, a command or a usage error goes out. What options there
//! are stands in [`table`], what is said about the others in [`complaint`].

mod complaint;
mod environment;
mod nearest;
mod options;
mod requests;
mod table;
mod values;

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::Error;
use crate::input::Input;
use crate::print::Printed;
use crate::say::Verbosity;
use crate::settings::{SecretSource, Settings};
use complaint::{leftover, option_before_command, unknown_command, unknown_option, usage};
use environment::Environment;
use options::{Arguments, Options, looks_like_option, split_at_equals_sign};
use requests::{settings, variables};
use table::{
    COMMANDS, DRY_RUN, INSTEAD_OF_COMMAND, LOGIN, QUIET, REFRESH, Table, VERBOSE, is_option,
};
use values::{duration, input, print, redirect_uri_of, retries, timeout};

pub(crate) use requests::{Variable, Variables};

/// What `--help` prints.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What `--version` prints: the version, and the commit where `build.rs` knows it.
pub(crate) const VERSION: &str = concat!("sftoken ", env!("SFTOKEN_VERSION"), "\n");

/// The deadline of a run without `--timeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// The tries after the first without `--retries`.
const DEFAULT_RETRIES: u32 = 3;

/// What to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Print [`HELP`].
    Help,
    /// Print [`VERSION`].
    Version,
    /// Refresh a token.
    Refresh(Box<Refresh>),
    /// Log in.
    Login(Box<Login>),
}

/// A refresh, as far as command line and environment determine it.
#[derive(Debug)]
pub(crate) struct Refresh {
    /// The document.
    pub(crate) file: Input,
    /// What is to be sent, and where.
    pub(crate) settings: Settings,
    /// Keep a token that is younger.
    pub(crate) max_age: Option<Duration>,
    /// What goes to standard output.
    pub(crate) print: Option<Printed>,
    /// The end of the run.
    pub(crate) deadline: Deadline,
    /// Tries after the first.
    pub(crate) retries: u32,
    /// Everything but the request.
    pub(crate) dry_run: bool,
    /// How much is said.
    pub(crate) verbosity: Verbosity,
}

/// A login, as far as command line and environment determine it.
#[derive(Debug)]
pub(crate) struct Login {
    /// Where the document goes.
    pub(crate) file: Input,
    /// What is to be sent, and where.
    pub(crate) settings: Settings,
    /// What the environment says beside the options, so that later runs may need these.
    pub(crate) variables: Variables,
    /// A callback URL of the app, to the letter.
    pub(crate) redirect_uri: Option<String>,
    /// What goes to standard output.
    pub(crate) print: Option<Printed>,
    /// How long everything may take but the login of a person.
    pub(crate) timeout: Duration,
    /// All but asking.
    pub(crate) dry_run: bool,
    /// How much is said.
    pub(crate) verbosity: Verbosity,
}

/// What is the same for all commands that send something.
struct Common {
    /// The document.
    file: Input,
    /// What is to be sent, and where.
    settings: Settings,
    /// What goes to standard output.
    print: Option<Printed>,
    /// How long the run may last.
    timeout: Duration,
    /// Everything but the request.
    dry_run: bool,
    /// How much is said.
    verbosity: Verbosity,
}

/// Reads the arguments behind the program's name.
///
/// # Errors
/// `USAGE`, naming the argument or variable that is wrong.
pub(crate) fn parse(args: Vec<OsString>, environment: Environment) -> Result<Command, Error> {
    let mut args = Arguments::split(args);
    if args.ask_for_help() {
        return Ok(Command::Help);
    }
    let command = args.command().ok_or_else(|| usage("no command"))?;
    match command.to_str() {
        Some("refresh") => refresh(args, environment),
        Some("login") => login(args, environment),
        Some("help") => help(&args.all()),
        Some("version" | "--version" | "-V") => version(&args.all()),
        _ => without_command(&command, &args.all()),
    }
}

/// `help`, or `help refresh`.
fn help(topics: &[OsString]) -> Result<Command, Error> {
    match topics {
        [] => Ok(Command::Help),
        [topic] if COMMANDS.iter().any(|command| topic == command) => Ok(Command::Help),
        [topic] => Err(unknown_command(topic)),
        [_, extra, ..] => Err(leftover(extra)),
    }
}

/// `version` or `--version`, which stand alone.
fn version(rest: &[OsString]) -> Result<Command, Error> {
    rest.first()
        .map_or(Ok(Command::Version), |extra| Err(leftover(extra)))
}

/// What to do about a first argument that is no command. `-v` alone may ask for the version as well
/// as for more words, and the help has both.
fn without_command(first: &OsStr, rest: &[OsString]) -> Result<Command, Error> {
    if !looks_like_option(first) {
        return Err(unknown_command(first));
    }
    if first == VERBOSE.0 && rest.is_empty() {
        return Ok(Command::Help);
    }
    let (name, _) = split_at_equals_sign(first);
    let name = name.to_string_lossy();
    Err(match &*name {
        "--version" | "-V" => usage(format!("{name} takes no value")),
        option if is_option(option) => option_before_command(option),
        _ => unknown_option(first, INSTEAD_OF_COMMAND),
    })
}

/// `refresh`, with its options and FILE.
fn refresh(args: Arguments, environment: Environment) -> Result<Command, Error> {
    let (mut options, common) = common(args, REFRESH, environment)?;
    let max_age = options.parsed("--max-age", duration)?;
    let retries = options.parsed("--retries", retries)?;
    Ok(Command::Refresh(Box::new(Refresh {
        file: common.file,
        settings: common.settings,
        max_age,
        print: common.print,
        deadline: Deadline::after(common.timeout).ok_or_else(|| usage("--timeout is too long"))?,
        retries: retries.unwrap_or(DEFAULT_RETRIES),
        dry_run: common.dry_run,
        verbosity: common.verbosity,
    })))
}

/// `login`, with its options and FILE.
fn login(args: Arguments, environment: Environment) -> Result<Command, Error> {
    let (mut options, common) = common(args, LOGIN, environment)?;
    if common.settings.client_secret == Some(SecretSource::File(Input::Stdin)) {
        return Err(usage(
            "--client-secret-file cannot be -: standard input is for the address",
        ));
    }
    let redirect_uri = options.text("--redirect-uri")?;
    Ok(Command::Login(Box::new(Login {
        file: common.file,
        variables: variables(&common.settings, environment),
        settings: common.settings,
        redirect_uri: redirect_uri.as_ref().map(redirect_uri_of).transpose()?,
        print: common.print,
        timeout: common.timeout,
        dry_run: common.dry_run,
        verbosity: common.verbosity,
    })))
}

/// FILE and the options that all commands have; the others are left.
fn common(
    args: Arguments,
    table: Table,
    environment: Environment,
) -> Result<(Options, Common), Error> {
    let (file, mut options) = args.read(table)?;
    if is_content(&file) {
        return Err(usage("FILE is no path but tokens themselves")
            .hint("pass them on standard input, with - as FILE"));
    }
    let file = input(file);
    let common = Common {
        settings: settings(&mut options, &file, environment)?,
        file,
        print: options.parsed("--print", print)?,
        timeout: options
            .parsed("--timeout", timeout)?
            .unwrap_or(DEFAULT_TIMEOUT),
        dry_run: options.flag(DRY_RUN),
        verbosity: Verbosity {
            quiet: options.flag(QUIET),
            verbose: options.flag(VERBOSE),
        },
    };
    Ok((options, common))
}

/// Whether an argument is what the file should hold: it must not be quoted in a message.
fn is_content(file: &OsStr) -> bool {
    let file = file.to_string_lossy();
    file.contains("force://") || file.trim_start().starts_with('{')
}
