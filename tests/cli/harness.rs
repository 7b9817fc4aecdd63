//! Runs the real binary as its users do and compares all that it leaves behind.
//!
//! Each run has an empty environment and starts in a directory of its own, so that tests can run
//! side by side and none depends on the machine. A test is one expression: what is there before, the
//! command line, and then exactly what is there afterwards. What is not as it should be is shown
//! together with everything that explains it. A run that takes too long is killed and fails.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, Permissions};
use std::io::{self, PipeReader, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::endpoint::TempDir;

/// How long one run may take: far more than any needs on a loaded machine.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The signal that [`Running::kill`] and the time limit send.
pub(crate) const SIGKILL: i32 = 9;

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
        let deadline = Instant::now() + TIME_LIMIT;
        let (stdin, mut feed) = io::pipe().unwrap();
        let (stderr, stderr_end) = io::pipe().unwrap();
        let (stdout, stdout_end) = io::pipe().unwrap();
        // The command is a temporary: it must not keep the writing ends of the pipes open.
        let child = self
            .command()
            .stdin(stdin)
            .stdout(self.stdout(stdout_end))
            .stderr(stderr_end)
            .spawn()
            .unwrap();
        let input = self.stdin.clone();
        // A program that does not read all of its input is none of the harness's business.
        thread::spawn(move || drop(feed.write_all(&input)));
        Running {
            case: self.clone(),
            child,
            deadline,
            stdout: Capture::start(stdout),
            stderr: Capture::start(stderr),
        }
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

/// A run that has not ended, or not been waited for; it is killed when dropped.
pub(crate) struct Running {
    /// What was started.
    case: Case,
    /// The process.
    child: Child,
    /// When it is killed.
    deadline: Instant,
    /// What it has written to standard output.
    stdout: Capture,
    /// What it has written to standard error.
    stderr: Capture,
}

impl Running {
    /// Waits until standard error contains `text`; fails if the run ends or takes too long before.
    #[track_caller]
    pub(crate) fn wait_for_stderr(&self, text: &str) {
        let has_text = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
        let written = self.stderr.wait_until(self.deadline, has_text);
        assert!(
            has_text(&written),
            "no {text:?} from {}\nin {}\nstderr:\n{}",
            self.case,
            self.case.dir.path().display(),
            String::from_utf8_lossy(&written)
        );
    }

    /// Kills the process, as the kernel does when memory runs out.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Sends TERM to the process, as a cancelled job does.
    #[track_caller]
    pub(crate) fn terminate(&self) {
        let kill = format!("kill -s TERM {}", self.child.id());
        let status = Command::new("/bin/sh").args(["-c", &kill]).status();
        assert!(status.unwrap().success(), "{kill}");
    }

    /// Waits for the end of the run; fails if it takes too long.
    #[track_caller]
    pub(crate) fn wait(mut self) -> Outcome {
        let stdout = self.stdout.wait_until(self.deadline, |_| false);
        let stderr = self.stderr.wait_until(self.deadline, |_| false);
        let is_late = Instant::now() >= self.deadline;
        if is_late {
            self.kill();
        }
        let outcome = Outcome {
            status: self.child.wait().unwrap(),
            case: self.case.clone(),
            stdout,
            stderr,
        };
        assert!(!is_late, "still running after {TIME_LIMIT:?}\n{outcome}");
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `wait` there is no process any more, and that is all there is to say.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a stream has brought so far, filled by a thread of its own.
struct Capture(Arc<(Mutex<Captured>, Condvar)>);

/// The state of a captured stream.
#[derive(Default)]
struct Captured {
    /// All bytes so far.
    bytes: Vec<u8>,
    /// Set when no more can come.
    has_ended: bool,
}

impl Capture {
    /// Reads the stream to its end in the background.
    fn start(mut stream: PipeReader) -> Self {
        let shared = Arc::new((Mutex::default(), Condvar::new()));
        let capture = Self(Arc::clone(&shared));
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                // A stream that cannot be read has ended.
                let length = stream.read(&mut buffer).unwrap_or(0);
                Self(Arc::clone(&shared)).add(&buffer[..length]);
                if length == 0 {
                    break;
                }
            }
        });
        capture
    }

    /// Adds bytes; none mean that the stream has ended.
    fn add(&self, bytes: &[u8]) {
        let (captured, changed) = &*self.0;
        let mut captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        captured.bytes.extend_from_slice(bytes);
        captured.has_ended = bytes.is_empty();
        changed.notify_all();
    }

    /// Waits for the condition, the end of the stream or the deadline; returns all bytes so far.
    fn wait_until(&self, deadline: Instant, condition: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let (captured, changed) = &*self.0;
        let captured = captured.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = changed.wait_timeout_while(captured, left, |captured| {
            !captured.has_ended && !condition(&captured.bytes)
        });
        let (captured, _) = waited.unwrap_or_else(PoisonError::into_inner);
        captured.bytes.clone()
    }
}

/// What a run left behind; each comparison shows all of it if it fails.
pub(crate) struct Outcome {
    /// What was run.
    case: Case,
    /// How it ended.
    status: ExitStatus,
    /// All of its standard output.
    stdout: Vec<u8>,
    /// All of its standard error.
    stderr: Vec<u8>,
}

impl Outcome {
    /// The program exited with this code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        self.compare("exit code", &self.status.code(), &Some(code));
        self
    }

    /// The program was ended by this signal.
    #[track_caller]
    pub(crate) fn ended_by(self, signal: i32) -> Self {
        self.compare("signal", &self.status.signal(), &Some(signal));
        self
    }

    /// Standard output is exactly this.
    #[track_caller]
    pub(crate) fn stdout(self, expected: impl AsRef<[u8]>) -> Self {
        self.compare_bytes("stdout", &self.stdout, expected.as_ref());
        self
    }

    /// Standard error is exactly this.
    #[track_caller]
    pub(crate) fn stderr(self, expected: impl AsRef<[u8]>) -> Self {
        self.compare_bytes("stderr", &self.stderr, expected.as_ref());
        self
    }

    /// The file holds exactly this.
    #[track_caller]
    pub(crate) fn file_is(self, name: impl AsRef<Path>, expected: impl AsRef<[u8]>) -> Self {
        let what = format!("content of {}", name.as_ref().display());
        self.compare_bytes(&what, &self.read(name), expected.as_ref());
        self
    }

    /// The file has this mode.
    #[track_caller]
    pub(crate) fn mode_is(self, name: impl AsRef<Path>, expected: u32) -> Self {
        let what = format!("mode of {}", name.as_ref().display());
        let mode = fs::metadata(self.path(name)).unwrap().permissions().mode();
        self.compare(
            &what,
            &format!("{:o}", mode & 0o7777),
            &format!("{expected:o}"),
        );
        self
    }

    /// The name is a symbolic link to this target.
    #[track_caller]
    pub(crate) fn link_is(self, name: impl AsRef<Path>, target: impl AsRef<Path>) -> Self {
        let what = format!("target of {}", name.as_ref().display());
        let actual = fs::read_link(self.path(name)).unwrap();
        self.compare(&what, &actual.as_path(), &target.as_ref());
        self
    }

    /// The directory holds exactly these names; their order does not matter.
    #[track_caller]
    pub(crate) fn files_are<N: AsRef<Path>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let mut expected: Vec<_> = names.into_iter().map(|it| it.as_ref().into()).collect();
        expected.sort();
        self.compare("files", &self.files(), &expected);
        self
    }

    /// The names in the directory, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.case.dir.path()).unwrap();
        let mut names: Vec<PathBuf> = entries
            .map(|entry| entry.unwrap().file_name().into())
            .collect();
        names.sort();
        names
    }

    /// The bytes of a file, for what cannot be compared as a whole.
    #[track_caller]
    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}\n{self}", path.display()))
    }

    /// Where a file of that name is.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.case.path(name)
    }

    /// Standard output as text, for what cannot be compared as a whole.
    pub(crate) fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text, for what cannot be compared as a whole.
    pub(crate) fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Another run in the same directory, with nothing else carried over.
    pub(crate) fn again(&self) -> Case {
        Case::within(Arc::clone(&self.case.dir))
    }

    /// Fails with everything there is to know unless both are the same.
    #[track_caller]
    fn compare<T: fmt::Debug + PartialEq>(&self, what: &str, actual: &T, expected: &T) {
        assert!(
            actual == expected,
            "wrong {what}\nexpected: {expected:?}\n  actual: {actual:?}\n{self}"
        );
    }

    /// Fails with everything there is to know unless both hold the same bytes.
    #[track_caller]
    fn compare_bytes(&self, what: &str, actual: &[u8], expected: &[u8]) {
        assert!(
            actual == expected,
            "wrong {what}\nexpected: \"{}\"\n  actual: \"{}\"\n{self}",
            expected.escape_ascii(),
            actual.escape_ascii(),
        );
    }
}

/// Everything that explains a failure.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "command: {}", self.case)?;
        writeln!(f, "directory: {}", self.case.dir.path().display())?;
        writeln!(f, "files: {:?}", self.files())?;
        writeln!(f, "status: {}", self.status)?;
        writeln!(f, "stdout:\n{}", self.stdout_text())?;
        write!(f, "stderr:\n{}", self.stderr_text())
    }
}
