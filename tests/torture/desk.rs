//! Somebody at a browser who logs in with the real binary, under strace or not.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::endpoint::{Authorizing, Endpoint, TempDir, browse};
use crate::trace::Trace;

/// The token file.
const FILE: &str = "token.json";

/// The pending file of a FILE without a refresh token.
const PENDING: &str = ".token.json.sftoken-e3b0c44298fc1c14";

/// The app that is logged in to.
const CLIENT_ID: &str = "id";

/// Calls on files and on the network.
const OBSERVED: &str = "--trace=%file,%desc,%network";

/// The end of the prompt.
const PROMPT_END: &str = "it need not load:";

/// The place, where there is no FILE at first.
pub(crate) struct Desk {
    /// Holds `home` for FILE, `tmp`, and `log` for strace.
    dir: TempDir,
    /// Where to log in.
    endpoint: Endpoint,
}

/// What came of one login.
pub(crate) struct Login {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it said.
    pub(crate) stderr: String,
    /// What it did.
    pub(crate) trace: Trace,
}

impl Desk {
    /// A place at which nothing has happened.
    pub(crate) fn new() -> Self {
        let desk = Self {
            dir: TempDir::new(),
            endpoint: Endpoint::login(&Authorizing::new(CLIENT_ID)),
        };
        for name in ["home", "tmp", "log"] {
            fs::create_dir(desk.path(name)).unwrap();
        }
        desk
    }

    /// A path in it.
    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// FILE.
    pub(crate) fn file(&self) -> PathBuf {
        self.path("home").join(FILE)
    }

    /// Where a login keeps its tokens until FILE has them.
    pub(crate) fn pending(&self) -> PathBuf {
        self.path("home").join(PENDING)
    }

    /// Whether a code was sent.
    pub(crate) fn was_asked(&self) -> bool {
        let requests = self.endpoint.requests();
        requests.iter().any(|it| it.line.starts_with("POST "))
    }

    /// The refresh token in FILE, which has to be a whole document of a login.
    pub(crate) fn token(&self) -> Result<String, String> {
        let bytes = fs::read(self.file()).map_err(|error| format!("FILE: {error}"))?;
        let torn = || format!("FILE is torn: \"{}\"", bytes.escape_ascii());
        let document: Value = serde_json::from_slice(&bytes).map_err(|_| torn())?;
        let is_whole = bytes.ends_with(b"}\n") && document["client_id"] == CLIENT_ID;
        let token = document["refresh_token"].as_str().filter(|_| is_whole);
        token.map(str::to_owned).ok_or_else(torn)
    }

    /// Everything beside FILE, and in the temporary directory.
    pub(crate) fn litter(&self) -> Vec<OsString> {
        let directories = ["home", "tmp"].map(|name| fs::read_dir(self.path(name)).unwrap());
        let entries = directories.into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name());
        names.filter(|name| name != FILE).collect()
    }

    /// Runs a command that asks nothing; its exit code and what it said.
    pub(crate) fn run(&self, command: &str, options: &[&str]) -> (i32, String) {
        let mut run = Command::new(env!("CARGO_BIN_EXE_sftoken"));
        let output = self
            .with_arguments(&mut run, command)
            .args(options)
            .output();
        let output = output.expect("the binary");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or_default(), said)
    }

    /// A login in which nothing fails.
    pub(crate) fn log_in(&self) -> Login {
        self.log_in_under_strace(None)
    }

    /// A login in which something may fail.
    pub(crate) fn log_in_under_strace(&self, fault: Option<&str>) -> Login {
        let mut strace = Command::new("strace");
        strace
            .args(["-ff", "-qq", "-o"])
            .arg(self.path("log/trace"));
        strace.arg(OBSERVED);
        strace.args(fault.map(|it| format!("--inject={it}")));
        strace.arg(env!("CARGO_BIN_EXE_sftoken"));
        let (status, stderr) = self.talk(self.with_arguments(&mut strace, "login"));
        let trace = Trace::take(&self.path("log"));
        Login {
            status,
            trace: trace.unwrap_or_else(|| panic!("strace could not run sftoken: {stderr}")),
            stderr,
        }
    }

    /// The arguments of a command, and what surrounds it.
    fn with_arguments<'a>(&self, run: &'a mut Command, command: &str) -> &'a mut Command {
        run.args([command, FILE, "--client-id", CLIENT_ID]);
        run.args(["--token-endpoint", &self.endpoint.url()]);
        run.arg("--cacert").arg(self.endpoint.ca_path());
        run.env_clear().env("TMPDIR", self.path("tmp"));
        run.current_dir(self.path("home")).stdin(Stdio::null())
    }

    /// Opens the address that a login shows, and pastes where that leads.
    fn talk(&self, login: &mut Command) -> (ExitStatus, String) {
        let piped = login.stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("strace in /usr/bin");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        while !said.contains(PROMPT_END) {
            if stderr.read_line(&mut said).expect("text") == 0 {
                break;
            }
        }
        let address = said.lines().find(|line| line.starts_with("https://"));
        if let Some(address) = address {
            let landing = browse(address, &self.endpoint.ca_path()).expect("a page");
            let mut stdin = child.stdin.take().expect("a pipe");
            writeln!(stdin, "{landing}").expect("somebody reads");
        }
        stderr.read_to_string(&mut said).expect("text");
        (child.wait().expect("an end"), said)
    }
}

/// The refresh token of the document in a file, if it is one.
pub(crate) fn token_in(path: &Path) -> Option<String> {
    let document: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    document["refresh_token"].as_str().map(str::to_owned)
}
