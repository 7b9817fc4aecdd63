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
        /// The members of the object that it starts with, as far as they are whole.
        object: Option<Map<String, Value>>,
    },
}

impl Body {
    /// Looks at the body of a reply.
    pub(super) fn of(reply: &Reply) -> Self {
        let text = text_of(&reply.body);
        if reply.body.len() > MAX_REPLY_LEN {
            return Self::Other {
                shape: "more than 1 MiB".to_owned(),
                is_text: false,
                object: broken_object(text.trim()),
            };
        }
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
                object: first_object(text).or_else(|| broken_object(text)),
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

/// The members that are whole of an object that breaks off.
fn broken_object(text: &str) -> Option<Map<String, Value>> {
    let closed = |text: &str| serde_json::from_str(&format!("{text}}}")).ok();
    closed(text).or_else(|| closed(&text[..last_comma(text)?]))
}

/// Where the comma behind the last whole member of an object is.
fn last_comma(text: &str) -> Option<usize> {
    let (mut depth, mut comma) = (0_usize, None);
    let (mut in_string, mut is_escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 1 => comma = Some(at),
            _ => {}
        }
    }
    comma
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

    #[test]
    fn whole_members_of_an_object_that_breaks_off_are_read() {
        let members = |text: &str| {
            let (body, _) = body(None, text.as_bytes());
            body.members()
                .map(|members| Value::from(members.clone()).to_string())
        };
        let whole = r#"{"a":"x,]\"","b":[1,{"c":2}]"#;
        for rest in ["", ",", r#","d"#, r#","d":"#, r#","d":"e,f"#, r#","d":[1,"#] {
            let read = members(&format!("{whole}{rest}"));
            assert_eq!(read, Some(format!("{whole}}}")), "{rest}");
        }
        assert_eq!(members(r#"{"a":"x"#), None);
        assert_eq!(members("{"), Some("{}".to_owned()));
        assert_eq!(members(r#"{"a":x,"b":1"#), None);
    }
}
