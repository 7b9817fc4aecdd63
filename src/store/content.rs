//! What the store has to know of a file's content without knowing what it means.

use crate::secret::Secret;

/// The rules of the content that a file should have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    /// Bytes that it may have.
    pub(crate) max_len: usize,
    /// What a whole content is known by and what a save uses up; none for anything else. White
    /// space behind the content does not matter.
    pub(crate) key: fn(&[u8]) -> Option<Secret>,
    /// The current content with what an interrupted save would have brought: current content,
    /// content that was to take its place.
    pub(crate) rebase: fn(&[u8], &[u8]) -> Option<Vec<u8>>,
}

impl Content {
    /// 64 KiB: what a reply may add to a document without needing space that was not reserved. The
    /// largest replies of Salesforce, those of hybrid apps, have about 16 KiB.
    pub(super) const GROWTH: usize = 64 * 1024;

    /// Bytes that are read of a file: a run may have put blanks behind the longest content.
    pub(super) fn read_limit(self) -> usize {
        2 * self.max_len + 2 * Self::GROWTH
    }
}

/// A content without the blanks that make room behind it.
pub(super) fn without_blanks(content: &[u8]) -> &[u8] {
    let end = content.iter().rposition(|byte| *byte != b' ');
    &content[..end.map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_content_is_read_with_the_room_for_another_behind_it_and_hardly_more() {
        let content = Content {
            max_len: 1024 * 1024,
            key: |_| None,
            rebase: |_, _| None,
        };
        let room = content.max_len + Content::GROWTH;
        let longest = content.max_len + room;
        let allowed = longest + 1000..2 * longest;
        assert!(allowed.contains(&content.read_limit()));
    }
}
