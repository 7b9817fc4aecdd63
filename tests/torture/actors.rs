//! Who may come along while a run is stopped, and what they do: other runs, editors, a new login,
//! `touch`, `chmod`, and those who delete.
//!
//! An actor does its whole work while the run stands still, as quick programs do. Another run that
//! meets the lock of the stopped one is left behind, waiting, and goes on together with it.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::arena::{Arena, LINK, SECOND_NAME, Way, document, is_root, set_mode};
use crate::sessions::{Token, access_token};
use crate::tracee::{Event, Tracee};

/// The member that editors add.
pub(crate) const ADDED: &str = "added";

/// More than any reply brings.
const PADDING: usize = 1500;

/// FILE is missing.
const NO_INPUT: [i32; 1] = [66];

/// Who comes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Another run by the same path.
    Run,
    /// Another run by a symbolic link.
    RunByLink,
    /// Another run by a hard link, which is new if FILE has none.
    RunByHardLink,
    /// An editor that writes a longer text in place.
    EditLonger,
    /// An editor that writes a shorter text in place.
    EditShorter,
    /// An editor that replaces FILE.
    EditByRename,
    /// The same, and another run.
    EditAndRun,
    /// A new login that replaces FILE.
    LoginByRename,
    /// A new login that writes FILE in place.
    LoginInPlace,
    /// `touch FILE`.
    Touch,
    /// `rm FILE`.
    DeleteFile,
    /// `rm` of every pending file beside FILE.
    DeletePending,
    /// `chmod 640 FILE`.
    ChmodGroup,
    /// `chmod 400 FILE`.
    ChmodReadOnly,
    /// A program that refreshes without the lock.
    Stranger,
    /// The file that was there before the run is put back.
    Backup,
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
    /// FILE was deleted.
    pub(crate) deletes: bool,
    /// A run was killed before, and had no chance to name the file with its tokens.
    pub(crate) follows_kill: bool,
    /// How else a run may end now than without it.
    pub(crate) codes: &'static [i32],
    /// A second name of FILE is another file now.
    pub(crate) splits_names: bool,
    /// There is a second session.
    pub(crate) logs_in: bool,
    /// The newest token that was in FILE when its owner put something else there.
    pub(crate) given_up: Option<Token>,
}

impl Actor {
    /// All of them; the last two do what no program can make good.
    pub(crate) const ALL: [Self; 16] = [
        Self::Run,
        Self::RunByLink,
        Self::RunByHardLink,
        Self::EditLonger,
        Self::EditShorter,
        Self::EditByRename,
        Self::EditAndRun,
        Self::LoginByRename,
        Self::LoginInPlace,
        Self::Touch,
        Self::DeleteFile,
        Self::DeletePending,
        Self::ChmodGroup,
        Self::ChmodReadOnly,
        Self::Stranger,
        Self::Backup,
    ];

    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Run => "another run",
            Self::RunByLink => "another run, by a symbolic link",
            Self::RunByHardLink => "another run, by a hard link",
            Self::EditLonger => "an editor in place, longer text",
            Self::EditShorter => "an editor in place, shorter text",
            Self::EditByRename => "an editor by rename",
            Self::EditAndRun => "an editor by rename, then a run",
            Self::LoginByRename => "a new login by rename",
            Self::LoginInPlace => "a new login in place",
            Self::Touch => "touch",
            Self::DeleteFile => "deletion of FILE",
            Self::DeletePending => "deletion of the pending file",
            Self::ChmodGroup => "chmod 640",
            Self::ChmodReadOnly => "chmod 400",
            Self::Stranger => "a refresh without the lock",
            Self::Backup => "the old file put back",
        }
    }

    /// Whether a run can be expected to succeed after it. What can neither be renamed over nor
    /// written is refused, and only root can put something in a directory that is closed.
    pub(crate) fn suits(self, way: Way) -> bool {
        match self {
            Self::ChmodReadOnly => way.is_rename() || way != Way::Closed && is_root(),
            Self::EditLonger | Self::EditShorter | Self::LoginInPlace | Self::Touch => true,
            _ => way != Way::Closed || is_root(),
        }
    }

    /// Does its work. An error is what it finds broken.
    pub(crate) fn act(self, arena: &Arena) -> Result<Deed, String> {
        Ok(match self {
            Self::Run => run(arena, &arena.file()),
            Self::RunByLink => run(arena, &arena.path(LINK)),
            Self::RunByHardLink => {
                arena.link_twice();
                run(arena, &arena.path(SECOND_NAME))
            }
            Self::EditLonger => edit(arena, longer, in_place)?,
            Self::EditShorter => edit(arena, shorter, in_place)?,
            Self::EditByRename => edit(arena, longer, by_rename)?,
            Self::EditAndRun => {
                let edited = edit(arena, shorter, by_rename)?;
                let Deed { runs, .. } = run(arena, &arena.file());
                Deed { runs, ..edited }
            }
            Self::LoginByRename => log_in(arena, by_rename),
            Self::LoginInPlace => log_in(arena, in_place),
            Self::Touch => touch(arena),
            Self::DeleteFile => delete(arena),
            Self::DeletePending => delete_pending(arena),
            Self::ChmodGroup => change_mode(arena, 0o640),
            Self::ChmodReadOnly => change_mode(arena, 0o400),
            Self::Stranger => refresh_without_lock(arena)?,
            Self::Backup => put_back(arena),
        })
    }
}

/// A run until it is over, or waits for another.
fn run(arena: &Arena, path: &Path) -> Deed {
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
fn edit(
    arena: &Arena,
    change: fn(Value) -> String,
    put: fn(&Arena, &str) -> bool,
) -> Result<Deed, String> {
    let text = change(read_document(arena)?);
    Ok(Deed {
        splits_names: put(arena, &text),
        adds_member: true,
        ..Deed::default()
    })
}

/// The document with a member more, and longer than it or a reply could make it.
fn longer(mut document: Value) -> String {
    document[ADDED] = json!("x".repeat(PADDING));
    format!("{document:#}\n")
}

/// A document of a few members only.
fn shorter(document: Value) -> String {
    let kept = ["refresh_token", "client_id", "owner"].map(|name| (name, &document[name]));
    let mut short: Value = kept
        .into_iter()
        .map(|(name, it)| (name.to_owned(), it.clone()))
        .collect();
    short[ADDED] = json!(true);
    format!("{short}\n")
}

/// Writes FILE in place; tells whether its names are two files now.
fn in_place(arena: &Arena, text: &str) -> bool {
    fs::write(arena.file(), text).unwrap();
    false
}

/// Puts another file with the owner and mode of FILE in its place; tells whether its names are two
/// files now.
fn by_rename(arena: &Arena, text: &str) -> bool {
    let replaced = fs::metadata(arena.file()).unwrap();
    let new = arena.path("home").join("new~");
    fs::write(&new, text).unwrap();
    set_mode(&new, replaced.mode() & 0o7777);
    chown(&new, Some(replaced.uid()), Some(replaced.gid())).unwrap();
    fs::rename(&new, arena.file()).unwrap();
    true
}

/// A login that keeps nothing of the one before but the owner's members.
fn log_in(arena: &Arena, put: fn(&Arena, &str) -> bool) -> Deed {
    let given_up = newest_in_file(arena);
    let text = document(arena.sessions.newest(1));
    Deed {
        splits_names: put(arena, &text),
        logs_in: true,
        given_up,
        ..Deed::default()
    }
}

/// FILE is as new as can be.
fn touch(arena: &Arena) -> Deed {
    let file = fs::File::options().append(true).open(arena.file());
    file.and_then(|it| it.set_modified(SystemTime::now()))
        .unwrap();
    Deed::default()
}

/// FILE goes away.
fn delete(arena: &Arena) -> Deed {
    let given_up = newest_in_file(arena);
    fs::remove_file(arena.file()).unwrap();
    Deed {
        deletes: true,
        codes: &NO_INPUT,
        splits_names: true,
        given_up,
        ..Deed::default()
    }
}

/// Pending files go away.
fn delete_pending(arena: &Arena) -> Deed {
    for path in arena.pending() {
        fs::remove_file(path).unwrap();
    }
    Deed::default()
}

/// The owner decides who may read.
fn change_mode(arena: &Arena, mode: u32) -> Deed {
    set_mode(&arena.file(), mode);
    Deed {
        mode: Some(mode),
        ..Deed::default()
    }
}

/// What a script of `curl`, `jq` and `mv` does; if it is refused, it leaves FILE alone.
fn refresh_without_lock(arena: &Arena) -> Result<Deed, String> {
    let mut document = read_document(arena)?;
    let sent = token_of(&document).ok_or("FILE has no refresh token")?;
    let mut deed = Deed::default();
    if let Some(token) = arena.sessions.redeem(sent) {
        document["refresh_token"] = json!(token.to_string());
        document["access_token"] = json!(access_token(token));
        deed.splits_names = by_rename(arena, &format!("{document:#}\n"));
    }
    Ok(deed)
}

/// Whoever puts back a file with a token that was used since has given up the newer one.
fn put_back(arena: &Arena) -> Deed {
    let given_up = newest_in_file(arena);
    let first = Token {
        session: 0,
        number: 0,
    };
    Deed {
        splits_names: by_rename(arena, &document(first)),
        given_up,
        ..Deed::default()
    }
}
