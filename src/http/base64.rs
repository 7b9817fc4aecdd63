//! Base64 (RFC 4648, section 4), for the credentials of a proxy.

/// The 64 digits, and the one that fills up.
const DIGITS: &[u8; 65] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/// The bytes in base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    bytes.chunks(3).flat_map(group).map(char::from).collect()
}

/// Up to three bytes as four digits.
fn group(bytes: &[u8]) -> [u8; 4] {
    let byte = |at: usize| usize::from(bytes.get(at).copied().unwrap_or_default());
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    let digit = |at: usize| {
        let value = bits >> (18 - 6 * at) & 63;
        DIGITS[if at <= bytes.len() { value } else { 64 }]
    };
    [digit(0), digit(1), digit(2), digit(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_examples_of_the_rfc() {
        let rows = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (bytes, expected) in rows {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }
}
