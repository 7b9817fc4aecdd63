//! What the tests of locking, saving and recovering share.
//!
//! Their documents are those of one session in which everything rotates: document N has the access
//! token `00D!access-N` and the refresh token `5Aep-N`, and the server turns it into document N + 1
//! once. An old refresh token ends the session, so a test that sends one shows it at once.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::endpoint::{Endpoint, Reply, Request};
use crate::harness::{Case, Outcome};

/// The token file.
pub(crate) const FILE: &str = "token.json";

/// What an interrupted run leaves beside the first document: the name has the first 16 digits of
/// the SHA-256 of its refresh token, `5Aep-0`.
pub(crate) const PENDING: &str = ".token.json.sftoken-90b6aad50e206ce2";

/// The user and group that own nothing on any system.
pub(crate) const NOBODY: u32 = 65534;

/// The number of no document: a session that has ended.
const ENDED: usize = usize::MAX;

/// Runs the rest of the line as [`NOBODY`].
const SETPRIV: [&str; 4] = [
    "setpriv",
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
];

/// The document after `number` refreshes.
pub(crate) fn document(number: usize) -> String {
    format!(
        concat!(
            "{{\n",
            "  \"access_token\": \"00D!access-{0}\",\n",
            "  \"refresh_token\": \"5Aep-{0}\",\n",
            "  \"client_id\": \"id\"\n",
            "}}\n",
        ),
        number
    )
}

/// What the server answers to the refresh token of the document before.
pub(crate) fn reply(number: usize) -> Reply {
    let members =
        format!(r#""access_token":"00D!access-{number}","refresh_token":"5Aep-{number}""#);
    Reply::json(200, format!("{{{members}}}"))
}

/// A server that rotates, ends the session on reuse, and starts with document `number`.
pub(crate) fn rotating_from(number: usize) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let current = AtomicUsize::new(number);
    move |request| {
        let sent = number_of(request.param("refresh_token").unwrap());
        let next = current.compare_exchange(sent, sent + 1, Ordering::SeqCst, Ordering::SeqCst);
        if next.is_ok() {
            return reply(sent + 1);
        }
        current.store(ENDED, Ordering::SeqCst);
        Reply::error(400, "invalid_grant", "expired access/refresh token")
    }
}

/// The same for a session that begins.
pub(crate) fn rotating() -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    rotating_from(0)
}

/// Which document a refresh token is from.
fn number_of(refresh_token: &str) -> usize {
    let number = refresh_token.strip_prefix("5Aep-").unwrap();
    number.parse().unwrap()
}

/// A refresh of whatever file the next argument names; [`FILE`] is there.
pub(crate) fn refresh(endpoint: &Endpoint) -> Case {
    with_refresh(
        Case::new().file(FILE, document(0)).mode(FILE, 0o600),
        endpoint,
    )
}

/// Another refresh of [`FILE`] where one has been.
pub(crate) fn refresh_again(outcome: &Outcome, endpoint: &Endpoint) -> Case {
    with_refresh(outcome.again(), endpoint).arg(FILE)
}

/// Adds what every refresh has on its command line.
fn with_refresh(case: Case, endpoint: &Endpoint) -> Case {
    case.args(["refresh", "--token-endpoint", &endpoint.url()])
}

/// What a refresh of [`FILE`] says when it has succeeded.
pub(crate) fn refreshed(endpoint: &Endpoint) -> String {
    let host = endpoint.address();
    format!("sftoken: refreshed {FILE} at {host}, refresh token rotated\n")
}

/// Which inode a name leads to: a file that was replaced has another one.
pub(crate) fn inode(path: impl AsRef<Path>) -> u64 {
    fs::metadata(path).unwrap().ino()
}

/// The only file in a directory.
pub(crate) fn only_file_in(directory: &Path) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap();
    let paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    let [path] = <[PathBuf; 1]>::try_from(paths).expect("exactly one file");
    path
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
