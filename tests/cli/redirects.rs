//! Redirects are refused, whatever they look like, and the message names where they point.
//!
//! Following one would hand the refresh token to a host that nobody has vouched for.

use crate::endpoint::{Endpoint, Reply};
use crate::kit::{Failure, TOKEN, host, proxy_to, refresh, refresh_by_proxy};

/// What to do where the target can be given as `--token-endpoint`.
const GIVE: &str = "if you trust that address, give it as --token-endpoint";

/// What to do where it cannot, or where that is what the call does already.
const LOOK: &str = "check the token endpoint";

/// The failure that a redirect is.
fn failure(host: &str, status: u16, target: &str, hint: &str) -> Failure {
    let message = format!("redirect from {host} not followed: status {status} points at {target}");
    Failure::refresh(76, &message, hint)
}

/// A redirect costs one request and names its target; HOST stands for the endpoint's own host.
#[track_caller]
fn check(reply: Reply, target: &str, advice: &str) {
    let status = reply.status;
    let endpoint = Endpoint::http(reply);
    let host = host(&endpoint);
    let outcome = refresh(&endpoint).run();
    let hint = format!("{advice}; usually it is the My Domain of the org");
    failure(&host, status, &target.replace("HOST", &host), &hint).check(outcome);
    endpoint.only_request();
}

#[test]
fn every_status_of_a_redirect_is_refused() {
    for status in [300, 301, 302, 303, 305, 307, 308, 399] {
        let url = "https://acme.my.salesforce.com/services/oauth2/token";
        let reply = Reply::status(status).header("Location", url);
        check(reply, url, GIVE);
    }
}

#[test]
fn the_target_is_named_however_it_is_written() {
    let rows = [
        (
            "/services/oauth2/token2",
            "http://HOST/services/oauth2/token2",
            GIVE,
        ),
        ("/", "http://HOST/", LOOK),
        (
            "/services/oauth2/token",
            "http://HOST/services/oauth2/token",
            LOOK,
        ),
        ("/login?startURL=5Aep#x", "http://HOST/login", GIVE),
        ("//other.example/token", "http://other.example/token", LOOK),
        (
            "http://other.example:8474",
            "http://other.example:8474",
            LOOK,
        ),
        (
            "HTTPS://Other.Example:8443/x",
            "HTTPS://other.example:8443/x",
            GIVE,
        ),
        (
            "https://user:pass@other.example/?a#b",
            "https://other.example/",
            GIVE,
        ),
        ("http://[::1]:8080/", "http://[::1]:8080/", GIVE),
        (
            "https://other.example/5Aep-0/5Aep%2D0",
            "https://other.example/[REDACTED]/5Aep%2D0",
            GIVE,
        ),
        ("token", "http://HOST/services/oauth2/token", LOOK),
        ("login", "http://HOST/services/oauth2/login", GIVE),
        ("../../login?x", "http://HOST/login", GIVE),
        ("", "http://HOST/services/oauth2/token", LOOK),
        ("https:///token", "an unreadable address", LOOK),
        ("javascript:alert(1)", "an unreadable address", LOOK),
        ("https://a b/", "an unreadable address", LOOK),
        (
            "https://other.example:99999/",
            "an unreadable address",
            LOOK,
        ),
    ];
    for (location, target, advice) in rows {
        check(
            Reply::status(302).header("Location", location),
            target,
            advice,
        );
    }
}

#[test]
fn a_my_domain_is_not_sent_to_a_my_domain() {
    let document = r#"{"refresh_token":"5Aep-0","instance_url":"https://acme.my.salesforce.com"}"#;
    let rows = [
        ("https://new.my.salesforce.com/", GIVE),
        ("https://acme.my.salesforce.com/", LOOK),
    ];
    for (location, advice) in rows {
        let endpoint = Endpoint::https(Reply::status(302).header("Location", location));
        let outcome = refresh_by_proxy(document, &proxy_to(&endpoint)).run();
        failure("acme.my.salesforce.com", 302, location, advice).of(outcome);
    }
}

#[test]
fn a_target_that_is_missing_or_no_text_is_refused_too() {
    check(Reply::status(304), "nowhere", LOOK);
    check(
        Reply::status(302).header("Location", "https://ä.example/"),
        "an unreadable address",
        LOOK,
    );
    check(Reply::json(307, TOKEN), "nowhere", LOOK);
}

#[test]
fn the_host_behind_a_redirect_hears_nothing() {
    let other = Endpoint::http(Reply::token("00D!stolen"));
    check(
        Reply::status(307).header("Location", &other.url()),
        &other.url(),
        GIVE,
    );
    assert_eq!(other.connections(), 0);
}
