//! The token request of RFC 6749, section 6, and what the replies mean.
//!
//! Pure: it makes the form that is sent and sorts what came back into the classes of the contract
//! between sftoken and its callers. The rules are by Salesforce's behaviour, not by the RFC alone:
//! which `error` codes exist, and which of them mean "send the same again".

mod refusal;

pub(crate) use refusal::{Refusal, no_reply};

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value};

use refusal::{
    client_refused, come_back_later, grant_refused, no_token_reply, rate_limited, redirected,
};

use crate::document::is_token;
use crate::endpoint::Endpoint;
use crate::error::{Class, Error};
use crate::secret::{Secret, redact};

/// 1 MiB. Replies have about two KiB; a larger one is not a token reply.
pub(crate) const MAX_REPLY_LEN: usize = 1024 * 1024;

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

    /// What a server said, fit to be shown: without control characters, without the secrets it
    /// was sent (as they are or as the form had them), cut to [`MAX_SERVER_TEXT`].
    pub(crate) fn harmless(&self, text: &str) -> String {
        let text: String = text.chars().filter(|c| !is_harmful(*c)).collect();
        let secrets = [Some(&self.refresh_token), self.client_secret.as_ref()];
        let exposed = secrets.into_iter().flatten().map(Secret::expose);
        let forms: Vec<String> = exposed
            .flat_map(|secret| [secret.to_owned(), form_encoded(secret)])
            .collect();
        let text = redact(&text, forms.iter().map(String::as_str));
        text.chars().take(MAX_SERVER_TEXT).collect()
    }
}

/// What came back over HTTP.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// The status code.
    pub(crate) status: u16,
    /// `Retry-After`, where it was given in seconds.
    pub(crate) retry_after: Option<Duration>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// At most [`MAX_REPLY_LEN`] and one byte.
    pub(crate) body: Vec<u8>,
    /// Why the body may lack its end.
    pub(crate) cut_short: Option<String>,
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
        Err(shape) => Err(by_status(grant, reply, &shape)),
    };
    sorted.map_err(|refusal| refusal.with_retry_after(reply.retry_after))
}

/// A reply of the success class, if its access token can be used.
fn granted(grant: &Grant, members: Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
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
    let description = members
        .get("error_description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let code_seen = code;
    let code = code.to_ascii_lowercase();
    let says = |words: &str| description.to_ascii_lowercase().contains(words);
    let said = match description {
        "" => grant.harmless(code_seen),
        _ => grant.harmless(&format!("{code_seen}: {description}")),
    };
    let status = reply.status;
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
        _ => match status {
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
        Some(why) => Refusal::fatal(no_reply(&grant.endpoint, why)),
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

/// Control characters (C0, DEL, C1), and those that reorder or hide the text around them.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
