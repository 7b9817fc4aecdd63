//! Redirects are refused, whatever they look like, and the message names where they point.
//!
//! Following one would hand the refresh token to a host that nobody has vouched for.

use crate::endpoint::{Endpoint, Reply};
use crate::kit::{Failure, TOKEN, host, refresh};

/// The failure that a redirect is.
fn failure(host: &str, status: u16, target: &str) -> Failure {
    let hint = "if you trust that host, give it as --token-endpoint; \
                usually it is the My Domain of the org";
    let message = format!("redirect from {host} not followed: status {status} points at {target}");
    Failure::refresh(76, &message, hint)
}

/// A redirect costs one request and names its target; none stands for the endpoint's own host.
#[track_caller]
fn check(reply: Reply, target: Option<&str>) {
    let status = reply.status;
    let endpoint = Endpoint::http(reply);
    let host = host(&endpoint);
    let own = format!("another path of {host}");
    let outcome = refresh(&endpoint).run();
    failure(&host, status, target.unwrap_or(&own)).check(outcome);
    endpoint.only_request();
}

#[test]
fn every_status_of_a_redirect_is_refused() {
    for status in [300, 301, 302, 303, 305, 307, 308, 399] {
        let url = "https://acme.my.salesforce.com/services/oauth2/token";
        let reply = Reply::status(status).header("Location", url);
        check(reply, Some("acme.my.salesforce.com"));
    }
}

#[test]
fn the_target_is_named_however_it_is_written() {
    let rows = [
        ("/services/oauth2/token2", None),
        ("/", None),
        ("//other.example/token", Some("other.example")),
        ("HTTPS://Other.Example:8443/x", Some("other.example")),
        (
            "https://user:pass@other.example/?a#b",
            Some("other.example"),
        ),
        ("http://[::1]:8080/", Some("[::1]")),
        ("token", Some("an unreadable address")),
        ("", Some("an unreadable address")),
        ("https:///token", Some("an unreadable address")),
        ("javascript:alert(1)", Some("an unreadable address")),
        ("https://a b/", Some("an unreadable address")),
        (
            "https://other.example:99999/",
            Some("an unreadable address"),
        ),
    ];
    for (location, target) in rows {
        check(Reply::status(302).header("Location", location), target);
    }
}

#[test]
fn a_target_that_is_missing_or_no_text_is_refused_too() {
    check(Reply::status(304), Some("nowhere"));
    check(
        Reply::status(302).header("Location", "https://ä.example/"),
        Some("an unreadable address"),
    );
    check(Reply::json(307, TOKEN), Some("nowhere"));
}

#[test]
fn the_host_behind_a_redirect_hears_nothing() {
    let other = Endpoint::http(Reply::token("00D!stolen"));
    check(
        Reply::status(307).header("Location", &other.url()),
        Some("127.0.0.1"),
    );
    assert_eq!(other.connections(), 0);
}
