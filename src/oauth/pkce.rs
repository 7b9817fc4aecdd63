//! The random values of one login: the state, and the proof key for the code (RFC 7636, S256).

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

use crate::base64::base64url;
use crate::error::{Class, Error};
use crate::secret::Secret;

/// Bytes of randomness in each value: what RFC 7636 recommends, and 43 characters once encoded.
const RANDOM_LEN: usize = 32;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_as_rfc_7636_does_in_its_appendix() {
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
