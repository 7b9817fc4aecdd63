//! A run while it goes on: what it says, how to end it, and the time after which it is ended.

use std::io::{self, Write};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use super::capture::Capture;
use super::{Case, Outcome};

/// How long one run may take: far more than any needs on a loaded machine.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// The signal that [`Running::kill`] and the time limit send.
pub(crate) const SIGKILL: i32 = 9;

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
    /// Starts the program.
    pub(super) fn start(case: &Case) -> Self {
        let deadline = Instant::now() + TIME_LIMIT;
        let (stdin, mut feed) = io::pipe().unwrap();
        let (stderr, stderr_end) = io::pipe().unwrap();
        let (stdout, stdout_end) = io::pipe().unwrap();
        // The command is a temporary: it must not keep the writing ends of the pipes open.
        let child = case
            .command()
            .stdin(stdin)
            .stdout(case.stdout(stdout_end))
            .stderr(stderr_end)
            .spawn()
            .unwrap();
        let input = case.stdin.clone();
        // A program that does not read all of its input is none of the harness's business.
        thread::spawn(move || drop(feed.write_all(&input)));
        Self {
            case: case.clone(),
            child,
            deadline,
            stdout: Capture::start(stdout),
            stderr: Capture::start(stderr),
        }
    }

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
