//! Proxies: which one is asked, for which hosts, and what its answers mean.
//!
//! The proxy is an endpoint too, one that answers `CONNECT` by handing the connection on. Nothing
//! goes out before the tunnel stands, so every failure of a proxy means that nothing was sent.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use crate::endpoint::{Ending, Endpoint, Greeting, Reply, Request};
use crate::kit::{
    Failure, assert_refreshed, granted, host, proxy_to, refresh, refresh_url, with_ca,
};

/// An endpoint that grants a token.
fn granting() -> Endpoint {
    Endpoint::https(granted())
}

/// The URL of a proxy, with credentials in front of its host.
fn with_credentials(proxy: &Endpoint, credentials: &str) -> String {
    format!("http://{credentials}@{}", proxy.address())
}

#[test]
fn each_variable_names_a_proxy() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let endpoint = granting();
        let proxy = proxy_to(&endpoint);
        let outcome = refresh(&endpoint).env(variable, proxy.origin()).run();
        assert_refreshed(outcome, &host(&endpoint));
        let asked = format!("CONNECT {} HTTP/1.1", endpoint.address());
        assert_eq!(proxy.only_request().line, asked);
        endpoint.only_request();
    }
}

#[test]
fn the_scheme_of_a_proxy_may_be_left_out() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let outcome = refresh(&endpoint).env("HTTPS_PROXY", host(&proxy)).run();
    assert_refreshed(outcome, &host(&endpoint));
    proxy.only_request();
}

#[test]
fn lower_case_goes_before_upper_case_and_https_before_all() {
    let order = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    for (first, others) in (0..order.len()).map(|at| (order[at], &order[at + 1..])) {
        let endpoint = granting();
        let (right, wrong) = (proxy_to(&endpoint), proxy_to(&endpoint));
        let case = others.iter().fold(refresh(&endpoint), |case, variable| {
            case.env(variable, wrong.origin())
        });
        assert_refreshed(case.env(first, right.origin()).run(), &host(&endpoint));
        assert_eq!(
            (right.connections(), wrong.connections()),
            (1, 0),
            "{first}"
        );
    }
}

#[test]
fn empty_variables_name_no_proxy() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let outcome = refresh(&endpoint)
        .env("https_proxy", "")
        .env("HTTPS_PROXY", proxy.origin())
        .env("NO_PROXY", "")
        .run();
    assert_refreshed(outcome, &host(&endpoint));
    proxy.only_request();
}

#[test]
fn the_proxy_for_plain_http_is_none_of_ours() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let case = refresh(&endpoint).env("http_proxy", proxy.origin());
    let outcome = case.env("HTTP_PROXY", proxy.origin()).run();
    assert_refreshed(outcome, &host(&endpoint));
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn plain_http_goes_through_no_proxy() {
    let endpoint = Endpoint::http(granted());
    let proxy = proxy_to(&endpoint);
    let case = refresh(&endpoint).env("HTTPS_PROXY", proxy.origin());
    let outcome = case.env("ALL_PROXY", proxy.origin()).run();
    assert_refreshed(outcome, &host(&endpoint));
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_dot_at_the_end_of_the_host_does_not_matter_to_no_proxy() {
    let proxy = Endpoint::http(Reply::status(403));
    let case = refresh_url(&format!("https://{}.invalid.", "x".repeat(64)));
    let case = case.env("HTTPS_PROXY", proxy.origin());
    let case = case.args(["--retries", "0"]);
    case.clone().env("NO_PROXY", "*.invalid").run().code(69);
    assert_eq!(proxy.connections(), 0);
    case.env("NO_PROXY", "*.example").run().code(69);
    assert_eq!(proxy.connections(), 1);
}

/// A refresh at `127.0.0.1` asks the proxy, or does not, with this value of the variable.
#[track_caller]
fn check_no_proxy(variable: &str, value: &str, is_asked: bool) {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let case = refresh(&endpoint).env("HTTPS_PROXY", proxy.origin());
    assert_refreshed(case.env(variable, value).run(), &host(&endpoint));
    assert_eq!(proxy.connections(), usize::from(is_asked), "{value}");
}

#[test]
fn hosts_that_no_proxy_covers_are_reached_without_one() {
    for value in [
        "*",
        "127.0.0.1",
        "a.example, 127.0.0.1",
        "127.0.0.0/8",
        "0.0.0.0/0",
        "127.0.0.1/32",
    ] {
        check_no_proxy("NO_PROXY", value, false);
        check_no_proxy("no_proxy", value, false);
    }
}

#[test]
fn hosts_that_no_proxy_does_not_cover_are_reached_through_it() {
    for value in [
        "localhost",
        "127.0.0.2",
        "10.0.0.0/8",
        "0.0.1",
        "a.example,b.example",
        "127.0.0.1/33",
        "127.0.0.1/x",
        "127.0.0.1/",
        "127.0.0.0/31/8",
    ] {
        check_no_proxy("NO_PROXY", value, true);
    }
}

#[test]
fn names_in_no_proxy_cover_what_is_below_them() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let url = format!("https://localhost:{}", endpoint.address().port());
    for value in [
        ".localhost",
        "LOCALHOST",
        "*.localhost",
        "localhost.",
        ".localhost.",
    ] {
        let case = with_ca(&endpoint, refresh_url(&url));
        let case = case.env("HTTPS_PROXY", proxy.origin());
        let outcome = case.env("NO_PROXY", value).run();
        assert_refreshed(outcome, url.trim_start_matches("https://"));
    }
    assert_eq!(proxy.connections(), 0);
}

/// A proxy that lets nobody through without the right credentials.
fn guarded_proxy(endpoint: &Endpoint) -> Endpoint {
    let server = endpoint.address();
    Endpoint::http(move |request: &Request| {
        // The encoded credentials are `user:p@ss`.
        match request.header("Proxy-Authorization") {
            Some("Basic dXNlcjpwQHNz") => Reply::status(200).then(Ending::Tunnel(server)),
            _ => Reply::status(407).header("Proxy-Authenticate", "Basic realm=\"x\""),
        }
    })
}

#[test]
fn credentials_are_given_to_the_proxy_and_shown_to_nobody() {
    let endpoint = granting();
    let proxy = guarded_proxy(&endpoint);
    let outcome = refresh(&endpoint)
        .env("HTTPS_PROXY", with_credentials(&proxy, "user:p%40ss"))
        .arg("--verbose")
        .run()
        .code(0);
    let stderr = outcome.stderr_text();
    let line = format!("* proxy: {} (from HTTPS_PROXY)\n", proxy.address());
    assert!(stderr.contains(&line), "{outcome}");
    assert_shows_no_credentials(&stderr);
    assert_eq!(endpoint.only_request().header("Proxy-Authorization"), None);
}

/// Neither user nor password are there, in any form.
#[track_caller]
fn assert_shows_no_credentials(stderr: &str) {
    for secret in ["user", "p@ss", "p%40ss", "dXNlcjpw"] {
        assert!(!stderr.contains(secret), "{secret} in {stderr}");
    }
}

#[test]
fn credentials_may_be_any_bytes_but_control_characters() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    for (credentials, encoded) in [
        ("user", "dXNlcjo="),
        ("us%3aer:%E4%25%zz", "dXM6ZXI65CUleno="),
    ] {
        let case = refresh(&endpoint).env("HTTPS_PROXY", with_credentials(&proxy, credentials));
        assert_refreshed(case.run(), &host(&endpoint));
        let requests = proxy.requests();
        let given = requests
            .last()
            .and_then(|it| it.header("Proxy-Authorization"));
        assert_eq!(
            given,
            Some(format!("Basic {encoded}").as_str()),
            "{credentials}"
        );
    }
}

#[test]
fn credentials_are_not_shown_when_the_proxy_fails() {
    let endpoint = granting();
    let proxy = Endpoint::http(Reply::status(403));
    let url = with_credentials(&proxy, "user:p%40ss");
    let case = refresh(&endpoint).env("ALL_PROXY", url).arg("--verbose");
    assert_shows_no_credentials(&case.run().code(69).stderr_text());
}

#[test]
fn a_name_that_no_certificate_can_be_for_is_called_so() {
    let endpoint = granting();
    let proxy = proxy_to(&endpoint);
    let name = format!("{}.example", "x".repeat(64));
    let case = refresh_url(&format!("https://{name}")).env("HTTPS_PROXY", proxy.origin());
    let message = format!("no TLS connection to {name}: invalid name");
    let hint = "nothing was sent; check the host and the port of the token endpoint";
    Failure::refresh(76, &message, hint).check(case.run());
    assert_eq!((proxy.connections(), endpoint.requests().len()), (1, 0));
}

#[test]
fn a_proxy_that_resets_the_tunnel_is_asked_again() {
    let endpoint = granting();
    let proxy = Endpoint::builder()
        .plain()
        .greetings([Greeting::Reset, Greeting::Serve])
        .start(Reply::status(200).then(Ending::Tunnel(endpoint.address())));
    let outcome = refresh(&endpoint).env("HTTPS_PROXY", proxy.origin()).run();
    assert_refreshed(outcome, &host(&endpoint));
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn a_value_that_is_no_proxy_url_is_a_usage_error_that_does_not_show_it() {
    let hint =
        "write it as http://HOST:PORT, http://USER:PASSWORD@HOST:PORT or socks5h://HOST:PORT";
    for url in [
        "http://",
        "ftp://user:p@ss/",
        "http://us er:p@host",
        "http://user:p@h:99999",
        "http://user:p%0d%0aX-Y:1@host",
        "/x",
    ] {
        let endpoint = granting();
        let case = refresh(&endpoint).env("ALL_PROXY", url);
        let message = "invalid ALL_PROXY: it is not a proxy URL";
        Failure::new(64, message, hint).check(case.run());
        assert_eq!(endpoint.connections(), 0);
    }
}

/// A SOCKS 5 proxy for one connection; ends with the address that it was asked for.
pub(crate) struct Socks {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Does the work.
    thread: thread::JoinHandle<io::Result<Vec<u8>>>,
}

impl Socks {
    /// Starts a proxy that leads to `server`, whatever it is asked for.
    pub(crate) fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            thread: thread::spawn(move || first_request(&listener, server)),
        }
    }

    /// The address that it was asked for: a name and a port.
    pub(crate) fn asked(self) -> Vec<u8> {
        self.thread.join().unwrap().unwrap()
    }
}

/// Serves the first client that says something.
fn first_request(listener: &TcpListener, server: SocketAddr) -> io::Result<Vec<u8>> {
    loop {
        let (client, _) = listener.accept()?;
        if client.peek(&mut [0])? > 0 {
            return serve_socks(&client, server);
        }
    }
}

/// Takes a client that needs no credentials and a destination given by name (RFC 1928).
fn serve_socks(mut client: &TcpStream, server: SocketAddr) -> io::Result<Vec<u8>> {
    let mut methods = [0; 2];
    client.read_exact(&mut methods)?;
    client.read_exact(&mut vec![0; methods[1].into()])?;
    client.write_all(b"\x05\0")?;
    let mut head = [0; 5];
    client.read_exact(&mut head)?;
    assert_eq!(head[..4], *b"\x05\x01\0\x03", "not a CONNECT by name");
    let mut destination = vec![0; usize::from(head[4]) + 2];
    client.read_exact(&mut destination)?;
    client.write_all(b"\x05\0\0\x01\0\0\0\0\0\0")?;
    let server = TcpStream::connect(server)?;
    thread::scope(|scope| {
        scope.spawn(|| io::copy(&mut &server, &mut &*client));
        io::copy(&mut &*client, &mut &server)?;
        server.shutdown(Shutdown::Both)
    })?;
    Ok(destination)
}

#[test]
fn a_socks_proxy_is_given_the_name_of_the_host() {
    let endpoint = granting();
    let socks = Socks::to(endpoint.address());
    let port = endpoint.address().port();
    let url = format!("https://localhost:{port}");
    let outcome = with_ca(&endpoint, refresh_url(&url))
        .env("ALL_PROXY", format!("socks5h://{}", socks.address))
        .run();
    assert_refreshed(outcome, &format!("localhost:{port}"));
    assert_eq!(
        socks.asked(),
        [&b"localhost"[..], &port.to_be_bytes()].concat()
    );
}
