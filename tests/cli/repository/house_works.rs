//! The rules of the house find what breaks them: each is broken here once, in made-up sources.

use super::house::{FLOORS, faults};
use super::source::Source;

/// The faults of made-up sources.
fn faults_in(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files.iter().map(|(name, text)| Source::new(name, text));
    faults(&sources.collect::<Vec<_>>())
}

#[test]
fn a_house_in_order_has_no_faults() {
    let files = [
        (
            "main.rs",
            "mod refresh; mod cli; fn main() { refresh::run(cli::parse()) }",
        ),
        (
            "refresh.rs",
            "use crate::{cli::Call, store, http::post}; use std::io;",
        ),
        (
            "cli.rs",
            "mod options; pub(crate) use options::{OPTIONS as ALL, parse};",
        ),
        (
            "cli/options.rs",
            "use super::values::number; pub(super) fn parse() {}",
        ),
        ("cli/values.rs", "use crate::error::Error;"),
        ("store.rs", "mod lock; use std::fs; use lock::Locked;"),
        (
            "store/lock.rs",
            "use crate::error; use std::fs::File; // super::lock\n",
        ),
        (
            "http.rs",
            "use ureq::Agent; fn at() -> crate::error::Error {}",
        ),
        (
            "say.rs",
            "fn say() { let _ = writeln!(io::stderr()); println!() }",
        ),
        (
            "input.rs",
            "use std::fs::File; fn read(file: &File) { file.metadata() }",
        ),
        (
            "error.rs",
            "enum Error { File } #[cfg(test)] mod tests { use crate::cli; }",
        ),
    ];
    assert_eq!(faults_in(&files), [""; 0]);
}

#[test]
fn circles_are_found_however_they_are_closed() {
    let circles: [&[(&str, &str)]; 6] = [
        &[
            ("secret.rs", "use crate::error::E;"),
            ("error.rs", "fn f() { crate::secret::f() }"),
        ],
        &[
            ("store.rs", "mod lock;"),
            ("store/lock.rs", "use super::Place;"),
        ],
        &[
            ("store.rs", "mod lock;"),
            ("store/lock.rs", "use super::*;"),
        ],
        &[
            ("store.rs", "mod lock;"),
            ("store/lock.rs", "use super::{self, x::Y};"),
        ],
        &[
            ("store.rs", "mod lock; pub use lock::L;"),
            ("store/lock.rs", "use crate::store::L;"),
        ],
        &[
            ("cli/a.rs", "use super::b::B;"),
            ("cli/b.rs", "use crate::{error, cli::{a::A}};"),
        ],
    ];
    for files in circles {
        let expected = files
            .iter()
            .map(|(name, _)| format!("{name} is in a circle"));
        assert_eq!(faults_in(files), expected.collect::<Vec<_>>());
    }
    let through_three = [
        ("secret.rs", "use crate::error::E;"),
        ("error.rs", "use crate::deadline::D;"),
        ("deadline.rs", "use crate::secret;"),
        ("endpoint.rs", "use crate::secret;"),
    ];
    assert_eq!(faults_in(&through_three).len(), 3);
}

#[test]
fn imports_that_lead_up_are_found() {
    let houses = [
        ("http.rs", "use crate::oauth::Verdict;", "oauth.rs"),
        ("http/roots.rs", "use crate::{error, oauth};", "oauth.rs"),
        (
            "say.rs",
            "fn f(it: &crate::document::Document) {}",
            "document.rs",
        ),
        ("error.rs", "use super::VERSION;", "main.rs"),
        (
            "store/lock.rs",
            "use super::super::report::words;",
            "report.rs",
        ),
    ];
    for (name, text, above) in houses {
        let faults = faults_in(&[(name, text), (above, "")]);
        assert_eq!(
            faults,
            [format!("{name} imports {above}, which stands above it")]
        );
    }
}

#[test]
fn rooms_that_have_to_do_without_each_other_are_found() {
    let faults = faults_in(&[
        ("store/save.rs", "use crate::document::D;"),
        ("document.rs", ""),
    ]);
    assert_eq!(
        faults,
        ["store/save.rs imports document.rs, which it may not know"]
    );
    for room in FLOORS.concat() {
        let name = format!("{room}.rs");
        let is_known = ["main", "refresh", "login", "cli"].contains(&room);
        let faults = faults_in(&[
            (&name, "use crate::cli::Print;"),
            ("cli/values.rs", ""),
            ("cli.rs", ""),
        ]);
        assert_eq!(faults.is_empty(), is_known, "{room}: {faults:?}");
    }
}

#[test]
fn a_room_without_a_place_is_found() {
    assert_eq!(
        faults_in(&[("output.rs", "")]),
        ["output.rs is on no floor"]
    );
}

#[test]
fn what_belongs_to_one_room_is_found_in_any_other() {
    let rows = [
        ("exchange.rs", "fn f(it: ureq::Error) {}", "ureq", "http"),
        (
            "cli/values.rs",
            "use std::{fs, io};",
            "fs",
            "store and input",
        ),
        (
            "print.rs",
            "use std::os::unix::fs::MetadataExt;",
            "fs",
            "store and input",
        ),
        (
            "report.rs",
            "fn f() { File::open() }",
            "File::",
            "store and input",
        ),
        (
            "settings.rs",
            "fn f(it: &File) {}",
            "&File",
            "store and input",
        ),
        (
            "settings.rs",
            "fn f() { path.exists() }",
            ".exists()",
            "store and input",
        ),
        ("print.rs", "use std::io::{Write, stdout};", "stdout", "say"),
        ("main.rs", "fn f() { io::stderr().lock() }", "stderr", "say"),
        (
            "store/save.rs",
            "fn f() { eprintln!(\"a\") }",
            "eprintln!",
            "say",
        ),
        ("error.rs", "fn f() { dbg!(1) }", "dbg!", "say"),
    ];
    for (name, text, found, room) in rows {
        let expected = format!("{name} has {found}, which is for {room} alone");
        assert_eq!(faults_in(&[(name, text)]), [expected]);
    }
    let fine = [(
        "input.rs",
        "use std::io::{self, IsTerminal}; fn f() { io::stdin().is_terminal() }",
    )];
    assert_eq!(faults_in(&fine), [""; 0]);
}
