//! What the body of a reply is: the members of a JSON object, or what it is instead.
//!
//! What is of no use as a reply is looked at for two things more: the object that is in it all the
//! same, and words that tell a person what is wrong.

use serde_json::{Deserializer, Map, Value};

use super::words::words_of;
use crate::http::{MAX_REPLY_LEN, Reply};

/// What a body is.
#[derive(Debug)]
pub(super) enum Body {
    /// One JSON object.
    Object(Map<String, Value>),
    /// Other JSON, such as Salesforce's array of errors.
    Json(Value),
    /// No JSON, or not from end to end.
    Other {
        /// What it is, for messages.
        shape: String,
        /// Whether it is text that people can read.
        is_text: bool,
        /// The members of the object that it starts with.
        object: Option<Map<String, Value>>,
    },
}

impl Body {
    /// Looks at the body of a reply.
    pub(super) fn of(reply: &Reply) -> Self {
        if reply.body.len() > MAX_REPLY_LEN {
            return Self::other("more than 1 MiB");
        }
        let text = text_of(&reply.body);
        match serde_json::from_str(text.trim()) {
            Ok(Value::Object(members)) => Self::Object(members),
            Ok(value) => Self::Json(value),
            Err(error) => Self::no_json(text.trim(), reply, &error),
        }
    }

    /// A body that is neither words nor an object.
    fn other(shape: impl Into<String>) -> Self {
        Self::Other {
            shape: shape.into(),
            is_text: false,
            object: None,
        }
    }

    /// Text that is no JSON, or not from end to end.
    fn no_json(text: &str, reply: &Reply, error: &serde_json::Error) -> Self {
        match encoding(reply) {
            _ if text.is_empty() => Self::other("an empty body"),
            Some(encoding) => Self::other(format!(
                "a body in the encoding {encoding}, which was not asked for"
            )),
            None if text.starts_with('<') => Self::other("HTML or XML"),
            None if text.starts_with(['{', '[']) => Self::Other {
                shape: format!("broken JSON: {error}"),
                is_text: false,
                object: first_object(text),
            },
            None if is_plain(&reply.body) => Self::Other {
                shape: "text".to_owned(),
                is_text: true,
                object: None,
            },
            None => Self::other("something that is no text"),
        }
    }

    /// The members that it has, whatever stands around them.
    pub(super) fn members(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Object(members) => Some(members),
            Self::Json(value) => value.get(0)?.as_object(),
            Self::Other { object, .. } => object.as_ref(),
        }
    }

    /// What it is, for a message.
    pub(super) fn shape(&self) -> &str {
        match self {
            Self::Object(_) => "JSON that is no token reply",
            Self::Json(_) => "JSON that is not an object",
            Self::Other { shape, .. } => shape,
        }
    }

    /// What it says in words, as the server sent them. Text that may name tokens is no words.
    pub(super) fn words(&self, reply: &Reply) -> Option<String> {
        match self {
            Self::Other { is_text: true, .. } => {
                let text = text_of(&reply.body);
                let text: Vec<&str> = text.split_whitespace().collect();
                let text = text.join(" ");
                let names_token = ["_token=", "_token:", "_token\""];
                let is_harmless = !names_token.iter().any(|name| text.contains(name));
                is_harmless.then_some(text)
            }
            _ => self.members().and_then(words_of),
        }
    }
}

/// A body as text, without a byte order mark. Bytes that are not UTF-8 are replaced, as browsers do.
pub(super) fn text_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.trim_start_matches('\u{feff}').to_owned()
}

/// `Content-Encoding`, where there is one.
pub(super) fn encoding(reply: &Reply) -> Option<&str> {
    let encoding = reply.content_encoding.as_deref().map(str::trim);
    encoding.filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("identity"))
}

/// Whether bytes are text of any encoding that has ASCII in it: no control characters but white
/// space.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| byte.is_ascii_whitespace() || !byte.is_ascii_control())
}

/// The JSON object that a text starts with.
fn first_object(text: &str) -> Option<Map<String, Value>> {
    let mut values = Deserializer::from_str(text).into_iter();
    match values.next() {
        Some(Ok(Value::Object(members))) => Some(members),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(content_encoding: Option<&str>, body: &[u8]) -> (Body, Reply) {
        let reply = Reply {
            content_encoding: content_encoding.map(str::to_owned),
            body: body.to_vec(),
            ..Reply::default()
        };
        (Body::of(&reply), reply)
    }

    #[test]
    fn each_body_has_its_name() {
        let gzip = "a body in the encoding gzip, which was not asked for";
        let cases: [(Option<&str>, &[u8], &str); 11] = [
            (None, b"{}", "JSON that is no token reply"),
            (Some("gzip"), b"{}", "JSON that is no token reply"),
            (None, b"[1]", "JSON that is not an object"),
            (None, b"\xef\xbb\xbf \r\n", "an empty body"),
            (Some("gzip"), b"", "an empty body"),
            (Some("gzip"), b"\x1f\x8b\x08", gzip),
            (
                Some("Identity"),
                b"\x1f\x8b\x08",
                "something that is no text",
            ),
            (Some(" "), b"a", "text"),
            (None, b"\n <html>", "HTML or XML"),
            (None, b"f\xfcr", "text"),
            (
                None,
                b"{} x",
                "broken JSON: trailing characters at line 1 column 4",
            ),
        ];
        for (encoding, bytes, shape) in cases {
            let (body, _) = body(encoding, bytes);
            assert_eq!(body.shape(), shape, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn words_are_found_in_text_and_in_errors() {
        let cases: [(&[u8], Option<&str>); 7] = [
            (b" Access\r\ndenied. \n", Some("Access denied.")),
            (b"f\xfcr", Some("f\u{fffd}r")),
            (
                b"the refresh_token is missing",
                Some("the refresh_token is missing"),
            ),
            (b"access_token=a&refresh_token=b", None),
            (br#"[{"errorCode":"X","message":"why"}]"#, Some("X: why")),
            (br#"{"message":"Forbidden"}"#, Some("Forbidden")),
            (b"<html>Denied", None),
        ];
        for (bytes, words) in cases {
            let (body, reply) = body(None, bytes);
            let shown = bytes.escape_ascii();
            assert_eq!(body.words(&reply).as_deref(), words, "{shown}");
        }
    }
}
