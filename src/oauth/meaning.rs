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
    /// The app or its credentials are at fault.
    ClientRefused,
}

/// The meaning of an error code (RFC 6749, section 5.2, and Salesforce's own), compared without
/// case; `None` for a code that only its status explains.
pub(super) fn meaning(code: &str, description: &str) -> Option<Meaning> {
    let says = |words: &str| description.to_ascii_lowercase().contains(words);
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
        "invalid_grant" | "inactive_user" | "inactive_org" | "access_denied" | "invalid_token"
        | "login_error" => Meaning::GrantRefused,
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
    }
}
