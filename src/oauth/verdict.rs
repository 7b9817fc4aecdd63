//! What a reply means: the members of a token reply, or why there are none.

use serde_json::{Map, Value};

use super::meaning::{Meaning, meaning};
use super::refusal::{Refusal, no_oauth_reply, no_token_reply, redirected};
use super::request::TokenRequest;
use crate::http::{MAX_REPLY_LEN, Reply, no_reply};
use crate::secret::redact;
use crate::text::{harmless, is_token};

/// Sorts a reply: the members to merge, or why there are none.
///
/// # Errors
/// The class of the reply, with the server's own reason where it gave one.
pub(crate) fn verdict(
    request: &TokenRequest,
    reply: &Reply,
) -> Result<Map<String, Value>, Refusal> {
    let sorted = match object_in(&reply.body) {
        Ok(members) => match members.get("error") {
            Some(Value::String(code)) => Err(by_code(request, reply, code, &members)),
            None | Some(Value::Null) if is_success(reply.status) => tokens(request, members),
            _ => Err(by_status(request, reply, "JSON that is no token reply")),
        },
        Err(shape) => Err(by_status(request, reply, &shape)),
    };
    sorted.map_err(|refusal| refusal.with_retry_after(reply.retry_after))
}

/// The members of a reply of the success class, if its access token can be used.
fn tokens(
    request: &TokenRequest,
    mut members: Map<String, Value>,
) -> Result<Map<String, Value>, Refusal> {
    // There may be one that is null, which says nothing that should be kept.
    members.shift_remove("error");
    let text = |name| members.get(name).and_then(Value::as_str);
    let why = match text("access_token") {
        Some(token) if is_token(token) => return Ok(members),
        Some("") | None => "no access token",
        Some(_) => "an access token with characters that cannot be sent",
    };
    let rotated = text("refresh_token")
        .filter(|token| !token.is_empty() && *token != request.refresh_token.expose());
    Err(Refusal {
        rotated: rotated.map(str::to_owned),
        ..Refusal::fatal(no_token_reply(request, why))
    })
}

/// The class of an OAuth error response (RFC 6749, section 5.2).
fn by_code(
    request: &TokenRequest,
    reply: &Reply,
    code: &str,
    members: &Map<String, Value>,
) -> Refusal {
    let said = said(request, code, members);
    let refusal = match (meaning(code, description(members)), reply.status) {
        (Some(meaning), _) => Refusal::by(meaning, request, &said),
        (None, 400..=499) => Refusal::by(Meaning::ClientRefused, request, &said),
        (None, 500..=599) => Refusal::by(Meaning::Later, request, &said),
        (None, 200..=299) => Refusal::fatal(no_token_reply(request, &said)),
        (None, _) => by_status(request, reply, "JSON that is no token reply"),
    };
    Refusal {
        invalid_grant: code.eq_ignore_ascii_case("invalid_grant"),
        ..refusal
    }
}

/// `error_description`, empty where there is none.
fn description(members: &Map<String, Value>) -> &str {
    let description = members.get("error_description");
    description.and_then(Value::as_str).unwrap_or_default()
}

/// What the server said of an error, fit to be shown.
fn said(request: &TokenRequest, code: &str, members: &Map<String, Value>) -> String {
    let said = match (code, description(members)) {
        ("", _) => "an error without a code".to_owned(),
        (_, "") => code.to_owned(),
        (_, description) => format!("{code}: {description}"),
    };
    request.harmless(&redact(&harmless(&said), other_values(members)))
}

/// The values that came with an error: should they be tokens, its description may repeat them.
fn other_values(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_error = |name: &str| matches!(name, "error" | "error_description" | "error_uri");
    let others = members.iter().filter(move |(name, _)| !is_error(name));
    others.filter_map(|(_, value)| value.as_str())
}

/// The class of a reply that carries no OAuth answer; `shape` says what it is instead.
fn by_status(request: &TokenRequest, reply: &Reply, shape: &str) -> Refusal {
    let status = reply.status;
    match (status, &reply.cut_short) {
        (300..=399, _) => Refusal::fatal(redirected(request, status, reply.location.as_deref())),
        _ if is_later(status) => Refusal::by(Meaning::Later, request, &format!("status {status}")),
        (_, Some(why)) => Refusal::fatal(no_reply(&request.endpoint, why)),
        (_, None) => Refusal::fatal(no_oauth_reply(request, status, shape)),
    }
}

/// Statuses that mean "later" whatever the body; 420 is what Salesforce's edge sends while it sets
/// an org up, 406 with an empty body comes at random.
fn is_later(status: u16) -> bool {
    matches!(status, 406 | 408 | 420 | 429 | 500..=599)
}

/// 2xx.
fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

/// The JSON object in a body, or what the body is instead.
fn object_in(body: &[u8]) -> Result<Map<String, Value>, String> {
    if body.len() > MAX_REPLY_LEN {
        return Err("more than 1 MiB".to_owned());
    }
    let Ok(text) = std::str::from_utf8(body) else {
        return Err("text that is not UTF-8".to_owned());
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    match serde_json::from_str(text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err("JSON that is not an object".to_owned()),
        Err(_) if text.is_empty() => Err("an empty body".to_owned()),
        Err(_) if text.starts_with('<') => Err("HTML or XML".to_owned()),
        Err(error) => Err(format!("broken JSON: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::endpoint::{Endpoint, HostSource};
    use crate::error::Class;
    use crate::secret::Secret;

    const REFRESH_TOKEN: &str = "5Aep-old";

    fn request() -> TokenRequest {
        TokenRequest {
            endpoint: Endpoint::parse("https://login.example:8443").expect("a URL"),
            host_source: HostSource::Default,
            client_id: "id".to_owned(),
            client_secret: None,
            refresh_token: Secret::new(REFRESH_TOKEN),
            access_token: None,
        }
    }

    fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            body: body.into(),
            ..Reply::default()
        }
    }

    fn refusal(status: u16, body: impl Into<Vec<u8>>) -> Refusal {
        verdict(&request(), &reply(status, body)).expect_err("a refusal")
    }

    /// The class of a reply and whether another try may follow.
    fn class(status: u16, body: &str) -> (Class, bool) {
        let refusal = refusal(status, body);
        (refusal.error.class, refusal.again)
    }

    #[test]
    fn unknown_codes_count_by_their_status() {
        let body = r#"{"error":"strange"}"#;
        assert_eq!(class(200, body), (Class::Protocol, false));
        assert_eq!(class(302, body), (Class::Protocol, false));
        assert_eq!(class(429, body), (Class::Config, false));
        assert_eq!(class(500, body), (Class::TempFail, true));
    }

    #[test]
    fn only_an_invalid_grant_makes_the_file_worth_another_look() {
        let flag = |body: &str| refusal(400, body).invalid_grant;
        assert!(flag(r#"{"error":"Invalid_Grant"}"#));
        assert!(flag(
            r#"{"error":"invalid_grant","error_description":"already being processed"}"#
        ));
        assert!(!flag(r#"{"error":"access_denied"}"#));
        assert!(!flag("invalid_grant"));
    }

    #[test]
    fn a_wish_to_wait_counts_only_where_there_may_be_another_try() {
        let asked = |status| {
            let reply = Reply {
                retry_after: Some(Duration::from_secs(7)),
                ..reply(status, "")
            };
            let refusal = verdict(&request(), &reply).expect_err("a refusal");
            (refusal.retry_after, refusal.error.report())
        };
        assert_eq!(
            asked(503),
            (
                Some(Duration::from_secs(7)),
                "login.example:8443 is busy: status 503; it asks to wait 7s\n\
                 hint: try again later"
                    .to_owned()
            )
        );
        assert_eq!(asked(400).0, None);
    }

    #[test]
    fn a_transfer_that_was_cut_short_matters_only_without_an_answer() {
        let cut = |status, body: &str| {
            let reply = Reply {
                cut_short: Some("timed out".to_owned()),
                ..reply(status, body)
            };
            verdict(&request(), &reply).map_err(|refusal| (refusal.error.class, refusal.again))
        };
        assert!(cut(200, r#"{"access_token":"00D!new"}"#).is_ok());
        let refused = r#"{"error":"invalid_grant"}"#;
        assert_eq!(cut(400, refused), Err((Class::NoPerm, false)));
        assert_eq!(cut(503, "<htm"), Err((Class::TempFail, true)));
        let half = r#"{"access_token":"00D!"#;
        assert_eq!(cut(200, half), Err((Class::Unavailable, false)));
        assert_eq!(cut(400, half), Err((Class::Unavailable, false)));
    }

    #[test]
    fn a_new_refresh_token_outlives_a_useless_access_token() {
        let rotated = |token: &str| {
            let token = Value::from(token);
            refusal(
                200,
                format!(r#"{{"access_token":"","refresh_token":{token}}}"#),
            )
            .rotated
        };
        assert_eq!(rotated("5Aep-new").as_deref(), Some("5Aep-new"));
        assert_eq!(rotated(REFRESH_TOKEN), None);
        assert_eq!(rotated(""), None);
        assert_eq!(refusal(200, r#"{"refresh_token":null}"#).rotated, None);
        assert_eq!(
            refusal(400, r#"{"refresh_token":"5Aep-new"}"#).rotated,
            None
        );
    }
}
