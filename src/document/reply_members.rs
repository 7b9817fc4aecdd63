//! The names that members of token replies have.
//!
//! Needed where a save was interrupted and only its result is there: these members are the reply's,
//! all others are the owner's.

/// The members of RFC 6749 and those that Salesforce adds to them.
const NAMES: [&str; 16] = [
    "access_token",
    "api_instance_url",
    "community_sid",
    "csrf_token",
    "expires_in",
    "id",
    "id_token",
    "instance_url",
    "issued_at",
    "parent_sid",
    "refresh_token",
    "scope",
    "sidCookieName",
    "signature",
    "token_format",
    "token_type",
];

/// What the other names begin with: cookies, and the domains and sessions of hybrid apps.
const PREFIXES: [&str; 7] = [
    "beacon_",
    "content_",
    "cookie-",
    "custom_attributes",
    "lightning_",
    "sfdc_",
    "visualforce_",
];

/// Whether a member of this name comes from a token reply.
pub(super) fn comes_from_replies(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_replies_are_told_from_those_of_the_owner() {
        for name in [
            "access_token",
            "sfdc_site_url",
            "cookie-sid_Client",
            "lightning_sid",
        ] {
            assert!(comes_from_replies(name), "{name}");
        }
        for name in [
            "client_id",
            "client_secret",
            "note",
            "ids",
            "my_sfdc_note",
            "",
        ] {
            assert!(!comes_from_replies(name), "{name}");
        }
    }
}
