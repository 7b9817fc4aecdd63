//! When a run looks at FILE, and when it changes it, as its trace tells.

use crate::trace::{Call, Trace};

/// FILE at the end of a path.
const NAME: &str = "/token.json\"";

/// FILE as an open file.
const OPEN: &str = "/token.json>";

/// What a call is to FILE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// It tells something about FILE.
    Look,
    /// It puts something else there.
    Change,
    /// It sends something to the server.
    Send,
    /// Something else.
    Other,
}

/// What each call of a run is to FILE.
fn moments(trace: &Trace) -> Vec<Moment> {
    trace.calls().map(moment).collect()
}

/// What one call is to FILE.
fn moment(call: &Call) -> Moment {
    let is_open = call.first_argument().ends_with(OPEN);
    let is_named = call.line().contains(NAME);
    match call.name.as_str() {
        "rename" | "renameat" | "renameat2" => Moment::Change,
        "pwrite64" | "ftruncate" if is_open => Moment::Change,
        "openat" | "statx" | "newfstatat" | "readlink" | "read" if is_named || is_open => {
            Moment::Look
        }
        "sendto" => Moment::Send,
        _ => Moment::Other,
    }
}

/// Whether a run that was stopped at a call does not look at FILE again before it changes it.
pub(crate) fn is_behind_last_look(trace: &Trace, call: &Call) -> bool {
    let moments = moments(trace);
    let behind = trace.position(call).map_or(moments.len(), |it| it + 1);
    let next = moments[behind..].iter();
    let next = next
        .copied()
        .find(|it| matches!(it, Moment::Look | Moment::Change));
    // Before the request only an interrupted save changes what FILE holds, and a rename is all of it.
    let is_save = || {
        trace
            .calls()
            .skip(behind)
            .find(|it| moment(it) == Moment::Change)
            .is_some_and(|it| it.name.starts_with("rename"))
    };
    next == Some(Moment::Change) && (moments[..behind].contains(&Moment::Send) || is_save())
}

/// Whether a run that was stopped at a call sees once more where the path of FILE leads.
pub(crate) fn looks_again(trace: &Trace, call: &Call) -> bool {
    let behind = trace.position(call).map_or(0, |it| it + 1);
    let mut calls = trace.calls().skip(behind);
    calls.any(|call| call.line().contains(NAME))
}

/// Whether a call is between the last look before the request and the last change.
pub(crate) fn is_between_look_and_save(trace: &Trace, call: &Call) -> bool {
    let moments = moments(trace);
    let sent = moments.iter().position(|it| *it == Moment::Send);
    let changed = moments.iter().rposition(|it| *it == Moment::Change);
    let (Some(sent), Some(changed), Some(stop)) = (sent, changed, trace.position(call)) else {
        return false;
    };
    let looked = moments[..sent].iter().rposition(|it| *it == Moment::Look);
    looked.is_some_and(|looked| (looked..changed).contains(&stop))
}
