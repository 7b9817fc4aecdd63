//! What the body of a reply is: the members of a JSON object, or what it is instead.
//!
//! A reply that is of no use may still hold the only copy of a rotated refresh token. So the question
//! is not only what a body is, but also what could be lost with it.

use serde_json::{Deserializer, Map, Value};

use crate::http::{MAX_REPLY_LEN, Reply};

/// The member that exists once.
const REFRESH_TOKEN: &str = "refresh_token";

/// What a body is.
#[derive(Debug)]
pub(super) enum Body {
    /// One JSON object.
    Object(Map<String, Value>),
    /// Something else.
    Other {
        /// What it is, for messages.
        shape: String,
        /// What it says in words, as they came.
        words: Option<String>,
        /// The members of the object that is in it nevertheless.
        object: Option<Map<String, Value>>,
    },
}

impl Body {
    /// Looks at the body of a reply. Bytes that are not UTF-8 are replaced, as browsers do.
    pub(super) fn of(reply: &Reply) -> Self {
        if reply.body.len() > MAX_REPLY_LEN {
            return Self::other("more than 1 MiB");
        }
        let text = String::from_utf8_lossy(&reply.body);
        let text = text.trim_start_matches('\u{feff}').trim();
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Self::Object(members),
            Ok(value) => Self::foreign_json(value),
            Err(error) => Self::no_json(text, reply, &error),
        }
    }

    /// A body without words and without an object.
    fn other(shape: impl Into<String>) -> Self {
        Self::Other {
            shape: shape.into(),
            words: None,
            object: None,
        }
    }

    /// JSON that is no object, such as Salesforce's array of `errorCode` and `message`.
    fn foreign_json(value: Value) -> Self {
        let first = match value {
            Value::Array(elements) => elements.into_iter().next(),
            _ => None,
        };
        let object = match first {
            Some(Value::Object(members)) => Some(members),
            _ => None,
        };
        Self::Other {
            shape: "JSON that is not an object".to_owned(),
            words: object.as_ref().and_then(words_of_salesforce),
            object,
        }
    }

    /// Text that is no JSON, or not from end to end.
    fn no_json(text: &str, reply: &Reply, error: &serde_json::Error) -> Self {
        let is_start_of_json = text.starts_with(['{', '[']);
        match reply.content_encoding.as_deref() {
            Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => Self::other(format!(
                "a body in the encoding {encoding}, which was not asked for"
            )),
            _ if text.is_empty() => Self::other("an empty body"),
            _ if text.starts_with('<') => Self::other("HTML or XML"),
            _ if is_start_of_json => Self::Other {
                shape: format!("broken JSON: {error}"),
                words: None,
                object: first_object(text),
            },
            _ if is_plain(text) => Self::Other {
                shape: "text".to_owned(),
                words: Some(text.to_owned()),
                object: None,
            },
            _ => Self::other("something that is no text"),
        }
    }

    /// The members that it has, whatever stands around them.
    pub(super) fn members(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Object(members) => Some(members),
            Self::Other { object, .. } => object.as_ref(),
        }
    }

    /// What it is, for a message.
    pub(super) fn shape(&self) -> &str {
        match self {
            Self::Object(_) => "JSON that is no token reply",
            Self::Other { shape, .. } => shape,
        }
    }

    /// What it says in words, as the server sent them. What may hold a token is no words.
    pub(super) fn words(&self) -> Option<&str> {
        match self {
            Self::Object(_) => None,
            Self::Other { words, .. } => words.as_deref().filter(|words| !words.contains("_token")),
        }
    }
}

/// Whether a body may hold a refresh token that is nowhere else. Plain text has to name it.
pub(super) fn may_hold_token(body: &[u8]) -> bool {
    match std::str::from_utf8(body) {
        Ok(text) if is_plain(text) => text.to_ascii_lowercase().contains(REFRESH_TOKEN),
        _ => !body.is_empty(),
    }
}

/// Whether a text names more members `refresh_token` than were taken from it: of two members of one
/// name the last counts, and the first may be the one that matters.
pub(super) fn names_token_twice(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut behind_names = text.split("\"refresh_token\"").skip(1);
    let is_member = |behind: &&str| behind.trim_start().starts_with(':');
    behind_names.by_ref().filter(is_member).nth(1).is_some()
}

/// `CODE: MESSAGE` of an error of Salesforce's REST API.
fn words_of_salesforce(error: &Map<String, Value>) -> Option<String> {
    let text = |name| error.get(name).and_then(Value::as_str);
    match (text("errorCode"), text("message")) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message).map(str::to_owned),
    }
}

/// The JSON object that a text starts with.
fn first_object(text: &str) -> Option<Map<String, Value>> {
    let mut values = Deserializer::from_str(text).into_iter();
    match values.next() {
        Some(Ok(Value::Object(members))) => Some(members),
        _ => None,
    }
}

/// Whether a text is for people: no replaced bytes, no controls but line breaks and tabs.
fn is_plain(text: &str) -> bool {
    let is_white = |c: char| matches!(c, '\n' | '\r' | '\t');
    text.chars()
        .all(|c| is_white(c) || !c.is_control() && c != char::REPLACEMENT_CHARACTER)
}
