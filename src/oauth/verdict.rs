//! What a reply means: the members of a token reply, or why there are none and what must be kept of
//! it all the same.

use serde_json::{Map, Value};

use super::body::Body;
use super::meaning::{Meaning, meaning, meaning_at_login};
use super::refusal::{
    Refusal, gateway_gave_up, no_answer, no_oauth_reply, no_token_reply, redirected,
};
use super::remains::{Remains, is_refresh_token, misplaces_token, repeats_name};
use super::request::TokenRequest;
use super::words::{description, possible_secrets, said};
use crate::http::Reply;
use crate::text::is_token;

/// A token reply.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Its members.
    pub(crate) members: Map<String, Value>,
    /// The reply as it came, where its members may not be all that it holds.
    pub(crate) ambiguous: Option<Vec<u8>>,
}

/// Sorts a reply: the members to merge, or why there are none.
///
/// # Errors
/// The class of the reply, with the server's own reason where it gave one.
pub(crate) fn verdict(request: &TokenRequest, reply: Reply) -> Result<Tokens, Refusal> {
    let body = match Body::of(&reply) {
        Body::Object(members) if is_token_reply(&members, reply.status) => {
            return Ok(tokens(request, members, reply));
        }
        body => body,
    };
    let refusal = refusal(request, &reply, &body);
    let retry_after = reply.retry_after;
    let refusal = if is_success(reply.status) {
        refusal.with_remains(Remains::of(request, &body, reply))
    } else {
        refusal
    };
    Err(refusal.with_retry_after(retry_after))
}

/// Whether a reply is a success from which the tokens can be taken.
fn is_token_reply(members: &Map<String, Value>, status: u16) -> bool {
    let has_no_error = matches!(error_code(members), ErrorCode::Absent);
    is_success(status) && has_no_error && unusable_because(members).is_none()
}

/// Why a reply is no success.
fn refusal(request: &TokenRequest, reply: &Reply, body: &Body) -> Refusal {
    let Body::Object(members) = body else {
        return by_status(request, reply, body);
    };
    match (error_code(members), unusable_because(members)) {
        (ErrorCode::Code(code), _) => by_code(request, reply, code, members),
        (ErrorCode::Absent, Some(why)) if is_success(reply.status) => {
            Refusal::fatal(no_token_reply(request, why))
        }
        _ => by_status(request, reply, body),
    }
}

/// What stands in the member `error`.
enum ErrorCode<'a> {
    /// No such member, or one that says that there is no error.
    Absent,
    /// A code.
    Code(&'a str),
    /// Something that no OAuth reply has there.
    Odd,
}

/// The error code of a reply. Some servers write `"error": ""` or `false` beside the tokens.
fn error_code(members: &Map<String, Value>) -> ErrorCode<'_> {
    match members.get("error") {
        None | Some(Value::Null | Value::Bool(false)) => ErrorCode::Absent,
        Some(Value::String(code)) if code.is_empty() => ErrorCode::Absent,
        Some(Value::String(code)) => ErrorCode::Code(code),
        Some(_) => ErrorCode::Odd,
    }
}

/// The members of a reply of the success class. All of them are saved for a refresh token; for a code
/// none are if the refresh token is not where it belongs.
fn tokens(request: &TokenRequest, mut members: Map<String, Value>, reply: Reply) -> Tokens {
    let is_login = request.refresh_token().is_none();
    let is_ambiguous = repeats_name(&reply.body, &members) || is_login && misplaces_token(&members);
    // One that says that there is no error is nothing that should be kept.
    members.shift_remove("error");
    Tokens {
        members,
        ambiguous: is_ambiguous.then_some(reply.body),
    }
}

/// Why the members of a reply cannot be used, if that is so.
fn unusable_because(members: &Map<String, Value>) -> Option<&'static str> {
    match members.get("access_token").and_then(Value::as_str) {
        Some("") | None => return Some("no access token"),
        Some(token) if !is_token(token) => {
            return Some("an access token with characters that cannot be sent");
        }
        Some(_) => {}
    }
    match members.get("refresh_token") {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) if token.is_empty() || is_refresh_token(token) => None,
        Some(Value::String(_)) => Some("a refresh token with characters that cannot be sent"),
        Some(_) => Some("a refresh token that is not a string"),
    }
}

/// The class of an OAuth error response (RFC 6749, section 5.2).
fn by_code(
    request: &TokenRequest,
    reply: &Reply,
    code: &str,
    members: &Map<String, Value>,
) -> Refusal {
    let said = said(request, code, members);
    let by = |meaning| Refusal::by(meaning, request, code, &said);
    let meaning = match request.refresh_token() {
        Some(_) => meaning(code, description(members)),
        None => meaning_at_login(code, description(members)),
    };
    let refusal = match (meaning, reply.status) {
        (Some(meaning), _) => by(meaning),
        (None, status) if is_later(status) => by(Meaning::Later),
        (None, 502 | 504) => Refusal::fatal(gateway_gave_up(request, reply.status)),
        (None, 400..=499) => by(Meaning::ClientRefused),
        (None, 200..=299) => Refusal::fatal(no_token_reply(request, &said)),
        (None, _) => by_status(request, reply, &Body::Object(Map::new())),
    };
    Refusal {
        invalid_grant: code.eq_ignore_ascii_case("invalid_grant"),
        ..refusal
    }
}

/// The class of a reply that carries no OAuth answer.
fn by_status(request: &TokenRequest, reply: &Reply, body: &Body) -> Refusal {
    let status = reply.status;
    match (status, &reply.cut_short) {
        (300..=399, _) => Refusal::fatal(redirected(request, status, reply.location.as_deref())),
        (502 | 504, _) => Refusal::fatal(gateway_gave_up(request, status)),
        _ if is_later(status) => {
            Refusal::by(Meaning::Later, request, "", &format!("status {status}"))
        }
        (_, Some(why)) => Refusal::fatal(no_answer(request, why)),
        (_, None) => Refusal::fatal(no_oauth_reply(request, &odd(request, reply, body))),
    }
}

/// What is odd about a reply, in its own words where it has some, fit to be shown. What comes as
/// text with a success is not shown: it may be a token.
fn odd(request: &TokenRequest, reply: &Reply, body: &Body) -> String {
    let status = reply.status;
    let is_shown = !(is_success(status) && matches!(body, Body::Other { .. }));
    let said = match body.words(reply).filter(|_| is_shown) {
        Some(words) => format!("status {status}: {words}"),
        None => format!("status {status} with {}", body.shape()),
    };
    let replied = body.members().map(possible_secrets).unwrap_or_default();
    request.harmless(&said, replied)
}

/// Statuses that mean "later" whatever the body; 420 is what Salesforce's edge sends while it sets
/// an org up, 406 with an empty body comes at random. A gateway that had no answer (502, 504) may
/// have passed the request on.
fn is_later(status: u16) -> bool {
    matches!(status, 406 | 408 | 420 | 429 | 500..=599) && !matches!(status, 502 | 504)
}

/// 2xx.
fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::request::Grant;
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
            grant: Grant::RefreshToken(Secret::new(REFRESH_TOKEN)),
            others: Vec::new(),
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
        verdict(&request(), reply(status, body)).expect_err("a refusal")
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
        assert_eq!(class(429, body), (Class::TempFail, true));
        assert_eq!(class(504, body), (Class::Unavailable, false));
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
        let with_token = r#"{"error":"invalid_grant","refresh_token":"5Aep-new"}"#;
        assert!(!refusal(200, with_token).invalid_grant);
    }

    #[test]
    fn a_wish_to_wait_counts_only_where_there_may_be_another_try() {
        let asked = |status| {
            let reply = Reply {
                retry_after: Some(Duration::from_secs(7)),
                ..reply(status, "")
            };
            let refusal = verdict(&request(), reply).expect_err("a refusal");
            (refusal.retry_after, refusal.error.to_string())
        };
        assert_eq!(
            asked(503),
            (
                Some(Duration::from_secs(7)),
                "login.example:8443 is busy: status 503; it asks to wait 7s".to_owned()
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
            verdict(&request(), reply)
                .map(|tokens| tokens.members.len())
                .map_err(|refusal| (refusal.error.class, refusal.again))
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
        let rotated = |status, token: &str| {
            let json = format!(r#"{{"access_token":"","refresh_token":{token}}}"#);
            refusal(status, json).remains.refresh_token
        };
        assert_eq!(rotated(200, r#""new""#).as_deref(), Some("new"));
        for no_news in [r#""5Aep-old""#, r#"" 5Aep-old ""#, r#""""#, "null", "17"] {
            assert_eq!(rotated(200, no_news), None, "{no_news}");
        }
        assert_eq!(rotated(400, r#""new""#), None);
    }
}
