//! The auth URL of the Salesforce CLI: `force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST`.
//!
//! `sf org display --verbose` and `sf org auth show-sfdx-auth-url` print it, and CI systems keep
//! it as a secret. The form is that of sfdx-core's `AuthInfo.parseSfdxAuthUrl`. Messages never
//! quote any part of it.

use serde_json::{Map, Value};

use crate::endpoint::host_of;

/// What every auth URL starts with.
const SCHEME: &str = "force://";

/// Whether a text means to be an auth URL.
pub(crate) fn is_auth_url(text: &str) -> bool {
    text.starts_with(SCHEME)
}

/// The auth URL in the JSON that the Salesforce CLI prints: `result.sfdxAuthUrl`, else
/// `sfdxAuthUrl`.
pub(crate) fn find(printed: &Map<String, Value>) -> Option<&str> {
    let nested = printed.get("result").and_then(|r| r.get("sfdxAuthUrl"));
    nested.or_else(|| printed.get("sfdxAuthUrl"))?.as_str()
}

/// The members of the document that an auth URL stands for.
///
/// # Errors
/// Says which part of the URL is missing or malformed.
pub(crate) fn members(url: &str) -> Result<Map<String, Value>, &'static str> {
    let rest = url
        .strip_prefix(SCHEME)
        .ok_or("the auth URL does not start with force://")?;
    let (credentials, host) = rest.rsplit_once('@').ok_or("the auth URL has no @HOST")?;
    let parts: Vec<&str> = credentials.split(':').collect();
    let [client_id, client_secret, refresh_token] = parts[..] else {
        return Err("the auth URL is not CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN before the @");
    };
    if !credentials
        .bytes()
        .all(|b| b.is_ascii_graphic() && b != b'/')
    {
        return Err("the auth URL has characters that do not belong there");
    }
    if client_id.is_empty() {
        return Err("the auth URL has no client id");
    }
    if refresh_token.is_empty() {
        return Err("the auth URL has no refresh token");
    }
    let instance_url = format!("https://{host}");
    if host.contains(['/', '?', '#']) || host_of(&instance_url).is_none() {
        return Err("the auth URL has an unusable host");
    }
    let members = [
        ("client_id", client_id),
        ("client_secret", client_secret),
        ("refresh_token", refresh_token),
        ("instance_url", &instance_url),
    ];
    let present = members.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(present
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn becomes_the_members_of_a_document() {
        let with_secret = members("force://PlatformCLI:s3:5Aep861_x.y==@acme.my.salesforce.com");
        assert_eq!(
            Value::Object(with_secret.expect("a valid auth URL")),
            serde_json::json!({
                "client_id": "PlatformCLI",
                "client_secret": "s3",
                "refresh_token": "5Aep861_x.y==",
                "instance_url": "https://acme.my.salesforce.com",
            })
        );
        let without = members("force://PlatformCLI::5Aep@localhost:8443").expect("a valid URL");
        assert!(!without.contains_key("client_secret"));
        assert_eq!(without["instance_url"], "https://localhost:8443");
    }

    #[test]
    fn says_what_is_malformed() {
        let cases = [
            ("force://a::t", "the auth URL has no @HOST"),
            (
                "force://a:t@h",
                "the auth URL is not CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN before the @",
            ),
            (
                "force://a:b:c:d@h",
                "the auth URL is not CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN before the @",
            ),
            ("force://::t@h", "the auth URL has no client id"),
            ("force://a::@h", "the auth URL has no refresh token"),
            ("force://a::t@", "the auth URL has an unusable host"),
            ("force://a::t@h/x", "the auth URL has an unusable host"),
            ("force://a::t@h:x", "the auth URL has an unusable host"),
            (
                "force://a::t t@h",
                "the auth URL has characters that do not belong there",
            ),
        ];
        for (url, why) in cases {
            assert_eq!(members(url), Err(why), "{url}");
        }
    }

    #[test]
    fn is_found_where_the_salesforce_cli_prints_it() {
        let printed = |value: Value| value.as_object().cloned().expect("an object");
        let nested =
            printed(serde_json::json!({"result": {"sfdxAuthUrl": "n"}, "sfdxAuthUrl": "t"}));
        assert_eq!(find(&nested), Some("n"));
        assert_eq!(
            find(&printed(serde_json::json!({"sfdxAuthUrl": "t"}))),
            Some("t")
        );
        assert_eq!(find(&printed(serde_json::json!({"result": {}}))), None);
    }
}
