//! What holds for every exchange: how much is taken, and what this program calls itself.

/// 64 KiB for the head of a reply, and of a proxy's answer; those of Salesforce have about two.
/// Gateways and single sign-on add cookies and policies of any length.
pub(super) const MAX_HEAD_LEN: usize = 64 * 1024;

/// How much is read or written at once below. ureq clears such buffers before it uses them, so they
/// have no more than what a whole request or reply usually needs.
pub(super) const BUFFER_LEN: usize = 4 * 1024;

/// What this program calls itself.
pub(super) const USER_AGENT: &str = concat!("sftoken/", env!("CARGO_PKG_VERSION"));
