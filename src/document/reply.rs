//! What a token reply does to the members of a document.

use serde_json::{Map, Value};

use crate::endpoint::HOST_MEMBERS;
use crate::text::pasted;

/// What to take over of a reply, the best first: all of it, what a token consists of, or what cannot
/// be had again.
pub(super) const PARTS: [Option<&[&str]>; 3] = [
    None,
    Some(&["access_token", "refresh_token", "issued_at"]),
    Some(&["refresh_token"]),
];

/// What a document took over of a reply.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Merged {
    /// The names of the members that changed.
    pub(crate) changed: Vec<String>,
    /// Whether it was all of the reply: the rest would have made the document unreadable.
    pub(crate) is_whole: bool,
    /// The document afterwards, as it will be saved.
    pub(crate) rendered: Vec<u8>,
}

/// Takes over the members of a reply that have these names, or all, and returns the names of those
/// that changed.
///
/// A null says nothing where the document has a value, nor does a `refresh_token` that is none: the
/// old ones stay.
pub(super) fn take_over(
    members: &mut Map<String, Value>,
    reply: &Map<String, Value>,
    names: Option<&[&str]>,
) -> Vec<String> {
    let mut changed = Vec::new();
    for (name, value) in reply {
        let is_asked_for = names.is_none_or(|names| names.contains(&name.as_str()));
        let says_nothing = match name.as_str() {
            "refresh_token" => !is_refresh_token(value),
            _ => value.is_null() && members.contains_key(name),
        };
        if is_asked_for && !says_nothing && members.get(name) != Some(value) {
            changed.push(name.clone());
            members.insert(name.clone(), value.clone());
        }
    }
    changed
}

/// The values of all members that a reply can change, whether the document has them or not.
pub(super) fn values_before(
    members: &Map<String, Value>,
    reply: &Map<String, Value>,
) -> Vec<(String, Option<Value>)> {
    let [site, ..] = HOST_MEMBERS;
    let names = [site].into_iter().chain(reply.keys().map(String::as_str));
    names
        .map(|name| (name.to_owned(), members.get(name).cloned()))
        .collect()
}

/// Undoes what a reply has changed. What it added stands at the end and goes from there.
pub(super) fn put_back(members: &mut Map<String, Value>, before: Vec<(String, Option<Value>)>) {
    for (name, value) in before.into_iter().rev() {
        match value {
            Some(value) => drop(members.insert(name, value)),
            None => drop(members.shift_remove(&name)),
        }
    }
}

/// Whether a reply has a refresh token that no document can have.
pub(super) fn loses_token(reply: &Map<String, Value>) -> bool {
    let token = reply.get("refresh_token").and_then(Value::as_str);
    token.is_some_and(|token| pasted(token).is_err())
}

/// Whether a value is a refresh token that a later run can send.
fn is_refresh_token(value: &Value) -> bool {
    let token = value.as_str().map(pasted);
    token.is_some_and(|token| token.is_ok_and(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a JSON object by a reply, and the names of what changed.
    fn merged(members: &str, reply: &str) -> (String, Vec<String>) {
        let mut members = serde_json::from_str(members).expect("an object");
        let reply = serde_json::from_str(reply).expect("an object");
        let changed = take_over(&mut members, &reply, None);
        (Value::Object(members).to_string(), changed)
    }

    #[test]
    fn replaces_adds_and_keeps_the_old_refresh_token() {
        let before = r#"{"access_token":"old","refresh_token":"r","keep":[1.0]}"#;
        for kept in ["null", "\"\"", "7", "\" \\n\"", "\"a\\nb\""] {
            let reply =
                format!(r#"{{"access_token":"new","refresh_token":{kept},"keep":[1],"id":"i"}}"#);
            let (after, changed) = merged(before, &reply);
            assert_eq!(changed, ["access_token", "keep", "id"]);
            let expected = r#"{"access_token":"new","refresh_token":"r","keep":[1],"id":"i"}"#;
            assert_eq!(after, expected);
        }
        let (after, changed) = merged(before, r#"{"refresh_token":"s"}"#);
        assert_eq!(changed, ["refresh_token"]);
        assert!(after.contains(r#""refresh_token":"s""#));
    }

    #[test]
    fn a_null_adds_but_does_not_replace() {
        let (after, changed) = merged(r#"{"a":"b","n":null}"#, r#"{"a":null,"n":null,"c":null}"#);
        assert_eq!(after, r#"{"a":"b","n":null,"c":null}"#);
        assert_eq!(changed, ["c"]);
    }
}
