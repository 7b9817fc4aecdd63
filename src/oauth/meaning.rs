//! What the error codes of Salesforce's token endpoint mean, as one table.

/// What an error code asks of the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The server did not use the token, and may another time.
    Later,
    /// More tries would only prolong it.
    RateLimited,
    /// The refresh token is of no use any more.
    GrantRefused,
    /// The grant may be good: its user, address or org is not let in.
    Barred,
    /// The same, but the login hours may be the cause.
    BarredNow,
    /// The grant may be good: more tries would only prolong it.
    GrantRateLimited,
    /// The app or its credentials are at fault.
    ClientRefused,
}

/// How Salesforce says with `invalid_grant` that an administrator has shut the door.
const BARRED: [&str; 3] = ["ip restricted", "inactive user", "inactive organization"];

/// The meaning of an error code (RFC 6749, section 5.2, and Salesforce's own), compared without
/// case; `None` for a code that only its status explains.
pub(super) fn meaning(code: &str, description: &str) -> Option<Meaning> {
    let description = description.to_ascii_lowercase();
    let says = |words: &str| description.contains(words);
    Some(match code.to_ascii_lowercase().as_str() {
        "unknown_error" if says("retry your request") => Meaning::Later,
        "invalid_grant"
            if says("already being processed") || says("expired authorization code") =>
        {
            Meaning::Later
        }
        "server_error"
        | "temporarily_unavailable"
        | "service_unavailable"
        | "system_down"
        | "slow_down" => Meaning::Later,
        "rate_limit_exceeded" | "login_rate_exceeded" => Meaning::RateLimited,
        "invalid_grant" if says("login rate exceeded") => Meaning::GrantRateLimited,
        "inactive_user" | "inactive_org" => Meaning::Barred,
        "invalid_grant" if says("invalid login hours") => Meaning::BarredNow,
        "invalid_grant" if BARRED.iter().any(|words| says(words)) => Meaning::Barred,
        "invalid_grant" | "access_denied" | "invalid_token" | "login_error" => {
            Meaning::GrantRefused
        }
        "invalid_client"
        | "invalid_client_id"
        | "unauthorized_client"
        | "unsupported_grant_type"
        | "invalid_request"
        | "invalid_scope"
        | "invalid_app_access"
        | "app_blocked"
        | "app_not_found"
        | "oauth_flow_disabled" => Meaning::ClientRefused,
        _ => return None,
    })
}

/// The same where the code of a login was sent: one that is used or too old is so for good.
pub(super) fn meaning_at_login(code: &str, description: &str) -> Option<Meaning> {
    match meaning(code, description) {
        Some(Meaning::Later) if code.eq_ignore_ascii_case("invalid_grant") => {
            Some(Meaning::GrantRefused)
        }
        meaning => meaning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_compare_without_case_and_some_by_their_description() {
        let table = [
            ("Slow_Down", "", Some(Meaning::Later)),
            ("RATE_LIMIT_EXCEEDED", "", Some(Meaning::RateLimited)),
            ("Login_Error", "", Some(Meaning::GrantRefused)),
            ("APP_BLOCKED", "", Some(Meaning::ClientRefused)),
            (
                "invalid_grant",
                "Expired Authorization Code",
                Some(Meaning::Later),
            ),
            (
                "invalid_grant",
                "expired access/refresh token",
                Some(Meaning::GrantRefused),
            ),
            (
                "invalid_grant",
                "IP restricted or invalid login hours",
                Some(Meaning::BarredNow),
            ),
            ("invalid_grant", "IP restricted", Some(Meaning::Barred)),
            (
                "Invalid_Grant",
                "Login Rate Exceeded",
                Some(Meaning::GrantRateLimited),
            ),
            ("unknown_error", "", None),
            ("unknown_error", "Retry your request", Some(Meaning::Later)),
            ("", "", None),
        ];
        for (code, description, expected) in table {
            assert_eq!(
                meaning(code, description),
                expected,
                "{code}: {description}"
            );
        }
        let processed = "already being processed";
        assert_eq!(meaning("invalid_grant", processed), Some(Meaning::Later));
        let at_login = meaning_at_login("invalid_grant", processed);
        assert_eq!(at_login, Some(Meaning::GrantRefused));
        let busy = meaning_at_login("server_error", "");
        assert_eq!(busy, Some(Meaning::Later));
    }
}
