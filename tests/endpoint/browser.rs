//! A browser as far as a login needs one: it opens an address and tells where that leads.
//!
//! Whoever plays the person at the browser, test or demo, has to fetch a page over TLS and see the
//! next address, without following it: the callback need not exist.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// TLS with trust in the CA of this PEM file and in no other.
pub(crate) fn client_config(ca: &Path) -> io::Result<Arc<ClientConfig>> {
    let pem = BufReader::new(File::open(ca)?);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_reader_iter(pem) {
        let certificate = certificate.map_err(io::Error::other)?;
        roots.add(certificate).map_err(io::Error::other)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Opens an `http` or `https` address with a port and returns the one that it redirects to.
///
/// # Errors
/// Whatever the network says; `InvalidInput` for another address; `InvalidData` if the answer
/// leads nowhere.
pub(crate) fn browse(address: &str, ca: &Path) -> io::Result<String> {
    let (scheme, rest) = address
        .split_once("://")
        .ok_or(io::ErrorKind::InvalidInput)?;
    let (authority, target) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let stream = TcpStream::connect(authority)?;
    let answer = match scheme {
        "http" => fetch(stream, &request)?,
        "https" => fetch(encrypted(stream, authority, ca)?, &request)?,
        _ => return Err(io::ErrorKind::InvalidInput.into()),
    };
    let location = answer
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    let nowhere = || io::Error::new(io::ErrorKind::InvalidData, format!("no redirect: {answer}"));
    location.map(str::to_owned).ok_or_else(nowhere)
}

/// The connection with TLS over it, for the host in `host:port`.
fn encrypted(
    stream: TcpStream,
    authority: &str,
    ca: &Path,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let (host, _) = authority
        .rsplit_once(':')
        .ok_or(io::ErrorKind::InvalidInput)?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    let connection = ClientConnection::new(client_config(ca)?, name).map_err(io::Error::other)?;
    Ok(StreamOwned::new(connection, stream))
}

/// Sends a request and reads the head of the answer, whose end is an empty line.
fn fetch(mut stream: impl Read + Write, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    String::from_utf8(head).map_err(io::Error::other)
}
