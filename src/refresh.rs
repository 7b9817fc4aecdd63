//! The command `refresh`: from the document to the request, from the reply to the document.
//!
//! The story is one, for FILE and for standard input: a document comes, [`Story::refresh`] makes a newer
//! one of it, and that is kept. With FILE a lock spans the three, what an earlier run left is
//! finished first, and saving is made sure of before anything is sent.

mod before;

use std::mem;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cli::Refresh;
use crate::deadline::Deadline;
use crate::document::{Document, MAX_LEN};
use crate::error::Error;
use crate::exchange::{Exchanged, exchange};
use crate::hold::Hold;
use crate::input::{Input, read_failed, shown};
use crate::keep::{keep_remains, keep_tokens};
use crate::oauth::TokenRequest;
use crate::print::{Kept, Printed, print};
use crate::report::{Outcome, summary, warn_if_open_to_others, whole};
use crate::say;
use crate::settings::Loaded;
use crate::store::{Content, Locked, NewFile, TokenFile};
use before::Before;

/// What FILE should hold.
const DOCUMENT: Content = Content {
    max_len: MAX_LEN,
    key: Document::key,
    rebase: Document::rebase,
};

/// Runs the command.
///
/// # Errors
/// Every class of the exit code table.
pub(crate) fn run(call: Refresh) -> Result<(), Error> {
    say::set_verbosity(call.verbosity);
    let story = Story {
        hold: Hold::new(call.file.name(), call.deadline),
        deadline: call.deadline,
        loaded: call.settings.load(call.deadline)?,
        max_age: call.max_age,
        retries: call.retries,
        dry_run: call.dry_run,
        needs_token: call.print.is_some_and(|what| what != Printed::Json),
    };
    let (document, outcome) = match &call.file {
        Input::Stdin => story.refresh_stdin()?,
        Input::Path(path) => story.refresh_file(path)?,
    };
    if !call.dry_run {
        story.print(&call.file, call.print, &document, &outcome)?;
    }
    say::summary(summary(&story.described(&call.file, &outcome), &outcome));
    Ok(())
}

/// One refresh, from its options on.
struct Story {
    /// How to get hold of FILE.
    hold: Hold,
    /// The end of the run.
    deadline: Deadline,
    /// Where the values of a request come from.
    loaded: Loaded,
    /// Keep a token that is younger.
    max_age: Option<Duration>,
    /// Tries after the first.
    retries: u32,
    /// Everything but the request.
    dry_run: bool,
    /// Whether a document without an access token is of no use.
    needs_token: bool,
}

impl Story {
    /// Refreshes a document that nobody else has, and that is not saved.
    fn refresh_stdin(&self) -> Result<(Document, Outcome), Error> {
        let bytes = Input::Stdin
            .read_bounded(MAX_LEN, self.deadline)
            .map_err(|error| read_failed(&self.hold.name, &error))?;
        let document = Document::parse_stdin(&bytes).map_err(|why| self.hold.unusable(why))?;
        self.describe(&document, bytes.len());
        if let Some(age) = self.fresh_age(&document) {
            return Ok((document, Outcome::Fresh(age)));
        }
        let refreshed = self.refresh(document, None)?;
        Ok(refreshed.expect("only a locked file can have been replaced"))
    }

    /// Refreshes the document in a file, unless that turns out not to be needed.
    fn refresh_file(&self, path: &Path) -> Result<(Document, Outcome), Error> {
        let file = TokenFile::open(path, DOCUMENT).map_err(|error| missing(path, error))?;
        warn_if_open_to_others(&file);
        let mut before = Before::read(&file)?;
        if let Some(document) = &before.document
            && let Some(age) = self.fresh_age(document)
        {
            return Ok((document.clone(), Outcome::Fresh(age)));
        }
        let mut file = Some(file);
        loop {
            let opened = file
                .take()
                .map_or_else(|| TokenFile::open(path, DOCUMENT), Ok)?;
            if let Some(refreshed) = self.refresh_locked(opened, &mut before)? {
                return Ok(refreshed);
            }
            self.hold.begin_again()?;
        }
    }

    /// Refreshes the document in a file under its lock; none if another run had the same token, or
    /// another program replaced the file: then all begins again from the file.
    fn refresh_locked(
        &self,
        file: TokenFile,
        before: &mut Before,
    ) -> Result<Option<(Document, Outcome)>, Error> {
        let mut locked = self.hold.lock(file)?;
        if let Some(document) = &before.document {
            locked.has_been_read(mem::take(&mut before.bytes), document.refresh_token());
        }
        let recovered = self.hold.recover(&mut locked)?;
        let document = self.load(&mut locked, before)?;
        if !recovered && self.is_done_by_another(before, &document) {
            return Ok(Some((document, Outcome::Reused)));
        }
        if recovered && let Some(age) = self.fresh_age(&document) {
            return Ok(Some((document, Outcome::Fresh(age))));
        }
        self.refresh(document, Some(&locked))
    }

    /// Makes a newer document of one: asks, and keeps what comes, in FILE if that is locked; none if
    /// FILE is no longer what was read.
    fn refresh(
        &self,
        mut document: Document,
        locked: Option<&Locked>,
    ) -> Result<Option<(Document, Outcome)>, Error> {
        let request = self.loaded.refresh_request(&document, &self.hold.name)?;
        let client = self.loaded.client(&request, self.deadline);
        let prepared = match locked {
            Some(locked) => match self.hold.prepare(locked, &document)? {
                None => return Ok(None),
                prepared => prepared,
            },
            None => None,
        };
        if self.dry_run {
            return Ok(Some((document, Outcome::DryRun(Box::new(request)))));
        }
        if prepared.as_ref().is_some_and(|it| !it.is_current()) {
            return Ok(None);
        }
        let replaced = || locked.and_then(|locked| self.replaced(locked, &request));
        match exchange(&client, &request, self.deadline, self.retries, replaced) {
            Ok(Exchanged::Tokens(reply)) => {
                keep_tokens(prepared, &mut document, &request, reply)?;
                let outcome = refreshed(&request, &document);
                Ok(Some((document, outcome)))
            }
            Ok(Exchanged::Adopted(document)) => Ok(Some((document, Outcome::Adopted))),
            // Many runs may share a host, so what the network says names the file, too.
            Err(refusal) => Err(keep_remains(
                prepared,
                document,
                refusal.within(format_args!("cannot refresh {}", self.hold.name)),
            )),
        }
    }

    /// Whether another sftoken has refreshed FILE since it was read before the lock. Who did not have
    /// to wait for it may have read FILE right before its save; but another token that was not issued
    /// later is a backup that was restored.
    fn is_done_by_another(&self, before: &Before, document: &Document) -> bool {
        let is_later = self.hold.has_waited() || before.was_issued_before(document);
        is_later && before.lacks_token_of(document)
    }

    /// Reads the document under the lock; what has not changed need not be parsed again.
    fn load(&self, locked: &mut Locked, before: &mut Before) -> Result<Document, Error> {
        let (bytes, is_new) = locked.read()?;
        let document = match before.document.take() {
            Some(document) if !is_new => document,
            _ => Document::parse(bytes).map_err(|why| self.hold.unusable(why))?,
        };
        self.describe(&document, bytes.len());
        Ok(document)
    }

    /// Which document it is, for verbose output.
    fn describe(&self, document: &Document, len: usize) {
        say::step(|| {
            let (name, members) = (&self.hold.name, document.len());
            format!("document: {name}, {members} members, {len} bytes")
        });
    }

    /// The document at FILE, if somebody without the lock has put another refresh token there, and
    /// what is to be printed is in it.
    fn replaced(&self, locked: &Locked, request: &TokenRequest) -> Option<Document> {
        let document = Document::parse(&locked.read_again().ok()?).ok()?;
        let is_another = request.refresh_token() != Some(&document.refresh_token());
        let is_enough = !self.needs_token || document.access_token().is_some();
        (is_another && is_enough).then_some(document)
    }

    /// The age of a token that need not be refreshed.
    fn fresh_age(&self, document: &Document) -> Option<Duration> {
        let max_age = self.max_age?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let age = document.access_token().and_then(|_| document.age(now));
        say::step(|| match age {
            Some(age) => format!("token: {} old", whole(age)),
            None => "token: of unknown age".to_owned(),
        });
        age.filter(|age| *age < max_age)
    }

    /// Writes what `--print` asks for.
    fn print(
        &self,
        file: &Input,
        what: Option<Printed>,
        document: &Document,
        outcome: &Outcome,
    ) -> Result<(), Error> {
        let (what, kept) = match (file, outcome) {
            (Input::Path(_), _) => (what, Kept::In(self.hold.name.clone())),
            (Input::Stdin, Outcome::Refreshed { rotated: true, .. }) => {
                (what.or(Some(Printed::Json)), Kept::Nowhere)
            }
            (Input::Stdin, _) => (what.or(Some(Printed::Json)), Kept::ByCaller),
        };
        what.map_or(Ok(()), |what| print(what, document, &kept))
    }

    /// How the summary calls the document.
    fn described(&self, file: &Input, outcome: &Outcome) -> String {
        match (file, outcome) {
            (Input::Stdin, Outcome::Refreshed { .. }) => {
                format!("the token from {}", self.hold.name)
            }
            _ => self.hold.name.clone(),
        }
    }
}

/// FILE cannot be opened. If it is gone, what an interrupted run has left of it may have its token.
fn missing(path: &Path, error: Error) -> Error {
    let new = NewFile::at(path, DOCUMENT).ok();
    match new.and_then(|it| it.left_behind()) {
        Some(left) => {
            let (left, name) = (shown(&left), shown(path));
            error.hint(format!("an interrupted run left {left}: move it to {name}"))
        }
        None => error,
    }
}

/// The outcome of a request.
fn refreshed(request: &TokenRequest, document: &Document) -> Outcome {
    Outcome::Refreshed {
        host: request.host(),
        rotated: request.refresh_token() != Some(&document.refresh_token()),
    }
}
