//! One directory with one token file, one session at a server, and runs of the program there.

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::endpoint::{Endpoint, Request, Rotating, TempDir};
use crate::trace::Trace;

/// The token file.
const FILE: &str = "token.json";

/// Several pages.
const LARGE: usize = 20_000;

/// The user and group that own nothing on any system.
const NOBODY: u32 = 65534;

/// Calls on files and on the network; what else a program does leaves no trace behind it.
const OBSERVED: &str = "--trace=%file,%desc,%network";

/// A rename as it fails where FILE is mounted alone, under all its names.
const RENAME_IS_BUSY: &str = "?rename,?renameat,?renameat2:error=EBUSY";

/// Leaves a complete pending file with blanks behind it, which the program cuts off next; the first
/// of these calls ends the blanks that make room before the request.
pub(crate) const KILL_BEFORE_CUTTING: &str = "ftruncate:signal=KILL:when=2";

/// What the directory of FILE allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Directory {
    /// Everything.
    #[default]
    Open,
    /// A pending file, but no rename: FILE is mounted alone.
    Mounted,
    /// Nothing: it cannot be written.
    Closed,
    /// Nothing, and in the temporary directory others could change a pending file.
    Sealed,
}

/// How much FILE holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Size {
    /// Less than the new document.
    #[default]
    Small,
    /// More than the new document.
    Shrinking,
    /// Several pages, as the new document, so that a write in place takes more than one step.
    Large,
}

/// What is special about the place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Setup {
    /// What the directory of FILE allows.
    pub(crate) directory: Directory,
    /// The server speaks TLS.
    pub(crate) tls: bool,
    /// How much FILE holds.
    pub(crate) size: Size,
    /// An earlier run was killed when it had written the new tokens, but not yet to FILE.
    pub(crate) interrupted: bool,
}

impl Setup {
    /// Whether the calls on files are others than in another set-up: over TLS only the network is,
    /// with several pages only what is written.
    pub(crate) fn has_own_failures(self) -> bool {
        !self.tls && self.size != Size::Large
    }

    /// Whether the killed run left its room in FILE, where it stays until a run comes that far.
    pub(crate) fn leaves_room(self) -> bool {
        self.interrupted && self.directory == Directory::Closed
    }
}

/// The place.
pub(crate) struct Place {
    /// What is special about it.
    setup: Setup,
    /// Holds `home` with FILE, `tmp`, and `log` for strace.
    dir: TempDir,
    /// The session.
    rotating: Rotating,
    /// How many refresh tokens the server has issued.
    issued: Arc<AtomicUsize>,
}

/// What came of one run.
pub(crate) struct Run {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it said.
    pub(crate) stderr: String,
    /// What it did.
    pub(crate) trace: Trace,
}

impl Place {
    /// A place at which nothing has happened, except what the set-up says.
    pub(crate) fn new(setup: Setup) -> Self {
        let place = Self {
            setup,
            dir: TempDir::new(),
            rotating: Rotating::new("5Aep-0"),
            issued: Arc::default(),
        };
        for name in ["home", "tmp", "log"] {
            fs::create_dir(place.path(name)).unwrap();
        }
        fs::write(place.file(), old_document(setup)).unwrap();
        set_mode(&place.file(), 0o600);
        if place.is_closed() {
            place.close();
        }
        if setup.interrupted {
            let killed = place.run(OBSERVED, Some(KILL_BEFORE_CUTTING), None);
            assert!(killed.trace.has_written(), "killed too early");
            assert_eq!(place.number(true), Ok(0), "killed too late");
        }
        place
    }

    /// Takes the right to write to the directory of FILE away from whoever runs the program.
    fn close(&self) {
        if self.is_root() {
            for path in [self.file(), self.path("tmp"), self.path("log")] {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        set_mode(&self.path("home"), 0o555);
        if self.setup.directory == Directory::Sealed {
            set_mode(&self.path("tmp"), 0o777);
        }
    }

    /// Whether the directory of FILE cannot be written.
    fn is_closed(&self) -> bool {
        matches!(self.setup.directory, Directory::Closed | Directory::Sealed)
    }

    /// Whether the suite runs as root, whom no mode stops.
    fn is_root(&self) -> bool {
        fs::metadata(self.dir.path()).unwrap().uid() == 0
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// FILE.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("home").join(FILE)
    }

    /// How many refresh tokens the server has issued.
    pub(crate) fn issued(&self) -> usize {
        self.issued.load(Ordering::SeqCst)
    }

    /// A run in which nothing fails; all its calls are traced.
    pub(crate) fn clean_run(&self) -> Run {
        self.run("--trace=all", None, None)
    }

    /// A run in which something fails. `sends` is how many messages a whole request takes.
    pub(crate) fn faulty_run(&self, fault: &str, sends: usize) -> Run {
        self.run(OBSERVED, Some(fault), Some(sends))
    }

    /// A run that gets no random numbers, at which the standard library panics.
    pub(crate) fn panicking_run(&self) -> Run {
        self.run("--trace=all", Some("getrandom:error=EIO"), None)
    }

    /// A run that gets no thread.
    pub(crate) fn threadless_run(&self) -> Run {
        self.run("--trace=all", Some("clone,clone3:error=EAGAIN"), None)
    }

    /// The calls of a run at such a place that are to fail.
    pub(crate) fn observed_run(&self) -> Run {
        self.run(OBSERVED, None, None)
    }

    /// Runs the program beside an endpoint of the session, and returns when both are at rest.
    fn run(&self, trace: &str, fault: Option<&str>, sends: Option<usize>) -> Run {
        let endpoint = self.endpoint();
        let output = self
            .command(&endpoint, trace, fault)
            .stdout(Stdio::null())
            .output()
            .expect("strace, and for root setpriv, in /usr/bin");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let trace = Trace::take(&self.path("log"));
        let run = Run {
            status: output.status,
            trace: trace.unwrap_or_else(|| panic!("strace could not run sftoken: {stderr}")),
            stderr,
        };
        // The program may be gone before the server has read its request.
        if sends == Some(run.trace.sends()) {
            endpoint.wait_for_requests(1);
        }
        run
    }

    /// A server that goes on with the session.
    fn endpoint(&self) -> Endpoint {
        let (rotating, issued) = (self.rotating.clone(), Arc::clone(&self.issued));
        let script = move |request: &Request| {
            let reply = rotating.answer(request);
            issued.fetch_add(usize::from(reply.status == 200), Ordering::SeqCst);
            reply
        };
        if self.setup.tls {
            Endpoint::https(script)
        } else {
            Endpoint::http(script)
        }
    }

    /// The command line of a run.
    fn command(&self, endpoint: &Endpoint, trace: &str, fault: Option<&str>) -> Command {
        let always = (self.setup.directory == Directory::Mounted).then_some(RENAME_IS_BUSY);
        let mut line = self.launcher();
        line.extend(["strace", "-ff", "-qq", "-o"].map(OsString::from));
        line.push(self.path("log/trace").into());
        line.push(trace.into());
        let faults = always.into_iter().chain(fault);
        line.extend(faults.map(|it| format!("--inject={it}").into()));
        line.extend([env!("CARGO_BIN_EXE_sftoken"), "refresh", FILE].map(OsString::from));
        line.extend(["--token-endpoint".into(), endpoint.url().into()]);
        line.extend(["--cacert".into(), endpoint.ca_path().into()]);
        let mut command = Command::new(&line[0]);
        command
            .args(&line[1..])
            .env_clear()
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.path("home"));
        command
    }

    /// What gives up the rights that would make a closed directory writable.
    fn launcher(&self) -> Vec<OsString> {
        let words = "setpriv --reuid=65534 --regid=65534 --clear-groups";
        let is_needed = self.is_closed() && self.is_root();
        let words = words.split(' ').filter(|_| is_needed);
        words.map(OsString::from).collect()
    }

    /// The number of the document in FILE, if it is one document as a whole. `may_be_uncut` allows
    /// blanks behind it.
    pub(crate) fn number(&self, may_be_uncut: bool) -> Result<usize, String> {
        let bytes = fs::read(self.file()).map_err(|error| format!("FILE: {error}"))?;
        let torn = |why: &str| format!("FILE is torn, {why}: \"{}\"", bytes.escape_ascii());
        let trimmed = bytes.trim_ascii_end();
        if !may_be_uncut && bytes.len() != trimmed.len() + 1 {
            return Err(torn("it does not end with one newline"));
        }
        if trimmed == old_document(self.setup).trim_ascii_end() {
            return Ok(0);
        }
        let document: Value =
            serde_json::from_slice(&bytes).map_err(|error| torn(&error.to_string()))?;
        let number = (1..=self.issued()).find(|number| is_document(&document, *number));
        number.ok_or_else(|| torn("it is neither old nor new"))
    }

    /// Does what the hint says: moves the file with the new tokens to FILE.
    pub(crate) fn follow_hint(&self, run: &Run) -> Result<(), String> {
        let message = run.stderr.split_once("the new tokens are in ");
        let (_, rest) =
            message.ok_or("the new tokens are not in FILE, and no message says where")?;
        let path = rest.lines().next().unwrap_or_default();
        fs::copy(path, self.file()).map_err(|error| format!("cannot copy {path}: {error}"))?;
        // In a closed directory a pending file may not be removable.
        fs::remove_file(path).map_err(|error| format!("cannot remove {path}: {error}"))
    }

    /// The names of everything that is there beside FILE.
    pub(crate) fn litter(&self) -> Vec<OsString> {
        let directories = ["home", "tmp"].map(|name| fs::read_dir(self.path(name)).unwrap());
        let entries = directories.into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name());
        let names = names.filter(|name| name != FILE);
        // The directory of a user's pending files stays.
        names
            .filter(|name| fs::remove_dir(self.path("tmp").join(name)).is_err())
            .collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        set_mode(&self.path("home"), 0o700);
    }
}

/// What FILE holds at first. The signature is a member of every reply, so that a long one makes
/// the new document the shorter of the two.
fn old_document(setup: Setup) -> Vec<u8> {
    let (signature, notes) = match setup.size {
        Size::Small => (0, 0),
        Size::Shrinking => (2000, 0),
        Size::Large => (0, LARGE),
    };
    let (signature, notes) = ("x".repeat(signature), "y".repeat(notes));
    let document = format!(
        concat!(
            "{{\n",
            "  \"access_token\": \"00D!access-0\",\n",
            "  \"refresh_token\": \"5Aep-0\",\n",
            "  \"signature\": \"{}\",\n",
            "  \"client_id\": \"id\",\n",
            "  \"notes\": \"{}\"\n",
            "}}\n",
        ),
        signature, notes
    );
    document.into_bytes()
}

/// Whether a document is what the reply of that number makes of the old one.
fn is_document(document: &Value, number: usize) -> bool {
    document["access_token"] == format!("00D!access-{number}")
        && document["refresh_token"] == format!("5Aep-{number}")
        && document["client_id"] == "id"
        && document["token_type"] == "Bearer"
}

/// Sets the mode of a file or directory.
fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
