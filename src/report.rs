//! What a run has to say: the summary line, the warnings, and the verbose lines after a save.

use std::time::Duration;

use crate::cli::{Input, Refresh};
use crate::oauth::Grant;
use crate::output;
use crate::store::{self, How, TokenFile};

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
    DryRun(Grant),
}

/// What happened, in one line.
pub(crate) fn summary(call: &Refresh, outcome: &Outcome) -> String {
    let name = store::name_of(&call.file);
    match outcome {
        Outcome::Refreshed { host, rotated } => {
            let note = if *rotated {
                ", refresh token rotated"
            } else {
                ""
            };
            let what = match call.file {
                Input::Stdin => format!("the token from {name}"),
                Input::Path(_) => name,
            };
            format!("refreshed {what} at {host}{note}")
        }
        Outcome::Fresh(age) => format!("kept {name}: its token is {} old", whole(*age)),
        Outcome::Reused => format!("kept {name}: another process has just refreshed it"),
        Outcome::Adopted => format!("kept {name}: another program refreshed it meanwhile"),
        Outcome::DryRun(grant) => {
            let (names, endpoint) = (grant.parameter_names(), &grant.endpoint);
            format!("dry run: would refresh {name}: POST {names} to {endpoint}")
        }
    }
}

/// Tells the owner of a file that every user of the machine can read.
pub(crate) fn warn_if_open_to_others(file: &TokenFile) {
    if let Some(mode) = file.mode_open_to_others() {
        let name = file.name();
        output::warning(format_args!(
            "every user of this machine can read {name} (mode {mode:04o}); chmod 600 would end that"
        ));
    }
}

/// How the save went.
pub(crate) fn report_save(call: &Refresh, how: &How) {
    match how {
        How::Replaced => call.output.step(|| "save: replaced by rename"),
        How::InPlace(why) => call
            .output
            .step(|| format!("save: written in place ({why})")),
        How::ReplacedUnsynced(why) => output::warning(format_args!(
            "saved, but a power failure may undo it: cannot sync the directory: {why}"
        )),
    }
}

/// The names of the members that a reply changed, for verbose output.
pub(crate) fn changed_members(grant: &Grant, names: &[String]) -> String {
    match names {
        [] => "reply: changed no member".to_owned(),
        _ => format!("reply: changed {}", grant.harmless(&names.join(", "))),
    }
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
