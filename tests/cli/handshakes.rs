//! Handshakes that fail for another reason than the certificate: nothing in common, or too much asked.
//!
//! What the server demands or lacks is said, since "does not speak TLS" sends people to the wrong
//! place. The alerts of servers older than the library of these tests are played byte by byte.

use crate::endpoint::{Ending, Endpoint, Greeting, Reply};
use crate::kit::{Failure, granted, host, refresh};

/// The handshake failed for good, and the request was not read.
#[track_caller]
fn check(endpoint: &Endpoint, message: &str, hint: &str) {
    let expected = Failure::refresh(76, &message.replace("HOST", &host(endpoint)), hint);
    expected.check(refresh(endpoint).run());
    assert!(endpoint.requests().is_empty());
    assert_eq!(endpoint.connections(), 1, "it is not tried again");
}

/// The server answers the first message with these bytes.
#[track_caller]
fn check_answer(answer: &'static [u8], message: &str, hint: &str) {
    let greeting = [Greeting::Say(answer)];
    let builder = Endpoint::builder().greetings(greeting);
    check(&builder.start(granted()), message, hint);
}

#[test]
fn what_is_no_tls_is_called_so() {
    let message = "HOST does not speak TLS: its answer is something else";
    let hint = "check the host and the port of the token endpoint";
    for answer in [
        &b"SSH-2.0-none\r\n"[..],
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        check_answer(answer, message, hint);
    }
}

#[test]
fn alerts_tell_what_is_missing() {
    let version = "no TLS connection to HOST: no TLS version in common";
    let allow_version = "nothing was sent; it has to allow TLS 1.2 or 1.3";
    let cipher = "no TLS connection to HOST: no cipher in common";
    let allow_cipher = "nothing was sent; it has to allow AES-GCM or ChaCha20 with X25519, P-256 \
                        or P-384; it may also want a client certificate, which sftoken cannot give";
    let check_host = "nothing was sent; check the host and the port of the token endpoint";
    check_answer(b"\x15\x03\x01\0\x02\x02\x46", version, allow_version);
    check_answer(b"\x15\x03\x03\0\x02\x02\x28", cipher, allow_cipher);
    check_answer(b"\x15\x03\x03\0\x02\x02\x47", cipher, allow_cipher);
    check_answer(
        b"\x15\x03\x03\0\x02\x02\x50",
        "no TLS connection to HOST: alert received: internal error",
        check_host,
    );
}

#[test]
fn a_client_certificate_cannot_be_given() {
    let message = "no TLS connection to HOST: it demands a client certificate, which sftoken \
                   cannot give";
    let hint = "use a host or a port that demands none";
    for builder in [Endpoint::builder().tls12(), Endpoint::builder().tls13()] {
        let builder = builder.demanding_client_certificate();
        check(&builder.start(granted()), message, hint);
    }
}

#[test]
fn a_broken_record_behind_the_request_may_have_been_processed() {
    let endpoint = Endpoint::https(Reply::nothing(Ending::Junk));
    let why = "TLS: invalid message: invalid content type";
    let expected = Failure::no_reply(&host(&endpoint), why);
    expected.check(refresh(&endpoint).run());
    endpoint.only_request();
}
