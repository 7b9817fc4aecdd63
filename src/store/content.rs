//! What has to be known of a content to keep it.

/// The rules of a kind of content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    /// The most bytes that a file of it may have.
    pub(crate) max_len: usize,
    /// Whether bytes, of any length, are such a content from end to end.
    pub(crate) is_whole: fn(&[u8]) -> bool,
}
