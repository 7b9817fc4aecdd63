//! Names the commit that the program is built from, for `sftoken --version`.
//!
//! One commit always gives the same words: the hash is cut by length, since git's own abbreviation
//! depends on the clone, and the day is that of the commit, not of the build. Changes that are not
//! committed are not looked for, which would cost a build with every look; `make dist` warns of them.

use std::env;
use std::path::Path;
use std::process::Command;

/// The digits of the hash: as many as git shows in a small repository.
const HASH_DIGITS: usize = 7;

/// The commit to name where there is no `.git`, as in the build of an image; empty, it names none.
const VARIABLE: &str = "SFTOKEN_COMMIT";

fn main() {
    let root = Path::new(".");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    for file in moved_with_head(root) {
        println!("cargo::rerun-if-changed={file}");
    }
    let given = env::var(VARIABLE).ok();
    let commit = given.or_else(|| commit(root)).unwrap_or_default();
    println!("cargo::rustc-env=SFTOKEN_VERSION={}", version(&commit));
}

/// The version as `--version` shows it.
pub(crate) fn version(commit: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match commit {
        "" => version.to_owned(),
        commit => format!("{version} ({commit})"),
    }
}

/// The hash and the day of the commit that is checked out; `None` outside a checkout.
pub(crate) fn commit(root: &Path) -> Option<String> {
    let line = git(
        root,
        &["log", "-1", "--no-show-signature", "--format=%H %cs"],
    )?;
    let (hash, day) = line.trim_end().split_once(' ')?;
    Some(format!("{} {day}", hash.get(..HASH_DIGITS)?))
}

/// The files that change when another commit is checked out; the log is not kept everywhere.
pub(crate) fn moved_with_head(root: &Path) -> Vec<String> {
    let paths = ["rev-parse", "--git-path", "HEAD", "--git-path", "logs/HEAD"];
    let paths = git(root, &paths).unwrap_or_default();
    let exists = |path: &&str| root.join(path).exists();
    paths.lines().filter(exists).map(str::to_owned).collect()
}

/// What git says of the checkout in this very directory, not of one around it; `None` if it fails.
fn git(root: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("--git-dir=.git")
        .args(args)
        .current_dir(root)
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}
