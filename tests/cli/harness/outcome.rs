//! What a run left behind, and the comparisons with what it should have left.

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use super::Case;

/// What a run left behind; each comparison shows all of it if it fails.
pub(crate) struct Outcome {
    /// What was run.
    pub(super) case: Case,
    /// How it ended.
    pub(super) status: ExitStatus,
    /// All of its standard output.
    pub(super) stdout: Vec<u8>,
    /// All of its standard error.
    pub(super) stderr: Vec<u8>,
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
