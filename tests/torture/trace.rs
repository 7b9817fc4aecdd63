//! What strace tells of a run: the system calls of the main thread, in order.
//!
//! strace counts the calls of each name, and injects a kill or an error at the Nth of them. A kill
//! comes before the call takes effect, so that killing at each call in turn tries every state in
//! which a run can leave the disk and the server.

use std::fmt;
use std::fs;
use std::path::Path;

/// Calls that change nothing on a disk. They are killed at, but there is no disk to fail.
const NETWORK: [&str; 9] = [
    "connect",
    "getpeername",
    "getsockopt",
    "ioctl",
    "poll",
    "recvfrom",
    "sendto",
    "setsockopt",
    "socket",
];

/// Calls on what belongs to the process alone.
const SILENT: [&str; 6] = [
    "fcntl",
    "getsockopt",
    "ioctl",
    "lseek",
    "pipe2",
    "setsockopt",
];

/// One system call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// `openat`.
    pub(crate) name: String,
    /// Its place among the calls of that name, counted from 1.
    pub(crate) number: usize,
    /// The line of strace.
    line: String,
    /// Whether the call before lists a directory.
    is_behind_listing: bool,
}

impl Call {
    /// How to find it again.
    pub(crate) fn place(&self) -> String {
        format!("{} #{}", self.name, self.number)
    }

    /// The line of strace.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// The first argument as strace writes it.
    pub(crate) fn first_argument(&self) -> &str {
        let (_, arguments) = self.line.split_once('(').unwrap_or_default();
        arguments.split([',', ')']).next().unwrap_or_default()
    }

    /// Whether it returned; a process that is killed leaves a call without a result.
    fn has_returned(&self) -> bool {
        let result = self.line.rsplit_once(" = ");
        result.is_some_and(|(_, value)| !value.starts_with('?'))
    }

    /// Whether a run learns nothing by it and tells nobody anything, so that to interrupt it here
    /// is to interrupt it at the call before or behind.
    pub(crate) fn is_silent(&self) -> bool {
        SILENT.contains(&self.name.as_str())
    }

    /// Whether it is about a socket.
    pub(crate) fn is_on_network(&self) -> bool {
        NETWORK.contains(&self.name.as_str())
    }

    /// Whether bytes from the server arrived by it.
    fn is_completed_receive(&self) -> bool {
        self.name == "recvfrom" && self.has_returned()
    }

    /// Whether it closes a directory that was read.
    pub(crate) fn closes_directory(&self) -> bool {
        self.name == "close" && self.is_behind_listing
    }

    /// Whether it writes a document, or tries to.
    pub(crate) fn writes_document(&self) -> bool {
        self.name == "pwrite64" && self.line.contains(", \"{")
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place(), self.line)
    }
}

/// The system calls of one run.
#[derive(Debug)]
pub(crate) struct Trace(Vec<Call>);

impl Trace {
    /// Reads and removes what strace left in a directory, one file for each thread; none if it
    /// could not start the program.
    pub(crate) fn take(directory: &Path) -> Option<Self> {
        let mut calls = Vec::new();
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            if text.starts_with("execve(") {
                calls = parse(&text);
            }
            fs::remove_file(path).unwrap();
        }
        (!calls.is_empty()).then_some(Self(calls))
    }

    /// Reads a log of several threads or processes, each line of which begins with a number; the
    /// first of them counts.
    pub(crate) fn of_first_process(log: &str) -> Self {
        let first = log.split_once(' ').map_or("", |(process, _)| process);
        let own = log.lines().filter_map(|line| line.strip_prefix(first));
        let own: Vec<_> = own.map(str::trim_start).collect();
        Self(parse(&own.join("\n")))
    }

    /// The calls from the first that names a file below `directory`: what is before belongs to the
    /// loader. Memory is mapped, but nothing of it is on a disk.
    pub(crate) fn own_calls(&self, directory: &Path) -> impl Iterator<Item = &Call> + use<'_> {
        let directory = directory.to_string_lossy().into_owned();
        let after_execve = self.0.iter().skip(1);
        after_execve
            .skip_while(move |call| !call.line.contains(&directory))
            .filter(|call| call.name != "mmap")
    }

    /// All calls.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.0.iter()
    }

    /// Where a call is among all.
    pub(crate) fn position(&self, wanted: &Call) -> Option<usize> {
        let mut calls = self.0.iter();
        calls.position(|call| (&call.name, call.number) == (&wanted.name, wanted.number))
    }

    /// Whether the run came to this call.
    pub(crate) fn has(&self, wanted: &Call) -> bool {
        self.position(wanted).is_some()
    }

    /// How many messages went to the server.
    pub(crate) fn sends(&self) -> usize {
        let sends = self.0.iter().filter(|call| call.name == "sendto");
        sends.filter(|call| call.has_returned()).count()
    }

    /// Whether the server was heard after the last message to it.
    pub(crate) fn has_heard(&self) -> bool {
        let mut after = self.0.iter().rev().take_while(|call| call.name != "sendto");
        after.any(Call::is_completed_receive)
    }

    /// The calls on files that a save consists of, in order, once a document was written.
    pub(crate) fn saving(&self) -> Vec<&str> {
        let is_step = |name: &&str| matches!(*name, "fsync" | "rename" | "unlink" | "ftruncate");
        let calls = self.after_connecting();
        let after_writing = calls.skip_while(|call| !call.writes_document());
        let names = after_writing.map(|call| call.name.as_str());
        names.filter(is_step).collect()
    }

    /// Whether a document was written after the server was asked.
    pub(crate) fn has_written(&self) -> bool {
        let mut calls = self.after_connecting();
        calls.any(|call| call.writes_document() && call.has_returned())
    }

    /// How many calls there are between the arrival of the reply and the writing of the document.
    pub(crate) fn span(&self) -> usize {
        let calls: Vec<_> = self.after_connecting().collect();
        let written = calls.iter().position(|call| call.writes_document());
        let before = &calls[..written.expect("a document is written")];
        let heard = before.iter().rposition(|call| call.is_completed_receive());
        before.len() - heard.expect("the server is heard") - 1
    }

    /// What the program did once it had begun to connect.
    fn after_connecting(&self) -> impl Iterator<Item = &Call> + use<'_> {
        self.0.iter().skip_while(|call| call.name != "connect")
    }
}

/// Reads the log of one thread.
fn parse(log: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in log.lines() {
        let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let Some((name, _)) = line.split_once('(').filter(|(name, _)| is_name(name)) else {
            continue;
        };
        let before = calls.iter().filter(|call| call.name == name).count();
        calls.push(Call {
            name: name.to_owned(),
            number: before + 1,
            line: line.to_owned(),
            is_behind_listing: calls.last().is_some_and(|it| it.name == "getdents64"),
        });
    }
    calls
}
