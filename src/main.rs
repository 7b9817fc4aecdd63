//! `sftoken` refreshes the `OAuth2` token file of a Salesforce login without ever losing a token.
//!
//! Data flows one way. [`cli`] turns arguments and environment into a command; [`refresh`] tells
//! the story; [`document`] is the JSON tree (with [`auth_url`] and [`numbers`]); [`settings`]
//! decides where each value comes from, [`endpoint`] where the secrets may go; [`exchange`] sends
//! and tries again by the rules of [`oauth`] and [`retry`], through [`http`], the only module that
//! knows ureq; [`store`] alone touches the disk; [`deliver`] hands over the result, [`report`] words
//! what happened, and [`output`] alone prints. Every failure is an [`error::Error`], whose class is
//! the exit code.

mod auth_url;
mod cli;
mod deliver;
mod document;
mod endpoint;
mod error;
mod exchange;
mod http;
mod numbers;
mod oauth;
mod output;
mod refresh;
mod report;
mod retry;
mod secret;
mod settings;
mod store;

use std::env;
use std::process::ExitCode;

use cli::Command;
use error::Error;

fn main() -> ExitCode {
    output::report_panics();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error);
            ExitCode::from(error.class.exit_code())
        }
    }
}

/// Does what the command line asks for.
fn run() -> Result<(), Error> {
    let args = env::args_os().skip(1).collect();
    match cli::parse(args, &|name| env::var_os(name))? {
        Command::Help => output::result(cli::HELP.as_bytes()),
        Command::Version => output::result(cli::VERSION.as_bytes()),
        Command::Refresh(call) => refresh::run(&call),
    }
}
