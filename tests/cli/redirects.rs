//! Redirects are refused, whatever they look like, and the message names where they point.
//!
//! Following one would hand the refresh token to a host that nobody has vouched for.

use crate::endpoint::{Endpoint, Reply};
use crate::kit::{Failure, TOKEN, host, refresh};

/// The failure that a redirect is.
fn failure(host: &str, status: u16, target: &str) -> Failure {
    let hint = "if you trust that address, give it as --token-endpoint; \
                usually it is the My Domain of the org";
    let message = format!("redirect from {host} not followed: status {status} points at {target}");
    Failure::refresh(76, &message, hint)
}

/// A redirect costs one request and names its target; HOST stands for the endpoint's own host.
#[track_caller]
fn check(reply: Reply, target: &str) {
    let status = reply.status;
    let endpoint = Endpoint::http(reply);
    let host = host(&endpoint);
    let outcome = refresh(&endpoint).run();
    failure(&host, status, &target.replace("HOST", &host)).check(outcome);
    endpoint.only_request();
}

#[test]
fn every_status_of_a_redirect_is_refused() {
    for status in [300, 301, 302, 303, 305, 307, 308, 399] {
        let url = "https://acme.my.salesforce.com/services/oauth2/token";
        let reply = Reply::status(status).header("Location", url);
        check(reply, url);
    }
}

#[test]
fn the_target_is_named_however_it_is_written() {
    let rows = [
        (
            "/services/oauth2/token2",
            "http://HOST/services/oauth2/token2",
        ),
        ("/", "http://HOST/"),
        ("/login?startURL=5Aep#x", "http://HOST/login"),
        ("//other.example/token", "http://other.example/token"),
        ("http://other.example:8474", "http://other.example:8474"),
        (
            "HTTPS://Other.Example:8443/x",
            "HTTPS://other.example:8443/x",
        ),
        (
            "https://user:pass@other.example/?a#b",
            "https://other.example/",
        ),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        (
            "https://other.example/5Aep-0/5Aep%2D0",
            "https://other.example/[REDACTED]/5Aep%2D0",
        ),
        ("token", "an unreadable address"),
        ("", "an unreadable address"),
        ("https:///token", "an unreadable address"),
        ("javascript:alert(1)", "an unreadable address"),
        ("https://a b/", "an unreadable address"),
        ("https://other.example:99999/", "an unreadable address"),
    ];
    for (location, target) in rows {
        check(Reply::status(302).header("Location", location), target);
    }
}

#[test]
fn a_target_that_is_missing_or_no_text_is_refused_too() {
    check(Reply::status(304), "nowhere");
    check(
        Reply::status(302).header("Location", "https://ä.example/"),
        "an unreadable address",
    );
    check(Reply::json(307, TOKEN), "nowhere");
}

#[test]
fn the_host_behind_a_redirect_hears_nothing() {
    let other = Endpoint::http(Reply::token("00D!stolen"));
    check(
        Reply::status(307).header("Location", &other.url()),
        &other.url(),
    );
    assert_eq!(other.connections(), 0);
}
