//! Keeps the spelling of numbers with an exponent.
//!
//! With `arbitrary_precision` `serde_json` keeps every digit of a number but writes all exponents
//! one way: `1E400` and `1e400` both come out as `1e+400`. A tool that promises to leave alone
//! what it does not change has to undo that, so this remembers how the document spelled them.

use std::collections::HashMap;
use std::ops::Range;

use serde_json::{Map, Value};

/// The document's own spelling of each number with an exponent, by `serde_json`'s spelling.
#[derive(Clone, Debug, Default)]
pub(super) struct Spellings(HashMap<String, String>);

impl Spellings {
    /// Collects the spellings in a JSON text; where two mean the same number the first wins. Most
    /// texts have none, as their members tell at less cost than a scan of the text.
    pub(super) fn of(json: &str, members: &Map<String, Value>) -> Self {
        let mut spellings = HashMap::new();
        if !members.values().any(has_exponent) {
            return Self(spellings);
        }
        for literal in exponent_literals(json).map(|range| &json[range]) {
            spellings
                .entry(normalised(literal))
                .or_insert_with(|| literal.to_owned());
        }
        Self(spellings)
    }

    /// Whether there is nothing to put back.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the spellings back into a JSON text that `serde_json` wrote.
    pub(super) fn restore(&self, json: String) -> String {
        if self.is_empty() {
            return json;
        }
        let mut restored = String::with_capacity(json.len());
        let mut copied = 0;
        for range in exponent_literals(&json) {
            restored.push_str(&json[copied..range.start]);
            let literal = &json[range.clone()];
            restored.push_str(self.0.get(literal).map_or(literal, String::as_str));
            copied = range.end;
        }
        restored + &json[copied..]
    }
}

/// Whether there is a number with an exponent in a value.
fn has_exponent(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_str().contains('e'),
        Value::Array(elements) => elements.iter().any(has_exponent),
        Value::Object(members) => members.values().any(has_exponent),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

/// The number as `serde_json` writes it.
fn normalised(literal: &str) -> String {
    let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, ""));
    let sign = if exponent.starts_with(['+', '-']) {
        ""
    } else {
        "+"
    };
    format!("{mantissa}e{sign}{exponent}")
}

/// Where the numbers with an exponent stand in a valid JSON text.
fn exponent_literals(json: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = json.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let start = at;
            at = match bytes[start] {
                b'"' => end_of_string(bytes, start),
                b'-' | b'0'..=b'9' => end_of_number(bytes, start),
                _ => start + 1,
            };
            let is_number = bytes[start] != b'"';
            if is_number && bytes[start..at].iter().any(|b| matches!(b, b'e' | b'E')) {
                // A literal such as `true` is stepped over byte by byte: its `e` stands alone.
                if at - start > 1 {
                    return Some(start..at);
                }
            }
        }
        None
    })
}

/// The index behind the string that starts at `start`, or behind the text if it does not end.
pub(super) fn end_of_string(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len().min(at + 1)
}

/// The index behind the number that starts at `start`.
fn end_of_number(bytes: &[u8], start: usize) -> usize {
    let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = bytes[start..].iter().take_while(|b| is_part(b)).count();
    start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spellings(json: &str) -> Spellings {
        let members = serde_json::from_str(json).expect("an object");
        Spellings::of(json, &members)
    }

    #[test]
    fn puts_back_what_serde_json_respelled() {
        let source = r#"{"a":1e400,"b":[2E5,-1.50E-7],"c":"1e5 \" 3e3","d":true,"e":1.0}"#;
        let written = r#"{"a":1e+400,"b":[2e+5,-1.50e-7],"c":"1e5 \" 3e3","d":true,"e":1.0}"#;
        assert_eq!(spellings(source).restore(written.to_owned()), source);
    }

    #[test]
    fn leaves_numbers_alone_that_the_document_did_not_have() {
        let written = r#"{"a":1e+400,"n":7e+7}"#;
        let restored = spellings(r#"{"a":1e400}"#).restore(written.to_owned());
        assert_eq!(restored, r#"{"a":1e400,"n":7e+7}"#);
    }
}
