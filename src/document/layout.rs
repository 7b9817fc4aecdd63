//! How a document looks in its file: indentation and the spelling of numbers, kept as its owner has
//! them.
//!
//! Indentation is all that can make a text much longer than what it holds, so its length is known
//! before anything is written.

use std::io;

use serde_json::{Map, Value};

use super::numbers::Spellings;

/// The indentation of documents that have none, as in most JSON tools.
const DEFAULT_INDENT: &str = "  ";

/// The widest indentation of a level, in characters: twice what any style guide asks for. White space
/// beyond it stands there by accident.
const MAX_INDENT: usize = 16;

/// What a document looks like.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// What one level is indented by.
    indent: String,
    /// How the owner wrote numbers with an exponent.
    spellings: Spellings,
    /// Bytes that it has.
    len: usize,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            indent: DEFAULT_INDENT.to_owned(),
            spellings: Spellings::default(),
            len: 0,
        }
    }
}

impl Layout {
    /// The layout of a JSON text with these members.
    pub(super) fn of(text: &str, members: &Map<String, Value>) -> Self {
        Self {
            indent: indent_of(text).unwrap_or(DEFAULT_INDENT).to_owned(),
            spellings: Spellings::of(text, members),
            len: text.len(),
        }
    }

    /// The bytes that indenting members takes.
    pub(super) fn indentation(&self, members: &Map<String, Value>) -> usize {
        levels_of_members(members, 0) * self.indent.len()
    }

    /// Bytes that [`Layout::render`] gives, counted without writing them where that is possible.
    pub(super) fn rendered_len(&self, members: &Map<String, Value>) -> usize {
        if !self.spellings.is_empty() {
            return self.render(members).len();
        }
        let mut counted = Counted(0);
        serde_json::to_writer_pretty(&mut counted, members)
            .expect("a value tree with string keys is always JSON");
        let levels = levels_of_members(members, 0);
        counted.0 - levels * DEFAULT_INDENT.len() + levels * self.indent.len() + "\n".len()
    }

    /// Members as a JSON text: UTF-8, one newline at the end.
    pub(super) fn render(&self, members: &Map<String, Value>) -> Vec<u8> {
        let mut json = Vec::with_capacity(self.len + self.len / 16 + GROWTH);
        serde_json::to_writer_pretty(&mut json, members)
            .expect("a value tree with string keys is always JSON");
        let json = String::from_utf8(json).expect("JSON of strings is UTF-8");
        let mut json = indented(self.spellings.restore(json), &self.indent);
        json.push('\n');
        json.into_bytes()
    }
}

/// Bytes that a usual reply adds to a document; more is no harm.
const GROWTH: usize = 4 * 1024;

/// The number of bytes that were written to it.
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The white space before the first member that stands on a line of its own.
fn indent_of(json: &str) -> Option<&str> {
    let indent = json.lines().skip(1).find_map(|line| {
        let member = line.trim_start_matches([' ', '\t']);
        let indent = &line[..line.len() - member.len()];
        (member.starts_with('"') && !indent.is_empty()).then_some(indent)
    });
    indent.filter(|indent| indent.len() <= MAX_INDENT)
}

/// By how many levels all lines of an object together are indented, its own first line aside.
fn levels_of_members(members: &Map<String, Value>, level: usize) -> usize {
    levels_of_lines(members.values(), level)
}

/// The same of a value.
fn levels_of_value(value: &Value, level: usize) -> usize {
    match value {
        Value::Object(members) => levels_of_members(members, level),
        Value::Array(elements) => levels_of_lines(elements.iter(), level),
        _ => 0,
    }
}

/// The same of what stands in brackets: a line for each value, and one for the closing bracket.
fn levels_of_lines<'a>(values: impl ExactSizeIterator<Item = &'a Value>, level: usize) -> usize {
    let closing = if values.len() == 0 { 0 } else { level };
    let inner = values.map(|value| level + 1 + levels_of_value(value, level + 1));
    inner.sum::<usize>() + closing
}

/// Replaces the two spaces a level that `serde_json` writes; inside strings no line ever starts.
fn indented(json: String, indent: &str) -> String {
    if indent == DEFAULT_INDENT {
        return json;
    }
    let mut indented = String::with_capacity(json.len());
    for line in json.split_inclusive('\n') {
        let content = line.trim_start_matches(' ');
        let levels = (line.len() - content.len()) / DEFAULT_INDENT.len();
        indented.extend(std::iter::repeat_n(indent, levels));
        indented.push_str(content);
    }
    indented
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(json: &str) -> (Layout, Map<String, Value>) {
        let members = serde_json::from_str(json).expect("an object");
        (Layout::of(json, &members), members)
    }

    fn rendered(json: &str) -> String {
        let (layout, members) = laid_out(json);
        let rendered = layout.render(&members);
        assert_eq!(layout.rendered_len(&members), rendered.len());
        String::from_utf8(rendered).expect("UTF-8")
    }

    #[test]
    fn indents_as_the_document_does() {
        let widest = " ".repeat(MAX_INDENT);
        for indent in ["\t", "    ", " ", "   ", &widest] {
            let json = format!(
                "{{\n{indent}\"r\": \"  r\",\n{indent}\"a\": [\n{indent}{indent}1\n{indent}]\n}}\n"
            );
            assert_eq!(rendered(&json), json);
        }
        let too_wide = " ".repeat(MAX_INDENT + 1);
        for json in [
            r#"{"r":"r"}"#,
            "{\n\"r\":\"r\"\n}",
            "{\r\n  \"r\": \"r\"\r\n}\r\n",
            &format!("{{\n{too_wide}\"r\":\"r\"\n}}"),
        ] {
            assert_eq!(rendered(json), "{\n  \"r\": \"r\"\n}\n");
        }
    }

    #[test]
    fn knows_the_length_of_the_indentation_beforehand() {
        for json in [
            "{}",
            "{\n   \"a\": [[], {}, [1, [2, {\"b\": [3]}]]], \"c\": {\"d\": \"\\n  \"}}",
        ] {
            let (layout, members) = laid_out(json);
            let spaces = rendered(json)
                .lines()
                .map(|line| line.len() - line.trim_start().len())
                .sum::<usize>();
            assert_eq!(layout.indentation(&members), spaces, "{json}");
        }
    }
}
