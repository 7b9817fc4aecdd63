//! What must be true when all runs are over: FILE is whole and has its owner's members and mode,
//! no used-up token was sent, the newest token is in FILE or where a message says, and the next
//! run succeeds and leaves nothing beside FILE.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::arena::{Arena, SECOND_NAME};
use crate::deeds::{ADDED, Deed, Names, token_of};
use crate::sessions::Token;
use crate::tracee::End;

/// How a run may end: nothing wrong, saving impossible, not saved at FILE.
const CODES: [i32; 3] = [0, 73, 74];

/// The grant was refused.
const REFUSED: i32 = 77;

/// Behind this a message names the file with the new tokens.
const TOKENS_ARE_IN: &str = "the new tokens are in ";

/// What is not as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// FILE is no whole document.
    Torn,
    /// A member or the mode that the owner gave FILE is gone.
    Overwritten,
    /// A used-up token was sent.
    SessionEnded,
    /// The newest token is nowhere.
    TokenLost,
    /// Something stays beside FILE.
    Litter,
    /// A run did not end as it should, or told a secret.
    BadEnd,
    /// A file that has nothing to do with the run was changed.
    Outside,
}

/// A harm and its circumstances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which promise was broken.
    pub(crate) harm: Harm,
    /// What was seen.
    pub(crate) why: String,
}

impl Harm {
    /// The fault with these circumstances.
    pub(crate) fn because(self, why: impl Into<String>) -> Fault {
        let why = why.into();
        Fault { harm: self, why }
    }
}

/// Looks at everything, and makes the next run. The runs of `ends` were not killed.
pub(crate) fn judge(arena: &Arena, deed: &Deed, ends: &[End]) -> Result<(), Fault> {
    for end in ends {
        check_end(deed, end)?;
    }
    let described = |fault: Fault| {
        let said: Vec<_> = ends.iter().map(describe).collect();
        fault
            .harm
            .because(format!("{}\nthe runs: {}", fault.why, said.join("; ")))
    };
    look_around(arena, deed, ends).map_err(described)
}

/// The end of a run for a report.
fn describe(end: &End) -> String {
    format!("{}, {:?}", end.status, end.stderr)
}

/// A run ended as it may, without telling secrets.
fn check_end(deed: &Deed, end: &End) -> Result<(), Fault> {
    let code = end.status.code().unwrap_or_default();
    if end.stderr.contains("5Aep-") || end.stderr.contains("00D!") {
        return Err(Harm::BadEnd.because(format!("a secret is told: {}", describe(end))));
    }
    match code {
        REFUSED => Err(Harm::SessionEnded.because(describe(end))),
        code if CODES.contains(&code) || deed.codes.contains(&code) => Ok(()),
        _ => Err(Harm::BadEnd.because(describe(end))),
    }
}

/// All about the place.
fn look_around(arena: &Arena, deed: &Deed, ends: &[End]) -> Result<(), Fault> {
    if arena.sessions.has_ended() {
        return Err(Harm::SessionEnded.because("a used-up token was sent"));
    }
    if arena.file().exists() || deed.names != Names::Gone {
        check_file(arena, deed, deed.follows_kill)?;
    }
    let mut safe: Vec<_> = deed.given_up.into_iter().collect();
    for path in ends.iter().filter_map(named_file) {
        safe.extend(do_as_told(arena, &path)?);
    }
    if arena.file().exists() {
        run_again(arena, &arena.file())?;
        safe.push(check_file(arena, deed, false)?);
    }
    if arena.path(SECOND_NAME).exists() && deed.names == Names::Same {
        run_again(arena, &arena.path(SECOND_NAME))?;
        safe.extend(token_in(&arena.file()));
    }
    let mut litter = arena.others();
    if deed.follows_kill {
        litter.retain(|path| !is_of_other_login(arena, path, &mut safe));
    }
    check_tokens(arena, deed, &safe)?;
    match litter.as_slice() {
        [] => Ok(()),
        litter => Err(Harm::Litter.because(format!("the next run leaves {litter:?}"))),
    }
}

/// Whether a file has the token of another login than FILE; then it is safe there.
fn is_of_other_login(arena: &Arena, path: &Path, safe: &mut Vec<Token>) -> bool {
    let token = token_in(path);
    let current = token_in(&arena.file());
    let other = token.filter(|it| current.is_some_and(|current| current.session != it.session));
    safe.extend(other);
    other.is_some()
}

/// The file that a message names.
fn named_file(end: &End) -> Option<PathBuf> {
    let (_, rest) = end.stderr.split_once(TOKENS_ARE_IN)?;
    rest.lines().next().map(PathBuf::from)
}

/// FILE is one whole document with what its owner put there; its token. A kill may leave blanks
/// behind the document until the next run.
fn check_file(arena: &Arena, deed: &Deed, may_have_blanks: bool) -> Result<Token, Fault> {
    let bytes = arena.read().ok_or(Harm::Torn.because("FILE is gone"))?;
    let shown = bytes.escape_ascii().to_string();
    let document: Option<Value> = serde_json::from_slice(&bytes).ok();
    let is_trimmed = may_have_blanks || bytes.len() == bytes.trim_ascii_end().len() + 1;
    let Some(document) = document.filter(|_| is_trimmed) else {
        return Err(Harm::Torn.because(format!("FILE is torn: \"{shown}\"")));
    };
    let is_owners = document["owner"]["note"] == "keep" && document["client_id"] == "id";
    if !is_owners || deed.adds_member && document.get(ADDED).is_none() {
        return Err(Harm::Overwritten.because(format!("a member is gone: \"{shown}\"")));
    }
    let mode = fs::metadata(arena.file()).unwrap().mode() & 0o7777;
    if mode != deed.mode.unwrap_or(arena.way.mode()) {
        return Err(Harm::Overwritten.because(format!("FILE has mode {mode:o}")));
    }
    token_of(&document).ok_or_else(|| Harm::TokenLost.because("FILE has no token"))
}

/// Follows the hint of a run that could not save: moves its file to FILE, unless FILE has another
/// login or a later token by now, or the next run finds the file where it is. The token, if it stays
/// elsewhere.
fn do_as_told(arena: &Arena, path: &Path) -> Result<Option<Token>, Fault> {
    // Another run may have taken it up already.
    let Some(named) = token_in(path) else {
        return Ok(None);
    };
    match token_in(&arena.file()) {
        Some(current) if current.session != named.session || current.number >= named.number => {
            fs::remove_file(path).unwrap();
            Ok(Some(named))
        }
        Some(_) if path.starts_with(arena.path("home")) => Ok(None),
        _ => {
            let moved = arena.put(path).and_then(|()| fs::remove_file(path));
            let cannot =
                |error| Harm::TokenLost.because(format!("cannot move {}: {error}", path.display()));
            moved.map(|()| None).map_err(cannot)
        }
    }
}

/// The refresh token of the document in a file.
fn token_in(path: &Path) -> Option<Token> {
    token_of(&serde_json::from_slice(&fs::read(path).ok()?).ok()?)
}

/// A run with which nothing interferes succeeds.
fn run_again(arena: &Arena, path: &Path) -> Result<(), Fault> {
    let end = arena.start_undisturbed(path).finish();
    match end.status.code() {
        Some(0) => Ok(()),
        Some(REFUSED) => Err(Harm::SessionEnded.because(format!("next run: {}", describe(&end)))),
        _ => Err(Harm::BadEnd.because(format!("next run: {}", describe(&end)))),
    }
}

/// The newest token of each session is at one of the places where it may be.
fn check_tokens(arena: &Arena, deed: &Deed, safe: &[Token]) -> Result<(), Fault> {
    let sessions = if deed.logs_in { 0..2 } else { 0..1 };
    for session in sessions {
        let newest = arena.sessions.newest(session);
        if !safe.contains(&newest) {
            return Err(Harm::TokenLost.because(format!("{newest} is nowhere, but {safe:?}")));
        }
    }
    Ok(())
}
