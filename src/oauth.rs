//! The token request of RFC 6749, section 6, and what the replies mean.
//!
//! Pure: it makes the form that is sent and sorts what came back into the classes of the exit codes.
//! The rules are by the behaviour of Salesforce, not by the RFC alone:
//! which `error` codes exist, and which of them mean "send the same again".

mod refusal;
mod whole;

pub(crate) use refusal::Refusal;
pub(crate) use whole::Whole;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use refusal::{
    client_refused, come_back_later, grant_refused, no_token_reply, rate_limited, redirected,
};

use crate::document::is_token;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::http::{MAX_REPLY_LEN, Reply, no_reply};
use crate::secret::{Secret, redact};

/// How much of a server's own words a message shows, in characters.
const MAX_SERVER_TEXT: usize = 200;

/// Statuses that mean "later" whatever the body; 420 is what Salesforce's edge sends while it sets
/// an org up, 406 with an empty body comes at random.
fn is_later(status: u16) -> bool {
    matches!(status, 406 | 408 | 420 | 429 | 500..=599)
}

/// One refresh: what is sent, and where.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// Where the form goes.
    pub(crate) endpoint: Endpoint,
    /// The consumer key of the connected app.
    pub(crate) client_id: String,
    /// Absent for a public client.
    pub(crate) client_secret: Option<Secret>,
    /// The token that is used up by sending it where rotation is on.
    pub(crate) refresh_token: Secret,
    /// The access token of the document: it is not sent, but the server may know and repeat it.
    pub(crate) access_token: Option<Secret>,
}

impl Grant {
    /// The names and values of the form, in the order they are sent.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let secret = self.client_secret.as_ref().map(Secret::expose);
        [
            ("grant_type", Some("refresh_token")),
            ("client_id", Some(self.client_id.as_str())),
            ("client_secret", secret),
            ("refresh_token", Some(self.refresh_token.expose())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The names of what is sent, for messages.
    pub(crate) fn parameter_names(&self) -> String {
        let names: Vec<&str> = self.parameters().map(|(name, _)| name).collect();
        names.join(", ")
    }

    /// The request body, `application/x-www-form-urlencoded`.
    pub(crate) fn form(&self) -> Secret {
        let pairs: Vec<String> = self
            .parameters()
            .map(|(name, value)| format!("{name}={}", form_encoded(value)))
            .collect();
        Secret::new(pairs.join("&"))
    }

    /// What a server said, fit to be shown: without control characters and secrets, cut to
    /// [`MAX_SERVER_TEXT`].
    pub(crate) fn harmless(&self, text: &str) -> String {
        let text = self.redacted(&visible(text));
        text.chars().take(MAX_SERVER_TEXT).collect()
    }

    /// A text without the secrets of the document, as they are or as the form has them.
    fn redacted(&self, text: &str) -> String {
        let secrets = [
            Some(&self.refresh_token),
            self.client_secret.as_ref(),
            self.access_token.as_ref(),
        ];
        let exposed = secrets.into_iter().flatten().map(Secret::expose);
        let forms: Vec<String> = exposed.flat_map(spellings).collect();
        redact(text, forms.iter().map(String::as_str))
    }
}

/// Sorts a reply: the members to merge, or why there are none.
///
/// # Errors
/// The class of the reply, with the server's own reason where it gave one.
pub(crate) fn classify(grant: &Grant, reply: &Reply) -> Result<Map<String, Value>, Refusal> {
    let sorted = match object_in(&reply.body) {
        Ok(members) => match members.get("error") {
            Some(Value::String(code)) => Err(by_code(grant, reply, code, &members)),
            None | Some(Value::Null) if is_success(reply.status) => granted(grant, members),
            _ => Err(by_status(grant, reply, "JSON that is no token reply")),
        },
        Err(shape) => Err(match &reply.content_encoding {
            Some(encoding) => {
                let shape = format!("a body in {}", grant.harmless(encoding));
                by_status(grant, reply, &shape)
            }
            None => by_status(grant, reply, &shape),
        }),
    };
    sorted.map_err(|refusal| refusal.with_retry_after(reply.retry_after))
}

/// A reply of the success class, if its access token can be used.
fn granted(grant: &Grant, mut members: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    // There may be one that is null, which says nothing that should be kept.
    members.shift_remove("error");
    let text = |name| members.get(name).and_then(Value::as_str);
    let why = match text("access_token") {
        Some(token) if is_token(token) => return Ok(members),
        Some("") | None => "no access token",
        Some(_) => "an access token with characters that cannot be sent",
    };
    let rotated = text("refresh_token")
        .filter(|token| !token.is_empty() && *token != grant.refresh_token.expose());
    Err(Refusal {
        rotated: rotated.map(str::to_owned),
        ..Refusal::fatal(no_token_reply(grant, why))
    })
}

/// The class of an OAuth error response (RFC 6749, section 5.2), codes compared without case.
fn by_code(grant: &Grant, reply: &Reply, code: &str, members: &Map<String, Value>) -> Refusal {
    let description = description(members);
    let says = |words: &str| description.to_ascii_lowercase().contains(words);
    let said = said(grant, code, members);
    let code = code.to_ascii_lowercase();
    let refusal = match code.as_str() {
        "unknown_error" if says("retry your request") => come_back_later(grant, &said),
        "invalid_grant"
            if says("already being processed") || says("expired authorization code") =>
        {
            come_back_later(grant, &said)
        }
        "server_error"
        | "temporarily_unavailable"
        | "service_unavailable"
        | "system_down"
        | "slow_down" => come_back_later(grant, &said),
        "rate_limit_exceeded" | "login_rate_exceeded" => rate_limited(grant, &said),
        "invalid_grant" | "inactive_user" | "inactive_org" | "access_denied" | "invalid_token"
        | "login_error" => grant_refused(grant, &said),
        "invalid_client"
        | "invalid_client_id"
        | "unauthorized_client"
        | "unsupported_grant_type"
        | "invalid_request"
        | "invalid_scope"
        | "invalid_app_access"
        | "app_blocked"
        | "app_not_found"
        | "oauth_flow_disabled" => client_refused(grant, &said),
        _ => match reply.status {
            400..=499 => client_refused(grant, &said),
            500..=599 => come_back_later(grant, &said),
            200..=299 => Refusal::fatal(no_token_reply(grant, &said)),
            _ => by_status(grant, reply, "JSON that is no token reply"),
        },
    };
    Refusal {
        invalid_grant: code == "invalid_grant",
        ..refusal
    }
}

/// `error_description`, empty where there is none.
fn description(members: &Map<String, Value>) -> &str {
    let description = members.get("error_description");
    description.and_then(Value::as_str).unwrap_or_default()
}

/// What the server said of an error, fit to be shown.
fn said(grant: &Grant, code: &str, members: &Map<String, Value>) -> String {
    let said = match (code, description(members)) {
        ("", _) => "an error without a code".to_owned(),
        (_, "") => code.to_owned(),
        (_, description) => format!("{code}: {description}"),
    };
    grant.harmless(&redact(&visible(&said), brought(members)))
}

/// The values that came with an error: should they be tokens, its description may repeat them.
fn brought(members: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let is_error = |name: &str| matches!(name, "error" | "error_description" | "error_uri");
    let others = members.iter().filter(move |(name, _)| !is_error(name));
    others.filter_map(|(_, value)| value.as_str())
}

/// The class of a reply that carries no OAuth answer; `shape` says what it is instead.
fn by_status(grant: &Grant, reply: &Reply, shape: &str) -> Refusal {
    let status = reply.status;
    if (300..=399).contains(&status) {
        return redirected(grant, reply);
    }
    if is_later(status) {
        return come_back_later(grant, &format!("status {status}"));
    }
    match &reply.cut_short {
        Some(why) => Refusal::fatal(no_reply(&grant.endpoint.authority(), why)),
        None => Refusal::fatal(
            Error::new(
                Class::Protocol,
                format!(
                    "unusable reply from {}: status {status} with {shape}",
                    grant.endpoint.authority()
                ),
            )
            .hint("check the token endpoint, and whether a proxy or a login page answers in its place"),
        ),
    }
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

/// 2xx.
fn is_success(status: u16) -> bool {
    (200..=299).contains(&status)
}

/// A text without harmful characters: they go first, lest they hide a secret from redaction.
fn visible(text: &str) -> String {
    text.chars().filter(|c| !is_harmful(*c)).collect()
}

/// Control characters (C0, DEL, C1), and those that reorder or hide the text around them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// A secret in every way in which a server may repeat it.
fn spellings(secret: &str) -> [String; 3] {
    let encoded = form_encoded(secret);
    [visible(secret), encoded.replace('+', "%20"), encoded]
}

/// A value of a form: what is not unreserved becomes `%XX`, a space `+` (WHATWG URL, 5.2).
fn form_encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                encoded.push(byte.into());
            }
            b' ' => encoded.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Has every character that a form changes.
    const REFRESH_TOKEN: &str = "5Aep/old+token=";

    /// Has a space, which a form changes in a way of its own.
    const CLIENT_SECRET: &str = "s3cr3t key~";

    fn grant() -> Grant {
        Grant {
            endpoint: Endpoint::parse("https://login.example:8443").expect("a URL"),
            client_id: "id & \u{e4}".to_owned(),
            client_secret: Some(Secret::new(CLIENT_SECRET)),
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
        classify(&grant(), &reply(status, body)).expect_err("a refusal")
    }

    /// The class of a reply and whether another try may follow.
    fn class(status: u16, body: &str) -> (Class, bool) {
        let refusal = refusal(status, body);
        (refusal.error.class, refusal.again)
    }

    #[test]
    fn the_form_is_encoded_as_the_url_standard_says() {
        assert_eq!(
            grant().form().expose(),
            "grant_type=refresh_token&client_id=id+%26+%C3%A4&\
             client_secret=s3cr3t+key%7E&refresh_token=5Aep%2Fold%2Btoken%3D"
        );
        assert_eq!(form_encoded("AZaz09*-._"), "AZaz09*-._");
        assert_eq!(form_encoded("\0\n\u{7f}%=&;+"), "%00%0A%7F%25%3D%26%3B%2B");
        assert_eq!(form_encoded(""), "");
    }

    #[test]
    fn a_public_client_sends_no_secret() {
        let public = Grant {
            client_secret: None,
            ..grant()
        };
        let form = public.form();
        assert!(!form.expose().contains("client_secret"));
        assert_eq!(
            public.parameter_names(),
            "grant_type, client_id, refresh_token"
        );
    }

    #[test]
    fn every_status_has_a_class_of_its_own() {
        for status in 100..=599 {
            let expected = match status {
                406 | 408 | 420 | 429 | 500..=599 => (Class::TempFail, true),
                _ => (Class::Protocol, false),
            };
            assert_eq!(class(status, "<html>"), expected, "{status}");
            let token = reply(status, r#"{"access_token":"00D!new"}"#);
            match classify(&grant(), &token) {
                Ok(_) => assert!((200..=299).contains(&status), "{status}"),
                Err(refusal) => {
                    assert_eq!((refusal.error.class, refusal.again), expected, "{status}");
                }
            }
        }
    }

    #[test]
    fn known_codes_count_whatever_the_status_and_the_case() {
        let table = [
            ("server_error", (Class::TempFail, true)),
            ("Slow_Down", (Class::TempFail, true)),
            ("RATE_LIMIT_EXCEEDED", (Class::TempFail, false)),
            ("invalid_grant", (Class::NoPerm, false)),
            ("Login_Error", (Class::NoPerm, false)),
            ("invalid_client", (Class::Config, false)),
            ("APP_BLOCKED", (Class::Config, false)),
        ];
        for (code, expected) in table {
            for status in [200, 302, 400, 401, 429, 503] {
                let body = format!(r#"{{"error":"{code}","access_token":"00D!new"}}"#);
                assert_eq!(class(status, &body), expected, "{status} {code}");
            }
        }
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
            let refusal = classify(&grant(), &reply).expect_err("a refusal");
            (refusal.retry_after, refusal.error.message)
        };
        assert_eq!(
            asked(503),
            (
                Some(Duration::from_secs(7)),
                "login.example:8443 is busy: status 503; it asks to wait 7s".to_owned()
            )
        );
        assert_eq!(
            asked(400),
            (
                None,
                "unusable reply from login.example:8443: status 400 with an empty body".to_owned()
            )
        );
    }

    #[test]
    fn a_transfer_that_was_cut_short_matters_only_without_an_answer() {
        let cut = |status, body: &str| {
            let reply = Reply {
                cut_short: Some("timed out".to_owned()),
                ..reply(status, body)
            };
            classify(&grant(), &reply).map_err(|refusal| (refusal.error.class, refusal.again))
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

    #[test]
    fn what_a_server_says_loses_every_secret_that_it_was_sent() {
        for secret in [REFRESH_TOKEN, CLIENT_SECRET] {
            let encoded = form_encoded(secret);
            let echoes = [
                secret.to_owned(),
                encoded.replace('+', "%20"),
                encoded.to_lowercase(),
                secret.chars().flat_map(|c| [c, '\u{0}']).collect(),
                encoded.chars().flat_map(|c| ['\u{200b}', c]).collect(),
                encoded,
            ];
            for echo in echoes {
                let said = format!("a {echo} b {echo}");
                assert_eq!(
                    grant().harmless(&said),
                    "a [REDACTED] b [REDACTED]",
                    "{echo}"
                );
            }
        }
    }

    #[test]
    fn a_secret_with_invisible_characters_is_recognised_without_them() {
        let pasted = Grant {
            client_secret: Some(Secret::new("\u{feff}s3cr\u{200b}3t")),
            ..grant()
        };
        assert_eq!(pasted.harmless("not s3cr3t"), "not [REDACTED]");
        assert_eq!(
            pasted.harmless("not \u{feff}s3cr\u{200b}3t"),
            "not [REDACTED]"
        );
    }

    #[test]
    fn what_a_server_says_cannot_steer_a_terminal_or_fake_a_line() {
        let harmful = "\0\u{7}\u{8}\t\r\n\u{1b}\u{7f}\u{80}\u{85}\u{9b}\u{9f}\
                       \u{200b}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}";
        assert_eq!(grant().harmless(&format!("a{harmful}b")), "ab");
        assert_eq!(
            grant().harmless("gr\u{fc}\u{df} \u{65e5}\u{672c}"),
            "gr\u{fc}\u{df} \u{65e5}\u{672c}"
        );
    }

    #[test]
    fn what_a_server_says_is_cut_to_two_hundred_characters_behind_the_secrets() {
        assert_eq!(grant().harmless(&"\u{e4}".repeat(200)).chars().count(), 200);
        assert_eq!(grant().harmless(&"\u{e4}".repeat(201)).chars().count(), 200);
        let said = format!("{}{REFRESH_TOKEN}", "x".repeat(195));
        assert_eq!(grant().harmless(&said), format!("{}[REDA", "x".repeat(195)));
    }
}
