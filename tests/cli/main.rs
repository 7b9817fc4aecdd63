//! Tests of the real binary against a scripted endpoint on loopback.
//!
//! One test binary, since linking one is faster than linking many, and each file holds the tests
//! of one promise.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

// How a test runs the binary.
#[expect(dead_code, reason = "the tests that run the binary are yet to come")]
mod harness;
// What the binary talks to.
#[path = "../endpoint/server.rs"]
mod endpoint;

// The endpoint itself: what the other tests rely on.
mod endpoint_works;
