//! The scripted endpoint does what its scripts say.
//!
//! The other tests conclude from the endpoint's behaviour what the program did; these show, with
//! clients that know nothing of the program, that such conclusions hold.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ProtocolVersion, StreamOwned};

use crate::endpoint::{
    Certificate, Ending, Endpoint, Gate, Greeting, Reply, Request, Rotating, client_config,
};

/// A client that trusts the endpoint's CA.
type TlsClient = StreamOwned<ClientConnection, TcpStream>;

/// A TLS connection to the endpoint, not yet shaken hands over.
fn tls_client(endpoint: &Endpoint) -> TlsClient {
    let config = client_config(&endpoint.ca_path()).unwrap();
    let address = endpoint.address();
    let name = ServerName::from(address.ip());
    let connection = ClientConnection::new(config, name).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

/// A plain connection to the endpoint.
fn tcp_client(endpoint: &Endpoint) -> TcpStream {
    TcpStream::connect(endpoint.address()).unwrap()
}

/// Posts a form and leaves the reply to be read.
fn post(client: &mut impl Write, form: &str) {
    let length = form.len();
    let head = format!("POST /token HTTP/1.1\r\nHost: here\r\nContent-Length: {length}\r\n\r\n");
    client.write_all((head + form).as_bytes()).unwrap();
    client.flush().unwrap();
}

/// Posts a form over a connection of its own and returns all that comes back.
fn exchange(endpoint: &Endpoint, form: &str) -> String {
    let mut client = tcp_client(endpoint);
    post(&mut client, form);
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    reply
}

/// Posts a form over TLS; what comes back, and the error that ended it if there was one.
fn exchange_tls(endpoint: &Endpoint, form: &str) -> (String, Option<ErrorKind>) {
    let mut client = tls_client(endpoint);
    post(&mut client, form);
    read_to_end(&mut client)
}

/// Posts a form over TLS to a script that keeps connections open, and returns its answer.
pub(crate) fn one_answer(endpoint: &Endpoint, form: &str) -> String {
    let mut client = tls_client(endpoint);
    post(&mut client, form);
    let mut buffer = [0; 1024];
    let length = client.read(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

/// Everything that can be read, and the error that ended it if there was one.
fn read_to_end(client: &mut impl Read) -> (String, Option<ErrorKind>) {
    let mut reply = Vec::new();
    let error = client.read_to_end(&mut reply).err();
    (String::from_utf8(reply).unwrap(), error.map(|it| it.kind()))
}

/// The message with which a handshake fails.
fn handshake_error(endpoint: &Endpoint) -> String {
    let mut client = tls_client(endpoint);
    let error = client.conn.complete_io(&mut client.sock).unwrap_err();
    error.to_string()
}

/// The form that redeems a refresh token.
fn redeem(refresh_token: &str) -> String {
    format!("grant_type=refresh_token&client_id=id&refresh_token={refresh_token}")
}

#[test]
fn records_requests_as_sent_and_as_a_form() {
    let endpoint = Endpoint::http(Reply::raw("done"));
    let form = "b=%2B+%C3%a4&a=1&=&c&d=%zz%";
    assert_eq!(exchange(&endpoint, form), "done");
    let request = endpoint.only_request();
    assert_eq!(request.line, "POST /token HTTP/1.1");
    assert_eq!(request.header("HOST"), Some("here"));
    assert_eq!(request.headers.len(), 2);
    assert_eq!(request.body, form.as_bytes());
    let pairs = [("b", "+ ä"), ("a", "1"), ("", ""), ("c", ""), ("d", "%zz%")];
    assert_eq!(request.form, pairs.map(|(n, v)| (n.into(), v.into())));
    assert_eq!((request.number, request.connection), (1, 1));
}

#[test]
fn plays_a_list_and_repeats_its_last_reply() {
    let script = ["one", "two"].map(Reply::raw);
    let endpoint = Endpoint::http(script);
    let replies = [(); 3].map(|()| exchange(&endpoint, ""));
    assert_eq!(replies, ["one", "two", "two"]);
    assert_eq!((endpoint.requests().len(), endpoint.connections()), (3, 3));
}

#[test]
fn answers_several_requests_over_one_connection() {
    let script = [Reply::status(503), Reply::status(400).then(Ending::Close)];
    let endpoint = Endpoint::http(script);
    let mut client = tcp_client(&endpoint);
    post(&mut client, "a=1");
    post(&mut client, "a=2");
    let (reply, _) = read_to_end(&mut client);
    assert_eq!(reply.matches("HTTP/1.1 ").count(), 2);
    assert_eq!(endpoint.connections(), 1);
    let sent = endpoint.requests().into_iter().map(|it| it.body);
    assert_eq!(sent.collect::<Vec<_>>(), [b"a=1", b"a=2"]);
}

#[test]
fn frames_replies_in_every_way() {
    let json = Reply::json(200, "{ }").then(Ending::Close);
    let script = [
        json.clone().header("X-Extra", "1"),
        json.clone().claiming_length(9),
        json.clone().chunked(),
        json.clone().until_close(),
        json.clone().http10(),
        json.interim(103),
    ];
    let endpoint = Endpoint::http(script);
    let kind = "Content-Type: application/json;charset=UTF-8\r\n";
    let chunked = "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n2\r\n }\r\n0\r\n\r\n";
    let expected = [
        format!("HTTP/1.1 200 OK\r\n{kind}X-Extra: 1\r\nContent-Length: 3\r\n\r\n{{ }}"),
        format!("HTTP/1.1 200 OK\r\n{kind}Content-Length: 9\r\n\r\n{{ }}"),
        format!("HTTP/1.1 200 OK\r\n{kind}{chunked}"),
        format!("HTTP/1.1 200 OK\r\n{kind}\r\n{{ }}"),
        format!("HTTP/1.0 200 OK\r\n{kind}\r\n{{ }}"),
        format!(
            "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n{kind}Content-Length: 3\r\n\r\n{{ }}"
        ),
    ];
    for expected in expected {
        assert_eq!(exchange(&endpoint, ""), expected);
    }
}

#[test]
fn answers_over_both_tls_versions_and_ipv6() {
    let old = Endpoint::builder().tls12().start(Reply::raw("done"));
    let new = Endpoint::builder().tls13().start(Reply::raw("done"));
    let on_ipv6 = Endpoint::builder().ipv6().start(Reply::raw("done"));
    assert!(on_ipv6.origin().starts_with("https://[::1]:"));
    assert!(on_ipv6.url().ends_with("/services/oauth2/token"));
    let expected = [
        (old, ProtocolVersion::TLSv1_2),
        (new, ProtocolVersion::TLSv1_3),
        (on_ipv6, ProtocolVersion::TLSv1_3),
    ];
    for (endpoint, version) in expected {
        let mut client = tls_client(&endpoint);
        post(&mut client, "");
        assert_eq!(read_to_end(&mut client), ("done".into(), None));
        assert_eq!(client.conn.protocol_version(), Some(version));
    }
}

#[test]
fn presents_certificates_that_are_wrong_in_one_way_each() {
    let error = |certificate| {
        let builder = Endpoint::builder().certificate(certificate);
        handshake_error(&builder.start(Reply::status(200)))
    };
    assert!(error(Certificate::WrongName).contains("elsewhere.example"));
    assert!(error(Certificate::Expired).contains("expired"));
    assert!(error(Certificate::UnknownIssuer).contains("UnknownIssuer"));
}

#[test]
fn ends_a_reply_in_the_way_it_is_told() {
    let cut = |ending| Reply::raw("half a reply").cut(4, ending);
    let script = [Ending::Close, Ending::HangUp, Ending::Reset].map(cut);
    let endpoint = Endpoint::https(script);
    let ends = [
        None,
        Some(ErrorKind::UnexpectedEof),
        Some(ErrorKind::ConnectionReset),
    ];
    for end in ends {
        assert_eq!(exchange_tls(&endpoint, "a=1"), ("half".into(), end));
    }
}

#[test]
fn resets_instead_of_a_reply_over_plain_http_too() {
    let endpoint = Endpoint::http(Reply::nothing(Ending::Reset));
    let mut client = tcp_client(&endpoint);
    post(&mut client, "a=1");
    let reset = Some(ErrorKind::ConnectionReset);
    assert_eq!(read_to_end(&mut client), (String::new(), reset));
    assert_eq!(endpoint.only_request().param("a"), Some("1"));
}

#[test]
fn greets_each_connection_as_it_is_told() {
    let greetings = [
        Greeting::Reset,
        Greeting::ResetAfterHandshake,
        Greeting::Say(b"SSH-2.0-none\r\n"),
        Greeting::Serve,
    ];
    let endpoint = Endpoint::builder().greetings(greetings);
    let endpoint = endpoint.start(Reply::raw("done"));
    let mut before = tls_client(&endpoint);
    let error = before.conn.complete_io(&mut before.sock).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let mut after = tls_client(&endpoint);
    while after.conn.is_handshaking() {
        after.conn.complete_io(&mut after.sock).unwrap();
    }
    assert_eq!(read_to_end(&mut after).1, Some(ErrorKind::ConnectionReset));
    assert!(handshake_error(&endpoint).contains("corrupt message"));
    assert_eq!(exchange_tls(&endpoint, ""), ("done".into(), None));
    assert_eq!((endpoint.connections(), endpoint.requests().len()), (4, 1));
}

#[test]
fn tells_a_client_that_speaks_no_http_at_once() {
    let endpoint = Endpoint::http(Reply::status(200));
    let mut client = tcp_client(&endpoint);
    client.write_all(b"\x16\x03\x01").unwrap();
    let (reply, _) = read_to_end(&mut client);
    assert!(reply.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    assert!(endpoint.requests().is_empty());
}

#[test]
fn holds_a_reply_back_until_its_gate_opens() {
    let gate = Gate::new();
    let endpoint = Endpoint::http(Reply::raw("late").after(&gate));
    let mut client = tcp_client(&endpoint);
    post(&mut client, "");
    endpoint.wait_for_requests(1);
    client.set_nonblocking(true).unwrap();
    assert_eq!(read_to_end(&mut client).1, Some(ErrorKind::WouldBlock));
    client.set_nonblocking(false).unwrap();
    gate.open();
    assert_eq!(read_to_end(&mut client), ("late".into(), None));
}

#[test]
fn drips_one_byte_at_a_time() {
    let quickly = Reply::raw("drop").dripping(Duration::from_millis(1));
    let slowly = Reply::raw("drop").dripping(Duration::from_hours(1));
    let endpoint = Endpoint::https([quickly, slowly]);
    assert_eq!(exchange_tls(&endpoint, ""), ("drop".into(), None));
    let mut client = tls_client(&endpoint);
    post(&mut client, "");
    assert_eq!(client.read(&mut [0; 16]).unwrap(), 1);
}

#[test]
fn is_dropped_at_once_whatever_it_waits_for() {
    let script = |request: &Request| match request.number {
        1 => Reply::status(200).after(&Gate::new()),
        2 => Reply::raw("never").dripping(Duration::from_hours(1)),
        _ => Reply::nothing(Ending::Stall),
    };
    let greetings = [
        Greeting::Serve,
        Greeting::Serve,
        Greeting::Serve,
        Greeting::Silence,
    ];
    let builder = Endpoint::builder().plain().greetings(greetings);
    let endpoint = builder.start(script);
    let mut clients: Vec<_> = (0..4).map(|_| tcp_client(&endpoint)).collect();
    endpoint.wait_for_connections(4);
    for client in &mut clients[..3] {
        post(client, "");
    }
    endpoint.wait_for_requests(3);
    let directory = endpoint.ca_path().parent().unwrap().to_owned();
    drop(endpoint);
    assert!(!fs::exists(directory).unwrap());
}

#[test]
fn rotates_refresh_tokens_and_ends_the_session_of_a_thief() {
    let rotating = Rotating::new("5Aep-0").client_id("id");
    let script = move |request: &Request| rotating.answer(request).then(Ending::Close);
    let endpoint = Endpoint::http(script);
    let first = exchange(&endpoint, &redeem("5Aep-0"));
    assert!(first.contains(r#"{"access_token":"00D!access-1","refresh_token":"5Aep-1","#));
    assert!(exchange(&endpoint, &redeem("unknown")).contains("invalid_grant"));
    assert!(exchange(&endpoint, &redeem("5Aep-1")).contains("5Aep-2"));
    assert!(exchange(&endpoint, &redeem("5Aep-1")).contains("invalid_grant"));
    let last = exchange(&endpoint, &redeem("5Aep-2"));
    assert!(last.starts_with("HTTP/1.1 400 "));
    let refusal = r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#;
    assert!(last.ends_with(refusal));
}

#[test]
fn refuses_other_clients_and_other_grants_as_salesforce_does() {
    let endpoint = Endpoint::https(Rotating::new("5Aep-0").client_id("another"));
    let refusal = |form: &str| one_answer(&endpoint, form);
    assert!(refusal(&redeem("5Aep-0")).contains("invalid_client_id"));
    assert!(refusal("refresh_token=5Aep-0").contains("unsupported_grant_type"));
}

#[test]
fn tunnels_as_a_proxy_does() {
    let endpoint = Endpoint::https(Reply::raw("done"));
    let connected = Reply::status(200).then(Ending::Tunnel(endpoint.address()));
    let proxy = Endpoint::http(connected);
    let mut client = tls_client(&endpoint);
    client.sock = tcp_client(&proxy);
    let connect = b"CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n";
    client.sock.write_all(connect).unwrap();
    let mut connected = [0; b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".len()];
    client.sock.read_exact(&mut connected).unwrap();
    post(&mut client, "a=1");
    assert_eq!(read_to_end(&mut client), ("done".into(), None));
    assert_eq!(proxy.only_request().line, "CONNECT 127.0.0.1:443 HTTP/1.1");
    let arrived = endpoint.requests();
    assert_eq!(arrived[0].param("a"), Some("1"));
}

#[test]
fn answers_with_a_fixed_token() {
    let endpoint = Endpoint::http(Reply::token("00D!fixed").then(Ending::Close));
    let reply = exchange(&endpoint, "");
    assert!(reply.contains(r#"{"access_token":"00D!fixed","signature":"#));
    assert!(!reply.contains(r#""refresh_token":"#));
}
