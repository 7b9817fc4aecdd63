//! The encoding of forms and queries, `application/x-www-form-urlencoded` (WHATWG URL, section 5).

use std::fmt::Write as _;

/// A value of a form: what is not unreserved becomes `%XX`, a space `+`.
pub(super) fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |mut encoded, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                encoded.push(byte.into());
            }
            b' ' => encoded.push('+'),
            // Writing to a String cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
        encoded
    })
}

/// What a value of a form stands for; what is no escape stays as it is.
pub(super) fn decoded(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = behind.first_chunk().filter(|_| *first == b'%');
        if let Some(byte) = escaped.and_then(|digits| byte_of(*digits)) {
            bytes.push(byte);
            rest = &behind[2..];
        } else {
            bytes.push(if *first == b'+' { b' ' } else { *first });
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The byte that two hexadecimal digits mean.
fn byte_of(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_what_is_not_unreserved() {
        assert_eq!(encoded("AZaz09*-._"), "AZaz09*-._");
        assert_eq!(
            encoded("\0\n\u{7f}%=&;+ \u{e4}"),
            "%00%0A%7F%25%3D%26%3B%2B+%C3%A4"
        );
    }

    #[test]
    fn decodes_once_and_leaves_alone_what_is_no_escape() {
        assert_eq!(decoded("a%3D%3d+b%2541"), "a== b%41");
        assert_eq!(decoded("100%, %, %4, %zz, %+1"), "100%, %, %4, %zz, % 1");
    }
}
