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

mod bounds;
mod contender;
mod dead;
mod documents;
#[allow(
    dead_code,
    unused_imports,
    reason = "the tests need more of the endpoint than this program does"
)]
#[path = "../endpoint/server.rs"]
mod server;
mod sizes;
mod together;

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bounds::{Bounds, count};
use contender::{Contender, refresh_args, text};
use documents::{Folder, REFRESH_TOKEN};
use server::{Endpoint, Reply};

/// Rounds in which each contender runs once.
const ROUNDS: usize = 200;

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
    sizes::compare_times(sftoken, &memory, &endpoint, &mut bounds);
    sizes::compare_memory(sftoken, &memory, &mut bounds);
    together::start_together(sftoken, &memory, &mut bounds);
    dead::compare_addresses(sftoken, &memory, &mut bounds);
    let size = usize::try_from(fs::metadata(sftoken).unwrap().len()).unwrap();
    let crates = crates();
    println!("\nstatic binary: {size} bytes; crates: {crates}");
    bounds.at_most("size of the binary / MB", count(size) / 1e6, 2.7);
    bounds.at_most("crates", count(crates), 35.0);
    bounds.report();
}

/// Lets the contenders take turns, and prints the table.
fn compare_contenders(contenders: &mut [Contender; 5], bounds: &mut Bounds) {
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::run);
    }
    let [floor, sftoken, curl, script, disk] = &*contenders;
    let wall = sftoken.wall();
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
    bounds.at_most("wall time / floor", wall / floor.wall(), 1.3);
    bounds.at_most(
        "wall time on a disk / floor",
        disk.wall() / floor.wall(),
        2.0,
    );
    bounds.at_most("wall time / curl alone", wall / curl.wall(), 0.4);
    bounds.at_most("wall time / script", wall / script.wall(), 1.0 / 12.0);
    let instructions = sftoken.instructions() / floor.instructions();
    bounds.at_most("instructions / floor", instructions, 1.4);
    bounds.at_most("peak memory / MiB", sftoken.memory() / 1024.0, 2.75);
}

/// The command line of curl for the same request.
fn curl_args(endpoint: &Endpoint) -> Vec<String> {
    let (url, ca) = (endpoint.url(), text(&endpoint.ca_path()));
    let form = "grant_type=refresh_token&client_id=3MVG9.bench&refresh_token=";
    let form = format!("{form}{REFRESH_TOKEN}");
    ["-s", "-S", "-f", "--cacert", &ca, "-d", &form, &url]
        .map(str::to_owned)
        .into()
}

/// How many crates the program is built from on this machine, itself included.
fn crates() -> usize {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["tree", "--locked", "--edges=normal", "--prefix=none"]);
    let tree = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(tree.status.success(), "cargo tree failed");
    let lines = String::from_utf8(tree.stdout).unwrap();
    // What comes once more is marked.
    let crates = lines.lines().map(|line| line.trim_end_matches(" (*)"));
    crates.collect::<BTreeSet<_>>().len()
}
