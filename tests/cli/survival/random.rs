//! Random documents, each as its owner may have written it and as it has to be saved.
//!
//! The writer here is the tests' own: what the program's parser and the program's writer have in
//! common cannot hide a loss.

use std::fmt::Write as _;

use crate::seeded::Random;

/// The name that `serde_json` keeps for itself: a document that has it is refused.
const RESERVED: &str = "$serde_json::private::Number";

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 127;

/// Characters that need an escape, may have one, or are a part of JSON.
const CHARACTERS: [char; 20] = [
    'a',
    'Z',
    '0',
    ' ',
    '"',
    '\\',
    '/',
    '{',
    ':',
    ',',
    '\n',
    '\t',
    '\u{8}',
    '\0',
    '\u{1f}',
    '\u{7f}',
    '\u{e4}',
    '\u{2028}',
    '\u{feff}',
    '\u{1f600}',
];

/// A string or a number: as its owner wrote it, and as it is saved.
struct Scalar {
    /// With any escapes.
    source: String,
    /// With those alone that JSON demands; numbers as they were.
    saved: String,
}

impl Scalar {
    /// A text that is the same in both.
    fn plain(text: &str) -> Self {
        let (source, saved) = (text.to_owned(), text.to_owned());
        Self { source, saved }
    }

    /// A string literal, some of its characters escaped without need.
    fn string(text: &str, random: &mut Random) -> Self {
        let mut scalar = Self::plain("\"");
        for c in text.chars() {
            let needed = needed_escape(c);
            match &needed {
                Some(escape) if random.once_in(2) => scalar.source.push_str(escape),
                None if !random.once_in(4) => scalar.source.push(c),
                _ => scalar.source.push_str(&hexadecimal(c)),
            }
            scalar
                .saved
                .push_str(&needed.unwrap_or_else(|| c.to_string()));
        }
        scalar.source.push('"');
        scalar.saved.push('"');
        scalar
    }
}

/// A value of JSON.
enum Node {
    /// No brackets.
    Scalar(Scalar),
    /// `[...]`
    Array(Vec<Node>),
    /// `{...}`, where a name may occur more than once.
    Object(Vec<(Scalar, Node)>),
}

/// A random document.
pub(super) struct Specimen {
    /// As its owner wrote it.
    pub(super) source: String,
    /// As it has to be saved, unless it has to be refused.
    pub(super) saved: Option<String>,
}

impl Specimen {
    /// A document with these members and as many others.
    pub(super) fn new(members: &[(&str, &str)], random: &mut Random) -> Self {
        let mut others = Others::default();
        let mut all = Vec::new();
        for (name, value) in members {
            for _ in 0..random.below(5) {
                all.push((others.name(random), others.node(random, 1)));
            }
            all.push((
                Scalar::plain(&format!("\"{name}\"")),
                Node::Scalar(Scalar::string(value, random)),
            ));
        }
        let document = Node::Object(all);
        let indent = [None, Some("\t"), Some("   ")][random.below(3)];
        let mut source = String::new();
        document.write_source(&mut source, indent, 0, random);
        let mut saved = String::new();
        document.write_saved(&mut saved, indent.unwrap_or("  "), 0);
        let saved = (!others.must_be_refused).then(|| saved + "\n");
        Self { source, saved }
    }
}

/// What makes the members that nobody knows.
#[derive(Default)]
struct Others {
    /// How many numbers there are: each has digits of its own.
    numbers: usize,
    /// Set once there is what cannot be kept.
    must_be_refused: bool,
}

impl Others {
    /// A name, sometimes one that occurs again.
    fn name(&mut self, random: &mut Random) -> Scalar {
        if random.once_in(40) {
            self.must_be_refused = true;
            return Scalar::string(RESERVED, random);
        }
        let text = match random.below(4) {
            0 => "again".to_owned(),
            1 => format!("{RESERVED}{}", random.below(3)),
            _ => text(random),
        };
        Scalar::string(&text, random)
    }

    /// A value at this depth.
    fn node(&mut self, random: &mut Random, depth: usize) -> Node {
        let width = random.below(4);
        match random.below(if depth > 6 { 6 } else { 9 }) {
            0 => Node::Scalar(Scalar::plain(["true", "false", "null"][random.below(3)])),
            1 => Node::Scalar(Scalar::string(RESERVED, random)),
            2 | 3 => Node::Scalar(Scalar::string(&text(random), random)),
            4 | 5 => Node::Scalar(Scalar::plain(&self.number(random))),
            6 if random.once_in(3) => self.chain(random, depth),
            6 | 7 => Node::Array((0..width).map(|_| self.node(random, depth + 1)).collect()),
            _ => {
                let member = |others: &mut Self, random: &mut Random| {
                    (others.name(random), others.node(random, depth + 1))
                };
                Node::Object((0..width).map(|_| member(self, random)).collect())
            }
        }
    }

    /// Arrays in each other, around the depth that is still read.
    fn chain(&mut self, random: &mut Random, depth: usize) -> Node {
        let links = MAX_DEPTH - 10 + random.below(14) - depth;
        self.must_be_refused |= depth + links > MAX_DEPTH;
        let end = Node::Scalar(Scalar::plain("0"));
        (0..links).fold(end, |inner, _| Node::Array(vec![inner]))
    }

    /// A number in any spelling.
    fn number(&mut self, random: &mut Random) -> String {
        self.numbers += 1;
        let sign = ["", "-"][random.below(2)];
        let fraction = ["", ".0", ".10", ".123456789012345678901234567890"][random.below(4)];
        let exponent = ["", "", "e5", "E400", "e+07", "E-400"][random.below(6)];
        format!(
            "{sign}{}00000000000000000000{fraction}{exponent}",
            self.numbers
        )
    }
}

impl Node {
    /// As its owner may have written it: with an indentation, or on one line with blanks here and
    /// there.
    fn write_source(
        &self,
        to: &mut String,
        indent: Option<&str>,
        level: usize,
        random: &mut Random,
    ) {
        let items: Vec<(Option<&Scalar>, &Node)> = match self {
            Self::Scalar(scalar) => return to.push_str(&scalar.source),
            Self::Array(nodes) => nodes.iter().map(|node| (None, node)).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, node)| (Some(name), node))
                .collect(),
        };
        to.push_str(self.brackets().0);
        for (at, (name, node)) in items.iter().enumerate() {
            to.push_str(if at == 0 { "" } else { "," });
            new_line(to, indent, level + 1);
            if let Some(name) = name {
                write!(to, "{}{}:", name.source, [" ", ""][random.below(2)]).unwrap();
            }
            to.push_str(["", " ", "\t "][random.below(3)]);
            node.write_source(to, indent, level + 1, random);
        }
        new_line(to, indent, level);
        to.push_str(self.brackets().1);
    }

    /// As it is saved: of a name that occurs twice the last value, where the first one was.
    fn write_saved(&self, to: &mut String, indent: &str, level: usize) {
        let mut items: Vec<(Option<&str>, &Node)> = Vec::new();
        match self {
            Self::Scalar(scalar) => return to.push_str(&scalar.saved),
            Self::Array(nodes) => items.extend(nodes.iter().map(|node| (None, node))),
            Self::Object(members) => {
                for (name, node) in members {
                    let name = Some(name.saved.as_str());
                    match items.iter_mut().find(|item| item.0 == name) {
                        Some(first) => first.1 = node,
                        None => items.push((name, node)),
                    }
                }
            }
        }
        to.push_str(self.brackets().0);
        for (at, (name, node)) in items.iter().enumerate() {
            to.push_str(if at == 0 { "" } else { "," });
            new_line(to, Some(indent), level + 1);
            if let Some(name) = name {
                write!(to, "{name}: ").unwrap();
            }
            node.write_saved(to, indent, level + 1);
        }
        if !items.is_empty() {
            new_line(to, Some(indent), level);
        }
        to.push_str(self.brackets().1);
    }

    /// What opens and closes it.
    fn brackets(&self) -> (&'static str, &'static str) {
        match self {
            Self::Scalar(_) => ("", ""),
            Self::Array(_) => ("[", "]"),
            Self::Object(_) => ("{", "}"),
        }
    }
}

/// Begins a line, if there are lines.
fn new_line(to: &mut String, indent: Option<&str>, level: usize) {
    if let Some(indent) = indent {
        to.push('\n');
        to.push_str(&indent.repeat(level));
    }
}

/// A few characters of all kinds.
fn text(random: &mut Random) -> String {
    let length = random.below(8);
    (0..length)
        .map(|_| CHARACTERS[random.below(CHARACTERS.len())])
        .collect()
}

/// The escape that a character must have, in the form in which it is saved.
fn needed_escape(c: char) -> Option<String> {
    Some(match c {
        '"' => r#"\""#.to_owned(),
        '\\' => r"\\".to_owned(),
        '\n' => r"\n".to_owned(),
        '\t' => r"\t".to_owned(),
        '\u{8}' => r"\b".to_owned(),
        '\0'..='\u{1f}' => format!("\\u{:04x}", u32::from(c)),
        _ => return None,
    })
}

/// A character as its UTF-16 code units in hexadecimal digits.
fn hexadecimal(c: char) -> String {
    let mut units = [0; 2];
    let units = c.encode_utf16(&mut units).iter();
    units.fold(String::new(), |escapes, unit| {
        format!("{escapes}\\u{unit:04X}")
    })
}
