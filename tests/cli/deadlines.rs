//! One deadline bounds the whole run, whatever the other side does.
//!
//! Each test has a server that wastes time in one way. A run with `--timeout 1s` has to end when
//! the second is over, or at most one more later, and to say whether the token can have been used.

use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::endpoint::{Ending, Endpoint, Greeting, Reply};
use crate::harness::Case;
use crate::kit::{FILE, Failure, TOKEN, assert_refreshed, host, refresh, refresh_url};

/// The deadline of every run here.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How much later than that a run may end.
const GRACE: Duration = Duration::from_secs(1);

/// The start of a `ServerHello` that announces more than ever comes.
const HALF_HANDSHAKE: &[u8] = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03";

/// What a server that never gets anywhere is blamed for.
const TIMED_OUT: &str = "timed out";

/// Runs the case, which has to fail in this way when the deadline is reached.
#[track_caller]
fn check(case: Case, expected: &Failure) {
    let start = Instant::now();
    let outcome = expected.check(case.args(["--timeout", "1s"]).run());
    assert_in_time(start, &outcome.stderr_text());
}

/// The run that started then has used its time, but not more.
#[track_caller]
fn assert_in_time(start: Instant, stderr: &str) {
    let elapsed = start.elapsed();
    assert!(elapsed >= TIMEOUT, "after {elapsed:?}: {stderr}");
    assert!(elapsed < TIMEOUT + GRACE, "after {elapsed:?}: {stderr}");
}

/// A server without TLS or HTTP that says these bytes, pausing behind each, and then waits.
fn server_that_says(bytes: &'static [u8], pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // The client goes away when its time is over, and the thread with it.
    thread::spawn(move || {
        listener
            .accept()
            .map(|(it, _)| say_slowly(it, bytes, pause))
    });
    address
}

/// Says the bytes, pausing behind each, and waits for the client to go away.
fn say_slowly(mut stream: TcpStream, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte])?;
        thread::sleep(pause);
    }
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

#[test]
fn gives_up_on_a_server_that_is_silent_before_the_handshake() {
    let endpoint = Endpoint::builder()
        .greetings([Greeting::Silence])
        .start(Reply::status(200));
    let expected = Failure::unreachable(&host(&endpoint), TIMED_OUT);
    check(refresh(&endpoint), &expected);
    assert_eq!(endpoint.connections(), 1);
}

#[test]
fn gives_up_on_a_server_that_stops_in_the_handshake() {
    let address = server_that_says(HALF_HANDSHAKE, Duration::ZERO);
    let expected = Failure::unreachable(&address.to_string(), TIMED_OUT);
    check(refresh_url(&format!("https://{address}")), &expected);
}

#[test]
fn gives_up_on_a_server_that_drips_in_the_handshake() {
    let address = server_that_says(HALF_HANDSHAKE, Duration::from_millis(150));
    let expected = Failure::unreachable(&address.to_string(), TIMED_OUT);
    check(refresh_url(&format!("https://{address}")), &expected);
}

/// The reply is taken for none when the deadline is reached, and not asked for again.
#[track_caller]
fn check_no_reply(reply: Reply) {
    let endpoint = Endpoint::https(reply);
    let expected = Failure::no_reply(&host(&endpoint), TIMED_OUT);
    check(refresh(&endpoint), &expected);
    endpoint.only_request();
}

#[test]
fn gives_up_on_a_server_that_does_not_answer() {
    check_no_reply(Reply::nothing(Ending::Stall));
}

#[test]
fn gives_up_on_a_server_that_stops_in_the_head() {
    check_no_reply(Reply::raw("HTTP/1.1 200 OK\r\nContent-").then(Ending::Stall));
}

#[test]
fn gives_up_on_a_server_that_drips_in_the_head() {
    check_no_reply(Reply::json(200, TOKEN).dripping(Duration::from_millis(100)));
}

#[test]
fn gives_up_on_a_server_that_drips_in_the_body() {
    let spaces = " ".repeat(10_000);
    check_no_reply(
        Reply::status(200)
            .body(spaces)
            .dripping(Duration::from_millis(1)),
    );
}

#[test]
fn gives_up_on_a_server_that_drips_interim_replies() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000);
    check_no_reply(Reply::raw(interim).dripping(Duration::from_millis(1)));
}

#[test]
fn gives_up_on_a_server_that_stops_in_the_body() {
    let half = Reply::json(200, TOKEN).cut(9, Ending::Stall);
    check_no_reply(half);
}

#[test]
fn gives_up_on_a_server_whose_body_never_ends() {
    let half = Reply::json(200, r#"{"access_token":"#);
    check_no_reply(half.until_close().then(Ending::Stall));
}

#[test]
fn gives_up_on_a_server_whose_chunks_never_end() {
    let half = Reply::json(200, TOKEN).chunked();
    check_no_reply(half.cut(9, Ending::Stall));
}

#[test]
fn takes_a_whole_token_from_a_server_that_never_ends_its_body() {
    let endless = Reply::json(200, TOKEN).until_close().then(Ending::Stall);
    let endpoint = Endpoint::https(endless);
    let start = Instant::now();
    let outcome = refresh(&endpoint).args(["--timeout", "1s"]).run();
    assert_in_time(start, &outcome.stderr_text());
    assert_refreshed(outcome, &host(&endpoint));
}

#[test]
fn gives_up_on_a_server_that_is_busy_and_never_ends_its_page() {
    let page = Reply::status(503).body("<html>").until_close();
    let endpoint = Endpoint::https(page.then(Ending::Stall));
    let expected = Failure::busy(&host(&endpoint), "status 503");
    check(refresh(&endpoint), &expected);
    endpoint.only_request();
}

/// The proxy at this address is blamed when the deadline is reached.
#[track_caller]
fn check_proxy(proxy: &str, address: SocketAddr) {
    let endpoint = Endpoint::https(Reply::status(200));
    let expected = Failure::proxy(&host(&endpoint), &address.to_string(), TIMED_OUT);
    let url = format!("{proxy}://{address}");
    let case = refresh(&endpoint).env("HTTPS_PROXY", url);
    check(case, &expected);
    assert_eq!(endpoint.connections(), 0);
}

#[test]
fn gives_up_on_a_proxy_that_does_not_answer() {
    check_proxy("http", server_that_says(b"", Duration::ZERO));
}

#[test]
fn gives_up_on_a_proxy_that_drips() {
    let answer = b"HTTP/1.1 200 Connection established\r\n\r\n";
    check_proxy("http", server_that_says(answer, Duration::from_millis(150)));
}

#[test]
fn gives_up_on_a_proxy_whose_tunnel_leads_nowhere() {
    let answer = b"HTTP/1.1 200 OK\r\n\r\n";
    check_proxy("http", server_that_says(answer, Duration::ZERO));
}

#[test]
fn gives_up_on_a_socks_proxy_that_does_not_answer() {
    check_proxy("socks5h", server_that_says(b"\x05", Duration::ZERO));
}

#[test]
fn gives_up_on_a_lock_that_another_process_holds() {
    let endpoint = Endpoint::https(Reply::status(200));
    let case = refresh(&endpoint);
    let held = File::open(case.path(FILE)).unwrap();
    held.lock().unwrap();
    let message = format!("cannot lock {FILE}: another process held it until the deadline");
    let hint = "try again later, or give a longer --timeout";
    check(case, &Failure::new(75, &message, hint));
    assert_eq!(endpoint.connections(), 0);
}
