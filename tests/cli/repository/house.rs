//! The rules of the house: which file of `src` may know which, and what only one room may touch.
//!
//! A file that knows those above it cannot be read alone, and a second place that writes to the
//! disk or to standard error soon has rules of its own. So the order of the rooms stands here, and
//! a file that breaks it, or a room that has no place in it, is named with its fault.

use std::collections::BTreeSet;

use super::source::Source;

/// The rooms from top to bottom: none imports from a floor above its own.
pub(super) const FLOORS: [&[&str]; 15] = [
    &["main"],
    &["refresh", "login"],
    &["cli"],
    &["settings"],
    &["hold", "keep"],
    &["exchange", "retry"],
    &["report"],
    &["print"],
    &["oauth"],
    &["store"],
    &["http"],
    &["document"],
    &["input"],
    &["say"],
    &[
        "base64", "deadline", "endpoint", "mailbox", "secret", "text", "error",
    ],
];

/// A room and those who know it, beyond what the order of the floors says.
const KNOWN_TO: [(&str, &[&str]); 1] = [("cli", &["main", "refresh", "login"])];

/// A room and one below it that it has to do without.
const UNKNOWN_TO: [(&str, &str); 1] = [("store", "document")];

/// What only some rooms may name, as sequences of words.
const CONFINED: [(&[&str], &[&str]); 3] = [
    (&["http"], &["ureq"]),
    (&["store", "input"], &DISK),
    (&["say"], &STREAMS),
];

/// What gets at the disk: the module of `std`, and the methods of a path that ask the system.
const DISK: [&str; 13] = [
    "fs",
    "File::",
    "&File",
    "OpenOptions",
    ".exists()",
    ".try_exists()",
    ".metadata()",
    ".symlink_metadata()",
    ".canonicalize()",
    ".read_dir()",
    ".read_link()",
    ".is_file()",
    ".is_dir()",
];

/// What gets at standard output and error.
const STREAMS: [&str; 7] = [
    "stdout",
    "stderr",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
    "dbg!",
];

/// An import: the numbers of the file that has it and of the file that it names.
type Import = (usize, usize);

/// Everything that is wrong in these sources, each with the file that has to change.
pub(super) fn faults(sources: &[Source]) -> Vec<String> {
    let imports = imports(sources);
    let mut faults = circles(sources, &imports);
    let between = imports
        .iter()
        .map(|(from, to)| (&sources[*from], &sources[*to]));
    faults.extend(between.filter_map(|(from, to)| fault_of_import(from, to)));
    faults.extend(sources.iter().flat_map(faults_of_words));
    faults
}

/// Which file imports which; a parent imports the modules that it declares.
fn imports(sources: &[Source]) -> BTreeSet<Import> {
    let modules: Vec<_> = sources.iter().map(Source::module).collect();
    let mut imports = BTreeSet::new();
    for (from, source) in sources.iter().enumerate() {
        let children = source.children();
        let declared = children.iter().map(|child| vec![(*child).to_owned()]);
        for path in source.paths().into_iter().chain(declared) {
            let target = target(&path, &modules[from], &children);
            let to = target.and_then(|it| file_of(&it, &modules));
            imports.extend(to.filter(|to| *to != from).map(|to| (from, to)));
        }
    }
    imports
}

/// The path from the root of the crate, if it does not lead out of the crate.
fn target(path: &[String], module: &[String], children: &[&str]) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let mut target = match first.as_str() {
        "crate" => Vec::new(),
        "self" => module.to_vec(),
        "super" => module.split_last()?.1.to_vec(),
        child if children.contains(&child) => [module, &[child.to_owned()]].concat(),
        _ => return None,
    };
    for name in rest {
        if name == "super" {
            target.pop();
        } else {
            target.push(name.clone());
        }
    }
    Some(target)
}

/// The file that has what the path names: the longest part of it that is a module.
fn file_of(path: &[String], modules: &[Vec<String>]) -> Option<usize> {
    let mut parts = (0..=path.len()).rev().map(|len| &path[..len]);
    parts.find_map(|part| modules.iter().position(|it| it == part))
}

/// The files that import themselves by way of others.
fn circles(sources: &[Source], imports: &BTreeSet<Import>) -> Vec<String> {
    (0..sources.len())
        .filter(|file| reachable(*file, imports).contains(file))
        .map(|file| format!("{} is in a circle", sources[file].name))
        .collect()
}

/// Every file that one imports, directly or not.
fn reachable(file: usize, imports: &BTreeSet<Import>) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(from) = open.pop() {
        let next = imports.range((from, 0)..=(from, usize::MAX));
        open.extend(next.map(|(_, to)| *to).filter(|to| reached.insert(*to)));
    }
    reached
}

/// The room that a file belongs to: the name of its outermost module.
fn room(source: &Source) -> String {
    source.module().first().map_or("main".into(), String::clone)
}

/// The floor that a room is on, counted from the top.
fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// What is wrong with one file's import of another.
fn fault_of_import(from: &Source, to: &Source) -> Option<String> {
    let (from_room, to_room) = (&*room(from), &*room(to));
    let is_kept_out = |(known, by): &(&str, &[&str])| {
        to_room == *known && from_room != *known && !by.contains(&from_room)
    };
    let floors = floor(from_room).zip(floor(to_room));
    let why = if floors.is_some_and(|(from, to)| to < from) {
        "which stands above it"
    } else if KNOWN_TO.iter().any(is_kept_out) || UNKNOWN_TO.contains(&(from_room, to_room)) {
        "which it may not know"
    } else {
        return None;
    };
    Some(format!("{} imports {}, {why}", from.name, to.name))
}

/// What is wrong with one file by itself.
fn faults_of_words(source: &Source) -> Vec<String> {
    let (room, name) = (&*room(source), &source.name);
    let homeless = floor(room)
        .is_none()
        .then(|| format!("{name} is on no floor"));
    let foreign = CONFINED.iter().filter(|(rooms, _)| !rooms.contains(&room));
    let found = foreign.flat_map(|(rooms, texts)| {
        let found = texts.iter().filter(|text| source.has(text));
        found.map(|text| {
            format!(
                "{name} has {text}, which is for {} alone",
                rooms.join(" and ")
            )
        })
    });
    homeless.into_iter().chain(found).collect()
}
