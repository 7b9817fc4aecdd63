//! The benchmark: every figure of the README in one run, each beside what it is compared with.
//!
//! `bench SFTOKEN FLOOR SCRIPT` starts the scripted endpoint, TLS 1.3, in its own process. The
//! contenders take turns, so that a slow moment of the machine meets all of them, and medians are
//! compared. Files are in memory, since how long a disk takes to sync is not the program's doing;
//! one row shows what it adds. It fails if a bound does not hold.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program for developers: it prints a table, and panics where it cannot measure"
)]

mod contender;
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests need more of the endpoint than this program does"
)]
#[path = "../endpoint/server.rs"]
mod server;

use std::env;
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Instant;

use contender::{Contender, quiet};
use server::{Endpoint, Gate, Reply, Request};

/// Rounds in which each contender runs once.
const ROUNDS: usize = 200;

/// Runs of one document size.
const SIZE_ROUNDS: usize = 40;

/// Processes on one file.
const PROCESSES: usize = 200;

fn main() {
    let args: Vec<PathBuf> = env::args_os().skip(1).map(PathBuf::from).collect();
    let [sftoken, floor, script] = &args[..] else {
        panic!("usage: bench SFTOKEN FLOOR SCRIPT");
    };
    let memory = Folder::new(Path::new("/dev/shm"), "sftoken");
    let beside = Folder::new(Path::new("/dev/shm"), "script");
    let disk = Folder::new(Path::new("target"), "disk");
    let endpoint = Endpoint::builder().tls13().start(Reply::token("00D!bench"));
    let mut bounds = Bounds::default();
    let contender = |name, program, args: &[String]| Contender::new(name, program, args, &endpoint);
    let mut contenders = [
        contender("floor (rustls alone)", floor, &[]),
        contender(
            "sftoken",
            sftoken,
            &refresh_args(&memory.document(1), &endpoint),
        ),
        contender("curl alone", Path::new("curl"), &curl_args(&endpoint)),
        contender("jq + curl + jq + mv", script, &[text(&beside.document(1))]),
        contender(
            "sftoken, file on disk",
            sftoken,
            &refresh_args(&disk.document(1), &endpoint),
        ),
    ];
    compare_contenders(&mut contenders, &mut bounds);
    compare_sizes(sftoken, &memory, &endpoint, &mut bounds);
    start_together(sftoken, &memory, &mut bounds);
    let size = fs::metadata(sftoken).unwrap().len();
    println!("\nbinary: {size} bytes");
    bounds.at_most("size of the binary / MB", megabytes(size), 2.7);
    bounds.report();
}

/// Bytes in millions.
#[allow(clippy::cast_precision_loss, reason = "sizes of a few million bytes")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Lets the contenders take turns, and prints the table.
fn compare_contenders(contenders: &mut [Contender; 5], bounds: &mut Bounds) {
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::run);
    }
    let [floor, sftoken, curl, script, _] = &*contenders;
    let (wall, memory) = (sftoken.wall(), sftoken.memory());
    println!("{ROUNDS} rounds, medians; ratio of the wall time to that of sftoken\n");
    println!(
        "{:<24}{:>10}{:>8}{:>10}{:>12}{:>14}",
        "", "wall/ms", "ratio", "cpu/ms", "peak/KiB", "instr./10^6"
    );
    for contender in &*contenders {
        println!(
            "{:<24}{:>10.2}{:>8.2}{:>10.2}{:>12}{:>14.1}",
            contender.name,
            contender.wall(),
            contender.wall() / wall,
            contender.cpu(),
            contender.memory(),
            contender.instructions()
        );
    }
    bounds.at_most("wall time / floor", wall / floor.wall(), 1.5);
    bounds.at_most("wall time / curl alone", wall / curl.wall(), 0.5);
    bounds.at_most("wall time / script", wall / script.wall(), 0.1);
    bounds.at_most("peak memory / MiB", memory / 1024.0, 3.5);
}

/// Documents of three sizes.
fn compare_sizes(sftoken: &Path, folder: &Folder, endpoint: &Endpoint, bounds: &mut Bounds) {
    println!("\n{:<24}{:>10}", "document", "wall/ms");
    let mut walls = Vec::new();
    for kib in [1, 32, 1024] {
        let mut contender = Contender::new(
            "size",
            sftoken,
            &refresh_args(&folder.document(kib), endpoint),
            endpoint,
        );
        (0..SIZE_ROUNDS).for_each(|_| contender.run());
        println!("{:<24}{:>10.2}", format!("{kib} KiB"), contender.wall());
        walls.push(contender.wall());
    }
    bounds.at_most("1 MiB against 1 KiB / ms", walls[2] - walls[0], 50.0);
}

/// Many processes on one file; the first gets its reply when all others wait.
fn start_together(sftoken: &Path, folder: &Folder, bounds: &mut Bounds) {
    let gate = Gate::new();
    let endpoint = Endpoint::builder().tls13().start({
        let gate = gate.clone();
        move |_: &Request| Reply::token("00D!together").after(&gate)
    });
    let args = refresh_args(&folder.document(1), &endpoint);
    let command: Vec<String> = [text(sftoken)]
        .into_iter()
        .chain(args)
        .chain(["-v".to_owned()])
        .collect();
    let mut children: Vec<Child> = (0..PROCESSES)
        .map(|_| quiet(&command, &[]).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    children.iter_mut().for_each(wait_until_it_waits);
    let start = Instant::now();
    gate.open();
    let succeeded = |mut child: Child| child.wait().unwrap().success();
    let failed = PROCESSES - children.into_iter().map(succeeded).filter(|ok| *ok).count();
    let (requests, millis) = (endpoint.requests().len(), start.elapsed().as_millis());
    println!(
        "\n{PROCESSES} processes on one file: {requests} request, {failed} failed, the last ended {millis} ms after the reply"
    );
    let count = |n: usize| u32::try_from(n).unwrap().into();
    bounds.at_most("requests of 200 processes", count(requests), 1.0);
    bounds.at_most("failures of 200 processes", count(failed), 0.0);
}

/// Reads what a process says until it waits for the lock or for the reply.
fn wait_until_it_waits(child: &mut Child) {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let waits = |line: &str| line.contains("waiting") || line.contains("POST");
    assert!(lines.map(Result::unwrap).any(|line| waits(&line)));
}

/// The bounds, and whether they hold.
#[derive(Default)]
struct Bounds {
    /// One line each.
    lines: String,
    /// How many hold, and how many do not.
    counts: [usize; 2],
}

impl Bounds {
    /// A figure that must not be above its bound.
    fn at_most(&mut self, name: &str, figure: f64, bound: f64) {
        let holds = figure <= bound;
        let verdict = if holds { "ok" } else { "NOT OK" };
        writeln!(
            self.lines,
            "{verdict:<8}{name:<32}{figure:>8.2}  at most {bound}"
        )
        .unwrap();
        self.counts[usize::from(!holds)] += 1;
    }

    /// Prints the verdicts, and fails if one is bad.
    fn report(&self) {
        let [held, broken] = self.counts;
        println!("\n{}\n{held} passed, {broken} failed", self.lines);
        assert_eq!(broken, 0, "a bound does not hold");
    }
}

/// A folder of documents that goes away with this value.
struct Folder(PathBuf);

impl Folder {
    /// A new folder below `parent`, or below the temporary directory where that is missing.
    fn new(parent: &Path, name: &str) -> Self {
        let parent = if parent.is_dir() {
            parent.to_owned()
        } else {
            env::temp_dir()
        };
        let folder = parent.join(format!("bench-{name}-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Self(folder.canonicalize().unwrap())
    }

    /// Writes a document of about `kib` KiB.
    fn document(&self, kib: usize) -> PathBuf {
        let path = self.0.join(format!("{kib}.json"));
        // A little below: what is larger than 1 MiB is refused.
        let filler = "x".repeat(60);
        let members = kib * 1024 / 78 - 8;
        let mut json = String::from("{\n  \"refresh_token\": \"5Aep861.bench\"");
        for number in 0..members {
            write!(json, ",\n  \"m{number:06}\": \"{filler}\"").unwrap();
        }
        json.push_str("\n}\n");
        fs::write(&path, json).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The command line of sftoken for a document.
fn refresh_args(document: &Path, endpoint: &Endpoint) -> Vec<String> {
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

/// The command line of curl for the same request.
fn curl_args(endpoint: &Endpoint) -> Vec<String> {
    let (url, ca) = (endpoint.url(), text(&endpoint.ca_path()));
    let form = "grant_type=refresh_token&client_id=3MVG9.bench&refresh_token=5Aep861.bench";
    ["-s", "-S", "-f", "--cacert", &ca, "-d", form, &url]
        .map(str::to_owned)
        .into()
}

/// A path of this benchmark, which is always text.
pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
