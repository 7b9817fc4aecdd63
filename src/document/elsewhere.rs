//! Looks for a refresh token where it is of no use, so that a message can name the place.

use serde_json::{Map, Value};

/// Where a refresh token stands that is no member `refresh_token` of the document itself, as a path
/// such as `oauthTokenData.refresh_token`.
pub(super) fn path_of_token(members: &Map<String, Value>) -> Option<String> {
    members.iter().find_map(|(name, value)| match value {
        Value::String(token) if is_token_name(name) && !token.is_empty() => Some(name.clone()),
        _ => inside(value).map(|path| format!("{name}{path}")),
    })
}

/// The rest of the path, in a value.
fn inside(value: &Value) -> Option<String> {
    match value {
        Value::Object(members) => path_of_token(members).map(|path| format!(".{path}")),
        Value::Array(elements) => elements.iter().enumerate().find_map(|(at, element)| {
            let path = inside(element)?;
            Some(format!("[{at}]{path}"))
        }),
        _ => None,
    }
}

/// Whether a member means to be a refresh token, in whatever spelling.
fn is_token_name(name: &str) -> bool {
    name.replace(['_', '-'], "")
        .eq_ignore_ascii_case("refreshtoken")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_at_every_depth() {
        let cases = [
            (r#"{"a":1,"refreshToken":"r"}"#, Some("refreshToken")),
            (
                r#"{"a":{"b":[{},{"refresh_token":"r"}]}}"#,
                Some("a.b[1].refresh_token"),
            ),
            (r#"{"Refresh-Token":"r"}"#, Some("Refresh-Token")),
            (r#"{"a":{"refresh_token":""},"b":"refresh_token"}"#, None),
        ];
        for (json, path) in cases {
            let members = serde_json::from_str(json).expect("an object");
            assert_eq!(path_of_token(&members).as_deref(), path, "{json}");
        }
    }
}
