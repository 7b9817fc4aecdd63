//! Whether some bytes are built like a certificate.
//!
//! rustls passes over roots that it cannot read without a word, so what they look like from outside
//! is checked here: elements of DER (tag, length, content) that fill each other to the last byte.

/// The tag of a SEQUENCE.
const SEQUENCE: u8 = 0x30;

/// The tag of a BIT STRING.
const BIT_STRING: u8 = 0x03;

/// Whether this is a SEQUENCE of the certificate proper, the algorithm and the signature
/// (RFC 5280, section 4.1), and the first of these a row of elements.
pub(super) fn is_certificate(der: &[u8]) -> bool {
    let outer = elements(der).unwrap_or_default();
    let [(SEQUENCE, certificate)] = *outer else {
        return false;
    };
    match *elements(certificate).unwrap_or_default() {
        [(SEQUENCE, signed), (SEQUENCE, _), (BIT_STRING, _)] => elements(signed).is_some(),
        _ => false,
    }
}

/// The tags and contents of elements that fill these bytes; `None` if they do not.
fn elements(mut der: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut elements = Vec::new();
    while let [tag, rest @ ..] = der {
        let (len, rest) = length(rest)?;
        let (content, behind) = rest.split_at_checked(len)?;
        elements.push((*tag, content));
        der = behind;
    }
    Some(elements)
}

/// A length, which has up to four bytes behind its first, and what follows it.
fn length(der: &[u8]) -> Option<(usize, &[u8])> {
    let (first, rest) = der.split_first()?;
    if first & 0x80 == 0 {
        return Some((usize::from(*first), rest));
    }
    let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let value = |sum, byte: &u8| sum * 256 + usize::from(*byte);
    (bytes.len() <= 4).then(|| (bytes.iter().fold(0, value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_up_to_four_bytes_of_their_own() {
        let rows: [(&[u8], Option<usize>); 6] = [
            (b"\x7f", Some(0x7f)),
            (b"\x81\x80", Some(0x80)),
            (b"\x82\x01\x02", Some(0x0102)),
            (b"\x84\x01\x02\x03\x04", Some(0x0102_0304)),
            (b"\x85\0\0\0\0\x01", None),
            (b"\x82\x01", None),
        ];
        for (der, expected) in rows {
            let len = length(der).map(|(len, _)| len);
            assert_eq!(len, expected, "{}", der.escape_ascii());
        }
    }
}
