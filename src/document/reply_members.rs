//! The names that members of token replies have.
//!
//! Needed where a save was interrupted and only its result is there: these members are the reply's,
//! all others are the owner's.

use serde_json::{Map, Value};

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

/// Takes the members of replies, and those that are missing, from what an interrupted save made.
pub(super) fn take_from_successor(members: &mut Map<String, Value>, successor: Map<String, Value>) {
    for (name, value) in successor {
        if comes_from_replies(&name) || !members.contains_key(&name) {
            members.insert(name, value);
        }
    }
}

/// Whether a member of this name comes from a token reply.
fn comes_from_replies(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_save_brings_the_members_of_replies_and_those_that_are_missing() {
        let object = |json| serde_json::from_str(json).expect("an object");
        let successor = r#"{"access_token":"b","refresh_token":"s","note":"old","new":1}"#;
        let current = r#"{"note":"mine","refresh_token":"r","access_token":"a","only":2}"#;
        let mut members = object(current);
        take_from_successor(&mut members, object(successor));
        assert_eq!(
            Value::Object(members).to_string(),
            r#"{"note":"mine","refresh_token":"s","access_token":"b","only":2,"new":1}"#
        );
    }

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
