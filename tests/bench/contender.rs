//! One command that is measured: its wall time, CPU time, peak memory and instructions.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::Endpoint;

/// Ticks of the kernel's CPU accounting in a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Runs whose peak memory is compared.
const MEMORY_ROUNDS: usize = 9;

/// A command that is measured.
pub(crate) struct Contender {
    /// As the table calls it.
    pub(crate) name: &'static str,
    /// Program and arguments.
    command: Vec<String>,
    /// Wall time of each run.
    walls: Vec<Duration>,
    /// CPU time of all runs, in seconds.
    cpu: f64,
    /// Where the requests go, and the CA file.
    environment: [(&'static str, String); 2],
}

impl Contender {
    /// A contender without measurements.
    pub(crate) fn new(
        name: &'static str,
        program: &Path,
        args: &[String],
        endpoint: &Endpoint,
    ) -> Self {
        let command = [text(program)].into_iter().chain(args.iter().cloned());
        Self {
            name,
            command: command.collect(),
            walls: Vec::new(),
            cpu: 0.0,
            environment: environment(endpoint),
        }
    }

    /// Runs once and takes the time.
    pub(crate) fn run(&mut self) {
        let cpu = cpu_of_children();
        let start = Instant::now();
        let status = quiet(&self.command, &self.environment).status().unwrap();
        self.walls.push(start.elapsed());
        self.cpu += cpu_of_children() - cpu;
        assert!(status.success(), "{} failed", self.name);
    }

    /// CPU time of one run in milliseconds.
    pub(crate) fn cpu(&self) -> f64 {
        let runs = u32::try_from(self.walls.len()).expect("a few hundred runs");
        self.cpu * 1000.0 / f64::from(runs)
    }

    /// The median wall time in milliseconds.
    pub(crate) fn wall(&self) -> f64 {
        median(&self.walls)
    }

    /// Peak memory in KiB, by GNU time: the median, since it depends on where the kernel puts the
    /// program.
    pub(crate) fn memory(&self) -> f64 {
        let mut peaks = [(); MEMORY_ROUNDS].map(|()| self.peak());
        peaks.sort_unstable_by(f64::total_cmp);
        peaks[MEMORY_ROUNDS / 2]
    }

    /// The same of one run.
    fn peak(&self) -> f64 {
        let measured = Command::new("/usr/bin/time")
            .args(["-f", "%M"])
            .args(&self.command)
            .envs(self.environment.clone())
            .output()
            .unwrap();
        let printed = String::from_utf8(measured.stderr).unwrap();
        printed.lines().last().unwrap().parse().unwrap()
    }

    /// Instructions in millions, by callgrind, child processes included.
    pub(crate) fn instructions(&self) -> f64 {
        let measured = Command::new("valgrind")
            .args([
                "--tool=callgrind",
                "--callgrind-out-file=target/callgrind.out.%p",
                "--trace-children=yes",
            ])
            .args(&self.command)
            .envs(self.environment.clone())
            .output()
            .unwrap();
        let printed = String::from_utf8_lossy(&measured.stderr).into_owned();
        let counts = printed
            .lines()
            .filter_map(|line| line.split("Collected : ").nth(1));
        counts
            .map(|count| count.trim().parse::<f64>().unwrap())
            .sum::<f64>()
            / 1e6
    }
}

/// What the floor and the script read.
fn environment(endpoint: &Endpoint) -> [(&'static str, String); 2] {
    [
        ("ENDPOINT_URL", endpoint.url()),
        ("ENDPOINT_CA", text(&endpoint.ca_path())),
    ]
}

/// A command without input or output.
pub(crate) fn quiet(command: &[String], environment: &[(&'static str, String)]) -> Command {
    let mut quiet = Command::new(&command[0]);
    quiet.envs(environment.iter().cloned());
    quiet
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    quiet
}

/// The median in milliseconds.
fn median(walls: &[Duration]) -> f64 {
    let mut walls = walls.to_owned();
    walls.sort_unstable();
    walls[walls.len() / 2].as_secs_f64() * 1000.0
}

/// User and system time of all children so far, in seconds, from `/proc/self/stat`.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit(')').next().unwrap();
    let field = |index: usize| {
        behind_name
            .split_whitespace()
            .nth(index)
            .unwrap()
            .parse::<f64>()
    };
    (field(13).unwrap() + field(14).unwrap()) / TICKS_PER_SECOND
}

/// The command line of sftoken for a document.
pub(crate) fn refresh_args(document: &Path, endpoint: &Endpoint) -> Vec<String> {
    let (url, ca) = (endpoint.url(), text(&endpoint.ca_path()));
    [
        "refresh",
        "-q",
        "--client-id",
        "3MVG9.bench",
        "--token-endpoint",
        &url,
        "--cacert",
        &ca,
        &text(document),
    ]
    .map(str::to_owned)
    .into()
}

/// A path of this benchmark, which is always text.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
