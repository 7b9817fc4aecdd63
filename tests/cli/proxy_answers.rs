//! What a proxy says in place of opening a tunnel, and TLS with the proxy itself.
//!
//! The endpoint is not to blame for any of it, so the message names the proxy, and the hint says
//! what the caller can do about that proxy and has not done yet.

use crate::endpoint::{Certificate, Ending, Endpoint, Greeting, Reply};
use crate::harness::Case;
use crate::kit::{Failure, NOBODY, assert_refreshed, granted, host, refresh};

/// What to do about a proxy that is of no use.
const CHECK: &str = "nothing was sent; check the proxy, or name the host in NO_PROXY";

/// An endpoint that grants a token.
fn granting() -> Endpoint {
    Endpoint::https(granted())
}

/// A refresh through this proxy, with one more try.
fn through(proxy: &str, endpoint: &Endpoint) -> Case {
    refresh(endpoint)
        .env("HTTPS_PROXY", proxy)
        .args(["--retries", "1"])
}

/// The answer of a proxy ends the run: for this reason, with this hint, after so many requests.
#[track_caller]
fn check(answer: Reply, credentials: &str, (why, hint): (&str, &str), requests: usize) {
    let endpoint = granting();
    let proxy = Endpoint::http(answer);
    let url = format!("http://{credentials}{}", proxy.address());
    let (name, of_proxy) = (host(&endpoint), host(&proxy));
    let message = format!("cannot reach {name} through the proxy {of_proxy}: {why}");
    let expected = Failure::refresh(69, &message, hint);
    expected.check(through(&url, &endpoint).run());
    assert_eq!(
        (proxy.requests().len(), endpoint.connections()),
        (requests, 0)
    );
}

/// An answer that asks for these ways to authenticate.
fn wants(schemes: &[&str]) -> Reply {
    let add = |reply: Reply, scheme: &&str| reply.header("Proxy-Authenticate", scheme);
    schemes.iter().fold(Reply::status(407), add)
}

#[test]
fn a_proxy_that_wants_credentials_is_told_none_and_asked_once() {
    let put = "nothing was sent; put the user and the password into the proxy's URL";
    let missing = ("the proxy answered with status 407", put);
    check(wants(&["Basic realm=\"x\""]), "", missing, 1);
    check(wants(&[]), "", missing, 1);
}

#[test]
fn credentials_that_are_refused_are_called_so() {
    let refused = (
        "the proxy refused the user and the password of its URL",
        "nothing was sent; check both in HTTPS_PROXY, special characters written as %XX",
    );
    check(wants(&["basic realm=\"x\""]), "user:p@", refused, 1);
    check(
        wants(&["NTLM", "Digest realm=\"a, b\", Basic realm=\"x\""]),
        "user:p@",
        refused,
        1,
    );
    check(wants(&[]), "user:p@", refused, 1);
}

#[test]
fn schemes_that_cannot_be_served_are_named() {
    let hint = "nothing was sent; go through a proxy on this machine that can do it, or name the \
                host in NO_PROXY";
    let digest = "the proxy wants Digest, and sftoken has only Basic";
    let windows = "the proxy wants Negotiate or NTLM, and sftoken has only Basic";
    for credentials in ["", "user:p@"] {
        let challenge = "Digest realm=\"Basic, x\", nonce=\"y\", qop=\"auth\"";
        check(wants(&[challenge]), credentials, (digest, hint), 1);
        check(
            wants(&["Negotiate", "NTLM"]),
            credentials,
            (windows, hint),
            1,
        );
    }
}

#[test]
fn of_what_a_proxy_wants_only_names_are_shown_and_few() {
    let hint = "nothing was sent; go through a proxy on this machine that can do it, or name the \
                host in NO_PROXY";
    let junk = [
        "Bearer realm=\"a, Fake, b\", error = x",
        "\x1b[31mRed",
        "a\"b\"(c)",
    ];
    let bearer = "the proxy wants Bearer, and sftoken has only Basic";
    check(wants(&junk), "", (bearer, hint), 1);
    let many = "the proxy wants A or B or C or D, and sftoken has only Basic";
    check(wants(&["A, B, C, D, E", "F"]), "", (many, hint), 1);
    let refused = (
        "the proxy answered with status 407",
        "nothing was sent; put the user and the password into the proxy's URL",
    );
    check(wants(&["\x1b[31mRed"]), "", refused, 1);
}

#[test]
fn a_proxy_that_forbids_the_host_is_asked_once() {
    for status in [400, 403, 404, 405, 451] {
        let why = format!("the proxy answered with status {status}");
        check(Reply::status(status), "", (&why, CHECK), 1);
    }
}

#[test]
fn a_proxy_that_cannot_reach_the_host_is_asked_again() {
    for status in [502, 503] {
        let why = format!("the proxy answered with status {status}");
        check(Reply::status(status), "", (&why, CHECK), 2);
    }
}

#[test]
fn a_login_page_is_not_the_endpoint() {
    let page = || {
        Reply::status(200)
            .header("Content-Type", "text/html")
            .body("<html>login")
    };
    let why = "what came through it is not TLS, perhaps a page of its own";
    check(page(), "", (why, CHECK), 1);
    check(page().then(Ending::Close), "", (why, CHECK), 1);
    // Its body comes after the head alone could be taken for a tunnel.
    let late = page().dripping(std::time::Duration::from_millis(1));
    check(late.then(Ending::Close), "", (why, CHECK), 1);
    let login = "nothing was sent; the proxy may want a login in a browser first";
    for status in [302, 511] {
        let why = format!("the proxy answered with status {status}");
        let redirect = Reply::status(status).header("Location", "http://login.example/");
        check(redirect, "", (&why, login), 1);
    }
}

#[test]
fn a_proxy_that_speaks_junk_is_no_proxy() {
    let why = "the proxy does not speak HTTP";
    for junk in [
        "SSH-2.0-none\r\n",
        "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "\r\n",
    ] {
        check(Reply::raw(junk), "", (why, CHECK), 2);
    }
}

#[test]
fn a_proxy_that_hangs_up_is_asked_again() {
    let closed = ("the connection was closed", CHECK);
    check(Reply::nothing(Ending::Close), "", closed, 2);
    check(Reply::raw("HTTP/1.1 200 OK\r\nVia: "), "", closed, 2);
}

#[test]
fn answers_may_have_many_lines_and_64_kib() {
    let answers = [
        Reply::status(200).headers(100),
        Reply::status(299).headers(1000),
        Reply::status(200).header("Via", &"x".repeat(65_000)),
    ];
    for answer in answers {
        let endpoint = granting();
        let proxy = Endpoint::http(answer.then(Ending::Tunnel(endpoint.address())));
        let outcome = through(proxy.origin(), &endpoint).run();
        assert_refreshed(outcome, &host(&endpoint));
    }
    let why = "the head of its answer is larger than 64 KiB";
    let large = Reply::status(200).header("Via", &"x".repeat(1 << 20));
    check(large, "", (why, CHECK), 2);
}

#[test]
fn a_proxy_that_is_down_is_named() {
    let endpoint = granting();
    for scheme in ["http", "socks5h"] {
        let url = format!("{scheme}://{NOBODY}");
        let expected = Failure::proxy(&host(&endpoint), NOBODY, "connection refused");
        expected.check(through(&url, &endpoint).run());
    }
    assert_eq!(endpoint.connections(), 0);
}

/// A proxy with TLS of its own that leads to this endpoint.
fn encrypted_proxy(certificate: Certificate, endpoint: &Endpoint) -> Endpoint {
    let tunnel = Reply::status(200).then(Ending::Tunnel(endpoint.address()));
    Endpoint::builder().certificate(certificate).start(tunnel)
}

#[test]
fn a_proxy_may_have_tls_of_its_own() {
    let endpoint = granting();
    let proxy = encrypted_proxy(Certificate::Valid, &endpoint);
    let outcome = through(proxy.origin(), &endpoint).run();
    assert_refreshed(outcome, &host(&endpoint));
    let asked = format!("CONNECT {} HTTP/1.1", endpoint.address());
    assert_eq!(proxy.only_request().line, asked);
    endpoint.only_request();
}

#[test]
fn the_one_whose_certificate_is_wrong_is_named() {
    let not_trusted = |peer: &str| {
        let message = format!("cannot trust {peer}: its certificate has expired");
        let hint =
            "nothing was sent; check the clock of this machine, else tell whoever runs that host";
        Failure::refresh(68, &message, hint)
    };
    let endpoint = granting();
    let proxy = encrypted_proxy(Certificate::Expired, &endpoint);
    let outcome = through(proxy.origin(), &endpoint).run();
    not_trusted(&format!("the proxy {}", proxy.address())).check(outcome);
    assert_eq!((proxy.connections(), endpoint.connections()), (1, 0));

    let builder = Endpoint::builder().certificate(Certificate::Expired);
    let endpoint = builder.start(granted());
    let proxy = encrypted_proxy(Certificate::Valid, &endpoint);
    let outcome = through(proxy.origin(), &endpoint).run();
    not_trusted(&host(&endpoint)).check(outcome);
    proxy.only_request();
}

#[test]
fn a_plain_proxy_behind_https_is_to_be_written_as_http() {
    let endpoint = granting();
    let rows = [
        (Greeting::Serve, "the proxy does not speak TLS", 1),
        (Greeting::Say(b""), "the connection was closed", 2),
    ];
    for (greeting, why, connections) in rows {
        let builder = Endpoint::builder().plain().greetings([greeting]);
        let proxy = builder.start(Reply::status(200));
        let (name, of_proxy) = (host(&endpoint), host(&proxy));
        let message = format!("cannot reach {name} through the proxy {of_proxy}: {why}");
        let hint = format!(
            "nothing was sent; if the proxy itself has no TLS, write it as http://{of_proxy}"
        );
        let expected = Failure::refresh(69, &message, &hint);
        expected.check(through(&format!("https://{of_proxy}"), &endpoint).run());
        assert_eq!(proxy.connections(), connections);
    }
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn an_encrypted_proxy_behind_http_is_to_be_written_as_https() {
    let endpoint = granting();
    let proxy = encrypted_proxy(Certificate::Valid, &endpoint);
    let (name, of_proxy) = (host(&endpoint), host(&proxy));
    let message = format!("cannot reach {name} through the proxy {of_proxy}: the proxy speaks TLS");
    let hint = format!("nothing was sent; write it as https://{of_proxy}");
    let outcome = through(&format!("http://{of_proxy}"), &endpoint).run();
    Failure::refresh(69, &message, &hint).check(outcome);
}
