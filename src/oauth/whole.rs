//! Where the JSON object in a reply ends, seen as its bytes come.
//!
//! A server may leave the connection open, or never send the last chunk. Whoever waits for that
//! risks the token in the meantime, so nothing is waited for once the object is whole. This is no
//! parser: it only has to find the brace that closes the first one.

/// The state of the search.
#[derive(Debug, Default)]
pub(crate) struct Whole {
    /// How many braces and brackets are open.
    depth: usize,
    /// What has come before the object.
    before: Before,
    /// Whether it is inside a string.
    in_string: bool,
    /// Whether the next byte is part of an escape in a string.
    is_escaped: bool,
}

/// What may stand before the object.
#[derive(Debug, Default, PartialEq, Eq)]
enum Before {
    /// A byte order mark or white space.
    #[default]
    Nothing,
    /// The first brace has come.
    Object,
    /// Something that is no object: it has no end of its own.
    Foreign,
}

impl Whole {
    /// Takes the next bytes; tells whether the object is whole with them.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> bool {
        bytes.iter().any(|byte| self.closes_with(*byte))
    }

    /// Whether this byte closes the object.
    fn closes_with(&mut self, byte: u8) -> bool {
        match self.before {
            Before::Foreign => false,
            Before::Nothing => {
                self.begin(byte);
                false
            }
            Before::Object if self.in_string => {
                self.string(byte);
                false
            }
            Before::Object => self.structure(byte),
        }
    }

    /// A byte before the object, or its first.
    fn begin(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0xef | 0xbb | 0xbf => {}
            b'{' => (self.before, self.depth) = (Before::Object, 1),
            _ => self.before = Before::Foreign,
        }
    }

    /// A byte of a string.
    fn string(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.in_string = false,
            _ => {}
        }
    }

    /// A byte outside strings; tells whether it closes the object.
    fn structure(&mut self, byte: u8) -> bool {
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.depth == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes it takes until the object is whole, fed one by one.
    fn ends_at(text: &str) -> Option<usize> {
        let mut whole = Whole::default();
        let position = text.bytes().position(|byte| whole.feed(&[byte]));
        position.map(|index| index + 1)
    }

    #[test]
    fn the_brace_that_closes_the_first_one_ends_it() {
        for text in [
            "{}",
            "\u{feff} \r\n{\"a\": {\"b\": [{}, 1]}}",
            r#"{"a": "}", "b\"}": "\\", "c": "\\\""}"#,
        ] {
            assert_eq!(
                ends_at(&format!("{text} trailing }}")),
                Some(text.len()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_open_or_no_object_does_not_end() {
        for text in [
            "",
            "{",
            r#"{"a": "}"#,
            r#"{"a": [}"#,
            "[{}]",
            "<html>{}",
            "\"{}\"",
            "x{}",
        ] {
            assert_eq!(ends_at(text), None, "{text}");
        }
    }
}
