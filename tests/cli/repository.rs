//! The repository keeps its own rules: one table of exit codes, few dependencies, and the order of
//! the rooms in `src`.
//!
//! Such rules are easily broken by a change that has nothing to do with them, and no other test
//! would notice.

// The order of the rooms, and who may touch what.
mod house;
// That those rules find what breaks them.
mod house_works;
// What those rules read.
mod source;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::Case;

use source::Source;

/// How many crates it may be built from, itself included.
const MAX_CRATES: usize = 35;

/// A row of the table of exit codes: code and name.
type Row = (u8, String);

/// A file of the repository.
fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The row in words such as `64  USAGE  ...` or `| 64 | USAGE | ...`.
fn row<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Row> {
    let code = words.next()?.parse().ok()?;
    Some((code, words.next()?.to_owned()))
}

/// The rows of `--help`.
fn rows_of_help() -> Vec<Row> {
    let help = Case::new().arg("--help").run().code(0).stdout_text();
    let (_, table) = help.split_once("Exit codes:\n").unwrap();
    table
        .lines()
        .filter_map(|it| row(it.split_whitespace()))
        .collect()
}

/// The rows of the README.
fn rows_of_readme() -> Vec<Row> {
    let readme = read("README.md");
    let tables = readme.lines().filter_map(|line| line.strip_prefix('|'));
    tables
        .filter_map(|it| row(it.split('|').map(str::trim)))
        .collect()
}

/// The words of a text without what separates them there.
fn words(text: &str) -> HashSet<&str> {
    text.split(|c: char| c.is_whitespace() || "`|,;()[]".contains(c))
        .collect()
}

/// The rows of `exit_code()`, written `Self::Usage => 64,`, and the success that is no class.
fn rows_of_source() -> Vec<Row> {
    let source = read("src/error.rs");
    let arms = source.lines().filter_map(|line| {
        let (class, code) = line.trim().strip_prefix("Self::")?.split_once(" => ")?;
        Some((
            code.trim_end_matches(',').parse().ok()?,
            class.to_uppercase(),
        ))
    });
    [(0, "OK".to_owned())].into_iter().chain(arms).collect()
}

/// What cargo prints about this package, without asking the network.
fn cargo(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The names of the dependencies that are not for tests alone.
fn direct_dependencies() -> Vec<String> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let declared = metadata["packages"][0]["dependencies"].as_array().unwrap();
    let shipped = declared.iter().filter(|it| it["kind"] != "dev");
    let mut names: Vec<_> = shipped
        .map(|it| it["name"].as_str().unwrap().into())
        .collect();
    names.sort();
    names
}

/// The crates that go into the program or build it, with their versions.
fn crates() -> Vec<String> {
    let tree = cargo(&[
        "tree",
        "--edges=normal,build",
        "--prefix=none",
        "--format={p}",
    ]);
    let mut crates: Vec<_> = tree
        .lines()
        .map(|it| it.trim_end_matches(" (*)").into())
        .collect();
    crates.sort();
    crates.dedup();
    crates
}

/// All files below a directory of the repository, relative to it.
fn files_below(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).unwrap();
    entries
        .map(|entry| entry.unwrap())
        .flat_map(|entry| {
            let path = format!("{directory}/{}", entry.file_name().display());
            if entry.file_type().unwrap().is_dir() {
                files_below(&path)
            } else {
                vec![path.into()]
            }
        })
        .collect()
}

/// The files of `src` that go into the program.
fn sources() -> Vec<Source> {
    let mut paths = files_below("src");
    paths.retain(|it| it.extension() == Some("rs".as_ref()) && !it.ends_with("tests.rs"));
    paths.sort();
    let names = paths
        .iter()
        .filter_map(|it| it.strip_prefix("src").ok()?.to_str());
    names
        .map(|name| Source::new(name, &read(format!("src/{name}"))))
        .collect()
}

#[test]
fn help_readme_and_source_have_the_same_exit_codes() {
    let rows = rows_of_source();
    assert_eq!(rows.len(), 13, "the codes of sysexits.h that are used");
    assert_eq!(rows_of_help(), rows);
    assert_eq!(rows_of_readme(), rows);
}

#[test]
fn readme_explains_every_option_and_variable_of_help() {
    let (help, readme) = (read("src/help.txt"), read("README.md"));
    let (_usage, details) = help.split_once("\n\nFILE").unwrap();
    let explained = words(&readme);
    let is_name =
        |word: &&str| word.starts_with('-') || word.contains('_') && word.to_uppercase() == **word;
    for name in words(details).into_iter().filter(is_name) {
        assert!(explained.contains(name), "no {name} in README.md");
    }
}

#[test]
fn the_direct_dependencies_are_four() {
    assert_eq!(
        direct_dependencies(),
        ["pico-args", "ring", "serde_json", "ureq"]
    );
}

#[test]
fn the_program_is_built_from_few_crates() {
    let crates = crates();
    assert!(crates.len() > direct_dependencies().len(), "{crates:#?}");
    let count = crates.len();
    assert!(count <= MAX_CRATES, "{count} crates: {crates:#?}");
}

#[test]
fn the_house_is_in_order() {
    let sources = sources();
    assert!(sources.len() > 10, "not the sources of src");
    let faults = house::faults(&sources);
    assert!(faults.is_empty(), "{faults:#?}");
}
