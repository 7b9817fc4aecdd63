//! What actors do to FILE, each in one go, and what a verdict has to know about it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::arena::{Arena, document, set_mode};
use crate::sessions::{Token, access_token};
use crate::tracee::{Event, Tracee};

/// The member that editors add.
pub(crate) const ADDED: &str = "added";

/// More than any reply brings.
const PADDING: usize = 1500;

/// FILE is missing.
const NO_INPUT: [i32; 1] = [66];

/// What becomes of the names of FILE.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Names {
    /// They lead to one file, as before.
    #[default]
    Same,
    /// FILE is another file now than the one of the second name.
    Split,
    /// FILE is gone.
    Gone,
}

/// What an actor has done, for the verdict.
#[derive(Default)]
pub(crate) struct Deed {
    /// Runs that are over, or wait for the one that is stopped.
    pub(crate) runs: Vec<Tracee>,
    /// FILE has a member more.
    pub(crate) adds_member: bool,
    /// FILE has this mode.
    pub(crate) mode: Option<u32>,
    /// What became of the names of FILE.
    pub(crate) names: Names,
    /// A run was killed before, and had no chance to name the file with its tokens.
    pub(crate) follows_kill: bool,
    /// How else a run may end now than without it.
    pub(crate) codes: &'static [i32],
    /// There is a second session.
    pub(crate) logs_in: bool,
    /// The newest token that was in FILE when its owner put something else there.
    pub(crate) given_up: Option<Token>,
}

/// A run until it is over, or waits for another.
pub(crate) fn run(arena: &Arena, path: &Path) -> Deed {
    let mut run = arena.start_undisturbed(path);
    let event = run.wait();
    assert_ne!(event, Event::Stopped, "nothing stops this run");
    Deed {
        runs: vec![run],
        ..Deed::default()
    }
}

/// The document in FILE, which any program may read at any time.
fn read_document(arena: &Arena) -> Result<Value, String> {
    let bytes = arena.read().ok_or("an editor finds no FILE")?;
    let torn = || format!("an editor finds FILE torn: \"{}\"", bytes.escape_ascii());
    serde_json::from_slice(&bytes).map_err(|_| torn())
}

/// The refresh token of a document.
pub(crate) fn token_of(document: &Value) -> Option<Token> {
    Token::parse(document["refresh_token"].as_str()?)
}

/// The token in FILE, if it is the newest of its session.
fn newest_in_file(arena: &Arena) -> Option<Token> {
    let token = token_of(&read_document(arena).ok()?)?;
    (token == arena.sessions.newest(token.session)).then_some(token)
}

/// An editor adds a member and keeps the token.
pub(crate) fn edit(
    arena: &Arena,
    change: fn(&Value) -> String,
    put: fn(&Arena, &str) -> Names,
) -> Result<Deed, String> {
    let text = change(&read_document(arena)?);
    Ok(Deed {
        names: put(arena, &text),
        adds_member: true,
        ..Deed::default()
    })
}

/// The document with a member more, and longer than it or a reply could make it.
pub(crate) fn longer(document: &Value) -> String {
    let mut document = document.clone();
    document[ADDED] = json!("x".repeat(PADDING));
    format!("{document:#}\n")
}

/// A document of a few members only.
pub(crate) fn shorter(document: &Value) -> String {
    let kept = ["refresh_token", "client_id", "owner"].map(|name| (name, &document[name]));
    let mut short: Value = kept
        .into_iter()
        .map(|(name, it)| (name.to_owned(), it.clone()))
        .collect();
    short[ADDED] = json!(true);
    format!("{short}\n")
}

/// Writes FILE in place.
pub(crate) fn in_place(arena: &Arena, text: &str) -> Names {
    fs::write(arena.file(), text).unwrap();
    Names::Same
}

/// Puts another file with the owner and mode of FILE in its place.
pub(crate) fn by_rename(arena: &Arena, text: &str) -> Names {
    let replaced = fs::metadata(arena.file()).unwrap();
    let new = arena.path("home").join("new~");
    fs::write(&new, text).unwrap();
    set_mode(&new, replaced.mode() & 0o7777);
    chown(&new, Some(replaced.uid()), Some(replaced.gid())).unwrap();
    fs::rename(&new, arena.file()).unwrap();
    Names::Split
}

/// A login that keeps nothing of the one before but the owner's members.
pub(crate) fn log_in(arena: &Arena, put: fn(&Arena, &str) -> Names) -> Deed {
    let given_up = newest_in_file(arena);
    let text = document(arena.sessions.newest(1));
    Deed {
        names: put(arena, &text),
        logs_in: true,
        given_up,
        ..Deed::default()
    }
}

/// FILE is as new as can be.
pub(crate) fn touch(arena: &Arena) -> Deed {
    let file = fs::File::options().append(true).open(arena.file());
    file.and_then(|it| it.set_modified(SystemTime::now()))
        .unwrap();
    Deed::default()
}

/// FILE goes away.
pub(crate) fn delete(arena: &Arena) -> Deed {
    let given_up = newest_in_file(arena);
    fs::remove_file(arena.file()).unwrap();
    Deed {
        names: Names::Gone,
        codes: &NO_INPUT,
        given_up,
        ..Deed::default()
    }
}

/// Pending files go away.
pub(crate) fn delete_pending(arena: &Arena) -> Deed {
    for path in arena.pending() {
        fs::remove_file(path).unwrap();
    }
    Deed::default()
}

/// The owner decides who may read.
pub(crate) fn change_mode(arena: &Arena, mode: u32) -> Deed {
    set_mode(&arena.file(), mode);
    Deed {
        mode: Some(mode),
        ..Deed::default()
    }
}

/// What a script of `curl`, `jq` and `mv` does; if it is refused, it leaves FILE alone.
pub(crate) fn refresh_without_lock(arena: &Arena) -> Result<Deed, String> {
    let mut document = read_document(arena)?;
    let sent = token_of(&document).ok_or("FILE has no refresh token")?;
    let mut deed = Deed::default();
    if let Some(token) = arena.sessions.redeem(sent) {
        document["refresh_token"] = json!(token.to_string());
        document["access_token"] = json!(access_token(token));
        deed.names = by_rename(arena, &format!("{document:#}\n"));
    }
    Ok(deed)
}

/// Whoever puts back a file with a token that was used since has given up the newer one.
pub(crate) fn put_back(arena: &Arena) -> Deed {
    let given_up = newest_in_file(arena);
    let first = Token {
        session: 0,
        number: 0,
    };
    Deed {
        names: by_rename(arena, &document(first)),
        given_up,
        ..Deed::default()
    }
}
