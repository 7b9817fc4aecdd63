//! The program under strace, which stops it behind one of its calls, and tells when it waits for
//! another run's lock.
//!
//! strace writes its log to the standard output, which is a pipe: reading it is how a test waits,
//! so nothing here sleeps or polls. A stop is a real SIGSTOP, and SIGCONT lets the program go on.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use crate::trace::Trace;

/// What happens next to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It was stopped.
    Stopped,
    /// Another process has the lock that it wants; it goes on trying.
    Waits,
    /// It is over.
    Ended,
}

/// A program that runs, or is stopped.
pub(crate) struct Tracee {
    /// strace.
    child: Child,
    /// What strace tells.
    log: BufReader<ChildStdout>,
    /// What strace has told.
    told: String,
}

/// What came of a program.
#[derive(Debug)]
pub(crate) struct End {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it said.
    pub(crate) stderr: String,
    /// What it did, as far as that was traced.
    pub(crate) trace: Trace,
}

impl Tracee {
    /// Starts strace, whose log has to go to standard output.
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("strace in /usr/bin");
        let log = BufReader::new(child.stdout.take().expect("a pipe"));
        Self {
            child,
            log,
            told: String::new(),
        }
    }

    /// Reads on until something happens.
    pub(crate) fn wait(&mut self) -> Event {
        loop {
            let start = self.told.len();
            let len = self.log.read_line(&mut self.told).expect("text of strace");
            let line = &self.told[start..];
            if len == 0 {
                return Event::Ended;
            } else if line.contains(" --- stopped by SIGSTOP") {
                return Event::Stopped;
            } else if line.contains(" flock(") && line.contains("EAGAIN") {
                return Event::Waits;
            }
        }
    }

    /// Reads on until the program is stopped or over.
    pub(crate) fn wait_for_stop(&mut self) -> Event {
        loop {
            match self.wait() {
                Event::Waits => {}
                event => return event,
            }
        }
    }

    /// Lets a stopped program go on; any other is not disturbed.
    pub(crate) fn go_on(&self) {
        let Some((process, _)) = self.told.split_once(' ') else {
            return;
        };
        // The standard library sends no signals but SIGKILL.
        let sent = Command::new("/bin/sh")
            .args(["-c", "kill -CONT \"$0\" 2>/dev/null || true", process])
            .status();
        assert!(sent.is_ok_and(|it| it.success()), "cannot send SIGCONT");
    }

    /// Lets it run to its end, through whatever stops it.
    pub(crate) fn finish(mut self) -> End {
        self.go_on();
        while self.wait_for_stop() == Event::Stopped {
            self.go_on();
        }
        let mut stderr = Vec::new();
        let pipe = self.child.stderr.as_mut().expect("a pipe");
        pipe.read_to_end(&mut stderr).expect("reading a pipe");
        End {
            status: self.child.wait().expect("strace ends"),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            trace: Trace::of_first_process(&self.told),
        }
    }
}
