//! One directory with one token file, two sessions at a server, and runs of the program there,
//! for as many processes at once as an interleaving needs.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::endpoint::{Endpoint, Request, TempDir};
use crate::place::KILL_BEFORE_CUTTING;
use crate::sessions::{Sessions, Token, access_token};
use crate::tracee::Tracee;

/// The token file.
const FILE: &str = "home/token.json";

/// A directory for other names of FILE.
const ELSEWHERE: &str = "elsewhere";

/// A symbolic link to FILE, in a directory of its own.
pub(crate) const LINK: &str = "elsewhere/link.json";

/// The second name of FILE, where it has one.
pub(crate) const SECOND_NAME: &str = "elsewhere/second.json";

/// The calls on locks, which tell who waits for whom; these alone are traced in an undisturbed run.
const LOCKS: &str = "flock";

/// Where files of a run may lie.
const DIRECTORIES: [&str; 3] = ["home", "tmp", ELSEWHERE];

/// The user and group that own nothing on any system.
pub(crate) const NOBODY: u32 = 65534;

/// All calls that can change or tell something outside the process, for whole traces.
pub(crate) const ALL: &str = "%file,%desc,%network";

/// Far more than a trial takes, on however busy a machine.
const TIMEOUT: &str = "--timeout=60s";

/// Why the program saves by rename, or in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// By rename: FILE is plainly its user's own.
    Rename,
    /// By rename, the server speaks TLS.
    Tls,
    /// By rename, twice: a run was killed that had the new tokens, but not yet in FILE.
    Interrupted,
    /// In place: FILE has group bits.
    Group,
    /// In place: FILE has two names.
    TwoNames,
    /// In place: the directory cannot be written.
    Closed,
    /// In place: root saves the file of another user in that user's directory.
    Foreign,
}

impl Way {
    /// How the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rename => "by rename",
            Self::Tls => "by rename, TLS",
            Self::Interrupted => "an interrupted save, rename",
            Self::Group => "in place, mode 0640",
            Self::TwoNames => "in place, two names",
            Self::Closed => "in place, closed directory",
            Self::Foreign => "in place, another user's",
        }
    }

    /// The mode of FILE.
    pub(crate) fn mode(self) -> u32 {
        if self == Self::Group { 0o640 } else { 0o600 }
    }

    /// Whether a save is a rename.
    pub(crate) fn is_rename(self) -> bool {
        matches!(self, Self::Rename | Self::Tls | Self::Interrupted)
    }
}

/// The place.
pub(crate) struct Arena {
    /// What is special about it.
    pub(crate) way: Way,
    /// What the server remembers.
    pub(crate) sessions: Sessions,
    /// The server.
    endpoint: Endpoint,
    /// Holds `home` with FILE, `tmp`, and `elsewhere` with a link to FILE.
    dir: TempDir,
}

impl Arena {
    /// A place at which nothing has happened.
    pub(crate) fn new(way: Way) -> Self {
        let sessions = Sessions::default();
        let memory = sessions.clone();
        let script = move |request: &Request| memory.answer(request);
        let arena = Self {
            way,
            sessions,
            endpoint: match way {
                Way::Tls => Endpoint::https(script),
                _ => Endpoint::http(script),
            },
            dir: TempDir::new(),
        };
        arena.furnish();
        arena
    }

    /// Makes the directories and FILE.
    fn furnish(&self) {
        for name in DIRECTORIES {
            fs::create_dir(self.path(name)).unwrap();
        }
        symlink(self.file(), self.path(LINK)).unwrap();
        let first = Token {
            session: 0,
            number: 0,
        };
        fs::write(self.file(), document(first)).unwrap();
        set_mode(&self.file(), self.way.mode());
        match self.way {
            Way::TwoNames => self.link_twice(),
            Way::Closed => self.close(),
            Way::Foreign => self.give_away(&["home", FILE]),
            Way::Interrupted => self.interrupt(),
            Way::Rename | Way::Tls | Way::Group => {}
        }
    }

    /// Kills a run that has written the new tokens to its pending file.
    fn interrupt(&self) {
        let kill = KILL_BEFORE_CUTTING.to_owned();
        self.start(&self.file(), ALL, &[kill]).finish();
        assert_eq!(self.sessions.newest(0).number, 1, "killed too early");
        assert_eq!(self.pending().len(), 1, "killed too late");
    }

    /// Gives FILE its second name, unless there is one.
    pub(crate) fn link_twice(&self) {
        if !self.path(SECOND_NAME).exists() {
            fs::hard_link(self.file(), self.path(SECOND_NAME)).unwrap();
        }
    }

    /// Takes the right to write to the directory of FILE away from whoever runs the program.
    fn close(&self) {
        if is_root() {
            self.give_away(&[FILE, "tmp"]);
        }
        set_mode(&self.path("home"), 0o555);
    }

    /// Makes another user the owner.
    fn give_away(&self, names: &[&str]) {
        for name in names {
            chown(self.path(name), Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// A path in the place.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// FILE.
    pub(crate) fn file(&self) -> PathBuf {
        self.path(FILE)
    }

    /// The whole of FILE.
    pub(crate) fn read(&self) -> Option<Vec<u8>> {
        fs::read(self.file()).ok()
    }

    /// Puts a file where FILE has to be, as its owner would.
    pub(crate) fn put(&self, path: &Path) -> io::Result<()> {
        let owner = fs::metadata(path)?;
        fs::copy(path, self.file())?;
        chown(self.file(), Some(owner.uid()), Some(owner.gid()))?;
        fs::set_permissions(self.file(), Permissions::from_mode(self.way.mode()))
    }

    /// Starts a run under strace on FILE by one of its paths. `traced` are the calls to trace beside
    /// the locks, `faults` what is to be done at them.
    pub(crate) fn start(&self, path: &Path, traced: &str, faults: &[String]) -> Tracee {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/stdout"]);
        if traced == ALL {
            // Whole traces tell the path of each descriptor.
            command.arg("-y");
        }
        if self.way == Way::Closed && is_root() {
            command.args(["-u", "nobody"]);
        }
        command.arg(format!("--trace=execve,flock,{traced}"));
        command.args(faults.iter().map(|it| format!("--inject={it}")));
        command.args([env!("CARGO_BIN_EXE_sftoken"), "refresh", TIMEOUT]);
        command.args(["--token-endpoint", &self.endpoint.url()]);
        command.arg("--cacert").arg(self.endpoint.ca_path());
        command.arg(path).env_clear();
        command.env("TMPDIR", self.path("tmp"));
        Tracee::start(command)
    }

    /// Starts a run with which strace does not interfere.
    pub(crate) fn start_undisturbed(&self, path: &Path) -> Tracee {
        self.start(path, LOCKS, &[])
    }

    /// Every file that is there beside FILE and its other names.
    pub(crate) fn others(&self) -> Vec<PathBuf> {
        let directories = DIRECTORIES.map(|name| fs::read_dir(self.path(name)));
        let entries = directories.into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        let names = [FILE, LINK, SECOND_NAME].map(|name| self.path(name));
        paths.retain(|path| !names.contains(path));
        // The directory of a user's pending files stays.
        paths.retain(|path| fs::remove_dir(path).is_err());
        paths
    }

    /// The pending files beside FILE.
    pub(crate) fn pending(&self) -> Vec<PathBuf> {
        let mut others = self.others();
        others.retain(|path| path.starts_with(self.path("home")));
        others
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        let _ = fs::set_permissions(self.path("home"), Permissions::from_mode(0o700));
    }
}

/// What FILE holds with a refresh token, as its owner keeps it.
pub(crate) fn document(token: Token) -> String {
    format!(
        concat!(
            "{{\n",
            "  \"access_token\": \"{}\",\n",
            "  \"refresh_token\": \"{}\",\n",
            "  \"client_id\": \"id\",\n",
            "  \"owner\": {{\"note\": \"keep\"}}\n",
            "}}\n",
        ),
        access_token(token),
        token
    )
}

/// Sets the mode of a file or directory.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whether the suite runs as root, whom no mode stops.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|it| it.uid() == 0)
}
