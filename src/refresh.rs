//! The command `refresh`: from the document to the request, from the reply to the document.
//!
//! Two stories share their middle. With a file: read, lock, finish what an earlier run left, make
//! sure that saving will work, exchange, save, print. With standard input: read, exchange, print.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::cli::{Input, Print, Refresh};
use crate::deliver::{print, rescued};
use crate::document::{Document, MAX_LEN, Unusable};
use crate::error::{Class, Error};
use crate::exchange::{Exchanged, exchange};
use crate::http::Client;
use crate::oauth::{Grant, Refusal};
use crate::output;
use crate::report::{
    Outcome, changed_members, report_save, summary, warn_if_open_to_others, whole,
};
use crate::settings::{Loaded, grant, proxy};
use crate::store::{self, How, Locked, Slot, TokenFile};

/// Runs the command.
///
/// # Errors
/// Every class of the exit code table.
pub(crate) fn run(call: &Refresh) -> Result<(), Error> {
    let loaded = Loaded::read(call)?;
    let (document, outcome) = match &call.file {
        Input::Stdin => refresh_stdin(call, &loaded)?,
        Input::Path(path) => refresh_file(call, &loaded, path)?,
    };
    if !call.dry_run {
        print(call, &document, &outcome)?;
    }
    call.output.summary(summary(call, &outcome));
    Ok(())
}

/// Refreshes a document that nobody else has, and that is not saved.
fn refresh_stdin(call: &Refresh, loaded: &Loaded) -> Result<(Document, Outcome), Error> {
    let bytes = store::read_input(&call.file, MAX_LEN)?;
    let mut document = Document::parse_stdin(&bytes).map_err(|why| unusable(call, why))?;
    describe(call, &document, bytes.len());
    if let Some(age) = fresh_age(call, &document) {
        return Ok((document, Outcome::Fresh(age)));
    }
    let grant = grant(call, loaded, &document)?;
    let client = Client::new(&loaded.roots, proxy(call, &grant), call.deadline);
    if call.dry_run {
        return Ok((document, Outcome::DryRun(grant)));
    }
    match exchange(call, &client, &grant, || None) {
        Ok(Exchanged::Granted(granted)) => {
            let changed = document.merge(granted.members);
            call.output.step(|| granted.summary);
            call.output.step(|| changed_members(&grant, &changed));
            let outcome = refreshed(&grant, &document);
            Ok((document, outcome))
        }
        Ok(Exchanged::Adopted(document)) => Ok((document, Outcome::Adopted)),
        Err(Refusal {
            error,
            rotated: Some(token),
            ..
        }) => {
            document.merge(rotation(token));
            Err(rescued(&not_refreshed(call, error), &document))
        }
        Err(refusal) => Err(not_refreshed(call, refusal.error)),
    }
}

/// Refreshes the document in a file, unless that turns out not to be needed.
fn refresh_file(
    call: &Refresh,
    loaded: &Loaded,
    path: &Path,
) -> Result<(Document, Outcome), Error> {
    let file = TokenFile::open(path)?;
    warn_if_open_to_others(&file);
    let before = Seen::read(&file)?;
    if let Some(document) = &before.document
        && let Some(age) = fresh_age(call, document)
    {
        return Ok((document.clone(), Outcome::Fresh(age)));
    }
    let mut locked = lock(call, file)?;
    let recovered = recover(&mut locked)?;
    let document = load(call, &mut locked, &before)?;
    if !recovered && is_new(&document, before.document.as_ref()) {
        return Ok((document, Outcome::Reused));
    }
    if recovered && let Some(age) = fresh_age(call, &document) {
        return Ok((document, Outcome::Fresh(age)));
    }
    refresh_locked(call, loaded, &locked, document)
}

/// Refreshes a document whose file is locked: prepares the save, asks, saves.
fn refresh_locked(
    call: &Refresh,
    loaded: &Loaded,
    locked: &Locked,
    mut document: Document,
) -> Result<(Document, Outcome), Error> {
    let grant = grant(call, loaded, &document)?;
    let client = Client::new(&loaded.roots, proxy(call, &grant), call.deadline);
    let slot = prepare(call, locked, &document)?;
    if call.dry_run {
        return Ok((document, Outcome::DryRun(grant)));
    }
    match exchange(call, &client, &grant, || replaced(call, locked, &grant)) {
        Ok(Exchanged::Granted(granted)) => {
            let (changed, how) = save_merged(slot, &mut document, &grant, &granted.members)?;
            call.output.step(|| granted.summary);
            call.output.step(|| changed_members(&grant, &changed));
            report_save(call, &how);
            let outcome = refreshed(&grant, &document);
            Ok((document, outcome))
        }
        Ok(Exchanged::Adopted(document)) => Ok((document, Outcome::Adopted)),
        Err(refusal) => Err(keep_rotated(call, document, slot, &grant, refusal)),
    }
}

/// FILE as it was before the lock.
struct Seen {
    /// Its content.
    bytes: Vec<u8>,
    /// The document in it, if it was one.
    document: Option<Document>,
}

impl Seen {
    /// Reads FILE; one that is no document may be in the middle of a save, so that is no error yet.
    fn read(file: &TokenFile) -> Result<Self, Error> {
        let bytes = file.read()?;
        let document = Document::parse(&bytes).ok();
        Ok(Self { bytes, document })
    }
}

/// Waits until FILE is ours.
fn lock(call: &Refresh, file: TokenFile) -> Result<Locked, Error> {
    let name = file.name();
    let locked = file.lock(call.deadline, || {
        call.output
            .step(|| format!("lock: waiting for another process to finish with {name}"));
    })?;
    call.output.step(|| format!("lock: {name} is ours"));
    Ok(locked)
}

/// Finishes what an interrupted run left; tells whether there was something.
fn recover(locked: &mut Locked) -> Result<bool, Error> {
    let recovered = locked.recover()?;
    if recovered {
        let name = locked.name();
        output::warning(format_args!("finished an interrupted save of {name}"));
    }
    Ok(recovered)
}

/// Reads the document under the lock; what has not changed need not be parsed again.
fn load(call: &Refresh, locked: &mut Locked, before: &Seen) -> Result<Document, Error> {
    let bytes = locked.read()?;
    let document = match &before.document {
        Some(document) if before.bytes == bytes => document.clone(),
        _ => Document::parse(&bytes).map_err(|why| unusable(call, why))?,
    };
    describe(call, &document, bytes.len());
    Ok(document)
}

/// Which document it is, for verbose output.
fn describe(call: &Refresh, document: &Document, len: usize) {
    call.output.step(|| {
        let (name, members) = (store::name_of(&call.file), document.len());
        format!("document: {name}, {members} members, {len} bytes")
    });
}

/// Whether the document has another token than it had before the lock.
fn is_new(document: &Document, before: Option<&Document>) -> bool {
    let before = before.and_then(Document::access_token);
    document
        .access_token()
        .is_some_and(|token| Some(token) != before)
}

/// Makes sure, before anything is sent, that the result can be saved.
fn prepare<'a>(call: &Refresh, locked: &'a Locked, document: &Document) -> Result<Slot<'a>, Error> {
    let len = document.render().len();
    if len > MAX_LEN {
        let why = "it would be larger than 1 MiB once it is indented";
        return Err(unusable(call, Unusable::because(why)));
    }
    let slot = locked.prepare(len)?;
    call.output.step(|| match slot.in_place_because() {
        Some(why) => format!("save: will be in place, for lack of a pending file ({why})"),
        None => "save: pending file ready".to_owned(),
    });
    Ok(slot)
}

/// Saves what a reply makes of the document, or of what another program has made of it meanwhile,
/// as long as that has the refresh token that was sent.
fn save_merged(
    slot: Slot,
    document: &mut Document,
    grant: &Grant,
    members: &Map<String, Value>,
) -> Result<(Vec<String>, How), Error> {
    let changed = document.merge(members.clone());
    let how = slot.save(&document.render(), |now| {
        let mut latest = Document::parse(now).ok()?;
        if latest.refresh_token() != grant.refresh_token {
            return None;
        }
        latest.merge(members.clone());
        *document = latest;
        Some(document.render())
    })?;
    Ok((changed, how))
}

/// The document at FILE, if somebody without the lock has put another refresh token there, and
/// what is to be printed is in it.
fn replaced(call: &Refresh, locked: &Locked, grant: &Grant) -> Option<Document> {
    let document = Document::parse(&locked.read_again().ok()?).ok()?;
    let is_another = document.refresh_token() != grant.refresh_token;
    let needs_token = call.print.is_some_and(|what| what != Print::Json);
    let is_enough = !needs_token || document.access_token().is_some();
    (is_another && is_enough).then_some(document)
}

/// Saves a new refresh token although the reply is of no other use: the old one has ended.
fn keep_rotated(
    call: &Refresh,
    mut document: Document,
    slot: Slot,
    grant: &Grant,
    refusal: Refusal,
) -> Error {
    let mut error = not_refreshed(call, refusal.error);
    if let Some(token) = refusal.rotated {
        if let Err(not_saved) = save_merged(slot, &mut document, grant, &rotation(token)) {
            return not_saved;
        }
        error.message.push_str("; its new refresh token was saved");
    }
    error
}

/// A reply that has a refresh token and nothing else.
fn rotation(token: String) -> Map<String, Value> {
    [("refresh_token".to_owned(), token.into())]
        .into_iter()
        .collect()
}

/// The age of a token that need not be refreshed.
fn fresh_age(call: &Refresh, document: &Document) -> Option<Duration> {
    let max_age = call.max_age?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let age = document.access_token().and_then(|_| document.age(now));
    call.output.step(|| match age {
        Some(age) => format!("token: {} old", whole(age)),
        None => "token: of unknown age".to_owned(),
    });
    age.filter(|age| *age < max_age)
}

/// The outcome of a request.
fn refreshed(grant: &Grant, document: &Document) -> Outcome {
    Outcome::Refreshed {
        host: grant.endpoint.authority(),
        rotated: document.refresh_token() != grant.refresh_token,
    }
}

/// What the network said, with the file that it is about: many runs may share a host.
fn not_refreshed(call: &Refresh, error: Error) -> Error {
    let name = store::name_of(&call.file);
    Error {
        message: format!("cannot refresh {name}: {error}"),
        ..error
    }
}

/// FILE is not a document.
fn unusable(call: &Refresh, Unusable { why, hint }: Unusable) -> Error {
    let name = store::name_of(&call.file);
    let error = Error::new(Class::DataErr, format!("cannot use {name}: {why}"));
    error.hint(hint.unwrap_or("give the JSON document of a Salesforce login"))
}
