//! The one name that a member must not have.
//!
//! With `arbitrary_precision` `serde_json` takes an object with this member for a number: it would
//! come back as that number alone. Parsing hides it, so it is looked for in the text, where it can be
//! spelled with escapes. As a value it is a string like any other.

use serde_json::{Map, Value};

use super::numbers::end_of_string;

/// The name that `serde_json` keeps for itself.
const NAME: &str = "$serde_json::private::Number";

/// Whether a JSON text, which need not be valid, has a member of that name. Most texts have neither
/// it nor an escape, which is seen at less cost than where strings begin and end.
pub(super) fn is_in_text(json: &str) -> bool {
    if !json.contains('\\') && !json.contains(NAME) {
        return false;
    }
    let bytes = json.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes[at..].iter().position(|b| *b == b'"') {
        let start = at + offset;
        at = end_of_string(bytes, start);
        let next = bytes[at..].iter().find(|b| !b.is_ascii_whitespace());
        if next == Some(&b':') && json.get(start..at).is_some_and(spells_it) {
            return true;
        }
    }
    false
}

/// Whether members have it, at any depth: a reply can bring it where parsing does not hide it.
pub(super) fn is_in_members(members: &Map<String, Value>) -> bool {
    members
        .iter()
        .any(|(name, value)| name == NAME || is_in_value(value))
}

/// The same of a value.
fn is_in_value(value: &Value) -> bool {
    match value {
        Value::Object(members) => is_in_members(members),
        Value::Array(elements) => elements.iter().any(is_in_value),
        _ => false,
    }
}

/// Whether a string literal means the name.
fn spells_it(literal: &str) -> bool {
    literal.len() > NAME.len() && serde_json::from_str::<String>(literal).is_ok_and(|it| it == NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_found_as_a_name_however_it_is_spelled() {
        for name in [
            NAME.to_owned(),
            NAME.replace('$', r"\u0024"),
            NAME.replace('s', r"\u0073").replace('N', r"\u004E"),
        ] {
            for json in [
                format!(r#"{{"{name}":"1"}}"#),
                format!(r#"{{"a":[{{"b":"{name}","{name}" {}: 1}}]}}"#, "\n\t"),
                format!(r#"{{"a\\":"\"","{name}":"#),
            ] {
                assert!(is_in_text(&json), "{json}");
            }
        }
    }

    #[test]
    fn is_harmless_as_a_value_and_as_a_part() {
        for json in [
            format!(r#"{{"a":"{NAME}","b":["{NAME}"]}}"#),
            format!(r#"{{"a":"\"{NAME}\":","x{NAME}":1,"{NAME}x":1}}"#),
            r#"{"$serde_json::private::RawValue":"1"}"#.to_owned(),
            format!("\"{NAME}"),
            r#"{"a":"\"#.to_owned(),
        ] {
            assert!(!is_in_text(&json), "{json}");
        }
    }
}
