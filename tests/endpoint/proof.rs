//! The proof that who presents a code is who asked for it (RFC 7636).
//!
//! Written from the standard and not from the program, whose own idea of it is what is tested.

use std::fmt::Write;
use std::ops::RangeInclusive;

use ring::digest::{SHA256, digest};

/// The length of 32 bytes in base64url.
const CHALLENGE_LEN: usize = 43;

/// The lengths that a verifier may have (RFC 7636, section 4.1).
const VERIFIER_LENGTHS: RangeInclusive<usize> = 43..=128;

/// The alphabet of base64url (RFC 4648, section 5).
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// An `error` and its `error_description`.
pub(super) type Fault = (&'static str, &'static str);

/// Whether the browser brings all that binds the code to who asked for it.
pub(super) fn check_proof(query: &impl Fn(&str) -> String) -> Result<(), Fault> {
    let challenge = query("code_challenge");
    let is_base64url = challenge.bytes().all(|byte| BASE64URL.contains(&byte));
    if query("response_type") != "code" {
        Err(("unsupported_response_type", "response type not supported"))
    } else if challenge.is_empty() {
        Err(("invalid_request", "missing required code challenge"))
    } else if query("code_challenge_method") != "S256" || challenge.len() != CHALLENGE_LEN {
        Err(("invalid_request", "invalid code challenge method"))
    } else if !is_base64url {
        Err(("invalid_request", "invalid code challenge"))
    } else if query("state").is_empty() {
        Err(("invalid_request", "missing state"))
    } else {
        Ok(())
    }
}

/// Whether a verifier is one, and the one that a challenge was made of.
pub(super) fn fits(verifier: &str, to: &str) -> bool {
    VERIFIER_LENGTHS.contains(&verifier.len()) && challenge(verifier) == to
}

/// The challenge to a verifier (RFC 7636, section 4.2).
fn challenge(verifier: &str) -> String {
    let hash = digest(&SHA256, verifier.as_bytes());
    let bits: String = hash.as_ref().iter().fold(String::new(), |mut bits, byte| {
        write!(bits, "{byte:08b}").expect("a string takes all");
        bits
    });
    // 256 bits fill 42 digits and 4 bits of the last.
    let padded = format!("{bits}00");
    let digits = padded.as_bytes().chunks(6).map(|digit| {
        let value = digit.iter().fold(0, |value, bit| value * 2 + (bit - b'0'));
        char::from(BASE64URL[usize::from(value)])
    });
    digits.collect()
}
