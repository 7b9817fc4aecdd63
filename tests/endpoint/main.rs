//! Runs a command with a token endpoint beside it, for demo, benchmark and the suites in shell.
//!
//!     endpoint [--http] [--fixed | --rotate | --login CLIENT_ID] [--delay-ms N] [--tls12 | --tls13]
//!              [--log FILE] [--refresh-token TOKEN] -- COMMAND [ARGS...]
//!     endpoint browse ADDRESS CA
//!
//! The command starts when the endpoint is ready and finds `ENDPOINT_URL` and `ENDPOINT_CA` in its
//! environment; when it ends, so does the endpoint, with the command's exit status. So no script
//! has to wait for a port or to clean up. `ENDPOINT_PROGRAM` is this program.
//!
//! `--fixed`, the default, answers every request with the same success. `--rotate` demands the
//! refresh token of the last reply, starting with TOKEN (`5Aep-0` unless told). `--login` lets
//! somebody log in to the app of this consumer key, whose callback is the endpoint's own page, and
//! then rotates. `--log` adds one line for each request: `N REFRESH_TOKEN STATUS`.
//!
//! `browse` plays the browser: it opens the address with trust in the PEM file CA, and prints where
//! that leads.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a helper program tells its caller what is wrong, and where an address leads"
)]

#[allow(
    dead_code,
    unused_imports,
    reason = "the tests need more of the endpoint than this program does"
)]
#[path = "server.rs"]
mod server;

use std::env;
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::thread;
use std::time::Duration;

use pico_args::Arguments;
use server::{Authorizing, Endpoint, Reply, Request, Rotating, browse};

/// The token that `--rotate` starts with, in the style of those that it gives out.
const FIRST_REFRESH_TOKEN: &str = "5Aep-0";

/// The exit code when no command was run, as with `env` and `timeout`: none of `sftoken`'s.
const OWN_FAILURE: u8 = 125;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("endpoint: {error}");
            ExitCode::from(OWN_FAILURE)
        }
    }
}

/// Opens an address, or runs a command beside an endpoint.
fn run() -> Result<ExitCode, Box<dyn Error>> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    match args.split_first() {
        Some((first, rest)) if first == "browse" => show_landing(rest).map(|()| ExitCode::SUCCESS),
        _ => serve(args).map(exit_code),
    }
}

/// Prints where an address leads.
fn show_landing(args: &[OsString]) -> Result<(), Box<dyn Error>> {
    let [address, ca] = args else {
        return Err("browse takes an address and a CA file".into());
    };
    let address = address.to_str().ok_or("the address is not UTF-8")?;
    println!("{}", browse(address, Path::new(ca))?);
    Ok(())
}

/// Runs the command beside an endpoint.
fn serve(mut args: Vec<OsString>) -> Result<ExitStatus, Box<dyn Error>> {
    let end = args.iter().position(|it| it == "--").ok_or("no `--`")?;
    let command = args.split_off(end).split_off(1);
    let (program, rest) = command.split_first().ok_or("no command after `--`")?;
    let endpoint = start(Arguments::from_vec(args))?;
    run_beside(&endpoint, program, rest)
        .map_err(|error| format!("cannot run {}: {error}", program.display()).into())
}

/// Starts the endpoint that the options ask for.
fn start(mut args: Arguments) -> Result<Endpoint, Box<dyn Error>> {
    let mut builder = Endpoint::builder();
    if args.contains("--http") {
        builder = builder.plain();
    }
    if args.contains("--tls12") {
        builder = builder.tls12();
    }
    if args.contains("--tls13") {
        builder = builder.tls13();
    }
    let app: Option<String> = args.opt_value_from_str("--login")?;
    let app = app.map(|client_id| Authorizing::new(&client_id));
    let script = script(&mut args, app.clone())?;
    if let Some(unknown) = args.finish().first() {
        return Err(format!("unknown argument {}", unknown.display()).into());
    }
    let endpoint = builder.start(script);
    if let Some(app) = app {
        app.serve_at(endpoint.origin());
    }
    Ok(endpoint)
}

/// The script that the options ask for, with its delay and its log.
fn script(
    args: &mut Arguments,
    app: Option<Authorizing>,
) -> Result<impl Fn(&Request) -> Reply + use<>, Box<dyn Error>> {
    let answer = answers(args, app)?;
    let delay: Option<u64> = args.opt_value_from_str("--delay-ms")?;
    let log = args.opt_value_from_os_str("--log", |path| File::create(PathBuf::from(path)))?;
    Ok(move |request: &Request| {
        if let Some(delay) = delay {
            thread::sleep(Duration::from_millis(delay));
        }
        let reply = answer(request);
        if let Some(log) = &log {
            write_line(log, request, &reply);
        }
        reply
    })
}

/// What decides about the replies.
type Answers = Box<dyn Fn(&Request) -> Reply + Send + Sync>;

/// `--fixed`, `--rotate` or `--login`.
fn answers(args: &mut Arguments, app: Option<Authorizing>) -> Result<Answers, Box<dyn Error>> {
    let first: Option<String> = args.opt_value_from_str("--refresh-token")?;
    match (args.contains("--fixed"), args.contains("--rotate"), app) {
        (false, false, Some(app)) => Ok(Box::new(move |request| app.answer(request))),
        (false, true, None) => {
            let rotating = Rotating::new(first.as_deref().unwrap_or(FIRST_REFRESH_TOKEN));
            Ok(Box::new(move |request| rotating.answer(request)))
        }
        (_, false, None) => {
            let reply = Reply::token("00D!access-1");
            Ok(Box::new(move |_| reply.clone()))
        }
        _ => Err("--fixed, --rotate and --login exclude each other".into()),
    }
}

/// Logs one request in a single write, so that concurrent lines do not mix.
fn write_line(mut log: &File, request: &Request, reply: &Reply) {
    let token = request.param("refresh_token").unwrap_or("-");
    let line = format!("{} {token} {}\n", request.number, reply.status);
    log.write_all(line.as_bytes()).expect("writing the log");
}

/// Runs the command to its end.
fn run_beside(
    endpoint: &Endpoint,
    program: &OsStr,
    args: &[OsString],
) -> std::io::Result<ExitStatus> {
    Command::new(program)
        .args(args)
        .env("ENDPOINT_URL", endpoint.url())
        .env("ENDPOINT_CA", endpoint.ca_path())
        .env("ENDPOINT_PROGRAM", env::current_exe()?)
        .status()
}

/// The status as a shell reports it: 128 and the signal's number for a killed command.
fn exit_code(status: ExitStatus) -> ExitCode {
    let killed = || status.signal().map_or(1, |signal| 128 + signal);
    let code = status.code().unwrap_or_else(killed);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
