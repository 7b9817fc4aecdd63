//! Runs the real binary as its users do and compares all that it leaves behind.
//!
//! Each run has an empty environment and starts in a directory of its own, so that tests can run
//! side by side and none depends on the machine. A test is one expression: what is there before, the
//! command line, and then exactly what is there afterwards. What is not as it should be is shown
//! together with everything that explains it. A run that takes too long is killed and fails.

mod capture;
mod outcome;
mod running;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crate::endpoint::TempDir;

pub(crate) use outcome::Outcome;
pub(crate) use running::{Running, SIGKILL};

/// A file name of any bytes, also such as are not UTF-8.
pub(crate) fn name(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// Where the standard output of a run goes.
#[derive(Clone, Copy, Debug)]
enum Stdout {
    /// To the test.
    Captured,
    /// To a device that is always full.
    Full,
    /// To a pipe that nobody reads.
    Closed,
}

/// A run to be started, once or many times at once in the same directory.
#[derive(Clone)]
pub(crate) struct Case {
    /// Where it runs; shared with all runs that go on there.
    dir: Arc<TempDir>,
    /// The command that starts the program, if it is not to be started directly.
    launcher: Vec<OsString>,
    /// The arguments.
    args: Vec<OsString>,
    /// The whole environment.
    env: Vec<(OsString, OsString)>,
    /// What it reads.
    stdin: Vec<u8>,
    /// Where its output goes.
    stdout: Stdout,
}

impl Case {
    /// A run without arguments in a new, empty directory.
    pub(crate) fn new() -> Self {
        Self::within(Arc::new(TempDir::new()))
    }

    /// A run without arguments in this directory.
    fn within(dir: Arc<TempDir>) -> Self {
        Self {
            dir,
            launcher: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: Vec::new(),
            stdout: Stdout::Captured,
        }
    }

    /// Puts a file into the directory.
    pub(crate) fn file(self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// Puts an empty directory into the directory.
    pub(crate) fn subdirectory(self, name: impl AsRef<Path>) -> Self {
        fs::create_dir(self.path(name)).unwrap();
        self
    }

    /// Puts a symbolic link into the directory.
    pub(crate) fn link(self, name: impl AsRef<Path>, target: impl AsRef<Path>) -> Self {
        symlink(target, self.path(name)).unwrap();
        self
    }

    /// Sets the mode of a file, or of the directory itself by the name `.`.
    pub(crate) fn mode(self, name: impl AsRef<Path>, mode: u32) -> Self {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
        self
    }

    /// Where a file of that name is, for the rare argument that must be absolute.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts the program through a command such as `setpriv`, which ends with what it is to run.
    pub(crate) fn through<A: AsRef<OsStr>>(
        mut self,
        launcher: impl IntoIterator<Item = A>,
    ) -> Self {
        let launcher = launcher.into_iter();
        self.launcher = launcher.map(|it| it.as_ref().to_owned()).collect();
        self
    }

    /// Adds one argument.
    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        let args = args.into_iter();
        self.args.extend(args.map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds one variable to the environment, which is empty otherwise.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let pair = (name.as_ref().to_owned(), value.as_ref().to_owned());
        self.env.push(pair);
        self
    }

    /// Sets what the program reads; without it standard input is at its end.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Sends the output to a device that is always full.
    pub(crate) fn stdout_full(mut self) -> Self {
        self.stdout = Stdout::Full;
        self
    }

    /// Sends the output to a pipe that nobody reads.
    pub(crate) fn stdout_closed(mut self) -> Self {
        self.stdout = Stdout::Closed;
        self
    }

    /// Runs the program to its end.
    #[track_caller]
    pub(crate) fn run(&self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts the program and returns while it runs.
    pub(crate) fn spawn(&self) -> Running {
        Running::start(self)
    }

    /// The program with its arguments, in its directory and its environment.
    fn command(&self) -> Command {
        let program = OsStr::new(env!("CARGO_BIN_EXE_sftoken"));
        let launcher = self.launcher.iter().map(OsString::as_os_str);
        let mut line = launcher.chain([program]);
        let mut command = Command::new(line.next().unwrap_or(program));
        command
            .args(line)
            .args(&self.args)
            .env_clear()
            .envs(self.env.iter().cloned())
            .current_dir(self.dir.path());
        command
    }

    /// Where the output goes: `captured`, or what takes its place.
    fn stdout(&self, captured: io::PipeWriter) -> Stdio {
        match self.stdout {
            Stdout::Captured => captured.into(),
            Stdout::Full => fs::File::create("/dev/full").unwrap().into(),
            Stdout::Closed => io::pipe().unwrap().1.into(),
        }
    }
}

/// The command line as one would type it in the case's directory.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.env {
            write!(f, "{}={} ", name.display(), quoted(value))?;
        }
        for word in &self.launcher {
            write!(f, "{} ", quoted(word))?;
        }
        f.write_str("sftoken")?;
        let mut args = self.args.iter();
        args.try_for_each(|arg| write!(f, " {}", quoted(arg)))
    }
}

/// An argument in quotes, with every byte visible.
fn quoted(arg: &OsStr) -> String {
    format!("\"{}\"", arg.as_bytes().escape_ascii())
}
