//! The way through an HTTP proxy: `CONNECT` (RFC 9110, section 9.3.6) and what the proxy answers.
//!
//! ureq has a CONNECT of its own, but it keeps of an answer no more than the status, takes twenty
//! header lines at most, and starts its time limit anew at each read.

use std::io::{ErrorKind, Read, Write};

use ureq::http::Uri;
use ureq::unversioned::transport::{Transport, TransportAdapter};

use super::challenge::schemes;
use super::proxy::ProxySetting;
use super::terms::{MAX_HEAD_LEN, USER_AGENT};
use crate::text::whole_number;

/// What the first bytes of every answer are, for a client of HTTP/1.1.
const HTTP: &[u8] = b"HTTP/1.";

/// The first byte of a TLS alert: the answer of a TLS server to plain text.
const TLS_ALERT: u8 = 0x15;

/// Why a proxy did not let us through.
#[derive(Debug)]
pub(super) enum Refused {
    /// It answered with this status, and these are the ways to authenticate that it takes.
    Status(u16, Vec<String>),
    /// It answered with success, and then with a text of its own.
    Page,
    /// It speaks TLS, and was spoken to without.
    SpeaksTls,
    /// It speaks neither.
    NoHttp,
    /// The head of its answer is too large.
    LargeHead,
    /// The TLS connection with the proxy itself failed.
    Tls(ureq::Error),
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for ureq::Error {
    fn from(refused: Refused) -> Self {
        Self::Other(Box::new(refused))
    }
}

/// A connection to a proxy becomes one to the host of `target`.
pub(super) fn open(
    line: &mut TransportAdapter<Box<dyn Transport>>,
    target: &Uri,
    proxy: &ProxySetting,
) -> Result<(), ureq::Error> {
    line.write_all(request(target, proxy).as_bytes())?;
    let (head, rest) = answer(line)?;
    match status(&head).ok_or(Refused::NoHttp)? {
        200..=299 if rest.is_empty() => Ok(()),
        200..=299 => Err(Refused::Page.into()),
        status => Err(Refused::Status(status, schemes(&head)).into()),
    }
}

/// The request.
fn request(target: &Uri, proxy: &ProxySetting) -> String {
    let host = target.host().unwrap_or_default();
    let port = target.port_u16().unwrap_or(443);
    let authorization = proxy.authorization().map_or_else(String::new, |value| {
        format!("Proxy-Authorization: {}\r\n", value.expose())
    });
    format!(
        "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {USER_AGENT}\r\n\
         Proxy-Connection: Keep-Alive\r\n{authorization}\r\n"
    )
}

/// The head of the answer, and what came with it.
fn answer(line: &mut impl Read) -> Result<(String, Vec<u8>), ureq::Error> {
    let mut line = line.take(MAX_HEAD_LEN as u64);
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let came = match line.read(&mut piece)? {
            0 if bytes.len() == MAX_HEAD_LEN => return Err(Refused::LargeHead.into()),
            0 => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
            came => &piece[..came],
        };
        // The end of the head may straddle two pieces.
        let searched = bytes.len().saturating_sub(3);
        bytes.extend_from_slice(came);
        check_beginning(&bytes)?;
        if let Some(end) = end_of_head(&bytes[searched..]) {
            let rest = bytes.split_off(searched + end);
            return Ok((String::from_utf8_lossy(&bytes).into_owned(), rest));
        }
    }
}

/// Refuses what is no HTTP as soon as that shows: its end might never come.
fn check_beginning(bytes: &[u8]) -> Result<(), Refused> {
    let len = bytes.len().min(HTTP.len());
    match bytes {
        [TLS_ALERT, ..] => Err(Refused::SpeaksTls),
        _ if bytes[..len] == HTTP[..len] => Ok(()),
        _ => Err(Refused::NoHttp),
    }
}

/// The length of a head, which ends with an empty line.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let ends_at = |end: &[u8]| {
        let position = bytes.windows(end.len()).position(|part| part == end);
        position.map(|start| start + end.len())
    };
    ends_at(b"\r\n\r\n").or_else(|| ends_at(b"\n\n"))
}

/// The status code in the first line.
fn status(head: &str) -> Option<u16> {
    let code = head.lines().next()?.split(' ').nth(1)?;
    let number = whole_number(code).filter(|_| code.len() == 3)?;
    number.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_end_with_an_empty_line_wherever_it_is_cut() {
        let bytes = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest";
        for size in 1..bytes.len() {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            let (head, rest) = answer(&mut Pieces(pieces.into_iter())).expect("a head");
            assert_eq!(head, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "{size}");
            assert!(b"rest".starts_with(&rest), "{size}");
        }
    }

    #[test]
    fn heads_are_taken_up_to_the_limit_and_no_further() {
        let head_of = |len: usize| {
            let blanks = " ".repeat(len - "HTTP/1.1 200\r\n\r\n".len());
            let head = format!("HTTP/1.1 200{blanks}\r\n\r\n");
            answer(&mut Pieces(head.as_bytes().chunks(1024)))
        };
        let (head, rest) = head_of(MAX_HEAD_LEN).expect("a head");
        assert_eq!((head.len(), rest.len()), (MAX_HEAD_LEN, 0));
        let too_large = head_of(MAX_HEAD_LEN + 1).expect_err("too large a head");
        assert_eq!(too_large.to_string(), "other: LargeHead");
    }

    /// Hands out one piece after the other.
    struct Pieces<I>(I);

    impl<'a, I: Iterator<Item = &'a [u8]>> Read for Pieces<I> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let piece = self.0.next().unwrap_or_default();
            buffer[..piece.len()].copy_from_slice(piece);
            Ok(piece.len())
        }
    }
}
