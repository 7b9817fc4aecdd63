//! The floor that the benchmark compares with: the least that any client on this TLS library has
//! to do. It reads the CA, connects, shakes hands, sends one token request, reads the reply and
//! exits; it parses nothing, locks nothing and saves nothing.
//!
//! Reads `ENDPOINT_URL` and `ENDPOINT_CA`, as the program `endpoint` sets them.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that cannot run has nothing better to do than to panic"
)]

use std::env;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// As long as the form that sftoken sends in the same benchmark.
const FORM: &str = "grant_type=refresh_token&client_id=3MVG9.bench&refresh_token=5Aep861.bench";

fn main() {
    let url = env::var("ENDPOINT_URL").unwrap();
    let authority = url.split('/').nth(2).unwrap();
    let host = authority.split(':').next().unwrap().to_owned();
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(env::var("ENDPOINT_CA").unwrap()).unwrap();
    roots.add(ca).unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(authority).unwrap();
    socket.set_nodelay(true).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let length = FORM.len();
    let request = format!(
        "POST /services/oauth2/token HTTP/1.1\r\nHost: {authority}\r\nAccept: application/json\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{FORM}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = [0; 16 * 1024];
    let read = stream.read(&mut reply).unwrap();
    assert!(reply[..read].starts_with(b"HTTP/1.1 200"));
}
