//! The auth URL of the Salesforce CLI: `force://CLIENT_ID:CLIENT_SECRET:REFRESH_TOKEN@HOST`.
//!
//! `sf org auth show-sfdx-auth-url` prints it, and CI systems keep it as a secret. The form is that
//! of sfdx-core's `AuthInfo.parseSfdxAuthUrl`; what people add when they copy one, quotes and the
//! `https://` of the host, is taken off. Messages never quote any part of it.

use serde_json::{Map, Value};

use crate::endpoint::{Endpoint, HOST_MEMBERS, host_of};

/// What every auth URL starts with.
const SCHEME: &str = "force://";

/// What people write before the host, since the rest of the world does.
const HOST_SCHEME: &str = "https://";

/// The auth URL in a text that means to be one, without white space and quotes around it.
pub(super) fn auth_url(text: &str) -> Option<&str> {
    let text = text.trim();
    let in_quotes = ['"', '\'']
        .iter()
        .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    let text = in_quotes.unwrap_or(text).trim();
    text.starts_with(SCHEME).then_some(text)
}

/// What the Salesforce CLI prints where an auth URL belongs: `result.sfdxAuthUrl`, else
/// `sfdxAuthUrl`.
pub(super) fn printed_in(members: &Map<String, Value>) -> Option<&str> {
    let nested = members.get("result").and_then(|r| r.get("sfdxAuthUrl"));
    nested.or_else(|| members.get("sfdxAuthUrl"))?.as_str()
}

/// The members of the document that an auth URL stands for.
///
/// # Errors
/// Says which part of the URL is missing or malformed.
pub(super) fn members(text: &str) -> Result<Map<String, Value>, &'static str> {
    let url = auth_url(text).ok_or("the auth URL does not start with force://")?;
    let rest = &url[SCHEME.len()..];
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
    let instance_url = instance_url(host).ok_or("the auth URL has an unusable host")?;
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

/// The URL of the host, which may already be one, with a slash at its end.
fn instance_url(host: &str) -> Option<String> {
    let scheme = host.get(..HOST_SCHEME.len());
    let has_scheme = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(HOST_SCHEME));
    let host = if has_scheme {
        &host[HOST_SCHEME.len()..]
    } else {
        host
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    let url = format!("{HOST_SCHEME}{host}");
    let is_bare = !host.contains(['/', '?', '#', '\\']);
    (is_bare && host_of(&url).is_some()).then_some(url)
}

/// Lets the document of an auth URL with this `instance_url` refresh at its own host in every later
/// run, as the Salesforce CLI does, though a reply may name another one as the instance. The member
/// that decides first, and means nothing but where a token is refreshed, says so.
pub(super) fn keep_host(members: &mut Map<String, Value>, url: &str) {
    let [site, instance, _] = HOST_MEMBERS;
    let text = |name| members.get(name).and_then(Value::as_str);
    let endpoint = |url| Endpoint::of_member(instance, url).ok();
    let own = endpoint(url);
    let is_kept =
        text(site).is_some_and(|site| !site.is_empty()) || text(instance).and_then(endpoint) == own;
    if own.is_some() && !is_kept {
        members.insert(site.to_owned(), url.into());
    }
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
    fn may_have_around_it_what_people_copy_with_it() {
        for url in [
            " force://a::t@h\r\n",
            "\"force://a::t@h\"",
            "' force://a::t@h '\n",
            "force://a::t@h/",
            "force://a::t@HTTPS://h/",
        ] {
            let members = members(url).expect("a valid auth URL");
            assert_eq!(members["instance_url"], "https://h", "{url}");
        }
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
            ("force://a::t@h//", "the auth URL has an unusable host"),
            ("force://a::t@http://h", "the auth URL has an unusable host"),
            (
                "\"force://a::t@h'",
                "the auth URL does not start with force://",
            ),
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
        assert_eq!(printed_in(&nested), Some("n"));
        assert_eq!(
            printed_in(&printed(serde_json::json!({"sfdxAuthUrl": "t"}))),
            Some("t")
        );
        assert_eq!(
            printed_in(&printed(serde_json::json!({"result": {}}))),
            None
        );
    }

    #[test]
    fn keeps_its_host_where_the_instance_is_another() {
        let url = "https://login.salesforce.com";
        let kept = |members: Value| {
            let mut members = members.as_object().cloned().expect("an object");
            keep_host(&mut members, url);
            members.get("sfdc_community_url").cloned()
        };
        let another = "https://acme.my.salesforce.com";
        assert_eq!(
            kept(serde_json::json!({"instance_url": another})),
            Some(url.into())
        );
        assert_eq!(
            kept(serde_json::json!({"instance_url": format!("{url}/")})),
            None
        );
        let site = serde_json::json!({"instance_url": another, "sfdc_community_url": "s"});
        assert_eq!(kept(site), Some("s".into()));
        let mut foreign = Map::new();
        keep_host(&mut foreign, "https://evil.example");
        assert!(foreign.is_empty());
    }
}
