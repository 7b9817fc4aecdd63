//! `sftoken` refreshes the `OAuth2` token file of a Salesforce login without ever losing a token.
//!
//! Data flows one way: arguments, then document, then request, then reply, then document, then disk.
//! [`cli`] turns arguments and environment into a command; [`mod@refresh`] and [`login`] tell the
//! stories of the two that send something, with the rooms below: [`settings`], [`hold`],
//! [`exchange`], [`keep`], [`report`] and [`mod@print`]; [`oauth`], [`store`] and [`http`], which do
//! not know each other's business; [`document`] and [`input`]; [`say`], the only pen. No room knows
//! those above it. Every failure is an [`error::Error`], whose class is the exit code.

mod base64;
mod cli;
mod deadline;
mod document;
mod endpoint;
mod error;
mod exchange;
mod hold;
mod http;
mod input;
mod keep;
mod login;
mod mailbox;
mod oauth;
mod print;
mod refresh;
mod report;
mod retry;
mod say;
mod secret;
mod settings;
mod store;
mod text;

use std::env;
use std::process::ExitCode;

use cli::Command;
use error::Error;

fn main() -> ExitCode {
    say::report_panics();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(&error);
            ExitCode::from(error.class.exit_code())
        }
    }
}

/// Does what the command line asks for.
fn run() -> Result<(), Error> {
    let args = env::args_os().skip(1).collect();
    match cli::parse(args, &|name| env::var_os(name))? {
        Command::Help => say::result(cli::HELP.as_bytes()),
        Command::Version => say::result(cli::VERSION.as_bytes()),
        Command::Refresh(call) => refresh::run(*call),
        Command::Login(call) => login::run(*call),
    }
}
