//! Reads a source file of Rust as far as the rules of the house need it.
//!
//! The text is taken apart into words, so that comments, strings and the layout of a `use` cannot
//! hide or feign anything. What is compiled for tests alone is left out. Nothing is expanded: a
//! path inside a macro call counts like any other.

use std::iter::Peekable;
use std::slice::Iter;

/// A source file.
pub(super) struct Source {
    /// Its path below `src`, such as `store/lock.rs`.
    pub(super) name: String,
    /// Its words: identifiers and numbers, `::`, and every other character for itself.
    words: Vec<String>,
}

impl Source {
    /// Takes the text apart.
    pub(super) fn new(name: &str, text: &str) -> Self {
        let (name, words) = (name.to_owned(), without_tests(words(text)));
        Self { name, words }
    }

    /// The module that the file is, as the names that lead there; none for `main.rs`.
    pub(super) fn module(&self) -> Vec<String> {
        let path = self.name.trim_end_matches(".rs");
        let names = path.split('/').filter(|name| *name != "main");
        names.map(str::to_owned).collect()
    }

    /// Whether this sequence of words occurs.
    pub(super) fn has(&self, sequence: &str) -> bool {
        let sequence = words(sequence);
        self.words.windows(sequence.len()).any(|it| it == sequence)
    }

    /// The names of the modules that are declared here and stand in files of their own.
    pub(super) fn children(&self) -> Vec<&str> {
        let declarations = self.words.windows(3);
        declarations
            .filter(|it| it[0] == "mod" && it[2] == ";")
            .map(|it| it[1].as_str())
            .collect()
    }

    /// Every path, in a `use` or in the code: the names between the `::`.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        let mut words = self.words.iter().peekable();
        while let Some(word) = words.next() {
            if word == "use" {
                collect_tree(&mut words, &[], &mut paths);
            } else if is_name(word) {
                // A name alone, such as the `super` of `pub(super)`, leads nowhere.
                let path = path_from(word, &mut words);
                paths.extend(Some(path).filter(|it| it.len() > 1));
            }
        }
        paths
    }
}

/// The rest of a path that begins with this word.
fn path_from(first: &str, words: &mut Peekable<Iter<String>>) -> Vec<String> {
    let mut path = vec![first.to_owned()];
    while words.next_if(|it| *it == "::").is_some() {
        path.extend(words.next_if(|it| is_name(it)).cloned());
    }
    path
}

/// One tree of a `use`, up to the word that ends it, as whole paths.
fn collect_tree(
    words: &mut Peekable<Iter<String>>,
    start: &[String],
    paths: &mut Vec<Vec<String>>,
) {
    let mut path = start.to_vec();
    while let Some(word) = words.next_if(|it| !["}", ",", ";"].contains(&it.as_str())) {
        match word.as_str() {
            "{" => return collect_group(words, &path, paths),
            "as" => drop(words.next()),
            "self" if !path.is_empty() => {}
            name if is_name(name) => path.push(name.to_owned()),
            _ => {}
        }
    }
    paths.push(path);
}

/// The trees between braces.
fn collect_group(
    words: &mut Peekable<Iter<String>>,
    start: &[String],
    paths: &mut Vec<Vec<String>>,
) {
    while words.next_if(|it| *it == "}").is_none() && words.peek().is_some() {
        collect_tree(words, start, paths);
        words.next_if(|it| *it == ",");
    }
}

/// Whether a word is an identifier, a keyword or a number.
fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The words without the items behind `#[cfg(test)]`.
fn without_tests(mut words: Vec<String>) -> Vec<String> {
    let mark = ["#", "[", "cfg", "(", "test", ")", "]"];
    while let Some(start) = words.windows(mark.len()).position(|it| it == mark) {
        let end = end_of_item(&words, start + mark.len());
        words.drain(start..end);
    }
    words
}

/// Where the item ends that begins there: behind its `;` or its last brace.
fn end_of_item(words: &[String], start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(start) {
        match word.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            ";" => {}
            _ => continue,
        }
        if depth == 0 {
            return at + 1;
        }
    }
    words.len()
}

/// The words of a text; comments, strings and lifetimes are none.
fn words(mut text: &str) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(c) = text.chars().next() {
        let length = match c {
            _ if c.is_whitespace() => c.len_utf8(),
            '/' if text.starts_with("//") => text.find('\n').unwrap_or(text.len()),
            '/' if text.starts_with("/*") => text.find("*/").map_or(text.len(), |at| at + 2),
            '"' => string_len(text),
            'r' | 'b' if raw_string_len(text).is_some() => raw_string_len(text).unwrap_or_default(),
            '\'' => quote_len(text),
            _ => {
                let word = word_at(text);
                words.push(word.to_owned());
                word.len()
            }
        };
        text = &text[length..];
    }
    words
}

/// The word at the start of a text.
fn word_at(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let length = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let first = text.chars().next().map_or(0, char::len_utf8);
    match length {
        0 if text.starts_with("::") => "::",
        0 => &text[..first],
        _ => &text[..length],
    }
}

/// How long the string is at the start of a text.
fn string_len(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text[1..].find(|c| {
        let is_end = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |at| at + 2)
}

/// How long the raw string is at the start of a text, if there is one.
fn raw_string_len(text: &str) -> Option<usize> {
    let start = text.trim_start_matches('b').strip_prefix('r')?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let body = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(text.len() - body.len() + length)
}

/// How long the character is at the start of a text, or the mark of a lifetime.
fn quote_len(text: &str) -> usize {
    let inner = &text[1..];
    if let Some(escape) = inner.strip_prefix('\\') {
        // The escaped character itself may be a quote.
        return escape[1..].find('\'').map_or(text.len(), |at| at + 4);
    }
    let first = inner.chars().next().map_or(0, char::len_utf8);
    let is_character = inner[first..].starts_with('\'');
    if is_character { first + 2 } else { 1 }
}

#[test]
fn words_are_neither_in_comments_nor_in_strings() {
    let texts = [
        "// ureq\n/* ureq */ a",
        "a /// ureq",
        r#"a("ureq \" ureq", b"ureq", '"', "ureq")"#,
        r##"a(r"ureq\", r#"ureq " ureq"#, br"ureq", '\'', '\u{1}', "ureq")"##,
        "a::<'b>('c', \"ureq\")",
    ];
    for text in texts {
        let source = Source::new("a.rs", text);
        assert!(source.has("a") && !source.has("ureq"), "{text}");
    }
    assert!(Source::new("a.rs", "fn a<'b>() -> ureq::Agent").has("ureq::Agent"));
    assert!(!Source::new("a.rs", "let my_ureq = 1;").has("ureq"));
}

#[test]
fn what_is_for_tests_alone_is_left_out() {
    let texts = [
        "#[cfg(test)] mod tests { fn a() { ureq() } } a",
        "a #[cfg(test)]\n#[allow(x)]\nmod tests { use ureq; }",
        "#[cfg(test)] use ureq::Agent; a",
        "#[cfg(test)] mod ureq; a",
    ];
    for text in texts {
        let source = Source::new("a.rs", text);
        assert!(source.has("a") && !source.has("ureq"), "{text}");
    }
}

#[test]
fn paths_are_read_however_they_are_written() {
    let rows = [
        ("use a::b;", "a::b"),
        ("pub(crate) use a::b as c;", "a::b"),
        ("use {d, a::b};", "a::b"),
        ("use a::{d, c::{self, e}, b};", "a::b"),
        ("use a::{d,\n    b::{self, *},\n};", "a::b"),
        ("use a::b::*;", "a::b"),
        ("fn f() -> a::b<c> {}", "a::b"),
        ("f(&a::b, |x| x)", "a::b"),
    ];
    for (text, path) in rows {
        let paths = Source::new("a.rs", text).paths();
        assert!(paths.iter().any(|it| it.join("::") == path), "{paths:?}");
    }
}
