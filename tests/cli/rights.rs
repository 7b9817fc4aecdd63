//! Users, mounts and files as the tests of locking, saving and recovering meet them.
//!
//! Some promises can only be seen by a user whom modes stop, others only by one who may mount.
//! Where the machine does not allow that, a test says so and skips what it cannot try.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::SystemTime;

use crate::harness::Case;

/// The user and group that own nothing on any system.
pub(crate) const NOBODY: u32 = 65534;

/// Runs the rest of the line as [`NOBODY`].
const SETPRIV: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

/// Gives a run a temporary directory of its own: `tmp` beside FILE.
pub(crate) fn with_tmp(case: Case) -> Case {
    let case = case.subdirectory("tmp");
    let tmp = case.path("tmp");
    case.env("TMPDIR", tmp)
}

/// Which inode a name leads to: a file that was replaced has another one.
pub(crate) fn inode(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).unwrap().ino()
}

/// All files in a directory.
pub(crate) fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// The only file in a directory.
pub(crate) fn only_file_in(directory: &Path) -> PathBuf {
    let paths = files_in(directory);
    let [path] = <[PathBuf; 1]>::try_from(paths).expect("exactly one file");
    path
}

/// Dates a directory back, so that one can see whether something is made in it from now on.
pub(crate) fn forget_use(directory: &Path) {
    let open = File::open(directory).unwrap();
    open.set_modified(SystemTime::UNIX_EPOCH).unwrap();
}

/// Whether something was made in a directory since then, and perhaps taken away again.
pub(crate) fn is_used(directory: &Path) -> bool {
    fs::metadata(directory).unwrap().modified().unwrap() != SystemTime::UNIX_EPOCH
}

/// Replaces a file as a program does that knows nothing of the lock.
pub(crate) fn replace_file(path: &Path, content: &str) {
    let aside = path.with_extension("aside");
    fs::write(&aside, content).unwrap();
    fs::rename(aside, path).unwrap();
}

/// The mode of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Whether the tests run as root, whom no mode stops.
pub(crate) fn is_root(case: &Case) -> bool {
    fs::metadata(case.path(".")).unwrap().uid() == 0
}

/// Lets a case run as a user whom modes stop, and gives that user everything in its directory.
/// None, with a message, where that is impossible.
pub(crate) fn unprivileged(case: Case) -> Option<Case> {
    if !is_root(&case) {
        return Some(case);
    }
    let mut probe = Command::new(SETPRIV[0]);
    probe.args(&SETPRIV[1..]);
    probe.args(["test", "-x", env!("CARGO_BIN_EXE_sftoken")]);
    if !succeeds(&mut probe) {
        skip("root needs setpriv to give up its rights, and a build directory open to all");
        return None;
    }
    give_to_nobody(&case.path("."));
    Some(case.through(SETPRIV))
}

/// Gives a directory and all that is in it to [`NOBODY`].
fn give_to_nobody(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            give_to_nobody(&entry.path());
        } else {
            chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
}

/// Lets a case run in a mount namespace of its own, after a shell script that ends with `"$@"`.
/// None, with a message, where mounting is not allowed.
pub(crate) fn with_mounts(case: Case, script: &str) -> Option<Case> {
    let mut probe = Command::new("unshare");
    probe.args(["-m", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]);
    if !succeeds(&mut probe) {
        skip("this machine does not allow mounts (unshare -m)");
        return None;
    }
    Some(case.through(["unshare", "-m", "sh", "-euc", script, "sh"]))
}

/// Whether a command can be run and succeeds.
fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Says that the running test cannot test anything here, past the test runner's capture.
pub(crate) fn skip(why: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or_default();
    // A runner without standard error has nobody to tell.
    let _ = writeln!(io::stderr(), "{test}: skipped: {why}");
}
