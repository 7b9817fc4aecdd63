//! What must be kept of a reply that cannot be used, or not wholly.
//!
//! A rotated refresh token exists once, and the reply may be all that has it. So whatever could be
//! one is kept; what plainly is something else is not, since a file that is no use is a nuisance.

use serde_json::{Map, Value};

use super::body::{Body, encoding, is_plain, text_of};
use super::request::TokenRequest;
use crate::http::Reply;
use crate::secret::Secret;
use crate::text::pasted;

/// The member that exists once.
const REFRESH_TOKEN: &str = "refresh_token";

/// What other members of the replies of Salesforce and of gateways hold is known, and no refresh
/// token.
const OTHERS: [&str; 13] = [
    "access_token",
    "error",
    "error_description",
    "error_uri",
    "errorCode",
    "id",
    "id_token",
    "instance_url",
    "issued_at",
    "message",
    "scope",
    "signature",
    "token_type",
];

/// What must be kept of a reply that is of no other use.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remains {
    /// A new refresh token: the old one is gone with it.
    pub(crate) refresh_token: Option<String>,
    /// The body as it came: a refresh token may be in it that cannot be read.
    pub(crate) body: Option<Vec<u8>>,
}

impl Remains {
    /// What is left of a reply of the success class.
    pub(super) fn of(request: &TokenRequest, body: &Body, reply: Reply) -> Self {
        let sent = request.refresh_token().map(Secret::expose);
        let token = body
            .members()
            .and_then(|members| members.get(REFRESH_TOKEN));
        let rotated = token
            .and_then(Value::as_str)
            .filter(|token| is_refresh_token(token) && Some(token.trim()) != sent);
        let refresh_token = rotated.map(str::to_owned);
        let may_hold_token = match body {
            Body::Object(members) => {
                holds_token(members, sent) || repeats_name(&reply.body, members)
            }
            Body::Json(value) => {
                is_like_token(value, sent) || names_in_text(&reply.body) > names_in_value(value)
            }
            Body::Other { .. } => is_data(&reply),
        };
        Self {
            refresh_token,
            body: may_hold_token.then_some(reply.body),
        }
    }
}

/// Whether a text can be sent as a refresh token another time: what replaces bytes that are not
/// UTF-8 cannot be meant.
pub(super) fn is_refresh_token(text: &str) -> bool {
    pasted(text)
        .is_ok_and(|token| !token.is_empty() && !token.contains(char::REPLACEMENT_CHARACTER))
}

/// Whether an object has something in it that may be another refresh token than the one sent.
fn holds_token(members: &Map<String, Value>, sent: Option<&str>) -> bool {
    members.iter().any(|(name, value)| match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => name == REFRESH_TOKEN,
        Value::String(_) => is_telling(name) && is_like_token(value, sent),
        Value::Array(_) | Value::Object(_) => is_like_token(value, sent),
    })
}

/// Whether a value may be such a token, or have one in it.
fn is_like_token(value: &Value, sent: Option<&str>) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && Some(text.as_str()) != sent,
        Value::Array(elements) => elements.iter().any(|it| is_like_token(it, sent)),
        Value::Object(members) => holds_token(members, sent),
        _ => false,
    }
}

/// Whether an object has no refresh token of its own, and one in another member or deeper.
pub(super) fn misplaces_token(members: &Map<String, Value>) -> bool {
    let own = members.get(REFRESH_TOKEN).and_then(Value::as_str);
    own.is_none_or(str::is_empty) && names_token(members)
}

/// Whether a member at any depth means to be a refresh token, in whatever spelling.
fn names_token(members: &Map<String, Value>) -> bool {
    members.iter().any(|(name, value)| {
        let name = name.replace(['_', '-'], "");
        let is_token = name.eq_ignore_ascii_case("refreshtoken");
        is_token && is_like_token(value, None) || has_named_token(value)
    })
}

/// The same of any value.
fn has_named_token(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(has_named_token),
        Value::Object(members) => names_token(members),
        _ => false,
    }
}

/// Whether a body that is no JSON may hold a token. Plain text has to name it.
fn is_data(reply: &Reply) -> bool {
    let text = text_of(&reply.body);
    let is_like_json = text.trim_start().starts_with(['{', '[', '"']);
    let names_token = text.to_ascii_lowercase().contains(REFRESH_TOKEN);
    let is_foreign = encoding(reply).is_some() || !is_plain(&reply.body);
    !text.trim().is_empty() && (is_like_json || names_token || is_foreign)
}

/// Whether the text of an object has more telling names in it than were taken from it: of two
/// members of one name the last counts, and the first may be the one that matters.
pub(super) fn repeats_name(body: &[u8], members: &Map<String, Value>) -> bool {
    names_in_text(body) > names_in(members)
}

/// How many telling names of members a JSON text has.
fn names_in_text(body: &[u8]) -> usize {
    let text = text_of(body);
    let mut text = text.as_str();
    let mut names = 0;
    while let Some(start) = text.find('"') {
        let (literal, behind) = split_string(&text[start..]);
        let is_name = behind.trim_start().starts_with(':');
        let name = || serde_json::from_str::<String>(literal).unwrap_or_default();
        names += usize::from(is_name && is_telling(&name()));
        text = behind;
    }
    names
}

/// A string literal at the start of a JSON text, and what comes behind it.
fn split_string(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    text.split_at(end.map_or(text.len(), |end| end + 2))
}

/// How many telling names of members an object has, at all depths.
fn names_in(members: &Map<String, Value>) -> usize {
    let of_member =
        |(name, value): (&String, &Value)| usize::from(is_telling(name)) + names_in_value(value);
    members.iter().map(of_member).sum()
}

/// The same of any value.
fn names_in_value(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(names_in_value).sum(),
        Value::Object(members) => names_in(members),
        _ => 0,
    }
}

/// Whether a member of this name may hold the token.
fn is_telling(name: &str) -> bool {
    !OTHERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(json: &str) -> Map<String, Value> {
        serde_json::from_str(json).expect("an object")
    }

    #[test]
    fn what_may_be_a_token_is_told_from_what_is_something_else() {
        let telling = [
            r#"{"refresh_token":"new"}"#,
            r#"{"refresh_token":17}"#,
            r#"{"refresh_token":["new"]}"#,
            r#"{"refreshToken":"new"}"#,
            r#"{"error":"x","data":{"refresh_token":"new"}}"#,
            r#"{"id":{"token":"new"}}"#,
            r#"{"error":"x","code":"new"}"#,
        ];
        for json in telling {
            assert!(holds_token(&object(json), Some("old")), "{json}");
        }
        let others = [
            "{}",
            r#"{"refresh_token":null}"#,
            r#"{"refresh_token":""}"#,
            r#"{"refresh_token":"old"}"#,
            r#"{"access_token":"","token_type":"Bearer","status":200,"ok":true}"#,
            r#"{"error":"x","error_description":"y","list":[],"more":{"a":1}}"#,
        ];
        for json in others {
            assert!(!holds_token(&object(json), Some("old")), "{json}");
        }
    }

    #[test]
    fn a_refresh_token_is_found_where_it_does_not_belong() {
        let misplaced = [
            r#"{"token":{"refresh_token":"new"}}"#,
            r#"{"refresh_token":"","a":[{"refreshToken":"new"}]}"#,
            r#"{"Refresh-Token":"new"}"#,
        ];
        for json in misplaced {
            assert!(misplaces_token(&object(json)), "{json}");
        }
        let others = [
            r#"{"refresh_token":"new","a":{"refresh_token":"b"}}"#,
            r#"{"scope":"api refresh_token","custom":"new"}"#,
            r#"{"a":{"refresh_token":""}}"#,
        ];
        for json in others {
            assert!(!misplaces_token(&object(json)), "{json}");
        }
    }

    #[test]
    fn names_that_a_parser_drops_are_missed() {
        let repeating = [
            r#"{"refresh_token":"a","refresh_token":"b"}"#,
            r#"{"refresh\u005ftoken" : "a", "refresh_token":null}"#,
            r#"{"a":{"b":"\\","b":"c"}}"#,
            r#"{"a":{"$serde_json::private::Number":"1"}}"#,
        ];
        for json in repeating {
            assert!(repeats_name(json.as_bytes(), &object(json)), "{json}");
        }
        let plain = [
            "{}",
            "\u{feff}{\"a\":\"refresh_token\",\"b\":\"\\\"refresh_token\\\":\"}",
            r#"{"a":[{"b":1},{"b":2}],"c":{"a":"x:y"}}"#,
            r#"{"access_token":"a","access_token":"b"}"#,
            r#"{"a":"b\": c"}"#,
        ];
        for json in plain {
            let members = object(json.trim_start_matches('\u{feff}'));
            assert!(!repeats_name(json.as_bytes(), &members), "{json}");
        }
    }
}
