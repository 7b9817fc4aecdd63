//! `--version` names the commit that the program was built from, and no other.
//!
//! The build script is taken in as a module and asked about checkouts made here: an ordinary one, a
//! second worktree, a directory inside a foreign one and no checkout at all.

#![allow(
    clippy::print_stdout,
    reason = "the build script tells cargo what it has found"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::endpoint::TempDir;
use crate::rights::skip;

#[allow(dead_code, reason = "cargo alone runs its `main`")]
#[path = "../../build.rs"]
mod build;

/// When the commits here are made: late on the 24th of November where they are made, the 25th in UTC.
const DATE: &str = "2026-11-24T23:30:00-0800";

/// Runs git without the settings of this machine; `false`, said aloud, if there is none.
fn git(directory: &Path, args: &[&str]) -> bool {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.com"])
        .args(args)
        .env_clear()
        .envs([("PATH", env!("PATH")), ("GIT_CONFIG_NOSYSTEM", "1")])
        .envs([("GIT_AUTHOR_DATE", DATE), ("GIT_COMMITTER_DATE", DATE)])
        .current_dir(directory)
        .status();
    match status {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            skip("there is no git");
            false
        }
        status => {
            assert!(status.unwrap().success(), "git {args:?}");
            true
        }
    }
}

/// A checkout with one commit, whose hash depends on nothing but what is written here; `None`
/// without git.
fn checkout() -> Option<TempDir> {
    let dir = TempDir::new();
    let commit = ["commit", "--quiet", "--allow-empty", "--message=first"];
    (git(dir.path(), &["init", "--quiet"]) && git(dir.path(), &commit)).then_some(dir)
}

/// How [`checkout`]'s commit is named.
const COMMIT: &str = "4d138e5 2026-11-24";

#[test]
fn a_commit_is_named_by_its_hash_and_its_own_day() {
    if let Some(dir) = checkout() {
        assert_eq!(build::commit(dir.path()).as_deref(), Some(COMMIT));
    }
}

#[test]
fn a_second_worktree_is_a_checkout_too() {
    if let Some(dir) = checkout() {
        git(dir.path(), &["worktree", "add", "--quiet", "second"]);
        let second = dir.path().join("second");
        assert_eq!(build::commit(&second).as_deref(), Some(COMMIT));
        assert_eq!(build::moved_with_head(&second).len(), 2);
    }
}

#[test]
fn the_commit_of_a_checkout_around_it_is_not_named() {
    if let Some(dir) = checkout() {
        let inner = dir.path().join("vendored");
        fs::create_dir(&inner).unwrap();
        assert_eq!(build::commit(&inner), None);
        assert!(build::moved_with_head(&inner).is_empty());
    }
}

#[test]
fn another_commit_is_another_name_and_moves_a_watched_file() {
    if let Some(dir) = checkout() {
        let watched = || {
            let files = build::moved_with_head(dir.path());
            let files = files
                .iter()
                .map(|it| fs::read(dir.path().join(it)).unwrap());
            files.collect::<Vec<_>>()
        };
        let before = watched();
        let commit = ["commit", "--quiet", "--allow-empty", "--message=second"];
        git(dir.path(), &commit);
        assert_ne!(build::commit(dir.path()).as_deref(), Some(COMMIT));
        assert_ne!(watched(), before);
    }
}

#[test]
fn the_version_is_bare_without_a_commit() {
    assert_eq!(build::version(""), env!("CARGO_PKG_VERSION"));
    let expected = concat!(env!("CARGO_PKG_VERSION"), " (1a2b3c4 2026-11-25)");
    assert_eq!(build::version("1a2b3c4 2026-11-25"), expected);
}

#[test]
fn the_manual_describes_this_version() {
    let manual = include_str!("../../doc/sftoken.1");
    let version = concat!("\n.Nm\n", env!("CARGO_PKG_VERSION"), ".\n");
    assert!(manual.contains(version), "no {version:?} in doc/sftoken.1");
}
