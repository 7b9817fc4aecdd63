//! What a client sent, as it was on the wire and as a form.
//!
//! Tests compare order, encoding and headers exactly, so nothing is normalised away.

use std::io::{self, BufRead};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its place among all requests of the endpoint, counted from 1.
    pub(crate) number: usize,
    /// The connection it came over, counted from 1.
    pub(crate) connection: usize,
    /// Method, target and version.
    pub(crate) line: String,
    /// Names and values as sent, in order.
    pub(crate) headers: Vec<(String, String)>,
    /// The bytes of the body.
    pub(crate) body: Vec<u8>,
    /// The body's parameters, decoded, in order.
    pub(crate) form: Vec<(String, String)>,
}

impl Request {
    /// The header of that name in any case, if it was sent once or more; the first counts.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        value_of(&self.headers, |it| it.eq_ignore_ascii_case(name))
    }

    /// The form parameter of that name; the first counts.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        value_of(&self.form, |it| it == name)
    }

    /// The path of the target, without its query.
    pub(crate) fn path(&self) -> &str {
        self.target().0
    }

    /// The parameter of that name in the query of the target, decoded; the first counts.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let pairs = parse_form(self.target().1);
        value_of(&pairs, |it| it == name).map(str::to_owned)
    }

    /// The path and the query of the target.
    fn target(&self) -> (&str, &str) {
        let target = self.line.split(' ').nth(1).unwrap_or_default();
        target.split_once('?').unwrap_or((target, ""))
    }

    /// Reads the next request; none if the client has closed the connection.
    ///
    /// What is no HTTP, such as a TLS handshake, is `InvalidData` at its first byte: waiting for the
    /// end of its first line could take for ever.
    pub(super) fn read(input: &mut impl BufRead, connection: usize) -> io::Result<Option<Self>> {
        match input.fill_buf()?.first() {
            None => return Ok(None),
            Some(byte) if byte.is_ascii_uppercase() => {}
            Some(_) => return Err(io::ErrorKind::InvalidData.into()),
        }
        let line = read_line(input)?;
        let headers = read_headers(input)?;
        let length = value_of(&headers, |name| name.eq_ignore_ascii_case("content-length"));
        let mut body = vec![0; length.and_then(|it| it.parse().ok()).unwrap_or(0)];
        input.read_exact(&mut body)?;
        let form = parse_form(&String::from_utf8_lossy(&body));
        Ok(Some(Self {
            number: 0,
            connection,
            line,
            headers,
            body,
            form,
        }))
    }
}

/// The value of the first pair whose name is wanted.
fn value_of(pairs: &[(String, String)], is_wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let found = pairs.iter().find(|(name, _)| is_wanted(name));
    found.map(|(_, value)| value.as_str())
}

/// Reads one line without its end.
fn read_line(input: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Reads headers up to the empty line.
fn read_headers(input: &mut impl BufRead) -> io::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = read_line(input)?;
        let Some((name, value)) = line.split_once(':') else {
            return Ok(headers);
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

/// Splits a form-encoded body or query into decoded pairs.
fn parse_form(body: &str) -> Vec<(String, String)> {
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Undoes form encoding; a broken escape stays as it is.
fn decode(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, length) = match (first, tail) {
            (b'+', _) => (b' ', 1),
            (b'%', [high, low, ..]) => hex_byte(*high, *low).map_or((b'%', 1), |byte| (byte, 3)),
            _ => (*first, 1),
        };
        decoded.push(byte);
        rest = &rest[length..];
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The byte that two hexadecimal digits stand for.
fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |it: u8| char::from(it).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}
