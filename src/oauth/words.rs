//! What a reply says in words, and what of it is no words but may be a secret.

use serde_json::{Map, Value};

use super::request::TokenRequest;

/// Members whose text is for people.
const WORDS: [&str; 5] = [
    "error",
    "error_description",
    "error_uri",
    "errorCode",
    "message",
];

/// `error_description`, empty where there is none.
pub(super) fn description(members: &Map<String, Value>) -> &str {
    text(members, "error_description").unwrap_or_default()
}

/// What the server said of an error, fit to be shown.
pub(super) fn said(request: &TokenRequest, code: &str, members: &Map<String, Value>) -> String {
    let said = match description(members) {
        "" => code.to_owned(),
        description => format!("{code}: {description}"),
    };
    request.harmless(&said, possible_secrets(members))
}

/// `CODE: MESSAGE` of an error of Salesforce's REST API or of a gateway, which may stand in a member
/// `error`, or a description that came without a code.
pub(super) fn words_of(members: &Map<String, Value>) -> Option<String> {
    match (text(members, "errorCode"), text(members, "message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => {
            let words = code.or(message);
            let words = words.or_else(|| text(members, "error_description"));
            let words = words.map(str::to_owned);
            words.or_else(|| words_of(nested(members)?))
        }
    }
}

/// The members of an `error` that is no code, as Google's and Microsoft's gateways write it.
fn nested(members: &Map<String, Value>) -> Option<&Map<String, Value>> {
    members.get("error")?.as_object()
}

/// The values that came with an error, at any depth: should they be tokens, its description may
/// repeat them.
pub(super) fn possible_secrets(members: &Map<String, Value>) -> Vec<&str> {
    let others = members
        .iter()
        .filter(|(name, _)| !WORDS.contains(&name.as_str()));
    let values = others.flat_map(|(_, value)| texts(value));
    let nested = nested(members).map(possible_secrets).unwrap_or_default();
    values.chain(nested).collect()
}

/// The texts in a value. Words for people are no tokens, and redacting them would hide the reason.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if !text.contains(' ') => vec![text],
        Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// A member that is a non-empty string.
fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = members.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_every_depth_may_be_secrets_and_sentences_are_none() {
        let members = serde_json::json!({
            "error": "e", "error_description": "d", "a": "1", "b": "two words", "c": 3,
            "d": {"e": ["4", {"error": "5"}]},
        });
        let members = members.as_object().expect("an object");
        assert_eq!(possible_secrets(members), ["1", "4", "5"]);
    }
}
