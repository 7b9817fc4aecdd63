//! Base64 (RFC 4648): for the credentials of a proxy, and for what goes through a browser.

/// The 64 digits, and the one that fills up.
const DIGITS: &[u8; 65] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

/// The bytes in base64 (section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    bytes.chunks(3).flat_map(group).map(char::from).collect()
}

/// The bytes in base64url (section 5), without padding as RFC 7636 wants it in appendix A.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let padded = base64(bytes).replace('+', "-").replace('/', "_");
    padded.trim_end_matches('=').to_owned()
}

/// Up to three bytes as four digits.
fn group(bytes: &[u8]) -> [u8; 4] {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or_default();
    let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
    let digit = |at: usize| {
        let value = bits >> (18 - 6 * at) & 63;
        DIGITS[if at <= bytes.len() {
            value as usize
        } else {
            64
        }]
    };
    [digit(0), digit(1), digit(2), digit(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_the_examples_of_the_rfcs() {
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
        let of_rfc_7636 = [3, 236, 255, 224, 193];
        assert_eq!(base64(&of_rfc_7636), "A+z/4ME=");
        assert_eq!(base64url(&of_rfc_7636), "A-z_4ME");
    }
}
