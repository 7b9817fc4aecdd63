//! The notices that go with the binary, made of the lock file and the sources that it names.
//!
//! Only crates that are linked in count: not what runs at build time, in tests or on other systems.
//! The texts are those that the crates bring, each shown once, since most are the same to the letter.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What stands before the list of crates.
const HEAD: &str = include_str!("head.txt");

/// The targets that binaries are made for.
const TARGETS: [&str; 4] = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
];

/// How the names of files with a licence begin.
const LICENCE_FILES: [&str; 6] = [
    "COPYING",
    "COPYRIGHT",
    "LICENCE",
    "LICENSE",
    "NOTICE",
    "UNLICENSE",
];

/// One crate that is linked in.
struct Linked {
    /// Name and version.
    name: String,
    /// The licence, in the words of SPDX.
    licence: String,
    /// The texts that it brings.
    texts: Vec<String>,
}

/// All notices.
pub(crate) fn notices() -> String {
    let crates = linked();
    let mut texts: Vec<&String> = Vec::new();
    let mut notices = HEAD.to_owned();
    for it in &crates {
        let mut numbers = String::new();
        for text in &it.texts {
            let known = texts.iter().position(|other| *other == text);
            let number = known.unwrap_or_else(|| {
                texts.push(text);
                texts.len() - 1
            });
            write!(numbers, " {}", number + 1).unwrap();
        }
        writeln!(
            notices,
            "{:<28}{:<32}{}",
            it.name,
            it.licence,
            numbers.trim_start()
        )
        .unwrap();
    }
    for (number, text) in texts.iter().enumerate() {
        write!(notices, "\n{:-<100}\n{}\n\n{text}", "", number + 1).unwrap();
    }
    notices
}

/// The crates that are linked in, by name.
fn linked() -> Vec<Linked> {
    let names = names();
    let mut options = vec!["metadata", "--format-version=1"];
    options.extend(
        TARGETS
            .iter()
            .flat_map(|target| ["--filter-platform", target]),
    );
    let metadata: Value = serde_json::from_str(&cargo(&options)).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let mut crates: Vec<_> = packages
        .filter(|it| names.contains(&name(it)))
        .map(described)
        .collect();
    crates.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(crates.len(), names.len(), "each of {names:?} is a package");
    crates
}

/// The names and versions of all crates that are linked in but sftoken itself.
fn names() -> BTreeSet<String> {
    let mut options = vec![
        "tree",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    ];
    options.extend(TARGETS.iter().flat_map(|target| ["--target", target]));
    let tree = cargo(&options);
    let mut names = BTreeSet::new();
    for line in tree.lines() {
        let mut words = line.split(' ');
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            names.insert(format!("{name} {}", version.trim_start_matches('v')));
        }
    }
    assert!(names.remove(concat!("sftoken ", env!("CARGO_PKG_VERSION"))));
    names
}

/// Name and version of a package.
fn name(package: &Value) -> String {
    let member = |name: &str| package[name].as_str().unwrap().to_owned();
    format!("{} {}", member("name"), member("version"))
}

/// A package with its licence and its texts.
fn described(package: &Value) -> Linked {
    let licence = package["license"].as_str().unwrap().to_owned();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());
    let mut files = licence_files(manifest.parent().unwrap());
    files.sort();
    let texts: Vec<_> = files.iter().map(|file| text(file)).collect();
    let name = name(package);
    assert!(!texts.is_empty(), "{name} brings no licence");
    Linked {
        name,
        licence,
        texts,
    }
}

/// The files with licences at any depth; of several in one directory MIT alone, since the others
/// stand there to choose from.
fn licence_files(directory: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    let (directories, mut files): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|it| it.is_dir());
    files.retain(|it| {
        LICENCE_FILES
            .iter()
            .any(|begin| file_name(it).starts_with(begin))
    });
    if files.iter().any(|it| file_name(it).contains("MIT")) {
        files.retain(|it| file_name(it).contains("MIT"));
    }
    files.extend(directories.iter().flat_map(|it| licence_files(it)));
    files
}

/// The last part of a path in capitals.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_uppercase()
}

/// A text without what differs between copies that say the same: blanks at the ends of its lines
/// and empty lines around it.
fn text(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let lines: Vec<_> = text.trim_matches('\n').lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned() + "\n"
}

/// What cargo says of this package without asking the network.
fn cargo(options: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(options)
        .args(["--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {options:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
