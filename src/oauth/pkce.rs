//! The random values of one login: the state, and the proof key for the code (RFC 7636, S256).

use std::iter;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::error::{Class, Error};
use crate::secret::Secret;

/// Bytes of randomness in each value: what RFC 7636 recommends, and 43 characters once encoded.
const RANDOM_LEN: usize = 32;

/// The alphabet of base64url (RFC 4648, section 5).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A value that nobody can guess, from the system's generator.
///
/// # Errors
/// `SOFTWARE` if the system has no randomness to give.
pub(crate) fn random() -> Result<Secret, Error> {
    let mut bytes = [0; RANDOM_LEN];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Error::new(
            Class::Software,
            "no random bytes from the system",
            "this system cannot log in safely; do it on another one and bring the file",
        )
    })?;
    Ok(Secret::new(base64url(&bytes)))
}

/// The challenge to a verifier: all that is shown of it before the code is there.
pub(super) fn challenge(verifier: &Secret) -> String {
    base64url(digest(&SHA256, verifier.expose().as_bytes()).as_ref())
}

/// Base64url without padding (RFC 7636, appendix A).
fn base64url(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let padded: Vec<u8> = group
            .iter()
            .copied()
            .chain(iter::repeat(0))
            .take(3)
            .collect();
        let bits = padded
            .iter()
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let digits = (0..4).map(|digit| ALPHABET[bits >> (18 - 6 * digit) & 0x3f]);
        encoded.extend(digits.take(group.len() + 1).map(char::from));
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_rfc_7636_does_in_its_appendices() {
        assert_eq!(base64url(&[3, 236, 255, 224, 193]), "A-z_4ME");
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(
            challenge(&verifier),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }

    #[test]
    fn random_values_have_the_length_of_a_verifier_and_differ() {
        let [a, b] = [(); 2].map(|()| random().expect("random bytes"));
        assert_eq!(a.expose().len(), 43);
        assert_ne!(a, b);
    }
}
