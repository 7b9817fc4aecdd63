//! The command `login`: from an address in a browser to the first FILE, or a new login in it.
//!
//! The address goes out and the address of the page where the login ended comes back: no port is
//! opened, and the browser may be on another machine. That saving will work is proved before the
//! address is shown and again before the code is sent; nothing is held while a person logs in, so an
//! interrupt there leaves nothing behind.

mod file;
mod next;
mod tokens;

use std::io::{IsTerminal as _, stdin};
use std::path::Path;
use std::time::Duration;

use crate::cli::Login;
use crate::deadline::Deadline;
use crate::document::Document;
use crate::error::{Class, Error};
use crate::input::{Input, read_line, shown};
use crate::oauth::{Authorization, Landing};
use crate::print::{Kept, Printed, print};
use crate::report;
use crate::say;
use crate::secret::Secret;
use crate::settings::App;
use file::{warn_if_open_to_others, with_room};
use next::Next;
use tokens::Exchange;

/// Lines that are read before it is clear that nobody is there: no person needs as many.
const MAX_LINES: usize = 100;

/// 64 KiB, far above any address: `/dev/zero` must end somewhere.
const MAX_ADDRESS_LEN: usize = 64 * 1024;

/// Runs the command.
///
/// # Errors
/// Every class of the exit code table.
pub(crate) fn run(call: Login) -> Result<(), Error> {
    say::set_verbosity(call.verbosity);
    let name = match &call.file {
        // Nothing is read where the document is printed.
        Input::Stdin => "standard output".to_owned(),
        Input::Path(path) => shown(path),
    };
    let next = Next::of(&call.settings, &call.variables);
    let loaded = call.settings.load(deadline(call.timeout)?)?;
    let target = Target {
        file: call.file,
        name,
    };
    let found = target.prove(deadline(call.timeout)?)?;
    let app = loaded.login_app(&found.document, &target.name)?;
    let authorization = authorization(&app, call.redirect_uri)?;
    target.announce(&found.document);
    if call.dry_run {
        target.rehearse(app, authorization);
        return Ok(());
    }
    let code = target.ask(&authorization, &app)?;
    let request = app.request(authorization.grant(code), &found.document);
    let login = Exchange {
        loaded: &loaded,
        request,
        deadline: deadline(call.timeout)?,
    };
    let document = target.log_in(&login, found.is_new)?;
    target.print(call.print, &document)?;
    let next = target.path().map(|_| next.command(&target.name, &document));
    let host = login.request.host();
    say::summary(report::logged_in(&host, &document, next.as_deref()));
    Ok(())
}

/// Where the login goes.
struct Target {
    /// FILE, or standard output.
    file: Input,
    /// How messages call it.
    name: String,
}

/// What a login found before it began.
struct Found {
    /// The document that it will be put into.
    document: Document,
    /// Whether there was no FILE: should one come to be meanwhile, it is not touched.
    is_new: bool,
}

impl Target {
    /// FILE, if it is one.
    fn path(&self) -> Option<&Path> {
        match &self.file {
            Input::Stdin => None,
            Input::Path(path) => Some(path),
        }
    }

    /// Finds the document that a login will be put into, and proves that it can be saved; holds
    /// nothing afterwards.
    fn prove(&self, deadline: Deadline) -> Result<Found, Error> {
        let Some(path) = self.path() else {
            let document = Document::empty();
            return Ok(Found {
                document,
                is_new: true,
            });
        };
        warn_if_open_to_others(path)?;
        with_room(&self.name, path, deadline, false, |document, prepared| {
            let is_new = prepared.is_new();
            Ok(Some(Found { document, is_new }))
        })
    }

    /// Says whose login will be replaced.
    fn announce(&self, found: &Document) {
        if found.refresh_token().expose().is_empty() {
            return;
        }
        let owner = report::owner(found);
        let login = owner.map_or_else(
            || "a login".to_owned(),
            |owner| format!("the login of {owner}"),
        );
        let name = &self.name;
        say::dialogue(&format!("sftoken: {name} has {login}; it will be replaced"));
    }

    /// Shows the address, and what would be sent for the code.
    fn rehearse(&self, app: App, authorization: Authorization) {
        say::dialogue(&authorization.address());
        let grant = authorization.grant(Secret::new(""));
        let request = app.request(grant, &Document::empty());
        let task = format!("log in for {}", self.name);
        say::summary(report::dry_run(&task, &request));
    }

    /// Shows the address, and reads the one that comes back until it can be used.
    fn ask(&self, authorization: &Authorization, app: &App) -> Result<Secret, Error> {
        say::dialogue(&format!(
            "Open this address in any browser, log in and allow:\n\n{}\n\n\
             Then paste the address of the page where you land, within 15 minutes; it need not load:",
            authorization.address()
        ));
        for _ in 0..MAX_LINES {
            let line = read_line(MAX_ADDRESS_LEN, "64 KiB")?;
            let line = line.ok_or_else(|| self.nobody_there())?;
            match authorization.landing(&line, &app.endpoint) {
                Landing::Code(code) => return Ok(code),
                Landing::Refused(error) => return Err(self.not_logged_in(error)),
                Landing::Unusable(why) => say::dialogue(&format!(
                    "sftoken: {why}; paste the address of the page where you land:"
                )),
            }
        }
        Err(self.nobody_there())
    }

    /// Standard input ended before there was an address that can be used.
    fn nobody_there(&self) -> Error {
        let hint = if stdin().is_terminal() {
            "start again with sftoken login"
        } else {
            "log in where a person can, and store the file: sftoken login needs somebody at a browser"
        };
        self.not_logged_in(Error::new(
            Class::Usage,
            "no address on standard input",
            hint,
        ))
    }

    /// The login failed.
    fn not_logged_in(&self, error: Error) -> Error {
        error.within(format_args!("cannot log in for {}", self.name))
    }

    /// Sends the code, and keeps what comes.
    fn log_in(&self, login: &Exchange, is_new: bool) -> Result<Document, Error> {
        match self.path() {
            None => login.send(Document::empty(), None, &self.name),
            Some(path) => with_room(
                &self.name,
                path,
                login.deadline,
                is_new,
                |document, prepared| {
                    if !prepared.is_current() {
                        return Ok(None);
                    }
                    login.send(document, Some(prepared), &self.name).map(Some)
                },
            ),
        }
    }

    /// Writes what `--print` asks for; the document where it is saved nowhere.
    fn print(&self, what: Option<Printed>, document: &Document) -> Result<(), Error> {
        let (what, kept) = match self.file {
            Input::Stdin => (what.or(Some(Printed::Json)), Kept::Nowhere),
            Input::Path(_) => (what, Kept::In(self.name.clone())),
        };
        what.map_or(Ok(()), |what| print(what, document, &kept))
    }
}

/// The way through the browser.
fn authorization(app: &App, redirect_uri: Option<String>) -> Result<Authorization, Error> {
    let endpoint = &app.endpoint;
    let address = endpoint.authorization().ok_or_else(|| {
        Error::new(
            Class::Usage,
            format!(
                "no authorization endpoint for {}: its path does not end with /token",
                endpoint.shown()
            ),
            "give --token-endpoint without a path, such as https://acme.my.salesforce.com",
        )
    })?;
    let redirect_uri = redirect_uri.unwrap_or_else(|| endpoint.landing_page());
    Authorization::new(address, app.client_id.clone(), redirect_uri)
}

/// The deadline of a step that begins now.
fn deadline(timeout: Duration) -> Result<Deadline, Error> {
    Deadline::after(timeout)
        .ok_or_else(|| Error::new(Class::Usage, "--timeout is too long", "see sftoken --help"))
}
