//! Words for what a run did: the summary line, the warnings, and the verbose lines after a save.

use std::time::Duration;

use crate::document::Document;
use crate::oauth::TokenRequest;
use crate::say;
use crate::secret::Secret;
use crate::store::{SavedHow, TokenFile};

/// How a run came to a usable document.
pub(crate) enum Outcome {
    /// By a request.
    Refreshed {
        /// Where it went.
        host: String,
        /// Whether the reply had a new refresh token.
        rotated: bool,
    },
    /// The token was younger than `--max-age`.
    Fresh(Duration),
    /// Another sftoken refreshed it while this one waited.
    Reused,
    /// Another program refreshed it while this one asked.
    Adopted,
    /// Nothing was sent.
    DryRun(Box<TokenRequest>),
}

/// What happened to the document called `name`, in one line.
pub(crate) fn summary(name: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refreshed { host, rotated } => {
            let note = if *rotated {
                ", refresh token rotated"
            } else {
                ""
            };
            format!("refreshed {name} at {host}{note}")
        }
        Outcome::Fresh(age) => format!("kept {name}: its token is {} old", whole(*age)),
        Outcome::Reused => format!("kept {name}: another process has just refreshed it"),
        Outcome::Adopted => format!("kept {name}: another program refreshed it meanwhile"),
        Outcome::DryRun(request) => dry_run(&format!("refresh {name}"), request),
    }
}

/// What a dry run would have sent to do this.
pub(crate) fn dry_run(task: &str, request: &TokenRequest) -> String {
    let (names, endpoint) = (request.parameter_names(), request.endpoint.shown());
    format!("dry run: would {task}: POST {names} to {endpoint}")
}

/// What a login came to, in one line; `next` is the command for what was saved, if it was.
pub(crate) fn logged_in(host: &str, document: &Document, next: Option<&str>) -> String {
    let owner = owner(document).map_or_else(String::new, |owner| format!(" as {owner}"));
    let next = next.map_or_else(String::new, |next| format!("; from now on: {next}"));
    format!("logged in at {host}{owner}{next}")
}

/// Whose login a document has: `USER of ORG`, by the last parts of its `id`.
pub(crate) fn owner(document: &Document) -> Option<String> {
    let (rest, user) = document.text("id")?.rsplit_once('/')?;
    let (_, org) = rest.rsplit_once('/')?;
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_id(user) && is_id(org)).then(|| format!("{user} of {org}"))
}

/// Tells the owner of a file that every user of the machine can read.
pub(crate) fn warn_if_open_to_others(file: &TokenFile) {
    if let Some(mode) = file.mode_open_to_others() {
        let name = file.name();
        say::warning(format_args!(
            "every user of this machine can read {name} (mode {mode:04o}); chmod 600 would end that"
        ));
    }
}

/// How the save went.
pub(crate) fn report_save(how: &SavedHow) {
    match how {
        SavedHow::Replaced => say::step(|| "save: replaced by rename"),
        SavedHow::InPlace(why) => say::step(|| format!("save: written in place ({why})")),
        SavedHow::ReplacedUnsynced(why) => say::warning(format_args!(
            "saved, but a power failure may undo it: cannot sync the directory: {why}"
        )),
    }
}

/// The names of the members that a reply changed, for verbose output, without the tokens that the
/// document has now.
pub(crate) fn changed_members(
    request: &TokenRequest,
    document: &Document,
    names: &[String],
) -> String {
    if names.is_empty() {
        return "reply: changed no member".to_owned();
    }
    let tokens = [document.access_token(), Some(document.refresh_token())];
    let tokens = tokens.iter().flatten().map(Secret::expose);
    let names = request.harmless(&names.join(", "), tokens);
    format!("reply: changed {names}")
}

/// A duration in its largest whole unit.
pub(crate) fn whole(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", seconds / 60),
        7200..172_800 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}
