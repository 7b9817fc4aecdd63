//! Root saves the file of another user, who swaps the directory, FILE or a pending file for a link
//! to something of root's at each call of the run. Nothing may change there.
//!
//! A trace of the calls shows the same from the other side: nothing is created, renamed, linked,
//! removed or given away by a path that the other user can change.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::arena::{Arena, Way, is_root};
use crate::crew::try_all;
use crate::deeds::Deed;
use crate::interleave::{Reference, is_wanted};
use crate::say;
use crate::table::{Outcome, Table};
use crate::trace::Call;
use crate::tracee::Event;
use crate::verdict::{Harm, judge};

/// A file of root's that has nothing to do with tokens.
const VICTIM: &str = "root:x:0:0:root:/root:/bin/sh\n";

/// The run finds something else than FILE: no document, no file.
const CODES: [i32; 2] = [65, 66];

/// What is swapped for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Swap {
    /// The directory.
    Directory,
    /// FILE.
    File,
    /// Every pending file.
    Pending,
}

impl Swap {
    /// All of them.
    const ALL: [Self; 3] = [Self::Directory, Self::File, Self::Pending];

    /// How the table calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Directory => "the directory swapped for a link",
            Self::File => "FILE swapped for a link",
            Self::Pending => "the pending file swapped for a link",
        }
    }

    /// Does it.
    fn act(self, arena: &Arena) {
        let victim = arena.path("victim");
        match self {
            Self::Directory => replace(&arena.path("home"), &arena.path("home~"), &victim),
            Self::File => replace(
                &arena.file(),
                &arena.path("file~"),
                &victim.join("token.json"),
            ),
            Self::Pending => {
                for path in arena.pending() {
                    replace(&path, &arena.path("pending~"), &victim.join("token.json"));
                }
            }
        }
    }

    /// Takes it back.
    fn undo(self, arena: &Arena) {
        let restore = |path: &Path, kept: &str| {
            fs::remove_file(path).unwrap();
            fs::rename(arena.path(kept), path).unwrap();
        };
        match self {
            Self::Directory => restore(&arena.path("home"), "home~"),
            Self::File => restore(&arena.file(), "file~"),
            Self::Pending => {}
        }
    }
}

/// Moves something away and puts a link in its place.
fn replace(path: &Path, kept: &Path, target: &Path) {
    fs::rename(path, kept).unwrap();
    symlink(target, path).unwrap();
}

/// Swaps everything at every call.
pub(crate) fn swap(table: &mut Table) {
    if !is_root() {
        say("skipped, needs root: directories swapped under a run of root's");
        return;
    }
    let reference = Reference::of(Way::Foreign);
    let calls = reference.calls();
    let pairs = calls
        .iter()
        .flat_map(|call| Swap::ALL.map(|swap| (*call, swap)));
    let is_wanted =
        |(call, swap): &(&Call, Swap)| is_wanted(swap.name(), Way::Foreign, &call.place());
    let trials: Vec<_> = pairs.filter(is_wanted).collect();
    let outcomes = try_all(&trials, |(call, swap)| outcome(call, *swap));
    for ((call, swap), outcome) in trials.iter().zip(outcomes) {
        table.count(Way::Foreign.name(), swap.name(), &call.to_string(), outcome);
    }
}

/// Makes one trial.
fn outcome(call: &Call, swap: Swap) -> Outcome {
    let arena = Arena::new(Way::Foreign);
    let victim = arena.path("victim");
    fs::create_dir(&victim).unwrap();
    fs::write(victim.join("token.json"), VICTIM).unwrap();
    let before = state(&victim);
    let stop = format!("{}:signal=STOP:when={}", call.name, call.number);
    let mut run = arena.start(&arena.file(), &call.name, &[stop]);
    if run.wait_for_stop() == Event::Ended {
        return Outcome::Untried;
    }
    swap.act(&arena);
    let end = run.finish();
    let after = state(&victim);
    if before != after {
        let why = format!("{before:?} became {after:?}; {}", end.stderr);
        return Outcome::Failed(Harm::Outside.because(why));
    }
    swap.undo(&arena);
    let deed = Deed {
        codes: &CODES,
        ..Deed::default()
    };
    match judge(&arena, &deed, &[end]) {
        Ok(()) => Outcome::Survived,
        Err(fault) => Outcome::Failed(fault),
    }
}

/// Everything about a directory and the files in it that somebody could have changed.
fn state(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut states: Vec<_> = paths
        .chain([directory.to_owned()])
        .map(|it| state_of(&it))
        .collect();
    states.sort();
    states
}

/// Everything about one file.
fn state_of(path: &Path) -> String {
    let it = fs::symlink_metadata(path).unwrap();
    let content = fs::read_to_string(path).unwrap_or_default();
    let (mode, uid, gid) = (it.mode(), it.uid(), it.gid());
    let changed = (it.ctime(), it.ctime_nsec());
    format!(
        "{} {} {mode:o} {uid}:{gid} {changed:?} {content:?}",
        path.display(),
        it.ino()
    )
}
