//! The command line and the environment, checked and turned into a [`Command`].
//!
//! Pure: arguments and environment come in, a command or a usage error goes out.

mod options;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::ProxySetting;
use crate::input::Input;
use crate::print::Printed;
use crate::say::Verbosity;
use crate::secret::Secret;
use crate::settings::{SecretSource, Settings, Sourced};
use options::{
    Arguments, FLAGS, Options, complaint, flag_with_value, looks_like_option, split_at_separator,
};
use values::{duration, parse_endpoint, print, retries, timeout, usage, utf8};

/// What `--help` prints.
pub(crate) const HELP: &str = include_str!("help.txt");

/// What `--version` prints.
pub(crate) const VERSION: &str = concat!("sftoken ", env!("CARGO_PKG_VERSION"), "\n");

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

/// Looks up an environment variable.
type Environment<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Reads the arguments behind the program's name.
///
/// # Errors
/// `USAGE`, naming the argument or variable that is wrong.
pub(crate) fn parse(args: Vec<OsString>, environment: Environment) -> Result<Command, Error> {
    let mut args = split_at_separator(args);
    let first = args
        .options
        .first()
        .map(|arg| arg.to_string_lossy().into_owned());
    let is_alone = args.options.len() + args.operands.len() == 1;
    match first.as_deref() {
        Some("--help" | "-h") if is_alone => return Ok(Command::Help),
        Some("--version" | "-V") if is_alone => return Ok(Command::Version),
        Some("--help" | "-h" | "--version" | "-V") => {
            return Err(usage("--help and --version stand alone"));
        }
        Some("refresh") => drop(args.options.remove(0)),
        Some(other) => return Err(unknown_command(other)),
        None => return Err(usage("no command")),
    }
    if args.operands.is_empty() && (args.options == ["--help"] || args.options == ["-h"]) {
        return Ok(Command::Help);
    }
    refresh(args, environment).map(|refresh| Command::Refresh(Box::new(refresh)))
}

/// The options and the operand of `refresh`.
fn refresh(args: Arguments, environment: Environment) -> Result<Refresh, Error> {
    if let Some(flag) = args.options.iter().find_map(|arg| flag_with_value(arg)) {
        return Err(usage(format!("{flag} takes no value")));
    }
    let mut options = Options(pico_args::Arguments::from_vec(args.options));
    let client_id = options.text("--client-id")?;
    let secret_file = options.value("--client-secret-file")?;
    let endpoint = options.text("--token-endpoint")?;
    let cacert = options.value("--cacert")?;
    let max_age = options.parsed("--max-age", duration)?;
    let print = options.parsed("--print", print)?;
    let timeout = options.parsed("--timeout", timeout)?;
    let retries = options.parsed("--retries", retries)?;
    let [dry_run, quiet, verbose] = FLAGS.map(|flag| options.flag(flag));
    let file = operand(options.rest(), args.operands)?;
    let client_secret = match secret_file {
        Some(path) if path == "-" && file == Input::Stdin => {
            return Err(usage("FILE and --client-secret-file cannot both be -"));
        }
        Some(path) => Some(SecretSource::File(input(path))),
        None => variable(environment, "SFTOKEN_CLIENT_SECRET")?
            .map(|secret| SecretSource::Environment(Secret::new(secret.value))),
    };
    let settings = Settings {
        client_id: or_variable(client_id, environment, "SFTOKEN_CLIENT_ID")?,
        client_secret,
        endpoint: or_variable(endpoint, environment, "SFTOKEN_TOKEN_ENDPOINT")?
            .as_ref()
            .map(parse_endpoint)
            .transpose()?,
        cacert: sourced_path(cacert, "--cacert")
            .or_else(|| sourced_path(present(environment, "SSL_CERT_FILE"), "SSL_CERT_FILE")),
        proxy: proxy(environment)?,
        no_proxy: first_of(environment, &["no_proxy", "NO_PROXY"])?.map(|list| list.value),
    };
    Ok(Refresh {
        file,
        settings,
        max_age,
        print,
        deadline: Deadline::after(timeout.unwrap_or(DEFAULT_TIMEOUT))
            .ok_or_else(|| usage("--timeout is too long"))?,
        retries: retries.unwrap_or(DEFAULT_RETRIES),
        dry_run,
        verbosity: Verbosity { quiet, verbose },
    })
}

/// FILE, from what stands before and behind `--`.
fn operand(rest: Vec<OsString>, behind_separator: Vec<OsString>) -> Result<Input, Error> {
    if let Some(option) = rest.iter().find(|arg| looks_like_option(arg)) {
        return Err(complaint(option));
    }
    let mut operands: Vec<OsString> = rest.into_iter().chain(behind_separator).collect();
    match operands.pop() {
        None => Err(usage("no FILE")),
        Some(_) if !operands.is_empty() => Err(usage("more than one FILE")),
        Some(file) if file.is_empty() => Err(usage("FILE is empty")),
        Some(file) if is_content(&file) => Err(usage("FILE is no path but tokens themselves")
            .hint("pass them on standard input, with - as FILE")),
        Some(file) => Ok(input(file)),
    }
}

/// Whether an argument is what the file should hold: it must not be quoted in a message.
fn is_content(file: &OsStr) -> bool {
    let start = file.to_string_lossy();
    let start = start.trim_start();
    start.starts_with("force://") || start.starts_with('{')
}

/// A command that there is not. It is quoted only if it looks like one, since it may be a secret.
fn unknown_command(word: &str) -> Error {
    let is_word = word.len() < 20 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    usage(if is_word {
        format!("unknown command {word}")
    } else {
        "the first argument is no command".to_owned()
    })
    .hint("the command is refresh, as in: sftoken refresh FILE")
}

/// A path, and what gave it.
fn sourced_path(path: Option<OsString>, source: &'static str) -> Option<Sourced<PathBuf>> {
    let value = PathBuf::from(path?);
    Some(Sourced { value, source })
}

/// `-` is standard input.
fn input(path: OsString) -> Input {
    if path == "-" {
        Input::Stdin
    } else {
        Input::Path(PathBuf::from(path))
    }
}

/// A variable that is set and not empty.
fn present(environment: Environment, name: &str) -> Option<OsString> {
    environment(name).filter(|value| !value.is_empty())
}

/// A variable that is text.
fn variable(
    environment: Environment,
    name: &'static str,
) -> Result<Option<Sourced<String>>, Error> {
    present(environment, name)
        .map(|value| utf8(value, name))
        .transpose()
}

/// The option, else the variable.
fn or_variable(
    option: Option<Sourced<String>>,
    environment: Environment,
    name: &'static str,
) -> Result<Option<Sourced<String>>, Error> {
    match option {
        Some(option) => Ok(Some(option)),
        None => variable(environment, name),
    }
}

/// The first of several variables that is present.
fn first_of(
    environment: Environment,
    names: &[&'static str],
) -> Result<Option<Sourced<String>>, Error> {
    let present = names
        .iter()
        .find(|name| present(environment, name).is_some());
    present.map_or(Ok(None), |name| variable(environment, name))
}

/// The proxy for `https`; lower case goes first, as in curl.
fn proxy(environment: Environment) -> Result<Option<ProxySetting>, Error> {
    let names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    first_of(environment, &names)?
        .map(|url| ProxySetting::parse(&url.value, url.source))
        .transpose()
}
